//! Reads what was said while nobody listened: what is new, what changed, and the history.
//!
//! Every start of a session is a gap of unknown length. Each step hands in what it read together with
//! how far it got, so that a kill at any point loses nothing and the next run goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use indexer::store::{CatchUpCounts, ChannelProgress, Store};
use rules::config::ruleset::Ruleset;
use rules::model::ids::{ChannelId, GuildId, MessageId, Millis, UserId};
use rules::model::message::Channel;

use super::guild_view::GuildView;
use super::members::MemberCache;
pub use super::message_pages::PageStop;
use super::message_pages::{MessagePage, MessagePager, PageRange};
use super::rest::{RequestLane, RestClient, RestError};
use crate::clock;
use crate::event::ChatEvent;
use crate::ingest_queue::{IngestItem, IngestQueue};
use crate::wire::api::{ApiMember, ApiMessage};

/// Discord's codes for a channel that is no more.
const UNKNOWN_CHANNEL: u64 = 10_003;
/// Channels in a row that could not be read before the rest is not even tried.
const TROUBLES: u32 = 3;
/// Pauses between two tries to catch up when Discord is in trouble.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Before every message.
pub(super) const NOTHING: MessageId = MessageId(0);

/// What is read, and how far back.
#[derive(Debug, Clone, Copy)]
pub struct CatchUpScope {
    /// 0 reads all of the history.
    pub history_days: u32,
    pub reconcile_days: u32,
}

/// Catches up with servers; clones share what is known of them.
#[derive(Clone)]
pub struct CatchUp {
    pub(super) pages: MessagePager,
    pub(super) feed: IngestQueue,
    pub(super) reach: CatchUpScope,
    state: Arc<Mutex<CatchUpState>>,
}

#[derive(Default)]
struct CatchUpState {
    guilds: BTreeMap<GuildId, GuildView>,
    readings: BTreeMap<ChannelId, ChannelProgress>,
    /// Channels read up to the present of this session: each live message is the next one. With the
    /// newest message that was read and not just heard.
    in_step: BTreeMap<ChannelId, MessageId>,
    /// Channels of which a live event was lost since they were read.
    lost: BTreeSet<ChannelId>,
    /// When live events of all channels, and of some, were lost the last time: what was compared
    /// before that is to be compared again.
    in_doubt: Millis,
    doubted: BTreeMap<ChannelId, Millis>,
    troubles: UnreadableChannels,
    progress: CatchUpCounts,
}

/// Channels that could not be read for reasons that pass.
#[derive(Debug, Clone, Copy, Default)]
struct UnreadableChannels {
    all: u32,
    in_a_row: u32,
}

/// Tells how far catching up has come.
pub struct CatchUpGauge(Arc<Mutex<CatchUpState>>);

impl CatchUpGauge {
    pub fn progress(&self) -> CatchUpCounts {
        self.0.lock().expect("nobody panics with the state").progress
    }
}

impl CatchUp {
    pub async fn new(
        rest: RestClient,
        store: Store,
        rules: Arc<Ruleset>,
        feed: IngestQueue,
        reach: CatchUpScope,
    ) -> Result<Self, PageStop> {
        let readings = store.channel_progress().await?;
        let readings = readings.into_iter().map(|one| (one.channel, one)).collect();
        let people = MemberCache::new(rest.clone());
        let pages = MessagePager { rest, store, rules, people };
        let state = Arc::new(Mutex::new(CatchUpState { readings, ..CatchUpState::default() }));
        Ok(Self { pages, feed, reach, state })
    }

    pub fn progress(&self) -> CatchUpCounts {
        self.state().progress
    }

    /// Reads the progress without keeping the feed open.
    pub fn gauge(&self) -> CatchUpGauge {
        CatchUpGauge(Arc::clone(&self.state))
    }

    /// The servers that are known.
    pub fn guilds(&self) -> Vec<GuildId> {
        self.state().guilds.keys().copied().collect()
    }

    /// Runs `change` on what is known of a server, if anything is.
    pub fn with_guild<T>(
        &self,
        id: GuildId,
        change: impl FnOnce(&mut GuildView) -> T,
    ) -> Option<T> {
        self.state().guilds.get_mut(&id).map(change)
    }

