//! What people say, change, take back and react with.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId, UserId};
use serde_json::{Value, json};

use super::FakeDiscord;
use super::gateway::intent;
use super::malformed::Malformed;
use super::render;
use super::state::{Attachment, DiscordState, Message, Reactions, Reference, iso};

/// Something to be said; `FakeDiscord::say` says it.
#[derive(Debug, Clone)]
pub struct Post {
    channel: ChannelId,
    author: UserId,
    content: String,
    at: Option<Timestamp>,
    id: Option<MessageId>,
    kind: Option<u16>,
    reply_to: Option<MessageId>,
    mentions: Vec<UserId>,
    attachments: Vec<(String, u64)>,
    embeds: Vec<Value>,
    components: Vec<Value>,
    flags: u32,
    forwarded: Option<String>,
    by_webhook: bool,
    malformed: Option<Malformed>,
}

impl Post {
    pub fn new(channel: ChannelId, author: UserId, content: &str) -> Self {
        Self {
            channel,
            author,
            content: content.to_owned(),
            at: None,
            id: None,
            kind: None,
            reply_to: None,
            mentions: Vec::new(),
            attachments: Vec::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            flags: 0,
            forwarded: None,
            by_webhook: false,
            malformed: None,
        }
    }

    /// At another time than now.
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    pub fn reply_to(mut self, message: MessageId) -> Self {
        self.reply_to = Some(message);
        self
    }

    /// Beside those that `<@id>` in the text names.
    pub fn mention(mut self, user: UserId) -> Self {
        self.mentions.push(user);
        self
    }

    pub fn attach(mut self, name: &str, bytes: u64) -> Self {
        self.attachments.push((name.to_owned(), bytes));
        self
    }

    /// Discord's number of the message type: 7 for a join, 18 for a thread's beginning.
    pub fn kind(mut self, kind: u16) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Forwards these words of somebody else.
    pub fn forward(mut self, words: &str) -> Self {
        self.forwarded = Some(words.to_owned());
        self
    }

    /// By a webhook, of which the author is no account.
    pub fn by_webhook(mut self) -> Self {
        self.by_webhook = true;
        self
    }

    /// In a shape that strict parsers refuse, by gateway and by REST.
    pub fn malformed(mut self, shape: Malformed) -> Self {
        self.malformed = Some(shape);
        self
    }

    pub(super) fn with_id(mut self, id: MessageId) -> Self {
        self.id = Some(id);
        self
    }

    /// What a bot's request adds to the text.
    pub(super) fn with_parts(mut self, embeds: &Value, components: &Value, flags: &Value) -> Self {
        self.embeds = shown_embeds(embeds);
        self.components = shown_components(components);
        self.flags = flags.as_u64().unwrap_or(0) as u32;
        self
    }
}

/// Embeds of a request, as they come back.
pub(super) fn shown_embeds(asked: &Value) -> Vec<Value> {
    let mut embeds = asked.as_array().cloned().unwrap_or_default();
    for embed in &mut embeds {
        embed["type"] = "rich".into();
    }
    embeds
}

/// Components of a request, as they come back: numbered.
pub(super) fn shown_components(asked: &Value) -> Vec<Value> {
    fn number(component: &mut Value, next: &mut u32) {
        if component.get("id").is_none() {
            component["id"] = (*next).into();
        }
        *next += 1;
        if component["type"] == 2 && component.get("disabled").is_none() {
            component["disabled"] = false.into();
        }
        if let Some(inside) = component["components"].as_array_mut() {
            inside.iter_mut().for_each(|component| number(component, next));
        }
    }
    let mut components = asked.as_array().cloned().unwrap_or_default();
    components.iter_mut().fold(1, |mut next, component| {
        number(component, &mut next);
        next
    });
    components
}

/// Everybody whom `<@id>` or `<@!id>` names.
fn named(content: &str) -> impl Iterator<Item = UserId> {
    content.split("<@").skip(1).filter_map(|after| {
        let (id, _) = after.split_once('>')?;
        id.trim_start_matches('!').parse().ok().map(UserId)
    })
}

