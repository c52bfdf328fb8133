//! Is a question resolved, and which message resolved it.

use serde::{Deserialize, Serialize};

use crate::conversation::Conversation;
use crate::ids::{MessageId, Millis, UserId};
use crate::reader::Reader;
use crate::reason::Reason;

#[derive(Debug, Clone)]
pub struct SignalRules {}

impl SignalRules {
    pub(crate) fn read(_file: &mut Reader) -> Self {
        Self {}
    }
}

/// What a conversation comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    NotAQuestion { reasons: Vec<Reason> },
    Open { question: Question, reasons: Vec<Reason> },
    Resolved(Resolution),
}

/// The messages of the asker that ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Earliest first. Never empty.
    pub messages: Vec<MessageId>,
    pub asker: UserId,
    pub asked: Millis,
}

/// Why we believe that a question is settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolution {
    pub question: Question,
    /// Best first, at most three. Never empty.
    pub answers: Vec<Answer>,
    pub grade: Grade,
    /// 0 to 1.
    pub confidence: f32,
    pub signals: Vec<Signal>,
    pub reasons: Vec<Reason>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub message: MessageId,
    pub author: UserId,
    pub score: f32,
}

/// From strict to loose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// A mark, a solved tag, or an accepting reaction.
    Certain,
    /// The asker says that it works, and nothing later takes it back.
    Confirmed,
    /// The asker thanks, no more: counts as an occurrence, not as truth.
    Thanked,
    /// Nobody but the answerer speaks for it: shown in search, never enough for a page.
    Unconfirmed,
}

/// A sign that the question is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    pub kind: SignalKind,
    pub message: MessageId,
    pub by: UserId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignalKind {
    ManualMark,
    SolvedTag,
    AcceptingReaction,
    Worked,
    Thanks,
    /// A trusted person gave the answer.
    TrustedAnswer,
}

/// Judges a conversation, whole.
pub fn judge(conversation: &Conversation<'_>, _rules: &SignalRules) -> Verdict {
    let _ = conversation;
    Verdict::NotAQuestion { reasons: Vec::new() }
}
