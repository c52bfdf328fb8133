//! DiscordChatExporter files as state, and as live events.

use std::ops::Range;

use rules::model::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use serde_json::Value;

use super::FakeDiscord;
use super::message_actions::snapshot;
use super::state::{Attachment, DiscordState, Kind, Message, Reactions, Reference, Role};

/// How an export writes the absence of an id.
const NONE: u64 = 0;

impl FakeDiscord {
    /// Makes guild, channel, people and messages of an export, with its ids and times, without events.
    pub fn load_export(&self, export: &Value) -> ChannelId {
        self.without_events(|_| {
            self.with(|state| {
                let channel = state.found(export);
                for message in list(&export["messages"]) {
                    let message = state.exported(export, message);
                    state.admit(message);
                }
                channel
            })
        })
    }

    /// Makes guild and channel of an export, but says nothing yet.
    pub fn load_places(&self, export: &Value) -> ChannelId {
        self.without_events(|_| self.with(|state| state.found(export)))
    }

    /// Says the messages of an export in order, live: an edited one is said first and edited then,
    /// and everybody reacts after that.
    pub fn play(&self, export: &Value, range: Range<usize>) {
        self.with(|state| state.found(export));
        for message in &list(&export["messages"])[range] {
            self.with(|state| state.play(export, message));
        }
    }
}

impl DiscordState {
    /// The guild and the channel of an export.
    fn found(&mut self, export: &Value) -> ChannelId {
        let guild = GuildId(id(&export["guild"]["id"]));
        if !self.guilds.contains_key(&guild) {
            self.add_guild(guild, text(&export["guild"]["name"]));
        }
        self.found_channel(guild, export)
    }

    /// Everybody whom a message names; its author last, who is described most fully.
    fn meet_all(&mut self, guild: GuildId, message: &Value) {
        let reacted = list(&message["reactions"]).iter().flat_map(|one| list(&one["users"]));
        for user in reacted.chain(list(&message["mentions"])).chain([&message["author"]]) {
            self.meet(guild, user);
        }
    }

    fn found_channel(&mut self, guild: GuildId, export: &Value) -> ChannelId {
        let exported = &export["channel"];
        let channel = ChannelId(id(&exported["id"]));
        if self.channels.contains_key(&channel) {
            return channel;
        }
        let kind = channel_kind(text(&exported["type"]));
        let parent = ChannelId(id(&exported["categoryId"]));
        let is_thread = matches!(kind, Kind::PublicThread | Kind::PrivateThread | Kind::NewsThread);
        if parent.0 != NONE && !self.channels.contains_key(&parent) {
            let is_post = list(&export["messages"]).iter().any(|said| id(&said["id"]) == channel.0);
            let above = match (is_thread, is_post) {
                (false, _) => Kind::Category,
                (true, true) => Kind::Forum,
                (true, false) => Kind::Text,
            };
            self.add_channel(parent, guild, above, text(&exported["category"]));
        }
        let name = text(&exported["name"]);
        if is_thread {
            let owner = list(&export["messages"]).first().map(|first| id(&first["author"]["id"]));
            let owner = UserId(owner.unwrap_or(self.bot.0));
            self.add_thread(channel, parent, kind, (owner, name));
        } else {
            self.add_channel(channel, guild, kind, name);
            self.channel_mut(channel).parent = (parent.0 != NONE).then_some(parent);
        }
        self.channel_mut(channel).topic = exported["topic"].as_str().map(str::to_owned);
        channel
    }

    /// Somebody of an export; who has a nickname or roles is a member with these.
    fn meet(&mut self, guild: GuildId, person: &Value) {
        let user = UserId(id(&person["id"]));
        let name = text(&person["name"]);
        self.add_user(user, name, person["isBot"] == true);
        for role in list(&person["roles"]) {
            let role = exported_role(role);
            self.guild_mut(guild).roles.entry(role.id).or_insert(role);
        }
        let member = self.guild_mut(guild).members.entry(user).or_default();
        if let Some(nick) = person["nickname"].as_str() {
            member.nick = (nick != name).then(|| nick.to_owned());
        }
        if person["roles"].is_array() {
            member.roles =
                list(&person["roles"]).iter().map(|role| RoleId(id(&role["id"]))).collect();
        }
    }

