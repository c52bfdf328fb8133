//! Reactions: whole tellings are kept with their messages, single changes wait beside and are laid
//! over when messages are read.
//!
//! Of each person's changes of one emoji the latest counts. A complete report outdates changes that
//! were seen before it; a clearing outdates whole tellings and changes up to its own time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rules::model::ids::UserId;
use rules::model::message::{Reaction, ReactionChange, ReactionOp};
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use super::batch::{Applied, MessageKey, place};
use super::invalidations::Invalidations;
use super::tombstones;
use crate::store::engine::{self, Transaction};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, Store, from_json, placeholders, to_json};

/// Stands where a change is nobody's: it clears.
const NOBODY: UserId = UserId(0);

/// A stored change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct StoredReactionChange {
    /// Empty where all emoji are cleared.
    pub(in crate::store) emoji: String,
    pub(in crate::store) user: UserId,
    pub(in crate::store) added: bool,
    pub(in crate::store) observed: i64,
}

/// Who reacts, unless the change clears.
pub(in crate::store) fn user(what: ReactionOp) -> Option<UserId> {
    match what {
        ReactionOp::Added(user) | ReactionOp::Removed(user) => Some(user),
        ReactionOp::ClearedEmoji | ReactionOp::Cleared => None,
    }
}

/// The reactions after the changes. `as_of` is when `whole` was reported.
pub(in crate::store) fn overlay(
    whole: Vec<Reaction>,
    as_of: i64,
    changes: &[StoredReactionChange],
) -> Vec<Reaction> {
    let cleared = |emoji: &str| {
        let clears = changes.iter().filter(|change| change.user == NOBODY);
        let clears = clears.filter(|change| change.emoji.is_empty() || change.emoji == emoji);
        clears.map(|change| change.observed).max()
    };
    let mut states = BTreeMap::<String, ReactionState>::new();
    for Reaction { emoji, count, users } in whole {
        if cleared(&emoji).is_none_or(|cleared| cleared < as_of) {
            let state = states.entry(emoji).or_default();
            state.unnamed += (count as usize).saturating_sub(users.len());
            state.users.extend(users);
        }
    }
    for change in changes.iter().filter(|change| change.user != NOBODY) {
        if change.observed < as_of {
            continue;
        }
        let users = &mut states.entry(change.emoji.clone()).or_default().users;
        if !change.added {
            users.remove(&change.user);
        } else if cleared(&change.emoji).is_none_or(|cleared| cleared < change.observed) {
            users.insert(change.user);
        }
    }
    let count = |state: &ReactionState| state.unnamed + state.users.len();
    states.retain(|_, state| count(state) > 0);
    let reaction = |(emoji, state): (String, ReactionState)| Reaction {
        emoji,
        count: count(&state) as u32,
        users: state.users.into_iter().collect(),
    };
    states.into_iter().map(reaction).collect()
}

#[derive(Default)]
struct ReactionState {
    /// How many reacted of whom the source does not say who they are.
    unnamed: usize,
    users: BTreeSet<UserId>,
}

type ChangedRow = (i64, i64, i64, String, i64, bool, i64);

/// A message's complete reactions with the time of the report, and the changes beside.
type ReactionSnapshot = (i64, Vec<Reaction>, Vec<StoredReactionChange>);

impl Store {
    /// A fingerprint of all reactions to stored messages as they stand.
    pub(in crate::store) async fn reactions_digest(&self) -> Result<i64> {
        let mut snapshots = self.complete_reactions().await?;
        for (key, as_of, change) in self.reactions_changed().await? {
            let one = snapshots.entry(key).or_insert_with(|| (as_of, Vec::new(), Vec::new()));
            one.2.push(change);
        }
        let mut sum = 0_i64;
        for ((channel, message), (as_of, whole, changes)) in snapshots {
            let current = overlay(whole, as_of, &changes);
            if !current.is_empty() {
                let text = to_json(&(channel, message, current));
                let hash = Sha256::digest(text);
                let bytes = hash[..8].try_into().expect("a digest has 32 bytes");
                sum = sum.wrapping_add(i64::from_le_bytes(bytes) >> 24);
            }
        }
        Ok(sum)
    }