    /// The server that holds a channel.
    pub fn guild_of(&self, channel: ChannelId) -> Option<GuildId> {
        let state = self.state();
        let holds = |guild: &&GuildView| guild.channel(channel).is_some();
        state.guilds.values().find(holds).map(GuildView::id)
    }

    /// Takes in a server as it is now.
    pub fn put_guild(&self, guild: GuildView) {
        self.state().guilds.insert(guild.id(), guild);
    }

    /// Whatever was live before may have been missed: every channel is read and compared again.
    pub fn out_of_step(&self) {
        let mut state = self.state();
        state.in_step.clear();
        state.in_doubt = clock::now();
    }

    /// Something of a channel was lost: what was only heard of it is read again, and compared.
    pub fn gapped(&self, channel: ChannelId) {
        let mut state = self.state();
        let read_until = state.in_step.remove(&channel);
        state.doubted.insert(channel, clock::now());
        state.lost.insert(channel);
        if let Some(reading) = state.readings.get_mut(&channel) {
            reading.gapped = true;
            reading.newest = read_until.map_or(reading.newest, |until| until.min(reading.newest));
        }
    }

    /// How far a channel is read once a live message is stored, if nothing is missing before it.
    pub fn live(&self, channel: ChannelId, message: MessageId) -> Option<ChannelProgress> {
        let mut state = self.state();
        if !state.in_step.contains_key(&channel) {
            return None;
        }
        let reading = state.readings.get_mut(&channel)?;
        reading.newest = reading.newest.max(message);
        Some(*reading)
    }

    /// Gives a live message the names and roles of its author; `false` if they have to be looked up.
    pub fn name(&self, read: &mut ApiMessage, guild: GuildId) -> bool {
        let state = self.state();
        state
            .guilds
            .get(&guild)
            .is_some_and(|guild| self.pages.people.fill_cached_names(read, guild))
    }

    /// Remembers what the gateway told of a member.
    pub fn note_member(&self, guild: GuildId, user: UserId, member: ApiMember) {
        self.pages.people.note(guild, user, member);
    }

    /// Whether a channel is read: known, public, and in scope.
    pub fn reads(&self, guild: GuildId, channel: ChannelId) -> bool {
        let seen = self.with_guild(guild, |guild| {
            guild.is_public(channel).then(|| guild.seen(channel)).flatten()
        });
        seen.flatten().is_some_and(|seen| self.pages.rules.scope.covers(&seen).is_ok())
    }

