//! Clusters to test with, and what tests of words need.

use std::collections::{BTreeMap, BTreeSet};

use rules::model::cluster::{Cluster, ClusterState, Occurrence, Quote};
use rules::model::ids::{ChannelId, ClusterId, ConversationId, GuildId, MessageId, UserId};
use rules::model::reason::WeightedReason;
use rules::resolution::{
    Answer, ConversationVerdict, Question, Resolution, ResolutionGrade, ResolutionSignal,
    SignalKind,
};

/// 2025-10-06T12:00:00Z as a snowflake, from where samples count in hours.
const NOON: u64 = 1_424_727_686_348_800_000;
const HOUR: u64 = 3_600_000 << 22;

pub(crate) fn quote(hour: u64, author: u64, text: &str) -> Quote {
    let message = MessageId(NOON + hour * HOUR + author);
    Quote {
        message,
        author: UserId(author),
        author_name: format!("Display Name {author}"),
        trusted: false,
        text: text.to_owned(),
        sent: message.created_at(),
        has_attachment: false,
    }
}

/// A conversation that began `day` days after the first sample and was confirmed within two hours.
pub(crate) fn occurrence(day: u64, question: &str, answer: &str) -> Occurrence {
    let question = quote(day * 24, 100 + day, question);
    let answer = quote(day * 24 + 1, 200 + day, answer);
    let worked = MessageId(answer.message.0 + HOUR);
    Occurrence {
        conversation: ConversationId(question.message),
        guild: GuildId(11),
        channel: ChannelId(22),
        channel_name: "help".to_owned(),
        grade: ResolutionGrade::Confirmed,
        confidence: 0.9,
        signals: vec![ResolutionSignal {
            kind: SignalKind::Worked,
            message: worked,
            by: question.author,
        }],
        reasons: vec![
            WeightedReason::at("the asker says it works", 1.5, worked),
            WeightedReason::new("the answer ends with a question mark", -0.56),
        ],
        quotable: true,
        people: Vec::new(),
        newcomers: Default::default(),
        question,
        answers: vec![answer],
    }
}

/// The verdict that an occurrence came from, as it is stored.
pub(crate) fn verdict(occurrence: &Occurrence) -> String {
    let Quote { message, author, sent, .. } = occurrence.question;
    let answers = occurrence.answers.iter().map(|answer| Answer {
        message: answer.message,
        messages: vec![answer.message],
        author: answer.author,
        score: 1.0,
    });
    let resolution = Resolution {
        question: Question {
            messages: vec![message],
            asker: author,
            asked: sent,
            reasons: Vec::new(),
        },
        answers: answers.collect(),
        grade: occurrence.grade,
        confidence: occurrence.confidence,
        signals: Vec::new(),
        reasons: Vec::new(),
    };
    indexer::store::write_verdict(&ConversationVerdict::Resolved(resolution))
}

pub(crate) fn cluster(occurrences: Vec<Occurrence>) -> Cluster {
    Cluster {
        id: ClusterId::of_question(occurrences[0].question.message),
        state: ClusterState::Watching,
        representative: occurrences[0].question.message,
        occurrences,
        outside_core: Default::default(),
        due_since: None,
        merged_answer: None,
    }
}

/// The placeholders of each text of a file, by key.
pub(crate) fn placeholders(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let table = text.parse::<toml::Table>().unwrap();
    let names = |text: &str| {
        let inside = text.split('{').skip(1).filter_map(|part| part.split_once('}'));
        inside.map(|(name, _)| name.to_owned()).collect::<BTreeSet<_>>()
    };
    table
        .into_iter()
        .map(|(key, value)| match value {
            toml::Value::String(text) => (key, names(&text)),
            toml::Value::Table(forms) => {
                let texts = forms.values().map(|form| form.as_str().unwrap());
                (key, texts.flat_map(names).collect())
            }
            other => panic!("{key} is {other}"),
        })
        .collect()
}
