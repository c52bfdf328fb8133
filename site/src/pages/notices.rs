//! What a site that is empty or not ready says of itself, once, with what to do.

use rules::config::scope::Consent;
use serde::Serialize;

use crate::http::error::HttpError;
use crate::presentation::words::{InterfaceText, filled, grouped};
use crate::state::SiteState;
use crate::state::catalogue::AnswerGroup;

/// One thing to know about the site.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SiteNotice {
    pub(crate) what: String,
    /// What the operator can do.
    pub(crate) to_do: Option<String>,
}

/// What the notices depend on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SiteCondition {
    pub(crate) messages: u64,
    pub(crate) consent: Option<Consent>,
    /// Channels that a live connection reads, and how many of them are read back to their beginning.
    pub(crate) channels: usize,
    pub(crate) complete: usize,
    pub(crate) resolved: u64,
    pub(crate) reviewed: u64,
}

impl SiteCondition {
    /// Reads the condition of the site; its counts may be a minute old.
    pub(crate) async fn of(site: &SiteState) -> Result<Self, HttpError> {
        let channels = site.open_channels().await?;
        let progress = site.store.channel_progress(&channels).await;
        let progress = progress
            .map_err(|cause| HttpError::internal("read how far channels are read", &cause))?;
        let condition = Self {
            consent: site.rules.scope.consent,
            channels: progress.len(),
            complete: progress.iter().filter(|one| one.complete).count(),
            ..Self::default()
        };
        let Some(counts) = site.whole_counts().await? else {
            let catalogue = site.catalogue().await?;
            let answers = catalogue.count(&AnswerGroup::All) as u64;
            let reviewed = catalogue.count(&AnswerGroup::Reviewed) as u64;
            return Ok(Self { messages: answers, resolved: answers, reviewed, ..condition });
        };
        let by_state = |state: &str| counts.clusters_by_state.get(state).copied();
        let merged = site.store.merged_answer_clusters(1).await;
        let merged =
            merged.map_err(|cause| HttpError::internal("look for reviewed answers", &cause))?;
        Ok(Self {
            messages: counts.messages,
            resolved: counts.conversations_by_status.get("resolved").copied().unwrap_or_default(),
            reviewed: by_state("known").unwrap_or_default() + merged.len() as u64,
            ..condition
        })
    }

    /// The most important first; none for a site in use.
    pub(crate) fn notices(&self, text: &InterfaceText) -> Vec<SiteNotice> {
        let notice = |what: &str, to_do: Option<&str>| SiteNotice {
            what: what.to_owned(),
            to_do: to_do.map(str::to_owned),
        };
        if self.messages == 0 {
            return vec![notice(&text.notice_empty, Some(&text.notice_empty_todo))];
        }
        if self.consent.is_none() {
            return vec![notice(&text.notice_consent, Some(&text.notice_consent_todo))];
        }
        let mut notices = Vec::new();
        if self.complete < self.channels {
            let (done, all) = (grouped(self.complete), grouped(self.channels));
            let values = [("done", &*done), ("all", &*all)];
            notices.push(notice(&filled(&text.notice_reading, &values), None));
        }
        if self.resolved > 0 && self.reviewed == 0 {
            notices.push(notice(&text.notice_unreviewed, None));
        }
        notices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(condition: SiteCondition) -> Vec<String> {
        let notices = condition.notices(InterfaceText::english());
        notices.into_iter().map(|notice| notice.what).collect()
    }

    #[test]
    fn a_site_says_once_why_it_shows_nothing() {
        assert_eq!(texts(SiteCondition::default()), ["Nothing has been read yet."]);
        let unready =
            SiteCondition { messages: 10, channels: 5, complete: 2, ..Default::default() };
        assert_eq!(texts(unready), ["Nothing may be quoted yet, so no words are shown."]);
        let reading =
            SiteCondition { consent: Some(Consent::ServerPublic), resolved: 3, ..unready };
        assert_eq!(
            texts(reading),
            [
                "The history is still being read: 2 of 5 channels are complete. More answers will \
                 appear.",
                "No maintainer has reviewed an answer yet. What you find is quoted from chat.",
            ]
        );
        let ready = SiteCondition { complete: 5, reviewed: 1, ..reading };
        assert_eq!(texts(ready), Vec::<String>::new());
    }
}
