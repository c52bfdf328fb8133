//! A message as Discord has it, reduced to what a verdict can use.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::text::{relayed, without_quotes};

/// A message after redaction. `Debug` hides the text: no log may carry it.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub channel: ChannelId,
    pub author: Arc<Author>,
    pub kind: MessageKind,
    /// Normally the time inside the id; kept apart because an import may move it.
    pub sent: Timestamp,
    pub edited: Option<Timestamp>,
    /// Discord Markdown. Mentions may be raw (`<@id>`) or already rendered (`@name`).
    pub text: String,
    pub reply_to: Option<MessageId>,
    pub mentions: Vec<Mention>,
    pub reactions: Vec<Reaction>,
    pub attachments: Vec<Attachment>,
    /// The text of a forwarded message: somebody else's words, never the author's answer.
    pub forwarded: Option<String>,
    pub pinned: bool,
}

impl Message {
    /// The name that a bridge gives for who wrote the message: `<name> words`.
    pub fn relayed_name(&self) -> Option<&str> {
        relayed(&self.text).filter(|_| self.author.bot).map(|(name, _)| name)
    }

    /// What its writer said: without the name that a bridge puts before it and without quotes of
    /// others; all of it where nothing else is left.
    pub fn own_words(&self) -> Cow<'_, str> {
        let words = self.spoken();
        let own = without_quotes(words);
        if own.trim().is_empty() { Cow::Borrowed(words) } else { own }
    }

    /// The text without the name that a bridge puts before it.
    pub(crate) fn spoken(&self) -> &str {
        match relayed(&self.text) {
            Some((_, words)) if self.author.bot => words,
            _ => &self.text,
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("channel", &self.channel)
            .field("author", &self.author.id)
            .field("kind", &self.kind)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    Default,
    Reply,
    /// The answer to a slash command or a context menu: a bot speaking.
    Command,
    /// The empty message that a thread begins with where it was opened from a message.
    ThreadStarter,
    /// Discord's own notices: joins, pins, boosts, thread and channel changes.
    System,
    /// A type this version does not know. Kept, counted, never judged.
    Other,
}

impl MessageKind {
    /// Whether a person (or bot) says something in it.
    pub fn is_talk(self) -> bool {
        matches!(self, Self::Default | Self::Reply | Self::Command)
    }
}

/// A person as last seen: the newest message of theirs decides name and roles.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    pub id: UserId,
    /// Server nickname, else display name, else user name.
    pub name: String,
    pub bot: bool,
    pub roles: Vec<Role>,
}

impl fmt::Debug for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Author")
            .field("id", &self.id)
            .field("bot", &self.bot)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub id: RoleId,
    pub name: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    pub id: UserId,
    /// The name as the text shows it behind `@`, where the source renders mentions.
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The emoji itself, or the name of a custom one.
    pub emoji: String,
    pub count: u32,
    /// Who reacted, as far as the source says.
    pub users: Vec<UserId>,
}

/// One change of the reactions to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionChange {
    pub channel: ChannelId,
    pub message: MessageId,
    /// As in [`Reaction::emoji`]; empty where all emoji are cleared.
    pub emoji: String,
    pub what: ReactionOp,
}

impl ReactionChange {
    /// Whether it takes every reaction away, whatever its emoji.
    pub fn is_of_all_emoji(&self) -> bool {
        self.what == ReactionOp::Cleared
    }
}

/// What a [`ReactionChange`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReactionOp {
    Added(UserId),
    Removed(UserId),
    /// A moderator removed everybody's reactions of one emoji.
    ClearedEmoji,
    /// A moderator removed all reactions.
    Cleared,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub name: String,
    pub bytes: u64,
}

/// A channel, thread or forum post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    pub id: ChannelId,
    pub guild: GuildId,
    pub kind: ChannelKind,
    pub name: String,
    pub topic: Option<String>,
    /// The category of a channel; the channel or forum of a thread.
    pub parent: Option<ChannelId>,
    pub parent_name: Option<String>,
    /// Names of a forum post's applied tags.
    pub tags: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelKind {
    Text,
    News,
    Voice,
    /// A public thread or a forum post: one conversation by nature.
    Thread,
    PrivateThread,
    Forum,
    /// A direct or group message: never in scope.
    Direct,
    Other,
}

impl ChannelKind {
    pub fn is_thread(self) -> bool {
        matches!(self, Self::Thread | Self::PrivateThread)
    }
}