    async fn complete_reactions(&self) -> Result<BTreeMap<MessageKey, ReactionSnapshot>> {
        let rows = engine::query_as::<(i64, i64, i64, String)>(
            "SELECT channel, id, reactions_as_of, reactions FROM messages \
             WHERE reactions IS NOT NULL",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter()
            .map(|(channel, id, as_of, reactions)| {
                let whole = from_json("a message's reactions", &reactions)?;
                Ok((place(channel, id), (as_of, whole, Vec::new())))
            })
            .collect()
    }

    /// The changes of reactions to stored messages, each with the time of the last complete report.
    async fn reactions_changed(&self) -> Result<Vec<(MessageKey, i64, StoredReactionChange)>> {
        let rows = engine::query_as::<ChangedRow>(
            "SELECT one.channel, one.message, messages.reactions_as_of, one.emoji, one.user, \
             one.added, one.observed FROM reaction_changes AS one \
             JOIN messages ON messages.channel = one.channel AND messages.id = one.message",
        )
        .fetch_all(&self.read)
        .await?;
        let changed = |(channel, message, as_of, emoji, user, added, observed): ChangedRow| {
            let change =
                StoredReactionChange { emoji, user: UserId::from_sql(user), added, observed };
            (place(channel, message), as_of, change)
        };
        Ok(rows.into_iter().map(changed).collect())
    }
}

/// Keeps single changes that are neither outdated nor behind a tombstone.
pub(in crate::store) async fn upsert_reaction_changes(
    connection: &mut Transaction,
    changes: &[&(ReactionChange, Timestamp)],
    stale: &mut Invalidations,
) -> Result<Applied> {
    let buried = tombstones::among(connection, changes.iter().map(|(one, _)| key(one))).await?;
    let newest = newest(changes.iter().copied().filter(|(one, _)| !buried.covers(key(one))));
    let mut applied = Applied::default();
    for chunk in newest.chunks(MAX_BINDS / 6) {
        let changed = upsert(connection, chunk).await?;
        applied.updated += changed.len() as u64;
        changed.into_iter().for_each(|key| stale.add(key));
    }
    applied.unchanged = changes.len() as u64 - applied.updated;
    Ok(applied)
}

fn key(change: &ReactionChange) -> MessageKey {
    (change.channel, change.message)
}

/// What one row of `reaction_changes` is about.
type ReactionKey<'a> = (MessageKey, &'a str, UserId);

/// The latest change of each person and emoji; of two at one time the one that adds.
fn newest<'a>(
    changes: impl Iterator<Item = &'a (ReactionChange, Timestamp)>,
) -> Vec<(ReactionKey<'a>, (i64, bool))> {
    let mut newest = BTreeMap::<ReactionKey<'a>, (i64, bool)>::new();
    for (change, observed) in changes {
        let emoji = if change.is_of_all_emoji() { "" } else { change.emoji.as_str() };
        let subject = (key(change), emoji, user(change.what).unwrap_or(NOBODY));
        let state = (observed.to_sql(), matches!(change.what, ReactionOp::Added(_)));
        newest.entry(subject).and_modify(|known| *known = state.max(*known)).or_insert(state);
    }
    newest.into_iter().collect()
}

/// Returns the messages of the rows that changed.
async fn upsert(
    connection: &mut Transaction,
    changes: &[(ReactionKey<'_>, (i64, bool))],
) -> Result<Vec<MessageKey>> {
    let sql = format!(
        "WITH reported (channel, message, emoji, \"user\", added, observed) AS (VALUES {}) \
         INSERT INTO reaction_changes (channel, message, emoji, \"user\", added, observed) \
         SELECT channel, message, emoji, reported.user, added, observed FROM reported \
         WHERE NOT EXISTS (SELECT 1 FROM messages WHERE messages.channel = reported.channel \
         AND messages.id = reported.message AND messages.reactions_as_of > reported.observed) \
         ON CONFLICT (channel, message, emoji, \"user\") DO UPDATE \
         SET added = excluded.added, observed = excluded.observed \
         WHERE (excluded.observed, excluded.added) \
         > (reaction_changes.observed, reaction_changes.added) RETURNING channel, message",
        placeholders(changes.len(), 6)
    );
    let mut query = engine::query_as::<(i64, i64)>(AssertSqlSafe(sql));
    for (((channel, message), emoji, user), (observed, added)) in changes {
        query = query
            .bind(channel.to_sql())
            .bind(message.to_sql())
            .bind(*emoji)
            .bind(user.to_sql())
            .bind(*added)
            .bind(*observed);
    }
    let rows = query.fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(channel, message)| place(channel, message)).collect())
}

/// Drops the changes that complete reports of these messages outdate.
pub(in crate::store) async fn drop_outdated(
    connection: &mut Transaction,
    messages: &[MessageKey],
    stale: &mut Invalidations,
) -> Result<()> {
    if messages.is_empty() || !any_changes(connection).await? {
        return Ok(());
    }
    for chunk in messages.chunks(MAX_BINDS / 2) {
        let sql = format!(
            "DELETE FROM reaction_changes WHERE (channel, message) IN (VALUES {}) \
             AND observed < (SELECT reactions_as_of FROM messages \
             WHERE messages.channel = reaction_changes.channel \
             AND messages.id = reaction_changes.message) RETURNING channel, message",
            placeholders(chunk.len(), 2)
        );
        let mut query = engine::query_as::<(i64, i64)>(AssertSqlSafe(sql));
        for (channel, message) in chunk {
            query = query.bind(channel.to_sql()).bind(message.to_sql());
        }
        for (channel, message) in query.fetch_all(&mut *connection).await? {
            stale.add(place(channel, message));
        }
    }
    Ok(())
}

async fn any_changes(connection: &mut Transaction) -> Result<bool> {
    Ok(engine::query_scalar("SELECT EXISTS (SELECT 1 FROM reaction_changes)")
        .fetch_one(connection)
        .await?)
}

/// Drops every change of the reactions to these messages.
pub(in crate::store) async fn drop_all(
    connection: &mut Transaction,
    gone: &[MessageKey],
) -> Result<()> {
    for chunk in gone.chunks(MAX_BINDS / 2) {
        let sql = format!(
            "DELETE FROM reaction_changes WHERE (channel, message) IN (VALUES {})",
            placeholders(chunk.len(), 2)
        );
        let mut query = engine::query(AssertSqlSafe(sql));
        for (channel, message) in chunk {
            query = query.bind(channel.to_sql()).bind(message.to_sql());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
