//! The JSON of Discord's REST API and gateway, which use the same shapes.

mod channel;
mod events;
mod guild;
mod message;
#[cfg(test)]
mod tests;
mod user;

use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId};
use rules::time;
use serde::Deserialize;
use serde_json::Value;

pub use channel::{ApiChannel, ApiTag, PermissionOverwrite, channel};
pub use events::{
    Deletion, MemberUpdate, ThreadList, deletion, member_update, reaction_change, thread_list,
};
pub use guild::{ApiGuild, ApiRole, guild, role, role_update};
pub use message::{ApiMessage, message};
pub use user::{ApiMember, ApiUser, member, user, users};

/// Why a message cannot be parsed, and its ids as far as they are present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageParseError {
    pub why: &'static str,
    pub channel: Option<ChannelId>,
    pub message: Option<MessageId>,
    /// It has the ids but not all fields, as when only an embed changed: the message is read again.
    pub partial: bool,
}

/// Deserializes an object of any shape; anything else becomes an empty one.
fn read<'a, T: Deserialize<'a> + Default>(raw: &'a Value) -> T {
    T::deserialize(raw).unwrap_or_default()
}

/// Parses a date as Discord and serenity write it.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(time::whole_millisecond)
}
