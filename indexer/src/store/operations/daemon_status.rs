//! The status that a running daemon writes every few seconds, read by `status`, the bot and `/metrics`.
//!
//! Counters count since the daemon started. Field names are the keys of `status --json`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{Result, Store};

/// The setting with the status of a daemon has this prefix; the rest is the daemon's name.
const PREFIX: &str = "pulse/";

/// The status of one daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// When it was written, by the clock of its machine, as all other times here.
    #[serde(with = "rules::time::milliseconds")]
    pub at: Timestamp,
    /// The same by the clock that processes share: who asks whether it still runs may have another one.
    #[serde(with = "rules::time::milliseconds::optional", default)]
    pub shared_at: Option<Timestamp>,
    /// What this process does: `gateway`, `judge`, `propose`, `site`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Whether this daemon clusters; others stand by for that.
    #[serde(rename = "leads")]
    pub leader: bool,
    /// How many of the partitions of channels it judges.
    #[serde(default)]
    pub judged_partitions: u64,
    /// Whether it writes the index of its data directory.
    #[serde(default)]
    pub follows_index: bool,
    pub messages_added_total: u64,
    pub messages_updated_total: u64,
    pub messages_unchanged_total: u64,
    pub messages_deleted_total: u64,
    /// When the last event was stored.
    #[serde(with = "rules::time::milliseconds::optional", default)]
    pub last_event_stored: Option<Timestamp>,
    /// When the index last caught up with the store.
    #[serde(with = "rules::time::milliseconds::optional", default)]
    pub last_index_pass: Option<Timestamp>,
    /// Live batches that wait to be stored.
    #[serde(rename = "deliveries_waiting")]
    pub ingest_queue_length: u64,
    pub discord: DiscordStatus,
    /// `None` before the first round.
    pub proposals: Option<ProposalRoundCounts>,
}

/// The connection to Discord. A part is `None` until it has started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscordStatus {
    pub gateway: Option<GatewayStatus>,
    #[serde(rename = "rest")]
    pub requests: RequestCounts,
    #[serde(rename = "catching_up")]
    pub catch_up: Option<CatchUpCounts>,
    #[serde(rename = "desk")]
    pub interactions: Option<InteractionCounts>,
}

/// The gateway connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayStatus {
    /// New sessions. Each follows a gap of unknown length.
    pub ready_total: u64,
    /// Sessions that were resumed without a loss.
    pub resumed_total: u64,
    /// IDENTIFY and RESUME payloads that were sent.
    pub identifies_total: u64,
    pub resumes_total: u64,
    /// Clients that were dropped and replaced.
    pub restarts_total: u64,
    /// Connections that Discord closed, by close code.
    pub closings: BTreeMap<u16, u64>,
    /// Events that serenity could not parse, by type. They were parsed from the raw JSON instead.
    pub unknown_events_total: BTreeMap<String, u64>,
    /// Events that were rejected because the queue was full. What they changed is fetched again.
    pub lost_by_full_queue: u64,
    #[serde(with = "rules::time::milliseconds::optional", default)]
    pub last_dispatch: Option<Timestamp>,
    /// When Discord last acknowledged a heartbeat.
    #[serde(with = "rules::time::milliseconds::optional", default)]
    pub last_ack: Option<Timestamp>,
    /// The number of shards of the bot.
    pub shards: u32,
    /// The state of each shard that this process holds or waits for.
    pub stages: BTreeMap<u32, String>,
}

/// Requests to Discord's REST API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCounts {
    pub live_calls_total: u64,
    pub history_calls_total: u64,
    pub calls_retried_total: u64,
    pub calls_limited_total: u64,
}

/// The progress of catching up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatchUpCounts {
    pub catch_ups_total: u64,
    pub catch_ups_done_total: u64,
    pub messages_read_total: u64,
    pub deletions_found_total: u64,
}

/// The outcomes of the interactions that this process received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InteractionCounts {
    pub interactions_answered_total: u64,
    pub interactions_unreadable_total: u64,
    pub interactions_failed_total: u64,
}

/// Proposal rounds on GitHub.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalRoundCounts {
    pub rounds_total: u64,
    pub failed_rounds_total: u64,
    /// When a round last succeeded.
    #[serde(with = "rules::time::milliseconds::optional", default)]
    pub last_round: Option<Timestamp>,
    /// Due clusters after that round, by the status of their deadline.
    pub by_clock: BTreeMap<String, u64>,
}

impl Store {
    /// Writes the status of the daemon with this name.
    pub async fn save_daemon_status(&self, daemon: &str, status: &DaemonStatus) -> Result<()> {
        let json = serde_json::to_string(status).expect("a status has only text keys");
        self.set(&format!("{PREFIX}{daemon}"), &json).await
    }

    /// Removes the status of a daemon that stops.
    pub async fn delete_daemon_status(&self, daemon: &str) -> Result<()> {
        self.unset(&format!("{PREFIX}{daemon}")).await
    }

    /// The statuses of all daemons by name, also of those that were killed. Skips what another
    /// version wrote in another form.
    pub async fn daemon_statuses(&self) -> Result<Vec<(String, DaemonStatus)>> {
        let settings = self.settings_under(PREFIX).await?;
        let parsed = settings.into_iter().filter_map(|(name, json)| {
            let status = serde_json::from_str(&json).ok()?;
            Some((name.strip_prefix(PREFIX)?.to_owned(), status))
        });
        Ok(parsed.collect())
    }
}

#[cfg(test)]
mod tests {
    use rules::time;

    use super::*;
    use crate::store::WriteLock;

    #[tokio::test]
    async fn a_status_reads_back_and_one_of_another_version_is_skipped() {
        let data = tempfile::tempdir().unwrap();
        let lock = WriteLock::take(data.path()).unwrap();
        let store = Store::open(crate::store::tests::location(data.path()), &lock).await.unwrap();
        let gateway = GatewayStatus {
            closings: BTreeMap::from([(4_000, 2)]),
            stages: BTreeMap::from([(0, "connected".to_owned())]),
            ..GatewayStatus::default()
        };
        let status = DaemonStatus {
            at: time::at_millisecond(9_000),
            last_event_stored: Some(time::at_millisecond(8_000)),
            discord: DiscordStatus { gateway: Some(gateway), ..DiscordStatus::default() },
            proposals: Some(ProposalRoundCounts::default()),
            ..DaemonStatus::default()
        };
        store.save_daemon_status("one", &status).await.unwrap();
        store.set("pulse/old", r#"{"at":9000,"last_stored_age_ms":1000}"#).await.unwrap();
        store.set("pulse/torn", "{").await.unwrap();
        assert_eq!(store.daemon_statuses().await.unwrap(), [("one".to_owned(), status)]);
        store.delete_daemon_status("one").await.unwrap();
        assert_eq!(store.daemon_statuses().await.unwrap(), []);
    }
}
