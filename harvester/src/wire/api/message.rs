//! Messages.

use std::sync::Arc;

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, MessageId};
use rules::model::message::{Attachment, Author, Mention, Message, MessageKind, Reaction};
use serde::Deserialize;
use serde_json::Value;

use super::user::{ApiMember, RawMember, RawUser};
use super::{MessageParseError, read, time};
use crate::wire::kinds::message_kind;
use crate::wire::lenient::{LenientList, LenientObject, LenientScalar};

/// A message, with the author as a member of its server.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiMessage {
    /// The author's name is the one in the server if `member` is present, else the global one; the
    /// author has no roles yet. Reactions have counts, but no users.
    pub message: Message,
    pub guild: Option<GuildId>,
    /// Only the gateway sends it.
    pub member: Option<ApiMember>,
    /// When the author joined the server; known once the author's name there is.
    pub joined: Option<Timestamp>,
    /// The author is a webhook and not an account: there is no member to look up.
    pub webhook: bool,
    /// The ids of the custom emoji among the reactions, in the order of the reactions.
    pub emoji_ids: Vec<Option<u64>>,
    /// Discord's number of a message type that this version does not support.
    pub unknown_type: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawMessage<'a> {
    #[serde(borrow)]
    id: LenientScalar<'a>,
    #[serde(borrow)]
    channel_id: LenientScalar<'a>,
    #[serde(borrow)]
    guild_id: LenientScalar<'a>,
    #[serde(borrow, rename = "type")]
    kind: LenientScalar<'a>,
    #[serde(borrow)]
    author: LenientObject<RawUser<'a>>,
    #[serde(borrow)]
    member: LenientObject<RawMember<'a>>,
    #[serde(borrow)]
    webhook_id: LenientScalar<'a>,
    #[serde(borrow)]
    timestamp: LenientScalar<'a>,
    #[serde(borrow)]
    edited_timestamp: LenientScalar<'a>,
    #[serde(borrow)]
    content: LenientScalar<'a>,
    #[serde(borrow)]
    pinned: LenientScalar<'a>,
    #[serde(borrow)]
    mentions: LenientList<RawUser<'a>>,
    #[serde(borrow)]
    attachments: LenientList<RawAttachment<'a>>,
    #[serde(borrow)]
    reactions: LenientList<RawReaction<'a>>,
    #[serde(borrow)]
    message_reference: LenientObject<RawReference<'a>>,
    #[serde(borrow)]
    message_snapshots: LenientList<RawSnapshot<'a>>,
    #[serde(borrow)]
    components: LenientList<RawComponent<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawAttachment<'a> {
    #[serde(borrow)]
    filename: LenientScalar<'a>,
    #[serde(borrow)]
    size: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawReaction<'a> {
    #[serde(borrow)]
    emoji: LenientObject<RawEmoji<'a>>,
    #[serde(borrow)]
    count: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawEmoji<'a> {
    #[serde(borrow)]
    pub(super) id: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) name: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawReference<'a> {
    #[serde(borrow, rename = "type")]
    kind: LenientScalar<'a>,
    #[serde(borrow)]
    message_id: LenientScalar<'a>,
    #[serde(borrow)]
    channel_id: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawSnapshot<'a> {
    #[serde(borrow)]
    message: LenientObject<RawForwarded<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawForwarded<'a> {
    #[serde(borrow)]
    content: LenientScalar<'a>,
}

/// A component: text, or something that may hold more components.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawComponent<'a> {
    #[serde(borrow)]
    content: LenientScalar<'a>,
    #[serde(borrow)]
    components: LenientList<RawComponent<'a>>,
}

