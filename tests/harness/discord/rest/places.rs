//! Who the bot is, guilds, members, channels and threads.

use rules::model::ids::{ChannelId, GuildId, UserId};
use serde_json::{Value, json};

use super::super::render;
use super::super::state::{Channel, Kind, World, may};
use super::{Answer, Call};

/// An error, said by a handler.
type Refused = Answer;

pub(super) fn unknown_channel() -> Answer {
    Answer::error(404, 10003, "Unknown Channel")
}

pub(super) fn missing_access() -> Answer {
    Answer::error(403, 50001, "Missing Access")
}

pub(super) fn missing_permissions() -> Answer {
    Answer::error(403, 50013, "Missing Permissions")
}

/// Of a forum or a category, where nobody can say anything; and of a place without threads.
pub(super) fn wrong_kind() -> Answer {
    Answer::error(400, 50024, "Cannot execute action on this channel type")
}

/// The channel of a request, if the bot may do all of `permissions` there.
pub(super) fn allowed<'a>(
    world: &'a World,
    call: &Call,
    permissions: u64,
) -> Result<&'a Channel, Refused> {
    let channel = world.channels.get(&ChannelId(call.id(0))).ok_or_else(unknown_channel)?;
    let parent = channel.parent.and_then(|parent| world.channels.get(&parent));
    let forbidden = channel.forbidden
        || channel.thread.is_some() && parent.is_some_and(|parent| parent.forbidden);
    if forbidden || !world.bot_may(channel.id, may::VIEW_CHANNEL) {
        return Err(missing_access());
    }
    if !world.bot_may(channel.id, permissions) {
        return Err(missing_permissions());
    }
    Ok(channel)
}

fn known_guild<'a>(
    world: &'a World,
    call: &Call,
    at: usize,
) -> Result<&'a super::super::state::Guild, Refused> {
    let guild = world.guilds.get(&GuildId(call.id(at)));
    let guild = guild.ok_or_else(|| Answer::error(404, 10004, "Unknown Guild"))?;
    guild.members.contains_key(&world.bot).then_some(guild).ok_or_else(missing_access)
}

fn said(answer: Result<Value, Refused>) -> Answer {
    answer.map_or_else(|refused| refused, |body| Answer::json(200, body))
}

pub(super) fn gateway(world: &mut World, _: &Call) -> Answer {
    Answer::json(200, json!({ "url": world.gateway_url }))
}

pub(super) fn gateway_bot(world: &mut World, _: &Call) -> Answer {
    let hub = &world.hub;
    Answer::json(
        200,
        json!({
            "url": world.gateway_url,
            "shards": hub.shards,
            "session_start_limit": {
                "total": 1000, "remaining": hub.starts_left, "reset_after": 14_400_000,
                "max_concurrency": hub.max_concurrency,
            },
        }),
    )
}

pub(super) fn me(world: &mut World, _: &Call) -> Answer {
    let mut told = world.user_json(world.bot);
    told["mfa_enabled"] = true.into();
    told["locale"] = "en-US".into();
    told["verified"] = true.into();
    told["email"] = Value::Null;
    Answer::json(200, told)
}

pub(super) fn application(world: &mut World, _: &Call) -> Answer {
    let bot = world.user_json(world.bot);
    let flags = u64::from(world.message_content) << 18;
    Answer::json(
        200,
        json!({
            "id": world.bot, "name": "answer-bot", "icon": null, "description": "",
            "type": null, "verify_key": "0".repeat(64), "flags": flags, "flags_new": flags.to_string(),
            "redirect_uris": [], "interactions_endpoint_url": null,
            "role_connections_verification_url": null, "owner": bot, "bot": bot,
            "approximate_guild_count": world.guilds.len(), "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0, "explicit_content_filter": 0,
            "team": null, "eligible_oauth2_scopes": [],
        }),
    )
}

pub(super) fn my_guilds(world: &mut World, call: &Call) -> Answer {
    let limit = match call.limit(200, 200) {
        Ok(limit) => limit,
        Err(refused) => return refused,
    };
    let after = GuildId(call.number("after").unwrap_or(0));
    let mine = world.guilds.values().filter(|guild| guild.members.contains_key(&world.bot));
    let mine = mine.filter(|guild| guild.id > after).take(limit).map(|guild| {
        json!({
            "id": guild.id, "name": guild.name, "icon": null, "banner": null,
            "owner": guild.owner == world.bot, "features": ["COMMUNITY"],
            "permissions": world.permissions(guild.id, world.bot, None).to_string(),
        })
    });
    Answer::json(200, mine.collect())
}

pub(super) fn guild(world: &mut World, call: &Call) -> Answer {
    said(known_guild(world, call, 0).map(|guild| world.guild_json(guild)))
}

/// Channels that the bot may not view are left out.
pub(super) fn channels(world: &mut World, call: &Call) -> Answer {
    said(known_guild(world, call, 0).map(|guild| {
        let all = world.channels.values().filter(|channel| channel.guild == guild.id);
        let all = all.filter(|channel| channel.thread.is_none());
        let seen = all.filter(|channel| world.bot_may(channel.id, may::VIEW_CHANNEL));
        seen.map(|channel| world.channel_json(channel)).collect()
    }))
}

