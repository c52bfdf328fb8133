//! Channels: which are served, and which wait to be judged.
//!
//! A channel is hidden from the moment this is reported until it is seen later; a thread is hidden with
//! its channel, unless it was seen since. What is gone stays gone.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, MessageId};
use rules::model::message::{Channel, ChannelKind};

use super::batch::WriteBatch;
use super::deletion::tombstone_channel;
use super::invalidations::Invalidations;
use super::tombstones::channel_gone;
use crate::store::clusters::merged_answers::reindex_citing;
use crate::store::engine::{self, Transaction, named_row};
use crate::store::judging::pending;
use crate::store::judging::pending::{PendingChannel, PendingRange};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store, from_json, to_json};

/// A channel as last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChannel {
    pub channel: Channel,
    pub observed: Timestamp,
    pub hidden: bool,
    pub gone: bool,
}

named_row! {
    struct ChannelRow {
        id: i64,
        guild: i64,
        kind: String,
        name: String,
        topic: Option<String>,
        parent: Option<i64>,
        parent_name: Option<String>,
        tags: String,
        closed: bool,
    }
}

named_row! {
    struct PendingRow {
        pending_from: Option<i64>,
        unserved: bool,
        pending_mark: i64,
        ..channel: ChannelRow
    }
}

named_row! {
    struct StoredRow {
        observed: i64,
        hidden: bool,
        gone: bool,
        ..channel: ChannelRow
    }
}

impl Store {
    /// Channels with something to judge, by id. A thread without a topic has the one of its channel.
    pub async fn pending_channels(&self) -> Result<Vec<PendingChannel>> {
        let mut transaction = self.read.begin_reading().await?;
        // What the topic of a channel says holds for its threads and posts.
        let rows = engine::query_as::<PendingRow>(
            "SELECT id, guild, kind, name, COALESCE(topic, (SELECT above.topic FROM channels AS above \
             WHERE above.id = channels.parent AND channels.kind IN ('thread', 'private-thread'))) \
             AS topic, parent, parent_name, tags, closed, pending_from, \
             hidden OR gone AS unserved, pending_mark \
             FROM channels WHERE id IN (SELECT id FROM channels WHERE pending_from IS NOT NULL \
             UNION SELECT channel FROM pending) ORDER BY id",
        )
        .fetch_all(&mut transaction)
        .await?;
        let mut channels = Vec::new();
        for row in rows {
            let channel = channel(row.channel)?;
            let (mut ranges, seen) = pending::ranges(&mut transaction, channel.id).await?;
            if let Some(from) = row.pending_from {
                ranges.push(PendingRange::to_the_end(MessageId::from_sql(from)));
                ranges.sort_unstable();
                ranges = pending::merged(ranges);
            }
            let (hidden, mark) = (row.unserved, row.pending_mark);
            channels.push(PendingChannel { channel, ranges, hidden, mark, seen });
        }
        Ok(channels)
    }