/// A message of the gateway or of a REST page.
///
/// # Errors
/// Id, channel, author, time or text are missing or invalid; all other fields are optional.
pub fn message(raw: &Value) -> Result<ApiMessage, MessageParseError> {
    let mut raw = read::<RawMessage<'_>>(raw);
    let id = raw.id.id().map(MessageId);
    let channel = raw.channel_id.id().map(ChannelId);
    let lacks = |why| MessageParseError {
        why,
        channel,
        message: id,
        partial: id.is_some() && channel.is_some(),
    };
    let (Some(id), Some(channel)) = (id, channel) else {
        return Err(lacks("`id` or `channel_id` is missing or not a snowflake"));
    };
    let text = raw.content.text().ok_or(lacks("`content` is missing or not text"))?;
    let sent = raw.timestamp.text().as_deref().and_then(time);
    let sent = sent.ok_or(lacks("`timestamp` is missing or not an ISO 8601 date"))?;
    let author = raw.author.0.ok_or(lacks("`author` is missing"))?.into_user();
    let (author, _) = author.ok_or(lacks("`author.id` is missing or not a snowflake"))?;
    let member = raw.member.0.map(RawMember::into_member);
    let number = raw.kind.whole();
    let kind = number.map_or(MessageKind::Other, message_kind);
    let reference = raw.message_reference.0.take();
    let reactions = raw.reactions.0.into_iter().filter_map(reaction);
    let (reactions, emoji_ids) = reactions.unzip::<_, _, Vec<_>, Vec<_>>();
    let webhook = raw.webhook_id.id().is_some();
    let name = member.as_ref().and_then(|member| member.nick.clone()).unwrap_or(author.name);
    let message = Message {
        id,
        channel,
        author: Arc::new(Author {
            id: author.id,
            name,
            bot: author.bot || webhook,
            roles: Vec::new(),
        }),
        kind,
        sent,
        edited: raw.edited_timestamp.text().as_deref().and_then(time),
        text: display_text(&text, &raw.components.0),
        reply_to: reference.as_ref().and_then(|to| replied_to(kind, to, channel)),
        mentions: raw.mentions.0.into_iter().filter_map(mention).collect(),
        reactions,
        attachments: raw.attachments.0.into_iter().map(attachment).collect(),
        forwarded: forwarded(reference, raw.message_snapshots),
        pinned: raw.pinned.flag(),
    };
    let unknown_type = number.filter(|_| kind == MessageKind::Other);
    let guild = raw.guild_id.id().map(GuildId);
    Ok(ApiMessage { message, guild, member, joined: None, webhook, emoji_ids, unknown_type })
}

/// The text, or the text of the components if there is no other.
fn display_text(text: &str, components: &[RawComponent<'_>]) -> String {
    if !text.is_empty() {
        return text.to_owned();
    }
    let mut parts = Vec::new();
    collect(components, &mut parts);
    parts.join("\n")
}

fn collect(components: &[RawComponent<'_>], parts: &mut Vec<String>) {
    for RawComponent { content, components } in components {
        if let LenientScalar::Text(text) = content {
            parts.push(text.clone().into_owned());
        }
        collect(&components.0, parts);
    }
}

/// The message that this one replies to. Pins, thread notices, forwards and announcements from
/// elsewhere carry a reference too, and are no replies.
fn replied_to(
    kind: MessageKind,
    reference: &RawReference<'_>,
    channel: ChannelId,
) -> Option<MessageId> {
    let RawReference { kind: reference_kind, message_id, channel_id } = reference;
    let of_reply = match reference_kind {
        LenientScalar::Whole(number) => *number == 0,
        LenientScalar::Text(number) => number == "0",
        LenientScalar::Flag(_) | LenientScalar::Nothing => kind == MessageKind::Reply,
    };
    let here = channel_id.id().is_none_or(|id| id == channel.0);
    if kind.is_talk() && of_reply && here { message_id.id().map(MessageId) } else { None }
}

/// The forwarded content: `Some`, possibly empty, for every forward.
fn forwarded(
    reference: Option<RawReference<'_>>,
    snapshots: LenientList<RawSnapshot<'_>>,
) -> Option<String> {
    if let Some(RawSnapshot { message }) = snapshots.0.into_iter().next() {
        let content = message.0.and_then(|message| message.content.text());
        return Some(content.unwrap_or_default().into_owned());
    }
    (reference?.kind.whole()? == 1).then(String::new)
}

fn mention(raw: RawUser<'_>) -> Option<Mention> {
    let (user, member) = raw.into_user()?;
    let name = member.and_then(|member| member.nick).unwrap_or(user.name);
    Some(Mention { id: user.id, name })
}

/// The emoji itself, or the name of a custom one.
pub(super) fn emoji(raw: LenientObject<RawEmoji<'_>>) -> Option<String> {
    Some(named(raw)?.0)
}

/// An emoji with the id of a custom one.
fn named(raw: LenientObject<RawEmoji<'_>>) -> Option<(String, Option<u64>)> {
    let RawEmoji { id, name } = raw.0?;
    let id = id.id();
    let name = name.words().map(|name| name.into_owned());
    Some((name.or_else(|| id.map(|id| id.to_string()))?, id))
}

fn reaction(raw: RawReaction<'_>) -> Option<(Reaction, Option<u64>)> {
    let count = u32::try_from(raw.count.whole().unwrap_or(1)).unwrap_or(u32::MAX);
    let (emoji, id) = named(raw.emoji)?;
    Some((Reaction { emoji, count, users: Vec::new() }, id))
}

fn attachment(raw: RawAttachment<'_>) -> Attachment {
    let RawAttachment { filename, size } = raw;
    Attachment {
        name: filename.words().unwrap_or_default().into_owned(),
        bytes: size.whole().unwrap_or(0),
    }
}
