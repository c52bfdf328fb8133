//! Channels, threads and forum posts.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use rules::model::message::ChannelKind;
use serde::Deserialize;
use serde_json::Value;

use super::{read, time};
use crate::wire::kinds::channel_kind;
use crate::wire::lenient::{LenientList, LenientObject, LenientScalar, LenientScalars};

/// A channel or thread as Discord sends it: tags by id, its parent by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiChannel {
    pub id: ChannelId,
    pub guild: Option<GuildId>,
    pub kind: ChannelKind,
    pub name: String,
    pub topic: Option<String>,
    pub parent: Option<ChannelId>,
    pub overwrites: Vec<PermissionOverwrite>,
    /// The tags that a forum offers.
    pub offered: Vec<ApiTag>,
    /// The tags that a forum post has.
    pub applied: Vec<u64>,
    pub owner: Option<UserId>,
    /// The newest message ever posted, if any.
    pub last_message: Option<MessageId>,
    pub archived: bool,
    pub locked: bool,
    /// When a thread was last archived or unarchived.
    pub archived_at: Timestamp,
    /// Discord shows that the channel exists, but hides its details.
    pub obfuscated: bool,
}

/// A tag of a forum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTag {
    pub id: u64,
    pub name: String,
    /// Only moderators may set it.
    pub moderated: bool,
}

/// What a role or a user is granted or denied in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermissionOverwrite {
    /// `None` for a user.
    pub role: Option<RoleId>,
    pub allow: u64,
    pub deny: u64,
}

/// The name of a channel whose details Discord hides.
const OBFUSCATED: &str = "___hidden___";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawChannel<'a> {
    #[serde(borrow)]
    id: LenientScalar<'a>,
    #[serde(borrow)]
    guild_id: LenientScalar<'a>,
    #[serde(borrow, rename = "type")]
    kind: LenientScalar<'a>,
    #[serde(borrow)]
    name: LenientScalar<'a>,
    #[serde(borrow)]
    topic: LenientScalar<'a>,
    #[serde(borrow)]
    parent_id: LenientScalar<'a>,
    #[serde(borrow)]
    owner_id: LenientScalar<'a>,
    #[serde(borrow)]
    last_message_id: LenientScalar<'a>,
    #[serde(borrow)]
    permission_overwrites: LenientList<RawOverwrite<'a>>,
    #[serde(borrow)]
    available_tags: LenientList<RawTag<'a>>,
    #[serde(borrow)]
    applied_tags: LenientScalars<'a>,
    #[serde(borrow)]
    thread_metadata: LenientObject<RawThread<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawOverwrite<'a> {
    #[serde(borrow)]
    id: LenientScalar<'a>,
    #[serde(borrow, rename = "type")]
    kind: LenientScalar<'a>,
    #[serde(borrow)]
    allow: LenientScalar<'a>,
    #[serde(borrow)]
    deny: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawTag<'a> {
    #[serde(borrow)]
    id: LenientScalar<'a>,
    #[serde(borrow)]
    name: LenientScalar<'a>,
    #[serde(borrow)]
    moderated: LenientScalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawThread<'a> {
    #[serde(borrow)]
    archived: LenientScalar<'a>,
    #[serde(borrow)]
    locked: LenientScalar<'a>,
    #[serde(borrow)]
    archive_timestamp: LenientScalar<'a>,
}

/// A channel or thread; `None` without a usable id.
pub fn channel(raw: &Value) -> Option<ApiChannel> {
    let raw = read::<RawChannel<'_>>(raw);
    let thread = raw.thread_metadata.0.unwrap_or_default();
    let name = raw.name.words().unwrap_or_default().into_owned();
    Some(ApiChannel {
        id: ChannelId(raw.id.id()?),
        guild: raw.guild_id.id().map(GuildId),
        kind: raw.kind.whole().map_or(ChannelKind::Other, channel_kind),
        topic: raw.topic.words().map(|topic| topic.into_owned()),
        parent: raw.parent_id.id().map(ChannelId),
        overwrites: raw.permission_overwrites.0.into_iter().filter_map(overwrite).collect(),
        offered: raw.available_tags.0.into_iter().filter_map(tag).collect(),
        applied: raw.applied_tags.0.iter().filter_map(LenientScalar::id).collect(),
        owner: raw.owner_id.id().map(UserId),
        last_message: raw.last_message_id.id().map(MessageId),
        archived: thread.archived.flag(),
        locked: thread.locked.flag(),
        archived_at: thread.archive_timestamp.text().as_deref().and_then(time).unwrap_or_default(),
        obfuscated: name == OBFUSCATED,
        name,
    })
}

fn overwrite(raw: RawOverwrite<'_>) -> Option<PermissionOverwrite> {
    let of_role = match &raw.kind {
        LenientScalar::Text(name) => matches!(name.as_ref(), "0" | "role"),
        LenientScalar::Whole(number) => *number == 0,
        LenientScalar::Flag(_) | LenientScalar::Nothing => return None,
    };
    let id = raw.id.id()?;
    Some(PermissionOverwrite {
        role: of_role.then_some(RoleId(id)),
        allow: raw.allow.whole().unwrap_or(0),
        deny: raw.deny.whole().unwrap_or(0),
    })
}

fn tag(raw: RawTag<'_>) -> Option<ApiTag> {
    let name = raw.name.words()?.into_owned();
    Some(ApiTag { id: raw.id.id()?, name, moderated: raw.moderated.flag() })
}
