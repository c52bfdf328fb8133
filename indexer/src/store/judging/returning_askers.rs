//! Askers who come back with a question that counted as resolved: it was not.
//!
//! An exchange is reopened while a later one of its asker, about the same, in the same server and within
//! [`RETURN_WITHIN`], is open. That is a function of the stored exchanges, in whatever order they come.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use rules::disentangle::TopicSketch;
use rules::model::ids::{ChannelId, ConversationId, MessageId};
use sqlx::AssertSqlSafe;

use super::pending::{WHOLE_CHANNEL, mark_pending};
use crate::store::Result;
use crate::store::engine::{self, Transaction};
use crate::store::sql::SqlId;

/// Two weeks, as a distance of message ids: who asks the same after a longer time has met it anew.
const RETURN_WITHIN: i64 = (SignedDuration::from_hours(14 * 24).as_millis() as i64) << 22;

/// The open questions of conversations, by their keys.
pub(super) async fn open_questions(
    connection: &mut Transaction,
    conversations: impl Iterator<Item = ConversationId>,
) -> Result<BTreeSet<UnsettledQuestion>> {
    let ids = conversations.map(|id| id.to_sql()).collect::<Vec<_>>();
    let rows = engine::query_as::<(i64, i64, i64)>(
        "SELECT exchanges.conversation, exchanges.id, asker FROM json_each($1) AS judged \
         CROSS JOIN exchanges ON exchanges.conversation = judged.value \
         WHERE status = 'open' AND asker IS NOT NULL",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    let question = |(conversation, id, asker)| UnsettledQuestion { conversation, id, asker };
    Ok(rows.into_iter().map(question).collect())
}

/// An open question as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UnsettledQuestion {
    conversation: i64,
    id: i64,
    asker: i64,
}

/// Has what these questions had reopened judged again, for they are open no more.
pub(super) async fn settle_closed(
    connection: &mut Transaction,
    closed: impl Iterator<Item = UnsettledQuestion>,
) -> Result<()> {
    let closed = closed.map(|one| format!("[{},{}]", one.asker, one.id)).collect::<Vec<_>>();
    if closed.is_empty() {
        return Ok(());
    }
    let rows = engine::query_as::<(i64, i64, bool)>(
        "SELECT earlier.channel, earlier.id, channels.kind IN ('thread', 'private-thread') \
         FROM json_each($1) AS later CROSS JOIN exchanges AS earlier \
         ON earlier.asker = CAST(later.value ->> 0 AS INTEGER) AND earlier.status = 'reopened' \
         AND earlier.id BETWEEN CAST(later.value ->> 1 AS INTEGER) - $2 \
         AND CAST(later.value ->> 1 AS INTEGER) - 1 \
         JOIN channels ON channels.id = earlier.channel",
    )
    .bind(format!("[{}]", closed.join(",")))
    .bind(RETURN_WITHIN)
    .fetch_all(&mut *connection)
    .await?;
    let mut changed = BTreeMap::<ChannelId, BTreeSet<MessageId>>::new();
    for (channel, id, is_thread) in rows {
        // The message that a thread was opened from stands in the channel above.
        let first = if is_thread { WHOLE_CHANNEL } else { MessageId::from_sql(id) };
        changed.entry(ChannelId::from_sql(channel)).or_default().insert(first);
    }
    for (channel, messages) in changed {
        mark_pending(connection, channel, &messages).await?;
    }
    Ok(())
}

