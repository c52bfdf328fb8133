//! How the service writes what it holds.

use rules::model::ids::{ChannelId, GuildId, UserId};
use serde_json::{Value, json};

use super::state::{
    Attachment, Channel, DiscordState, Guild, Kind, Member, Message, Reactions, Role, Tag, Thread,
    User, iso, may,
};

/// Marks a channel that the gateway tells of without its name.
const CHANNEL_OBFUSCATED: u64 = 1 << 17;

impl DiscordState {
    pub(super) fn user_json(&self, id: UserId) -> Value {
        user(&self.users[&id])
    }

    pub(super) fn member_json(&self, guild: GuildId, id: UserId) -> Option<Value> {
        let mut json = member(self.guilds.get(&guild)?.members.get(&id)?);
        json["user"] = self.user_json(id);
        Some(json)
    }

    /// A message as REST tells it.
    pub(super) fn message_json(&self, said: &Message) -> Value {
        let mut json = self.whole_message_json(said);
        if let Some(shape) = said.malformed {
            shape.spoil_message(&mut json);
        }
        json
    }

    fn whole_message_json(&self, said: &Message) -> Value {
        let mut json = self.plain_message_json(said);
        if let Some(to) = said.reference.as_ref().filter(|to| to.kind == 0) {
            let original = to.message.and_then(|id| self.message(to.channel, id));
            if said.kind == 19 || original.is_some() {
                json["referenced_message"] =
                    original.map_or(Value::Null, |original| self.plain_message_json(original));
            }
        }
        if !said.reactions.is_empty() {
            let reactions = said.reactions.iter().map(|one| reaction(one, self.bot));
            json["reactions"] = reactions.collect();
        }
        let begun =
            self.channels.get(&ChannelId(said.id.0)).filter(|_| said.id.0 != said.channel.0);
        if let Some(thread) = begun {
            json["thread"] = self.channel_json(thread);
        }
        json
    }

    /// A message as MESSAGE_CREATE and MESSAGE_UPDATE tell it.
    pub(super) fn message_event_json(&self, said: &Message) -> Value {
        let mut json = self.whole_message_json(said);
        let guild = self.channel(said.channel).guild;
        json.as_object_mut().unwrap().remove("reactions");
        json["guild_id"] = json!(guild);
        if let Some(found) = self.guild(guild).members.get(&said.author) {
            json["member"] = member(found);
        }
        if let Some(mentions) = json["mentions"].as_array_mut() {
            for (mention, id) in mentions.iter_mut().zip(&said.mentions) {
                if let Some(found) = self.guild(guild).members.get(id) {
                    mention["member"] = member(found);
                }
            }
        }
        if let Some(shape) = said.malformed {
            shape.spoil_message(&mut json);
        }
        json
    }

    fn plain_message_json(&self, said: &Message) -> Value {
        let mut json = json!({
            "id": said.id,
            "channel_id": said.channel,
            "type": said.kind,
            "timestamp": said.timestamp,
            "edited_timestamp": said.edited,
            "content": said.content,
            "author": self.user_json(said.author),
            "mentions": said.mentions.iter().map(|id| self.user_json(*id)).collect::<Vec<_>>(),
            "mention_roles": [],
            "mention_everyone": false,
            "attachments": said.attachments.iter().map(attachment).collect::<Vec<_>>(),
            "embeds": said.embeds,
            "components": said.components,
            "pinned": said.pinned,
            "tts": false,
            "flags": said.flags,
        });
        if let Some(webhook) = said.webhook {
            json["webhook_id"] = json!(webhook.to_string());
        }
        if let Some(to) = &said.reference {
            let mut reference = json!({ "type": to.kind, "channel_id": to.channel });
            if let Some(message) = to.message {
                reference["message_id"] = json!(message);
            }
            if let Some(guild) = to.guild {
                reference["guild_id"] = json!(guild);
            }
            json["message_reference"] = reference;
        }
        if let Some(forward) = &said.forward {
            json["message_snapshots"] = json!([{ "message": forward }]);
        }
        json
    }

