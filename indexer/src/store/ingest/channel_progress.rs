//! How far the channels have been read, so that a restart goes on where the last run stopped.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, MessageId};

use crate::store::engine::{self, Transaction};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store};

/// How far a channel has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelProgress {
    pub channel: ChannelId,
    pub guild: GuildId,
    /// From `oldest` to `newest` everything has been read.
    pub newest: MessageId,
    pub oldest: MessageId,
    /// Whether that reaches back to the start of the history, or to the limit that is set.
    pub complete: bool,
    /// Whether messages after `newest` were lost and must be fetched.
    pub gapped: bool,
    /// When the range was last compared with the source.
    pub reconciled: Timestamp,
    /// Archived threads were listed back to this archive time.
    pub archived_until: Timestamp,
}

type Row = (i64, i64, i64, i64, bool, bool, i64, i64);

impl Store {
    /// How far each channel has been read, by channel. Deleted channels are left out.
    pub async fn channel_progress(&self) -> Result<Vec<ChannelProgress>> {
        let rows = engine::query_as::<Row>(
            "SELECT channel, guild, newest, oldest, complete, gapped, reconciled, archived_until \
             FROM channel_progress WHERE NOT EXISTS (SELECT 1 FROM tombstones \
             WHERE tombstones.channel = channel_progress.channel AND message = 0) ORDER BY channel",
        )
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(reading).collect())
    }
}

fn reading(row: Row) -> ChannelProgress {
    let (channel, guild, newest, oldest, complete, gapped, reconciled, archived_until) = row;
    ChannelProgress {
        channel: ChannelId::from_sql(channel),
        guild: GuildId::from_sql(guild),
        newest: MessageId::from_sql(newest),
        oldest: MessageId::from_sql(oldest),
        complete,
        gapped,
        reconciled: Timestamp::from_sql(reconciled),
        archived_until: Timestamp::from_sql(archived_until),
    }
}

/// The last word of the channel's reader stands.
pub(in crate::store) async fn upsert_channel_progress(
    connection: &mut Transaction,
    reading: &ChannelProgress,
) -> Result<()> {
    let ChannelProgress {
        channel,
        guild,
        newest,
        oldest,
        complete,
        gapped,
        reconciled,
        archived_until,
    } = reading;
    engine::query(
        "INSERT INTO channel_progress (channel, guild, newest, oldest, complete, gapped, reconciled, \
         archived_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (channel) DO UPDATE SET guild = excluded.guild, newest = excluded.newest, \
         oldest = excluded.oldest, complete = excluded.complete, gapped = excluded.gapped, \
         reconciled = excluded.reconciled, archived_until = excluded.archived_until",
    )
    .bind(channel.to_sql())
    .bind(guild.to_sql())
    .bind(newest.to_sql())
    .bind(oldest.to_sql())
    .bind(*complete)
    .bind(*gapped)
    .bind(reconciled.to_sql())
    .bind(archived_until.to_sql())
    .execute(connection)
    .await?;
    Ok(())
}
