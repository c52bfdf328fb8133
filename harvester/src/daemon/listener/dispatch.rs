//! Handles each gateway event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::ids::{ChannelId, GuildId};
use rules::model::message::ReactionOp;
use rules::safety::redact;
use serde_json::Value;

use super::fact_warner::FactWatch;
use super::tasks::ListenerTasks;
use crate::config::DiscordConfig;
use crate::discord::catch_up::CatchUp;
use crate::discord::gateway::{DispatchEvent, GapSet, GatewayAction, translate};
use crate::discord::guild_view::{AccessUpdate, ChannelUpdate, GuildView};
use crate::discord::interactions::handler::InteractionHandler;
use crate::discord::members::join_event;
use crate::event::ChatEvent;
use crate::ingest_queue::{IngestItem, IngestQueue};
use crate::wire::api::{ApiChannel, ApiMessage, Deletion, MemberUpdate};

/// Handles events one after the other, and never waits.
pub(super) struct GatewayDispatcher {
    settings: DiscordConfig,
    rules: Arc<Ruleset>,
    feed: IngestQueue,
    catch_up: CatchUp,
    handler: Option<Arc<InteractionHandler>>,
    /// Servers whose commands are registered once there is a handler.
    unregistered: BTreeSet<GuildId>,
    /// Interactions received before there was a handler.
    interactions: Vec<Value>,
    tasks: ListenerTasks,
    /// Where a channel for warnings is set.
    facts: Option<FactWatch>,
    /// The servers that each shard's session announced, and the bot's application.
    servers: BTreeMap<u32, BTreeSet<GuildId>>,
    application: Option<u64>,
}

impl GatewayDispatcher {
    pub(super) fn new(
        settings: &DiscordConfig,
        rules: &Arc<Ruleset>,
        feed: IngestQueue,
        catch_up: CatchUp,
        facts: Option<FactWatch>,
    ) -> Self {
        let tasks = ListenerTasks::new(catch_up.clone(), feed.clone());
        Self {
            settings: settings.clone(),
            rules: Arc::clone(rules),
            feed,
            catch_up,
            handler: None,
            unregistered: BTreeSet::new(),
            interactions: Vec::new(),
            tasks,
            facts,
            servers: BTreeMap::new(),
            application: None,
        }
    }

    /// The servers that the bot is in, as far as the sessions of this process announced them.
    pub(super) fn servers(&self) -> BTreeSet<GuildId> {
        self.servers.values().flatten().copied().collect()
    }

    pub(super) fn application(&self) -> Option<u64> {
        self.application
    }

    /// Sets the interaction handler, and passes on what waited for it.
    pub(super) fn attach_handler(&mut self, handler: Arc<InteractionHandler>) {
        for interaction in self.interactions.drain(..) {
            self.tasks.answer(&handler, interaction);
        }
        for guild in std::mem::take(&mut self.unregistered) {
            self.tasks.register(&handler, guild);
        }
        self.handler = Some(handler);
    }

    pub(super) fn handle_event(&mut self, event: DispatchEvent) {
        let at = event.at;
        let shard = event.shard;
        match translate(&event) {
            GatewayAction::Posted(read) => self.message(*read, at, ChatEvent::Posted),
            GatewayAction::Edited(read) => self.message(*read, at, ChatEvent::Edited),
            GatewayAction::Reread(channel, message) => self.tasks.reread(channel, message),
            GatewayAction::Deleted(Deletion { channel, messages, .. }) => {
                self.enqueue(channel, ChatEvent::Deleted(channel, messages, at));
            }
            GatewayAction::Reacted(change) => {
                let read = self.rules.signals.reads_reaction(&change.emoji);
                if read || change.what == ReactionOp::Cleared {
                    self.enqueue(change.channel, ChatEvent::Reacted(change, at));
                }
            }
            GatewayAction::Channel(channel) => self.channel(channel, at),
            GatewayAction::ChannelGone(channel) => {
                if let Some(guild) = self.catch_up.guild_of(channel) {
                    self.catch_up.with_guild(guild, |guild| guild.remove(channel));
                }
                self.enqueue(channel, ChatEvent::ChannelGone(channel, at));
            }
            GatewayAction::Threads(list) => {
                list.threads.into_iter().for_each(|one| self.channel(one, at))
            }
            GatewayAction::Guild(guild) => {
                self.servers.entry(shard).or_default().insert(guild.id);
                self.guild(GuildView::of(guild, &self.settings.everybody));
            }
            GatewayAction::GuildChanged(guild) => {
                let id = guild.id;
                self.change_roles(id, |view| view.put_roles(guild), at);
            }
            GatewayAction::GuildLeft(guild) => {
                self.servers.entry(shard).or_default().remove(&guild);
                self.left(guild, at);
            }
            GatewayAction::Role(guild, role) => {
                self.change_roles(guild, |guild| guild.put_role(role), at)
            }
            GatewayAction::RoleGone(guild, role) => {
                self.change_roles(guild, |guild| guild.remove_role(role), at);
            }
            GatewayAction::Member(MemberUpdate { guild, user, member }) => {
                self.catch_up.note_member(guild, user.id, member);
            }
            GatewayAction::Interaction(interaction) => match &self.handler {
                Some(handler) => self.tasks.answer(handler, interaction),
                None => self.interactions.push(interaction),
            },
            GatewayAction::Ready => {
                self.announced(shard, &event.data);
                self.catch_up.out_of_step();
            }
            GatewayAction::Quarantine { why, channel, message } => {
                let raw = redact(&event.data.to_string(), &self.rules.safety).into_owned();
                let source = "gateway".to_owned();
                let (kind, why) = (event.kind, why.to_owned());
                let one = indexer::store::QuarantinedPayload {
                    id: 0,
                    source,
                    kind,
                    why,
                    raw,
                    channel,
                    message,
                    seen: at,
                    tries: 0,
                };
                self.deliver(
                    channel,
                    IngestItem { quarantined: vec![one], ..IngestItem::default() },
                );
            }
            GatewayAction::GuildAway(_)
            | GatewayAction::Resumed
            | GatewayAction::Nothing
            | GatewayAction::Unknown => {}
        }
    }

