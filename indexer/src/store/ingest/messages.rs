//! Messages as they are read back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId, UserId};
use rules::model::message::{Attachment, Author, Mention, Message, MessageKind, Reaction};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;

use super::reactions::{StoredReactionChange, overlay};
use crate::store::engine::{self, named_row};
use crate::store::judging::pending::PendingRange;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, Store, from_json, placeholders};

impl Store {
    /// The messages of a channel in a range, by id, at most `limit`.
    pub async fn messages_in(
        &self,
        channel: ChannelId,
        range: PendingRange,
        limit: u32,
        authors: &mut AuthorCache,
    ) -> Result<Vec<Message>> {
        let rows = engine::query_as::<MessageRow>(
            "SELECT id, author, author_name, bot, kind, sent, edited, text, extra, \
             reactions, reactions_as_of FROM messages \
             WHERE channel = $1 AND id BETWEEN $2 AND $3 ORDER BY id LIMIT $4",
        )
        .bind(channel.to_sql())
        .bind(range.first.to_sql())
        .bind(range.last.to_sql())
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        self.messages(channel, rows.into_iter(), authors).await
    }

    /// The last `limit` messages of people and bots before `before`, by id.
    pub async fn talk_before(
        &self,
        channel: ChannelId,
        before: MessageId,
        limit: u32,
        authors: &mut AuthorCache,
    ) -> Result<Vec<Message>> {
        let rows = engine::query_as::<MessageRow>(
            "SELECT id, author, author_name, bot, kind, sent, edited, text, extra, \
             reactions, reactions_as_of FROM messages \
             WHERE channel = $1 AND id < $2 AND kind IN ('default', 'reply', 'command') \
             ORDER BY id DESC LIMIT $3",
        )
        .bind(channel.to_sql())
        .bind(before.to_sql())
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        self.messages(channel, rows.into_iter().rev(), authors).await
    }

    /// The messages of a channel with these ids, by id; ids that are not stored are left out.
    pub async fn messages_with(
        &self,
        channel: ChannelId,
        ids: &[MessageId],
        authors: &mut AuthorCache,
    ) -> Result<Vec<Message>> {
        let mut found = Vec::new();
        for ids in ids.chunks(MAX_BINDS) {
            let sql = format!(
                "SELECT id, author, author_name, bot, kind, sent, edited, text, extra, \
             reactions, reactions_as_of FROM messages \
                 WHERE channel = ? AND id IN {} ORDER BY id",
                placeholders(1, ids.len())
            );
            let mut query =
                engine::query_as::<MessageRow>(AssertSqlSafe(sql)).bind(channel.to_sql());
            for id in ids {
                query = query.bind(id.to_sql());
            }
            let rows = query.fetch_all(&self.read).await?;
            found.extend(self.messages(channel, rows.into_iter(), authors).await?);
        }
        found.sort_by_key(|message| message.id);
        Ok(found)
    }

    /// The first message of a channel that says something, or the starter of a thread before it.
    pub async fn first_message(
        &self,
        channel: ChannelId,
        authors: &mut AuthorCache,
    ) -> Result<Option<Message>> {
        let id = engine::query_scalar::<i64>(
            "SELECT id FROM messages WHERE channel = $1 AND kind NOT IN ('system', 'other') \
             ORDER BY id LIMIT 1",
        )
        .bind(channel.to_sql())
        .fetch_optional(&self.read)
        .await?;
        let Some(id) = id else { return Ok(None) };
        Ok(self.messages_with(channel, &[MessageId::from_sql(id)], authors).await?.pop())
    }

