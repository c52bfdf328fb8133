//! Forgets a person: whatever they wrote or did, and their name in the words of others.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, UserId};
use serde::Serialize;
use sqlx::AssertSqlSafe;

use super::consents::message_subject;
use super::opt_outs::{self, digest_of, without};
use super::quotes;
use crate::store::clusters::merged_answers;
use crate::store::engine::{self, Transaction, named_row};
use crate::store::ingest::batch::{MessageKey, place};
use crate::store::ingest::invalidations::Invalidations;
use crate::store::ingest::message_versions::{MessageVersion, rewrite_message};
use crate::store::ingest::messages::{AuthorCache, MessageRow, message};
use crate::store::ingest::reactions::drop_all;
use crate::store::operations::purge::note_rewrite;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, Store, placeholders};

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ErasureSummary {
    /// Messages of the person that were stored.
    pub messages: u64,
    /// Channels that are judged again.
    pub channels: usize,
}

impl Store {
    /// Writes down that a person opted out, and removes everything of theirs, in one transaction: from
    /// here on nothing of them is stored. Verdicts are free of them once what is pending is judged, the
    /// files after [`Store::purge_deleted_text`]. `by` says who asked for it. Idempotent.
    ///
    /// # Errors
    /// [`crate::store::StoreError::NoSalt`] before [`Store::keep_salt`].
    pub async fn erase_user(
        &self,
        user: UserId,
        by: &str,
        now: Timestamp,
    ) -> Result<ErasureSummary> {
        let id = user.to_string();
        let mut transaction = self.begin().await?;
        let salt = opt_outs::salt(&mut transaction).await?;
        let by = if by.contains(&id) { "self" } else { by };
        opt_outs::insert(&mut transaction, &digest_of(user, &salt), by, now.to_sql()).await?;
        let mut stale = Invalidations::default();
        stale.purge_unseen();
        let written = delete_messages(&mut transaction, user).await?;
        let own = written.iter().map(|(key, _)| *key).collect::<Vec<_>>();
        quotes::erase_quotes(&mut transaction, &written, &salt, &mut stale).await?;
        own.iter().for_each(|key| stale.purge(*key));
        merged_answers::redact_merged(&mut transaction, &own, &mut stale).await?;
        drop_all(&mut transaction, &own).await?;
        delete_about(&mut transaction, &own).await?;
        redact_mentions(&mut transaction, user, &mut stale).await?;
        for key in delete_reactions(&mut transaction, user).await? {
            stale.purge(key);
        }
        for key in delete_marks(&mut transaction, user).await? {
            stale.purge(key);
        }
        delete_person(&mut transaction, user).await?;
        untie_all(&mut transaction, user).await?;
        unname_suggestions(&mut transaction, user).await?;
        unname_audit(&mut transaction, user, &id).await?;
        unname_consents(&mut transaction, &id).await?;
        delete_quarantined(&mut transaction, &id).await?;
        unname_settings(&mut transaction, &id).await?;
        note_rewrite(&mut transaction).await?;
        let channels = stale.channels();
        stale.write(&mut transaction).await?;
        transaction.commit().await?;
        Ok(ErasureSummary { messages: own.len() as u64, channels })
    }
}

/// Returns what they said.
async fn delete_messages(
    connection: &mut Transaction,
    user: UserId,
) -> Result<Vec<(MessageKey, String)>> {
    let rows = engine::query_as::<(i64, i64, String)>(
        "DELETE FROM messages WHERE author = $1 RETURNING channel, id, text",
    )
    .bind(user.to_sql())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(channel, id, text)| (place(channel, id), text)).collect())
}

