//! Conversations with the links of their messages.

use std::collections::BTreeSet;

use rules::model::ids::{ChannelId, ConversationId, MessageId};
use sqlx::AssertSqlSafe;

use super::exchanges::{ExchangeRow, JudgedExchanges, delete_exchanges, replace_exchanges};
use super::pending::PendingRange;
use super::returning_askers::{open_questions, settle_closed};
use super::stored_occurrence::read_occurrence;
use crate::store::engine::{self, Transaction};
use crate::store::sql::SqlId;
use crate::store::{MAX_BINDS, Result, Store, placeholders};

/// A conversation as judged, to be stored.
#[derive(Debug)]
pub struct ConversationRow {
    pub id: ConversationId,
    pub channel: ChannelId,
    pub last: MessageId,
    /// The links of its messages, written by the caller.
    pub links: String,
    /// By their first messages.
    pub exchanges: Vec<ExchangeRow>,
}

/// A conversation read back.
#[derive(Debug, Clone)]
pub struct StoredConversation {
    pub id: ConversationId,
    pub channel: ChannelId,
    pub links: String,
}

impl Store {
    /// The conversations of a channel that begin before `before` and go on at or after `from`, by id.
    pub async fn conversations_reaching(
        &self,
        channel: ChannelId,
        from: MessageId,
        before: MessageId,
    ) -> Result<Vec<StoredConversation>> {
        // The sign keeps SQLite from walking along the ids: few conversations go on for long.
        let rows = engine::query_as::<(i64, i64, String)>(
            "SELECT id, channel, links FROM conversations \
             WHERE channel = $1 AND last >= $2 AND +id < $3 ORDER BY id",
        )
        .bind(channel.to_sql())
        .bind(from.to_sql())
        .bind(before.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(stored).collect())
    }

    /// The conversations of a channel that begin in a range and go on after it, by id.
    pub async fn conversations_outlasting(
        &self,
        channel: ChannelId,
        range: PendingRange,
    ) -> Result<Vec<StoredConversation>> {
        let rows = engine::query_as::<(i64, i64, String)>(
            "SELECT id, channel, links FROM conversations \
             WHERE channel = $1 AND id BETWEEN $2 AND $3 AND last > $3 ORDER BY id",
        )
        .bind(channel.to_sql())
        .bind(range.first.to_sql())
        .bind(range.last.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(stored).collect())
    }