    /// Handles lost events, and starts the catch-ups that are due.
    pub(super) fn poll_gaps(&mut self, gapped: GapSet) {
        let lost = gapped.channels.into_iter().collect::<Vec<_>>();
        for channel in lost {
            self.lost(Some(channel));
        }
        if gapped.everything {
            self.lost(None);
        }
        self.tasks.poll();
    }

    /// Waits a moment for replies that users wait for.
    pub(super) async fn finish(self) {
        self.tasks.finish().await;
    }

    /// Notes what a new session announced. Servers in an outage are announced too.
    fn announced(&mut self, shard: u32, ready: &Value) {
        let servers = ready["guilds"].as_array().into_iter().flatten();
        let servers = servers.filter_map(|one| one["id"].as_str()?.parse().ok());
        self.servers.insert(shard, servers.collect());
        let application = ready["application"]["id"].as_str();
        self.application = application.and_then(|id| id.parse().ok()).or(self.application);
    }

    fn message(
        &mut self,
        mut read: ApiMessage,
        at: Timestamp,
        event: fn(rules::model::message::Message, Timestamp) -> ChatEvent,
    ) {
        let (channel, message) = (read.message.channel, read.message.id);
        let Some(guild) = read.guild.or_else(|| self.catch_up.guild_of(channel)) else { return };
        if !self.catch_up.reads(guild, channel) {
            return;
        }
        if !self.catch_up.name(&mut read, guild) {
            return self.tasks.reread(channel, message);
        }
        if let Some(facts) = &self.facts {
            facts.check(&read.message, guild);
        }
        let reading = self.catch_up.live(channel, message).into_iter().collect();
        let mut events = Vec::from_iter(join_event(guild, &read));
        events.push(event(read.message, at));
        self.deliver(Some(channel), IngestItem { events, reading, ..IngestItem::default() });
    }

    fn channel(&mut self, channel: ApiChannel, at: Timestamp) {
        let id = channel.id;
        let guild = channel.guild.or_else(|| self.catch_up.guild_of(channel.parent.unwrap_or(id)));
        let Some(guild) = guild else { return };
        let before = self.catch_up.in_sight(guild, id);
        let update = self.catch_up.with_guild(guild, |view| {
            let guild = Some(view.id());
            let last_message =
                channel.last_message.max(view.channel(id).and_then(|before| before.last_message));
            view.apply_channel(ApiChannel { guild, last_message, ..channel }, at)
        });
        let Some(ChannelUpdate { events, inherited }) = update else { return };
        if !events.is_empty() {
            self.deliver(Some(id), IngestItem { events, ..IngestItem::default() });
        }
        if inherited {
            self.tasks.update_archived(guild, id);
        }
        if !self.catch_up.in_sight(guild, id).is_subset(&before) {
            self.tasks.read_channel(guild, id);
        }
    }

    fn change_roles(&mut self, id: GuildId, change: impl FnOnce(&mut GuildView), at: Timestamp) {
        let update = self.catch_up.with_guild(id, |guild| guild.apply_roles(at, change));
        let Some(AccessUpdate { events, shown, hidden }) = update else { return };
        if !events.is_empty() {
            self.deliver(None, IngestItem { events, ..IngestItem::default() });
        }
        for channel in shown.iter().chain(&hidden) {
            self.tasks.update_archived(id, *channel);
        }
        for channel in shown {
            self.tasks.read_channel(id, channel);
        }
    }

    fn guild(&mut self, guild: GuildView) {
        let id = guild.id();
        if !self.settings.selects(id) {
            return;
        }
        self.catch_up.put_guild(guild);
        match &self.handler {
            Some(handler) => self.tasks.register(handler, id),
            None => {
                self.unregistered.insert(id);
            }
        }
        self.tasks.catch_up(id);
    }

    /// The bot was removed: its channels are no longer served.
    fn left(&mut self, id: GuildId, at: Timestamp) {
        let channels = self.catch_up.with_guild(id, |guild| guild.readable()).unwrap_or_default();
        let hidden = channels.iter().map(|channel| ChatEvent::ChannelHidden(channel.id, at));
        self.deliver(None, IngestItem { events: hidden.collect(), ..IngestItem::default() });
    }

    fn enqueue(&mut self, channel: ChannelId, event: ChatEvent) {
        self.deliver(Some(channel), IngestItem { events: vec![event], ..IngestItem::default() });
    }

    /// Never waits: what does not fit into the queue is read again over REST.
    fn deliver(&mut self, channel: Option<ChannelId>, delivery: IngestItem) {
        if self.feed.push_live(delivery).is_err() {
            self.lost(channel);
        }
    }

    /// Requests that a channel is read again, or all of them.
    fn lost(&mut self, channel: Option<ChannelId>) {
        let guild = channel.and_then(|channel| {
            self.catch_up.gapped(channel);
            self.catch_up.guild_of(channel)
        });
        match guild {
            Some(guild) => {
                self.tasks.catch_up_again(guild);
            }
            None => {
                self.catch_up.out_of_step();
                let guilds = self.catch_up.guilds();
                guilds.into_iter().for_each(|guild| self.tasks.catch_up_again(guild));
            }
        }
    }
}
