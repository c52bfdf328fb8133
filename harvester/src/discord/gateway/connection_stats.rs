//! The state of the connection: counters, stages, health, and which events were lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexer::store::GatewayStatus;
use jiff::{SignedDuration, Timestamp};
use rules::model::ids::ChannelId;

use super::health::{HealthAction, HealthEvent, HealthTimeouts, ShardHealth};
use super::raw_event::{DispatchEvent, EventGap};

/// The stage of a shard whose connection cannot be opened.
pub const NOT_OPENED: &str = "unreachable";
/// The stages of a shard that works, and of one that another process holds.
pub const CONNECTED: &str = "connected";
pub const STANDING_BY: &str = "standing by";
/// Kinds of events that are counted separately; further ones count as `OTHER`.
const KINDS: usize = 64;

/// Shared between the connection, its supervisor and the status report.
#[derive(Debug, Clone, Default)]
pub struct ConnectionStats(Arc<Mutex<StatsInner>>);

#[derive(Debug, Default)]
struct StatsInner {
    status: GatewayStatus,
    gapped: GapSet,
    health: BTreeMap<u32, ShardHealth>,
    /// When each shard's session began last.
    ready: BTreeMap<u32, Timestamp>,
}

/// What has to be read again because events of it were lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GapSet {
    pub channels: BTreeSet<ChannelId>,
    /// Changes of channels, threads or servers were lost: only a full recheck finds them.
    pub everything: bool,
}

impl ConnectionStats {
    pub fn status(&self) -> GatewayStatus {
        self.lock().status.clone()
    }

    /// Takes what has to be read again; the next call returns only what was lost since.
    pub fn take_gapped(&self) -> GapSet {
        std::mem::take(&mut self.lock().gapped)
    }

    pub(super) fn record_event(&self, dispatch: &DispatchEvent) {
        let mut inner = self.lock();
        inner.status.last_dispatch = Some(dispatch.at);
        if !dispatch.readable {
            inner.count_unparsed(&dispatch.kind);
        }
        let health_event = match dispatch.kind.as_str() {
            "READY" => HealthEvent::Ready,
            "RESUMED" => HealthEvent::Resumed,
            _ => HealthEvent::Dispatch,
        };
        inner.record(dispatch.shard, health_event, dispatch.at);
    }

    pub(super) fn record_gap(&self, gap: EventGap) {
        let mut inner = self.lock();
        inner.status.lost_by_full_queue += 1;
        match gap {
            EventGap::Channel(channel) => _ = inner.gapped.channels.insert(channel),
            EventGap::Everything => inner.gapped.everything = true,
            EventGap::Nothing => {}
        }
    }

    /// Starts to track a shard's connection.
    pub(super) fn watch(&self, shard: u32, limits: HealthTimeouts, now: Timestamp) {
        self.lock().health.insert(shard, ShardHealth::new(limits, now));
    }

    pub(super) fn record(&self, shard: u32, health_event: HealthEvent, now: Timestamp) {
        self.lock().record(shard, health_event, now);
    }

    /// What to do about a shard. Must follow `watch`.
    pub(super) fn verdict(&self, shard: u32, now: Timestamp) -> HealthAction {
        let mut inner = self.lock();
        let verdict = inner.health.get_mut(&shard).map_or(HealthAction::Keep, |it| it.verdict(now));
        inner.status.restarts_total += u64::from(matches!(verdict, HealthAction::Restart(_)));
        verdict
    }

    /// Records that a shard's client ended by itself; returns the pause until the next
    /// start.
    pub(super) fn restart(&self, shard: u32, now: Timestamp) -> SignedDuration {
        let mut inner = self.lock();
        inner.status.restarts_total += 1;
        inner.health.get_mut(&shard).map_or(SignedDuration::ZERO, |health| health.restart(now))
    }

    pub(super) fn split(&self, shards: u32) {
        self.lock().status.shards = shards;
    }

