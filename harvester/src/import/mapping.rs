//! Maps the exporter's schema to the program's own types.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, MessageId, UserId};
use rules::model::message::{
    Attachment, Channel, ChannelKind, Mention, Message, MessageKind, Reaction,
};
use rules::time;

use super::authors::AuthorInterner;
use super::schema::{
    ExportAttachment, ExportChannel, ExportForward, ExportMention, ExportMessage, ExportReaction,
    ExportReference,
};
use crate::wire::kinds;
use crate::wire::lenient::{LenientObject, LenientScalar};

/// A message, and the exporter's name of its type where that is unknown here.
#[derive(Debug)]
pub(super) struct MappedMessage {
    pub(super) message: Message,
    pub(super) unknown_type: Option<String>,
}

/// The channel of a file, of which the guild is yet to be named; `None` without a usable id.
pub(super) fn channel(raw: ExportChannel<'_>) -> Option<Channel> {
    let ExportChannel { id, kind, category_id, category, name, topic } = raw;
    Some(Channel {
        id: ChannelId(id.id()?),
        guild: GuildId(0),
        kind: channel_kind(kind.name().as_deref().unwrap_or_default()),
        name: name.words().unwrap_or_default().into_owned(),
        topic: topic.words().map(|topic| topic.into_owned()),
        parent: category_id.id().map(ChannelId),
        parent_name: category.words().map(|name| name.into_owned()),
        tags: Vec::new(),
    })
}

/// A message of `channel`, or why it cannot be one.
pub(super) fn message(
    raw: ExportMessage<'_>,
    channel: ChannelId,
    authors: &mut AuthorInterner,
) -> Result<MappedMessage, &'static str> {
    let id = raw.id.id().map(MessageId).ok_or("`id` is missing or not a snowflake")?;
    let timestamp = raw.timestamp.text().ok_or("`timestamp` is missing")?;
    let sent = time(&timestamp).ok_or("`timestamp` is not an ISO 8601 date with an offset")?;
    let text = raw.content.text().ok_or("`content` is missing or not text")?;
    let author = raw.author.0.ok_or("`author` is missing")?;
    let author = authors.author(author).ok_or("`author.id` is missing or not a snowflake")?;
    let type_name = raw.kind.name().unwrap_or("Default".into());
    let kind = message_kind(&type_name);
    let message = Message {
        id,
        channel,
        author,
        kind,
        sent,
        edited: raw.timestamp_edited.text().and_then(|text| time(&text)),
        text: text.into_owned(),
        reply_to: raw.reference.0.as_ref().and_then(|to| replied_to(kind, to, channel)),
        mentions: raw.mentions.0.into_iter().filter_map(mention).collect(),
        reactions: raw.reactions.0.into_iter().filter_map(reaction).collect(),
        attachments: raw.attachments.0.into_iter().map(attachment).collect(),
        forwarded: forwarded(raw.reference.0, raw.forwarded_message),
        pinned: raw.is_pinned.flag(),
    };
    let unknown_type = (kind == MessageKind::Other).then(|| type_name.into_owned());
    Ok(MappedMessage { message, unknown_type })
}

/// A date as the exporter writes it, `2024-11-24T16:16:57.1-04:00`, in any zone.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(time::whole_millisecond)
}

/// Names are DiscordChatExporter's `ChannelKind`, numbers Discord's own channel types, which the
/// exporter writes for kinds that it does not know.
fn channel_kind(name: &str) -> ChannelKind {
    match name {
        "GuildTextChat" => ChannelKind::Text,
        "GuildNews" => ChannelKind::News,
        "GuildVoiceChat" | "GuildStageVoice" => ChannelKind::Voice,
        "GuildNewsThread" | "GuildPublicThread" => ChannelKind::Thread,
        "GuildPrivateThread" => ChannelKind::PrivateThread,
        "GuildForum" => ChannelKind::Forum,
        "DirectTextChat" | "DirectGroupTextChat" => ChannelKind::Direct,
        number => number.parse().map_or(ChannelKind::Other, kinds::channel_kind),
    }
}

/// Names are DiscordChatExporter's `MessageKind`, numbers Discord's own message types.
fn message_kind(name: &str) -> MessageKind {
    match name {
        "Default" => MessageKind::Default,
        "Reply" => MessageKind::Reply,
        "RecipientAdd"
        | "RecipientRemove"
        | "Call"
        | "ChannelNameChange"
        | "ChannelIconChange"
        | "ChannelPinnedMessage"
        | "GuildMemberJoin"
        | "ThreadCreated" => MessageKind::System,
        number => number.parse().map_or(MessageKind::Other, kinds::message_kind),
    }
}