    /// A channel or thread as REST tells it.
    pub(super) fn channel_json(&self, channel: &Channel) -> Value {
        let last = self.messages.get(&channel.id).and_then(|said| said.keys().next_back());
        let mut json = json!({
            "id": channel.id,
            "type": channel.kind as u8,
            "guild_id": channel.guild,
            "name": channel.name,
            "parent_id": channel.parent,
            "last_message_id": last,
            "flags": 0,
            "rate_limit_per_user": 0,
        });
        let extra = match &channel.thread {
            Some(thread) => self.thread_fields(channel, thread),
            None => channel_fields(channel),
        };
        json.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json
    }

    fn thread_fields(&self, channel: &Channel, thread: &Thread) -> Value {
        let said = self.messages.get(&channel.id).map_or(0, |said| said.len());
        // The first message of a forum post does not count.
        let said = said.saturating_sub(usize::from(self.is_forum_post(channel)));
        json!({
            "owner_id": thread.owner,
            "message_count": said,
            "total_message_sent": said,
            "member_count": 1,
            "applied_tags": thread.tags.iter().map(u64::to_string).collect::<Vec<_>>(),
            "thread_metadata": {
                "archived": thread.archived,
                "archive_timestamp": iso(thread.archive_changed),
                "auto_archive_duration": 4320,
                "locked": thread.locked,
                "create_timestamp": iso(thread.created),
            },
        })
    }

    fn is_forum_post(&self, thread: &Channel) -> bool {
        let parent = thread.parent.and_then(|parent| self.channels.get(&parent));
        parent.is_some_and(|parent| parent.kind == Kind::Forum)
    }

    /// A channel as the gateway tells it: without its name where the bot may not view it.
    pub(super) fn channel_event_json(&self, channel: &Channel) -> Value {
        let mut json = self.channel_json(channel);
        if channel.obfuscated && !self.bot_may(channel.id, may::VIEW_CHANNEL) {
            json["name"] = json!("___hidden___");
            json["flags"] = json!(CHANNEL_OBFUSCATED);
            json["topic"] = Value::Null;
            json["last_message_id"] = Value::Null;
            json["available_tags"] = json!([]);
            let deny = may::VIEW_CHANNEL.to_string();
            json["permission_overwrites"] =
                json!([{ "id": channel.guild, "type": 0, "allow": "0", "deny": deny }]);
        }
        json
    }

    /// The threads of a guild that are active and that the bot sees.
    pub(super) fn active_threads(&self, guild: GuildId) -> Vec<&Channel> {
        let of_guild = self.channels.values().filter(|channel| channel.guild == guild);
        of_guild
            .filter(|channel| channel.thread.as_ref().is_some_and(|thread| !thread.archived))
            .filter(|channel| self.bot_may(channel.id, may::VIEW_CHANNEL))
            .collect()
    }

    /// A guild as REST tells it.
    pub(super) fn guild_json(&self, guild: &Guild) -> Value {
        json!({
            "id": guild.id, "name": guild.name, "owner_id": guild.owner,
            "icon": null, "description": null, "home_header": null, "splash": null,
            "discovery_splash": null, "features": ["COMMUNITY"], "banner": null,
            "application_id": null, "region": "deprecated", "afk_channel_id": null,
            "afk_timeout": 300, "system_channel_id": null, "system_channel_flags": 0,
            "widget_enabled": false, "widget_channel_id": null, "verification_level": 1,
            "roles": guild.roles.values().map(role).collect::<Vec<_>>(),
            "default_message_notifications": 1, "mfa_level": 0, "explicit_content_filter": 2,
            "max_presences": null, "max_members": 500_000, "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25, "vanity_url_code": null, "premium_tier": 0,
            "premium_subscription_count": 0, "preferred_locale": "en-US",
            "rules_channel_id": null, "safety_alerts_channel_id": null,
            "public_updates_channel_id": null, "premium_progress_bar_enabled": false,
            "nsfw": false, "nsfw_level": 0, "emojis": [], "stickers": [], "incidents_data": null,
        })
    }