    /// Reads one message again, or finds it deleted.
    pub async fn reread(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<IngestItem, PageStop> {
        let guild = self.guild_of(channel).and_then(|id| self.guild(id));
        let Some(guild) = guild else { return Ok(IngestItem::default()) };
        let at = clock::now();
        Ok(match self.pages.one(&guild, channel, message, RequestLane::Live).await? {
            Some(MessagePage { events, quarantined, .. }) => {
                IngestItem { events, quarantined, reading: Vec::new() }
            }
            None => IngestItem {
                events: vec![ChatEvent::Deleted(channel, vec![message], at)],
                ..IngestItem::default()
            },
        })
    }

    /// Reads everything of a server that may have been missed, and then its history; again and again
    /// while Discord is in trouble. What was read before is not read again.
    pub async fn run(&self, id: GuildId) -> Result<(), PageStop> {
        self.state().progress.catch_ups_total += 1;
        let mut pause = FIRST_PAUSE;
        loop {
            self.state().troubles = UnreadableChannels::default();
            let passed = self.pass(id).await;
            let unread = self.state().troubles.all;
            match passed {
                Ok(()) if unread == 0 => break,
                Ok(()) => tracing::warn!(guild = id.0, unread, "not everything could be read"),
                Err(PageStop::Discord(error)) if error.passes() => {
                    tracing::warn!(guild = id.0, %error, "catching up is interrupted");
                }
                Err(halt) => return Err(halt),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.state().progress.catch_ups_done_total += 1;
        let calls = self.pages.rest.calls();
        tracing::info!(guild = id.0, calls = calls.history_calls_total, "history is read");
        Ok(())
    }

    async fn pass(&self, id: GuildId) -> Result<(), PageStop> {
        let Some(guild) = self.guild(id) else { return Ok(()) };
        self.publish(guild.all_events(clock::now())).await?;
        let listed = self.find_threads(id).await?;
        self.check_missing_channels(id).await?;
        let Some(guild) = self.guild(id) else { return Ok(()) };
        let channels = self.in_scope(&guild);
        for channel in &channels {
            self.skip_unreadable(channel.id, self.forward(&guild, channel.id)).await?;
        }
        let cited = self.cited().await?;
        for channel in &channels {
            let cited = cited.get(&channel.id).map_or(&[][..], Vec::as_slice);
            self.skip_unreadable(channel.id, self.recheck_recent(&guild, channel.id, cited))
                .await?;
        }
        tracing::info!(guild = id.0, channels = channels.len(), "up to date; reading history");
        self.backfill(&guild, &channels).await?;
        if self.state().troubles.all == 0 {
            // Not before: what was listed and not read would not be found again after a kill.
            for (channel, until) in listed {
                self.listed_until(id, channel, until).await?;
            }
        }
        Ok(())
    }

    /// The channels to read: public, and in scope.
    fn in_scope(&self, guild: &GuildView) -> Vec<Channel> {
        let mut channels = guild.readable();
        channels.retain(|channel| self.pages.rules.scope.covers(channel).is_ok());
        channels
    }

    async fn cited(&self) -> Result<BTreeMap<ChannelId, Vec<MessageId>>, PageStop> {
        let mut cited = BTreeMap::<_, Vec<_>>::new();
        for (channel, message) in self.pages.store.published_messages().await? {
            cited.entry(channel).or_default().push(message);
        }
        Ok(cited)
    }

    /// A channel that cannot be read does not keep the others from being read: closed, it is hidden;
    /// gone, it goes, but only if Discord says so when asked for the channel itself.
    pub(super) async fn skip_unreadable(
        &self,
        channel: ChannelId,
        reading: impl Future<Output = Result<(), PageStop>>,
    ) -> Result<(), PageStop> {
        let at = clock::now();
        match reading.await {
            Err(PageStop::Discord(RestError::Forbidden(_))) => {
                self.publish(vec![ChatEvent::ChannelHidden(channel, at)]).await
            }
            Err(PageStop::Discord(RestError::NotFound(_))) => self.gone_if_so(channel).await,
            Err(PageStop::Discord(error)) if !error.unauthorized() => self.unread(channel, error),
            other => {
                self.state().troubles.in_a_row = 0;
                other
            }
        }
    }

    /// Notes that a channel could not be read; fails when that is so of one after the other.
    fn unread(&self, channel: ChannelId, error: RestError) -> Result<(), PageStop> {
        tracing::warn!(channel = channel.0, %error, "a channel could not be read");
        if !error.passes() {
            return Ok(());
        }
        let mut state = self.state();
        state.troubles.all += 1;
        state.troubles.in_a_row += 1;
        if state.troubles.in_a_row < TROUBLES { Ok(()) } else { Err(error.into()) }
    }

    pub(super) async fn gone_if_so(&self, channel: ChannelId) -> Result<(), PageStop> {
        let at = clock::now();
        match self.pages.rest.get(RequestLane::History, &format!("/channels/{channel}")).await {
            Err(RestError::NotFound(UNKNOWN_CHANNEL)) => {
                self.publish(vec![ChatEvent::ChannelGone(channel, at)]).await
            }
            Err(RestError::Forbidden(_) | RestError::NotFound(_)) => {
                self.publish(vec![ChatEvent::ChannelHidden(channel, at)]).await
            }
            Err(error) => Err(error.into()),
            Ok(_) => Ok(()),
        }
    }

    /// Reads what came after the newest message that was read; of a channel never read, its newest
    /// page.
    pub(super) async fn forward(
        &self,
        guild: &GuildView,
        channel: ChannelId,
    ) -> Result<(), PageStop> {
        let last = guild.channel(channel).and_then(|channel| channel.last_message);
        let Some(mut reading) = self.reading(channel) else {
            return self.first(guild, channel).await;
        };
        let nothing_new = last.is_some_and(|last| last <= reading.newest);
        while reading.gapped || !nothing_new {
            let page = self.pages.read(guild, channel, PageRange::After(reading.newest)).await?;
            if page.ids.is_empty() && !self.is_empty(guild, channel, reading.newest).await? {
                return Ok(());
            }
            reading.newest = page.ids.last().copied().unwrap_or(reading.newest);
            let more = page.full;
            reading.gapped &= more;
            if !more {
                reading.newest = reading.newest.max(last.unwrap_or(reading.newest));
            }
            self.hand_in(page, reading).await?;
            if !more {
                break;
            }
        }
        self.state().in_step.insert(channel, reading.newest);
        Ok(())
    }

    /// Whether nothing being after a message is to be believed: who may not read a channel's history
    /// is told that there is none, but refused its newest message.
    async fn is_empty(
        &self,
        guild: &GuildView,
        channel: ChannelId,
        after: MessageId,
    ) -> Result<bool, PageStop> {
        let last = guild.channel(channel).and_then(|channel| channel.last_message);
        let Some(last) = last.filter(|last| *last > after) else { return Ok(true) };
        Ok(self.pages.one(guild, channel, last, RequestLane::History).await?.is_none())
    }

    async fn first(&self, guild: &GuildView, channel: ChannelId) -> Result<(), PageStop> {
        let at = clock::now();
        let page = self.pages.read(guild, channel, PageRange::Newest).await?;
        if page.ids.is_empty() && !self.is_empty(guild, channel, NOTHING).await? {
            return Ok(());
        }
        let reading = ChannelProgress {
            channel,
            guild: guild.id(),
            newest: page.ids.last().copied().unwrap_or(NOTHING),
            oldest: page.ids.first().copied().unwrap_or(NOTHING),
            complete: !page.full,
            gapped: false,
            reconciled: at,
            archived_until: Millis(0),
        };
        self.hand_in(page, reading).await?;
        self.state().in_step.insert(channel, reading.newest);
        Ok(())
    }

    async fn hand_in(&self, page: MessagePage, reading: ChannelProgress) -> Result<(), PageStop> {
        let MessagePage { events, quarantined, .. } = page;
        self.count_read(events.len());
        self.remember(IngestItem { events, quarantined, reading: Vec::new() }, reading).await
    }

    /// Hands in what was read together with how far its channel is read then.
    pub(super) async fn remember(
        &self,
        mut delivery: IngestItem,
        reading: ChannelProgress,
    ) -> Result<(), PageStop> {
        delivery.reading.push(reading);
        self.feed.push_history(delivery).await?;
        self.state().readings.insert(reading.channel, reading);
        Ok(())
    }

    pub(super) async fn publish(&self, events: Vec<ChatEvent>) -> Result<(), PageStop> {
        if !events.is_empty() {
            self.feed.push_history(IngestItem { events, ..IngestItem::default() }).await?;
        }
        Ok(())
    }

    pub(super) fn guild(&self, id: GuildId) -> Option<GuildView> {
        self.state().guilds.get(&id).cloned()
    }

    pub(super) fn reading(&self, channel: ChannelId) -> Option<ChannelProgress> {
        self.state().readings.get(&channel).copied()
    }

    /// Whether live events of a channel were lost after it was compared.
    pub(super) fn is_in_doubt(&self, reading: ChannelProgress) -> bool {
        let state = self.state();
        let doubted = state.doubted.get(&reading.channel).copied().unwrap_or_default();
        reading.reconciled <= doubted.max(state.in_doubt)
    }

    /// Channels of a server of which live events were lost since the last call.
    pub(super) fn take_lost(&self, guild: &GuildView) -> BTreeSet<ChannelId> {
        let own = |id: &ChannelId| guild.channel(*id).is_some();
        self.state().lost.extract_if(.., own).collect()
    }

    pub(super) fn past_is_read(&self, past: ChannelProgress) {
        if let Some(known) = self.state().readings.get_mut(&past.channel) {
            (known.oldest, known.complete) = (past.oldest, past.complete);
        }
    }

    pub(super) fn count_read(&self, messages: usize) {
        self.state().progress.messages_read_total += messages as u64;
    }

    pub(super) fn found_deleted(&self, count: usize) {
        self.state().progress.deletions_found_total += count as u64;
    }

    fn state(&self) -> MutexGuard<'_, CatchUpState> {
        self.state.lock().expect("nobody panics with the state")
    }
}

/// The first id of so many days ago; 0 days reach back to the beginning.
pub(super) fn first_of(days: u32) -> MessageId {
    if days == 0 {
        return MessageId(0);
    }
    MessageId::min_at(Millis(clock::now().0 - i64::from(days) * Millis::DAY))
}
