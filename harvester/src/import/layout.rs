//! The parts of DiscordChatExporter's JSON that are read. Every field may be missing; unknown
//! fields are passed over.

use serde::Deserialize;

use crate::wire::lenient::{List, Object, Scalar};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawGuild<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawChannel<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) category_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) category: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) topic: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawMessage<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) timestamp: Scalar<'a>,
    #[serde(borrow)]
    pub(super) timestamp_edited: Scalar<'a>,
    #[serde(borrow)]
    pub(super) is_pinned: Scalar<'a>,
    #[serde(borrow)]
    pub(super) content: Scalar<'a>,
    #[serde(borrow)]
    pub(super) author: Object<RawAuthor<'a>>,
    #[serde(borrow)]
    pub(super) attachments: List<RawAttachment<'a>>,
    #[serde(borrow)]
    pub(super) reactions: List<RawReaction<'a>>,
    #[serde(borrow)]
    pub(super) mentions: List<RawMention<'a>>,
    #[serde(borrow)]
    pub(super) reference: Object<RawReference<'a>>,
    #[serde(borrow)]
    pub(super) forwarded_message: Object<RawForward<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawAuthor<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) nickname: Scalar<'a>,
    #[serde(borrow)]
    pub(super) is_bot: Scalar<'a>,
    #[serde(borrow)]
    pub(super) roles: List<RawRole<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawRole<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawMention<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) nickname: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawAttachment<'a> {
    #[serde(borrow)]
    pub(super) file_name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) file_size_bytes: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawReaction<'a> {
    #[serde(borrow)]
    pub(super) emoji: Object<RawEmoji<'a>>,
    #[serde(borrow)]
    pub(super) count: Scalar<'a>,
    #[serde(borrow)]
    pub(super) users: List<RawId<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawEmoji<'a> {
    /// The emoji itself, or the name of a custom one.
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawId<'a> {
    #[serde(borrow)]
    pub(super) id: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawReference<'a> {
    /// Absent before 2026: then the message's own type says whether it is a reply.
    #[serde(borrow, rename = "type")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) message_id: Scalar<'a>,
    #[serde(borrow)]
    pub(super) channel_id: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawForward<'a> {
    #[serde(borrow)]
    pub(super) content: Scalar<'a>,
}
