//! Is a conversation a support question, is it resolved, and which message answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rules::config::ruleset::Ruleset;
use rules::disentangle::Conversation;
use rules::model::ids::{ChannelId, ConversationId, GuildId, MessageId, UserId};
use rules::model::message::{Author, Channel, ChannelKind, Message, MessageKind};
use rules::resolution::{
    self, CandidateFeatures, ConversationVerdict, ResolutionGrade, SignalRules,
};
use serde::{Deserialize, Serialize};

/// A row of a resolution set, as far as a prediction may look at it.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    messages: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct Line {
    i: u64,
    #[serde(default)]
    k: Option<String>,
    u: Option<String>,
    x: String,
}

/// What is said about a row.
#[derive(Debug, Serialize)]
pub(crate) struct Prediction {
    pub(crate) id: String,
    pub(crate) question: bool,
    pub(crate) resolved: &'static str,
    pub(crate) answer: Option<u64>,
    /// The best three, for the table of figures.
    #[serde(skip)]
    pub(crate) answers: Vec<u64>,
    #[serde(skip)]
    pub(crate) grade: Option<ResolutionGrade>,
    /// The printed probability that the best answer resolved the question, where it counts as resolved.
    #[serde(skip)]
    pub(crate) confidence: Option<f32>,
}

pub fn run(input: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let rules = Ruleset::embedded().signals;
    for row in rows::<Row>(input)? {
        serde_json::to_writer(&mut *out, &predict(&row, &rules))?;
        writeln!(out)?;
    }
    Ok(())
}

/// Writes the measures of each row that asks, `{id, question, answers, outcome}`, with the row's numbers.
pub fn features(input: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let rules = Ruleset::embedded().signals;
    for row in rows::<Row>(input)? {
        let messages = messages(&row);
        let Some(measures) = resolution::extract_features(&conversation(&messages), &rules) else {
            continue;
        };
        let number = |message: &MessageId| message.0 - 1;
        let answer = |one: &CandidateFeatures| {
            serde_json::json!({
                "i": number(&one.message),
                "span": one.span.iter().map(number).collect::<Vec<_>>(),
                "answer": one.answer,
                "outcome": one.outcome,
                "grade": one.grade,
                "publishable": one.publishable,
            })
        };
        let line = serde_json::json!({
            "id": row.id,
            "question": measures.question.iter().map(number).collect::<Vec<_>>(),
            "answers": measures.answers.iter().map(answer).collect::<Vec<_>>(),
            "outcome": measures.outcome,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Reads a file of one JSON object a line.
pub(crate) fn rows<T: for<'de> Deserialize<'de>>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}: line {}", path.display(), at + 1))
        })
        .collect()
}

pub(crate) fn predict(row: &Row, rules: &SignalRules) -> Prediction {
    let messages = messages(row);
    let verdict = resolution::classify(&conversation(&messages), rules);
    let number = |answer: &resolution::Answer| answer.message.0 - 1;
    let (question, answers, resolved) = match verdict {
        ConversationVerdict::NotAQuestion { .. } => (false, Vec::new(), None),
        ConversationVerdict::Open { answers, .. } => (true, answers, None),
        ConversationVerdict::Resolved(found) => {
            (true, found.answers, Some((found.grade, found.confidence)))
        }
    };
    let grade = resolved.map(|(grade, _)| grade);
    let answers = answers.iter().map(number).collect::<Vec<_>>();
    Prediction {
        id: row.id.clone(),
        question,
        resolved: if grade.is_some() { "yes" } else { "no" },
        answer: answers.first().copied(),
        answers,
        grade,
        confidence: resolved.map(|(_, confidence)| confidence),
    }
}

fn conversation(messages: &[Message]) -> Conversation<'_> {
    static CHANNEL: Channel = Channel {
        id: ChannelId(1),
        guild: GuildId(1),
        kind: ChannelKind::Text,
        name: String::new(),
        topic: None,
        parent: None,
        parent_name: None,
        tags: Vec::new(),
        closed: false,
    };
    static NOBODY: BTreeSet<UserId> = BTreeSet::new();
    Conversation {
        id: ConversationId(messages.first().map_or(MessageId(0), |message| message.id)),
        channel: &CHANNEL,
        messages: messages.iter().collect(),
        trusted: &NOBODY,
        marks: Vec::new(),
    }
}

/// Messages are numbered from 1, since no id of Discord's is 0.
fn messages(row: &Row) -> Vec<Message> {
    let mut people = BTreeMap::new();
    row.messages
        .iter()
        .map(|line| {
            let name = line.u.clone().unwrap_or_default();
            let next = people.len() as u64 + 1;
            let author = people.entry(name.clone()).or_insert_with(|| {
                Arc::new(Author { id: UserId(next), name, bot: false, roles: Vec::new() })
            });
            let id = MessageId(line.i + 1);
            Message {
                id,
                channel: ChannelId(1),
                author: author.clone(),
                kind: kind(line.k.as_deref()),
                sent: id.created_at(),
                edited: None,
                text: spelt_out(&line.x),
                reply_to: None,
                mentions: Vec::new(),
                reactions: Vec::new(),
                attachments: Vec::new(),
                forwarded: None,
                pinned: false,
            }
        })
        .collect()
}

fn kind(k: Option<&str>) -> MessageKind {
    match k {
        Some("system") => MessageKind::System,
        Some("notice") => MessageKind::Other,
        _ => MessageKind::Default,
    }
}

/// Some sets hide links and code behind marks; the rules look for the things themselves.
fn spelt_out(text: &str) -> String {
    text.replace("[<-LINK->]", "https://example.org/")
        .replace("[<-ISSUE->]", "https://example.org/")
        .replace("[<-CODE->]", "`code`")
}
