//! Channel talk to conversations: a labelled log, or an export as it is.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use harvester::event::ChatEvent;
use harvester::import::read_export;
use rules::config::ruleset::Ruleset;
use rules::disentangle::{Disentangler, group_links};
use rules::model::ids::{ChannelId, MessageId, UserId};
use rules::model::message::{Author, ChannelKind, Message, MessageKind};
use rules::time;
use serde::Deserialize;
use serde_json::json;

/// Writes a line for each annotated message of a `.jsonl` log, or for each message of an export.
pub fn run(input: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let rules = Ruleset::embedded();
    if input.extension().is_none_or(|extension| extension != "jsonl") {
        return export(input, &rules, out);
    }
    for log in logs(input)? {
        for (line, parent) in links(&log, &rules)? {
            let parents = [parent.unwrap_or(line)];
            writeln!(out, "{}", json!({ "file": log.file, "i": line, "parents": parents }))?;
        }
    }
    Ok(())
}

/// The messages of an export, by id, and the kind of its channel.
pub fn export_messages(input: &Path) -> anyhow::Result<(ChannelKind, Vec<Message>)> {
    let file = File::open(input).with_context(|| format!("cannot open {}", input.display()))?;
    let (mut kind, mut messages) = (ChannelKind::Text, BTreeMap::new());
    read_export(input, BufReader::new(file), &mut |event| match event {
        ChatEvent::ServerSeen(..) => {}
        ChatEvent::ChannelSeen(channel, _) => kind = channel.kind,
        ChatEvent::Posted(message, _) => {
            messages.insert(message.id, message);
        }
        other => unreachable!("an export tells no {other:?}"),
    })?;
    Ok((kind, messages.into_values().collect()))
}

fn export(input: &Path, rules: &Ruleset, out: &mut dyn Write) -> anyhow::Result<()> {
    let (kind, messages) = export_messages(input)?;
    let mut untangler = Disentangler::for_channel(&rules.conversations, kind);
    for conversation in group_links(messages.iter().map(|message| untangler.link(message))) {
        for link in &conversation {
            let parents = [link.parent.unwrap_or(link.message)];
            let line = json!({ "id": link.message, "conversation": conversation[0].message, "parents": parents });
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// A chat log whose lines carry reply annotation from `eval_from` on.
#[derive(Debug, Deserialize)]
pub struct Log {
    pub file: String,
    pub eval_from: u64,
    pub messages: Vec<Line>,
    /// A line and one that it answers; itself where it starts a conversation.
    pub links: Vec<(u64, u64)>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    #[serde(rename = "i")]
    pub number: u64,
    #[serde(rename = "t")]
    pub sent: String,
    #[serde(rename = "k")]
    pub kind: LineKind,
    #[serde(rename = "u")]
    pub user: String,
    #[serde(rename = "x")]
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineKind {
    Msg,
    Action,
    System,
    Notice,
}

/// Reads a `.jsonl` file with one log a line.
pub fn logs(input: &Path) -> anyhow::Result<Vec<Log>> {
    let file = File::open(input).with_context(|| format!("cannot open {}", input.display()))?;
    BufReader::new(file)
        .lines()
        .enumerate()
        .map(|(number, line)| {
            serde_json::from_str(&line?).with_context(|| {
                format!("{}: line {} is no labelled log", input.display(), number + 1)
            })
        })
        .collect()
}

impl Log {
    /// The log as Discord would have it: the id of a message is its line number and one.
    pub fn messages(&self) -> anyhow::Result<Vec<Message>> {
        let mut people = HashMap::new();
        self.messages.iter().map(|line| message(line, &mut people)).collect()
    }
}

fn message<'l>(
    line: &'l Line,
    people: &mut HashMap<&'l str, Arc<Author>>,
) -> anyhow::Result<Message> {
    let next = UserId(people.len() as u64 + 1);
    let author = people.entry(&line.user).or_insert_with(|| {
        Arc::new(Author { id: next, name: line.user.clone(), bot: false, roles: Vec::new() })
    });
    let sent = seconds(&line.sent)
        .with_context(|| format!("line {}: no time: {}", line.number, line.sent))?;
    Ok(Message {
        id: MessageId(line.number + 1),
        channel: ChannelId(1),
        author: author.clone(),
        kind: match line.kind {
            LineKind::Msg | LineKind::Action => MessageKind::Default,
            LineKind::System | LineKind::Notice => MessageKind::System,
        },
        sent: time::at_millisecond((sent * 1_000.0) as i64),
        edited: None,
        text: line.text.clone(),
        reply_to: None,
        mentions: Vec::new(),
        reactions: Vec::new(),
        attachments: Vec::new(),
        forwarded: None,
        pinned: false,
    })
}

/// Seconds since the epoch of `YYYY-MM-DDThh:mm:ss[.fff]+00:00`.
fn seconds(time: &str) -> Option<f64> {
    let number = |range: std::ops::Range<usize>| time.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let clock = number(11..13)? * 3_600 + number(14..16)? * 60;
    let rest = time.get(17..)?.trim_end_matches('Z');
    let second = rest.strip_suffix("+00:00").unwrap_or(rest).parse::<f64>().ok()?;
    // Days since 1970-01-01 in the proleptic Gregorian calendar, years counted from March.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    Some((days * 86_400 + clock) as f64 + second)
}

/// The annotated lines of a log with the line that each continues.
pub fn links(log: &Log, rules: &Ruleset) -> anyhow::Result<Vec<(u64, Option<u64>)>> {
    let mut untangler = Disentangler::new(&rules.conversations);
    let messages = log.messages()?;
    let links = messages.iter().map(|message| untangler.link(message));
    Ok(links
        .map(|link| (link.message.0 - 1, link.parent.map(|parent| parent.0 - 1)))
        .filter(|(line, _)| *line >= log.eval_from)
        .collect())
}
