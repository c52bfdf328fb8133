//! Reads the history of every channel, newest first, so that search is useful early.

use indexer::store::ChannelProgress;
use rules::model::ids::{ChannelId, MessageId};
use rules::model::message::Channel;

use super::catch_up::{CatchUp, PageStop, first_of};
use super::guild_view::GuildView;
use super::message_pages::{MessagePage, PageRange};
use crate::ingest_queue::IngestItem;

/// Pages of history that are read of one channel before the next channel.
const BLOCK: usize = 5;

impl CatchUp {
    /// Reads a block of every channel in turn until all are read to their start, or to the limit. A
    /// channel without progress is left to the next run.
    pub(super) async fn backfill(
        &self,
        guild: &GuildView,
        channels: &[Channel],
    ) -> Result<(), PageStop> {
        let limit = first_of(self.scope.history_days);
        let unread = |id: &ChannelId| self.reading(*id).is_some_and(|reading| !reading.complete);
        let mut turns = channels.iter().map(|channel| channel.id).collect::<Vec<_>>();
        turns.retain(unread);
        while !turns.is_empty() {
            let (incomplete, read) = (turns.len(), self.progress().messages_read_total);
            tracing::debug!(incomplete, read, "backfilling channels");
            let mut next = Vec::new();
            for id in turns {
                self.repair_gaps(guild).await?;
                let Some(before) = self.reading(id) else { continue };
                self.skip_unreadable(id, self.block(guild, before, limit)).await?;
                let went_on = self.reading(id).is_some_and(|now| now.oldest < before.oldest);
                if went_on && unread(&id) {
                    next.push(id);
                }
            }
            turns = next;
        }
        self.repair_gaps(guild).await
    }

    /// Reads live events that were lost while the history was read.
    async fn repair_gaps(&self, guild: &GuildView) -> Result<(), PageStop> {
        for channel in self.take_lost(guild) {
            self.skip_unreadable(channel, self.forward(guild, channel)).await?;
            self.skip_unreadable(channel, self.recheck_recent(guild, channel, &[])).await?;
        }
        Ok(())
    }

    pub(super) async fn block(
        &self,
        guild: &GuildView,
        mut reading: ChannelProgress,
        limit: MessageId,
    ) -> Result<(), PageStop> {
        for _ in 0..BLOCK {
            let page =
                self.pages.read(guild, reading.channel, PageRange::Before(reading.oldest)).await?;
            reading.oldest = page.ids.first().copied().unwrap_or(reading.oldest);
            reading.complete = !page.full || reading.oldest <= limit;
            self.enqueue_history(page, reading).await?;
            if reading.complete {
                break;
            }
        }
        Ok(())
    }

    /// Enqueues a page of history. Live messages may have arrived meanwhile: only the old end
    /// moves.
    async fn enqueue_history(
        &self,
        page: MessagePage,
        past: ChannelProgress,
    ) -> Result<(), PageStop> {
        let MessagePage { events, quarantined, .. } = page;
        self.count_read(events.len());
        let now = self.reading(past.channel).unwrap_or(past);
        let reading = ChannelProgress { oldest: past.oldest, complete: past.complete, ..now };
        let delivery = IngestItem { events, quarantined, reading: vec![reading] };
        self.queue.push_history(delivery).await?;
        self.record_backfill(past);
        Ok(())
    }
}
