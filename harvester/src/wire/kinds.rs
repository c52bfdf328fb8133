//! Discord's numbers for types of channels and messages.

use rules::model::message::{ChannelKind, MessageKind};

/// The kind of a channel by Discord's number.
pub(crate) fn channel_kind(number: u64) -> ChannelKind {
    match number {
        0 => ChannelKind::Text,
        5 => ChannelKind::News,
        2 | 13 => ChannelKind::Voice,
        10 | 11 => ChannelKind::Thread,
        12 => ChannelKind::PrivateThread,
        // 16 is a media channel: a forum of pictures.
        15 | 16 => ChannelKind::Forum,
        1 | 3 => ChannelKind::Direct,
        _ => ChannelKind::Other,
    }
}

/// The kind of a message by Discord's number.
pub(crate) fn message_kind(number: u64) -> MessageKind {
    match number {
        0 => MessageKind::Default,
        19 => MessageKind::Reply,
        // A slash command and a context menu command.
        20 | 23 => MessageKind::Command,
        21 => MessageKind::ThreadStarter,
        // Boosts, follows, reminders, moderation, subscriptions, stages,
        // incidents, purchases, poll results.
        1..=18 | 22 | 24..=29 | 31 | 32 | 36..=39 | 44 | 46 => MessageKind::System,
        _ => MessageKind::Other,
    }
}
