//! Known answers that were suggested to somebody who asks, and whether they helped.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rules::model::ids::{ChannelId, ClusterId, MessageId, UserId};
use serde::Serialize;

use super::cluster_rows::cluster_id;
use crate::store::engine;
use crate::store::judging::pending;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store};

/// One suggestion; a question gets at most one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    pub question: MessageId,
    pub channel: ChannelId,
    pub cluster: ClusterId,
    /// 0 to 1: how sure it was that the answer fits.
    pub confidence: f32,
    #[serde(with = "rules::time::milliseconds")]
    pub at: Timestamp,
    /// The message that suggests, once it is posted.
    pub posted: Option<MessageId>,
    /// What the asker said of it.
    pub helped: Option<bool>,
}

type Row = (i64, i64, String, f64, i64, Option<i64>, Option<bool>);

impl Store {
    /// Writes down that an answer will be suggested; true once per question.
    pub async fn suggest(&self, suggestion: &Suggestion) -> Result<bool> {
        let Suggestion { question, channel, cluster, confidence, at, posted, helped } = suggestion;
        let done = engine::query(
            "INSERT INTO suggestions (question, channel, cluster, confidence, at, posted, helped) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (question) DO NOTHING",
        )
        .bind(question.to_sql())
        .bind(channel.to_sql())
        .bind(cluster.as_str())
        .bind(f64::from(*confidence))
        .bind(at.to_sql())
        .bind(posted.map(|id| id.to_sql()))
        .bind(*helped)
        .execute(&self.write)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Notes which message suggests.
    pub async fn suggestion_posted(&self, question: MessageId, posted: MessageId) -> Result<()> {
        engine::query("UPDATE suggestions SET posted = $2 WHERE question = $1")
            .bind(question.to_sql())
            .bind(posted.to_sql())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Notes whether a suggestion helped, and has the question judged again. False where that changes
    /// nothing: the first to say so alone may say otherwise later.
    pub async fn answer_suggestion(
        &self,
        question: MessageId,
        helped: bool,
        by: UserId,
        at: Timestamp,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let channel = engine::query_scalar::<i64>(
            "UPDATE suggestions SET helped = $2, answered_by = $3, answered_at = $4 \
             WHERE question = $1 AND (helped IS NULL OR (helped <> $2 AND answered_by = $3)) \
             RETURNING channel",
        )
        .bind(question.to_sql())
        .bind(helped)
        .bind(by.to_sql())
        .bind(at.to_sql())
        .fetch_optional(&mut transaction)
        .await?;
        if let Some(channel) = channel {
            let channel = ChannelId::from_sql(channel);
            pending::mark_pending(&mut transaction, channel, &[question].into()).await?;
        }
        transaction.commit().await?;
        Ok(channel.is_some())
    }

    /// The questions of a channel that a suggested answer helped.
    pub async fn helped_questions(&self, channel: ChannelId) -> Result<BTreeSet<MessageId>> {
        let questions = engine::query_scalar::<i64>(
            "SELECT question FROM suggestions WHERE channel = $1 AND helped = 1",
        )
        .bind(channel.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(questions.into_iter().map(MessageId::from_sql).collect())
    }

    /// What was suggested to a question.
    pub async fn suggestion(&self, question: MessageId) -> Result<Option<Suggestion>> {
        let row = engine::query_as::<Row>(
            "SELECT question, channel, cluster, confidence, at, posted, helped FROM suggestions \
             WHERE question = $1",
        )
        .bind(question.to_sql())
        .fetch_optional(&self.read)
        .await?;
        row.map(suggestion).transpose()
    }
}

fn suggestion(row: Row) -> Result<Suggestion> {
    let (question, channel, cluster, confidence, at, posted, helped) = row;
    Ok(Suggestion {
        question: MessageId::from_sql(question),
        channel: ChannelId::from_sql(channel),
        cluster: cluster_id(&cluster)?,
        confidence: confidence as f32,
        at: Timestamp::from_sql(at),
        posted: posted.map(MessageId::from_sql),
        helped,
    })
}