/// Reopens what these exchanges reopen, and those of them that are reopened.
pub(super) async fn reopen(
    connection: &mut Transaction,
    asked: impl Iterator<Item = (ConversationId, MessageId)>,
) -> Result<()> {
    let keys = asked.map(|(conversation, id)| format!("[{},{}]", conversation.0.0, id.0));
    let keys = format!("[{}]", keys.collect::<Vec<_>>().join(","));
    let mut reopened = BTreeSet::new();
    for sql in [
        "SELECT earlier.conversation, earlier.id, earlier.topics, later.topics \
         FROM json_each($1) AS judged CROSS JOIN exchanges AS earlier \
         ON earlier.conversation = CAST(judged.value ->> 0 AS INTEGER) \
         AND earlier.id = CAST(judged.value ->> 1 AS INTEGER) \
         AND earlier.status = 'resolved' \
         CROSS JOIN exchanges AS later ON later.asker = earlier.asker AND later.status = 'open' \
         AND later.id BETWEEN earlier.id + 1 AND earlier.id + $2 \
         AND (later.topics & earlier.topics) <> 0 \
         JOIN channels AS here ON here.id = earlier.channel \
         JOIN channels AS there ON there.id = later.channel AND there.guild = here.guild",
        "SELECT earlier.conversation, earlier.id, earlier.topics, later.topics \
         FROM json_each($1) AS judged CROSS JOIN exchanges AS later \
         ON later.conversation = CAST(judged.value ->> 0 AS INTEGER) \
         AND later.id = CAST(judged.value ->> 1 AS INTEGER) \
         AND later.status = 'open' \
         CROSS JOIN exchanges AS earlier ON earlier.asker = later.asker \
         AND earlier.status = 'resolved' AND earlier.id BETWEEN later.id - $2 AND later.id - 1 \
         AND (later.topics & earlier.topics) <> 0 \
         JOIN channels AS here ON here.id = earlier.channel \
         JOIN channels AS there ON there.id = later.channel AND there.guild = here.guild",
    ] {
        let query = engine::query_as::<(i64, i64, i64, i64)>(sql).bind(&keys).bind(RETURN_WITHIN);
        let rows = query.fetch_all(&mut *connection).await?;
        let returns = rows.into_iter().filter(|(_, _, earlier, later)| {
            TopicSketch(earlier.cast_unsigned()).is_repeated_by(TopicSketch(later.cast_unsigned()))
        });
        reopened.extend(returns.map(|(conversation, id, ..)| (conversation, id)));
    }
    withdraw(connection, &reopened).await
}

/// Marks exchanges as reopened; their occurrences are no more.
async fn withdraw(connection: &mut Transaction, exchanges: &BTreeSet<(i64, i64)>) -> Result<()> {
    if exchanges.is_empty() {
        return Ok(());
    }
    let keys = exchanges.iter().map(|(conversation, id)| format!("[{conversation},{id}]"));
    let keys = format!("[{}]", keys.collect::<Vec<_>>().join(","));
    let withdrawn = "question IN (SELECT CAST(json_extract(verdict, '$.q[0]') AS INTEGER) \
                     FROM json_each($1) AS one JOIN exchanges \
                     ON exchanges.conversation = CAST(one.value ->> 0 AS INTEGER) \
                     AND exchanges.id = CAST(one.value ->> 1 AS INTEGER))";
    let note = format!(
        "UPDATE clusters SET shrunk = 1 WHERE id IN \
         (SELECT cluster FROM occurrences WHERE {withdrawn})"
    );
    let change = format!(
        "INSERT INTO index_changes (cluster, at) SELECT DISTINCT cluster, unixepoch() * 1000 \
         FROM occurrences WHERE {withdrawn} AND cluster IS NOT NULL ORDER BY cluster"
    );
    let gone = format!("UPDATE question_texts SET gone = 1 WHERE {withdrawn}");
    let delete = format!("DELETE FROM occurrences WHERE {withdrawn}");
    for sql in [note, change, gone, delete] {
        engine::query(AssertSqlSafe(sql)).bind(&keys).execute(&mut *connection).await?;
    }
    let mark = "UPDATE exchanges SET status = 'reopened' WHERE (conversation, id) IN \
                (SELECT CAST(value ->> 0 AS INTEGER), CAST(value ->> 1 AS INTEGER) FROM json_each($1))";
    engine::query(mark).bind(&keys).execute(connection).await?;
    Ok(())
}
