//! Conversations with their links and verdicts, and the occurrences they come to.

use std::collections::BTreeSet;

use rules::model::cluster::Occurrence;
use rules::model::ids::{ChannelId, ConversationId, MessageId};
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::pending::PendingRange;
use crate::store::clusters::cluster_rows::{add_change, cluster_id};
use crate::store::{MAX_BINDS, Result, Store, from_json, placeholders, to_json};

/// A conversation as judged, to be stored.
#[derive(Debug)]
pub struct ConversationRow {
    pub id: ConversationId,
    pub channel: ChannelId,
    pub last: MessageId,
    /// The links of its messages, written by the caller.
    pub links: String,
    pub status: ConversationStatus,
    /// The verdict with its reasons, written by the caller.
    pub verdict: String,
    /// Present exactly where the question is resolved.
    pub occurrence: Option<Occurrence>,
}

/// What a conversation came to, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationStatus {
    NoQuestion,
    Open,
    /// Nobody answered, but a suggested known answer helped. It is no evidence of anything.
    Helped,
    Resolved,
}

impl ConversationStatus {
    pub(in crate::store) fn as_str(self) -> &'static str {
        match self {
            Self::NoQuestion => "no-question",
            Self::Open => "open",
            Self::Helped => "helped",
            Self::Resolved => "resolved",
        }
    }
}

/// A conversation read back.
#[derive(Debug, Clone)]
pub struct StoredConversation {
    pub id: ConversationId,
    pub channel: ChannelId,
    pub links: String,
    pub verdict: String,
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
        let rows = sqlx::query_as::<_, (i64, i64, String, String)>(
            "SELECT id, channel, links, verdict FROM conversations \
             WHERE channel = $1 AND last >= $2 AND +id < $3 ORDER BY id",
        )
        .bind(channel.0 as i64)
        .bind(from.0 as i64)
        .bind(before.0 as i64)
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
        let rows = sqlx::query_as::<_, (i64, i64, String, String)>(
            "SELECT id, channel, links, verdict FROM conversations \
             WHERE channel = $1 AND id BETWEEN $2 AND $3 AND last > $3 ORDER BY id",
        )
        .bind(channel.0 as i64)
        .bind(range.first.0 as i64)
        .bind(range.last.0 as i64)
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
        let rows = sqlx::query_as::<_, (i64, i64, String, String)>(
            "SELECT id, channel, links, verdict FROM conversations \
             WHERE channel = $1 AND last >= $2 AND +id <= $2 ORDER BY id",
        )
        .bind(channel.0 as i64)
        .bind(message.0 as i64)
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(stored).collect())
    }

    pub async fn conversation(&self, id: ConversationId) -> Result<Option<StoredConversation>> {
        let row = sqlx::query_as::<_, (i64, i64, String, String)>(
            "SELECT id, channel, links, verdict FROM conversations WHERE id = $1",
        )
        .bind(id.0.0 as i64)
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
        let rows = sqlx::query_scalar::<_, i64>(
            "SELECT id FROM conversations WHERE channel = $1 AND id BETWEEN $2 AND $3 \
             ORDER BY id",
        )
        .bind(channel.0 as i64)
        .bind(range.first.0 as i64)
        .bind(range.last.0 as i64)
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(|id| ConversationId(MessageId(id as u64))).collect())
    }

    /// The messages that ask and answer in clusters that people may have seen, and those that merged
    /// answers stand on, by channel and id.
    pub async fn published_messages(&self) -> Result<Vec<(ChannelId, MessageId)>> {
        let bodies = sqlx::query_scalar::<_, String>(
            "SELECT body FROM occurrences JOIN clusters ON clusters.id = occurrences.cluster \
             WHERE clusters.state <> 'watching'",
        )
        .fetch_all(&self.read)
        .await?;
        let mut cited = BTreeSet::new();
        for body in bodies {
            let occurrence = from_json::<Occurrence>("an occurrence", &body)?;
            let quotes = std::iter::once(&occurrence.question).chain(&occurrence.answers);
            cited.extend(quotes.map(|quote| (occurrence.channel, quote.message)));
        }
        cited.extend(self.evidence_places().await?);
        Ok(cited.into_iter().collect())
    }

    /// Stores judged conversations with their occurrences; what is equal already is not touched.
    pub async fn save_conversations(&self, judged: &[ConversationRow]) -> Result<()> {
        let mut transaction = self.begin().await?;
        upsert_conversations(&mut transaction, judged).await?;
        let (settled, unsettled): (Vec<_>, Vec<_>) =
            judged.iter().partition(|conversation| conversation.occurrence.is_some());
        upsert_occurrences(&mut transaction, &settled).await?;
        let unsettled = unsettled.iter().map(|conversation| conversation.id).collect::<Vec<_>>();
        delete_occurrences(&mut transaction, &unsettled).await?;
        Ok(transaction.commit().await?)
    }

    /// Removes conversations that are no more, with their occurrences.
    pub async fn remove_conversations(&self, gone: &[ConversationId]) -> Result<()> {
        let mut transaction = self.begin().await?;
        for ids in gone.chunks(MAX_BINDS) {
            let sql =
                format!("DELETE FROM conversations WHERE id IN {}", placeholders(1, 1, ids.len()));
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for id in ids {
                query = query.bind(id.0.0 as i64);
            }
            query.execute(&mut *transaction).await?;
        }
        delete_occurrences(&mut transaction, gone).await?;
        Ok(transaction.commit().await?)
    }
}

