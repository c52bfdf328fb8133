//! Translates a gateway event into the types of `wire`. Pure and stateless: the guild view adds the
//! names of roles, tags and parents.

use rules::model::ids::{ChannelId, GuildId, MessageId, RoleId};
use rules::model::message::ReactionChange;
use serde_json::Value;

use super::raw_event::DispatchEvent;
use crate::wire::api::{
    self, ApiChannel, ApiGuild, ApiMessage, ApiRole, Deletion, MemberUpdate, MessageParseError,
    ThreadList,
};

/// What to do about an event.
#[derive(Clone, PartialEq)]
pub enum GatewayAction {
    /// A complete new message without reactions.
    Posted(Box<ApiMessage>),
    /// A complete changed message; its reactions are not included.
    Edited(Box<ApiMessage>),
    /// A message changed, but the event is incomplete: it has to be read over REST.
    Reread(ChannelId, MessageId),
    Deleted(Deletion),
    Reacted(ReactionChange),
    /// A channel, a thread or a forum post that is new or changed.
    Channel(ApiChannel),
    /// Deleted, with everything in it.
    ChannelGone(ChannelId),
    /// Threads that became visible.
    Threads(ThreadList),
    /// A server with all its roles, channels and threads that are not archived.
    Guild(ApiGuild),
    /// A server with all its roles; its channels are unchanged.
    GuildChanged(ApiGuild),
    /// An outage at Discord: nothing of the server was deleted.
    GuildAway(GuildId),
    /// The bot was removed from the server.
    GuildLeft(GuildId),
    Role(GuildId, ApiRole),
    RoleGone(GuildId, RoleId),
    Member(MemberUpdate),
    /// A command, menu, button or autocompletion, as Discord sent it.
    Interaction(Value),
    /// A new session: whatever happened before it is a gap of unknown length.
    Ready,
    /// The session was resumed, and nothing was lost.
    Resumed,
    /// Relevant but not parseable; its JSON is stored for another attempt.
    Quarantine {
        why: &'static str,
        channel: Option<ChannelId>,
        message: Option<MessageId>,
    },
    /// Irrelevant, such as anything in direct messages.
    Nothing,
    /// An event kind that this version does not support.
    Unknown,
}

const NO_ID: &str = "an id is missing or not a snowflake";

/// Translates an event.
pub fn translate(dispatch: &DispatchEvent) -> GatewayAction {
    let data = &dispatch.data;
    let kind = dispatch.kind.as_str();
    if kind.starts_with("MESSAGE_") && data["guild_id"].is_null() {
        return GatewayAction::Nothing;
    }
    let action = match kind {
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" => return message(dispatch),
        "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => api::deletion(data).map(GatewayAction::Deleted),
        "MESSAGE_REACTION_ADD"
        | "MESSAGE_REACTION_REMOVE"
        | "MESSAGE_REACTION_REMOVE_ALL"
        | "MESSAGE_REACTION_REMOVE_EMOJI" => {
            api::reaction_change(kind, data).map(GatewayAction::Reacted)
        }
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => {
            api::channel(data).map(GatewayAction::Channel)
        }
        "CHANNEL_DELETE" | "THREAD_DELETE" => {
            id(data, "id").map(ChannelId).map(GatewayAction::ChannelGone)
        }
        "THREAD_LIST_SYNC" => Some(GatewayAction::Threads(api::thread_list(data))),
        "GUILD_CREATE" => api::guild(data).map(|guild| match guild.unavailable {
            true => GatewayAction::GuildAway(guild.id),
            false => GatewayAction::Guild(guild),
        }),
        "GUILD_UPDATE" => api::guild(data).map(GatewayAction::GuildChanged),
        "GUILD_DELETE" => api::guild(data).map(|guild| match guild.unavailable {
            true => GatewayAction::GuildAway(guild.id),
            false => GatewayAction::GuildLeft(guild.id),
        }),
        "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" => {
            api::role_update(data).map(|(guild, role)| GatewayAction::Role(guild, role))
        }
        "GUILD_ROLE_DELETE" => role_gone(data),
        "GUILD_MEMBER_UPDATE" => api::member_update(data).map(GatewayAction::Member),
        "INTERACTION_CREATE" => Some(GatewayAction::Interaction(data.clone())),
        "READY" => Some(GatewayAction::Ready),
        "RESUMED" => Some(GatewayAction::Resumed),
        _ if dispatch.readable => Some(GatewayAction::Nothing),
        _ => Some(GatewayAction::Unknown),
    };
    let channel = id(data, "channel_id").map(ChannelId);
    action.unwrap_or(GatewayAction::Quarantine { why: NO_ID, channel, message: None })
}

fn message(dispatch: &DispatchEvent) -> GatewayAction {
    let new = dispatch.kind == "MESSAGE_CREATE";
    match api::message(&dispatch.data) {
        Ok(mut read) => {
            if dispatch.readable && lost_text(&dispatch.data, new) {
                return GatewayAction::Reread(read.message.channel, read.message.id);
            }
            read.message.reactions.clear();
            if new {
                GatewayAction::Posted(Box::new(read))
            } else {
                GatewayAction::Edited(Box::new(read))
            }
        }
        Err(MessageParseError {
            channel: Some(channel),
            message: Some(message),
            partial: true,
            ..
        }) if !new => GatewayAction::Reread(channel, message),
        Err(MessageParseError { why, channel, message, .. }) => {
            GatewayAction::Quarantine { why, channel, message }
        }
    }
}

/// Whether serenity's types lost text of the message: the content of a changed forward, and text
/// that a bot sends only in components, so that the message has no content, embeds, stickers or
/// poll.
fn lost_text(data: &Value, new: bool) -> bool {
    let none = |key: &str| data[key].as_array().is_none_or(Vec::is_empty);
    if !new && data["message_reference"]["type"] == 1 {
        return true;
    }
    let program = data["author"]["bot"] == true || !data["webhook_id"].is_null();
    program
        && data["content"] == ""
        && ["embeds", "sticker_items", "message_snapshots"].into_iter().all(none)
        && data["poll"].is_null()
}

fn role_gone(data: &Value) -> Option<GatewayAction> {
    Some(GatewayAction::RoleGone(GuildId(id(data, "guild_id")?), RoleId(id(data, "role_id")?)))
}

fn id(data: &Value, key: &str) -> Option<u64> {
    data[key].as_str()?.parse().ok().filter(|id| *id != 0)
}

#[cfg(test)]
#[path = "translate/tests.rs"]
mod tests;
