//! Questions that nothing has settled yet.

use jiff::{SignedDuration, Timestamp};
use rules::model::ids::MessageId;

use crate::store::engine;
use crate::store::judging::exchanges::{StoredExchange, stored};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store};

impl Store {
    /// The exchanges with an open question that began at or after `from`, by id.
    pub async fn unanswered_since(&self, from: MessageId) -> Result<Vec<StoredExchange>> {
        let rows = engine::query_as::<(i64, i64, i64, String)>(
            "SELECT id, conversation, channel, verdict FROM exchanges \
             WHERE status = 'open' AND id >= $1 ORDER BY id",
        )
        .bind(from.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(stored).collect())
    }

    /// How many questions were asked at or after `from`, and how many of them were settled within
    /// `within`.
    pub async fn answered_counts_since(
        &self,
        from: Timestamp,
        within: SignedDuration,
    ) -> Result<(u64, u64)> {
        let first = MessageId::min_at(from).to_sql();
        let asked = engine::query_scalar::<i64>(
            "SELECT COUNT(*) FROM exchanges \
             WHERE status IN ('open', 'helped', 'resolved') AND id >= $1",
        )
        .bind(first)
        .fetch_one(&self.read)
        .await?;
        let settled = engine::query_scalar::<i64>(
            "SELECT COUNT(*) FROM occurrences WHERE question >= $1 \
             AND CAST(json_extract(body, '$.a[0][4]') AS INTEGER) \
             - CAST(json_extract(body, '$.q[4]') AS INTEGER) <= $2",
        )
        .bind(first)
        .bind(within.to_sql())
        .fetch_one(&self.read)
        .await?;
        Ok((asked as u64, settled as u64))
    }
}