    /// The conversations of a channel that may hold a message: begun at or before it, not over then.
    pub async fn conversations_around(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<Vec<StoredConversation>> {
        let rows = engine::query_as::<(i64, i64, String)>(
            "SELECT id, channel, links FROM conversations \
             WHERE channel = $1 AND last >= $2 AND +id <= $2 ORDER BY id",
        )
        .bind(channel.to_sql())
        .bind(message.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(stored).collect())
    }

    pub async fn conversation(&self, id: ConversationId) -> Result<Option<StoredConversation>> {
        let row = engine::query_as::<(i64, i64, String)>(
            "SELECT id, channel, links FROM conversations WHERE id = $1",
        )
        .bind(id.to_sql())
        .fetch_optional(&self.read)
        .await?;
        Ok(row.map(stored))
    }

    /// The ids of a channel's conversations that begin in a range.
    pub async fn conversations_begun(
        &self,
        channel: ChannelId,
        range: PendingRange,
    ) -> Result<Vec<ConversationId>> {
        let rows = engine::query_scalar::<i64>(
            "SELECT id FROM conversations WHERE channel = $1 AND id BETWEEN $2 AND $3 \
             ORDER BY id",
        )
        .bind(channel.to_sql())
        .bind(range.first.to_sql())
        .bind(range.last.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(ConversationId::from_sql).collect())
    }

    /// The messages of a channel that ask and answer in clusters that people may have seen, and those
    /// that merged answers stand on, by id.
    pub async fn published_messages(&self, channel: ChannelId) -> Result<BTreeSet<MessageId>> {
        let rows = engine::query_as::<(i64, Option<i64>, String)>(
            "WITH places (channel, above) AS (SELECT id, \
             CASE WHEN kind IN ('thread', 'private-thread') THEN parent END \
             FROM channels WHERE id = $1 UNION ALL SELECT id, parent FROM channels \
             WHERE parent = $1 AND kind IN ('thread', 'private-thread')) \
             SELECT places.channel, above, body FROM places \
             CROSS JOIN occurrences ON occurrences.channel = places.channel \
             JOIN clusters ON clusters.id = occurrences.cluster \
             WHERE clusters.state IN ('due', 'drafted', 'proposed', 'known', 'retired', 'rejected')",
        )
        .bind(channel.to_sql())
        .fetch_all(&self.read)
        .await?;
        let mut cited = self.evidence_in(channel).await?;
        for (asked_in, above, body) in rows {
            let occurrence = read_occurrence(&body)?;
            let quotes = std::iter::once(&occurrence.question).chain(&occurrence.answers);
            let messages = quotes.map(|quote| quote.message);
            cited.extend(messages.filter(|message| {
                // The message that a thread was opened from stands in the channel above.
                let above = above.filter(|_| message.0 == asked_in as u64);
                above.unwrap_or(asked_in) as u64 == channel.0
            }));
        }
        Ok(cited)
    }

    /// Stores judged conversations with their exchanges and occurrences; what is equal already is not
    /// touched.
    pub async fn save_conversations(&self, judged: &[ConversationRow]) -> Result<()> {
        let mut transaction = self.begin().await?;
        upsert_conversations(&mut transaction, judged).await?;
        let exchanges = judged.iter().map(|one| JudgedExchanges {
            conversation: one.id,
            channel: one.channel,
            exchanges: &one.exchanges,
        });
        replace_exchanges(&mut transaction, &exchanges.collect::<Vec<_>>()).await?;
        Ok(transaction.commit().await?)
    }

    /// Removes conversations that are no more, with their exchanges and occurrences.
    pub async fn remove_conversations(&self, gone: &[ConversationId]) -> Result<()> {
        let mut transaction = self.begin().await?;
        let open = open_questions(&mut transaction, gone.iter().copied()).await?;
        for ids in gone.chunks(MAX_BINDS) {
            let sql =
                format!("DELETE FROM conversations WHERE id IN {}", placeholders(1, ids.len()));
            let mut query = engine::query(AssertSqlSafe(sql));
            for id in ids {
                query = query.bind(id.to_sql());
            }
            query.execute(&mut transaction).await?;
        }
        delete_exchanges(&mut transaction, gone, &[]).await?;
        settle_closed(&mut transaction, open.into_iter()).await?;
        Ok(transaction.commit().await?)
    }
}

pub(in crate::store) fn stored((id, channel, links): (i64, i64, String)) -> StoredConversation {
    StoredConversation {
        id: ConversationId::from_sql(id),
        channel: ChannelId::from_sql(channel),
        links,
    }
}

async fn upsert_conversations(
    connection: &mut Transaction,
    judged: &[ConversationRow],
) -> Result<()> {
    const COLUMNS: usize = 4;
    for chunk in judged.chunks(MAX_BINDS / COLUMNS) {
        let sql = format!(
            "INSERT INTO conversations (id, channel, last, links) VALUES {} \
             ON CONFLICT (id) DO UPDATE SET last = excluded.last, links = excluded.links \
             WHERE excluded.links <> conversations.links",
            placeholders(chunk.len(), COLUMNS)
        );
        let mut query = engine::query(AssertSqlSafe(sql));
        for ConversationRow { id, channel, last, links, exchanges: _ } in chunk {
            query = query
                .bind(id.to_sql())
                .bind(channel.to_sql())
                .bind(last.to_sql())
                .bind(links.as_str());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