    /// A message of an export as it was in the end.
    fn exported(&mut self, export: &Value, message: &Value) -> Message {
        let channel = ChannelId(id(&export["channel"]["id"]));
        let guild = GuildId(id(&export["guild"]["id"]));
        self.meet_all(guild, message);
        let timestamp = text(&message["timestamp"]).to_owned();
        let reference = &message["reference"];
        let is_forward = message["forwardedMessage"].is_object()
            || matches!(text(&reference["type"]), "Forward" | "1");
        let reference = (reference.is_object() || is_forward).then(|| Reference {
            kind: u8::from(is_forward),
            message: some(&reference["messageId"]).map(MessageId),
            channel: some(&reference["channelId"]).map_or(channel, ChannelId),
            guild: some(&reference["guildId"]).map(GuildId).or(Some(guild)),
        });
        let forward = is_forward.then(|| {
            let forwarded = &message["forwardedMessage"];
            snapshot(
                text(&forwarded["content"]),
                forwarded["timestamp"].as_str().unwrap_or(&timestamp),
            )
        });
        Message {
            id: MessageId(id(&message["id"])),
            channel,
            author: UserId(id(&message["author"]["id"])),
            kind: message_kind(text(&message["type"])),
            timestamp,
            edited: message["timestampEdited"].as_str().map(str::to_owned),
            content: text(&message["content"]).to_owned(),
            mentions: list(&message["mentions"])
                .iter()
                .map(|user| UserId(id(&user["id"])))
                .collect(),
            attachments: list(&message["attachments"]).iter().map(attachment).collect(),
            embeds: Vec::new(),
            components: Vec::new(),
            reference,
            forward,
            pinned: message["isPinned"] == true,
            flags: 0,
            reactions: list(&message["reactions"]).iter().map(reactions).collect(),
            webhook: None,
            malformed: None,
        }
    }

    fn play(&mut self, export: &Value, message: &Value) {
        let last = self.exported(export, message);
        let (channel, id) = (last.channel, last.id);
        let (content, edited, pinned) = (last.content.clone(), last.edited.clone(), last.pinned);
        let reactions = last.reactions.clone();
        let mut first = Message { edited: None, pinned: false, reactions: Vec::new(), ..last };
        if edited.is_some() {
            first.content.push_str(" (edit pending)");
        }
        self.admit(first);
        if edited.is_some() || pinned {
            self.change_message(channel, id, |said| {
                (said.content, said.edited, said.pinned) = (content, edited, pinned);
            });
        }
        for one in reactions {
            for user in &one.users {
                self.add_reaction(channel, id, *user, &one.emoji);
            }
            // Nobody can say who the others are: only the count tells of them.
            let reactions = &mut self.message_mut(channel, id).reactions;
            match reactions.iter_mut().find(|there| there.emoji == one.emoji) {
                Some(there) => there.unnamed = one.unnamed,
                None => reactions.push(one),
            }
        }
    }
}

fn reactions(reaction: &Value) -> Reactions {
    let emoji = &reaction["emoji"];
    let name = text(&emoji["name"]);
    let emoji = some(&emoji["id"]).map_or(name.to_owned(), |id| format!("{name}:{id}"));
    let users =
        list(&reaction["users"]).iter().map(|user| UserId(id(&user["id"]))).collect::<Vec<_>>();
    let count = reaction["count"].as_u64().unwrap_or(0) as u32;
    let unnamed = count.saturating_sub(users.len() as u32);
    Reactions { emoji, users, unnamed }
}

fn attachment(exported: &Value) -> Attachment {
    let (file, name) = (id(&exported["id"]), text(&exported["fileName"]).to_owned());
    // An export with media tells of files on a disk.
    let url = format!("https://cdn.discordapp.com/attachments/1/{file}/{file}");
    let bytes = exported["fileSizeBytes"].as_u64().unwrap_or(0);
    Attachment { id: file, name, bytes, url, content: Vec::new() }
}

fn exported_role(role: &Value) -> Role {
    let color = text(&role["color"]).trim_start_matches('#');
    Role {
        id: RoleId(id(&role["id"])),
        name: text(&role["name"]).to_owned(),
        permissions: 0,
        position: role["position"].as_i64().unwrap_or(1),
        color: u32::from_str_radix(color, 16).unwrap_or(0),
    }
}

/// Discord's number of a message type that the exporter names, or numbers itself.
fn message_kind(name: &str) -> u16 {
    match name {
        "Default" | "" => 0,
        "RecipientAdd" => 1,
        "RecipientRemove" => 2,
        "Call" => 3,
        "ChannelNameChange" => 4,
        "ChannelIconChange" => 5,
        "ChannelPinnedMessage" => 6,
        "GuildMemberJoin" => 7,
        "ThreadCreated" => 18,
        "Reply" => 19,
        number => number.parse().unwrap_or_else(|_| panic!("no message type is {number}")),
    }
}

fn channel_kind(name: &str) -> Kind {
    match name {
        "GuildVoiceChat" | "GuildStageVoice" => Kind::Voice,
        "GuildNews" => Kind::News,
        "GuildNewsThread" => Kind::NewsThread,
        "GuildPublicThread" => Kind::PublicThread,
        "GuildPrivateThread" => Kind::PrivateThread,
        "GuildForum" | "16" => Kind::Forum,
        _ => Kind::Text,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn some(value: &Value) -> Option<u64> {
    Some(id(value)).filter(|id| *id != NONE)
}

fn id(value: &Value) -> u64 {
    text(value).parse().unwrap_or(NONE)
}
