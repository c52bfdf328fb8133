//! Channels, people and messages, written so that any order and any repetition ends the same.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rules::ids::{ChannelId, MessageId, Millis, UserId};
use rules::message::{Attachment, Author, Channel, Mention, Message, MessageKind, Reaction, Role};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Row, SqliteConnection, sqlite::SqliteRow};

use super::channels::{mark_pending, upsert_channel};
use super::{MAX_BINDS, Result, Store, from_json, placeholders, to_json};

/// What a source says, to be stored in one transaction. `Millis` is when the source was read.
#[derive(Debug, Default)]
pub struct Batch {
    pub channels: Vec<(Channel, Millis)>,
    pub messages: Vec<(Message, Millis)>,
}

/// What a batch changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    pub added: u64,
    pub updated: u64,
    pub unchanged: u64,
}

/// Which of two versions of a message is the newest: edit time, then read time, then content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    edited: i64,
    observed: i64,
    digest: i64,
}

type Key = (ChannelId, MessageId);

impl Store {
    /// Stores a batch: what is new or newer replaces what is there, the rest changes nothing.
    pub async fn apply(&self, batch: &Batch) -> Result<Applied> {
        let newest = newest_versions(&batch.messages);
        let mut transaction = self.begin().await?;
        for (channel, observed) in &batch.channels {
            upsert_channel(&mut transaction, channel, *observed).await?;
        }
        let stored = stored_versions(&mut transaction, newest.keys().copied()).await?;
        let mut applied = Applied::default();
        let mut written = Vec::new();
        let mut pending = BTreeMap::<ChannelId, MessageId>::new();
        for (key, (version, message)) in newest {
            let known = stored.get(&key);
            if known.is_some_and(|known| *known >= version) {
                applied.unchanged += 1;
                continue;
            }
            written.push((version, message));
            if known.is_some_and(|known| known.digest == version.digest) {
                applied.unchanged += 1;
                continue;
            }
            *if known.is_some() { &mut applied.updated } else { &mut applied.added } += 1;
            let first = pending.entry(key.0).or_insert(key.1);
            *first = key.1.min(*first);
        }
        upsert_messages(&mut transaction, &written).await?;
        upsert_people(&mut transaction, &batch.messages).await?;
        for (channel, from) in pending {
            mark_pending(&mut transaction, channel, from).await?;
        }
        transaction.commit().await?;
        Ok(applied)
    }

    /// The messages of a channel from `from` on, by id, at most `limit`.
    pub async fn messages_from(
        &self,
        channel: ChannelId,
        from: MessageId,
        limit: u32,
        faces: &mut Faces,
    ) -> Result<Vec<Message>> {
        let rows = sqlx::query(
            "SELECT id, author, author_name, bot, kind, sent, edited, text, extra FROM messages \
             WHERE channel = $1 AND id >= $2 ORDER BY id LIMIT $3",
        )
        .bind(channel.0 as i64)
        .bind(from.0 as i64)
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(|row| message(row, channel, faces)).collect()
    }

    /// The last `limit` messages of people and bots before `before`, by id.
    pub async fn talk_before(
        &self,
        channel: ChannelId,
        before: MessageId,
        limit: u32,
        faces: &mut Faces,
    ) -> Result<Vec<Message>> {
        let rows = sqlx::query(
            "SELECT id, author, author_name, bot, kind, sent, edited, text, extra FROM messages \
             WHERE channel = $1 AND id < $2 AND kind IN ('default', 'reply', 'command') \
             ORDER BY id DESC LIMIT $3",
        )
        .bind(channel.0 as i64)
        .bind(before.0 as i64)
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        rows.iter().rev().map(|row| message(row, channel, faces)).collect()
    }

