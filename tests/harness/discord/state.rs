//! What the service holds.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rules::model::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use rules::time;
use serde_json::Value;

use super::gateway::Hub;
use super::interactions::Interaction;
use super::limits::Limits;
use super::log::Log;
use super::malformed::Malformed;

const DISCORD_EPOCH: Timestamp = Timestamp::constant(1_420_070_400, 0);

/// Permissions, as bits of Discord's.
pub mod may {
    pub const ADMINISTRATOR: u64 = 1 << 3;
    pub const MANAGE_CHANNELS: u64 = 1 << 4;
    pub const MANAGE_GUILD: u64 = 1 << 5;
    pub const ADD_REACTIONS: u64 = 1 << 6;
    pub const VIEW_CHANNEL: u64 = 1 << 10;
    pub const SEND_MESSAGES: u64 = 1 << 11;
    pub const MANAGE_MESSAGES: u64 = 1 << 13;
    pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
    pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
    pub const MANAGE_THREADS: u64 = 1 << 34;
    pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;

    /// What everybody may do in a guild that is open to all.
    pub const USUAL: u64 = ADD_REACTIONS
        | VIEW_CHANNEL
        | SEND_MESSAGES
        | READ_MESSAGE_HISTORY
        | USE_APPLICATION_COMMANDS
        | SEND_MESSAGES_IN_THREADS;
}

/// Channel types, numbered as Discord does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    Text = 0,
    Voice = 2,
    Category = 4,
    News = 5,
    NewsThread = 10,
    PublicThread = 11,
    PrivateThread = 12,
    Forum = 15,
}

impl Kind {
    pub(super) fn is_talked_in(self) -> bool {
        !matches!(self, Self::Category | Self::Forum)
    }
}

#[derive(Debug, Clone)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub global_name: Option<String>,
    pub bot: bool,
    /// What their client speaks, as interactions tell it: `en-US`, `ko`.
    pub locale: String,
}

