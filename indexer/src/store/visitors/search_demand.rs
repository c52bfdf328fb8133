//! What people look for and do not find, without whoever looked.

use jiff::{SignedDuration, Timestamp};
use rules::time;

use crate::store::engine;
use crate::store::sql::SqlTime;
use crate::store::{Result, Store};

/// What is not looked for any more is forgotten after so long.
const RETENTION: SignedDuration = time::days(90);
/// Rows of one workspace at most; the least wanted go first.
const MAX_ROWS: i64 = 2_000;

/// What somebody looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemandKind {
    /// Words in a search.
    Query,
    /// The fingerprint of an error.
    Error,
}

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchOutcome {
    Found,
    Missed,
}

/// Something that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemandRow {
    pub kind: DemandKind,
    /// Normalised words, or a fingerprint.
    pub words: String,
    pub searches: u64,
    /// Searches that found nothing.
    pub missed: u64,
    /// Answers that were opened from the results.
    pub opened: u64,
    pub first: Timestamp,
    pub last: Timestamp,
}

type DemandTuple = (String, String, i64, i64, i64, i64, i64);

impl DemandKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Error => "error",
        }
    }
}

impl Store {
    /// Counts a search for something, which `key` names within its workspace.
    pub async fn record_search(
        &self,
        workspace: &str,
        (kind, key, words): (DemandKind, &str, &str),
        outcome: SearchOutcome,
        now: Timestamp,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        engine::query(
            "INSERT INTO search_demand \
             (workspace, kind, key, words, searches, missed, opened, first, last) \
             VALUES ($1, $2, $3, $4, 1, $5, 0, $6, $6) ON CONFLICT (workspace, kind, key) DO UPDATE \
             SET searches = search_demand.searches + 1, \
             missed = search_demand.missed + excluded.missed, last = excluded.last",
        )
        .bind(workspace)
        .bind(kind.as_str())
        .bind(key)
        .bind(words)
        .bind(i64::from(outcome == SearchOutcome::Missed))
        .bind(now.to_sql())
        .execute(&mut transaction)
        .await?;
        engine::query("DELETE FROM search_demand WHERE last < $1")
            .bind(time::minus(now, RETENTION).to_sql())
            .execute(&mut transaction)
            .await?;
        engine::query(
            "DELETE FROM search_demand WHERE workspace = $1 AND (kind, key) IN (SELECT kind, key \
             FROM search_demand WHERE workspace = $1 ORDER BY searches DESC, last DESC \
             LIMIT 9223372036854775807 OFFSET $2)",
        )
        .bind(workspace)
        .bind(MAX_ROWS)
        .execute(&mut transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Counts that an answer was opened from the results of a search.
    pub async fn record_opened(&self, workspace: &str, key: &str) -> Result<()> {
        engine::query(
            "UPDATE search_demand SET opened = CASE WHEN opened < searches THEN opened + 1 ELSE searches END \
             WHERE workspace = $1 AND kind = 'query' AND key = $2",
        )
        .bind(workspace)
        .bind(key)
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// What found nothing or was not opened, in one workspace: the most often first.
    pub async fn search_demand(&self, workspace: &str, limit: u32) -> Result<Vec<DemandRow>> {
        let rows = engine::query_as::<DemandTuple>(
            "SELECT kind, words, searches, missed, opened, first, last FROM search_demand \
             WHERE workspace = $1 AND (missed > 0 OR searches > opened) \
             ORDER BY CASE WHEN missed > searches - opened THEN missed ELSE searches - opened END DESC, last DESC, words LIMIT $2",
        )
        .bind(workspace)
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(demand).collect())
    }
}

fn demand((kind, words, searches, missed, opened, first, last): DemandTuple) -> DemandRow {
    DemandRow {
        kind: if kind == DemandKind::Error.as_str() {
            DemandKind::Error
        } else {
            DemandKind::Query
        },
        words,
        searches: searches as u64,
        missed: missed as u64,
        opened: opened as u64,
        first: Timestamp::from_sql(first),
        last: Timestamp::from_sql(last),
    }
}
