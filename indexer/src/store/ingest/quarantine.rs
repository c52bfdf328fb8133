//! What a source sent and nobody could read, kept raw until somebody can.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId};
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use super::batch::{MessageKey, QuarantinedPayload};
use super::invalidations::Invalidations;
use super::tombstones;
use crate::store::engine::{self, Transaction};
use crate::store::operations::settings::hex;
use crate::store::privacy::opt_outs::OptOuts;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, Store, placeholders};

type Row = (i64, String, String, String, String, Option<i64>, Option<i64>, i64, i64);

impl Store {
    /// What is quarantined, oldest first, at most `limit`.
    pub async fn quarantined(&self, limit: u32) -> Result<Vec<QuarantinedPayload>> {
        let rows = engine::query_as::<Row>(
            "SELECT id, source, kind, why, raw, channel, message, seen, tries FROM quarantine \
             ORDER BY id LIMIT $1",
        )
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(quarantined).collect())
    }

    /// Lets go of what could be read at last.
    pub async fn remove_quarantined(&self, id: i64) -> Result<()> {
        engine::query("DELETE FROM quarantine WHERE id = $1").bind(id).execute(&self.write).await?;
        Ok(())
    }

    /// Notes that another try failed, and why.
    pub async fn record_failed_retry(&self, id: i64, why: &str) -> Result<()> {
        engine::query("UPDATE quarantine SET why = $2, tries = tries + 1 WHERE id = $1")
            .bind(id)
            .bind(why)
            .execute(&self.write)
            .await?;
        Ok(())
    }
}

fn quarantined(row: Row) -> QuarantinedPayload {
    let (id, source, kind, why, raw, channel, message, seen, tries) = row;
    QuarantinedPayload {
        id,
        source,
        kind,
        why,
        raw,
        channel: channel.map(ChannelId::from_sql),
        message: message.map(MessageId::from_sql),
        seen: Timestamp::from_sql(seen),
        tries: tries as u32,
    }
}

/// Quarantines something once, unless it is of a deleted message or names somebody who opted out.
pub(in crate::store) async fn quarantine_payload(
    connection: &mut Transaction,
    one: &QuarantinedPayload,
    opted_out: &OptOuts,
) -> Result<()> {
    if opted_out.named_in(&one.raw) {
        return Ok(());
    }
    if let Some(channel) = one.channel {
        // Message 0 is none: then only a deleted channel keeps it out.
        let key = (channel, one.message.unwrap_or(MessageId(0)));
        if tombstones::among(connection, std::iter::once(key)).await?.covers(key) {
            return Ok(());
        }
    }
    insert(connection, one).await
}

async fn insert(connection: &mut Transaction, one: &QuarantinedPayload) -> Result<()> {
    let QuarantinedPayload { id: _, source, kind, why, raw, channel, message, seen, tries } = one;
    engine::query(
        "INSERT INTO quarantine (digest, source, kind, why, raw, channel, message, seen, tries) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (digest) DO NOTHING",
    )
    .bind(hex(&Sha256::digest(raw)))
    .bind(source)
    .bind(kind)
    .bind(why)
    .bind(raw)
    .bind(channel.map(|id| id.to_sql()))
    .bind(message.map(|id| id.to_sql()))
    .bind(seen.to_sql())
    .bind(*tries)
    .execute(connection)
    .await?;
    Ok(())
}

/// Drops what is quarantined of messages that could be read at the same time or later.
pub(in crate::store) async fn drop_of_read(
    connection: &mut Transaction,
    read: impl Iterator<Item = (MessageKey, Timestamp)>,
    stale: &mut Invalidations,
) -> Result<()> {
    if !any(connection).await? {
        return Ok(());
    }
    let read = read.collect::<Vec<_>>();
    for chunk in read.chunks(MAX_BINDS / 3) {
        let sql = format!(
            "WITH read (channel, message, at) AS (VALUES {}) DELETE FROM quarantine WHERE id IN \
             (SELECT quarantine.id FROM quarantine JOIN read USING (channel, message) \
             WHERE seen <= at)",
            placeholders(chunk.len(), 3)
        );
        let mut query = engine::query(AssertSqlSafe(sql));
        for ((channel, message), at) in chunk {
            query = query.bind(channel.to_sql()).bind(message.to_sql()).bind(at.to_sql());
        }
        if query.execute(&mut *connection).await?.rows_affected() > 0 {
            stale.purge_unseen();
        }
    }
    Ok(())
}

async fn any(connection: &mut Transaction) -> Result<bool> {
    Ok(engine::query_scalar("SELECT EXISTS (SELECT 1 FROM quarantine)")
        .fetch_one(connection)
        .await?)
}

/// Drops what is quarantined of deleted messages.
pub(in crate::store) async fn drop_of_messages(
    connection: &mut Transaction,
    keys: &[MessageKey],
    stale: &mut Invalidations,
) -> Result<()> {
    for chunk in keys.chunks(MAX_BINDS / 2) {
        let sql = format!(
            "DELETE FROM quarantine WHERE (channel, message) IN (VALUES {})",
            placeholders(chunk.len(), 2)
        );
        let mut query = engine::query(AssertSqlSafe(sql));
        for (channel, message) in chunk {
            query = query.bind(channel.to_sql()).bind(message.to_sql());
        }
        if query.execute(&mut *connection).await?.rows_affected() > 0 {
            stale.purge_unseen();
        }
    }
    Ok(())
}

/// Drops what is quarantined of a deleted channel.
pub(in crate::store) async fn drop_of_channel(
    connection: &mut Transaction,
    channel: ChannelId,
    stale: &mut Invalidations,
) -> Result<()> {
    let done = engine::query("DELETE FROM quarantine WHERE channel = $1")
        .bind(channel.to_sql())
        .execute(connection)
        .await?;
    if done.rows_affected() > 0 {
        stale.purge_unseen();
    }
    Ok(())
}
