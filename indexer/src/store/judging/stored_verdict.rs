//! A verdict as it is stored with its exchange: short, for there is one for every few messages.

use jiff::Timestamp;
use rules::model::ids::{MessageId, UserId};
use rules::resolution::{Answer, ConversationVerdict, Question, Resolution, ResolutionGrade};
use serde::{Deserialize, Serialize};

use super::stored_reasons::{StoredReasons, at_distance, distance, load_reasons, store_reasons};
use crate::store::{Result, StoreError, from_json, to_json};

/// Where nothing is asked, there are `reasons` alone; where the question is resolved, a `grade`. Statements read the
/// messages, asker and time of the question.
#[derive(Debug, Serialize, Deserialize)]
struct StoredVerdict {
    /// The first one that asks; the others as distances from it, like all messages below.
    #[serde(rename = "q", default, skip_serializing_if = "Vec::is_empty")]
    question: Vec<i64>,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    asker: Option<u64>,
    #[serde(rename = "t", with = "rules::time::milliseconds::optional")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<Timestamp>,
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    asking_reasons: Vec<StoredReasons>,
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    answers: Vec<StoredAnswer>,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    grade: Option<ResolutionGrade>,
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<StoredReasons>,
}

/// The message that answers best, those of the answer, its author, and its score.
#[derive(Debug, Serialize, Deserialize)]
struct StoredAnswer(i64, Vec<i64>, u64, f32);

/// A verdict as it is stored. What a resolution has in common with its occurrence, signals, confidence and reasons,
/// is stored there alone.
pub fn write_verdict(verdict: &ConversationVerdict) -> String {
    let (question, answers, grade, reasons) = match verdict {
        ConversationVerdict::NotAQuestion { reasons } => (None, &[][..], None, &reasons[..]),
        ConversationVerdict::Open { question, answers, reasons } => {
            (Some(question), &answers[..], None, &reasons[..])
        }
        ConversationVerdict::Resolved(Resolution { question, answers, grade, .. }) => {
            (Some(question), &answers[..], Some(*grade), &[][..])
        }
    };
    let first = question.map_or(MessageId(0), |question| question.messages[0]);
    let later = question.iter().flat_map(|question| &question.messages[1..]);
    let messages = question.iter().map(|_| first.0.cast_signed());
    let messages = messages.chain(later.map(|message| distance(first, *message)));
    to_json(&StoredVerdict {
        question: messages.collect(),
        asker: question.map(|question| question.asker.0),
        asked: question.map(|question| question.asked),
        asking_reasons: question.map_or_else(Vec::new, |it| store_reasons(&it.reasons, first)),
        answers: answers.iter().map(|answer| store_answer(answer, first)).collect(),
        grade,
        reasons: store_reasons(reasons, first),
    })
}

/// A verdict as it was written, without what is stored with its occurrence alone.
pub fn read_verdict(text: &str) -> Result<ConversationVerdict> {
    let stored = from_json::<StoredVerdict>("a verdict", text)?;
    load_verdict(stored).ok_or_else(|| StoreError::Unreadable {
        what: "a verdict",
        source: "it is not complete, or has a reason of another version".into(),
    })
}

fn load_verdict(stored: StoredVerdict) -> Option<ConversationVerdict> {
    let Some((first, later)) = stored.question.split_first() else {
        let reasons = load_reasons(stored.reasons, MessageId(0))?;
        return Some(ConversationVerdict::NotAQuestion { reasons });
    };
    let first = MessageId(first.cast_unsigned());
    let later = later.iter().map(|message| at_distance(first, *message));
    let question = Question {
        messages: std::iter::once(first).chain(later).collect(),
        asker: UserId(stored.asker?),
        asked: stored.asked?,
        reasons: load_reasons(stored.asking_reasons, first)?,
    };
    let answers = stored.answers.into_iter().map(|answer| load_answer(answer, first)).collect();
    let reasons = load_reasons(stored.reasons, first)?;
    Some(match stored.grade {
        None => ConversationVerdict::Open { question, answers, reasons },
        Some(grade) => ConversationVerdict::Resolved(Resolution {
            question,
            answers,
            grade,
            confidence: 0.0,
            signals: Vec::new(),
            reasons,
        }),
    })
}

fn store_answer(answer: &Answer, first: MessageId) -> StoredAnswer {
    let messages = answer.messages.iter().map(|message| distance(first, *message));
    let best = distance(first, answer.message);
    StoredAnswer(best, messages.collect(), answer.author.0, answer.score)
}

fn load_answer(
    StoredAnswer(best, messages, author, score): StoredAnswer,
    first: MessageId,
) -> Answer {
    Answer {
        message: at_distance(first, best),
        messages: messages.into_iter().map(|message| at_distance(first, message)).collect(),
        author: UserId(author),
        score,
    }
}

#[cfg(test)]
mod tests {
    use rules::model::reason::WeightedReason;
    use rules::time;

    use super::*;

    fn question() -> Question {
        Question {
            messages: vec![MessageId(1 << 60), MessageId((1 << 60) + 5)],
            asker: UserId(u64::MAX),
            asked: time::at_millisecond(77),
            reasons: vec![WeightedReason::at("says that it seeks help", 0.9, MessageId(1 << 60))],
        }
    }

    fn answers() -> Vec<Answer> {
        let messages = vec![MessageId((1 << 60) - 1), MessageId((1 << 60) + 9)];
        vec![Answer { message: messages[1], messages, author: UserId(3), score: -0.14902665 }]
    }

    #[test]
    fn a_verdict_reads_back_as_it_was() {
        let reasons = vec![
            WeightedReason::new("the asker thanks at the end", 0.1),
            WeightedReason::new("words of no version", -0.39600003),
            WeightedReason::at("it is long", 0.016, MessageId(7)),
        ];
        for verdict in [
            ConversationVerdict::NotAQuestion { reasons: reasons.clone() },
            ConversationVerdict::Open { question: question(), answers: answers(), reasons },
        ] {
            assert_eq!(read_verdict(&write_verdict(&verdict)).unwrap(), verdict);
        }
    }

    #[test]
    fn a_resolution_is_stored_without_what_its_occurrence_holds() {
        let stored = Resolution {
            question: question(),
            answers: answers(),
            grade: ResolutionGrade::Thanked,
            confidence: 0.0,
            signals: Vec::new(),
            reasons: Vec::new(),
        };
        let judged = Resolution {
            confidence: 0.7,
            reasons: vec![WeightedReason::new("it is long", 1.0)],
            ..stored.clone()
        };
        let text = write_verdict(&ConversationVerdict::Resolved(judged));
        assert_eq!(read_verdict(&text).unwrap(), ConversationVerdict::Resolved(stored));
    }

    #[test]
    fn what_this_version_cannot_read_is_an_error() {
        for text in ["", "{\"q\":[1]}", "{\"r\":[[null,[[9999,1.0]]]]}"] {
            assert!(read_verdict(text).is_err(), "{text}");
        }
    }
}
