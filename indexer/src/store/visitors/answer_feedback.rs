//! What readers say of answers: counts, without whoever said so.

use std::str::FromStr;

use jiff::Timestamp;
use rules::model::ids::ClusterId;
use serde::Serialize;

use crate::store::engine;
use crate::store::sql::SqlTime;
use crate::store::{Result, Store};

/// What a reader says of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedbackVerdict {
    Helped,
    Outdated,
    Wrong,
}

/// How many readers said what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FeedbackCounts {
    pub helped: u64,
    pub outdated: u64,
    pub wrong: u64,
}

impl FeedbackVerdict {
    pub const ALL: [Self; 3] = [Self::Helped, Self::Outdated, Self::Wrong];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Helped => "helped",
            Self::Outdated => "outdated",
            Self::Wrong => "wrong",
        }
    }
}

impl FromStr for FeedbackVerdict {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(())
    }
}

impl Store {
    /// Counts a verdict about a cluster.
    pub async fn add_feedback(
        &self,
        cluster: &ClusterId,
        verdict: FeedbackVerdict,
        now: Timestamp,
    ) -> Result<()> {
        engine::query(
            "INSERT INTO answer_feedback (cluster, verdict, count, last) VALUES ($1, $2, 1, $3) \
             ON CONFLICT (cluster, verdict) DO UPDATE \
             SET count = answer_feedback.count + 1, last = excluded.last",
        )
        .bind(cluster.as_str())
        .bind(verdict.as_str())
        .bind(now.to_sql())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// What was said of a cluster, and of those that were merged into it.
    pub async fn feedback(&self, cluster: &ClusterId) -> Result<FeedbackCounts> {
        let rows = engine::query_as::<(String, i64)>(
            "SELECT verdict, CAST(SUM(count) AS INTEGER) FROM answer_feedback WHERE cluster = $1 \
             OR cluster IN (SELECT old FROM redirects WHERE cluster = $1) GROUP BY verdict",
        )
        .bind(cluster.as_str())
        .fetch_all(&self.read)
        .await?;
        let mut counts = FeedbackCounts::default();
        for (verdict, count) in rows {
            let place = match verdict.parse() {
                Ok(FeedbackVerdict::Helped) => &mut counts.helped,
                Ok(FeedbackVerdict::Outdated) => &mut counts.outdated,
                Ok(FeedbackVerdict::Wrong) => &mut counts.wrong,
                Err(()) => continue,
            };
            *place = count as u64;
        }
        Ok(counts)
    }
}
