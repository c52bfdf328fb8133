//! Who the bot is, guilds, members, channels and threads.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, UserId};
use serde_json::{Value, json};

use super::super::render;
use super::super::state::{Channel, DiscordState, Kind, may};
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
    state: &'a DiscordState,
    call: &Call,
    permissions: u64,
) -> Result<&'a Channel, Refused> {
    let channel = state.channels.get(&ChannelId(call.id(0))).ok_or_else(unknown_channel)?;
    let parent = channel.parent.and_then(|parent| state.channels.get(&parent));
    let forbidden = channel.forbidden
        || channel.thread.is_some() && parent.is_some_and(|parent| parent.forbidden);
    if forbidden || !state.bot_may(channel.id, may::VIEW_CHANNEL) {
        return Err(missing_access());
    }
    if !state.bot_may(channel.id, permissions) {
        return Err(missing_permissions());
    }
    Ok(channel)
}

fn known_guild<'a>(
    state: &'a DiscordState,
    call: &Call,
    at: usize,
) -> Result<&'a super::super::state::Guild, Refused> {
    let guild = state.guilds.get(&GuildId(call.id(at)));
    let guild = guild.ok_or_else(|| Answer::error(404, 10004, "Unknown Guild"))?;
    guild.members.contains_key(&state.bot).then_some(guild).ok_or_else(missing_access)
}

fn answer_of(answer: Result<Value, Refused>) -> Answer {
    answer.map_or_else(|refused| refused, |body| Answer::json(200, body))
}

pub(super) fn gateway(state: &mut DiscordState, _: &Call) -> Answer {
    Answer::json(200, json!({ "url": state.gateway_url }))
}

pub(super) fn gateway_bot(state: &mut DiscordState, _: &Call) -> Answer {
    let hub = &state.hub;
    Answer::json(
        200,
        json!({
            "url": state.gateway_url,
            "shards": hub.shards,
            "session_start_limit": {
                "total": 1000, "remaining": hub.starts_left, "reset_after": 14_400_000,
                "max_concurrency": hub.max_concurrency,
            },
        }),
    )
}

pub(super) fn me(state: &mut DiscordState, _: &Call) -> Answer {
    let mut json = state.user_json(state.bot);
    json["mfa_enabled"] = true.into();
    json["locale"] = "en-US".into();
    json["verified"] = true.into();
    json["email"] = Value::Null;
    Answer::json(200, json)
}

pub(super) fn application(state: &mut DiscordState, _: &Call) -> Answer {
    let bot = state.user_json(state.bot);
    let flags = u64::from(state.message_content) << 18;
    Answer::json(
        200,
        json!({
            "id": state.bot, "name": "answer-bot", "icon": null, "description": "",
            "type": null, "verify_key": "0".repeat(64), "flags": flags, "flags_new": flags.to_string(),
            "redirect_uris": [], "interactions_endpoint_url": null,
            "role_connections_verification_url": null, "owner": bot, "bot": bot,
            "approximate_guild_count": state.guilds.len(), "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0, "explicit_content_filter": 0,
            "team": null, "eligible_oauth2_scopes": [],
        }),
    )
}

pub(super) fn my_guilds(state: &mut DiscordState, call: &Call) -> Answer {
    let limit = match call.limit(200, 200) {
        Ok(limit) => limit,
        Err(refused) => return refused,
    };
    let after = GuildId(call.number("after").unwrap_or(0));
    let mine = state.guilds.values().filter(|guild| guild.members.contains_key(&state.bot));
    let mine = mine.filter(|guild| guild.id > after).take(limit).map(|guild| {
        json!({
            "id": guild.id, "name": guild.name, "icon": null, "banner": null,
            "owner": guild.owner == state.bot, "features": ["COMMUNITY"],
            "permissions": state.permissions(guild.id, state.bot, None).to_string(),
        })
    });
    Answer::json(200, mine.collect())
}

pub(super) fn guild(state: &mut DiscordState, call: &Call) -> Answer {
    answer_of(known_guild(state, call, 0).map(|guild| state.guild_json(guild)))
}

/// Channels that the bot may not view are left out.
pub(super) fn channels(state: &mut DiscordState, call: &Call) -> Answer {
    answer_of(known_guild(state, call, 0).map(|guild| {
        let all = state.channels.values().filter(|channel| channel.guild == guild.id);
        let all = all.filter(|channel| channel.thread.is_none());
        let seen = all.filter(|channel| state.bot_may(channel.id, may::VIEW_CHANNEL));
        seen.map(|channel| state.channel_json(channel)).collect()
    }))
}

pub(super) fn roles(state: &mut DiscordState, call: &Call) -> Answer {
    answer_of(
        known_guild(state, call, 0).map(|guild| guild.roles.values().map(render::role).collect()),
    )
}

