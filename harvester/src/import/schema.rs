//! The parts of DiscordChatExporter's JSON that are read. Every field may be missing; unknown
//! fields are passed over.

use serde::Deserialize;

use crate::wire::lenient::{LenientList, LenientObject, LenientScalar};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportGuild<'a> {
    #[serde(borrow)]
    pub(super) id: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) name: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExportChannel<'a> {
    #[serde(borrow)]
    pub(super) id: LenientScalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) category_id: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) category: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) name: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) topic: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportDateRange<'a> {
    #[serde(borrow)]
    pub(super) after: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) before: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExportMessage<'a> {
    #[serde(borrow)]
    pub(super) id: LenientScalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) timestamp: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) timestamp_edited: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) is_pinned: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) content: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) author: LenientObject<ExportAuthor<'a>>,
    #[serde(borrow)]
    pub(super) attachments: LenientList<ExportAttachment<'a>>,
    #[serde(borrow)]
    pub(super) reactions: LenientList<ExportReaction<'a>>,
    #[serde(borrow)]
    pub(super) mentions: LenientList<ExportMention<'a>>,
    #[serde(borrow)]
    pub(super) reference: LenientObject<ExportReference<'a>>,
    #[serde(borrow)]
    pub(super) forwarded_message: LenientObject<ExportForward<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExportAuthor<'a> {
    #[serde(borrow)]
    pub(super) id: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) name: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) nickname: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) is_bot: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) roles: LenientList<ExportRole<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportRole<'a> {
    #[serde(borrow)]
    pub(super) id: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) name: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportMention<'a> {
    #[serde(borrow)]
    pub(super) id: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) name: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) nickname: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExportAttachment<'a> {
    #[serde(borrow)]
    pub(super) file_name: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) file_size_bytes: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportReaction<'a> {
    #[serde(borrow)]
    pub(super) emoji: LenientObject<ExportEmoji<'a>>,
    #[serde(borrow)]
    pub(super) count: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) users: LenientList<ExportId<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportEmoji<'a> {
    /// The emoji itself, or the name of a custom one.
    #[serde(borrow)]
    pub(super) name: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportId<'a> {
    #[serde(borrow)]
    pub(super) id: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExportReference<'a> {
    /// Absent before 2026: then the message's own type says whether it is a reply.
    #[serde(borrow, rename = "type")]
    pub(super) kind: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) message_id: LenientScalar<'a>,
    #[serde(borrow)]
    pub(super) channel_id: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportForward<'a> {
    #[serde(borrow)]
    pub(super) content: LenientScalar<'a>,
}
