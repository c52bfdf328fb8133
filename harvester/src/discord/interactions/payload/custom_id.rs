//! The `custom_id`s of the bot's buttons and menus: ids only, checked again when used.

use std::fmt;
use std::str::FromStr;

use rules::model::ids::MessageId;

/// Every button and select menu of the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CustomId {
    /// Confirms "Forget me".
    Forget,
    /// Removes the user's own mark, and the solved tag if the bot had set it.
    UndoMark {
        message: MessageId,
        tag: Option<TagId>,
        entry: i64,
    },
    /// Chooses the cluster that a question belongs to.
    ChooseSame {
        message: MessageId,
    },
    UndoDuplicate {
        message: MessageId,
        question: MessageId,
        entry: i64,
    },
    /// The author of a message allows quoting it...
    Allow {
        message: MessageId,
    },
    /// ...or withdraws that.
    Withdraw {
        message: MessageId,
    },
    /// A suggestion solved the question, or did not.
    Suggested {
        question: MessageId,
        helped: bool,
    },
    /// What the asker says of an answer when nudged.
    Nudged {
        question: MessageId,
        answer: MessageId,
        said: NudgeAnswer,
    },
    /// It is a question after all.
    UndoDecline {
        question: MessageId,
    },
}

/// What an asker says of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NudgeAnswer {
    Solved,
    NotYet,
    NoQuestion,
}

/// The id of a forum's tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TagId(pub(crate) u64);

/// The start of every `custom_id` of the bot.
const OURS: &str = "harvest";
/// Discord's limit on a `custom_id`.
#[cfg(test)]
const LONGEST: usize = 100;

impl fmt::Display for CustomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forget => write!(f, "{OURS}:forget"),
            Self::UndoMark { message, tag, entry } => {
                write!(f, "{OURS}:unmark:{message}:{}:{entry}", tag.map_or(0, |tag| tag.0))
            }
            Self::ChooseSame { message } => write!(f, "{OURS}:same:{message}"),
            Self::UndoDuplicate { message, question, entry } => {
                write!(f, "{OURS}:untie:{message}:{question}:{entry}")
            }
            Self::Allow { message } => write!(f, "{OURS}:allow:{message}"),
            Self::Withdraw { message } => write!(f, "{OURS}:withdraw:{message}"),
            Self::Suggested { question, helped: true } => write!(f, "{OURS}:helped:{question}"),
            Self::Suggested { question, helped: false } => write!(f, "{OURS}:not-it:{question}"),
            Self::Nudged { question, answer, said } => {
                let said = match said {
                    NudgeAnswer::Solved => "solved",
                    NudgeAnswer::NotYet => "not-yet",
                    NudgeAnswer::NoQuestion => "no-question",
                };
                write!(f, "{OURS}:{said}:{question}:{answer}")
            }
            Self::UndoDecline { question } => write!(f, "{OURS}:asks:{question}"),
        }
    }
}

/// The `custom_id` is not from the bot, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ForeignCustomId;

impl FromStr for CustomId {
    type Err = ForeignCustomId;

    fn from_str(text: &str) -> Result<Self, ForeignCustomId> {
        let parts = text.split(':').collect::<Vec<_>>();
        let press = match parts[..] {
            [OURS, "forget"] => Self::Forget,
            [OURS, "unmark", message, tag, entry] => {
                let tag = number(tag)?;
                let tag = (tag != 0).then_some(TagId(tag));
                Self::UndoMark { message: id(message)?, tag, entry: number(entry)? as i64 }
            }
            [OURS, "same", message] => Self::ChooseSame { message: id(message)? },
            [OURS, "untie", message, question, entry] => Self::UndoDuplicate {
                message: id(message)?,
                question: id(question)?,
                entry: number(entry)? as i64,
            },
            [OURS, "allow", message] => Self::Allow { message: id(message)? },
            [OURS, "withdraw", message] => Self::Withdraw { message: id(message)? },
            [OURS, "helped", question] => Self::Suggested { question: id(question)?, helped: true },
            [OURS, "not-it", question] => {
                Self::Suggested { question: id(question)?, helped: false }
            }
            [OURS, "asks", question] => Self::UndoDecline { question: id(question)? },
            [OURS, said, question, answer] => Self::Nudged {
                question: id(question)?,
                answer: id(answer)?,
                said: nudge_answer(said)?,
            },
            _ => return Err(ForeignCustomId),
        };
        Ok(press)
    }
}

fn nudge_answer(text: &str) -> Result<NudgeAnswer, ForeignCustomId> {
    match text {
        "solved" => Ok(NudgeAnswer::Solved),
        "not-yet" => Ok(NudgeAnswer::NotYet),
        "no-question" => Ok(NudgeAnswer::NoQuestion),
        _ => Err(ForeignCustomId),
    }
}

fn id(text: &str) -> Result<MessageId, ForeignCustomId> {
    number(text).map(MessageId)
}

/// A number that SQLite can hold, too.
fn number(text: &str) -> Result<u64, ForeignCustomId> {
    let number = text.parse::<i64>().map_err(|_| ForeignCustomId)?;
    u64::try_from(number).map_err(|_| ForeignCustomId)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_press_reads_back_and_fits() {
        let message = MessageId(i64::MAX as u64);
        let entry = i64::MAX;
        for press in [
            CustomId::Forget,
            CustomId::UndoMark { message, tag: Some(TagId(message.0)), entry },
            CustomId::UndoMark { message, tag: None, entry },
            CustomId::ChooseSame { message },
            CustomId::UndoDuplicate { message, question: message, entry },
            CustomId::Allow { message },
            CustomId::Withdraw { message },
            CustomId::Suggested { question: message, helped: true },
            CustomId::Suggested { question: message, helped: false },
            CustomId::Nudged { question: message, answer: message, said: NudgeAnswer::Solved },
            CustomId::Nudged { question: message, answer: message, said: NudgeAnswer::NotYet },
            CustomId::Nudged { question: message, answer: message, said: NudgeAnswer::NoQuestion },
            CustomId::UndoDecline { question: message },
        ] {
            let text = press.to_string();
            assert!(text.len() <= LONGEST, "{text}");
            assert_eq!(text.parse(), Ok(press), "{text}");
        }
    }

    #[test]
    fn what_others_made_is_not_ours() {
        for foreign in [
            "",
            "harvest",
            "forget",
            "harvest:forget:1",
            "harvest:unmark:1",
            "harvest:unmark:1:2:-3",
            "harvest:allow:x",
            "harvest:allow:99999999999999999999",
            "other:allow:1",
            "harvest:same:1:2",
        ] {
            assert_eq!(foreign.parse::<CustomId>(), Err(ForeignCustomId), "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_mistake(text in "(harvest:)?[a-z:0-9-]{0,40}|\\PC{0,60}") {
            if let Ok(press) = text.parse::<CustomId>() {
                prop_assert_eq!(press.to_string().parse(), Ok(press));
            }
        }
    }
}
