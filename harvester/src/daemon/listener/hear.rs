//! What each event of the gateway sets going.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rules::ids::{ChannelId, GuildId, MessageId, Millis};
use rules::message::Reacting;
use rules::ruleset::Ruleset;
use rules::safety::redact;
use tokio::task::AbortHandle;

use super::is_wanted;
use crate::config::Discord;
use crate::discord::catch_up::{CatchUp, Halt};
use crate::discord::gateway::{Gapped, Heard, News, translate};
use crate::discord::guild::Guild;
use crate::discord::interactions::Desk;
use crate::event::ChatEvent;
use crate::feed::{Delivery, Feed};
use crate::wire::api::{ApiChannel, ApiMessage, Deletion, MemberTold};

/// Understands events one after the other, and never waits.
pub(super) struct Ear {
    settings: Discord,
    rules: Arc<Ruleset>,
    feed: Feed,
    catch_up: CatchUp,
    desk: Option<Arc<Desk>>,
    /// Servers whose commands are to be registered once there is a desk.
    unregistered: BTreeSet<GuildId>,
    /// Catching up with each server, one at a time.
    catching_up: BTreeMap<GuildId, AbortHandle>,
    /// Servers to catch up with again once that is done.
    again: BTreeSet<GuildId>,
    interactions: Vec<serde_json::Value>,
}

impl Ear {
    pub(super) fn new(
        settings: &Discord,
        rules: &Arc<Ruleset>,
        feed: Feed,
        catch_up: CatchUp,
    ) -> Self {
        Self {
            settings: settings.clone(),
            rules: Arc::clone(rules),
            feed,
            catch_up,
            desk: None,
            unregistered: BTreeSet::new(),
            catching_up: BTreeMap::new(),
            again: BTreeSet::new(),
            interactions: Vec::new(),
        }
    }

    /// Gets to know the desk, and hands over what waited for it.
    pub(super) fn meet(&mut self, desk: Arc<Desk>) {
        for interaction in self.interactions.drain(..) {
            answer(&desk, interaction);
        }
        for guild in std::mem::take(&mut self.unregistered) {
            register(&desk, guild);
        }
        self.desk = Some(desk);
    }

    pub(super) fn hear(&mut self, heard: Heard) {
        let at = heard.at;
        match translate(&heard) {
            News::Posted(read) => self.message(*read, at, ChatEvent::Posted),
            News::Edited(read) => self.message(*read, at, ChatEvent::Edited),
            News::Reread(channel, message) => self.reread(channel, message),
            News::Deleted(Deletion { channel, messages, .. }) => {
                self.hand_in(channel, ChatEvent::Deleted(channel, messages, at));
            }
            News::Reacted(change) => {
                let read = self.rules.signals.reads_reaction(&change.emoji);
                if read || change.what == Reacting::Cleared {
                    self.hand_in(change.channel, ChatEvent::Reacted(change, at));
                }
            }
            News::Channel(channel) => self.channel(channel, at),
            News::ChannelGone(channel) => {
                if let Some(guild) = self.catch_up.guild_of(channel) {
                    self.catch_up.with_guild(guild, |guild| guild.remove(channel));
                }
                self.hand_in(channel, ChatEvent::ChannelGone(channel, at));
            }
            News::Threads(list) => list.threads.into_iter().for_each(|one| self.channel(one, at)),
            News::Guild(told) => self.guild(Guild::of(told, &self.settings.everybody)),
            News::GuildChanged(told) => {
                let id = told.id;
                self.change_roles(id, |guild| guild.put_roles(told), at);
            }
            News::GuildLeft(guild) => self.left(guild, at),
            News::Role(guild, role) => self.change_roles(guild, |guild| guild.put_role(role), at),
            News::RoleGone(guild, role) => {
                self.change_roles(guild, |guild| guild.remove_role(role), at);
            }
            News::Member(MemberTold { guild, user, member }) => {
                self.catch_up.note_member(guild, user.id, member);
            }
            News::Interaction(interaction) => match &self.desk {
                Some(desk) => answer(desk, interaction),
                None => self.interactions.push(interaction),
            },
            News::Ready => self.catch_up.out_of_step(),
            News::Quarantine { why, channel, message } => {
                let raw = redact(&heard.data.to_string(), &self.rules.safety).into_owned();
                let source = "gateway".to_owned();
                let (kind, why) = (heard.kind, why.to_owned());
                let one = indexer::store::Quarantined {
                    id: 0, source, kind, why, raw, channel, message, seen: at, tries: 0,
                };
                self.deliver(channel, Delivery { quarantined: vec![one], ..Delivery::default() });
            }
            News::GuildAway(_) | News::Resumed | News::Nothing | News::Unknown => {}
        }
    }

    /// Looks after what was lost, and catches up again where that is wanted.
    pub(super) fn mind(&mut self, gapped: Gapped) {
        let lost = gapped.channels.into_iter().collect::<Vec<_>>();
        for channel in lost {
            self.lost(Some(channel));
        }
        if gapped.everything {
            self.lost(None);
        }
        self.catching_up.retain(|_, task| !task.is_finished());
        for guild in std::mem::take(&mut self.again) {
            if self.catching_up.contains_key(&guild) {
                self.again.insert(guild);
            } else {
                self.start(guild);
            }
        }
    }

