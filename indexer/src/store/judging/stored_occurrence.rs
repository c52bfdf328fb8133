//! An occurrence as it is stored: short, and with everything that its cluster, its pages and its search document need.

use std::collections::BTreeSet;

use rules::model::cluster::{Occurrence, Quote};
use rules::model::ids::{ChannelId, ConversationId, GuildId, MessageId, UserId};
use rules::resolution::{ResolutionGrade, ResolutionSignal, SignalKind};
use rules::time::WholeMilliseconds;
use serde::{Deserialize, Serialize};

use super::stored_reasons::{StoredReasons, at_distance, distance, load_reasons, store_reasons};
use crate::store::{Result, StoreError, from_json, to_json};

/// Statements and triggers read the words and times of its quotes.
#[derive(Debug, Serialize, Deserialize)]
struct StoredOccurrence {
    /// Its distance from the question, like all messages but that one.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    conversation: Option<i64>,
    #[serde(rename = "g")]
    guild: u64,
    #[serde(rename = "h")]
    channel: u64,
    #[serde(rename = "n")]
    channel_name: String,
    #[serde(rename = "q")]
    question: StoredQuote,
    #[serde(rename = "a")]
    answers: Vec<StoredQuote>,
    #[serde(rename = "d")]
    grade: ResolutionGrade,
    #[serde(rename = "p")]
    confidence: f32,
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    signals: Vec<(SignalKind, i64, u64)>,
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<StoredReasons>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    quotable: Option<bool>,
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    people: Vec<String>,
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    newcomers: Vec<u64>,
}

/// Message, author, name of the author, words, time of sending, and whether the author is [`TRUSTED`] and files
/// [`ATTACHED`].
#[derive(Debug, Serialize, Deserialize)]
struct StoredQuote(i64, u64, String, String, i64, u8);

const TRUSTED: u8 = 1;
const ATTACHED: u8 = 2;

pub(in crate::store) fn write_occurrence(occurrence: &Occurrence) -> String {
    let first = occurrence.question.message;
    let signal = |one: &ResolutionSignal| (one.kind, distance(first, one.message), one.by.0);
    let answers = occurrence.answers.iter();
    to_json(&StoredOccurrence {
        conversation: Some(distance(first, occurrence.conversation.0)).filter(|far| *far != 0),
        guild: occurrence.guild.0,
        channel: occurrence.channel.0,
        channel_name: occurrence.channel_name.clone(),
        question: store_quote(&occurrence.question, MessageId(0)),
        answers: answers.map(|answer| store_quote(answer, first)).collect(),
        grade: occurrence.grade,
        confidence: occurrence.confidence,
        signals: occurrence.signals.iter().map(signal).collect(),
        reasons: store_reasons(&occurrence.reasons, first),
        quotable: occurrence.quotable.then_some(true),
        people: occurrence.people.clone(),
        newcomers: occurrence.newcomers.iter().map(|person| person.0).collect(),
    })
}

pub(in crate::store) fn read_occurrence(text: &str) -> Result<Occurrence> {
    let stored = from_json::<StoredOccurrence>("an occurrence", text)?;
    let question = load_quote(stored.question, MessageId(0));
    let first = question.message;
    let reasons = load_reasons(stored.reasons, first);
    let reasons = reasons.ok_or_else(|| StoreError::Unreadable {
        what: "an occurrence",
        source: "it has a reason of another version".into(),
    })?;
    let signal = |(kind, message, by): (SignalKind, i64, u64)| ResolutionSignal {
        kind,
        message: at_distance(first, message),
        by: UserId(by),
    };
    Ok(Occurrence {
        conversation: ConversationId(at_distance(first, stored.conversation.unwrap_or(0))),
        guild: GuildId(stored.guild),
        channel: ChannelId(stored.channel),
        channel_name: stored.channel_name,
        question,
        answers: stored.answers.into_iter().map(|answer| load_quote(answer, first)).collect(),
        grade: stored.grade,
        confidence: stored.confidence,
        signals: stored.signals.into_iter().map(signal).collect(),
        reasons,
        quotable: stored.quotable.unwrap_or(false),
        people: stored.people,
        newcomers: stored.newcomers.into_iter().map(UserId).collect::<BTreeSet<_>>(),
    })
}

fn store_quote(quote: &Quote, anchor: MessageId) -> StoredQuote {
    let trusted = if quote.trusted { TRUSTED } else { 0 };
    let attached = if quote.has_attachment { ATTACHED } else { 0 };
    StoredQuote(
        distance(anchor, quote.message),
        quote.author.0,
        quote.author_name.clone(),
        quote.text.clone(),
        quote.sent.to_milliseconds(),
        trusted | attached,
    )
}

fn load_quote(
    StoredQuote(message, author, author_name, text, sent, flags): StoredQuote,
    anchor: MessageId,
) -> Quote {
    Quote {
        message: at_distance(anchor, message),
        author: UserId(author),
        author_name,
        trusted: flags & TRUSTED != 0,
        text,
        sent: WholeMilliseconds::from_milliseconds(sent),
        has_attachment: flags & ATTACHED != 0,
    }
}

#[cfg(test)]
mod tests {
    use rules::model::reason::WeightedReason;
    use rules::time;

    use super::*;

    #[test]
    fn an_occurrence_reads_back_as_it_was() {
        let quote = |id: u64, trusted: bool| Quote {
            message: MessageId(id),
            author: UserId(id + 1),
            author_name: "amy".into(),
            trusted,
            text: "so \"it\"\nis".into(),
            sent: time::at_millisecond(id as i64),
            has_attachment: !trusted,
        };
        let plain = Occurrence {
            conversation: ConversationId(MessageId(100)),
            guild: GuildId(1),
            channel: ChannelId(2),
            channel_name: "help".into(),
            question: quote(100, false),
            answers: vec![quote(103, true), quote(101, false)],
            grade: ResolutionGrade::Thanked,
            confidence: 0.7900329,
            signals: Vec::new(),
            reasons: Vec::new(),
            quotable: false,
            people: Vec::new(),
            newcomers: BTreeSet::new(),
        };
        let (kind, message) = (SignalKind::Thanks, MessageId(104));
        let full = Occurrence {
            conversation: ConversationId(MessageId(98)),
            signals: vec![ResolutionSignal { kind, message, by: UserId(5) }],
            reasons: vec![
                WeightedReason::new("it asks clearly", 0.0825),
                WeightedReason::at("it is long", -0.062333334, MessageId(103)),
            ],
            quotable: true,
            people: vec!["amy".into(), "bob".into()],
            newcomers: [UserId(7)].into(),
            ..plain.clone()
        };
        for one in [plain, full] {
            assert!(read_occurrence(&write_occurrence(&one)).unwrap() == one, "{one:?}");
        }
    }
}
