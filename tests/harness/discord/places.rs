//! Channels, forums and threads.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, MessageId, UserId};
use serde_json::{Value, json};

use super::FakeDiscord;
use super::gateway::intent;
use super::message_actions::Post;
use super::state::{Channel, DiscordState, Kind, Overwrite, Tag, Thread, may};

impl DiscordState {
    pub(super) fn add_channel(&mut self, id: ChannelId, guild: GuildId, kind: Kind, name: &str) {
        let position = self.channels.values().filter(|one| one.guild == guild).count() as i64;
        self.channels.insert(id, blank(id, guild, kind, name, position));
        self.emit_channel("CHANNEL_CREATE", id);
    }

    /// Tells of a channel, also one that the bot may not view: without its name.
    pub(super) fn emit_channel(&mut self, name: &str, id: ChannelId) {
        let channel = self.channel(id);
        let (guild, is_thread) = (channel.guild, channel.thread.is_some());
        let d = self.channel_event_json(channel);
        let of_channel = is_thread.then_some(id);
        self.emit(name, intent::GUILDS, (guild, of_channel), d);
    }

    fn change_channel(&mut self, id: ChannelId, change: impl FnOnce(&mut Channel)) {
        change(self.channel_mut(id));
        let is_thread = self.channel(id).thread.is_some();
        self.emit_channel(if is_thread { "THREAD_UPDATE" } else { "CHANNEL_UPDATE" }, id);
    }

    pub(super) fn add_thread(
        &mut self,
        id: ChannelId,
        parent: ChannelId,
        kind: Kind,
        (owner, name): (UserId, &str),
    ) {
        let now = self.now();
        let guild = self.channel(parent).guild;
        let thread = Thread {
            owner,
            created: now,
            archived: false,
            archive_changed: now,
            locked: false,
            tags: Vec::new(),
        };
        let parent = Some(parent);
        let thread = Some(thread);
        let channel = Channel { parent, thread, ..blank(id, guild, kind, name, 0) };
        self.channels.insert(id, channel);
    }

    fn emit_new_thread(&mut self, id: ChannelId) {
        let channel = self.channel(id);
        let guild = channel.guild;
        let mut d = self.channel_json(channel);
        d["newly_created"] = true.into();
        self.emit("THREAD_CREATE", intent::GUILDS, (guild, Some(id)), d);
    }

    /// Changes a thread, of which the name is the channel's.
    pub(super) fn change_thread(
        &mut self,
        id: ChannelId,
        change: impl FnOnce(&mut String, &mut Thread),
    ) {
        self.change_channel(id, |channel| {
            let Channel { name, thread, .. } = channel;
            change(name, thread.as_mut().unwrap_or_else(|| panic!("{id} is no thread")));
        });
    }

    pub(super) fn set_archived(&mut self, id: ChannelId, archived: bool) {
        let now = self.now();
        self.change_thread(id, |_, thread| {
            if thread.archived != archived {
                thread.archived = archived;
                thread.archive_changed = now;
            }
        });
    }

    fn tag_ids(&self, thread: ChannelId, names: &[&str]) -> Vec<u64> {
        let parent = self.channel(thread).parent.expect("a thread has a parent");
        let known = &self.channel(parent).tags;
        let id = |name: &&str| known.iter().find(|tag| tag.name == *name).map(|tag| tag.id);
        names
            .iter()
            .map(|name| id(name).unwrap_or_else(|| panic!("no tag is named {name}")))
            .collect()
    }

    fn remove_place(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get(&id).cloned() else {
            panic!("there is no channel {id}")
        };
        let guild = channel.guild;
        if channel.thread.is_some() {
            let (parent, kind) = (channel.parent, channel.kind as u8);
            let d = json!({ "id": id, "guild_id": guild, "parent_id": parent, "type": kind });
            self.emit("THREAD_DELETE", intent::GUILDS, (guild, Some(id)), d);
        } else {
            self.emit_channel("CHANNEL_DELETE", id);
        }
        let below =
            self.channels.values().filter(|one| one.thread.is_some() && one.parent == Some(id));
        let below = below.map(|one| one.id).collect::<Vec<_>>();
        for id in below.into_iter().chain([id]) {
            self.channels.remove(&id);
            self.messages.remove(&id);
        }
    }

    /// Tells of the threads in a channel that the bot sees again.
    fn emit_threads(&mut self, id: ChannelId) {
        let guild = self.channel(id).guild;
        let threads = self.active_threads(guild).into_iter().filter(|one| one.parent == Some(id));
        let threads = threads.map(|thread| self.channel_json(thread)).collect::<Vec<Value>>();
        let d =
            json!({ "guild_id": guild, "channel_ids": [id], "threads": threads, "members": [] });
        self.emit("THREAD_LIST_SYNC", intent::GUILDS, (guild, Some(id)), d);
    }
}

fn blank(id: ChannelId, guild: GuildId, kind: Kind, name: &str, position: i64) -> Channel {
    Channel {
        id,
        guild,
        kind,
        name: name.to_owned(),
        topic: None,
        parent: None,
        position,
        overwrites: BTreeMap::new(),
        tags: Vec::new(),
        thread: None,
        forbidden: false,
        obfuscated: true,
    }
}

impl FakeDiscord {
    /// A text channel.
    pub fn channel(&self, guild: GuildId, name: &str) -> ChannelId {
        self.place(guild, Kind::Text, name)
    }

    /// A channel of any kind that is no thread.
    pub fn place(&self, guild: GuildId, kind: Kind, name: &str) -> ChannelId {
        self.with(|state| {
            let id = ChannelId(state.fresh_id());
            state.add_channel(id, guild, kind, name);
            id
        })
    }

