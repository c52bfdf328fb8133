//! What a source of chat tells the pipeline. Every source speaks only in these events.

use rules::ids::Millis;
use rules::message::{Channel, Message};

/// One thing that a source saw. Closed: a new stimulus is a new variant.
///
/// Each event carries when its source saw it; an export that does not say gives `Millis(0)`. Of two
/// versions of a message the one edited later is newer, then the one observed later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatEvent {
    ChannelSeen(Channel, Millis),
    Posted(Message, Millis),
}