pub(super) fn member(state: &mut DiscordState, call: &Call) -> Answer {
    let user = UserId(call.id(1));
    answer_of(known_guild(state, call, 0).and_then(|guild| {
        let missing = || match state.users.contains_key(&user) {
            true => Answer::error(404, 10007, "Unknown Member"),
            false => Answer::error(404, 10013, "Unknown User"),
        };
        state.member_json(guild.id, user).ok_or_else(missing)
    }))
}

pub(super) fn user(state: &mut DiscordState, call: &Call) -> Answer {
    let user = state.users.get(&UserId(call.id(0)));
    let unknown = || Answer::error(404, 10013, "Unknown User");
    answer_of(user.map(render::user).ok_or_else(unknown))
}

pub(super) fn active_threads(state: &mut DiscordState, call: &Call) -> Answer {
    answer_of(known_guild(state, call, 0).map(|guild| {
        let threads = state.active_threads(guild.id);
        let threads = threads.into_iter().rev().map(|thread| state.channel_json(thread));
        json!({ "threads": threads.collect::<Vec<_>>(), "members": [], "has_more": false })
    }))
}

pub(super) fn channel(state: &mut DiscordState, call: &Call) -> Answer {
    answer_of(allowed(state, call, 0).map(|channel| state.channel_json(channel)))
}

/// Public threads of a channel, by the time of their archiving, latest first.
pub(super) fn archived_threads(state: &mut DiscordState, call: &Call) -> Answer {
    let before = match call.query.get("before").map(|at| at.parse::<Timestamp>()) {
        None => Timestamp::MAX,
        Some(Ok(at)) => at,
        Some(Err(_)) => return Answer::error(400, 50035, "Invalid Form Body"),
    };
    answer_of(call.limit(50, 100).and_then(|limit| {
        let channel = allowed(state, call, may::READ_MESSAGE_HISTORY)?;
        if !matches!(channel.kind, Kind::Text | Kind::News | Kind::Forum) {
            return Err(wrong_kind());
        }
        let threads = state.channels.values().filter(|thread| thread.parent == Some(channel.id));
        let mut archived = threads
            .filter(|thread| matches!(thread.kind, Kind::PublicThread | Kind::NewsThread))
            .filter_map(|thread| Some((thread.thread.as_ref()?, thread)))
            .filter(|(thread, _)| thread.archived && thread.archive_changed < before)
            .map(|(thread, channel)| (thread.archive_changed, channel))
            .collect::<Vec<_>>();
        archived.sort_by_key(|(at, thread)| std::cmp::Reverse((*at, thread.id)));
        let has_more = archived.len() > limit;
        let page = archived.iter().take(limit).map(|(_, thread)| state.channel_json(thread));
        Ok(json!({ "threads": page.collect::<Vec<_>>(), "members": [], "has_more": has_more }))
    }))
}

/// Tags, archives, locks or renames a thread.
pub(super) fn change_channel(state: &mut DiscordState, call: &Call) -> Answer {
    match thread_change(state, call) {
        Ok(id) => {
            let json = state.channel_json(state.channel(id));
            Answer::json(200, json)
        }
        Err(refused) => refused,
    }
}

fn thread_change(state: &mut DiscordState, call: &Call) -> Result<ChannelId, Refused> {
    let channel = allowed(state, call, 0)?;
    let (id, parent) = (channel.id, channel.parent);
    let Some(thread) = &channel.thread else {
        return Err(missing_permissions());
    };
    let body = &call.body;
    let moderates = state.bot_may(id, may::MANAGE_THREADS);
    if !moderates && (thread.owner != state.bot || body.get("locked").is_some()) {
        return Err(missing_permissions());
    }
    let opens = body["archived"] == false;
    if thread.archived && !opens {
        return Err(Answer::error(400, 50083, "Thread is archived"));
    }
    if let Some(tags) = body["applied_tags"].as_array() {
        let tags = tags.iter().filter_map(|tag| tag.as_str()?.parse().ok()).collect::<Vec<u64>>();
        let known = parent.map(|parent| state.channel(parent).tags.as_slice()).unwrap_or_default();
        let of = |id: &u64| known.iter().find(|tag| tag.id == *id);
        if tags.len() > 5 || tags.iter().any(|tag| of(tag).is_none()) {
            return Err(Answer::error(400, 50035, "Invalid Form Body"));
        }
        if !moderates && tags.iter().filter_map(of).any(|tag| tag.moderated) {
            return Err(missing_permissions());
        }
        state.change_thread(id, |_, thread| thread.tags = tags);
    }
    if let Some(archived) = body["archived"].as_bool() {
        state.set_archived(id, archived);
    }
    if let Some(locked) = body["locked"].as_bool() {
        state.change_thread(id, |_, thread| thread.locked = locked);
    }
    if let Some(name) = body["name"].as_str() {
        state.change_thread(id, |channel_name, _| name.clone_into(channel_name));
    }
    Ok(id)
}