/// Deletes suggestions to the person's questions and notices about them, and consents to quote the person's messages.
async fn delete_about(connection: &mut Transaction, own: &[MessageKey]) -> Result<()> {
    for chunk in own.chunks(MAX_BINDS) {
        let list = placeholders(1, chunk.len());
        let sql = format!("DELETE FROM suggestions WHERE question IN {list}");
        let mut query = engine::query(AssertSqlSafe(sql));
        for (_, id) in chunk {
            query = query.bind(id.to_sql());
        }
        query.execute(&mut *connection).await?;
        let sql = format!("DELETE FROM asker_notices WHERE question IN {list}");
        let mut query = engine::query(AssertSqlSafe(sql));
        for (_, id) in chunk {
            query = query.bind(id.to_sql());
        }
        query.execute(&mut *connection).await?;
        let sql = format!("DELETE FROM consents WHERE subject IN {list}");
        let mut query = engine::query(AssertSqlSafe(sql));
        for (_, id) in chunk {
            query = query.bind(message_subject(*id));
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

named_row! {
    struct MentioningRow {
        channel: i64,
        observed: i64,
        ..message: MessageRow
    }
}

/// Takes the person's mentions and reactions out of other people's messages.
async fn redact_mentions(
    connection: &mut Transaction,
    user: UserId,
    stale: &mut Invalidations,
) -> Result<()> {
    let rows = engine::query_as::<MentioningRow>(
        "SELECT channel, id, author, author_name, bot, kind, sent, edited, text, extra, reactions, \
         reactions_as_of, observed FROM messages WHERE instr(text, $1) > 0 OR instr(text, $2) > 0 \
         OR instr(extra, $1) > 0 OR instr(extra, $2) > 0 OR instr(extra, $3) > 0 OR instr(reactions, $3) > 0",
    )
    .bind(format!("<@{user}>"))
    .bind(format!("<@!{user}>"))
    .bind(format!("\"{user}\""))
    .fetch_all(&mut *connection)
    .await?;
    let mut authors = AuthorCache::default();
    for row in rows {
        let channel = ChannelId::from_sql(row.channel);
        let (message, _) = message(row.message, channel, &mut authors)?;
        if let Some(rest) = without(&message, &|one| one == user) {
            let version = MessageVersion::of(&rest, row.observed);
            rewrite_message(connection, (channel, rest.id), version, &rest).await?;
            stale.purge((channel, rest.id));
        }
    }
    Ok(())
}

async fn delete_reactions(connection: &mut Transaction, user: UserId) -> Result<Vec<MessageKey>> {
    let rows = engine::query_as::<(i64, i64)>(
        "DELETE FROM reaction_changes WHERE reaction_changes.user = $1 RETURNING channel, message",
    )
    .bind(user.to_sql())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(channel, id)| place(channel, id)).collect())
}

async fn delete_marks(connection: &mut Transaction, user: UserId) -> Result<Vec<MessageKey>> {
    let rows = engine::query_as::<(i64, i64)>(
        "DELETE FROM answer_marks WHERE by_user = $1 RETURNING channel, message",
    )
    .bind(user.to_sql())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(channel, id)| place(channel, id)).collect())
}

async fn delete_person(connection: &mut Transaction, user: UserId) -> Result<()> {
    for sql in ["DELETE FROM users WHERE id = $1", "DELETE FROM members WHERE members.user = $1"] {
        engine::query(sql).bind(user.to_sql()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The rows stay, so that the clusters are settled without the ties.
async fn untie_all(connection: &mut Transaction, user: UserId) -> Result<()> {
    engine::query(
        "UPDATE duplicate_marks SET with_question = NULL, by_user = 0, dirty = 1 WHERE by_user = $1",
    )
    .bind(user.to_sql())
    .execute(connection)
    .await?;
    Ok(())
}

async fn unname_suggestions(connection: &mut Transaction, user: UserId) -> Result<()> {
    engine::query("UPDATE suggestions SET answered_by = NULL WHERE answered_by = $1")
        .bind(user.to_sql())
        .execute(connection)
        .await?;
    Ok(())
}

async fn unname_audit(connection: &mut Transaction, user: UserId, id: &str) -> Result<()> {
    engine::query("UPDATE audit SET by_user = 0 WHERE by_user = $1")
        .bind(user.to_sql())
        .execute(&mut *connection)
        .await?;
    engine::query(
        "UPDATE audit SET what = replace(what, $1, 'someone'), \
         target = replace(target, $1, 'someone') WHERE instr(target, $1) > 0 OR instr(what, $1) > 0",
    )
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

async fn unname_consents(connection: &mut Transaction, id: &str) -> Result<()> {
    engine::query(
        "UPDATE consents SET source = replace(source, $1, 'someone') WHERE instr(source, $1) > 0",
    )
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

async fn delete_quarantined(connection: &mut Transaction, id: &str) -> Result<()> {
    engine::query("DELETE FROM quarantine WHERE instr(raw, $1) > 0 OR instr(why, $1) > 0")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// A setting that names the person says what verdicts were made with: without its value they are
/// made again.
async fn unname_settings(connection: &mut Transaction, id: &str) -> Result<()> {
    engine::query("UPDATE settings SET value = '' WHERE name <> 'salt' AND instr(value, $1) > 0")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}