pub(in crate::store) fn stored(
    (id, channel, links, verdict): (i64, i64, String, String),
) -> StoredConversation {
    StoredConversation {
        id: ConversationId(MessageId(id as u64)),
        channel: ChannelId(channel as u64),
        links,
        verdict,
    }
}

async fn upsert_conversations(
    connection: &mut SqliteConnection,
    judged: &[ConversationRow],
) -> Result<()> {
    const COLUMNS: usize = 6;
    for chunk in judged.chunks(MAX_BINDS / COLUMNS) {
        let sql = format!(
            "INSERT INTO conversations (id, channel, last, links, status, verdict) VALUES {} \
             ON CONFLICT (id) DO UPDATE SET last = excluded.last, links = excluded.links, \
             status = excluded.status, verdict = excluded.verdict \
             WHERE excluded.links <> conversations.links OR excluded.verdict <> conversations.verdict \
             OR excluded.status <> conversations.status",
            placeholders(1, chunk.len(), COLUMNS)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for ConversationRow { id, channel, last, links, status, verdict, occurrence: _ } in chunk {
            query = query
                .bind(id.0.0 as i64)
                .bind(channel.0 as i64)
                .bind(last.0 as i64)
                .bind(links.as_str())
                .bind(status.as_str())
                .bind(verdict.as_str());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// An occurrence whose words or signals changed is touched, so that settling looks at it anew; until
/// then the index follows its cluster.
async fn upsert_occurrences(
    connection: &mut SqliteConnection,
    judged: &[&ConversationRow],
) -> Result<()> {
    const COLUMNS: usize = 5;
    let occurrences = judged
        .iter()
        .filter_map(|conversation| conversation.occurrence.as_ref())
        .collect::<Vec<_>>();
    for chunk in occurrences.chunks(MAX_BINDS / COLUMNS) {
        let sql = format!(
            "INSERT INTO occurrences (conversation, channel, question, grade, body) VALUES {} \
             ON CONFLICT (conversation) DO UPDATE SET question = excluded.question, \
             grade = excluded.grade, body = excluded.body, dirty = 1 \
             WHERE excluded.body <> occurrences.body RETURNING cluster",
            placeholders(1, chunk.len(), COLUMNS)
        );
        let mut query = sqlx::query_scalar::<_, Option<String>>(AssertSqlSafe(sql));
        for occurrence in chunk {
            query = query
                .bind(occurrence.conversation.0.0 as i64)
                .bind(occurrence.channel.0 as i64)
                .bind(occurrence.question.message.0 as i64)
                .bind(crate::store::operations::counts::grade_name(occurrence.grade))
                .bind(to_json(occurrence));
        }
        let touched = query.fetch_all(&mut *connection).await?;
        for cluster in touched.into_iter().flatten().collect::<BTreeSet<_>>() {
            add_change(connection, &cluster_id(&cluster)?).await?;
        }
    }
    Ok(())
}

/// A cluster that loses an occurrence is left a note, so that settling finds it, and the index follows.
async fn delete_occurrences(
    connection: &mut SqliteConnection,
    conversations: &[ConversationId],
) -> Result<()> {
    for ids in conversations.chunks(MAX_BINDS) {
        let list = placeholders(1, 1, ids.len());
        let note = format!(
            "UPDATE clusters SET shrunk = 1 WHERE id IN \
             (SELECT cluster FROM occurrences WHERE conversation IN {list})"
        );
        let change = format!(
            "INSERT INTO index_changes (cluster) SELECT DISTINCT cluster FROM occurrences \
             WHERE conversation IN {list} AND cluster IS NOT NULL ORDER BY cluster"
        );
        let delete = format!("DELETE FROM occurrences WHERE conversation IN {list}");
        for sql in [note, change, delete] {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for id in ids {
                query = query.bind(id.0.0 as i64);
            }
            query.execute(&mut *connection).await?;
        }
    }
    Ok(())
}