impl DiscordState {
    /// Says it, in a thread that this revives if it was archived.
    pub(super) fn send(&mut self, post: Post) -> MessageId {
        let Post { channel, author, content, at, id, kind, reply_to, mut mentions, .. } = post;
        let at = at.unwrap_or_else(|| self.now());
        let id = id.unwrap_or_else(|| match post.at {
            Some(at) => self.message_id_at(channel, at),
            None => MessageId(self.fresh_id()),
        });
        for user in named(&content).filter(|user| self.users.contains_key(user)) {
            if !mentions.contains(&user) {
                mentions.push(user);
            }
        }
        let guild = self.channel(channel).guild;
        let reference = |kind, message| Reference { kind, message, channel, guild: Some(guild) };
        let reply = reply_to.map(|message| reference(0, Some(message)));
        let forward = post.forwarded.as_ref().map(|_| reference(1, None));
        let attachments = post.attachments.into_iter().enumerate().map(|(at, (name, bytes))| {
            let file = id.0 + at as u64 + 1;
            let url = format!("https://cdn.discordapp.com/attachments/{channel}/{file}/{name}");
            Attachment { id: file, name, bytes, url, content: Vec::new() }
        });
        self.admit(Message {
            id,
            channel,
            author,
            kind: kind.unwrap_or(if reply_to.is_some() { 19 } else { 0 }),
            timestamp: iso(at),
            edited: None,
            content,
            mentions,
            attachments: attachments.collect(),
            embeds: post.embeds,
            components: post.components,
            reference: reply.or(forward),
            forward: post.forwarded.map(|words| snapshot(&words, &iso(at))),
            pinned: false,
            flags: post.flags,
            reactions: Vec::new(),
            webhook: post.by_webhook.then_some(author.0),
            malformed: post.malformed,
        });
        id
    }

    /// Takes in a message and tells of it.
    pub(super) fn admit(&mut self, message: Message) {
        let (channel, id) = (message.channel, message.id);
        if self.channel(channel).thread.as_ref().is_some_and(|thread| thread.archived) {
            self.set_archived(channel, false);
        }
        self.messages.entry(channel).or_default().insert(id, message);
        self.emit_message("MESSAGE_CREATE", channel, id);
    }

    fn emit_message(&mut self, name: &str, channel: ChannelId, id: MessageId) {
        let Some(message) = self.message(channel, id) else { return };
        let d = self.message_event_json(message);
        let odd = message.malformed.is_some();
        let guild = self.channel(channel).guild;
        self.emit_shaped(name, intent::GUILD_MESSAGES, (guild, Some(channel)), d, odd);
    }

    /// Changes a message by its author's request.
    pub(super) fn rewrite(&mut self, channel: ChannelId, id: MessageId, body: &Value) {
        let now = iso(self.now());
        let message = self.message_mut(channel, id);
        if let Some(content) = body["content"].as_str() {
            content.clone_into(&mut message.content);
        }
        if body.get("embeds").is_some() {
            message.embeds = shown_embeds(&body["embeds"]);
        }
        if body.get("components").is_some() {
            message.components = shown_components(&body["components"]);
        }
        message.edited = Some(now);
        self.emit_message("MESSAGE_UPDATE", channel, id);
    }

    pub(super) fn change_message(
        &mut self,
        channel: ChannelId,
        id: MessageId,
        change: impl FnOnce(&mut Message),
    ) {
        change(self.message_mut(channel, id));
        self.emit_message("MESSAGE_UPDATE", channel, id);
    }

    pub(super) fn remove(&mut self, channel: ChannelId, id: MessageId) {
        let removed = self.messages.get_mut(&channel).and_then(|said| said.remove(&id));
        assert!(removed.is_some(), "there is no message {id} in {channel}");
        let guild = self.channel(channel).guild;
        let d = json!({ "id": id, "channel_id": channel, "guild_id": guild });
        self.emit("MESSAGE_DELETE", intent::GUILD_MESSAGES, (guild, Some(channel)), d);
    }

    fn remove_many(&mut self, channel: ChannelId, ids: &[MessageId]) {
        let said = self.messages.entry(channel).or_default();
        said.retain(|id, _| !ids.contains(id));
        let guild = self.channel(channel).guild;
        let d = json!({ "ids": ids, "channel_id": channel, "guild_id": guild });
        self.emit("MESSAGE_DELETE_BULK", intent::GUILD_MESSAGES, (guild, Some(channel)), d);
    }

    pub(super) fn add_reaction(
        &mut self,
        channel: ChannelId,
        id: MessageId,
        user: UserId,
        emoji: &str,
    ) {
        let message = self.message_mut(channel, id);
        let author = message.author;
        let at = message.reactions.iter().position(|one| one.emoji == emoji);
        let at = at.unwrap_or_else(|| {
            let emoji = emoji.to_owned();
            message.reactions.push(Reactions { emoji, users: Vec::new(), unnamed: 0 });
            message.reactions.len() - 1
        });
        let users = &mut message.reactions[at].users;
        if users.contains(&user) {
            return;
        }
        users.push(user);
        let guild = self.channel(channel).guild;
        let d = json!({
            "user_id": user, "channel_id": channel, "message_id": id, "guild_id": guild,
            "member": self.member_json(guild, user), "emoji": render::emoji(emoji),
            "message_author_id": author, "burst": false, "type": 0,
        });
        self.emit_reaction("MESSAGE_REACTION_ADD", channel, d);
    }