    /// The ids of a channel's stored messages from `first` to `last`, both included, in order.
    pub async fn ids_between(
        &self,
        channel: ChannelId,
        first: MessageId,
        last: MessageId,
    ) -> Result<Vec<MessageId>> {
        let ids = engine::query_scalar::<i64>(
            "SELECT id FROM messages WHERE channel = $1 AND id BETWEEN $2 AND $3 ORDER BY id",
        )
        .bind(channel.to_sql())
        .bind(first.to_sql())
        .bind(last.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(ids.into_iter().map(MessageId::from_sql).collect())
    }

    /// The channels of those of these messages that are stored, by message.
    pub async fn channels_of_messages(
        &self,
        ids: &[MessageId],
    ) -> Result<Vec<(MessageId, ChannelId)>> {
        let mut found = Vec::new();
        for ids in ids.chunks(MAX_BINDS) {
            // One look per message and channel, which the primary key answers.
            let sql = format!(
                "WITH RECURSIVE places (channel) AS (SELECT MIN(channel) FROM messages UNION ALL \
                 SELECT (SELECT MIN(channel) FROM messages WHERE channel > places.channel) \
                 FROM places WHERE places.channel IS NOT NULL) \
                 SELECT messages.id, messages.channel FROM places CROSS JOIN messages \
                 ON messages.channel = places.channel AND messages.id IN {}",
                placeholders(1, ids.len())
            );
            let mut query = engine::query_as::<(i64, i64)>(AssertSqlSafe(sql));
            for id in ids {
                query = query.bind(id.to_sql());
            }
            let rows = query.fetch_all(&self.read).await?;
            found.extend(
                rows.into_iter()
                    .map(|(id, channel)| (MessageId::from_sql(id), ChannelId::from_sql(channel))),
            );
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Reads rows that ascend by id, with the reactions as they stand after every change.
    async fn messages(
        &self,
        channel: ChannelId,
        rows: impl Iterator<Item = MessageRow>,
        authors: &mut AuthorCache,
    ) -> Result<Vec<Message>> {
        let read = rows.map(|row| message(row, channel, authors)).collect::<Result<Vec<_>>>()?;
        let (Some((first, _)), Some((last, _))) = (read.first(), read.last()) else {
            return Ok(Vec::new());
        };
        let mut changes = self.reaction_changes(channel, first.id, last.id).await?;
        let overlaid = read.into_iter().map(|(mut message, as_of)| {
            if let Some(changes) = changes.remove(&message.id) {
                message.reactions = overlay(message.reactions, as_of, &changes);
            }
            message
        });
        Ok(overlaid.collect())
    }

    /// The single changes of reactions to the messages of a range.
    async fn reaction_changes(
        &self,
        channel: ChannelId,
        first: MessageId,
        last: MessageId,
    ) -> Result<BTreeMap<MessageId, Vec<StoredReactionChange>>> {
        let rows = engine::query_as::<(i64, String, i64, bool, i64)>(
            "SELECT message, emoji, reaction_changes.user, added, observed FROM reaction_changes \
             WHERE channel = $1 AND message BETWEEN $2 AND $3",
        )
        .bind(channel.to_sql())
        .bind(first.to_sql())
        .bind(last.to_sql())
        .fetch_all(&self.read)
        .await?;
        let mut changes = BTreeMap::<MessageId, Vec<StoredReactionChange>>::new();
        for (message, emoji, user, added, observed) in rows {
            let change =
                StoredReactionChange { emoji, user: UserId::from_sql(user), added, observed };
            changes.entry(MessageId::from_sql(message)).or_default().push(change);
        }
        Ok(changes)
    }
}

/// Authors already met while reading a channel, so that equal ones share one allocation.
#[derive(Debug, Default)]
pub struct AuthorCache {
    met: HashMap<UserId, Vec<Arc<Author>>>,
}

impl AuthorCache {
    fn intern(&mut self, id: UserId, name: String, bot: bool) -> Arc<Author> {
        let known = self.met.entry(id).or_default();
        if let Some(author) = known.iter().find(|author| author.name == name && author.bot == bot) {
            return Arc::clone(author);
        }
        let author = Arc::new(Author { id, name, bot, roles: Vec::new() });
        known.push(Arc::clone(&author));
        author
    }
}

/// What few messages have.
#[derive(Default, Serialize, Deserialize)]
pub(in crate::store) struct MessageExtras {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<MessageId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<Mention>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forwarded: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pinned: bool,
}

impl MessageExtras {
    /// What a message has of it; `None` where it has nothing.
    pub(in crate::store) fn of(message: &Message) -> Option<Self> {
        let Message { reply_to, mentions, attachments, forwarded, pinned, .. } = message;
        let plain = reply_to.is_none()
            && mentions.is_empty()
            && attachments.is_empty()
            && forwarded.is_none()
            && !pinned;
        (!plain).then(|| Self {
            reply_to: *reply_to,
            mentions: mentions.clone(),
            attachments: attachments.clone(),
            forwarded: forwarded.clone(),
            pinned: *pinned,
        })
    }
}

named_row! {
    pub(in crate::store) struct MessageRow {
        id: i64,
        author: i64,
        author_name: String,
        bot: bool,
        kind: String,
        sent: i64,
        edited: i64,
        text: String,
        extra: Option<String>,
        reactions: Option<String>,
        reactions_as_of: i64,
    }
}

/// A stored message, with the reactions of its newest whole telling, and when that was.
pub(in crate::store) fn message(
    row: MessageRow,
    channel: ChannelId,
    authors: &mut AuthorCache,
) -> Result<(Message, i64)> {
    let extra = match &row.extra {
        Some(text) => from_json("a message's extras", text)?,
        None => MessageExtras::default(),
    };
    let reactions = match &row.reactions {
        Some(text) => from_json::<Vec<Reaction>>("a message's reactions", text)?,
        None => Vec::new(),
    };
    let message = Message {
        id: MessageId::from_sql(row.id),
        channel,
        author: authors.intern(UserId::from_sql(row.author), row.author_name, row.bot),
        kind: kind(&row.kind),
        sent: Timestamp::from_sql(row.sent),
        edited: (row.edited != 0).then_some(Timestamp::from_sql(row.edited)),
        text: row.text,
        reply_to: extra.reply_to,
        mentions: extra.mentions,
        reactions,
        attachments: extra.attachments,
        forwarded: extra.forwarded,
        pinned: extra.pinned,
    };
    Ok((message, row.reactions_as_of))
}

const KINDS: [(MessageKind, &str); 6] = [
    (MessageKind::Default, "default"),
    (MessageKind::Reply, "reply"),
    (MessageKind::Command, "command"),
    (MessageKind::ThreadStarter, "thread-starter"),
    (MessageKind::System, "system"),
    (MessageKind::Other, "other"),
];

pub(in crate::store) fn kind_name(kind: MessageKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("other", |(_, name)| name)
}

fn kind(name: &str) -> MessageKind {
    KINDS.iter().find(|(_, known)| *known == name).map_or(MessageKind::Other, |(kind, _)| *kind)
}
