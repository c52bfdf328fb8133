//! What a source of chat tells the pipeline. Every source speaks only in these events.

use rules::model::ids::{ChannelId, MessageId, Millis};
use rules::model::message::{Author, Channel, Message, ReactionChange};

/// One thing that a source saw. Closed: a new stimulus is a new variant.
///
/// Each event carries when its source saw it; an export that does not say gives `Millis(0)`. Of two
/// versions of a message the one edited later is newer, then the one observed later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatEvent {
    /// A channel as it is: its name, topic, tags, and those of what it hangs under.
    ChannelSeen(Channel, Millis),
    /// A channel that not everybody may read any more. Nothing of it is deleted, and nothing served.
    ChannelHidden(ChannelId, Millis),
    /// A channel that was deleted, with all that was said there and in its threads.
    ChannelGone(ChannelId, Millis),
    /// A whole message, with its reactions.
    Posted(Message, Millis),
    /// A whole message of which the source does not tell the reactions.
    Edited(Message, Millis),
    Deleted(ChannelId, Vec<MessageId>, Millis),
    Reacted(ReactionChange, Millis),
    /// A person's name and roles, as of one of their messages.
    PersonSeen(Author, MessageId, Millis),
}
