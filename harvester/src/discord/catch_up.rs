//! Reads what was missed while no session was open: new messages, changes, and the history.
//!
//! Every start of a session is a gap of unknown length. Each step enqueues what it read together
//! with how far it got, so that a kill at any point loses nothing and the next run continues from
//! there.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use indexer::store::{CatchUpCounts, ChannelProgress, Store};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::ids::{ChannelId, GuildId, MessageId, UserId};
use rules::model::message::Channel;
use rules::time;
use tracing::Instrument as _;

use super::guild_view::GuildView;
use super::members::MemberCache;
pub use super::message_pages::PageStop;
use super::message_pages::{MessagePage, MessagePager, PageRange};
use super::rest::{RequestLane, RestClient, RestError};
use crate::clock;
use crate::error_chain::error_chain;
use crate::event::ChatEvent;
use crate::ingest_queue::{IngestItem, IngestQueue};
use crate::wire::api::{ApiMember, ApiMessage};

/// Discord's error code for a deleted channel.
const UNKNOWN_CHANNEL: u64 = 10_003;
/// After this many unreadable channels in a row, the rest is not tried.
const MOST_UNREADABLE: u32 = 3;
/// Pauses between two attempts to catch up while Discord fails.
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

/// Catches up with servers; clones share their state.
#[derive(Clone)]
pub struct CatchUp {
    pub(super) pages: MessagePager,
    pub(super) queue: IngestQueue,
    pub(super) scope: CatchUpScope,
    state: Arc<Mutex<CatchUpState>>,
}

#[derive(Default)]
struct CatchUpState {
    /// Shared with whoever reads by them: a change copies a view only then.
    guilds: BTreeMap<GuildId, Arc<GuildView>>,
    readings: BTreeMap<ChannelId, ChannelProgress>,
    /// Channels that are read up to the present of this session, so that each live message is the
    /// next one; with the newest message that was read over REST.
    up_to_date: BTreeMap<ChannelId, MessageId>,
    /// Channels with a live event lost since they were read.
    lost: BTreeSet<ChannelId>,
    /// When live events of all channels, and of single ones, were last lost: what was rechecked
    /// before that has to be rechecked.
    all_lost_at: Timestamp,
    lost_at: BTreeMap<ChannelId, Timestamp>,
    unreadable: UnreadableChannels,
    progress: CatchUpCounts,
}

/// Channels that could not be read for transient reasons.
#[derive(Debug, Clone, Copy, Default)]
struct UnreadableChannels {
    all: u32,
    in_a_row: u32,
}

/// Tells how far catching up has come.
pub struct CatchUpGauge(Arc<Mutex<CatchUpState>>);

impl CatchUpGauge {
    pub fn progress(&self) -> CatchUpCounts {
        self.0.lock().expect("the lock is never poisoned").progress
    }
}

impl CatchUp {
    pub async fn new(
        rest: RestClient,
        store: Store,
        rules: Arc<Ruleset>,
        queue: IngestQueue,
        scope: CatchUpScope,
    ) -> Result<Self, PageStop> {
        let readings = store.channel_progress().await?;
        let readings = readings.into_iter().map(|one| (one.channel, one)).collect();
        let members = MemberCache::new(rest.clone());
        let pages = MessagePager { rest, store, rules, members };
        let state = Arc::new(Mutex::new(CatchUpState { readings, ..CatchUpState::default() }));
        Ok(Self { pages, queue, scope, state })
    }

    pub fn progress(&self) -> CatchUpCounts {
        self.state().progress
    }

    /// A handle to the progress that does not keep the queue open.
    pub fn gauge(&self) -> CatchUpGauge {
        CatchUpGauge(Arc::clone(&self.state))
    }

    /// The known servers.
    pub fn guilds(&self) -> Vec<GuildId> {
        self.state().guilds.keys().copied().collect()
    }

    /// Runs `change` on the view of a server, if it is known.
    pub fn with_guild<T>(
        &self,
        id: GuildId,
        change: impl FnOnce(&mut GuildView) -> T,
    ) -> Option<T> {
        self.state().guilds.get_mut(&id).map(|guild| change(Arc::make_mut(guild)))
    }

    /// The server that holds a channel.
    pub fn guild_of(&self, channel: ChannelId) -> Option<GuildId> {
        let state = self.state();
        let holds = |guild: &&Arc<GuildView>| guild.channel(channel).is_some();
        state.guilds.values().find(holds).map(|guild| guild.id())
    }

    /// Replaces the view of a server.
    pub fn put_guild(&self, guild: GuildView) {
        self.state().guilds.insert(guild.id(), Arc::new(guild));
    }

