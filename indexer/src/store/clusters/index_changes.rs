//! The feed of changed clusters that the index follows.

use rules::model::ids::ClusterId;

use super::cluster_rows::cluster_id;
use crate::store::{Result, Store};

/// One cluster that changed, appeared or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexChange {
    pub seq: i64,
    pub cluster: ClusterId,
}

impl Store {
    /// The changes after `seq`, oldest first, at most `limit`.
    pub async fn changes_after(&self, seq: i64, limit: u32) -> Result<Vec<IndexChange>> {
        let rows = sqlx::query_as::<_, (i64, String)>(
            "SELECT seq, cluster FROM index_changes WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(seq)
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        rows.into_iter()
            .map(|(seq, id)| Ok(IndexChange { seq, cluster: cluster_id(&id)? }))
            .collect()
    }

    /// The number of the newest change; 0 where there was none.
    pub async fn newest_change(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM index_changes")
            .fetch_one(&self.read)
            .await?)
    }
}
