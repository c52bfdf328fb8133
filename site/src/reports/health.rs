//! Whether the numbers are those of a program that works: alarms on silence, and the clocks of proposals.

use std::collections::BTreeMap;

use indexer::store::StoreError;
use jiff::{SignedDuration, Timestamp};
use rules::model::ids::ChannelId;
use rules::report::alarms::{
    ALARM_DAYS, ChannelDays, CountPair, DayCounts, SilenceAlarm, silence_alarms,
};
use rules::report::period::{ReportPeriod, ReportSpan, day_number, day_start};
use rules::report::questions::{AskedQuestion, QuestionList};
use rules::report::service_level::ServiceLevel;
use rules::time;
use serde::Serialize;

use super::ReportSource;
use super::questions::{ReportChannels, home_channel};

/// What `status`, the metrics and the briefing tell of the state of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OperationHealth {
    pub alarms: Vec<SilenceAlarm>,
    /// Of the last 28 days.
    pub service_level: ServiceLevel,
}

const SERVICE_DAYS: i64 = 28;

impl ReportSource<'_> {
    /// The health at a moment, by the whole days before it.
    pub async fn health(&self, now: Timestamp) -> Result<OperationHealth, StoreError> {
        let today = day_start(day_number(self.known_until(now).await?));
        let days = ALARM_DAYS as i64;
        let since = time::minus(today, time::days(days));
        let channels = self.channels().await?;
        let questions = self.questions(&channels, since, today).await?;
        let counted = questions.into_iter().map(|one| one.counted).collect::<Vec<_>>();
        let (days, by_channel) = self.day_counts(&channels, &counted, since, today).await?;
        let alarms = silence_alarms(&days, &by_channel, &self.count_pairs().await?);
        let period = ReportPeriod {
            span: ReportSpan::Month,
            since: time::minus(now, time::days(SERVICE_DAYS)),
            until: time::plus(now, SignedDuration::from_millis(1)),
        };
        let service_level = self.service_level(&period, now).await?;
        Ok(OperationHealth { alarms, service_level })
    }

    /// Up to when silence means anything: where nothing is read from Discord but exports are imported, the
    /// time after the newest message is not silent, it is not there.
    async fn known_until(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
        if !self.store.channel_progress().await?.is_empty() {
            return Ok(now);
        }
        Ok(self.store.newest_message().await?.map_or(now, |newest| newest.min(now)))
    }

    pub(super) async fn service_level(
        &self,
        period: &ReportPeriod,
        now: Timestamp,
    ) -> Result<ServiceLevel, StoreError> {
        let times = self.store.proposal_times().await?;
        let allowed = self.rules.pages.time_to_propose();
        Ok(ServiceLevel::of(&times, period, allowed, now))
    }

    /// The counts of each day from `since` until before `until`, and the messages of each channel.
    pub(super) async fn day_counts(
        &self,
        channels: &ReportChannels,
        questions: &[AskedQuestion],
        since: Timestamp,
        until: Timestamp,
    ) -> Result<(Vec<DayCounts>, Vec<ChannelDays>), StoreError> {
        let (first, last) = (day_number(since), day_number(until));
        let mut days =
            (first..last).map(|day| DayCounts { day, ..DayCounts::default() }).collect::<Vec<_>>();
        let at = |day: i64| (first..last).contains(&day).then(|| (day - first) as usize);
        let mut by_channel = BTreeMap::<ChannelId, Vec<u64>>::new();
        for row in self.store.message_activity(since, until).await? {
            let Some(at) = at(row.day) else { continue };
            // A channel that was hidden or deleted counts on: its silence is what an alarm tells.
            days[at].messages += row.messages;
            days[at].unknown += row.unknown;
            let home = home_channel(channels, row.channel);
            by_channel.entry(home).or_insert_with(|| vec![0; days.len()])[at] += row.messages;
        }
        for row in self.store.unread_payloads(since, until).await? {
            if let Some(at) = at(row.day) {
                days[at].unknown += row.payloads;
            }
        }
        for question in questions {
            let Some(at) = at(day_number(question.asked)) else { continue };
            let count = |list: QuestionList| u64::from(list.contains(question));
            days[at].asked += count(QuestionList::Asked);
            days[at].answered += count(QuestionList::Answered);
            days[at].confirmed += count(QuestionList::Confirmed);
        }
        let channels = by_channel.into_iter();
        let channels = channels.map(|(channel, messages)| ChannelDays { channel, messages });
        Ok((days, channels.collect()))
    }

    /// Counts of the same thing in different tables. While messages wait to be judged, they may differ.
    pub(super) async fn count_pairs(&self) -> Result<Vec<CountPair>, StoreError> {
        let counts = self.store.counts().await?;
        if counts.channels_pending > 0 || self.store.needs_recluster().await? {
            return Ok(Vec::new());
        }
        let resolved = counts.conversations_by_status.get("resolved").copied().unwrap_or_default();
        let members = self.store.clustered_occurrences().await?;
        let occurrences = counts.resolutions_by_grade.values().sum();
        Ok(vec![
            CountPair {
                what: "exchanges that are resolved, and answered questions that are stored",
                one: resolved,
                other: occurrences,
            },
            CountPair {
                what: "answered questions that are stored, and those in clusters",
                one: occurrences,
                other: members,
            },
        ])
    }
}
