//! Notices to askers about their questions, each sent once.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId};
use serde::Serialize;

use crate::store::engine;
use crate::store::judging::exchanges::{StoredExchange, stored};
use crate::store::judging::pending;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store};

/// Why the bot writes to somebody who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// An answer waits for the asker's word.
    Nudge,
    /// The question has a page.
    Page,
}

impl NoticeKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Nudge => "nudge",
            Self::Page => "page",
        }
    }
}

/// A notice to the asker of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AskerNotice {
    pub kind: NoticeKind,
    pub question: MessageId,
    pub channel: ChannelId,
    #[serde(with = "rules::time::milliseconds")]
    pub at: Timestamp,
}

impl Store {
    /// Records that an asker will get a notice; true once for each question and kind, and only
    /// while fewer than `most` notices stand in the channel since `since`.
    pub async fn record_notice(
        &self,
        notice: &AskerNotice,
        most: u32,
        since: Timestamp,
    ) -> Result<bool> {
        let done = engine::query(
            "INSERT INTO asker_notices (kind, question, channel, at) SELECT $1, $2, $3, $4 WHERE \
             (SELECT COUNT(*) FROM asker_notices WHERE channel = $3 AND at > $6) < $5 \
             ON CONFLICT (kind, question) DO NOTHING",
        )
        .bind(notice.kind.as_str())
        .bind(notice.question.to_sql())
        .bind(notice.channel.to_sql())
        .bind(notice.at.to_sql())
        .bind(most)
        .bind(since.to_sql())
        .execute(&self.write)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Whether the asker of a question got this notice.
    pub async fn has_notice(&self, kind: NoticeKind, question: MessageId) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM asker_notices WHERE kind = $1 AND question = $2)";
        let exists = engine::query_scalar(sql).bind(kind.as_str()).bind(question.to_sql());
        Ok(exists.fetch_one(&self.read).await?)
    }

    /// The notices that the asker of a question got.
    pub(crate) async fn notices_of(&self, question: MessageId) -> Result<Vec<AskerNotice>> {
        let mut found = Vec::new();
        for kind in [NoticeKind::Nudge, NoticeKind::Page] {
            let row = engine::query_as::<(i64, i64)>(
                "SELECT channel, at FROM asker_notices WHERE kind = $1 AND question = $2",
            );
            let row = row.bind(kind.as_str()).bind(question.to_sql());
            let row = row.fetch_optional(&self.read).await?;
            found.extend(row.map(|(channel, at)| {
                let (channel, at) = (ChannelId::from_sql(channel), Timestamp::from_sql(at));
                AskerNotice { kind, question, channel, at }
            }));
        }
        Ok(found)
    }

    /// Stores whether the asker, when nudged, says that it is no question, and has it judged again. False
    /// where that changes nothing.
    pub async fn decline_question(&self, question: MessageId, declined: bool) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let channel = engine::query_scalar::<i64>(
            "UPDATE asker_notices SET declined = $2 \
             WHERE kind = 'nudge' AND question = $1 AND declined <> $2 RETURNING channel",
        )
        .bind(question.to_sql())
        .bind(declined)
        .fetch_optional(&mut transaction)
        .await?;
        if let Some(channel) = channel {
            let channel = ChannelId::from_sql(channel);
            pending::mark_pending(&mut transaction, channel, &[question].into()).await?;
        }
        transaction.commit().await?;
        Ok(channel.is_some())
    }

    /// The messages of a channel that their authors say are no questions.
    pub async fn declined_questions(&self, channel: ChannelId) -> Result<BTreeSet<MessageId>> {
        let questions = engine::query_scalar::<i64>(
            "SELECT question FROM asker_notices WHERE channel = $1 AND declined <> 0",
        )
        .bind(channel.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(questions.into_iter().map(MessageId::from_sql).collect())
    }

    /// The exchanges with a question, open or resolved, that began in a range, by id.
    pub async fn asked_between(
        &self,
        from: MessageId,
        until: MessageId,
    ) -> Result<Vec<StoredExchange>> {
        let rows = engine::query_as::<(i64, i64, i64, String)>(
            "SELECT id, conversation, channel, verdict FROM exchanges \
             WHERE status IN ('open', 'resolved') AND id BETWEEN $1 AND $2 ORDER BY id",
        )
        .bind(from.to_sql())
        .bind(until.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(stored).collect())
    }
}
