//! Which messages of a channel changed since its conversations were judged.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use rules::model::ids::{ChannelId, MessageId};
use rules::model::message::Channel;
use sqlx::AssertSqlSafe;

use crate::store::engine::{self, Transaction};
use crate::store::sql::SqlId;
use crate::store::{MAX_BINDS, Result, Store, placeholders};

/// Stands for all messages of a channel.
pub(super) const WHOLE_CHANNEL: MessageId = MessageId(0);

/// Changed messages that were sent no further apart are combined into one range.
const TOGETHER: u64 = (SignedDuration::from_hours(1).as_millis() as u64) << 22;

/// The messages from one id to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PendingRange {
    pub first: MessageId,
    pub last: MessageId,
}

/// A channel with messages whose conversations are to be judged again.
#[derive(Debug, Clone)]
pub struct PendingChannel {
    pub channel: Channel,
    /// The messages that changed, by id. What does not depend on them stands as it was judged.
    pub ranges: Vec<PendingRange>,
    /// Whether nothing of it may be served: it is hidden, or gone.
    pub hidden: bool,
    /// How often the channel had become pending.
    pub(in crate::store) mark: i64,
    /// The number of the last range that was read.
    pub(in crate::store) seen: i64,
}

impl PendingRange {
    /// Later than every message. SQLite's integers are signed.
    pub const END: MessageId = MessageId(i64::MAX as u64);

    pub fn to_the_end(first: MessageId) -> Self {
        Self { first, last: Self::END }
    }

    pub fn holds(self, message: MessageId) -> bool {
        (self.first..=self.last).contains(&message)
    }
}

impl Store {
    /// How many messages of a channel changed.
    pub async fn messages_pending(&self, pending: &PendingChannel) -> Result<u64> {
        let mut count = 0;
        for PendingRange { first, last } in &pending.ranges {
            count += engine::query_scalar::<i64>(
                "SELECT COUNT(*) FROM messages WHERE channel = $1 AND id BETWEEN $2 AND $3",
            )
            .bind(pending.channel.id.to_sql())
            .bind(first.to_sql())
            .bind(last.to_sql())
            .fetch_one(&self.read)
            .await? as u64;
        }
        Ok(count)
    }

    /// The `count`th message of people and bots after a message; [`PendingRange::END`] if there are fewer.
    pub async fn talk_after(
        &self,
        channel: ChannelId,
        after: MessageId,
        count: u32,
    ) -> Result<MessageId> {
        let id = engine::query_scalar::<i64>(
            "SELECT id FROM messages \
             WHERE channel = $1 AND id > $2 AND kind IN ('default', 'reply', 'command') \
             ORDER BY id LIMIT 1 OFFSET $3",
        )
        .bind(channel.to_sql())
        .bind(after.to_sql())
        .bind(i64::from(count) - 1)
        .fetch_optional(&self.read)
        .await?;
        Ok(id.map_or(PendingRange::END, MessageId::from_sql))
    }

    /// The messages after `after` that reply to one of `targets`, by id, each with its target.
    pub async fn replies_into(
        &self,
        channel: ChannelId,
        targets: PendingRange,
        after: MessageId,
    ) -> Result<Vec<(MessageId, MessageId)>> {
        // The signs keep SQLite from reading the channel's messages instead of the index of replies.
        let rows = engine::query_as::<(i64, i64)>(
            "SELECT id, CAST(json_extract(extra, '$.reply_to') AS INTEGER) FROM messages \
             WHERE channel = $1 AND json_extract(extra, '$.reply_to') IS NOT NULL \
             AND CAST(json_extract(extra, '$.reply_to') AS INTEGER) BETWEEN $2 AND $3 \
             AND +id > $4 ORDER BY +id",
        )
        .bind(channel.to_sql())
        .bind(targets.first.to_sql())
        .bind(targets.last.to_sql())
        .bind(after.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(id, to)| (MessageId::from_sql(id), MessageId::from_sql(to)))
            .collect())
    }
}

/// The ranges of a channel, merged and by id, and the number of the last one.
pub(in crate::store) async fn ranges(
    connection: &mut Transaction,
    channel: ChannelId,
) -> Result<(Vec<PendingRange>, i64)> {
    let rows = engine::query_as::<(i64, i64, i64)>(
        "SELECT first, last, seq FROM pending WHERE channel = $1 ORDER BY first, last",
    )
    .bind(channel.to_sql())
    .fetch_all(&mut *connection)
    .await?;
    let seen = rows.iter().map(|(_, _, seq)| *seq).max().unwrap_or_default();
    let ranges = rows.into_iter().map(|(first, last, _)| PendingRange {
        first: MessageId::from_sql(first),
        last: MessageId::from_sql(last),
    });
    let ranges = with_adjacent_joined(connection, channel, merged(ranges)).await?;
    Ok((ranges, seen))
}

