//! The open questions that guides list. To find them, the talk of three months is read; so what was found is kept.

use std::collections::BTreeMap;

use indexer::store::StoreError;
use jiff::{SignedDuration, Timestamp};
use rules::guide::{GuideOutline, GuideStep};
use rules::model::ids::{ChannelId, MessageId};

use super::ReportSource;
use super::triage::{TriageGroup, TriageScope};

/// Open questions of so many days are gaps.
const GAP_DAYS: i64 = 90;
/// What was found holds so long, unless one of its messages changes.
const HOLDS: SignedDuration = SignedDuration::from_hours(1);

/// The open questions that stand below some step, as they were found.
#[derive(Clone)]
pub struct GuideGaps {
    found: Timestamp,
    pub(super) groups: Vec<TriageGroup>,
    /// What their messages said.
    said: BTreeMap<MessageId, String>,
}

/// Whether an open question stands below a step.
pub(super) fn belongs(group: &TriageGroup, step: &GuideStep) -> bool {
    let title = group.title.as_deref();
    group.related.is_empty() && step.fits(group.component.as_deref(), title.as_slice())
}

impl ReportSource<'_> {
    /// The open questions for the steps of these outlines. Those that are known are good for an hour, as long as
    /// each of their messages is there and says the same; to see that costs one look at these messages. A question
    /// that came up since then, or that was answered, shows after the hour.
    pub async fn guide_gaps(
        &self,
        outlines: &[&GuideOutline],
        known: Option<GuideGaps>,
        now: Timestamp,
    ) -> Result<GuideGaps, StoreError> {
        if let Some(known) = known
            && (SignedDuration::ZERO..HOLDS).contains(&now.duration_since(known.found))
            && self.said(&known.groups).await? == known.said
        {
            return Ok(known);
        }
        let scope = TriageScope { until: now, days: GAP_DAYS };
        let mut groups = self.triage(&scope, now).await?.groups;
        let steps = outlines.iter().flat_map(|outline| &outline.steps).collect::<Vec<_>>();
        groups.retain(|group| steps.iter().any(|step| belongs(group, step)));
        let said = self.said(&groups).await?;
        Ok(GuideGaps { found: now, groups, said })
    }

    /// What the messages of questions say now; nothing of a message that is gone or hidden.
    async fn said(
        &self,
        groups: &[TriageGroup],
    ) -> Result<BTreeMap<MessageId, String>, StoreError> {
        let ids =
            groups.iter().flat_map(|group| group.asked_in.iter().copied()).collect::<Vec<_>>();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let channels = self.channels().await?;
        let mut places = BTreeMap::<ChannelId, Vec<MessageId>>::new();
        for (message, channel) in self.store.channels_of_messages(&ids).await? {
            if channels.contains_key(&channel) {
                places.entry(channel).or_default().push(message);
            }
        }
        let mut said = BTreeMap::new();
        for (channel, messages) in places {
            said.extend(self.store.message_texts(channel, &messages).await?);
        }
        Ok(said)
    }
}
