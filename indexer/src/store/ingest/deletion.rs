//! Deletes messages and channels for good, with everything that quotes them.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId};
use sqlx::AssertSqlSafe;

use super::batch::{MessageKey, WHOLE_CHANNEL, place};
use super::invalidations::Invalidations;
use super::reactions::drop_all;
use super::{quarantine, tombstones};
use crate::store::clusters::merged_answers;
use crate::store::engine::{self, Transaction};
use crate::store::sql::SqlId;
use crate::store::{MAX_BINDS, Result, placeholders};

/// Deletes messages for good; returns how many were stored.
pub(in crate::store) async fn tombstone_messages(
    connection: &mut Transaction,
    deleted: &[(ChannelId, MessageId, Timestamp)],
    stale: &mut Invalidations,
) -> Result<u64> {
    let mut count = 0;
    for chunk in deleted.chunks(MAX_BINDS / 3) {
        tombstones::insert(connection, chunk).await?;
        let keys = chunk.iter().map(|(channel, id, _)| (*channel, *id)).collect::<Vec<_>>();
        let gone = delete(connection, &keys).await?;
        count += gone.len() as u64;
        gone.iter().for_each(|key| stale.purge(*key));
        merged_answers::redact_merged(connection, &gone, stale).await?;
        drop_all(connection, &keys).await?;
        quarantine::drop_of_messages(connection, &keys, stale).await?;
    }
    Ok(count)
}

/// Deletes a channel for good, with all that was said there; returns how many messages were stored.
pub(in crate::store) async fn tombstone_channel(
    connection: &mut Transaction,
    channel: ChannelId,
    at: Timestamp,
    stale: &mut Invalidations,
) -> Result<u64> {
    tombstones::insert(connection, &[(channel, WHOLE_CHANNEL, at)]).await?;
    let deleted = delete_in(connection, channel).await?;
    if deleted > 0 {
        stale.purge((channel, WHOLE_CHANNEL));
    }
    merged_answers::redact_merged_in_channel(connection, channel, stale).await?;
    drop_changes_in(connection, channel).await?;
    quarantine::drop_of_channel(connection, channel, stale).await?;
    Ok(deleted)
}

/// Deletes the rows of messages, in one statement; returns which there were.
pub(in crate::store) async fn delete(
    connection: &mut Transaction,
    keys: &[MessageKey],
) -> Result<Vec<MessageKey>> {
    let sql = format!(
        "DELETE FROM messages WHERE (channel, id) IN (VALUES {}) RETURNING channel, id",
        placeholders(keys.len(), 2)
    );
    let mut query = engine::query_as::<(i64, i64)>(AssertSqlSafe(sql));
    for (channel, id) in keys {
        query = query.bind(channel.to_sql()).bind(id.to_sql());
    }
    let rows = query.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(channel, id)| place(channel, id)).collect())
}

async fn delete_in(connection: &mut Transaction, channel: ChannelId) -> Result<u64> {
    let done = engine::query("DELETE FROM messages WHERE channel = $1")
        .bind(channel.to_sql())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

async fn drop_changes_in(connection: &mut Transaction, channel: ChannelId) -> Result<()> {
    engine::query("DELETE FROM reaction_changes WHERE channel = $1")
        .bind(channel.to_sql())
        .execute(connection)
        .await?;
    Ok(())
}
