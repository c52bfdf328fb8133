//! Archived threads, and stored channels that Discord no longer lists.

use indexer::store::{ChannelProgress, StoredChannel};
use jiff::{SignedDuration, Timestamp};
use rules::model::ids::{ChannelId, GuildId};
use rules::model::message::Channel;
use rules::time;

use super::catch_up::{CatchUp, NOTHING, PageStop, first_of};
use super::guild_view::GuildView;
use super::rest::{RequestLane, RestError, percent};
use crate::clock;
use crate::event::ChatEvent;
use crate::ingest_queue::IngestItem;
use crate::wire::api::{self, ApiChannel};

impl CatchUp {
    /// Lists the archived threads of every channel back to where the last listing ended, so that
    /// one that was reopened or tagged meanwhile is found. Returns where the next listing may end,
    /// once what was found is read.
    pub(super) async fn find_threads(
        &self,
        id: GuildId,
    ) -> Result<Vec<(ChannelId, Timestamp)>, PageStop> {
        let Some(guild) = self.guild(id) else { return Ok(Vec::new()) };
        let mut listed = Vec::new();
        for channel in guild.with_threads() {
            let place = guild.place(channel);
            if place.is_some_and(|place| self.pages.rules.scope.covers(&place).is_ok()) {
                self.skip_unreadable(channel, self.archived(&guild, channel, &mut listed)).await?;
            }
        }
        Ok(listed)
    }

    pub(super) async fn archived(
        &self,
        guild: &GuildView,
        channel: ChannelId,
        listed: &mut Vec<(ChannelId, Timestamp)>,
    ) -> Result<(), PageStop> {
        let reading = self.reading(channel);
        let known = reading.map_or(Timestamp::UNIX_EPOCH, |reading| reading.archived_until);
        let until = known.max(first_of(self.scope.history_days).created_at());
        let mut newest = known;
        let mut before = String::new();
        let mut last = Timestamp::MAX;
        loop {
            let at = clock::now();
            let path = format!("/channels/{channel}/threads/archived/public?limit=100{before}");
            let page = api::thread_list(&self.pages.rest.get(RequestLane::History, &path).await?);
            let oldest = page.threads.iter().map(|thread| thread.archived_at).min();
            newest = page
                .threads
                .iter()
                .map(|thread| thread.archived_at)
                .max()
                .map_or(newest, |at| at.max(newest));
            self.update_threads(guild.id(), page.threads, at).await?;
            match oldest {
                Some(oldest) if page.has_more && oldest >= until => {
                    // Others may have been archived in the same millisecond.
                    let next = time::plus(oldest, SignedDuration::from_millis(1));
                    last = if next < last { next } else { oldest };
                    before = format!("&before={}", percent(&iso(last)));
                }
                _ => break,
            }
        }
        if newest > known {
            listed.push((channel, newest));
        }
        Ok(())
    }

    async fn update_threads(
        &self,
        guild: GuildId,
        threads: Vec<ApiChannel>,
        at: Timestamp,
    ) -> Result<(), PageStop> {
        let ids = threads.iter().map(|thread| thread.id).collect::<Vec<_>>();
        let events = self.with_guild(guild, |view| {
            threads.into_iter().for_each(|thread| view.update_channel(thread));
            ids.iter().flat_map(|id| view.events(*id, at)).collect()
        });
        self.publish(events.unwrap_or_default()).await
    }

    /// Stores how far the listing came. A forum has nothing to read but its posts.
    pub(super) async fn listed_until(
        &self,
        guild: GuildId,
        channel: ChannelId,
        until: Timestamp,
    ) -> Result<(), PageStop> {
        let holds = self.guild(guild).is_some_and(|guild| guild.seen(channel).is_some());
        let reading = match self.reading(channel) {
            Some(reading) => ChannelProgress { archived_until: until, ..reading },
            // The first page of the channel itself has not been read yet.
            None if holds => return Ok(()),
            None => ChannelProgress {
                channel,
                guild,
                newest: NOTHING,
                oldest: NOTHING,
                complete: true,
                gapped: false,
                reconciled: Timestamp::UNIX_EPOCH,
                archived_until: until,
            },
        };
        self.enqueue_with_progress(IngestItem::default(), reading).await
    }

    /// Checks stored channels that Discord no longer lists: deleted, hidden, or just archived.
    pub(super) async fn check_missing_channels(&self, id: GuildId) -> Result<(), PageStop> {
        let Some(guild) = self.guild(id) else { return Ok(()) };
        let window = first_of(self.scope.reconcile_days.max(1));
        for stored in self.pages.store.channels().await? {
            let channel = &stored.channel;
            if stored.gone || channel.guild != id || guild.channel(channel.id).is_some() {
                continue;
            }
            let parent = channel.parent.filter(|_| channel.kind.is_thread());
            let shown = parent.is_some_and(|parent| guild.channel(parent).is_some());
            let lately = self.reading(channel.id).is_some_and(|reading| reading.newest >= window);
            if !shown || lately || !self.cited(channel.id).await?.is_empty() {
                self.look_up_missing(id, channel.id).await?;
            } else {
                self.publish(thread_event(&guild, &stored, clock::now()).into_iter().collect())
                    .await?;
            }
        }
        Ok(())
    }

    /// Updates the archived threads below a channel that was shown, hidden or renamed.
    pub async fn propagate_to_threads(
        &self,
        id: GuildId,
        parent: ChannelId,
    ) -> Result<(), PageStop> {
        let Some(guild) = self.guild(id) else { return Ok(()) };
        let at = clock::now();
        let stored = self.pages.store.threads_below(parent).await?;
        let archived = stored
            .iter()
            .filter(|stored| guild.channel(stored.channel.id).is_none() && !stored.gone);
        self.publish(archived.filter_map(|stored| thread_event(&guild, stored, at)).collect()).await
    }

    async fn look_up_missing(&self, guild: GuildId, channel: ChannelId) -> Result<(), PageStop> {
        let at = clock::now();
        match self.pages.rest.get(RequestLane::History, &format!("/channels/{channel}")).await {
            Ok(raw) => {
                self.update_threads(guild, api::channel(&raw).into_iter().collect(), at).await
            }
            Err(RestError::NotFound(_) | RestError::Forbidden(_)) => {
                self.confirm_deleted(channel).await
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The event for a stored thread of which only the channel is listed; `None` if nothing changed.
fn thread_event(guild: &GuildView, stored: &StoredChannel, at: Timestamp) -> Option<ChatEvent> {
    let thread = &stored.channel;
    let parent = guild.place(thread.parent?)?;
    if !guild.is_public(parent.id) {
        return (!stored.hidden).then_some(ChatEvent::ChannelHidden(thread.id, at));
    }
    let current = Channel { topic: parent.topic, parent_name: Some(parent.name), ..thread.clone() };
    (stored.hidden || current != *thread).then_some(ChatEvent::ChannelSeen(current, at))
}

/// The format that Discord accepts: UTC, to the microsecond.
fn iso(time: Timestamp) -> String {
    time.to_string()
}
