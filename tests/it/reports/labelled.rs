//! Labelled conversations, kept with the verdicts of those who labelled them: reports must count what can be
//! counted by hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use indexer::store::{
    ConversationRow, ExchangeRow, ExchangeStatus, ReactionsCoverage, Store, WriteBatch, WriteLock,
    write_verdict,
};
use jiff::{SignedDuration, Timestamp};
use rules::model::cluster::{Occurrence, Quote};
use rules::model::ids::{ChannelId, ConversationId, GuildId, MessageId, UserId};
use rules::model::message::{Author, Channel, ChannelKind, Message, MessageKind};
use rules::resolution::{Answer, ConversationVerdict, Question, Resolution, ResolutionGrade};
use rules::time;
use serde::Deserialize;
use serde_json::json;

use crate::sandbox::{Sandbox, store_of};

/// 2025-01-01: every conversation is moved to a day of this month, with the pauses that it had.
const FIRST_DAY: i64 = 20_089;
const CHANNEL: ChannelId = ChannelId(22);

/// A row of a labelled set.
#[derive(Deserialize)]
struct LabelledRow {
    question: String,
    resolved: Option<String>,
    accepted: bool,
    question_ids: Vec<u64>,
    answer_ids: Vec<u64>,
    messages: Vec<LabelledLine>,
}

#[derive(Deserialize)]
struct LabelledLine {
    i: u64,
    t: String,
    u: String,
    x: String,
}

/// What is stored of a set.
#[derive(Default)]
struct LabelledHistory {
    messages: Vec<Message>,
    conversations: Vec<ConversationRow>,
    people: BTreeMap<String, u64>,
}

impl LabelledHistory {
    fn of(set: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("eval/resolution").join(set);
        let mut history = Self::default();
        for (at, line) in std::fs::read_to_string(path).unwrap().lines().enumerate() {
            history.add(at as i64, &serde_json::from_str(line).unwrap());
        }
        history
    }

    fn add(&mut self, at: i64, row: &LabelledRow) {
        // 28 days, and on each of them one conversation after the other.
        let starts = Timestamp::UNIX_EPOCH
            + time::days(FIRST_DAY + at % 28)
            + SignedDuration::from_mins(at / 28);
        let said = self.conversation(starts, row);
        let first = *said.values().next().unwrap();
        let question = row.question_ids.first().filter(|_| row.question == "support");
        let verdict = question.map(|question| Verdict::of(row, *question, &said, &self.messages));
        let (status, verdict, occurrence) = match verdict {
            None => {
                let none = ConversationVerdict::NotAQuestion { reasons: Vec::new() };
                (ExchangeStatus::NoQuestion, none, None)
            }
            Some(Verdict { verdict, occurrence: None }) => (ExchangeStatus::Open, verdict, None),
            Some(Verdict { verdict, occurrence }) => {
                (ExchangeStatus::Resolved, verdict, occurrence)
            }
        };
        let links = said.values().map(|id| json!([id.0, 0, ""])).collect::<Vec<_>>();
        self.conversations.push(ConversationRow {
            id: ConversationId(first),
            channel: CHANNEL,
            last: *said.values().next_back().unwrap(),
            links: serde_json::to_string(&links).unwrap(),
            exchanges: vec![ExchangeRow {
                id: first,
                status,
                asked: None,
                verdict: write_verdict(&verdict),
                occurrence,
            }],
        });
    }

    /// Adds the messages of a row; returns their ids by their numbers.
    fn conversation(&mut self, starts: Timestamp, row: &LabelledRow) -> BTreeMap<u64, MessageId> {
        let time = |line: &LabelledLine| line.t.parse::<Timestamp>().unwrap();
        let begun = time(&row.messages[0]);
        let (mut latest, mut said) = (begun, BTreeMap::new());
        for line in &row.messages {
            latest = latest.max(time(line));
            let sent = starts + latest.duration_since(begun);
            let next = self.people.len() as u64 + 1;
            let person = *self.people.entry(line.u.clone()).or_insert(next);
            let id = MessageId(MessageId::min_at(sent).0 + self.messages.len() as u64);
            let author =
                Author { id: UserId(person), name: line.u.clone(), bot: false, roles: Vec::new() };
            self.messages.push(Message {
                id,
                channel: CHANNEL,
                author: Arc::new(author),
                kind: MessageKind::Default,
                sent,
                edited: None,
                text: line.x.clone(),
                reply_to: None,
                mentions: Vec::new(),
                reactions: Vec::new(),
                attachments: Vec::new(),
                forwarded: None,
                pinned: false,
            });
            said.insert(line.i, id);
        }
        said
    }

    async fn store(&self, store: &Store) {
        let channel = Channel {
            id: CHANNEL,
            guild: GuildId(11),
            kind: ChannelKind::Text,
            name: "help".into(),
            topic: None,
            parent: None,
            parent_name: None,
            tags: Vec::new(),
            closed: false,
        };
        let seen = Timestamp::UNIX_EPOCH + time::days(FIRST_DAY + 31);
        let whole = |message: &Message| (message.clone(), ReactionsCoverage::Whole, seen);
        let batch = WriteBatch {
            channels: vec![(channel, seen)],
            messages: self.messages.iter().map(whole).collect(),
            ..WriteBatch::default()
        };
        store.apply_batch(&batch).await.unwrap();
        for pending in store.pending_channels().await.unwrap() {
            store.clear_pending(&pending).await.unwrap();
        }
        store.save_conversations(&self.conversations).await.unwrap();
    }
}