    pub(super) fn drop_reaction(
        &mut self,
        channel: ChannelId,
        id: MessageId,
        user: UserId,
        emoji: &str,
    ) {
        let reactions = &mut self.message_mut(channel, id).reactions;
        let Some(at) = reactions.iter().position(|one| one.emoji == emoji) else { return };
        let Some(place) = reactions[at].users.iter().position(|one| *one == user) else { return };
        reactions[at].users.remove(place);
        reactions.retain(|one| !one.users.is_empty() || one.unnamed > 0);
        let guild = self.channel(channel).guild;
        let d = json!({
            "user_id": user, "channel_id": channel, "message_id": id, "guild_id": guild,
            "emoji": render::emoji(emoji), "burst": false, "type": 0,
        });
        self.emit_reaction("MESSAGE_REACTION_REMOVE", channel, d);
    }

    /// Takes away every reaction, or every one with an emoji.
    fn clear_reactions(&mut self, channel: ChannelId, id: MessageId, emoji: Option<&str>) {
        let reactions = &mut self.message_mut(channel, id).reactions;
        reactions.retain(|one| emoji.is_some_and(|emoji| one.emoji != emoji));
        let guild = self.channel(channel).guild;
        let mut d = json!({ "channel_id": channel, "message_id": id, "guild_id": guild });
        let mut name = "MESSAGE_REACTION_REMOVE_ALL";
        if let Some(emoji) = emoji {
            d["emoji"] = render::emoji(emoji);
            name = "MESSAGE_REACTION_REMOVE_EMOJI";
        }
        self.emit_reaction(name, channel, d);
    }

    fn emit_reaction(&mut self, name: &str, channel: ChannelId, d: Value) {
        let guild = self.channel(channel).guild;
        self.emit(name, intent::GUILD_MESSAGE_REACTIONS, (guild, Some(channel)), d);
    }
}

/// A forwarded message, of which Discord names neither author nor place.
pub(super) fn snapshot(words: &str, at: &str) -> Value {
    json!({
        "type": 0, "content": words, "mentions": [], "mention_roles": [], "attachments": [],
        "embeds": [], "timestamp": at, "edited_timestamp": null, "flags": 0, "components": [],
    })
}

impl FakeDiscord {
    pub fn post(&self, channel: ChannelId, author: UserId, text: &str) -> MessageId {
        self.send(Post::new(channel, author, text))
    }

    pub fn send(&self, post: Post) -> MessageId {
        self.with(|state| state.send(post))
    }

    pub fn edit(&self, channel: ChannelId, message: MessageId, text: &str) {
        self.with(|state| state.rewrite(channel, message, &json!({ "content": text })));
    }

    /// A link in the message gets its preview: an update that is no edit.
    pub fn preview(&self, channel: ChannelId, message: MessageId, url: &str) {
        let embed = json!({ "type": "link", "url": url, "title": "A page" });
        self.with(|state| state.change_message(channel, message, |said| said.embeds.push(embed)));
    }

    pub fn pin(&self, channel: ChannelId, message: MessageId, pinned: bool) {
        self.with(|state| {
            state.change_message(channel, message, |said| said.pinned = pinned);
            let guild = state.channel(channel).guild;
            let at = iso(state.now());
            let d = json!({ "guild_id": guild, "channel_id": channel, "last_pin_timestamp": at });
            state.emit("CHANNEL_PINS_UPDATE", intent::GUILDS, (guild, Some(channel)), d);
        });
    }

    pub fn delete(&self, channel: ChannelId, message: MessageId) {
        self.with(|state| state.remove(channel, message));
    }

    pub fn delete_many(&self, channel: ChannelId, messages: &[MessageId]) {
        self.with(|state| state.remove_many(channel, messages));
    }

    /// `emoji` is a character, or `name:id` for one of the guild's own.
    pub fn react(&self, channel: ChannelId, message: MessageId, user: UserId, emoji: &str) {
        self.with(|state| state.add_reaction(channel, message, user, emoji));
    }

    pub fn unreact(&self, channel: ChannelId, message: MessageId, user: UserId, emoji: &str) {
        self.with(|state| state.drop_reaction(channel, message, user, emoji));
    }

    pub fn clear_reactions(&self, channel: ChannelId, message: MessageId) {
        self.with(|state| state.clear_reactions(channel, message, None));
    }

    pub fn clear_emoji(&self, channel: ChannelId, message: MessageId, emoji: &str) {
        self.with(|state| state.clear_reactions(channel, message, Some(emoji)));
    }
}
