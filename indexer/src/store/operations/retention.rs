//! Old conversations that hold no answer, which an operator may choose not to keep.

use jiff::Timestamp;
use rules::model::ids::{ConversationId, MessageId};
use rules::time;

use crate::store::engine::{self, Transaction};
use crate::store::ingest::batch::place;
use crate::store::ingest::deletion;
use crate::store::ingest::reactions::drop_all;
use crate::store::judging::exchanges::delete_exchanges;
use crate::store::sql::SqlId;
use crate::store::{MAX_BINDS, Result, Store};

/// So many exchanges are looked at in one transaction: writers wait for that.
const EXCHANGES_AT_ONCE: u32 = 1_000;

/// For how many days after its end a conversation without a resolved exchange is kept; 0: for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetentionDays(pub u32);

impl RetentionDays {
    /// What ended before this message is not kept.
    fn cutoff(self, now: Timestamp) -> Option<MessageId> {
        (self.0 > 0).then(|| MessageId::min_at(time::minus(now, time::days(i64::from(self.0)))))
    }
}

/// What was dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DroppedConversations {
    pub conversations: u64,
    pub messages: u64,
}

impl Store {
    /// Deletes the conversations that ended too long ago and hold no resolved exchange, with their messages.
    /// Kept are those with a mark of a person, a suggested answer or a message that a merged
    /// answer stands on, and channels in which something waits to be judged.
    ///
    /// What is left is not judged again for it. No tombstone is written: an export that holds the messages
    /// brings them back, until the next time.
    pub async fn drop_unresolved(
        &self,
        kept: RetentionDays,
        now: Timestamp,
    ) -> Result<DroppedConversations> {
        let mut dropped = DroppedConversations::default();
        let Some(before) = kept.cutoff(now) else { return Ok(dropped) };
        for status in ["no-question", "open"] {
            let mut after = 0;
            while let Some(last) = self.last_of_batch(status, after, before).await? {
                let mut transaction = self.begin().await?;
                let gone = unresolved(&mut transaction, status, (after, last), before).await?;
                dropped.conversations += gone.len() as u64;
                dropped.messages += delete_messages(&mut transaction, &gone).await?;
                delete_exchanges(&mut transaction, &gone, &[]).await?;
                delete_conversations(&mut transaction, &gone).await?;
                transaction.commit().await?;
                after = last;
            }
        }
        Ok(dropped)
    }

    /// The last exchange of the next batch; `None` after the last one.
    async fn last_of_batch(
        &self,
        status: &str,
        after: i64,
        before: MessageId,
    ) -> Result<Option<i64>> {
        let last = engine::query_scalar(
            "SELECT MAX(id) FROM (SELECT id FROM exchanges WHERE status = $1 AND id > $2 AND id < $3 \
             ORDER BY id LIMIT $4) AS batch",
        )
        .bind(status)
        .bind(after)
        .bind(before.to_sql())
        .bind(EXCHANGES_AT_ONCE)
        .fetch_one(&self.read)
        .await?;
        Ok(last)
    }
}

/// The conversations to be dropped of these exchanges.
async fn unresolved(
    connection: &mut Transaction,
    status: &str,
    (after, last): (i64, i64),
    before: MessageId,
) -> Result<Vec<ConversationId>> {
    let rows = engine::query_scalar::<i64>(
        "SELECT DISTINCT conversations.id FROM exchanges AS one \
         JOIN conversations ON conversations.id = one.conversation \
         WHERE one.status = $1 AND one.id > $2 AND one.id <= $3 AND conversations.last < $4 \
         AND NOT EXISTS (SELECT 1 FROM pending WHERE pending.channel = conversations.channel) \
         AND NOT EXISTS (SELECT 1 FROM exchanges AS other WHERE other.conversation = conversations.id \
             AND (other.status IN ('resolved', 'helped') \
             OR EXISTS (SELECT 1 FROM suggestions WHERE question = other.id))) \
         AND NOT EXISTS (SELECT 1 FROM json_each(links) AS link \
             WHERE EXISTS (SELECT 1 FROM answer_marks WHERE answer_marks.channel = conversations.channel \
                 AND message = CAST(link.value ->> 0 AS INTEGER)) \
             OR EXISTS (SELECT 1 FROM merged_answer_evidence AS evidence \
                 WHERE evidence.channel = conversations.channel AND message = CAST(link.value ->> 0 AS INTEGER))) \
         ORDER BY conversations.id",
    )
    .bind(status)
    .bind(after)
    .bind(last)
    .bind(before.to_sql())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(ConversationId::from_sql).collect())
}

/// Deletes the messages of conversations; returns how many there were. The message that a thread was opened
/// from stands in the channel above.
async fn delete_messages(
    connection: &mut Transaction,
    conversations: &[ConversationId],
) -> Result<u64> {
    let rows = engine::query_as::<(i64, Option<i64>, i64)>(
        "SELECT channels.id, channels.parent, CAST(link.value ->> 0 AS INTEGER) \
         FROM json_each($1) AS one JOIN conversations ON conversations.id = one.value \
         JOIN channels ON channels.id = conversations.channel JOIN json_each(links) AS link ON TRUE",
    )
    .bind(id_list(conversations))
    .fetch_all(&mut *connection)
    .await?;
    let keys = rows.into_iter().flat_map(|(channel, above, id)| {
        [Some(channel), above].into_iter().flatten().map(move |channel| place(channel, id))
    });
    let mut count = 0;
    for chunk in keys.collect::<Vec<_>>().chunks(MAX_BINDS / 2) {
        let gone = deletion::delete(connection, chunk).await?;
        drop_all(connection, &gone).await?;
        count += gone.len() as u64;
    }
    Ok(count)
}

async fn delete_conversations(
    connection: &mut Transaction,
    conversations: &[ConversationId],
) -> Result<()> {
    engine::query("DELETE FROM conversations WHERE id IN (SELECT value FROM json_each($1))")
        .bind(id_list(conversations))
        .execute(connection)
        .await?;
    Ok(())
}

fn id_list(conversations: &[ConversationId]) -> Vec<i64> {
    conversations.iter().map(|id| id.to_sql()).collect()
}
