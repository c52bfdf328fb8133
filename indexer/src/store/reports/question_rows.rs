//! The questions of a span of time with what became of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rules::model::cluster::Occurrence;
use rules::model::ids::{ChannelId, ClusterId, ConversationId, MessageId, UserId};
use rules::resolution::ResolutionGrade;
use rules::time;
use sqlx::AssertSqlSafe;

use crate::store::clusters::cluster_rows::cluster_id;
use crate::store::engine::{self, named_row};
use crate::store::judging::stored_occurrence::read_occurrence;
use crate::store::judging::stored_verdict::read_verdict;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, Store, StoreError, placeholders};

/// A question of an exchange. `Debug` hides the words.
#[derive(Clone, PartialEq, Eq)]
pub struct AskedQuestionRow {
    pub conversation: ConversationId,
    /// The exchange: its first message.
    pub exchange: MessageId,
    pub channel: ChannelId,
    /// `open`, `helped` or `resolved`.
    pub status: String,
    /// The messages that ask, earliest first.
    pub messages: Vec<MessageId>,
    pub asker: UserId,
    pub asked: Timestamp,
    /// The messages that answer or try to, best first.
    pub answers: Vec<MessageId>,
    /// Present exactly where it is resolved.
    pub occurrence: Option<OccurrenceFigures>,
}

/// What reports need of an occurrence.
#[derive(Clone, PartialEq, Eq)]
pub struct OccurrenceFigures {
    pub cluster: Option<ClusterId>,
    pub grade: ResolutionGrade,
    pub answered: Timestamp,
    pub answerer: UserId,
    /// As on Discord; published only where the operator has chosen so.
    pub answerer_name: String,
    pub question: String,
    pub answer: String,
}

impl std::fmt::Debug for AskedQuestionRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AskedQuestionRow")
            .field("exchange", &self.exchange)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

named_row! {
    struct QuestionRow {
        conversation: i64,
        id: i64,
        channel: i64,
        status: String,
        verdict: String,
        cluster: Option<String>,
        body: Option<String>,
    }
}

impl Store {
    /// The questions asked from `since` until before `until`, by their first message. One whose exchange
    /// began more than a day before it asks is left out.
    pub async fn questions_asked(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<AskedQuestionRow>> {
        let rows = engine::query_as::<QuestionRow>(
            "SELECT exchanges.conversation, exchanges.id, exchanges.channel, status, \
             verdict, cluster, body FROM exchanges LEFT JOIN occurrences ON status = 'resolved' \
             AND occurrences.question = CAST(json_extract(verdict, '$.q[0]') AS INTEGER) \
             WHERE status IN ('open', 'helped', 'resolved') AND exchanges.id BETWEEN $1 AND $2",
        )
        .bind(MessageId::min_at(time::minus(since, time::days(1))).0 as i64)
        .bind(MessageId::min_at(until).to_sql() - 1)
        .fetch_all(&self.read)
        .await?;
        // A question that is in two conversations while one of them is judged again counts once.
        let mut asked = BTreeMap::new();
        for row in rows {
            let row = asked_question(row)?;
            if (since..until).contains(&row.asked) {
                asked.entry(row.messages[0]).or_insert(row);
            }
        }
        Ok(asked.into_values().collect())
    }

    /// Who wrote the messages of conversations, programs left out, by conversation and message.
    pub async fn people_in(
        &self,
        conversations: &BTreeSet<ConversationId>,
    ) -> Result<BTreeMap<ConversationId, Vec<(MessageId, UserId)>>> {
        let mut found = BTreeMap::<_, Vec<_>>::new();
        let ids = conversations.iter().map(|id| id.to_sql()).collect::<Vec<_>>();
        for ids in ids.chunks(MAX_BINDS) {
            let sql = format!(
                "SELECT conversations.id, messages.id, messages.author FROM conversations \
                 JOIN json_each(conversations.links) AS link ON TRUE \
                 CROSS JOIN messages ON messages.channel = conversations.channel \
                 AND messages.id = CAST(link.value ->> 0 AS INTEGER) \
                 WHERE conversations.id IN {} AND bot = 0 ORDER BY 1, 2",
                placeholders(1, ids.len())
            );
            let mut query = engine::query_as::<(i64, i64, i64)>(AssertSqlSafe(sql));
            for id in ids {
                query = query.bind(*id);
            }
            for (conversation, message, author) in query.fetch_all(&self.read).await? {
                let conversation = ConversationId::from_sql(conversation);
                let said = (MessageId::from_sql(message), UserId::from_sql(author));
                found.entry(conversation).or_default().push(said);
            }
        }
        Ok(found)
    }

    /// What people said in a channel from `since` until before `until`, with its time, by id. Programs are no
    /// people.
    pub async fn texts_posted(
        &self,
        channel: ChannelId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(MessageId, Timestamp, String)>> {
        let rows = engine::query_as::<(i64, i64, String)>(
            "SELECT id, sent, text FROM messages WHERE channel = $1 AND id BETWEEN $2 AND $3 \
             AND bot = 0 ORDER BY id",
        )
        .bind(channel.to_sql())
        .bind(MessageId::min_at(since).to_sql())
        .bind(MessageId::min_at(until).to_sql() - 1)
        .fetch_all(&self.read)
        .await?;
        let said = |(id, sent, text): (i64, i64, String)| {
            (MessageId::from_sql(id), Timestamp::from_sql(sent), text)
        };
        Ok(rows.into_iter().map(said).collect())
    }

    /// The words of messages of one channel, by id.
    pub async fn message_texts(
        &self,
        channel: ChannelId,
        messages: &[MessageId],
    ) -> Result<BTreeMap<MessageId, String>> {
        let mut texts = BTreeMap::new();
        for ids in messages.chunks(MAX_BINDS) {
            let sql = format!(
                "SELECT id, text FROM messages WHERE channel = ? AND id IN {}",
                placeholders(1, ids.len())
            );
            let mut query =
                engine::query_as::<(i64, String)>(AssertSqlSafe(sql)).bind(channel.to_sql());
            for id in ids {
                query = query.bind(id.to_sql());
            }
            let rows = query.fetch_all(&self.read).await?;
            texts.extend(rows.into_iter().map(|(id, text)| (MessageId::from_sql(id), text)));
        }
        Ok(texts)
    }
}

fn no_question() -> StoreError {
    StoreError::Unreadable { what: "a verdict", source: "it names no question".into() }
}

fn asked_question(row: QuestionRow) -> Result<AskedQuestionRow> {
    let verdict = read_verdict(&row.verdict)?;
    let question = verdict.question().ok_or_else(no_question)?;
    let figures = |body: String| -> Result<_> {
        let Occurrence { question, mut answers, grade, .. } = read_occurrence(&body)?;
        let answer = answers.swap_remove(0);
        Ok(OccurrenceFigures {
            cluster: row.cluster.as_deref().map(cluster_id).transpose()?,
            grade,
            answered: answer.sent,
            answerer: answer.author,
            answerer_name: answer.author_name,
            question: question.text,
            answer: answer.text,
        })
    };
    Ok(AskedQuestionRow {
        conversation: ConversationId::from_sql(row.conversation),
        exchange: MessageId::from_sql(row.id),
        channel: ChannelId::from_sql(row.channel),
        status: row.status,
        messages: question.messages.clone(),
        asker: question.asker,
        asked: question.asked,
        answers: verdict.answers().iter().map(|answer| answer.message).collect(),
        occurrence: row.body.map(figures).transpose()?,
    })
}
