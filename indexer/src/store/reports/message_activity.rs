//! Messages by channel and day.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId};
use rules::time;

use crate::store::engine;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store};

/// The messages of one channel on one day, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityDay {
    pub channel: ChannelId,
    /// Days since the Unix epoch.
    pub day: i64,
    /// Messages of people and programs, without Discord's notices.
    pub messages: u64,
    /// Messages of a kind that this version does not know.
    pub unknown: u64,
}

/// The payloads that came on one day and could not be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadDay {
    pub day: i64,
    pub payloads: u64,
}

impl Store {
    /// Messages sent from `since` until before `until` in channels in scope, by channel and day.
    pub async fn message_activity(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ActivityDay>> {
        let rows = engine::query_as::<(i64, i64, i64, i64)>(
            "SELECT channel, sent / $3 AS day, COUNT(*) FILTER (WHERE messages.kind IN ('default', 'reply', 'command')), \
             COUNT(*) FILTER (WHERE messages.kind = 'other') FROM channels CROSS JOIN messages \
             ON messages.channel = channels.id AND messages.id BETWEEN $1 AND $2 \
             WHERE outside = 0 GROUP BY 1, 2 ORDER BY 1, 2",
        )
        .bind(MessageId::min_at(since).to_sql())
        .bind(MessageId::min_at(until).to_sql() - 1)
        .bind(time::days(1).to_sql())
        .fetch_all(&self.read)
        .await?;
        let day = |(channel, day, messages, unknown): (i64, i64, i64, i64)| ActivityDay {
            channel: ChannelId::from_sql(channel),
            day,
            messages: messages as u64,
            unknown: unknown as u64,
        };
        Ok(rows.into_iter().map(day).collect())
    }

    /// When the newest stored message was sent, by its id.
    pub async fn newest_message(&self) -> Result<Option<Timestamp>> {
        let newest = engine::query_scalar::<Option<i64>>(
            "SELECT MAX((SELECT MAX(id) FROM messages WHERE channel = channels.id)) FROM channels",
        )
        .fetch_one(&self.read)
        .await?;
        Ok(newest.map(|id| MessageId::from_sql(id).created_at()))
    }

    /// Payloads that came from `since` until before `until` and could not be parsed, by day.
    pub async fn unread_payloads(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<UnreadDay>> {
        let rows = engine::query_as::<(i64, i64)>(
            "SELECT seen / $3, COUNT(*) FROM quarantine WHERE seen >= $1 AND seen < $2 \
             GROUP BY 1 ORDER BY 1",
        )
        .bind(since.to_sql())
        .bind(until.to_sql())
        .bind(time::days(1).to_sql())
        .fetch_all(&self.read)
        .await?;
        let day = |(day, payloads): (i64, i64)| UnreadDay { day, payloads: payloads as u64 };
        Ok(rows.into_iter().map(day).collect())
    }

    /// The words of messages sent from `since` until before `until` by people in one channel, by id, at most
    /// `limit` after a message.
    pub async fn talk_of_people(
        &self,
        channel: ChannelId,
        after: MessageId,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<(MessageId, String)>> {
        let rows = engine::query_as::<(i64, String)>(
            "SELECT id, text FROM messages WHERE channel = $1 AND id > $2 AND id < $3 AND bot = 0 \
             AND kind IN ('default', 'reply') ORDER BY id LIMIT $4",
        )
        .bind(channel.to_sql())
        .bind(after.to_sql())
        .bind(MessageId::min_at(until).to_sql())
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(|(id, text)| (MessageId::from_sql(id), text)).collect())
    }
}
