//! The events that every source of messages sends to the pipeline.

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, MessageId, UserId};
use rules::model::message::{Channel, Message, ReactionChange};

/// One event of a source.
///
/// Each event carries the time at which its source observed it; `Timestamp::UNIX_EPOCH` for an export without
/// one. Of two versions of a message the one edited later is newer, then the one observed later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatEvent {
    /// What a server is called.
    ServerSeen(GuildId, String, Timestamp),
    /// A channel's current name, topic and tags, and those of its parent.
    ChannelSeen(Channel, Timestamp),
    /// A channel that not everybody may read any more. Nothing of it is deleted, nothing is served.
    ChannelHidden(ChannelId, Timestamp),
    /// A channel that was deleted with all its messages and threads.
    ChannelGone(ChannelId, Timestamp),
    /// A whole message, with its reactions.
    Posted(Message, Timestamp),
    /// A whole message whose reactions the source does not know.
    Edited(Message, Timestamp),
    Deleted(ChannelId, Vec<MessageId>, Timestamp),
    Reacted(ReactionChange, Timestamp),
    /// When a user joined a server.
    MemberSeen(GuildId, UserId, Timestamp),
}
