//! Finds what was edited, deleted and reacted to while nobody listened: nothing else tells.

use std::collections::BTreeSet;

use indexer::store::Reading;
use rules::ids::{ChannelId, MessageId, Millis};

use super::catch_up::{CatchUp, Halt, first_of};
use super::guild::Guild;
use super::pages::{Page, Part};
use super::rest::Lane;
use crate::clock;
use crate::event::ChatEvent;
use crate::feed::Delivery;

/// A channel that was just compared is not compared again so soon: sessions may come and go.
const BETWEEN: i64 = 30 * Millis::SECOND;

impl CatchUp {
    /// Reads the newest days of a channel again, and what is around each cited message, and compares
    /// with what is stored. What is stored but not there was deleted.
    pub(super) async fn reconcile(
        &self,
        guild: &Guild,
        channel: ChannelId,
        cited: &[MessageId],
    ) -> Result<(), Halt> {
        let now = clock::now();
        let Some(reading) = self.reading(channel) else { return Ok(()) };
        if now.0 - reading.reconciled.0 < BETWEEN {
            return Ok(());
        }
        let from = first_of(self.reach.reconcile_days).max(reading.oldest);
        if self.reach.reconcile_days > 0 {
            self.sweep(guild, reading, from).await?;
        }
        let mut cited = cited.iter().copied().filter(|id| *id < from).collect::<BTreeSet<_>>();
        while let Some(message) = cited.pop_last() {
            let covered = self.look_around(guild, channel, message).await?;
            cited.retain(|id| *id < covered);
        }
        if let Some(reading) = self.reading(channel) {
            let reading = Reading { reconciled: now, ..reading };
            self.remember(Default::default(), reading).await?;
        }
        Ok(())
    }

    /// Compares everything from `from` up to the newest message read.
    async fn sweep(&self, guild: &Guild, reading: Reading, from: MessageId) -> Result<(), Halt> {
        let mut done = MessageId(from.0.saturating_sub(1));
        while done < reading.newest {
            let at = clock::now();
            let page = self.pages.read(guild, reading.channel, Part::After(done)).await?;
            let last = page.ids.last().copied().filter(|_| page.full);
            let upto = last.unwrap_or(reading.newest).min(reading.newest);
            let first = MessageId(done.0 + 1);
            self.compare(reading.channel, page, (first, upto), at).await?;
            done = upto;
        }
        Ok(())
    }

    /// Compares the page around a message; returns the first id of what it covers.
    async fn look_around(
        &self,
        guild: &Guild,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<MessageId, Halt> {
        let at = clock::now();
        let page = self.pages.read(guild, channel, Part::Around(message)).await?;
        let first = page.ids.first().copied().unwrap_or(message).min(message);
        let last = page.ids.last().copied().unwrap_or(message).max(message);
        if page.ids.contains(&message) || page.ids.len() > 1 {
            self.compare(channel, page, (first, last), at).await?;
        } else {
            let alone = self.pages.one(guild, channel, message, Lane::History).await?;
            self.compare(channel, alone.unwrap_or_default(), (message, message), at).await?;
        }
        Ok(first)
    }

    /// Hands in a page that covers a range of ids, and the deletions that it tells.
    async fn compare(
        &self,
        channel: ChannelId,
        page: Page,
        (first, last): (MessageId, MessageId),
        at: Millis,
    ) -> Result<(), Halt> {
        let stored = self.pages.store.ids_between(channel, first, last).await?;
        let there = page.ids.iter().copied().collect::<BTreeSet<_>>();
        let missing = stored.into_iter().filter(|id| !there.contains(id)).collect::<Vec<_>>();
        let Page { mut events, quarantined, .. } = page;
        self.found_deleted(missing.len());
        if !missing.is_empty() {
            events.push(ChatEvent::Deleted(channel, missing, at));
        }
        self.feed.history(Delivery { events, quarantined, reading: Vec::new() }).await?;
        Ok(())
    }
}