    fn message(
        &mut self,
        mut read: ApiMessage,
        at: Millis,
        event: fn(rules::message::Message, Millis) -> ChatEvent,
    ) {
        let (channel, message) = (read.message.channel, read.message.id);
        let Some(guild) = read.guild.or_else(|| self.catch_up.guild_of(channel)) else { return };
        if !self.catch_up.reads(guild, channel) {
            return;
        }
        if !self.catch_up.name(&mut read, guild) {
            return self.reread(channel, message);
        }
        let reading = self.catch_up.live(channel, message).into_iter().collect();
        let events = vec![event(read.message, at)];
        self.deliver(Some(channel), Delivery { events, reading, ..Delivery::default() });
    }

    fn reread(&self, channel: ChannelId, message: MessageId) {
        let (catch_up, feed) = (self.catch_up.clone(), self.feed.clone());
        tokio::spawn(async move {
            let done = match catch_up.reread(channel, message).await {
                Ok(delivery) => feed.history(delivery).await.map_err(Halt::from),
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::warn!(%error, channel = channel.0, "a message could not be read again");
            }
        });
    }

    fn channel(&mut self, channel: ApiChannel, at: Millis) {
        let id = channel.id;
        let guild = channel.guild.or_else(|| self.catch_up.guild_of(channel.parent.unwrap_or(id)));
        let Some(guild) = guild else { return };
        let was_read = self.catch_up.reads(guild, id);
        let told = self.catch_up.with_guild(guild, |view| {
            let guild = Some(view.id());
            let last_message = channel
                .last_message
                .max(view.channel(id).and_then(|before| before.last_message));
            view.put(ApiChannel { guild, last_message, ..channel });
            view.tell(id, at)
        });
        self.deliver(Some(id), Delivery { events: told.unwrap_or_default(), ..Delivery::default() });
        self.tell_below(guild, id);
        if !was_read && self.catch_up.reads(guild, id) {
            self.again.insert(guild);
        }
    }

    fn change_roles(&mut self, id: GuildId, change: impl FnOnce(&mut Guild), at: Millis) {
        let told = self.catch_up.with_guild(id, |guild| {
            let before = guild.readable();
            change(guild);
            (guild.readable() != before).then(|| guild.tell_all(at))
        });
        if let Some(Some(events)) = told {
            self.deliver(None, Delivery { events, ..Delivery::default() });
            self.again.insert(id);
        }
    }

    fn guild(&mut self, guild: Guild) {
        let id = guild.id();
        if !is_wanted(&self.settings, id) {
            return;
        }
        self.catch_up.put_guild(guild);
        match &self.desk {
            Some(desk) => register(desk, id),
            None => {
                self.unregistered.insert(id);
            }
        }
        self.start(id);
    }

    /// The bot was removed: what can no longer be seen is no longer served.
    fn left(&mut self, id: GuildId, at: Millis) {
        let channels = self.catch_up.with_guild(id, |guild| guild.readable()).unwrap_or_default();
        let hidden = channels.iter().map(|channel| ChatEvent::ChannelHidden(channel.id, at));
        self.deliver(None, Delivery { events: hidden.collect(), ..Delivery::default() });
    }

    /// Starts to catch up with a server; what was under way begins anew.
    fn start(&mut self, id: GuildId) {
        let catch_up = self.catch_up.clone();
        let task = tokio::spawn(async move {
            match catch_up.run(id).await {
                Ok(()) | Err(Halt::Stopped(_)) => {}
                Err(error) => tracing::warn!(%error, guild = id.0, "catching up broke off"),
            }
        });
        if let Some(before) = self.catching_up.insert(id, task.abort_handle()) {
            before.abort();
        }
    }

    fn tell_below(&self, guild: GuildId, channel: ChannelId) {
        let catch_up = self.catch_up.clone();
        tokio::spawn(async move {
            if let Err(error) = catch_up.tell_below(guild, channel).await {
                tracing::warn!(%error, channel = channel.0, "old threads were not told");
            }
        });
    }

    fn hand_in(&mut self, channel: ChannelId, event: ChatEvent) {
        self.deliver(Some(channel), Delivery { events: vec![event], ..Delivery::default() });
    }

    /// Never waits: what finds the queue full is read again over REST.
    fn deliver(&mut self, channel: Option<ChannelId>, delivery: Delivery) {
        if self.feed.live(delivery).is_err() {
            self.lost(channel);
        }
    }

    /// Has a channel read again, or all of them.
    fn lost(&mut self, channel: Option<ChannelId>) {
        let guild = channel.and_then(|channel| {
            self.catch_up.gapped(channel);
            self.catch_up.guild_of(channel)
        });
        match guild {
            Some(guild) => {
                self.again.insert(guild);
            }
            None => {
                self.catch_up.out_of_step();
                self.again.extend(self.catch_up.guilds());
            }
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.catching_up.values().for_each(AbortHandle::abort);
    }
}

fn answer(desk: &Arc<Desk>, interaction: serde_json::Value) {
    let desk = Arc::clone(desk);
    tokio::spawn(async move { desk.answer(&interaction).await });
}

fn register(desk: &Arc<Desk>, guild: GuildId) {
    let desk = Arc::clone(desk);
    tokio::spawn(async move {
        match desk.register(guild).await {
            Ok(true) => tracing::info!(guild = guild.0, "registered the commands"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, guild = guild.0, "commands are not registered"),
        }
    });
}
