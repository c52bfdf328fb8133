//! Messages and reactions.

use rules::model::ids::{ChannelId, MessageId, UserId};
use serde_json::Value;

use super::super::render;
use super::super::state::{DiscordState, Message, may};
use super::places::{allowed, missing_permissions, wrong_kind};
use super::{Answer, Call};
use crate::harness::discord::message_actions::Post;

fn unknown_message() -> Answer {
    Answer::error(404, 10008, "Unknown Message")
}

/// A page of messages, newest first.
pub(super) fn page(state: &mut DiscordState, call: &Call) -> Answer {
    let limit = match call.limit(50, 100) {
        Ok(limit) => limit,
        Err(refused) => return refused,
    };
    let channel = match allowed(state, call, 0) {
        Ok(channel) if !channel.kind.is_talked_in() => return wrong_kind(),
        Ok(channel) => channel.id,
        Err(refused) => return refused,
    };
    // Who may not read the history gets an empty one.
    if !state.bot_may(channel, may::READ_MESSAGE_HISTORY) {
        return Answer::json(200, Value::Array(Vec::new()));
    }
    let Some(said) = state.messages.get(&channel) else {
        return Answer::json(200, Value::Array(Vec::new()));
    };
    let id = |name| call.number(name).map(MessageId);
    let mut chosen = match (id("around"), id("before"), id("after")) {
        (Some(around), _, _) => {
            let half = limit / 2;
            let older = said.range(..around).rev().take(half);
            older.chain(said.range(around..).take(limit - half)).collect::<Vec<_>>()
        }
        (None, Some(before), _) => said.range(..before).rev().take(limit).collect(),
        (None, None, Some(after)) => said.range(MessageId(after.0 + 1)..).take(limit).collect(),
        (None, None, None) => said.iter().rev().take(limit).collect(),
    };
    chosen.sort_by_key(|(id, _)| std::cmp::Reverse(**id));
    let odd = chosen.iter().any(|(_, message)| message.malformed.is_some());
    let page = chosen.iter().map(|(_, message)| state.message_json(message)).collect();
    Answer::json(200, page).odd_if(odd)
}

pub(super) fn one(state: &mut DiscordState, call: &Call) -> Answer {
    match found(state, call, may::READ_MESSAGE_HISTORY) {
        Ok(message) => {
            Answer::json(200, state.message_json(message)).odd_if(message.malformed.is_some())
        }
        Err(refused) => refused,
    }
}

fn found<'a>(
    state: &'a DiscordState,
    call: &Call,
    permissions: u64,
) -> Result<&'a Message, Answer> {
    let channel = allowed(state, call, permissions)?;
    state.message(channel.id, MessageId(call.id(1))).ok_or_else(unknown_message)
}

pub(super) fn create(state: &mut DiscordState, call: &Call) -> Answer {
    let channel = match allowed(state, call, 0) {
        Ok(channel) if !channel.kind.is_talked_in() => return wrong_kind(),
        Ok(channel) => channel,
        Err(refused) => return refused,
    };
    let speaks =
        if channel.thread.is_some() { may::SEND_MESSAGES_IN_THREADS } else { may::SEND_MESSAGES };
    let (id, locked) = (channel.id, channel.thread.as_ref().is_some_and(|thread| thread.locked));
    if !state.bot_may(id, speaks) || locked && !state.bot_may(id, may::MANAGE_THREADS) {
        return missing_permissions();
    }
    let body = &call.body;
    let empty = body["content"].as_str().unwrap_or_default().is_empty()
        && ["embeds", "components"]
            .iter()
            .all(|list| body[*list].as_array().is_none_or(Vec::is_empty));
    if empty {
        return Answer::error(400, 50006, "Cannot send an empty message");
    }
    let mut post = Post::new(id, state.bot, body["content"].as_str().unwrap_or_default());
    if let Some(to) = body["message_reference"]["message_id"].as_str() {
        post = post.reply_to(MessageId(to.parse().unwrap_or(0)));
    }
    let said = state.send(post.with_parts(&body["embeds"], &body["components"], &body["flags"]));
    message_answer(state, id, said)
}

/// A message of the bot, as an answer.
fn message_answer(state: &DiscordState, channel: ChannelId, id: MessageId) -> Answer {
    let json = state.message(channel, id).map(|message| state.message_json(message));
    json.map_or_else(unknown_message, |json| Answer::json(200, json))
}

pub(super) fn change(state: &mut DiscordState, call: &Call) -> Answer {
    let (channel, id) = match found(state, call, 0) {
        Ok(message) if message.author != state.bot => {
            return Answer::error(403, 50005, "Cannot edit a message authored by another user");
        }
        Ok(message) => (message.channel, message.id),
        Err(refused) => return refused,
    };
    state.rewrite(channel, id, &call.body);
    message_answer(state, channel, id)
}

pub(super) fn delete(state: &mut DiscordState, call: &Call) -> Answer {
    let (channel, id, own) = match found(state, call, 0) {
        Ok(message) => (message.channel, message.id, message.author == state.bot),
        Err(refused) => return refused,
    };
    if !own && !state.bot_may(channel, may::MANAGE_MESSAGES) {
        return missing_permissions();
    }
    state.remove(channel, id);
    Answer::nothing()
}

/// Users who reacted with an emoji, by id.
pub(super) fn who_reacted(state: &mut DiscordState, call: &Call) -> Answer {
    let limit = match call.limit(25, 100) {
        Ok(limit) => limit,
        Err(refused) => return refused,
    };
    let after = UserId(call.number("after").unwrap_or(0));
    match found(state, call, may::READ_MESSAGE_HISTORY) {
        Ok(message) => {
            let with = message.reactions.iter().find(|one| one.emoji == call.ids[2]);
            let mut users = with.map(|one| one.users.clone()).unwrap_or_default();
            users.sort();
            let users = users.into_iter().filter(|user| *user > after).take(limit);
            Answer::json(200, users.map(|user| render::user(&state.users[&user])).collect())
        }
        Err(refused) => refused,
    }
}

pub(super) fn react(state: &mut DiscordState, call: &Call) -> Answer {
    let (channel, id, first) = match found(state, call, may::READ_MESSAGE_HISTORY) {
        Ok(message) => {
            let first = message.reactions.iter().all(|one| one.emoji != call.ids[2]);
            (message.channel, message.id, first)
        }
        Err(refused) => return refused,
    };
    if first && !state.bot_may(channel, may::ADD_REACTIONS) {
        return missing_permissions();
    }
    if let Some(refused) = archived(state, channel) {
        return refused;
    }
    state.add_reaction(channel, id, state.bot, &call.ids[2]);
    Answer::nothing()
}

pub(super) fn unreact(state: &mut DiscordState, call: &Call) -> Answer {
    let (channel, id) = match found(state, call, 0) {
        Ok(message) => (message.channel, message.id),
        Err(refused) => return refused,
    };
    if let Some(refused) = archived(state, channel) {
        return refused;
    }
    state.drop_reaction(channel, id, state.bot, &call.ids[2]);
    Answer::nothing()
}

fn archived(state: &DiscordState, channel: ChannelId) -> Option<Answer> {
    let thread = state.channel(channel).thread.as_ref()?;
    thread.archived.then(|| Answer::error(400, 50083, "Thread is archived"))
}