/// Ranges with no stored message between them become one, as in an export of a quiet channel.
async fn with_adjacent_joined(
    connection: &mut Transaction,
    channel: ChannelId,
    ranges: Vec<PendingRange>,
) -> Result<Vec<PendingRange>> {
    if ranges.len() < 2 {
        return Ok(ranges);
    }
    let gaps = ranges.windows(2).map(|two| (two[0].last, two[1].first));
    let parted = engine::query_scalar::<i64>(
        "SELECT CAST(gap.value ->> 1 AS INTEGER) FROM json_each($2) AS gap \
         WHERE EXISTS (SELECT 1 FROM messages WHERE channel = $1 \
         AND id > CAST(gap.value ->> 0 AS INTEGER) AND id < CAST(gap.value ->> 1 AS INTEGER))",
    )
    .bind(channel.to_sql())
    .bind(pairs(gaps))
    .fetch_all(connection)
    .await?;
    let parted = parted.into_iter().map(MessageId::from_sql).collect::<BTreeSet<_>>();
    let mut joined = Vec::<PendingRange>::new();
    for range in ranges {
        match joined.last_mut() {
            Some(before) if !parted.contains(&range.first) => before.last = range.last,
            _ => joined.push(range),
        }
    }
    Ok(joined)
}

/// Ranges in the order of their first messages, without those that lie in others.
pub(in crate::store) fn merged(
    ranges: impl IntoIterator<Item = PendingRange>,
) -> Vec<PendingRange> {
    let mut merged = Vec::<PendingRange>::new();
    for range in ranges {
        match merged.last_mut() {
            Some(before) if range.first <= before.last => before.last = range.last.max(before.last),
            _ => merged.push(range),
        }
    }
    merged
}

/// Has what these messages touch judged again.
pub(in crate::store) async fn mark_pending(
    connection: &mut Transaction,
    channel: ChannelId,
    changed: &BTreeSet<MessageId>,
) -> Result<()> {
    const COLUMNS: usize = 3;
    let ranges = gathered(changed);
    mark_opened_threads(connection, channel, &ranges).await?;
    for chunk in ranges.chunks(MAX_BINDS / COLUMNS) {
        let sql = format!(
            "INSERT INTO pending (channel, first, last) VALUES {}",
            placeholders(chunk.len(), COLUMNS)
        );
        let mut query = engine::query(AssertSqlSafe(sql));
        for PendingRange { first, last } in chunk {
            query = query.bind(channel.to_sql()).bind(first.to_sql()).bind(last.to_sql());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Has the threads judged again that were opened from messages of these ranges.
async fn mark_opened_threads(
    connection: &mut Transaction,
    channel: ChannelId,
    ranges: &[PendingRange],
) -> Result<()> {
    engine::query(
        "UPDATE channels SET pending_from = 0, pending_mark = pending_mark + 1 \
         WHERE id IN (SELECT threads.id FROM json_each($2) AS changed CROSS JOIN channels AS threads \
         ON threads.parent = $1 AND threads.kind = 'thread' \
         AND threads.id BETWEEN CAST(changed.value ->> 0 AS INTEGER) \
         AND CAST(changed.value ->> 1 AS INTEGER))",
    )
    .bind(channel.to_sql())
    .bind(pairs(ranges.iter().map(|range| (range.first, range.last))))
    .execute(connection)
    .await?;
    Ok(())
}

/// Pairs of ids as a list for a statement.
fn pairs(pairs: impl Iterator<Item = (MessageId, MessageId)>) -> String {
    let pairs = pairs.map(|(one, other)| format!("[{},{}]", one.to_sql(), other.to_sql()));
    format!("[{}]", pairs.collect::<Vec<_>>().join(","))
}

/// Notes that verdicts of a channel may quote deleted words until what is pending there is judged.
pub(in crate::store) async fn flag_for_purge(
    connection: &mut Transaction,
    channel: ChannelId,
) -> Result<()> {
    engine::query(
        "UPDATE channels SET purging = \
         (SELECT COALESCE(MAX(seq), 0) FROM pending WHERE channel = $1) WHERE id = $1",
    )
    .bind(channel.to_sql())
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the ranges of a channel up to a number.
pub(in crate::store) async fn clear(
    connection: &mut Transaction,
    channel: ChannelId,
    seen: i64,
) -> Result<()> {
    engine::query("DELETE FROM pending WHERE channel = $1 AND seq <= $2")
        .bind(channel.to_sql())
        .bind(seen)
        .execute(connection)
        .await?;
    Ok(())
}

fn gathered(changed: &BTreeSet<MessageId>) -> Vec<PendingRange> {
    let mut ranges = Vec::<PendingRange>::new();
    for message in changed {
        match ranges.last_mut() {
            Some(range) if message.0 - range.last.0 <= TOGETHER => range.last = *message,
            _ if *message == WHOLE_CHANNEL => return vec![PendingRange::to_the_end(WHOLE_CHANNEL)],
            _ => ranges.push(PendingRange { first: *message, last: *message }),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u64, last: u64) -> PendingRange {
        PendingRange { first: MessageId(first), last: MessageId(last) }
    }

    #[test]
    fn messages_that_stand_near_become_one_range() {
        let check = |changed: &[u64], expected: &[PendingRange]| {
            let changed = changed.iter().map(|id| MessageId(*id)).collect();
            assert_eq!(gathered(&changed), expected);
        };
        check(&[], &[]);
        check(&[5], &[range(5, 5)]);
        check(&[0, 5], &[PendingRange::to_the_end(WHOLE_CHANNEL)]);
        check(&[5, 5 + TOGETHER, 6 + TOGETHER], &[range(5, 6 + TOGETHER)]);
        check(&[5, 6 + TOGETHER], &[range(5, 5), range(6 + TOGETHER, 6 + TOGETHER)]);
    }

    #[test]
    fn ranges_that_meet_are_merged() {
        let merged = merged([range(1, 9), range(2, 3), range(9, 12), range(14, 14)]);
        assert_eq!(merged, [range(1, 12), range(14, 14)]);
    }
}
