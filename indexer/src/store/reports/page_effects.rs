//! How often a question was asked before and after its page was merged.

use jiff::Timestamp;
use rules::model::ids::{ClusterId, MessageId};
use rules::time;
use serde::Serialize;

use crate::store::engine;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store};

/// How often an answer was suggested to askers, and to how many of them it helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SuggestionCounts {
    pub shown: u64,
    pub helped: u64,
}

impl Store {
    /// The suggestions of a cluster's answer to questions asked from `since` until before `until`.
    pub async fn suggestion_counts(
        &self,
        cluster: &ClusterId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<SuggestionCounts> {
        let (shown, helped) = engine::query_as::<(i64, i64)>(
            "SELECT COUNT(*), COUNT(CASE WHEN helped = 1 THEN 1 END) FROM suggestions WHERE \
             (cluster = $1 OR cluster IN (SELECT old FROM redirects WHERE cluster = $1)) \
             AND posted IS NOT NULL AND question BETWEEN $2 AND $3",
        )
        .bind(cluster.as_str())
        .bind(MessageId::min_at(since).to_sql())
        .bind(MessageId::min_at(until).to_sql() - 1)
        .fetch_one(&self.read)
        .await?;
        Ok(SuggestionCounts { shown: shown as u64, helped: helped as u64 })
    }

    /// How often the question of a cluster was asked from `since` until before `until`, by answered questions
    /// and by those to which its answer was suggested; each question counts once.
    pub async fn askings(
        &self,
        cluster: &ClusterId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<u64> {
        let count = engine::query_scalar::<i64>(
            "SELECT COUNT(*) FROM (SELECT question FROM occurrences WHERE cluster = $1 \
             AND question BETWEEN $2 AND $3 UNION SELECT question FROM suggestions WHERE \
             (cluster = $1 OR cluster IN (SELECT old FROM redirects WHERE cluster = $1)) \
             AND posted IS NOT NULL AND question BETWEEN $2 AND $3) AS asked",
        )
        .bind(cluster.as_str())
        .bind(MessageId::min_at(since).to_sql())
        .bind(MessageId::min_at(until).to_sql() - 1)
        .fetch_one(&self.read)
        .await?;
        Ok(count as u64)
    }

    /// The asker-days from `since` until before `until`: each day counts once for each person who asks
    /// anything on it.
    pub async fn asker_days(&self, since: Timestamp, until: Timestamp) -> Result<u64> {
        let count = engine::query_scalar::<i64>(
            "SELECT COUNT(*) FROM (SELECT DISTINCT json_extract(verdict, '$.u'), \
             CAST(json_extract(verdict, '$.t') AS INTEGER) / $3 FROM exchanges \
             WHERE status IN ('open', 'helped', 'resolved') AND id BETWEEN $1 AND $2) AS days",
        )
        .bind(MessageId::min_at(since).to_sql())
        .bind(MessageId::min_at(until).to_sql() - 1)
        .bind(time::days(1).to_sql())
        .fetch_one(&self.read)
        .await?;
        Ok(count as u64)
    }
}
