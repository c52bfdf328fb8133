//! What people said by hand about a message: it answers, or it does not.

use jiff::Timestamp;
use rules::disentangle::AnswerMark;
use rules::model::ids::{ChannelId, MessageId, UserId};
use sqlx::AssertSqlSafe;

use super::pending;
use crate::store::engine::{self, Transaction};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, Store, placeholders};

/// One person's word on one message; a later one replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerMarkRow {
    pub channel: ChannelId,
    pub message: MessageId,
    pub by: UserId,
    /// Whether it is the answer, or is not.
    pub answers: bool,
    pub at: Timestamp,
}

impl Store {
    /// Stores a mark and has the channel judged again from the message on.
    pub async fn set_mark(&self, mark: &AnswerMarkRow) -> Result<()> {
        let AnswerMarkRow { channel, message, by, answers, at } = *mark;
        self.change_mark(channel, message, by, Some(answers), at).await?;
        Ok(())
    }

    /// Takes a person's mark back; false if there was none to take back.
    pub async fn revoke_mark(
        &self,
        channel: ChannelId,
        message: MessageId,
        by: UserId,
        at: Timestamp,
    ) -> Result<bool> {
        self.change_mark(channel, message, by, None, at).await
    }

    /// Whether anybody marked a message of a channel.
    pub async fn has_marks(&self, channel: ChannelId) -> Result<bool> {
        Ok(engine::query_scalar("SELECT EXISTS (SELECT 1 FROM answer_marks WHERE channel = $1)")
            .bind(channel.to_sql())
            .fetch_one(&self.read)
            .await?)
    }

    /// The marks on these messages, by time.
    pub async fn marks(
        &self,
        channel: ChannelId,
        messages: &[MessageId],
    ) -> Result<Vec<AnswerMark>> {
        let mut found = Vec::new();
        for ids in messages.chunks(MAX_BINDS - 1) {
            let sql = format!(
                "SELECT at, message, by_user, answers FROM answer_marks \
                 WHERE channel = ? AND message IN {} AND answers IS NOT NULL",
                placeholders(1, ids.len())
            );
            let mut query = engine::query_as::<(i64, i64, i64, bool)>(AssertSqlSafe(sql))
                .bind(channel.to_sql());
            for id in ids {
                query = query.bind(id.to_sql());
            }
            found.extend(query.fetch_all(&self.read).await?);
        }
        found.sort_unstable();
        found.dedup();
        let mark = |(_, message, by, answers)| AnswerMark {
            message: MessageId::from_sql(message),
            by: UserId::from_sql(by),
            answers,
        };
        Ok(found.into_iter().map(mark).collect())
    }

    async fn change_mark(
        &self,
        channel: ChannelId,
        message: MessageId,
        by: UserId,
        answers: Option<bool>,
        at: Timestamp,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let before = current_mark(&mut transaction, channel, message, by).await?;
        upsert(&mut transaction, channel, message, by, answers, at).await?;
        let after = current_mark(&mut transaction, channel, message, by).await?;
        if before != after {
            pending::mark_pending(&mut transaction, channel, &[message].into()).await?;
        }
        transaction.commit().await?;
        Ok(before != after)
    }
}

async fn current_mark(
    connection: &mut Transaction,
    channel: ChannelId,
    message: MessageId,
    by: UserId,
) -> Result<Option<bool>> {
    let answers = engine::query_scalar::<Option<bool>>(
        "SELECT answers FROM answer_marks WHERE channel = $1 AND message = $2 AND by_user = $3",
    )
    .bind(channel.to_sql())
    .bind(message.to_sql())
    .bind(by.to_sql())
    .fetch_optional(connection)
    .await?;
    Ok(answers.flatten())
}

async fn upsert(
    connection: &mut Transaction,
    channel: ChannelId,
    message: MessageId,
    by: UserId,
    answers: Option<bool>,
    at: Timestamp,
) -> Result<()> {
    engine::query(
        "INSERT INTO answer_marks (channel, message, by_user, answers, at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (channel, message, by_user) DO UPDATE \
         SET answers = excluded.answers, at = excluded.at WHERE excluded.at >= answer_marks.at",
    )
    .bind(channel.to_sql())
    .bind(message.to_sql())
    .bind(by.to_sql())
    .bind(answers)
    .bind(at.to_sql())
    .execute(connection)
    .await?;
    Ok(())
}
