//! Deletions that only show by absence: a message is missing in a newer export of its whole channel.
//!
//! Each message carries when it was last seen. One that is older than the newest whole export of its
//! channel, and was last seen before, is missing there, in whatever order the exports were imported.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId};

use super::deletion::tombstone_messages;
use super::invalidations::Invalidations;
use crate::store::engine::{self, Transaction};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store};

/// The messages of a channel that its newest whole export lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingMessages {
    pub channel: ChannelId,
    pub channel_name: String,
    /// When that export was made.
    pub exported: Timestamp,
    pub missing: u64,
    /// Stored messages that are older than the export, with the missing ones.
    pub stored: u64,
}

impl Store {
    /// Notes that everything which a channel held at this time was imported. An older time changes
    /// nothing.
    pub async fn record_snapshot(&self, channel: ChannelId, exported: Timestamp) -> Result<()> {
        engine::query(
            "INSERT INTO channel_snapshots (channel, exported) VALUES ($1, $2) \
             ON CONFLICT (channel) DO UPDATE SET exported = excluded.exported \
             WHERE excluded.exported > channel_snapshots.exported",
        )
        .bind(channel.to_sql())
        .bind(exported.to_sql())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// What the newest whole export of a channel lacks; `None` if nothing, or if there was none.
    pub async fn missing_messages(&self, channel: ChannelId) -> Result<Option<MissingMessages>> {
        let row = engine::query_as::<(String, i64)>(
            "SELECT channels.name, exported FROM channel_snapshots \
             JOIN channels ON channels.id = channel_snapshots.channel WHERE channel = $1",
        )
        .bind(channel.to_sql())
        .fetch_optional(&self.read)
        .await?;
        let Some((channel_name, exported)) = row else { return Ok(None) };
        let (missing, stored) = engine::query_as::<(i64, i64)>(
            "SELECT COUNT(*) FILTER (WHERE observed < $2), COUNT(*) FROM messages \
             WHERE channel = $1 AND id < $3",
        )
        .bind(channel.to_sql())
        .bind(exported)
        .bind(MessageId::min_at(Timestamp::from_sql(exported)).0 as i64)
        .fetch_one(&self.read)
        .await?;
        let exported = Timestamp::from_sql(exported);
        let (missing, stored) = (missing as u64, stored as u64);
        Ok((missing > 0).then_some(MissingMessages {
            channel,
            channel_name,
            exported,
            missing,
            stored,
        }))
    }

    /// Deletes for good what a channel's newest whole export lacks; returns how many messages.
    pub async fn delete_missing(&self, missing: &MissingMessages) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let gone = unseen_since(&mut transaction, missing.channel, missing.exported).await?;
        let mut stale = Invalidations::default();
        let deleted = tombstone_messages(&mut transaction, &gone, &mut stale).await?;
        stale.write(&mut transaction).await?;
        transaction.commit().await?;
        Ok(deleted)
    }
}

async fn unseen_since(
    connection: &mut Transaction,
    channel: ChannelId,
    exported: Timestamp,
) -> Result<Vec<(ChannelId, MessageId, Timestamp)>> {
    let ids = engine::query_scalar::<i64>(
        "SELECT id FROM messages WHERE channel = $1 AND id < $3 AND observed < $2 ORDER BY id",
    )
    .bind(channel.to_sql())
    .bind(exported.to_sql())
    .bind(MessageId::min_at(exported).to_sql())
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(|id| (channel, MessageId::from_sql(id), exported)).collect())
}
