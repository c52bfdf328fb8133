//! Exchanges with their verdicts, and the occurrences that they come to.

use std::collections::{BTreeMap, BTreeSet};

use rules::disentangle::TopicSketch;
use rules::model::cluster::Occurrence;
use rules::model::ids::{ChannelId, ConversationId, MessageId, UserId};
use sqlx::AssertSqlSafe;

use super::returning_askers;
use super::stored_occurrence::write_occurrence;
use crate::store::clusters::cluster_rows::{add_change, cluster_id};
use crate::store::clusters::likeness::id_list;
use crate::store::engine::{self, Transaction};
use crate::store::sql::SqlId;
use crate::store::{MAX_BINDS, Result, Store, placeholders};

/// An exchange as judged, to be stored with its conversation.
#[derive(Debug)]
pub struct ExchangeRow {
    /// Its first message.
    pub id: MessageId,
    pub status: ExchangeStatus,
    /// Present exactly where something is asked.
    pub asked: Option<AskedBy>,
    /// As [`crate::store::write_verdict`] writes it.
    pub verdict: String,
    /// Present exactly where the question is resolved.
    pub occurrence: Option<Occurrence>,
}

/// Who asks, and what about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedBy {
    pub asker: UserId,
    pub topics: TopicSketch,
}

/// What an exchange came to, in one word. One that counted as resolved is stored as `reopened` while its asker has
/// come back with the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeStatus {
    NoQuestion,
    Open,
    /// Nobody answered, but a suggested known answer helped. It is no evidence of anything.
    Helped,
    Resolved,
}

impl ExchangeStatus {
    pub(in crate::store) fn as_str(self) -> &'static str {
        match self {
            Self::NoQuestion => "no-question",
            Self::Open => "open",
            Self::Helped => "helped",
            Self::Resolved => "resolved",
        }
    }
}

/// An exchange read back.
#[derive(Debug, Clone)]
pub struct StoredExchange {
    pub id: MessageId,
    pub conversation: ConversationId,
    pub channel: ChannelId,
    pub verdict: String,
}

type ExchangeTuple = (i64, i64, i64, String);

impl Store {
    /// The exchanges of a conversation, by their first messages.
    pub async fn exchanges(&self, conversation: ConversationId) -> Result<Vec<StoredExchange>> {
        let rows = engine::query_as::<ExchangeTuple>(
            "SELECT id, conversation, channel, verdict FROM exchanges WHERE conversation = $1 \
             ORDER BY id",
        )
        .bind(conversation.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(stored).collect())
    }
}

pub(in crate::store) fn stored(
    (id, conversation, channel, verdict): ExchangeTuple,
) -> StoredExchange {
    StoredExchange {
        id: MessageId::from_sql(id),
        conversation: ConversationId::from_sql(conversation),
        channel: ChannelId::from_sql(channel),
        verdict,
    }
}

/// The exchanges of a judged conversation.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct JudgedExchanges<'r> {
    pub(super) conversation: ConversationId,
    pub(super) channel: ChannelId,
    pub(super) exchanges: &'r [ExchangeRow],
}

