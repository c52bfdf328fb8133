//! Which conversation does a message belong to.

use std::collections::BTreeSet;

use crate::ids::{ConversationId, MessageId, UserId};
use crate::message::{Channel, Message};
use crate::reader::Reader;

#[derive(Debug, Clone)]
pub struct ConversationRules {}

impl ConversationRules {
    pub(crate) fn read(_file: &mut Reader) -> Self {
        Self {}
    }
}

/// The messages of one exchange, with what else the judgement of it needs.
#[derive(Debug, Clone)]
pub struct Conversation<'a> {
    pub id: ConversationId,
    pub channel: &'a Channel,
    /// By id, earliest first. Never empty.
    pub messages: Vec<&'a Message>,
    /// People whose word counts as confirmation.
    pub trusted: &'a BTreeSet<UserId>,
    /// What people marked by hand in this conversation.
    pub marks: Vec<Mark>,
}

/// A person's own verdict on a message; wins over every inferred signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub message: MessageId,
    pub by: UserId,
    /// Whether it is the answer, or is not.
    pub answers: bool,
}

/// A message and the earlier one it continues, if any.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub message: MessageId,
    pub parent: Option<MessageId>,
}

/// Links the messages of one channel, told in the order of their ids.
#[derive(Debug)]
pub struct Untangler<'r> {
    _rules: &'r ConversationRules,
    last: Option<MessageId>,
}

impl<'r> Untangler<'r> {
    pub fn new(rules: &'r ConversationRules) -> Self {
        Self { _rules: rules, last: None }
    }

    pub fn link(&mut self, message: &Message) -> Link {
        let parent = message.reply_to.or(self.last);
        self.last = Some(message.id);
        Link { message: message.id, parent }
    }
}
