//! Numbers about what live operation left in the store.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::store::{Result, Store};

/// What was deleted, hidden, said by hand and could not be read, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LiveCounts {
    /// Messages that were deleted one by one.
    pub messages_deleted: u64,
    pub channels_deleted: u64,
    pub channels_hidden: u64,
    pub opted_out: u64,
    pub marks: u64,
    pub ties: u64,
    /// By what it claims to be.
    pub quarantined_by_kind: BTreeMap<String, u64>,
    /// Consents that stand.
    pub consents: u64,
    pub suggestions_posted: u64,
    pub suggestions_helped: u64,
    pub suggestions_not_helped: u64,
    /// Channels that lost live events which must be fetched.
    pub channels_gapped: u64,
    /// Channels whose history is not read to its start.
    pub channels_backfilling: u64,
}

impl Store {
    /// Counts what live operation left.
    pub async fn live_counts(&self) -> Result<LiveCounts> {
        let readings = self.channel_progress().await?;
        let readings = |counts: fn(&crate::store::ChannelProgress) -> bool| {
            readings.iter().filter(|one| counts(one)).count() as u64
        };
        Ok(LiveCounts {
            messages_deleted: self
                .count("SELECT COUNT(*) FROM tombstones WHERE message <> 0")
                .await?,
            channels_deleted: self
                .count("SELECT COUNT(*) FROM tombstones WHERE message = 0")
                .await?,
            channels_hidden: self
                .count("SELECT COUNT(*) FROM channels WHERE hidden = 1 AND gone = 0")
                .await?,
            opted_out: self.count("SELECT COUNT(*) FROM opt_outs").await?,
            marks: self
                .count("SELECT COUNT(*) FROM answer_marks WHERE answers IS NOT NULL")
                .await?,
            ties: self
                .count("SELECT COUNT(*) FROM duplicate_marks WHERE with_question IS NOT NULL")
                .await?,
            quarantined_by_kind: self
                .counts_by("SELECT kind, COUNT(*) FROM quarantine GROUP BY kind")
                .await?,
            consents: self.count("SELECT COUNT(*) FROM consents WHERE withdrawn IS NULL").await?,
            suggestions_posted: self
                .count("SELECT COUNT(*) FROM suggestions WHERE posted IS NOT NULL")
                .await?,
            suggestions_helped: self
                .count("SELECT COUNT(*) FROM suggestions WHERE helped = 1")
                .await?,
            suggestions_not_helped: self
                .count("SELECT COUNT(*) FROM suggestions WHERE helped = 0")
                .await?,
            channels_gapped: readings(|one| one.gapped),
            channels_backfilling: readings(|one| !one.complete),
        })
    }
}