    /// Every channel that was ever seen, by id. A thread without a topic has the one of its channel.
    pub async fn channels(&self) -> Result<Vec<StoredChannel>> {
        let rows = engine::query_as::<StoredRow>(
            "SELECT id, guild, kind, name, COALESCE(topic, (SELECT above.topic FROM channels AS above \
             WHERE above.id = channels.parent AND channels.kind IN ('thread', 'private-thread'))) \
             AS topic, parent, parent_name, tags, closed, observed, hidden, gone FROM channels ORDER BY id",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(stored_channel).collect()
    }

    /// The threads of a channel or forum, by id.
    pub async fn threads_below(&self, parent: ChannelId) -> Result<Vec<StoredChannel>> {
        let rows = engine::query_as::<StoredRow>(
            "SELECT id, guild, kind, name, COALESCE(topic, (SELECT above.topic FROM channels AS above \
             WHERE above.id = channels.parent)) AS topic, parent, parent_name, tags, closed, observed, hidden, \
             gone FROM channels WHERE parent = $1 AND kind IN ('thread', 'private-thread') ORDER BY id",
        )
        .bind(parent.to_sql())
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(stored_channel).collect()
    }

    /// Those of these channels that were ever seen, by id.
    pub async fn channels_with(&self, ids: &BTreeSet<ChannelId>) -> Result<Vec<StoredChannel>> {
        let rows = engine::query_as::<StoredRow>(
            "SELECT id, guild, kind, name, COALESCE(topic, (SELECT above.topic FROM channels AS above \
             WHERE above.id = channels.parent AND channels.kind IN ('thread', 'private-thread'))) \
             AS topic, parent, parent_name, tags, closed, observed, hidden, gone FROM channels \
             WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id",
        )
        .bind(ids.iter().map(|id| id.to_sql()).collect::<Vec<_>>())
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(stored_channel).collect()
    }

    /// Whether any thread was ever opened in a channel.
    pub async fn has_threads(&self, channel: ChannelId) -> Result<bool> {
        Ok(engine::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM channels WHERE parent = $1 AND kind = 'thread')",
        )
        .bind(channel.to_sql())
        .fetch_one(&self.read)
        .await?)
    }

    /// Which of these messages of a channel threads were opened from that are served, in order.
    pub async fn thread_openings(
        &self,
        channel: ChannelId,
        messages: &[MessageId],
    ) -> Result<Vec<MessageId>> {
        let (Some(first), Some(last)) = (messages.first(), messages.last()) else {
            return Ok(Vec::new());
        };
        let ids = engine::query_scalar::<i64>(
            "SELECT id FROM channels WHERE parent = $1 AND id BETWEEN $2 AND $3 \
             AND kind = 'thread' AND NOT (hidden OR gone OR outside) ORDER BY id",
        )
        .bind(channel.to_sql())
        .bind(first.to_sql())
        .bind(last.to_sql())
        .fetch_all(&self.read)
        .await?;
        let ids = ids.into_iter().map(MessageId::from_sql);
        Ok(ids.filter(|id| messages.binary_search(id).is_ok()).collect())
    }

    /// Has every conversation of every channel judged again, as after a change of the rules.
    pub async fn mark_everything_pending(&self) -> Result<()> {
        let mut transaction = self.begin().await?;
        engine::query("UPDATE channels SET pending_from = 0, pending_mark = pending_mark + 1")
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Clears what was pending when it was read; what became pending since stays.
    pub async fn clear_pending(&self, pending: &PendingChannel) -> Result<()> {
        let PendingChannel { channel, mark, seen, .. } = pending;
        let mut transaction = self.begin().await?;
        pending::clear(&mut transaction, channel.id, *seen).await?;
        engine::query(
            "UPDATE channels SET pending_from = CASE WHEN pending_mark = $2 THEN NULL \
             ELSE pending_from END, purging = CASE WHEN purging <= $3 THEN 0 ELSE purging END \
             WHERE id = $1",
        )
        .bind(channel.id.to_sql())
        .bind(*mark)
        .bind(*seen)
        .execute(&mut transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}

/// Applies what a batch reports of channels; returns how many messages went with deleted ones.
pub(in crate::store) async fn upsert_channels(
    connection: &mut Transaction,
    batch: &WriteBatch,
    stale: &mut Invalidations,
) -> Result<u64> {
    let mut touched = BTreeSet::new();
    let mut deleted = 0;
    let inside = batch.channels.iter().map(|one| (one, false));
    let outside = batch.outside.iter().map(|one| (one, true));
    for ((channel, observed), outside) in inside.chain(outside) {
        let before = sight(connection, channel.id).await?;
        upsert_channel(connection, channel, *observed, outside).await?;
        if sight(connection, channel.id).await? != before {
            mark_threads_pending(connection, channel.id).await?;
            mark_opening_pending(connection, channel.id).await?;
        }
        touched.insert(channel.id);
        if let Some(parent) = channel.parent.filter(|_| channel.kind.is_thread())
            && let Some(at) = channel_gone(connection, parent).await?
        {
            deleted += tombstone_channel(connection, channel.id, at, stale).await?;
        }
    }
    for (channel, at) in &batch.hidden {
        hide(connection, *channel, *at).await?;
        touched.insert(*channel);
    }
    for (channel, at) in &batch.gone {
        let threads = threads_of(connection, *channel).await?;
        for one in threads.into_iter().chain([*channel]) {
            deleted += tombstone_channel(connection, one, *at, stale).await?;
            touched.insert(one);
        }
    }
    for channel in touched {
        refresh_visibility(connection, channel).await?;
    }
    Ok(deleted)
}

/// The newest sight of a channel stands: of two at one time the one that compares as greater.
async fn upsert_channel(
    connection: &mut Transaction,
    channel: &Channel,
    observed: Timestamp,
    outside: bool,
) -> Result<()> {
    let Channel { id, guild, kind, name, topic, parent, parent_name, tags, closed } = channel;
    engine::query(
        "INSERT INTO channels (id, guild, kind, name, topic, parent, parent_name, tags, closed, observed, \
         outside, pending_from) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
         (SELECT 0 WHERE EXISTS (SELECT 1 FROM messages WHERE channel = $1))) \
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, \
         topic = excluded.topic, parent = excluded.parent, parent_name = excluded.parent_name, \
         tags = excluded.tags, closed = excluded.closed, observed = excluded.observed, outside = excluded.outside, \
         pending_mark = channels.pending_mark + 1, pending_from = CASE \
         WHEN (excluded.kind, excluded.name, COALESCE(excluded.topic, ''), \
         COALESCE(excluded.parent, 0), COALESCE(excluded.parent_name, ''), excluded.tags, \
         excluded.closed, excluded.outside) = (channels.kind, channels.name, COALESCE(channels.topic, ''), \
         COALESCE(channels.parent, 0), COALESCE(channels.parent_name, ''), channels.tags, \
         channels.closed, channels.outside) THEN channels.pending_from ELSE 0 END \
         WHERE (excluded.observed, excluded.kind, excluded.name, COALESCE(excluded.topic, ''), \
         COALESCE(excluded.parent, 0), COALESCE(excluded.parent_name, ''), excluded.tags, \
         excluded.closed) \
         >= (channels.observed, channels.kind, channels.name, COALESCE(channels.topic, ''), \
         COALESCE(channels.parent, 0), COALESCE(channels.parent_name, ''), channels.tags, channels.closed) \
         AND (excluded.observed > channels.observed OR excluded.outside <> channels.outside \
         OR (excluded.kind, excluded.name, COALESCE(excluded.topic, ''), \
         COALESCE(excluded.parent, 0), COALESCE(excluded.parent_name, ''), excluded.tags, \
         excluded.closed) \
         <> (channels.kind, channels.name, COALESCE(channels.topic, ''), \
         COALESCE(channels.parent, 0), COALESCE(channels.parent_name, ''), channels.tags, channels.closed))",
    )
    .bind(id.to_sql())
    .bind(guild.to_sql())
    .bind(channel_kind_name(*kind))
    .bind(name)
    .bind(topic.as_ref().filter(|topic| !topic.is_empty()))
    .bind(parent.map(|id| id.to_sql()))
    .bind(parent_name.as_ref().filter(|name| !name.is_empty()))
    .bind(to_json(tags))
    .bind(*closed)
    .bind(observed.to_sql())
    .bind(outside)
    .execute(connection)
    .await?;
    Ok(())
}

/// What the threads below a channel, and the message that a thread was opened from, depend on.
async fn sight(
    connection: &mut Transaction,
    channel: ChannelId,
) -> Result<Option<(Option<String>, bool)>> {
    Ok(engine::query_as("SELECT topic, outside FROM channels WHERE id = $1")
        .bind(channel.to_sql())
        .fetch_optional(connection)
        .await?)
}

/// Has the message judged again that a thread was opened from: it belongs to the thread while that is
/// served.
async fn mark_opening_pending(connection: &mut Transaction, thread: ChannelId) -> Result<()> {
    engine::query(
        "INSERT INTO pending (channel, first, last) SELECT messages.channel, messages.id, messages.id \
         FROM channels JOIN messages ON messages.channel = channels.parent AND messages.id = channels.id \
         WHERE channels.id = $1 AND channels.kind = 'thread'",
    )
    .bind(thread.to_sql())
    .execute(connection)
    .await?;
    Ok(())
}

async fn mark_threads_pending(connection: &mut Transaction, channel: ChannelId) -> Result<()> {
    engine::query(
        "UPDATE channels SET pending_from = 0, pending_mark = pending_mark + 1 \
         WHERE parent = $1 AND kind IN ('thread', 'private-thread')",
    )
    .bind(channel.to_sql())
    .execute(connection)
    .await?;
    Ok(())
}

async fn hide(connection: &mut Transaction, channel: ChannelId, at: Timestamp) -> Result<()> {
    engine::query(
        "INSERT INTO hidden_channels (channel, at) VALUES ($1, $2) \
         ON CONFLICT (channel) DO UPDATE SET at = excluded.at \
         WHERE excluded.at > hidden_channels.at",
    )
    .bind(channel.to_sql())
    .bind(at.to_sql())
    .execute(connection)
    .await?;
    Ok(())
}

/// Threads only: a channel outlives its category.
async fn threads_of(connection: &mut Transaction, channel: ChannelId) -> Result<Vec<ChannelId>> {
    let ids = engine::query_scalar::<i64>(
        "SELECT id FROM channels WHERE parent = $1 AND kind IN ('thread', 'private-thread') \
         ORDER BY id",
    )
    .bind(channel.to_sql())
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ChannelId::from_sql).collect())
}