/// The message that this one replies to. Pins, thread notices, forwards and announcements from
/// elsewhere carry a reference too, and are no replies.
fn replied_to(
    kind: MessageKind,
    reference: &ExportReference<'_>,
    channel: ChannelId,
) -> Option<MessageId> {
    let ExportReference { kind: reference_kind, message_id, channel_id } = reference;
    let of_reply = match reference_kind {
        LenientScalar::Text(name) => matches!(name.as_ref(), "Default" | "0"),
        LenientScalar::Whole(number) => *number == 0,
        LenientScalar::Flag(_) | LenientScalar::Nothing => kind == MessageKind::Reply,
    };
    let here = channel_id.id().is_none_or(|id| id == channel.0);
    if kind.is_talk() && of_reply && here { message_id.id().map(MessageId) } else { None }
}

/// What was forwarded: `Some`, though perhaps empty, for every forward.
fn forwarded(
    reference: Option<ExportReference<'_>>,
    forward: LenientObject<ExportForward<'_>>,
) -> Option<String> {
    if let Some(ExportForward { content }) = forward.0 {
        return Some(content.text().unwrap_or_default().into_owned());
    }
    let kind = reference?.kind.name()?;
    matches!(kind.as_ref(), "Forward" | "1").then(String::new)
}

fn mention(raw: ExportMention<'_>) -> Option<Mention> {
    let ExportMention { id, name, nickname } = raw;
    let name = nickname.words().or_else(|| name.words()).unwrap_or_default().into_owned();
    Some(Mention { id: UserId(id.id()?), name })
}

/// A reaction; `None` where the source does not say with what.
fn reaction(raw: ExportReaction<'_>) -> Option<Reaction> {
    let ExportReaction { emoji, count, users } = raw;
    let emoji = emoji.0?.name.words()?.into_owned();
    let users: Vec<UserId> =
        users.0.into_iter().filter_map(|user| user.id.id()).map(UserId).collect();
    let count = count.whole().unwrap_or(users.len() as u64);
    Some(Reaction { emoji, count: u32::try_from(count).unwrap_or(u32::MAX), users })
}

fn attachment(raw: ExportAttachment<'_>) -> Attachment {
    let ExportAttachment { file_name, file_size_bytes } = raw;
    Attachment {
        name: file_name.words().unwrap_or_default().into_owned(),
        bytes: file_size_bytes.whole().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_any_zone_and_with_any_fraction() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(time(text), expected.map(time::at_millisecond), "{text}");
        };
        check("2021-11-24T16:16:57.001+00:00", Some(1_637_770_617_001));
        check("2021-11-24T16:16:57+00:00", Some(1_637_770_617_000));
        check("2021-11-24T16:16:57Z", Some(1_637_770_617_000));
        check("2021-11-24T12:16:57.5-04:00", Some(1_637_770_617_500));
        check("2021-11-24T21:46:57.25+05:30", Some(1_637_770_617_250));
        check("2021-11-24T16:16:57.1234567+00:00", Some(1_637_770_617_123));
        check("2021-11-24T16:16:57", None);
        check("yesterday", None);
        check("", None);
    }

    #[test]
    fn channel_kinds_are_known_by_name_and_by_number() {
        let check = |names: &[&str], expected| {
            for name in names {
                assert_eq!(channel_kind(name), expected, "{name}");
            }
        };
        check(&["GuildTextChat", "0"], ChannelKind::Text);
        check(&["GuildNews", "5"], ChannelKind::News);
        check(&["GuildVoiceChat", "GuildStageVoice", "2", "13"], ChannelKind::Voice);
        check(&["GuildPublicThread", "GuildNewsThread", "10", "11"], ChannelKind::Thread);
        check(&["GuildPrivateThread", "12"], ChannelKind::PrivateThread);
        check(&["GuildForum", "15", "16"], ChannelKind::Forum);
        check(&["DirectTextChat", "DirectGroupTextChat", "1", "3"], ChannelKind::Direct);
        check(&["GuildCategory", "GuildDirectory", "99", ""], ChannelKind::Other);
    }

    #[test]
    fn message_types_are_known_by_name_and_by_number() {
        let check = |names: &[&str], expected| {
            for name in names {
                assert_eq!(message_kind(name), expected, "{name}");
            }
        };
        check(&["Default", "0"], MessageKind::Default);
        check(&["Reply", "19"], MessageKind::Reply);
        check(&["20", "23"], MessageKind::Command);
        check(&["GuildMemberJoin", "ThreadCreated", "8", "18", "46"], MessageKind::System);
        check(&["21"], MessageKind::ThreadStarter);
        check(&["Hologram", "30", "-1", "70000", ""], MessageKind::Other);
    }
}