/// Stores the exchanges of these conversations in place of those that they had.
pub(super) async fn replace_exchanges(
    connection: &mut Transaction,
    judged: &[JudgedExchanges<'_>],
) -> Result<()> {
    let conversations = || judged.iter().map(|one| one.conversation);
    let before = returning_askers::open_questions(connection, conversations()).await?;
    for chunk in judged.chunks(MAX_BINDS) {
        let conversations = chunk.iter().map(|one| one.conversation).collect::<Vec<_>>();
        delete_exchanges(connection, &conversations, chunk).await?;
    }
    let rows = judged.iter().flat_map(|one| one.exchanges.iter().map(move |row| (one, row)));
    upsert_exchanges(connection, &rows.collect::<Vec<_>>()).await?;
    let exchanges = judged.iter().flat_map(|one| one.exchanges);
    let occurrences = exchanges.filter_map(|exchange| exchange.occurrence.as_ref());
    // While a question is in two conversations, the later one has it: a statement of PostgreSQL takes each row once.
    let occurrences =
        occurrences.map(|one| (one.question.message, one)).collect::<BTreeMap<_, _>>();
    upsert_occurrences(connection, &occurrences.into_values().collect::<Vec<_>>()).await?;
    let open = returning_askers::open_questions(connection, conversations()).await?;
    returning_askers::settle_closed(connection, before.difference(&open).copied()).await?;
    let rows = judged.iter().flat_map(|one| one.exchanges.iter().map(move |row| (one, row)));
    let asked = rows.filter(|(_, row)| row.asked.is_some());
    let asked = asked.map(|(one, row)| (one.conversation, row.id));
    returning_askers::reopen(connection, asked).await
}

async fn upsert_exchanges(
    connection: &mut Transaction,
    rows: &[(&JudgedExchanges<'_>, &ExchangeRow)],
) -> Result<()> {
    const COLUMNS: usize = 7;
    for chunk in rows.chunks(MAX_BINDS / COLUMNS) {
        let sql = format!(
            "INSERT INTO exchanges (conversation, id, channel, status, verdict, asker, topics) \
             VALUES {} ON CONFLICT (conversation, id) DO UPDATE SET status = excluded.status, \
             verdict = excluded.verdict, asker = excluded.asker, topics = excluded.topics \
             WHERE excluded.verdict <> exchanges.verdict OR excluded.status <> exchanges.status \
             OR excluded.topics <> exchanges.topics OR COALESCE(excluded.asker, 0) <> COALESCE(exchanges.asker, 0)",
            placeholders(chunk.len(), COLUMNS)
        );
        let mut query = engine::query(AssertSqlSafe(sql));
        for (judged, ExchangeRow { id, status, asked, verdict, occurrence: _ }) in chunk {
            query = query
                .bind(judged.conversation.to_sql())
                .bind(id.to_sql())
                .bind(judged.channel.to_sql())
                .bind(status.as_str())
                .bind(verdict.as_str())
                .bind(asked.map(|asked| asked.asker.to_sql()))
                .bind(asked.map_or(0, |asked| asked.topics.0.cast_signed()));
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// An occurrence whose words or signals changed is touched, so that settling looks at it anew; until
/// then the index follows its cluster.
async fn upsert_occurrences(
    connection: &mut Transaction,
    occurrences: &[&Occurrence],
) -> Result<()> {
    const COLUMNS: usize = 5;
    for chunk in occurrences.chunks(MAX_BINDS / COLUMNS) {
        let sql = format!(
            "INSERT INTO occurrences (question, conversation, channel, grade, body) VALUES {} \
             ON CONFLICT (question) DO UPDATE SET conversation = excluded.conversation, \
             channel = excluded.channel, grade = excluded.grade, body = excluded.body, dirty = 1 \
             WHERE excluded.body <> occurrences.body RETURNING cluster",
            placeholders(chunk.len(), COLUMNS)
        );
        let mut query = engine::query_scalar::<Option<String>>(AssertSqlSafe(sql));
        for occurrence in chunk {
            query = query
                .bind(occurrence.question.message.to_sql())
                .bind(occurrence.conversation.to_sql())
                .bind(occurrence.channel.to_sql())
                .bind(crate::store::operations::counts::grade_name(occurrence.grade))
                .bind(write_occurrence(occurrence));
        }
        let touched = query.fetch_all(&mut *connection).await?;
        for cluster in touched.into_iter().flatten().collect::<BTreeSet<_>>() {
            add_change(connection, &cluster_id(&cluster)?).await?;
        }
    }
    Ok(())
}

/// Deletes the exchanges of conversations, and their occurrences, except `kept`. An exchange is kept in
/// its own conversation only: it may have moved there from another of them. A cluster that loses an
/// occurrence is left a note, so that settling finds it, and the index follows.
pub(in crate::store) async fn delete_exchanges(
    connection: &mut Transaction,
    conversations: &[ConversationId],
    kept: &[JudgedExchanges<'_>],
) -> Result<()> {
    let (questions, exchanges) = keys(kept);
    for ids in conversations.chunks(MAX_BINDS) {
        let list = id_list(ids.iter().map(|id| id.0));
        let lost = "conversation IN (SELECT value FROM json_each($1)) \
                    AND question NOT IN (SELECT value FROM json_each($2))";
        let note = format!(
            "UPDATE clusters SET shrunk = 1 WHERE id IN \
             (SELECT cluster FROM occurrences WHERE {lost})"
        );
        let change = format!(
            "INSERT INTO index_changes (cluster, at) \
             SELECT DISTINCT cluster, unixepoch() * 1000 FROM occurrences \
             WHERE {lost} AND cluster IS NOT NULL ORDER BY cluster"
        );
        let gone = format!(
            "UPDATE question_texts SET gone = 1 WHERE question IN \
             (SELECT question FROM occurrences WHERE {lost})"
        );
        let delete = format!("DELETE FROM occurrences WHERE {lost}");
        for sql in [note, change, gone, delete] {
            let query =
                engine::query(AssertSqlSafe(sql)).bind(list.clone()).bind(questions.clone());
            query.execute(&mut *connection).await?;
        }
        let delete = "DELETE FROM exchanges WHERE conversation IN (SELECT value FROM json_each($1)) \
                      AND (conversation, id) NOT IN \
                      (SELECT CAST(value ->> 0 AS INTEGER), CAST(value ->> 1 AS INTEGER) \
                      FROM json_each($2))";
        engine::query(delete).bind(list).bind(&exchanges).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The questions of these exchanges that are resolved, and, as JSON, each exchange with its conversation.
fn keys(kept: &[JudgedExchanges<'_>]) -> (Vec<i64>, String) {
    let rows = kept.iter().flat_map(|one| one.exchanges.iter().map(|row| (one.conversation, row)));
    // A question that moves takes its occurrence along, with the cluster that it is in.
    let occurrences = rows.clone().filter_map(|(_, exchange)| exchange.occurrence.as_ref());
    let questions = id_list(occurrences.map(|occurrence| occurrence.question.message));
    let exchanges = rows.map(|(conversation, row)| format!("[{},{}]", conversation.0.0, row.id.0));
    (questions, format!("[{}]", exchanges.collect::<Vec<_>>().join(",")))
}