/// What the labels say of a question.
struct Verdict {
    verdict: ConversationVerdict,
    occurrence: Option<Occurrence>,
}

impl Verdict {
    fn of(
        row: &LabelledRow,
        question: u64,
        said: &BTreeMap<u64, MessageId>,
        messages: &[Message],
    ) -> Self {
        let message = |number: u64| {
            let id = said[&number];
            messages.iter().rev().find(|message| message.id == id).unwrap()
        };
        let asks = message(question);
        let question = Question {
            messages: vec![asks.id],
            asker: asks.author.id,
            asked: asks.sent,
            reasons: Vec::new(),
        };
        // The last one settled it.
        let settled = row.answer_ids.last().filter(|_| row.resolved.as_deref() == Some("yes"));
        let Some(answer) = settled.map(|number| message(*number)) else {
            let verdict =
                ConversationVerdict::Open { question, answers: Vec::new(), reasons: Vec::new() };
            return Self { verdict, occurrence: None };
        };
        let grade = match row.accepted {
            true => ResolutionGrade::Confirmed,
            false => ResolutionGrade::Unconfirmed,
        };
        let occurrence = Occurrence {
            conversation: ConversationId(*said.values().next().unwrap()),
            guild: GuildId(11),
            channel: CHANNEL,
            channel_name: "help".to_owned(),
            question: quote(asks),
            answers: vec![quote(answer)],
            grade,
            confidence: 0.9,
            signals: Vec::new(),
            reasons: Vec::new(),
            quotable: true,
            people: Vec::new(),
            newcomers: Default::default(),
        };
        let answers = vec![Answer {
            message: answer.id,
            messages: vec![answer.id],
            author: answer.author.id,
            score: 1.0,
        }];
        let (signals, reasons) = (Vec::new(), Vec::new());
        let resolution = Resolution { question, answers, grade, confidence: 0.9, signals, reasons };
        Self { verdict: ConversationVerdict::Resolved(resolution), occurrence: Some(occurrence) }
    }
}

fn quote(message: &Message) -> Quote {
    Quote {
        message: message.id,
        author: message.author.id,
        author_name: message.author.name.clone(),
        trusted: false,
        text: message.text.clone(),
        sent: message.sent,
        has_attachment: false,
    }
}

/// Figures of a set, counted from its labels by `eval/resolution/report_figures.py`.
struct HandCount {
    set: &'static str,
    asked: usize,
    askers: usize,
    answered: usize,
    confirmed: usize,
    /// Within 1, 4 and 24 hours.
    within: [usize; 3],
    /// Milliseconds.
    first_reply: i64,
}

const HAND_COUNTS: [HandCount; 3] = [
    // Of 60 rows, 47 ask for support; "yes" stands at 20 of them, and one of those has no answer.
    HandCount {
        set: "irc-dev.jsonl",
        asked: 47,
        askers: 47,
        answered: 19,
        confirmed: 13,
        within: [19, 19, 19],
        first_reply: 37_500,
    },
    // Of 50 rows, 45 ask for support; "yes" stands at 18. Four answers took more than an hour.
    HandCount {
        set: "gitter.jsonl",
        asked: 45,
        askers: 42,
        answered: 18,
        confirmed: 13,
        within: [14, 16, 18],
        first_reply: 309_500,
    },
    // Of 60 rows, 56 ask for support; "yes" stands at 18.
    HandCount {
        set: "demo-ubuntu.jsonl",
        asked: 56,
        askers: 51,
        answered: 18,
        confirmed: 12,
        within: [17, 17, 18],
        first_reply: 48_000,
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn reports_on_labelled_sets_have_the_figures_that_were_counted_by_hand() {
    for count in HAND_COUNTS {
        let sandbox = Sandbox::new();
        {
            indexer::store::create_private_directory(&sandbox.data()).unwrap();
            let lock = WriteLock::take(&sandbox.data()).unwrap();
            let store = Store::open(store_of(&sandbox.data()), &lock).await.unwrap();
            LabelledHistory::of(count.set).store(&store).await;
            store.close().await;
        }
        assert_counted(&sandbox, &count);
    }
}

fn assert_counted(sandbox: &Sandbox, count: &HandCount) {
    let HandCount { set, asked, askers, answered, confirmed, within, first_reply } = *count;
    let month = ["--period", "month", "--until", "2025-01-31", "--json"];
    let briefing = sandbox.json(&[&["report", "briefing"][..], &month].concat());
    let share = |part: usize| json!({ "part": part, "of": asked });
    let expected = json!({
        "asked": asked,
        "askers": askers,
        "answered": answered,
        "confirmed": confirmed,
        "open": asked - answered,
        "within_hour": share(within[0]),
        "within_four_hours": share(within[1]),
        "within_day": share(within[2]),
        "median_first_reply_ms": first_reply,
    });
    assert_eq!(briefing["questions"], expected, "{set}");
    for (list, length) in [("asked", asked), ("confirmed", confirmed), ("within-4h", within[1])] {
        let listed = sandbox.json(&[&["report", "questions", "--list", list][..], &month].concat());
        assert_eq!(listed["total"], length, "{set}: {list}");
    }
}