/// Writes down whether a channel and those below it are hidden or gone; what changes is pending.
async fn refresh_visibility(connection: &mut Transaction, channel: ChannelId) -> Result<()> {
    let changed = engine::query_scalar::<i64>(
        "UPDATE channels SET hidden = visibility.hidden, gone = visibility.gone, pending_from = 0, \
         pending_mark = pending_mark + 1 FROM (SELECT one.id AS id, \
         EXISTS (SELECT 1 FROM hidden_channels AS report WHERE report.at >= one.observed \
         AND (report.channel = one.id OR (report.channel = one.parent \
         AND one.kind IN ('thread', 'private-thread') AND report.at >= COALESCE( \
         (SELECT observed FROM channels WHERE id = one.parent), report.at)))) AS hidden, \
         EXISTS (SELECT 1 FROM tombstones WHERE channel = one.id AND message = 0) AS gone \
         FROM channels AS one WHERE one.id = $1 OR one.parent = $1) AS visibility \
         WHERE channels.id = visibility.id \
         AND (channels.hidden, channels.gone) <> (visibility.hidden, visibility.gone) \
         RETURNING channels.id",
    )
    .bind(channel.to_sql())
    .fetch_all(&mut *connection)
    .await?;
    for id in changed {
        mark_opening_pending(connection, ChannelId::from_sql(id)).await?;
        reindex_citing(connection, ChannelId::from_sql(id)).await?;
    }
    Ok(())
}

fn stored_channel(row: StoredRow) -> Result<StoredChannel> {
    Ok(StoredChannel {
        channel: channel(row.channel)?,
        observed: Timestamp::from_sql(row.observed),
        hidden: row.hidden,
        gone: row.gone,
    })
}

fn channel(row: ChannelRow) -> Result<Channel> {
    Ok(Channel {
        id: ChannelId::from_sql(row.id),
        guild: GuildId::from_sql(row.guild),
        kind: channel_kind(&row.kind),
        name: row.name,
        topic: row.topic,
        parent: row.parent.map(ChannelId::from_sql),
        parent_name: row.parent_name,
        tags: from_json("a channel's tags", &row.tags)?,
        closed: row.closed,
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
