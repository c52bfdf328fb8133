//! The JSON of Discord's API and of its gateway, which both tell in the same shapes.

mod channel;
mod events;
mod guild;
mod message;
#[cfg(test)]
mod tests;
mod user;

use rules::model::ids::{ChannelId, MessageId};
use serde::Deserialize;
use serde_json::Value;

pub use channel::{ApiChannel, ApiTag, PermissionOverwrite, channel};
pub use events::{
    Deletion, MemberUpdate, ThreadList, deletion, member_update, reaction_change, thread_list,
};
pub use guild::{ApiGuild, ApiRole, guild, role, role_update};
pub use message::{ApiMessage, message};
pub use user::{ApiMember, ApiUser, member, user, users};

/// Why a message cannot be kept as one, and which it was as far as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageParseError {
    pub why: &'static str,
    pub channel: Option<ChannelId>,
    pub message: Option<MessageId>,
    /// It names a message but not all of it, as Discord may when only an embed changed: read it again.
    pub partial: bool,
}

/// Reads an object of any shape; what is no object reads as an empty one.
fn read<'a, T: Deserialize<'a> + Default>(raw: &'a Value) -> T {
    T::deserialize(raw).unwrap_or_default()
}