    /// Live events may have been missed: every channel is read and rechecked.
    pub fn out_of_step(&self) {
        let mut state = self.state();
        state.up_to_date.clear();
        state.all_lost_at = clock::now();
    }

    /// An event of a channel was lost: what only arrived live is read again and rechecked.
    pub fn gapped(&self, channel: ChannelId) {
        let mut state = self.state();
        let read_until = state.up_to_date.remove(&channel);
        state.lost_at.insert(channel, clock::now());
        state.lost.insert(channel);
        if let Some(reading) = state.readings.get_mut(&channel) {
            reading.gapped = true;
            reading.newest = read_until.map_or(reading.newest, |until| until.min(reading.newest));
        }
    }

    /// The progress of a channel once a live message is stored, if nothing is missing before it.
    pub fn live(&self, channel: ChannelId, message: MessageId) -> Option<ChannelProgress> {
        let mut state = self.state();
        if !state.up_to_date.contains_key(&channel) {
            return None;
        }
        let reading = state.readings.get_mut(&channel)?;
        reading.newest = reading.newest.max(message);
        Some(*reading)
    }

    /// Fills in the author's name and roles of a live message; `false` if they have to be looked
    /// up.
    pub fn name(&self, read: &mut ApiMessage, guild: GuildId) -> bool {
        let state = self.state();
        state
            .guilds
            .get(&guild)
            .is_some_and(|guild| self.pages.members.fill_cached_names(read, guild))
    }

    /// Caches a member from the gateway.
    pub fn note_member(&self, guild: GuildId, user: UserId, member: ApiMember) {
        self.pages.members.insert(guild, user, member);
    }

