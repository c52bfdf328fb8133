//! The events that every source of messages sends to the pipeline.

use rules::model::ids::{ChannelId, GuildId, MessageId, Millis, UserId};
use rules::model::message::{Channel, Message, ReactionChange};

/// One event of a source.
///
/// Each event carries the time at which its source observed it; `Millis(0)` for an export without
/// one. Of two versions of a message the one edited later is newer, then the one observed later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatEvent {
    /// What a server is called.
    ServerSeen(GuildId, String, Millis),
    /// A channel's current name, topic and tags, and those of its parent.
    ChannelSeen(Channel, Millis),
    /// A channel that not everybody may read any more. Nothing of it is deleted, nothing is served.
    ChannelHidden(ChannelId, Millis),
    /// A channel that was deleted with all its messages and threads.
    ChannelGone(ChannelId, Millis),
    /// A whole message, with its reactions.
    Posted(Message, Millis),
    /// A whole message whose reactions the source does not know.
    Edited(Message, Millis),
    Deleted(ChannelId, Vec<MessageId>, Millis),
    Reacted(ReactionChange, Millis),
    /// When a user joined a server.
    MemberSeen(GuildId, UserId, Millis),
}
