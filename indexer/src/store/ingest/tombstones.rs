//! What was deleted stays so, whatever is reported of it later.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId};
use sqlx::AssertSqlSafe;

use super::batch::{MessageKey, WHOLE_CHANNEL, by_channel};
use crate::store::engine::{self, Transaction};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, placeholders};

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
    connection: &mut Transaction,
    keys: impl Iterator<Item = MessageKey>,
) -> Result<TombstoneSet> {
    let mut buried = TombstoneSet::default();
    if !any(connection).await? {
        return Ok(buried);
    }
    for (channel, ids) in by_channel(keys) {
        for ids in ids.chunks(MAX_BINDS - 2) {
            let sql = format!(
                "SELECT message FROM tombstones WHERE channel = ? AND message IN {}",
                placeholders(1, ids.len() + 1)
            );
            let mut query = engine::query_scalar::<i64>(AssertSqlSafe(sql))
                .bind(channel.to_sql())
                .bind(WHOLE_CHANNEL.to_sql());
            for id in ids {
                query = query.bind(id.to_sql());
            }
            for message in query.fetch_all(&mut *connection).await? {
                let message = MessageId::from_sql(message);
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

async fn any(connection: &mut Transaction) -> Result<bool> {
    Ok(engine::query_scalar("SELECT EXISTS (SELECT 1 FROM tombstones)")
        .fetch_one(connection)
        .await?)
}

/// When a channel was deleted, if it was.
pub(in crate::store) async fn channel_gone(
    connection: &mut Transaction,
    channel: ChannelId,
) -> Result<Option<Timestamp>> {
    let at =
        engine::query_scalar::<i64>("SELECT at FROM tombstones WHERE channel = $1 AND message = 0")
            .bind(channel.to_sql())
            .fetch_optional(connection)
            .await?;
    Ok(at.map(Timestamp::from_sql))
}

pub(in crate::store) async fn insert(
    connection: &mut Transaction,
    deleted: &[(ChannelId, MessageId, Timestamp)],
) -> Result<()> {
    // A statement of PostgreSQL takes each row once.
    let mut latest = BTreeMap::new();
    for (channel, message, at) in deleted {
        latest
            .entry((*channel, *message))
            .and_modify(|known: &mut Timestamp| *known = *at.max(known))
            .or_insert(*at);
    }
    let sql = format!(
        "INSERT INTO tombstones (channel, message, at) VALUES {} \
         ON CONFLICT (channel, message) DO UPDATE SET at = excluded.at \
         WHERE excluded.at > tombstones.at",
        placeholders(latest.len(), 3)
    );
    let mut query = engine::query(AssertSqlSafe(sql));
    for ((channel, message), at) in latest {
        query = query.bind(channel.to_sql()).bind(message.to_sql()).bind(at.to_sql());
    }
    query.execute(connection).await?;
    Ok(())
}
