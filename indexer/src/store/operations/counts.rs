//! Numbers about what is stored.

use std::collections::BTreeMap;

use rules::resolution::ResolutionGrade;
use serde::Serialize;

use crate::store::engine;
use crate::store::{Result, Store};

/// What is stored, counted. A function of the stored history alone: no clock, no order of arrival.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StoreCounts {
    pub channels: u64,
    pub people: u64,
    pub messages: u64,
    /// `default`, `reply`, `command`, `system` and `other`, which this version does not know.
    pub messages_by_kind: BTreeMap<String, u64>,
    pub conversations: u64,
    /// Exchanges by `no-question`, `open`, `helped`, `resolved` and `reopened`.
    pub conversations_by_status: BTreeMap<String, u64>,
    /// `certain`, `confirmed`, `thanked` and `unconfirmed`.
    pub resolutions_by_grade: BTreeMap<String, u64>,
    pub clusters: u64,
    /// Clusters of at least two occurrences.
    pub recurring: u64,
    pub clusters_by_state: BTreeMap<String, u64>,
    pub proposals: u64,
    pub proposals_by_state: BTreeMap<String, u64>,
    pub channels_pending: u64,
    /// Over the newest version of every message: equal counts with equal digests are equal stores.
    pub messages_digest: String,
}

impl Store {
    pub async fn counts(&self) -> Result<StoreCounts> {
        Ok(StoreCounts {
            channels: self.count("SELECT COUNT(*) FROM channels WHERE outside = 0").await?,
            people: self.count("SELECT COUNT(*) FROM users").await?,
            messages: self.count("SELECT COUNT(*) FROM messages").await?,
            messages_by_kind: self
                .counts_by("SELECT kind, COUNT(*) FROM messages GROUP BY kind")
                .await?,
            conversations: self.count("SELECT COUNT(*) FROM conversations").await?,
            conversations_by_status: self
                .counts_by("SELECT status, COUNT(*) FROM exchanges GROUP BY status")
                .await?,
            resolutions_by_grade: self
                .counts_by("SELECT grade, COUNT(*) FROM occurrences GROUP BY grade")
                .await?,
            clusters: self.count("SELECT COUNT(*) FROM clusters").await?,
            recurring: self.count("SELECT COUNT(*) FROM clusters WHERE times >= 2").await?,
            clusters_by_state: self
                .counts_by("SELECT state, COUNT(*) FROM clusters GROUP BY state")
                .await?,
            proposals: self.count("SELECT COUNT(*) FROM proposals").await?,
            proposals_by_state: self
                .counts_by("SELECT state, COUNT(*) FROM proposals GROUP BY state")
                .await?,
            channels_pending: self
                .count(
                    "SELECT COUNT(*) FROM channels WHERE pending_from IS NOT NULL \
                     OR id IN (SELECT channel FROM pending)",
                )
                .await?,
            messages_digest: self.messages_digest().await?,
        })
    }

    pub(in crate::store) async fn count(&self, sql: &'static str) -> Result<u64> {
        Ok(engine::query_scalar::<i64>(sql).fetch_one(&self.read).await? as u64)
    }

    pub(in crate::store) async fn counts_by(
        &self,
        sql: &'static str,
    ) -> Result<BTreeMap<String, u64>> {
        let rows = engine::query_as::<(String, i64)>(sql).fetch_all(&self.read).await?;
        Ok(rows.into_iter().map(|(name, count)| (name, count as u64)).collect())
    }

    /// The sum of the digests of messages and of reactions, shifted to stay within SQLite's integers.
    async fn messages_digest(&self) -> Result<String> {
        let sum = engine::query_scalar::<i64>(
            "SELECT CAST(COALESCE(SUM(digest >> 24), 0) AS INTEGER) FROM messages",
        )
        .fetch_one(&self.read)
        .await?;
        let sum = sum.wrapping_add(self.reactions_digest().await?);
        Ok(format!("{:016x}", sum as u64))
    }
}

pub(in crate::store) fn grade_name(grade: ResolutionGrade) -> &'static str {
    match grade {
        ResolutionGrade::Certain => "certain",
        ResolutionGrade::Confirmed => "confirmed",
        ResolutionGrade::Thanked => "thanked",
        ResolutionGrade::Unconfirmed => "unconfirmed",
    }
}