    /// Whether a channel is read: known, public, and in scope.
    pub fn reads(&self, guild: GuildId, channel: ChannelId) -> bool {
        let guild = self.guild(guild).filter(|guild| guild.is_public(channel));
        let seen = guild.and_then(|guild| guild.seen(channel));
        seen.is_some_and(|seen| self.pages.rules.scope.covers(&seen).is_ok())
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

    /// Reads everything of a server that may have been missed, and then its history; retries while
    /// Discord fails. What was already read is not read again.
    pub async fn run(&self, id: GuildId) -> Result<(), PageStop> {
        self.run_until_done(id).instrument(tracing::info_span!("catch_up", guild = id.0)).await
    }

    async fn run_until_done(&self, id: GuildId) -> Result<(), PageStop> {
        self.state().progress.catch_ups_total += 1;
        let mut pause = FIRST_PAUSE;
        loop {
            self.state().unreadable = UnreadableChannels::default();
            let passed = self.pass(id).await;
            let unread = self.state().unreadable.all;
            match passed {
                Ok(()) if unread == 0 => break,
                Ok(()) => tracing::warn!(unread, "some channels could not be read; retrying"),
                Err(PageStop::Discord(error)) if error.passes() => {
                    let error = error_chain(&error);
                    tracing::warn!(error, "catch-up interrupted; retrying");
                }
                Err(halt) => return Err(halt),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.state().progress.catch_ups_done_total += 1;
        let calls = self.pages.rest.calls();
        tracing::info!(calls = calls.history_calls_total, "backfill finished");
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
        for channel in &channels {
            let cited = self.cited(channel.id).await?;
            self.skip_unreadable(channel.id, self.recheck_recent(&guild, channel.id, &cited))
                .await?;
        }
        tracing::info!(channels = channels.len(), "channels up to date; backfill starts");
        self.backfill(&guild, &channels).await?;
        if self.state().unreadable.all == 0 {
            // Only now: what was listed but not read would not be found again after a kill.
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

    /// The messages of a channel that people may have seen in an answer, by id.
    pub(super) async fn cited(&self, channel: ChannelId) -> Result<Vec<MessageId>, PageStop> {
        let cited = self.pages.store.published_messages(channel).await?;
        Ok(cited.into_iter().collect())
    }

    /// A channel that cannot be read does not stop the others.
    pub(super) async fn skip_unreadable(
        &self,
        channel: ChannelId,
        reading: impl Future<Output = Result<(), PageStop>>,
    ) -> Result<(), PageStop> {
        match self.hide_unreadable(channel, reading).await {
            Err(PageStop::Discord(error)) if !error.unauthorized() => self.unread(channel, error),
            other => {
                self.state().unreadable.in_a_row = 0;
                other
            }
        }
    }

    /// A forbidden channel is hidden; a missing one is deleted, but only if Discord confirms it when asked
    /// for the channel itself.
    pub(super) async fn hide_unreadable(
        &self,
        channel: ChannelId,
        reading: impl Future<Output = Result<(), PageStop>>,
    ) -> Result<(), PageStop> {
        let at = clock::now();
        let span = tracing::info_span!("channel", channel = channel.0);
        match reading.instrument(span).await {
            Err(PageStop::Discord(RestError::Forbidden(_))) => {
                self.publish(vec![ChatEvent::ChannelHidden(channel, at)]).await
            }
            Err(PageStop::Discord(RestError::NotFound(_))) => self.confirm_deleted(channel).await,
            other => other,
        }
    }

    /// Records that a channel could not be read; fails after several in a row.
    fn unread(&self, channel: ChannelId, error: RestError) -> Result<(), PageStop> {
        tracing::warn!(
            channel = channel.0,
            error = error_chain(&error),
            "could not read a channel"
        );
        if !error.passes() {
            return Ok(());
        }
        let mut state = self.state();
        state.unreadable.all += 1;
        state.unreadable.in_a_row += 1;
        if state.unreadable.in_a_row < MOST_UNREADABLE { Ok(()) } else { Err(error.into()) }
    }

    pub(super) async fn confirm_deleted(&self, channel: ChannelId) -> Result<(), PageStop> {
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

    /// Reads everything after the newest message that was read; for a channel never read, its
    /// newest page.
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
            self.enqueue_page(page, reading).await?;
            if !more {
                break;
            }
        }
        self.state().up_to_date.insert(channel, reading.newest);
        Ok(())
    }

    /// Whether an empty page after a message is trustworthy: without permission to read the
    /// history, Discord returns empty pages but refuses the newest message.
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
            archived_until: Timestamp::UNIX_EPOCH,
        };
        self.enqueue_page(page, reading).await?;
        self.state().up_to_date.insert(channel, reading.newest);
        Ok(())
    }

    async fn enqueue_page(
        &self,
        page: MessagePage,
        reading: ChannelProgress,
    ) -> Result<(), PageStop> {
        let MessagePage { events, quarantined, .. } = page;
        self.count_read(events.len());
        self.enqueue_with_progress(IngestItem { events, quarantined, reading: Vec::new() }, reading)
            .await
    }

    /// Enqueues what was read together with the progress of its channel.
    pub(super) async fn enqueue_with_progress(
        &self,
        mut delivery: IngestItem,
        reading: ChannelProgress,
    ) -> Result<(), PageStop> {
        delivery.reading.push(reading);
        self.queue.push_history(delivery).await?;
        self.state().readings.insert(reading.channel, reading);
        Ok(())
    }

    pub(super) async fn publish(&self, events: Vec<ChatEvent>) -> Result<(), PageStop> {
        if !events.is_empty() {
            self.queue.push_history(IngestItem { events, ..IngestItem::default() }).await?;
        }
        Ok(())
    }

    pub(super) fn guild(&self, id: GuildId) -> Option<Arc<GuildView>> {
        self.state().guilds.get(&id).cloned()
    }

    pub(super) fn reading(&self, channel: ChannelId) -> Option<ChannelProgress> {
        self.state().readings.get(&channel).copied()
    }

    /// Whether live events of a channel were lost after its last recheck.
    pub(super) fn needs_recheck(&self, reading: ChannelProgress) -> bool {
        let state = self.state();
        let lost_at = state.lost_at.get(&reading.channel).copied().unwrap_or_default();
        reading.reconciled <= lost_at.max(state.all_lost_at)
    }

    /// Channels of a server with live events lost since the last call.
    pub(super) fn take_lost(&self, guild: &GuildView) -> BTreeSet<ChannelId> {
        let own = |id: &ChannelId| guild.channel(*id).is_some();
        self.state().lost.extract_if(.., own).collect()
    }

    pub(super) fn record_backfill(&self, past: ChannelProgress) {
        if let Some(known) = self.state().readings.get_mut(&past.channel) {
            (known.oldest, known.complete) = (past.oldest, past.complete);
        }
    }

    pub(super) fn count_read(&self, messages: usize) {
        self.state().progress.messages_read_total += messages as u64;
    }

    pub(super) fn count_deleted(&self, count: usize) {
        self.state().progress.deletions_found_total += count as u64;
    }

    fn state(&self) -> MutexGuard<'_, CatchUpState> {
        self.state.lock().expect("the lock is never poisoned")
    }
}

/// The first id of this many days ago; 0 days reach back to the beginning.
pub(super) fn first_of(days: u32) -> MessageId {
    if days == 0 {
        return MessageId(0);
    }
    MessageId::min_at(time::minus(clock::now(), time::days(i64::from(days))))
}