    /// The messages of a channel with these ids, by id; ids that are not stored are left out.
    pub async fn messages_with(
        &self,
        channel: ChannelId,
        ids: &[MessageId],
        faces: &mut Faces,
    ) -> Result<Vec<Message>> {
        let mut found = Vec::new();
        for ids in ids.chunks(MAX_BINDS) {
            let sql = format!(
                "SELECT id, author, author_name, bot, kind, sent, edited, text, extra FROM messages \
                 WHERE channel = $1 AND id IN {} ORDER BY id",
                placeholders(2, 1, ids.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(channel.0 as i64);
            for id in ids {
                query = query.bind(id.0 as i64);
            }
            for row in query.fetch_all(&self.read).await? {
                found.push(message(&row, channel, faces)?);
            }
        }
        found.sort_by_key(|message| message.id);
        Ok(found)
    }

    /// Everybody who ever spoke and has a role, as last seen.
    pub async fn people_with_roles(&self) -> Result<Vec<Author>> {
        let rows = sqlx::query_as::<_, (i64, String, bool, String)>(
            "SELECT id, name, bot, roles FROM people WHERE roles <> '[]' ORDER BY id",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter()
            .map(|(id, name, bot, roles)| {
                Ok(Author { id: UserId(id as u64), name, bot, roles: from_json("roles", &roles)? })
            })
            .collect()
    }
}

/// Authors already met while reading a channel, so that equal ones share one allocation.
#[derive(Debug, Default)]
pub struct Faces {
    met: HashMap<UserId, Vec<Arc<Author>>>,
}

impl Faces {
    fn meet(&mut self, id: UserId, name: &str, bot: bool) -> Arc<Author> {
        let known = self.met.entry(id).or_default();
        if let Some(face) = known.iter().find(|face| face.name == name && face.bot == bot) {
            return Arc::clone(face);
        }
        let face = Arc::new(Author { id, name: name.to_owned(), bot, roles: Vec::new() });
        known.push(Arc::clone(&face));
        face
    }
}

fn newest_versions(messages: &[(Message, Millis)]) -> BTreeMap<Key, (Version, &Message)> {
    let mut newest = BTreeMap::<Key, (Version, &Message)>::new();
    for (message, observed) in messages {
        let version = Version {
            edited: message.edited.unwrap_or_default().0,
            observed: observed.0,
            digest: digest(message),
        };
        match newest.entry((message.channel, message.id)) {
            Entry::Vacant(free) => {
                free.insert((version, message));
            }
            Entry::Occupied(mut taken) => {
                if taken.get().0 < version {
                    taken.insert((version, message));
                }
            }
        }
    }
    newest
}

/// A fingerprint of everything that a verdict can see of a message.
fn digest(message: &Message) -> i64 {
    let Message { id: _, channel: _, author, kind, sent, edited: _, text, .. } = message;
    let extra = Extra::of(message).map(|extra| to_json(&extra)).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [author.name.as_str(), kind_name(*kind), text, &extra] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update(author.id.0.to_le_bytes());
    hash.update([u8::from(author.bot)]);
    hash.update(sent.0.to_le_bytes());
    let bytes = hash.finalize();
    i64::from_le_bytes(bytes[..8].try_into().expect("a digest has 32 bytes"))
}

async fn stored_versions(
    connection: &mut SqliteConnection,
    keys: impl Iterator<Item = Key>,
) -> Result<HashMap<Key, Version>> {
    let mut by_channel = BTreeMap::<ChannelId, Vec<MessageId>>::new();
    for (channel, id) in keys {
        by_channel.entry(channel).or_default().push(id);
    }
    let mut versions = HashMap::new();
    for (channel, ids) in by_channel {
        for ids in ids.chunks(MAX_BINDS) {
            let sql = format!(
                "SELECT id, edited, observed, digest FROM messages WHERE channel = $1 AND id IN {}",
                placeholders(2, 1, ids.len())
            );
            let mut query = sqlx::query_as::<_, (i64, i64, i64, i64)>(AssertSqlSafe(sql))
                .bind(channel.0 as i64);
            for id in ids {
                query = query.bind(id.0 as i64);
            }
            for (id, edited, observed, digest) in query.fetch_all(&mut *connection).await? {
                let version = Version { edited, observed, digest };
                versions.insert((channel, MessageId(id as u64)), version);
            }
        }
    }
    Ok(versions)
}

async fn upsert_messages(
    connection: &mut SqliteConnection,
    written: &[(Version, &Message)],
) -> Result<()> {
    const COLUMNS: usize = 12;
    for chunk in written.chunks(MAX_BINDS / COLUMNS) {
        let sql = format!(
            "INSERT INTO messages (channel, id, author, author_name, bot, kind, sent, edited, \
             observed, digest, text, extra) VALUES {} \
             ON CONFLICT (channel, id) DO UPDATE SET author = excluded.author, \
             author_name = excluded.author_name, bot = excluded.bot, kind = excluded.kind, \
             sent = excluded.sent, edited = excluded.edited, observed = excluded.observed, \
             digest = excluded.digest, text = excluded.text, extra = excluded.extra",
            placeholders(1, chunk.len(), COLUMNS)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (version, message) in chunk {
            query = query
                .bind(message.channel.0 as i64)
                .bind(message.id.0 as i64)
                .bind(message.author.id.0 as i64)
                .bind(message.author.name.as_str())
                .bind(message.author.bot)
                .bind(kind_name(message.kind))
                .bind(message.sent.0)
                .bind(version.edited)
                .bind(version.observed)
                .bind(version.digest)
                .bind(message.text.as_str())
                .bind(Extra::of(message).map(|extra| to_json(&extra)));
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn upsert_people(
    connection: &mut SqliteConnection,
    messages: &[(Message, Millis)],
) -> Result<()> {
    const COLUMNS: usize = 6;
    let mut latest = BTreeMap::<UserId, (MessageId, Millis, &Author)>::new();
    for (message, observed) in messages {
        let seen = (message.id, *observed, &*message.author);
        let kept = latest.entry(message.author.id).or_insert(seen);
        if (kept.0, kept.1, &kept.2.name) < (seen.0, seen.1, &seen.2.name) {
            *kept = seen;
        }
    }
    let latest = latest.into_values().collect::<Vec<_>>();
    for chunk in latest.chunks(MAX_BINDS / COLUMNS) {
        let sql = format!(
            "INSERT INTO people (id, name, bot, roles, as_of, observed) VALUES {} \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, bot = excluded.bot, \
             roles = excluded.roles, as_of = excluded.as_of, observed = excluded.observed \
             WHERE (excluded.as_of, excluded.observed, excluded.name, excluded.roles) \
             > (people.as_of, people.observed, people.name, people.roles)",
            placeholders(1, chunk.len(), COLUMNS)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (as_of, observed, author) in chunk {
            query = query
                .bind(author.id.0 as i64)
                .bind(author.name.as_str())
                .bind(author.bot)
                .bind(to_json(&sorted(&author.roles)))
                .bind(as_of.0 as i64)
                .bind(observed.0);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn sorted(roles: &[Role]) -> Vec<&Role> {
    let mut roles = roles.iter().collect::<Vec<_>>();
    roles.sort_by_key(|role| role.id);
    roles
}

/// What few messages have.
#[derive(Serialize, Deserialize)]
struct Extra {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<MessageId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<Mention>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<Reaction>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forwarded: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pinned: bool,
}

impl Extra {
    fn of(message: &Message) -> Option<Self> {
        let Message { reply_to, mentions, reactions, attachments, forwarded, pinned, .. } = message;
        let plain = reply_to.is_none()
            && mentions.is_empty()
            && reactions.is_empty()
            && attachments.is_empty()
            && forwarded.is_none()
            && !pinned;
        (!plain).then(|| Self {
            reply_to: *reply_to,
            mentions: mentions.clone(),
            reactions: reactions.clone(),
            attachments: attachments.clone(),
            forwarded: forwarded.clone(),
            pinned: *pinned,
        })
    }
}

fn message(row: &SqliteRow, channel: ChannelId, faces: &mut Faces) -> Result<Message> {
    let extra = match row.try_get::<Option<&str>, _>("extra")? {
        Some(text) => from_json("a message's extras", text)?,
        None => Extra {
            reply_to: None,
            mentions: Vec::new(),
            reactions: Vec::new(),
            attachments: Vec::new(),
            forwarded: None,
            pinned: false,
        },
    };
    let author = UserId(row.try_get::<i64, _>("author")? as u64);
    let edited = row.try_get::<i64, _>("edited")?;
    Ok(Message {
        id: MessageId(row.try_get::<i64, _>("id")? as u64),
        channel,
        author: faces.meet(author, row.try_get("author_name")?, row.try_get("bot")?),
        kind: kind(row.try_get("kind")?),
        sent: Millis(row.try_get("sent")?),
        edited: (edited != 0).then_some(Millis(edited)),
        text: row.try_get("text")?,
        reply_to: extra.reply_to,
        mentions: extra.mentions,
        reactions: extra.reactions,
        attachments: extra.attachments,
        forwarded: extra.forwarded,
        pinned: extra.pinned,
    })
}

const KINDS: [(MessageKind, &str); 5] = [
    (MessageKind::Default, "default"),
    (MessageKind::Reply, "reply"),
    (MessageKind::Command, "command"),
    (MessageKind::System, "system"),
    (MessageKind::Other, "other"),
];

fn kind_name(kind: MessageKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("other", |(_, name)| name)
}

fn kind(name: &str) -> MessageKind {
    KINDS.iter().find(|(_, known)| *known == name).map_or(MessageKind::Other, |(kind, _)| *kind)
}