    /// A guild as GUILD_CREATE tells it to a bot that asked for no members.
    pub(super) fn guild_event_json(&self, guild: &Guild) -> Value {
        let channels = self.channels.values().filter(|channel| channel.guild == guild.id);
        let channels = channels.filter(|channel| channel.thread.is_none());
        let threads = self.active_threads(guild.id);
        let mut json = self.guild_json(guild);
        let extra = json!({
            "joined_at": iso(GuildId(guild.id.0).created_at()),
            "large": false,
            "unavailable": false,
            "member_count": guild.members.len(),
            "voice_states": [], "presences": [], "stage_instances": [],
            "guild_scheduled_events": [], "soundboard_sounds": [],
            "members": [self.member_json(guild.id, self.bot)],
            "channels": channels.map(|channel| self.channel_event_json(channel)).collect::<Vec<_>>(),
            "threads": threads.iter().map(|thread| self.channel_json(thread)).collect::<Vec<_>>(),
        });
        json.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json
    }
}

pub(super) fn user(user: &User) -> Value {
    let mut json = json!({
        "id": user.id, "username": user.name, "global_name": user.global_name, "avatar": null,
        "discriminator": "0", "public_flags": 0, "flags": 0, "primary_guild": null,
    });
    if user.bot {
        json["bot"] = true.into();
    }
    json
}

/// Someone in a guild, without who they are.
pub(super) fn member(member: &Member) -> Value {
    json!({
        "nick": member.nick, "roles": member.roles, "avatar": null, "banner": null,
        "communication_disabled_until": null, "flags": 0,
        "joined_at": member.joined.map_or("2021-06-01T12:00:00.000000+00:00".to_owned(), iso),
        "pending": false,
        "premium_since": null, "mute": false, "deaf": false,
    })
}

pub(super) fn role(role: &Role) -> Value {
    json!({
        "id": role.id, "name": role.name, "permissions": role.permissions.to_string(),
        "position": role.position, "color": role.color,
        "colors": { "primary_color": role.color, "secondary_color": null, "tertiary_color": null },
        "hoist": false, "managed": false, "mentionable": false, "icon": null,
        "unicode_emoji": null, "flags": 0,
    })
}

pub(super) fn tag(tag: &Tag) -> Value {
    json!({
        "id": tag.id.to_string(), "name": tag.name, "moderated": tag.moderated,
        "emoji_id": null, "emoji_name": null,
    })
}

fn channel_fields(channel: &Channel) -> Value {
    let overwrites = channel.overwrites.iter().map(|(id, over)| {
        let (allow, deny) = (over.allow.to_string(), over.deny.to_string());
        json!({ "id": id.to_string(), "type": u8::from(over.of_member), "allow": allow, "deny": deny })
    });
    let mut json = json!({
        "topic": channel.topic,
        "position": channel.position,
        "nsfw": false,
        "permission_overwrites": overwrites.collect::<Vec<_>>(),
    });
    if channel.kind == Kind::Forum {
        json["available_tags"] = channel.tags.iter().map(tag).collect();
        json["default_reaction_emoji"] = Value::Null;
        json["default_sort_order"] = Value::Null;
        json["default_forum_layout"] = 0.into();
    }
    json
}

fn attachment(file: &Attachment) -> Value {
    json!({
        "id": file.id.to_string(), "filename": file.name, "size": file.bytes,
        "url": file.url, "proxy_url": file.url,
    })
}

fn reaction(reactions: &Reactions, bot: UserId) -> Value {
    let count = reactions.users.len() as u32 + reactions.unnamed;
    json!({
        "emoji": emoji(&reactions.emoji),
        "count": count,
        "count_details": { "burst": 0, "normal": count },
        "burst_colors": [],
        "me": reactions.users.contains(&bot),
        "me_burst": false,
    })
}

/// An emoji as reactions tell it; `name:id` is one of the guild's own.
pub(super) fn emoji(emoji: &str) -> Value {
    match emoji.rsplit_once(':') {
        Some((name, id)) => json!({ "id": id, "name": name }),
        None => json!({ "id": null, "name": emoji }),
    }
}
