//! Which version of a message counts, and what it changes in the store.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rules::model::ids::MessageId;
use rules::model::message::Message;
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use super::batch::{Applied, MessageKey, ReactionsCoverage, by_channel};
use super::invalidations::Invalidations;
use super::messages::{MessageExtras, kind_name};
use super::{reactions, tombstones};
use crate::store::engine::{self, Transaction};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, placeholders, to_json};

/// Which of two versions of a message is the newest: edit time, then read time, then content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct MessageVersion {
    pub(in crate::store) edited: i64,
    pub(in crate::store) observed: i64,
    pub(in crate::store) digest: i64,
}

impl MessageVersion {
    pub(in crate::store) fn of(message: &Message, observed: i64) -> Self {
        let edited = message.edited.unwrap_or_default().to_sql();
        Self { edited, observed, digest: digest(message) }
    }
}

/// A complete list of reactions: the latest is the newest. As of -1 none was reported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct FullReactions {
    pub(in crate::store) as_of: i64,
    /// `None` where there are no reactions.
    pub(in crate::store) reactions: Option<String>,
}

impl FullReactions {
    fn of(message: &Message, coverage: ReactionsCoverage, observed: Timestamp) -> Self {
        match coverage {
            ReactionsCoverage::ButReactions => Self { as_of: -1, reactions: None },
            ReactionsCoverage::Whole => {
                let some = !message.reactions.is_empty();
                let reactions = some.then(|| to_json(&message.reactions));
                Self { as_of: observed.to_sql(), reactions }
            }
        }
    }
}

/// The newest report of one message.
struct MessageUpdate<'m> {
    version: MessageVersion,
    message: &'m Message,
    whole: FullReactions,
}

/// Keeps the newest updates of messages that are not behind a tombstone.
pub(in crate::store) async fn upsert_messages(
    connection: &mut Transaction,
    messages: &[(Cow<'_, Message>, ReactionsCoverage, Timestamp)],
    stale: &mut Invalidations,
) -> Result<Applied> {
    let newest = newest(messages);
    let stored = stored(connection, newest.keys().copied()).await?;
    let buried = tombstones::among(connection, newest.keys().copied()).await?;
    let with_reactions = newest.iter().filter(|(_, update)| update.whole.as_of >= 0);
    let with_reactions = with_reactions.map(|(key, _)| *key).collect::<Vec<_>>();
    let mut applied = Applied::default();
    let mut written = Vec::new();
    let mut reacted = Vec::new();
    for (key, mut update) in newest {
        let Some((version, whole)) = stored.get(&key) else {
            if buried.covers(key) {
                applied.unchanged += 1;
            } else {
                written.push(update);
                applied.added += 1;
                stale.add(key);
            }
            continue;
        };
        let newer_reactions = update.whole > *whole;
        let changed = newer_reactions && update.whole.reactions != whole.reactions;
        let mut reworded = false;
        if update.version > *version {
            reworded = update.version.digest != version.digest;
            update.whole = update.whole.max(whole.clone());
            written.push(update);
        } else if newer_reactions {
            reacted.push((key, update.whole));
        }
        if reworded {
            // What was said before leaves every file, as what is deleted does.
            applied.updated += 1;
            stale.purge(key);
        } else if changed {
            applied.updated += 1;
            stale.add(key);
        } else {
            applied.unchanged += 1;
        }
    }
    upsert(connection, &written).await?;
    for (key, whole) in &reacted {
        update_reactions(connection, *key, whole).await?;
    }
    reactions::drop_outdated(connection, &with_reactions, stale).await?;
    Ok(applied)
}

fn newest<'m>(
    messages: &'m [(Cow<'_, Message>, ReactionsCoverage, Timestamp)],
) -> BTreeMap<MessageKey, MessageUpdate<'m>> {
    let mut newest = BTreeMap::<MessageKey, MessageUpdate<'m>>::new();
    for (message, coverage, observed) in messages {
        let message = message.as_ref();
        let update = MessageUpdate {
            version: MessageVersion::of(message, observed.to_sql()),
            message,
            whole: FullReactions::of(message, *coverage, *observed),
        };
        let key = (message.channel, message.id);
        let update = match newest.remove(&key) {
            None => update,
            Some(known) => {
                let (mut first, second) =
                    if known.version < update.version { (update, known) } else { (known, update) };
                first.whole = first.whole.max(second.whole);
                first
            }
        };
        newest.insert(key, update);
    }
    newest
}