#[derive(Debug, Clone)]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    pub permissions: u64,
    pub position: i64,
    pub color: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Member {
    pub nick: Option<String>,
    pub roles: Vec<RoleId>,
    /// Long ago where it is not said.
    pub joined: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub struct Guild {
    pub id: GuildId,
    pub name: String,
    pub owner: UserId,
    pub roles: BTreeMap<RoleId, Role>,
    pub members: BTreeMap<UserId, Member>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Overwrite {
    pub of_member: bool,
    pub allow: u64,
    pub deny: u64,
}

#[derive(Debug, Clone)]
pub struct Tag {
    pub id: u64,
    pub name: String,
    pub moderated: bool,
}

#[derive(Debug, Clone)]
pub struct Thread {
    pub owner: UserId,
    pub created: Timestamp,
    pub archived: bool,
    /// When it was archived or revived last.
    pub archive_changed: Timestamp,
    pub locked: bool,
    pub tags: Vec<u64>,
}

#[derive(Debug, Clone)]
pub struct Channel {
    pub id: ChannelId,
    pub guild: GuildId,
    pub kind: Kind,
    pub name: String,
    pub topic: Option<String>,
    pub parent: Option<ChannelId>,
    pub position: i64,
    /// By role or member.
    pub overwrites: BTreeMap<u64, Overwrite>,
    /// What posts of a forum may be tagged with.
    pub tags: Vec<Tag>,
    pub thread: Option<Thread>,
    /// Every request for it answers 403, though permissions say nothing of it.
    pub forbidden: bool,
    /// While the bot may not view it, the gateway tells of it without its name.
    pub obfuscated: bool,
}

#[derive(Debug, Clone)]
pub struct Attachment {
    pub id: u64,
    pub name: String,
    pub bytes: u64,
    pub url: String,
    /// Only of a file that the bot sent.
    pub content: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct Reference {
    /// 0 for a reply, 1 for a forward.
    pub kind: u8,
    pub message: Option<MessageId>,
    pub channel: ChannelId,
    pub guild: Option<GuildId>,
}

#[derive(Debug, Clone)]
pub struct Reactions {
    /// A character, or `name:id` for an emoji of the guild.
    pub emoji: String,
    pub users: Vec<UserId>,
    /// Those that the source of an export did not name.
    pub unnamed: u32,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub id: MessageId,
    pub channel: ChannelId,
    pub author: UserId,
    pub kind: u16,
    /// As it is served: ISO 8601 with an offset.
    pub timestamp: String,
    pub edited: Option<String>,
    pub content: String,
    pub mentions: Vec<UserId>,
    pub attachments: Vec<Attachment>,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    pub reference: Option<Reference>,
    pub forward: Option<Value>,
    pub pinned: bool,
    pub flags: u32,
    pub reactions: Vec<Reactions>,
    /// Said by a webhook: its author is nobody's account.
    pub webhook: Option<u64>,
    /// Served in a shape that strict parsers refuse.
    pub malformed: Option<Malformed>,
}

/// Everything, under one lock: an act and its event are one step.
pub struct DiscordState {
    pub(super) clock: Clock,
    pub(super) gateway_url: String,
    pub bot: UserId,
    /// Whether the application may have the content of messages.
    pub message_content: bool,
    pub users: BTreeMap<UserId, User>,
    pub guilds: BTreeMap<GuildId, Guild>,
    pub channels: BTreeMap<ChannelId, Channel>,
    pub messages: BTreeMap<ChannelId, BTreeMap<MessageId, Message>>,
    /// As they were registered, with their ids; `None` is global.
    pub commands: BTreeMap<Option<GuildId>, Vec<Value>>,
    pub interactions: BTreeMap<u64, Interaction>,
    pub hub: Hub,
    pub limits: Limits,
    pub log: Log,
}

/// The time of the service: that of the machine, moved by what a story says.
#[derive(Debug, Default)]
pub(super) struct Clock {
    pub(super) moved: SignedDuration,
    latest: u64,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the stand-in has the machine's clock")]
    pub(super) fn now(&self) -> Timestamp {
        let now = Timestamp::try_from(std::time::SystemTime::now()).unwrap();
        time::whole_millisecond(now + self.moved)
    }

    /// An id that is later than every other that was drawn for this millisecond or a later one.
    fn draw(&mut self, at: Timestamp, latest_wins: bool) -> u64 {
        let first = (at.duration_since(DISCORD_EPOCH).as_millis().max(1) as u64) << 22;
        let id = if latest_wins { first.max(self.latest + 1) } else { first };
        self.latest = self.latest.max(id);
        id
    }
}

impl DiscordState {
    pub(super) fn new(bot: UserId, gateway_url: String) -> Self {
        let user = User {
            id: bot,
            name: "answer-bot".into(),
            global_name: None,
            bot: true,
            locale: "en-US".into(),
        };
        Self {
            clock: Clock::default(),
            gateway_url,
            bot,
            message_content: true,
            users: BTreeMap::from([(bot, user)]),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            commands: BTreeMap::new(),
            interactions: BTreeMap::new(),
            hub: Hub::default(),
            limits: Limits::default(),
            log: Log::default(),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An id of this moment.
    pub(super) fn fresh_id(&mut self) -> u64 {
        let now = self.now();
        self.clock.draw(now, true)
    }

    /// A message id of a given moment, free in the channel.
    pub(super) fn message_id_at(&mut self, channel: ChannelId, at: Timestamp) -> MessageId {
        let mut id = MessageId(self.clock.draw(at, false));
        while self.messages.get(&channel).is_some_and(|said| said.contains_key(&id)) {
            id.0 += 1;
        }
        id
    }

    pub fn channel(&self, id: ChannelId) -> &Channel {
        self.channels.get(&id).unwrap_or_else(|| panic!("there is no channel {id}"))
    }

    pub(super) fn channel_mut(&mut self, id: ChannelId) -> &mut Channel {
        self.channels.get_mut(&id).unwrap_or_else(|| panic!("there is no channel {id}"))
    }

    pub fn guild(&self, id: GuildId) -> &Guild {
        self.guilds.get(&id).unwrap_or_else(|| panic!("there is no guild {id}"))
    }

    pub(super) fn guild_mut(&mut self, id: GuildId) -> &mut Guild {
        self.guilds.get_mut(&id).unwrap_or_else(|| panic!("there is no guild {id}"))
    }

    pub fn message(&self, channel: ChannelId, id: MessageId) -> Option<&Message> {
        self.messages.get(&channel)?.get(&id)
    }

    pub(super) fn message_mut(&mut self, channel: ChannelId, id: MessageId) -> &mut Message {
        let found = self.messages.get_mut(&channel).and_then(|said| said.get_mut(&id));
        found.unwrap_or_else(|| panic!("there is no message {id} in {channel}"))
    }

    /// What someone may do in a guild or in one of its channels; a thread follows its parent.
    pub fn permissions(&self, guild: GuildId, user: UserId, channel: Option<ChannelId>) -> u64 {
        let Some(guild) = self.guilds.get(&guild) else { return 0 };
        let Some(member) = guild.members.get(&user) else { return 0 };
        if guild.owner == user {
            return u64::MAX >> 1;
        }
        let everyone = RoleId(guild.id.0);
        let held = std::iter::once(&everyone).chain(&member.roles);
        let base = held
            .filter_map(|role| guild.roles.get(role))
            .fold(0, |all, role| all | role.permissions);
        if base & may::ADMINISTRATOR != 0 {
            return u64::MAX >> 1;
        }
        let channel = channel.and_then(|id| self.channels.get(&id));
        let ruling = channel.and_then(|channel| match channel.thread {
            Some(_) => self.channels.get(&channel.parent?),
            None => Some(channel),
        });
        let Some(ruling) = ruling else { return base };
        let of = |id: u64| ruling.overwrites.get(&id).copied().unwrap_or_default();
        let apply = |to: u64, by: Overwrite| to & !by.deny | by.allow;
        let of_roles =
            member.roles.iter().map(|role| of(role.0)).fold(Overwrite::default(), |sum, one| {
                Overwrite {
                    of_member: false,
                    allow: sum.allow | one.allow,
                    deny: sum.deny | one.deny,
                }
            });
        apply(apply(apply(base, of(everyone.0)), of_roles), of(user.0))
    }

    /// Whether the bot may do all of `permissions` in a channel.
    pub fn bot_may(&self, channel: ChannelId, permissions: u64) -> bool {
        let Some(found) = self.channels.get(&channel) else { return false };
        let held = self.permissions(found.guild, self.bot, Some(channel));
        let owner = found.thread.as_ref().map(|thread| thread.owner);
        if found.kind == Kind::PrivateThread
            && owner != Some(self.bot)
            && held & may::MANAGE_THREADS == 0
        {
            return false;
        }
        held & (permissions | may::VIEW_CHANNEL) == permissions | may::VIEW_CHANNEL
    }

    /// The display name of someone in a guild.
    pub fn name_of(&self, guild: GuildId, user: UserId) -> String {
        let nick = self.guild(guild).members.get(&user).and_then(|member| member.nick.clone());
        let user = &self.users[&user];
        nick.or_else(|| user.global_name.clone()).unwrap_or_else(|| user.name.clone())
    }
}

/// A moment as Discord writes it.
pub(super) fn iso(at: Timestamp) -> String {
    format!("{at:.6}").replace('Z', "+00:00")
}
