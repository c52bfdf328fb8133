//! Channels, and which of them wait to be judged.

use rules::ids::{ChannelId, GuildId, MessageId, Millis};
use rules::message::{Channel, ChannelKind};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use super::{Result, Store, from_json, to_json};

/// A channel with messages whose conversations are to be judged again.
#[derive(Debug, Clone)]
pub struct PendingChannel {
    pub channel: Channel,
    /// Everything before this message stands as it was judged.
    pub from: MessageId,
}

impl Store {
    /// Channels with something to judge, by id.
    pub async fn pending_channels(&self) -> Result<Vec<PendingChannel>> {
        let rows = sqlx::query(
            "SELECT id, guild, kind, name, topic, parent, parent_name, tags, pending_from \
             FROM channels WHERE pending_from IS NOT NULL ORDER BY id",
        )
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                let from = MessageId(row.try_get::<i64, _>("pending_from")? as u64);
                Ok(PendingChannel { channel: channel(row)?, from })
            })
            .collect()
    }

    /// How many messages of a channel are to be judged.
    pub async fn messages_pending(&self, pending: &PendingChannel) -> Result<u64> {
        let count = sqlx::query_scalar::<_, i64>(
            "SELECT COUNT(*) FROM messages WHERE channel = $1 AND id >= $2",
        )
        .bind(pending.channel.id.0 as i64)
        .bind(pending.from.0 as i64)
        .fetch_one(&self.read)
        .await?;
        Ok(count as u64)
    }

    /// Has every conversation of every channel judged again, as after a change of the rules.
    pub async fn mark_everything_pending(&self) -> Result<()> {
        sqlx::query("UPDATE channels SET pending_from = 0").execute(&self.write).await?;
        Ok(())
    }

    /// Clears a channel's mark, unless something earlier became pending meanwhile.
    pub async fn mark_judged(&self, pending: &PendingChannel) -> Result<()> {
        sqlx::query("UPDATE channels SET pending_from = NULL WHERE id = $1 AND pending_from >= $2")
            .bind(pending.channel.id.0 as i64)
            .bind(pending.from.0 as i64)
            .execute(&self.write)
            .await?;
        Ok(())
    }
}

pub(super) async fn upsert_channel(
    connection: &mut SqliteConnection,
    channel: &Channel,
    observed: Millis,
) -> Result<()> {
    let Channel { id, guild, kind, name, topic, parent, parent_name, tags } = channel;
    sqlx::query(
        "INSERT INTO channels (id, guild, kind, name, topic, parent, parent_name, tags, observed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, \
         topic = excluded.topic, parent = excluded.parent, parent_name = excluded.parent_name, \
         tags = excluded.tags, observed = excluded.observed, pending_from = CASE \
         WHEN excluded.kind = channels.kind AND excluded.name = channels.name \
         AND COALESCE(excluded.topic, '') = COALESCE(channels.topic, '') \
         AND COALESCE(excluded.parent, 0) = COALESCE(channels.parent, 0) \
         AND COALESCE(excluded.parent_name, '') = COALESCE(channels.parent_name, '') \
         AND excluded.tags = channels.tags THEN channels.pending_from ELSE 0 END \
         WHERE (excluded.observed, excluded.kind, excluded.name, COALESCE(excluded.topic, ''), \
         COALESCE(excluded.parent, 0), COALESCE(excluded.parent_name, ''), excluded.tags) \
         > (channels.observed, channels.kind, channels.name, COALESCE(channels.topic, ''), \
         COALESCE(channels.parent, 0), COALESCE(channels.parent_name, ''), channels.tags)",
    )
    .bind(id.0 as i64)
    .bind(guild.0 as i64)
    .bind(channel_kind_name(*kind))
    .bind(name)
    .bind(topic)
    .bind(parent.map(|id| id.0 as i64))
    .bind(parent_name)
    .bind(to_json(tags))
    .bind(observed.0)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn mark_pending(
    connection: &mut SqliteConnection,
    channel: ChannelId,
    from: MessageId,
) -> Result<()> {
    sqlx::query(
        "UPDATE channels SET pending_from = MIN(COALESCE(pending_from, $2), $2) WHERE id = $1",
    )
    .bind(channel.0 as i64)
    .bind(from.0 as i64)
    .execute(connection)
    .await?;
    Ok(())
}

fn channel(row: &SqliteRow) -> Result<Channel> {
    Ok(Channel {
        id: ChannelId(row.try_get::<i64, _>("id")? as u64),
        guild: GuildId(row.try_get::<i64, _>("guild")? as u64),
        kind: channel_kind(row.try_get("kind")?),
        name: row.try_get("name")?,
        topic: row.try_get("topic")?,
        parent: row.try_get::<Option<i64>, _>("parent")?.map(|id| ChannelId(id as u64)),
        parent_name: row.try_get("parent_name")?,
        tags: from_json("a channel's tags", row.try_get("tags")?)?,
    })
}

const CHANNEL_KINDS: [(ChannelKind, &str); 8] = [
    (ChannelKind::Text, "text"),
    (ChannelKind::News, "news"),
    (ChannelKind::Voice, "voice"),
    (ChannelKind::Thread, "thread"),
    (ChannelKind::PrivateThread, "private-thread"),
    (ChannelKind::Forum, "forum"),
    (ChannelKind::Direct, "direct"),
    (ChannelKind::Other, "other"),
];

fn channel_kind_name(kind: ChannelKind) -> &'static str {
    CHANNEL_KINDS.iter().find(|(known, _)| *known == kind).map_or("other", |(_, name)| name)
}

fn channel_kind(name: &str) -> ChannelKind {
    let known = CHANNEL_KINDS.iter().find(|(_, known)| *known == name);
    known.map_or(ChannelKind::Other, |(kind, _)| *kind)
}
