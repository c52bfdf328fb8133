//! What the gateway tells besides messages and channels.

use rules::ids::{ChannelId, GuildId, MessageId, UserId};
use rules::message::{Reacting, ReactionChange};
use serde::Deserialize;
use serde_json::Value;

use super::channel::{ApiChannel, channel};
use super::message::{RawEmoji, emoji};
use super::read;
use super::user::{Member, Told, member};
use crate::wire::lenient::{Object, Scalar, Scalars};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawReactionEvent<'a> {
    #[serde(borrow)]
    channel_id: Scalar<'a>,
    #[serde(borrow)]
    message_id: Scalar<'a>,
    #[serde(borrow)]
    user_id: Scalar<'a>,
    #[serde(borrow)]
    emoji: Object<RawEmoji<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawDeletion<'a> {
    #[serde(borrow)]
    guild_id: Scalar<'a>,
    #[serde(borrow)]
    channel_id: Scalar<'a>,
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    ids: Scalars<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawOfGuild<'a> {
    #[serde(borrow)]
    guild_id: Scalar<'a>,
}

/// `MESSAGE_DELETE` or `MESSAGE_DELETE_BULK`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    pub guild: Option<GuildId>,
    pub channel: ChannelId,
    pub messages: Vec<MessageId>,
}

/// `THREAD_LIST_SYNC`, or a REST page of threads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThreadList {
    pub guild: Option<GuildId>,
    pub threads: Vec<ApiChannel>,
    pub has_more: bool,
}

/// `GUILD_MEMBER_UPDATE`.
#[derive(Clone, PartialEq, Eq)]
pub struct MemberTold {
    pub guild: GuildId,
    pub user: Told,
    pub member: Member,
}

/// Any of the four `MESSAGE_REACTION_…` events; `None` if it does not say enough.
pub fn reaction_change(kind: &str, raw: &Value) -> Option<ReactionChange> {
    let raw = read::<RawReactionEvent<'_>>(raw);
    let user = raw.user_id.id().map(UserId);
    let what = match kind {
        "MESSAGE_REACTION_ADD" => Reacting::Added(user?),
        "MESSAGE_REACTION_REMOVE" => Reacting::Removed(user?),
        "MESSAGE_REACTION_REMOVE_EMOJI" => Reacting::ClearedEmoji,
        "MESSAGE_REACTION_REMOVE_ALL" => Reacting::Cleared,
        _ => return None,
    };
    let emoji = if what == Reacting::Cleared { String::new() } else { emoji(raw.emoji)? };
    let channel = ChannelId(raw.channel_id.id()?);
    Some(ReactionChange { channel, message: MessageId(raw.message_id.id()?), emoji, what })
}

/// `None` if it names no message.
pub fn deletion(raw: &Value) -> Option<Deletion> {
    let raw = read::<RawDeletion<'_>>(raw);
    let messages = raw.ids.0.iter().chain([&raw.id]).filter_map(Scalar::id).map(MessageId);
    let messages = messages.collect::<Vec<_>>();
    let channel = ChannelId(raw.channel_id.id()?);
    let guild = raw.guild_id.id().map(GuildId);
    (!messages.is_empty()).then_some(Deletion { guild, channel, messages })
}

/// The threads that a list names; those that cannot be read are passed over.
pub fn thread_list(raw: &Value) -> ThreadList {
    ThreadList {
        guild: read::<RawOfGuild<'_>>(raw).guild_id.id().map(GuildId),
        threads: raw["threads"].as_array().into_iter().flatten().filter_map(channel).collect(),
        has_more: raw["has_more"].as_bool().unwrap_or(false),
    }
}

/// `None` without a server and a user.
pub fn member_update(raw: &Value) -> Option<MemberTold> {
    let guild = read::<RawOfGuild<'_>>(raw).guild_id.id().map(GuildId)?;
    let (user, member) = member(raw)?;
    Some(MemberTold { guild, user, member })
}
