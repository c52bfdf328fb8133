//! Who did what by hand.

use jiff::Timestamp;
use rules::model::ids::UserId;
use serde::Serialize;

use crate::store::engine::{self, Transaction};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store};

/// One action of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// Given by the store; 0 before.
    pub seq: i64,
    #[serde(with = "rules::time::milliseconds")]
    pub at: Timestamp,
    /// 0 once the person is forgotten.
    pub by: UserId,
    pub what: String,
    pub target: String,
    /// The action that this one takes back.
    pub undoes: Option<i64>,
}

type Row = (i64, i64, i64, String, String, Option<i64>);

impl Store {
    /// Records an action and returns its number; the one in `row` does not count.
    pub async fn audit(&self, row: &AuditRow) -> Result<i64> {
        let mut transaction = self.begin().await?;
        let seq = insert_audit(&mut transaction, row).await?;
        transaction.commit().await?;
        Ok(seq)
    }

    /// The latest entries, the last first, at most `limit`.
    pub async fn audit_rows(&self, limit: u32) -> Result<Vec<AuditRow>> {
        let rows = engine::query_as::<Row>(
            "SELECT seq, at, by_user, what, target, undoes FROM audit ORDER BY seq DESC LIMIT $1",
        )
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(audit_row).collect())
    }
}

/// The same as part of a transaction.
pub(in crate::store) async fn insert_audit(
    connection: &mut Transaction,
    AuditRow { seq: _, at, by, what, target, undoes }: &AuditRow,
) -> Result<i64> {
    let seq = engine::query_scalar(
        "INSERT INTO audit (at, by_user, what, target, undoes) VALUES ($1, $2, $3, $4, $5) \
         RETURNING seq",
    )
    .bind(at.to_sql())
    .bind(by.to_sql())
    .bind(what)
    .bind(target)
    .bind(undoes)
    .fetch_one(connection)
    .await?;
    Ok(seq)
}

pub(in crate::store) fn audit_row((seq, at, by, what, target, undoes): Row) -> AuditRow {
    AuditRow { seq, at: Timestamp::from_sql(at), by: UserId::from_sql(by), what, target, undoes }
}