pub(super) fn roles(world: &mut World, call: &Call) -> Answer {
    said(known_guild(world, call, 0).map(|guild| guild.roles.values().map(render::role).collect()))
}

pub(super) fn member(world: &mut World, call: &Call) -> Answer {
    let user = UserId(call.id(1));
    said(known_guild(world, call, 0).and_then(|guild| {
        let missing = || match world.users.contains_key(&user) {
            true => Answer::error(404, 10007, "Unknown Member"),
            false => Answer::error(404, 10013, "Unknown User"),
        };
        world.member_json(guild.id, user).ok_or_else(missing)
    }))
}

pub(super) fn user(world: &mut World, call: &Call) -> Answer {
    let user = world.users.get(&UserId(call.id(0)));
    let unknown = || Answer::error(404, 10013, "Unknown User");
    said(user.map(render::user).ok_or_else(unknown))
}

pub(super) fn active_threads(world: &mut World, call: &Call) -> Answer {
    said(known_guild(world, call, 0).map(|guild| {
        let threads = world.active_threads(guild.id);
        let threads = threads.into_iter().rev().map(|thread| world.channel_json(thread));
        json!({ "threads": threads.collect::<Vec<_>>(), "members": [], "has_more": false })
    }))
}

pub(super) fn channel(world: &mut World, call: &Call) -> Answer {
    said(allowed(world, call, 0).map(|channel| world.channel_json(channel)))
}

/// Public threads of a channel, by the time of their archiving, latest first.
pub(super) fn archived_threads(world: &mut World, call: &Call) -> Answer {
    let before = match call.query.get("before").map(|at| at.parse::<jiff::Timestamp>()) {
        None => i64::MAX,
        Some(Ok(at)) => at.as_millisecond(),
        Some(Err(_)) => return Answer::error(400, 50035, "Invalid Form Body"),
    };
    said(call.limit(50, 100).and_then(|limit| {
        let channel = allowed(world, call, may::READ_MESSAGE_HISTORY)?;
        if !matches!(channel.kind, Kind::Text | Kind::News | Kind::Forum) {
            return Err(wrong_kind());
        }
        let threads = world.channels.values().filter(|thread| thread.parent == Some(channel.id));
        let mut archived = threads
            .filter(|thread| matches!(thread.kind, Kind::PublicThread | Kind::NewsThread))
            .filter_map(|thread| Some((thread.thread.as_ref()?, thread)))
            .filter(|(thread, _)| thread.archived && thread.archive_changed.0 < before)
            .map(|(thread, channel)| (thread.archive_changed, channel))
            .collect::<Vec<_>>();
        archived.sort_by_key(|(at, thread)| std::cmp::Reverse((*at, thread.id)));
        let has_more = archived.len() > limit;
        let page = archived.iter().take(limit).map(|(_, thread)| world.channel_json(thread));
        Ok(json!({ "threads": page.collect::<Vec<_>>(), "members": [], "has_more": has_more }))
    }))
}

/// Tags, archives, locks or renames a thread.
pub(super) fn change_channel(world: &mut World, call: &Call) -> Answer {
    match thread_change(world, call) {
        Ok(id) => {
            let told = world.channel_json(world.channel(id));
            Answer::json(200, told)
        }
        Err(refused) => refused,
    }
}

fn thread_change(world: &mut World, call: &Call) -> Result<ChannelId, Refused> {
    let channel = allowed(world, call, 0)?;
    let (id, parent) = (channel.id, channel.parent);
    let Some(thread) = &channel.thread else {
        return Err(missing_permissions());
    };
    let body = &call.body;
    let moderates = world.bot_may(id, may::MANAGE_THREADS);
    if !moderates && (thread.owner != world.bot || body.get("locked").is_some()) {
        return Err(missing_permissions());
    }
    let opens = body["archived"] == false;
    if thread.archived && !opens {
        return Err(Answer::error(400, 50083, "Thread is archived"));
    }
    if let Some(tags) = body["applied_tags"].as_array() {
        let tags = tags.iter().filter_map(|tag| tag.as_str()?.parse().ok()).collect::<Vec<u64>>();
        let known = parent.map(|parent| world.channel(parent).tags.as_slice()).unwrap_or_default();
        let of = |id: &u64| known.iter().find(|tag| tag.id == *id);
        if tags.len() > 5 || tags.iter().any(|tag| of(tag).is_none()) {
            return Err(Answer::error(400, 50035, "Invalid Form Body"));
        }
        if !moderates && tags.iter().filter_map(of).any(|tag| tag.moderated) {
            return Err(missing_permissions());
        }
        world.change_thread(id, |_, thread| thread.tags = tags);
    }
    if let Some(archived) = body["archived"].as_bool() {
        world.set_archived(id, archived);
    }
    if let Some(locked) = body["locked"].as_bool() {
        world.change_thread(id, |_, thread| thread.locked = locked);
    }
    if let Some(name) = body["name"].as_str() {
        world.change_thread(id, |channel_name, _| name.clone_into(channel_name));
    }
    Ok(id)
}