    pub(super) fn stage(&self, shard: u32, stage: &'static str) {
        self.lock().status.stages.insert(shard, stage.to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, StatsInner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StatsInner {
    fn record(&mut self, shard: u32, health_event: HealthEvent, now: Timestamp) {
        let status = &mut self.status;
        match health_event {
            HealthEvent::Identify => status.identifies_total += 1,
            HealthEvent::Resume => status.resumes_total += 1,
            HealthEvent::Ready => status.ready_total += 1,
            HealthEvent::Resumed => status.resumed_total += 1,
            HealthEvent::Ack => status.last_ack = Some(now),
            HealthEvent::Closed(code) => *status.closings.entry(code).or_default() += 1,
            HealthEvent::Started | HealthEvent::Dispatch | HealthEvent::NotOpened => {}
        }
        if matches!(health_event, HealthEvent::Ready | HealthEvent::Resumed) {
            self.ready.insert(shard, now);
        }
        if self.is_outdated(shard, health_event, now) {
            return;
        }
        let stage = match health_event {
            HealthEvent::Started => Some("connecting"),
            HealthEvent::Identify => Some("identifying"),
            HealthEvent::Resume => Some("resuming"),
            HealthEvent::Ready | HealthEvent::Resumed => Some(CONNECTED),
            HealthEvent::NotOpened => Some(NOT_OPENED),
            HealthEvent::Dispatch | HealthEvent::Ack | HealthEvent::Closed(_) => None,
        };
        if let Some(stage) = stage {
            self.status.stages.insert(shard, stage.to_owned());
        }
        if let Some(health) = self.health.get_mut(&shard) {
            health.record(health_event, now);
        }
    }

    /// Whether an event led to the session that stands: the log is read by another task than the events, and
    /// may come later.
    fn is_outdated(&self, shard: u32, health_event: HealthEvent, at: Timestamp) -> bool {
        let Some(ready) = self.ready.get(&shard) else { return false };
        match health_event {
            HealthEvent::Identify | HealthEvent::Resume | HealthEvent::NotOpened => at <= *ready,
            HealthEvent::Closed(_) => at < *ready,
            HealthEvent::Started
            | HealthEvent::Ready
            | HealthEvent::Resumed
            | HealthEvent::Dispatch
            | HealthEvent::Ack => false,
        }
    }

    /// Counts an event that serenity could not parse.
    fn count_unparsed(&mut self, kind: &str) {
        let known = &mut self.status.unknown_events_total;
        let room = known.len() < KINDS || known.contains_key(kind);
        *known.entry(if room { kind } else { "OTHER" }.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use rules::time;

    use serde_json::json;

    use super::*;

    fn dispatch(kind: &str, readable: bool) -> DispatchEvent {
        let data = json!({ "channel_id": "8" });
        DispatchEvent {
            shard: 0,
            kind: kind.to_owned(),
            data,
            at: time::at_millisecond(1_000),
            readable,
        }
    }

    #[test]
    fn counts_what_happened() {
        let stats = ConnectionStats::default();
        stats.watch(0, HealthTimeouts::default(), Timestamp::UNIX_EPOCH);
        for kind in ["READY", "RESUMED", "MESSAGE_CREATE"] {
            stats.record_event(&dispatch(kind, true));
        }
        for number in 0..100 {
            stats.record_event(&dispatch(&format!("NEW_{number}"), false));
        }
        stats.record(0, HealthEvent::Closed(4000), time::at_millisecond(2));
        let status = stats.status();
        assert_eq!((status.ready_total, status.resumed_total), (1, 1));
        assert_eq!(status.last_dispatch, Some(time::at_millisecond(1_000)));
        assert_eq!(status.unknown_events_total.len(), KINDS + 1);
        assert_eq!(status.unknown_events_total["OTHER"], 100 - KINDS as u64);
        assert_eq!(status.closings[&4000], 1);
    }

    #[test]
    fn what_the_log_says_too_late_does_not_end_a_session() {
        let stats = ConnectionStats::default();
        stats.watch(0, HealthTimeouts::default(), Timestamp::UNIX_EPOCH);
        stats.record(0, HealthEvent::Started, time::at_millisecond(900));
        stats.record_event(&dispatch("READY", true));
        for event in [HealthEvent::Identify, HealthEvent::Closed(4000), HealthEvent::NotOpened] {
            stats.record(0, event, time::at_millisecond(990));
        }
        assert_eq!(stats.status().stages[&0], CONNECTED);
        assert_eq!(stats.status().identifies_total, 1);
        stats.record(0, HealthEvent::Identify, time::at_millisecond(1_001));
        assert_eq!(stats.status().stages[&0], "identifying");
    }

    #[test]
    fn what_was_lost_is_handed_over_once() {
        let stats = ConnectionStats::default();
        stats.record_gap(dispatch("MESSAGE_DELETE", true).gap());
        stats.record_gap(dispatch("THREAD_DELETE", true).gap());
        stats.record_gap(dispatch("INTERACTION_CREATE", true).gap());
        let gapped = stats.take_gapped();
        assert_eq!(gapped, GapSet { channels: [ChannelId(8)].into(), everything: true });
        assert_eq!(stats.take_gapped(), GapSet::default());
        assert_eq!(stats.status().lost_by_full_queue, 3);
    }
}
