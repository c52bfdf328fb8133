//! Finds edits, deletions and reactions that happened while no session was open.

use std::collections::BTreeSet;

use indexer::store::ChannelProgress;
use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId};

use super::catch_up::{CatchUp, PageStop, first_of};
use super::guild_view::GuildView;
use super::message_pages::{MessagePage, PageRange};
use super::rest::RequestLane;
use crate::clock;
use crate::event::ChatEvent;
use crate::ingest_queue::IngestItem;

impl CatchUp {
    /// Reads the newest days of a channel again, and the page around each cited message, and
    /// compares them with the store. What is stored but missing was deleted.
    pub(super) async fn recheck_recent(
        &self,
        guild: &GuildView,
        channel: ChannelId,
        cited: &[MessageId],
    ) -> Result<(), PageStop> {
        let now = clock::now();
        let Some(reading) = self.reading(channel) else { return Ok(()) };
        if !self.needs_recheck(reading) {
            return Ok(());
        }
        let from = match self.scope.reconcile_days {
            0 => MessageId(reading.newest.0 + 1),
            days => first_of(days).max(reading.oldest),
        };
        let mut cited = cited.iter().copied().filter(|id| *id < from).collect::<BTreeSet<_>>();
        if reading.newest < from && cited.is_empty() {
            return Ok(());
        }
        self.recheck_range(guild, reading, from).await?;
        while let Some(message) = cited.pop_last() {
            let covered = self.recheck_around(guild, channel, message).await?;
            cited.retain(|id| *id < covered);
        }
        if let Some(reading) = self.reading(channel) {
            let reading = ChannelProgress { reconciled: now, ..reading };
            self.enqueue_with_progress(Default::default(), reading).await?;
        }
        Ok(())
    }

    /// Compares everything from `from` up to the newest message read.
    async fn recheck_range(
        &self,
        guild: &GuildView,
        reading: ChannelProgress,
        from: MessageId,
    ) -> Result<(), PageStop> {
        let mut done = MessageId(from.0.saturating_sub(1));
        while done < reading.newest {
            let at = clock::now();
            let page = self.pages.read(guild, reading.channel, PageRange::After(done)).await?;
            let last = page.ids.last().copied().filter(|_| page.full);
            let upto = last.unwrap_or(reading.newest).min(reading.newest);
            let first = MessageId(done.0 + 1);
            self.compare(guild, reading.channel, page, (first, upto), at).await?;
            done = upto;
        }
        Ok(())
    }

    /// Compares the page around a message; returns the first id of what it covers.
    async fn recheck_around(
        &self,
        guild: &GuildView,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<MessageId, PageStop> {
        let at = clock::now();
        let page = self.pages.read(guild, channel, PageRange::Around(message)).await?;
        let first = page.ids.first().copied().unwrap_or(message).min(message);
        let last = page.ids.last().copied().unwrap_or(message).max(message);
        self.compare(guild, channel, page, (first, last), at).await?;
        Ok(first)
    }

    /// Enqueues a page that covers a range of ids, and the deletions that it reveals.
    async fn compare(
        &self,
        guild: &GuildView,
        channel: ChannelId,
        page: MessagePage,
        (first, last): (MessageId, MessageId),
        at: Timestamp,
    ) -> Result<(), PageStop> {
        let mut missing = self.pages.store.ids_between(channel, first, last).await?;
        let there = page.ids.iter().copied().collect::<BTreeSet<_>>();
        missing.retain(|id| page.names_all && !there.contains(id));
        if there.is_empty() && !self.is_gone(guild, channel, missing.last().copied()).await? {
            missing.clear();
        }
        let MessagePage { mut events, quarantined, .. } = page;
        self.count_deleted(missing.len());
        if !missing.is_empty() {
            events.push(ChatEvent::Deleted(channel, missing, at));
        }
        self.queue.push_history(IngestItem { events, quarantined, reading: Vec::new() }).await?;
        Ok(())
    }

    /// Whether a message that is missing from an empty page was deleted. Pages are also empty
    /// without permission to read the history, which must not count as deletions.
    async fn is_gone(
        &self,
        guild: &GuildView,
        channel: ChannelId,
        message: Option<MessageId>,
    ) -> Result<bool, PageStop> {
        let Some(message) = message else { return Ok(true) };
        Ok(self.pages.one(guild, channel, message, RequestLane::History).await?.is_none())
    }
}
