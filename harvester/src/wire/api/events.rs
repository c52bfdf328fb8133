//! Gateway events other than messages and channels.

use rules::model::ids::{ChannelId, GuildId, MessageId, UserId};
use rules::model::message::{ReactionChange, ReactionOp};
use serde::Deserialize;
use serde_json::Value;

use super::channel::{ApiChannel, channel};
use super::message::{RawEmoji, emoji};
use super::read;
use super::user::{ApiMember, ApiUser, member};
use crate::wire::lenient::{LenientObject, LenientScalar, LenientScalars};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawReactionEvent<'a> {
    #[serde(borrow)]
    channel_id: LenientScalar<'a>,
    #[serde(borrow)]
    message_id: LenientScalar<'a>,
    #[serde(borrow)]
    user_id: LenientScalar<'a>,
    #[serde(borrow)]
    emoji: LenientObject<RawEmoji<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawDeletion<'a> {
    #[serde(borrow)]
    guild_id: LenientScalar<'a>,
    #[serde(borrow)]
    channel_id: LenientScalar<'a>,
    #[serde(borrow)]
    id: LenientScalar<'a>,
    #[serde(borrow)]
    ids: LenientScalars<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawOfGuild<'a> {
    #[serde(borrow)]
    guild_id: LenientScalar<'a>,
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
pub struct MemberUpdate {
    pub guild: GuildId,
    pub user: ApiUser,
    pub member: ApiMember,
}

/// Any of the four `MESSAGE_REACTION_…` events; `None` if fields are missing.
pub fn reaction_change(kind: &str, raw: &Value) -> Option<ReactionChange> {
    let raw = read::<RawReactionEvent<'_>>(raw);
    let user = raw.user_id.id().map(UserId);
    let what = match kind {
        "MESSAGE_REACTION_ADD" => ReactionOp::Added(user?),
        "MESSAGE_REACTION_REMOVE" => ReactionOp::Removed(user?),
        "MESSAGE_REACTION_REMOVE_EMOJI" => ReactionOp::ClearedEmoji,
        "MESSAGE_REACTION_REMOVE_ALL" => ReactionOp::Cleared,
        _ => return None,
    };
    let emoji = if what == ReactionOp::Cleared { String::new() } else { emoji(raw.emoji)? };
    let channel = ChannelId(raw.channel_id.id()?);
    Some(ReactionChange { channel, message: MessageId(raw.message_id.id()?), emoji, what })
}

/// `None` without a message id.
pub fn deletion(raw: &Value) -> Option<Deletion> {
    let raw = read::<RawDeletion<'_>>(raw);
    let messages = raw.ids.0.iter().chain([&raw.id]).filter_map(LenientScalar::id).map(MessageId);
    let messages = messages.collect::<Vec<_>>();
    let channel = ChannelId(raw.channel_id.id()?);
    let guild = raw.guild_id.id().map(GuildId);
    (!messages.is_empty()).then_some(Deletion { guild, channel, messages })
}

/// The threads of a list; unparseable ones are skipped.
pub fn thread_list(raw: &Value) -> ThreadList {
    ThreadList {
        guild: read::<RawOfGuild<'_>>(raw).guild_id.id().map(GuildId),
        threads: raw["threads"].as_array().into_iter().flatten().filter_map(channel).collect(),
        has_more: raw["has_more"].as_bool().unwrap_or(false),
    }
}

/// `None` without a server and a user.
pub fn member_update(raw: &Value) -> Option<MemberUpdate> {
    let guild = read::<RawOfGuild<'_>>(raw).guild_id.id().map(GuildId)?;
    let (user, member) = member(raw)?;
    Some(MemberUpdate { guild, user, member })
}
