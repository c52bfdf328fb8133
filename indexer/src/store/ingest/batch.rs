//! What sources report, to be stored in one transaction.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, MessageId, UserId};
use rules::model::message::{Channel, Message, ReactionChange};

use super::channel_progress::ChannelProgress;
use crate::store::sql::SqlId;

/// Whether a telling of a message names its reactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReactionsCoverage {
    Whole,
    ButReactions,
}

/// What sources say, to be stored in one transaction. A `Timestamp` is when the source saw it.
#[derive(Debug, Default)]
pub struct WriteBatch {
    pub channels: Vec<(Channel, Timestamp)>,
    /// Channels out of scope: kept so that an older telling cannot bring them back, served never.
    pub outside: Vec<(Channel, Timestamp)>,
    pub hidden: Vec<(ChannelId, Timestamp)>,
    pub gone: Vec<(ChannelId, Timestamp)>,
    pub messages: Vec<(Message, ReactionsCoverage, Timestamp)>,
    pub deleted: Vec<(ChannelId, MessageId, Timestamp)>,
    pub reactions: Vec<(ReactionChange, Timestamp)>,
    /// What servers are called.
    pub servers: Vec<(GuildId, String, Timestamp)>,
    pub joins: Vec<MemberJoin>,
    pub reading: Vec<ChannelProgress>,
    pub quarantined: Vec<QuarantinedPayload>,
}

/// When somebody joined a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberJoin {
    pub guild: GuildId,
    pub user: UserId,
    pub joined: Timestamp,
    /// From when on they are no newcomer.
    pub counts_from: Timestamp,
}

/// What a batch changed. What stays behind a tombstone or an opt-out counts as unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    pub added: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub deleted: u64,
}

impl AddAssign for Applied {
    fn add_assign(&mut self, more: Self) {
        let Self { added, updated, unchanged, deleted } = more;
        self.added += added;
        self.updated += updated;
        self.unchanged += unchanged;
        self.deleted += deleted;
    }
}

/// Something unreadable. `Debug` hides it: no log may carry words.
#[derive(Clone, PartialEq, Eq)]
pub struct QuarantinedPayload {
    /// 0 before it is stored.
    pub id: i64,
    /// `gateway` or `rest`.
    pub source: String,
    /// What it claims to be: an event's or an object's type.
    pub kind: String,
    /// Why it cannot be read.
    pub why: String,
    pub raw: String,
    pub channel: Option<ChannelId>,
    pub message: Option<MessageId>,
    pub seen: Timestamp,
    /// How often it was tried again.
    pub tries: u32,
}

impl fmt::Debug for QuarantinedPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuarantinedPayload")
            .field("id", &self.id)
            .field("source", &self.source)
            .field("kind", &self.kind)
            .field("channel", &self.channel)
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

/// A message by the place where it was said.
pub(in crate::store) type MessageKey = (ChannelId, MessageId);

/// Stands for a channel with all its messages.
pub(in crate::store) const WHOLE_CHANNEL: MessageId = MessageId(0);

/// The ids of these messages by channel.
pub(in crate::store) fn by_channel(
    keys: impl Iterator<Item = MessageKey>,
) -> BTreeMap<ChannelId, Vec<MessageId>> {
    let mut by_channel = BTreeMap::<ChannelId, Vec<MessageId>>::new();
    for (channel, id) in keys {
        by_channel.entry(channel).or_default().push(id);
    }
    by_channel
}

pub(in crate::store) fn place(channel: i64, message: i64) -> MessageKey {
    (ChannelId::from_sql(channel), MessageId::from_sql(message))
}