    /// A forum whose posts may be tagged with these.
    pub fn forum(&self, guild: GuildId, name: &str, tags: &[&str]) -> ChannelId {
        let id = self.place(guild, Kind::Forum, name);
        for name in tags {
            self.add_tag(id, name, false);
        }
        id
    }

    /// One more tag for a forum; who tags with a moderated one needs MANAGE_THREADS.
    pub fn add_tag(&self, forum: ChannelId, name: &str, moderated: bool) {
        self.with(|state| {
            let tag = Tag { id: state.fresh_id(), name: name.to_owned(), moderated };
            state.change_channel(forum, |channel| channel.tags.push(tag));
        });
    }

    pub fn rename_tag(&self, forum: ChannelId, from: &str, to: &str) {
        self.with(|state| {
            state.change_channel(forum, |channel| {
                let tag = channel.tags.iter_mut().find(|tag| tag.name == from);
                to.clone_into(&mut tag.unwrap_or_else(|| panic!("no tag is named {from}")).name);
            });
        });
    }

    pub fn rename(&self, channel: ChannelId, name: &str) {
        self.with(|state| {
            state.change_channel(channel, |channel| name.clone_into(&mut channel.name))
        });
    }

    pub fn topic(&self, channel: ChannelId, topic: Option<&str>) {
        let topic = topic.map(str::to_owned);
        self.with(|state| state.change_channel(channel, |channel| channel.topic = topic));
    }

    /// Moves a channel into a category.
    pub fn into_category(&self, channel: ChannelId, category: ChannelId) {
        self.with(|state| state.change_channel(channel, |channel| channel.parent = Some(category)));
    }

    /// What a role or a member may and may not in a channel, whatever they may in the guild.
    pub fn overwrite(&self, channel: ChannelId, of: u64, allow: u64, deny: u64) {
        self.with(|state| {
            let of_member = state.users.contains_key(&UserId(of));
            let overwrite = Overwrite { of_member, allow, deny };
            state.change_channel(channel, |channel| {
                channel.overwrites.insert(of, overwrite);
            });
        });
    }

    /// Everybody is denied the channel, the bot too; the gateway tells of it without its name.
    pub fn hide(&self, channel: ChannelId) {
        let everyone = self.look(|state| state.channel(channel).guild.0);
        self.overwrite(channel, everyone, 0, may::VIEW_CHANNEL);
    }

    /// As `hide`, sent as Discord did before it kept names back: by the overwrites alone.
    pub fn hide_by_name(&self, channel: ChannelId) {
        self.with(|state| state.channel_mut(channel).obfuscated = false);
        self.hide(channel);
    }

    /// Everybody may view the channel again, and its active threads are sent.
    pub fn show(&self, channel: ChannelId) {
        self.with(|state| {
            let everyone = state.channel(channel).guild.0;
            state.change_channel(channel, |channel| {
                channel.overwrites.remove(&everyone);
            });
            state.emit_threads(channel);
        });
    }

    /// Requests for the channel are answered 403, or no longer; no event tells of it.
    pub fn forbid(&self, channel: ChannelId, forbidden: bool) {
        self.with(|state| state.channel_mut(channel).forbidden = forbidden);
    }

    /// Deletes a channel with the threads below it, or a thread, and everything said there.
    pub fn delete_place(&self, channel: ChannelId) {
        self.with(|state| state.remove_place(channel));
    }

    /// A public thread that starts from a message and has its id.
    pub fn thread_from(
        &self,
        channel: ChannelId,
        message: MessageId,
        owner: UserId,
        name: &str,
    ) -> ChannelId {
        self.with(|state| {
            let id = ChannelId(message.0);
            state.add_thread(id, channel, Kind::PublicThread, (owner, name));
            state.emit_new_thread(id);
            id
        })
    }

    /// A thread without a message to start from.
    pub fn thread(&self, channel: ChannelId, kind: Kind, owner: UserId, name: &str) -> ChannelId {
        self.with(|state| {
            let id = ChannelId(state.fresh_id());
            state.add_thread(id, channel, kind, (owner, name));
            state.emit_new_thread(id);
            id
        })
    }

    /// A post of a forum: a thread whose first message has its id.
    pub fn forum_post(
        &self,
        forum: ChannelId,
        author: UserId,
        title: &str,
        text: &str,
        tags: &[&str],
    ) -> ChannelId {
        self.with(|state| {
            let id = ChannelId(state.fresh_id());
            state.add_thread(id, forum, Kind::PublicThread, (author, title));
            let tags = state.tag_ids(id, tags);
            state.channel_mut(id).thread.as_mut().expect("it was just made").tags = tags;
            state.emit_new_thread(id);
            state.send(Post::new(id, author, text).with_id(MessageId(id.0)));
            id
        })
    }

    /// The tags of a forum post, all of them.
    pub fn tag(&self, thread: ChannelId, tags: &[&str]) {
        self.with(|state| {
            let tags = state.tag_ids(thread, tags);
            state.change_thread(thread, |_, thread| thread.tags = tags);
        });
    }

    pub fn archive(&self, thread: ChannelId) {
        self.with(|state| state.set_archived(thread, true));
    }

    /// Archives a thread as of a time in the past.
    pub fn archive_at(&self, thread: ChannelId, at: Timestamp) {
        self.with(|state| {
            state.change_thread(thread, |_, thread| {
                (thread.archived, thread.archive_changed) = (true, at);
            });
        });
    }

    pub fn revive(&self, thread: ChannelId) {
        self.with(|state| state.set_archived(thread, false));
    }

    pub fn lock(&self, thread: ChannelId, locked: bool) {
        self.with(|state| state.change_thread(thread, |_, thread| thread.locked = locked));
    }
}
