//! What was deleted stays so, whatever is told of it later.

use std::collections::{BTreeSet, HashSet};

use rules::model::ids::{ChannelId, MessageId, Millis};
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::apply::{Invalidations, MessageKey};
use super::message_versions::by_channel;
use super::quarantine;
use super::reactions::{drop_all, place};
use crate::store::clusters::merged_answers;
use crate::store::{MAX_BINDS, Result, placeholders};

/// Stands for a channel with all its messages.
const WHOLE_CHANNEL: MessageId = MessageId(0);

/// Those of some messages that are deleted, or in a deleted channel.
#[derive(Debug, Default)]
pub(in crate::store) struct TombstoneSet {
    channels: BTreeSet<ChannelId>,
    messages: HashSet<MessageKey>,
}

impl TombstoneSet {
    pub(in crate::store) fn covers(&self, key: MessageKey) -> bool {
        self.channels.contains(&key.0) || self.messages.contains(&key)
    }
}

/// Looks up which of these messages are deleted.
pub(in crate::store) async fn among(
    connection: &mut SqliteConnection,
    keys: impl Iterator<Item = MessageKey>,
) -> Result<TombstoneSet> {
    let mut buried = TombstoneSet::default();
    if !any(connection).await? {
        return Ok(buried);
    }
    for (channel, ids) in by_channel(keys) {
        for ids in ids.chunks(MAX_BINDS - 2) {
            let sql = format!(
                "SELECT message FROM tombstones WHERE channel = $1 AND message IN {}",
                placeholders(2, 1, ids.len() + 1)
            );
            let mut query = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql))
                .bind(channel.0 as i64)
                .bind(WHOLE_CHANNEL.0 as i64);
            for id in ids {
                query = query.bind(id.0 as i64);
            }
            for message in query.fetch_all(&mut *connection).await? {
                let message = MessageId(message as u64);
                if message == WHOLE_CHANNEL {
                    buried.channels.insert(channel);
                } else {
                    buried.messages.insert((channel, message));
                }
            }
        }
    }
    Ok(buried)
}

async fn any(connection: &mut SqliteConnection) -> Result<bool> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM tombstones)").fetch_one(connection).await?)
}

/// Deletes messages for good; returns how many were stored.
pub(in crate::store) async fn tombstone_messages(
    connection: &mut SqliteConnection,
    deleted: &[(ChannelId, MessageId, Millis)],
    stale: &mut Invalidations,
) -> Result<u64> {
    let mut count = 0;
    for chunk in deleted.chunks(MAX_BINDS / 3) {
        insert(connection, chunk).await?;
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
    connection: &mut SqliteConnection,
    channel: ChannelId,
    at: Millis,
    stale: &mut Invalidations,
) -> Result<u64> {
    insert(connection, &[(channel, WHOLE_CHANNEL, at)]).await?;
    let deleted = delete_in(connection, channel).await?;
    if deleted > 0 {
        stale.purge((channel, WHOLE_CHANNEL));
    }
    merged_answers::redact_merged_in_channel(connection, channel, stale).await?;
    drop_changes_in(connection, channel).await?;
    quarantine::drop_of_channel(connection, channel, stale).await?;
    Ok(deleted)
}

/// When a channel was deleted, if it was.
pub(in crate::store) async fn channel_gone(
    connection: &mut SqliteConnection,
    channel: ChannelId,
) -> Result<Option<Millis>> {
    let at = sqlx::query_scalar::<_, i64>(
        "SELECT at FROM tombstones WHERE channel = $1 AND message = 0",
    )
    .bind(channel.0 as i64)
    .fetch_optional(connection)
    .await?;
    Ok(at.map(Millis))
}

async fn insert(
    connection: &mut SqliteConnection,
    deleted: &[(ChannelId, MessageId, Millis)],
) -> Result<()> {
    let sql = format!(
        "INSERT INTO tombstones (channel, message, at) VALUES {} \
         ON CONFLICT (channel, message) DO UPDATE SET at = MAX(at, excluded.at)",
        placeholders(1, deleted.len(), 3)
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (channel, message, at) in deleted {
        query = query.bind(channel.0 as i64).bind(message.0 as i64).bind(at.0);
    }
    query.execute(connection).await?;
    Ok(())
}

async fn delete(connection: &mut SqliteConnection, keys: &[MessageKey]) -> Result<Vec<MessageKey>> {
    let sql = format!(
        "DELETE FROM messages WHERE (channel, id) IN (VALUES {}) RETURNING channel, id",
        placeholders(1, keys.len(), 2)
    );
    let mut query = sqlx::query_as::<_, (i64, i64)>(AssertSqlSafe(sql));
    for (channel, id) in keys {
        query = query.bind(channel.0 as i64).bind(id.0 as i64);
    }
    let rows = query.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(channel, id)| place(channel, id)).collect())
}

async fn delete_in(connection: &mut SqliteConnection, channel: ChannelId) -> Result<u64> {
    let done = sqlx::query("DELETE FROM messages WHERE channel = $1")
        .bind(channel.0 as i64)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

async fn drop_changes_in(connection: &mut SqliteConnection, channel: ChannelId) -> Result<()> {
    sqlx::query("DELETE FROM reaction_changes WHERE channel = $1")
        .bind(channel.0 as i64)
        .execute(connection)
        .await?;
    Ok(())
}