/// A fingerprint of everything that a verdict can see of a message but its reactions.
fn digest(message: &Message) -> i64 {
    let Message { id: _, channel: _, author, kind, sent, edited: _, text, .. } = message;
    let extra = MessageExtras::of(message).map(|extra| to_json(&extra)).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [author.name.as_str(), kind_name(*kind), text, &extra] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update(author.id.0.to_le_bytes());
    hash.update([u8::from(author.bot)]);
    hash.update(sent.to_sql().to_le_bytes());
    let bytes = hash.finalize();
    i64::from_le_bytes(bytes[..8].try_into().expect("a digest has 32 bytes"))
}

type VersionRow = (i64, i64, i64, i64, i64, Option<String>);

async fn stored(
    connection: &mut Transaction,
    keys: impl Iterator<Item = MessageKey>,
) -> Result<HashMap<MessageKey, (MessageVersion, FullReactions)>> {
    let mut versions = HashMap::new();
    for (channel, ids) in by_channel(keys) {
        for ids in ids.chunks(MAX_BINDS) {
            let sql = format!(
                "SELECT id, edited, observed, digest, reactions_as_of, reactions FROM messages \
                 WHERE channel = ? AND id IN {}",
                placeholders(1, ids.len())
            );
            let mut query =
                engine::query_as::<VersionRow>(AssertSqlSafe(sql)).bind(channel.to_sql());
            for id in ids {
                query = query.bind(id.to_sql());
            }
            for (id, edited, observed, digest, as_of, reactions) in
                query.fetch_all(&mut *connection).await?
            {
                let known = (
                    MessageVersion { edited, observed, digest },
                    FullReactions { as_of, reactions },
                );
                versions.insert((channel, MessageId::from_sql(id)), known);
            }
        }
    }
    Ok(versions)
}

async fn upsert(connection: &mut Transaction, written: &[MessageUpdate<'_>]) -> Result<()> {
    const COLUMNS: usize = 14;
    for chunk in written.chunks(MAX_BINDS / COLUMNS) {
        let sql = format!(
            "INSERT INTO messages (channel, id, author, author_name, bot, kind, sent, edited, \
             observed, digest, text, extra, reactions, reactions_as_of) VALUES {} \
             ON CONFLICT (channel, id) DO UPDATE SET author = excluded.author, \
             author_name = excluded.author_name, bot = excluded.bot, kind = excluded.kind, \
             sent = excluded.sent, edited = excluded.edited, observed = excluded.observed, \
             digest = excluded.digest, text = excluded.text, extra = excluded.extra, \
             reactions = excluded.reactions, reactions_as_of = excluded.reactions_as_of",
            placeholders(chunk.len(), COLUMNS)
        );
        let mut query = engine::query(AssertSqlSafe(sql));
        for MessageUpdate { version, message, whole } in chunk {
            query = query
                .bind(message.channel.to_sql())
                .bind(message.id.to_sql())
                .bind(message.author.id.to_sql())
                .bind(message.author.name.as_str())
                .bind(message.author.bot)
                .bind(kind_name(message.kind))
                .bind(message.sent.to_sql())
                .bind(version.edited)
                .bind(version.observed)
                .bind(version.digest)
                .bind(message.text.as_str())
                .bind(MessageExtras::of(message).map(|extra| to_json(&extra)))
                .bind(whole.reactions.as_deref())
                .bind(whole.as_of);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn update_reactions(
    connection: &mut Transaction,
    (channel, message): MessageKey,
    whole: &FullReactions,
) -> Result<()> {
    engine::query(
        "UPDATE messages SET reactions = $3, reactions_as_of = $4 WHERE channel = $1 AND id = $2",
    )
    .bind(channel.to_sql())
    .bind(message.to_sql())
    .bind(whole.reactions.as_deref())
    .bind(whole.as_of)
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a message in the place of the stored one that it was made of, as the version that it is then.
pub(in crate::store) async fn rewrite_message(
    connection: &mut Transaction,
    (channel, id): MessageKey,
    version: MessageVersion,
    message: &Message,
) -> Result<()> {
    let reactions = (!message.reactions.is_empty()).then(|| to_json(&message.reactions));
    engine::query(
        "UPDATE messages SET text = $3, extra = $4, reactions = $5, digest = $6 \
         WHERE channel = $1 AND id = $2",
    )
    .bind(channel.to_sql())
    .bind(id.to_sql())
    .bind(message.text.as_str())
    .bind(MessageExtras::of(message).map(|extra| to_json(&extra)))
    .bind(reactions)
    .bind(version.digest)
    .execute(connection)
    .await?;
    Ok(())
}
