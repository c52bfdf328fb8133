//! Distinct exchanges of real words: each word is drawn from what people wrote, so that common words are
//! common. Every tenth asks almost what an earlier one asked.

use std::path::Path;

use indexer::store::{ConversationRow, ExchangeRow, ExchangeStatus};
use rules::model::cluster::{Occurrence, Quote};
use rules::model::ids::{ChannelId, ConversationId, GuildId, MessageId, UserId};
use rules::resolution::ResolutionGrade;

const EXPORTS: [&str; 3] =
    ["demo-eliza/coders.json", "demo-eliza/discussion.json", "demo-ubuntu/support.json"];
/// Of an exchange, by number: ten minutes pass between two.
const STEP: u64 = 600_000 << 22;

pub(crate) struct ExchangeGenerator {
    words: Vec<String>,
}

impl ExchangeGenerator {
    /// With the words of the bundled exports.
    pub(crate) fn bundled() -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harvester/demo/exports");
        let mut words = Vec::new();
        for name in EXPORTS {
            let export: serde_json::Value =
                serde_json::from_slice(&std::fs::read(folder.join(name))?)?;
            for message in export["messages"].as_array().into_iter().flatten() {
                let text = message["content"].as_str().unwrap_or_default();
                words.extend(text.split_whitespace().map(str::to_owned));
            }
        }
        anyhow::ensure!(!words.is_empty(), "the bundled exports are empty");
        Ok(Self { words })
    }

    pub(crate) fn id(number: u64) -> MessageId {
        MessageId((number + 1) * STEP)
    }

    /// Always the same for a number and an edition.
    pub(crate) fn conversation(&self, number: u64, edition: u64) -> ConversationRow {
        let source = if number % 10 == 9 { number / 3 } else { number };
        let mut question = self.drawn(source * 64, 8 + source % 6);
        if source != number || edition > 0 {
            question.push(self.word(number * 64 + 60 + edition).to_owned());
        }
        let answer = self.drawn(source * 64 + 20, 15 + source % 15);
        let id = Self::id(number);
        let quote = |message: MessageId, words: &[String]| Quote {
            message,
            author: UserId(1 + mixed(message.0) % 5_000),
            author_name: "somebody".into(),
            trusted: false,
            text: words.join(" "),
            sent: message.created_at(),
            has_attachment: false,
        };
        judged(Occurrence {
            conversation: ConversationId(id),
            guild: GuildId(1),
            channel: ChannelId(1 + number % 250),
            channel_name: "help".into(),
            question: quote(id, &question),
            answers: vec![quote(MessageId(id.0 + (60_000 << 22)), &answer)],
            grade: ResolutionGrade::Certain,
            confidence: 0.9,
            signals: Vec::new(),
            reasons: Vec::new(),
            quotable: true,
            people: Vec::new(),
            newcomers: Default::default(),
        })
    }

    fn drawn(&self, seed: u64, count: u64) -> Vec<String> {
        (seed..seed + count).map(|at| self.word(at).to_owned()).collect()
    }

    fn word(&self, seed: u64) -> &str {
        &self.words[mixed(seed) as usize % self.words.len()]
    }
}

/// An occurrence as judging hands it over.
pub(crate) fn judged(occurrence: Occurrence) -> ConversationRow {
    ConversationRow {
        id: occurrence.conversation,
        channel: occurrence.channel,
        last: occurrence.answers[0].message,
        links: occurrence.question.text.clone(),
        exchanges: vec![ExchangeRow {
            id: occurrence.question.message,
            status: ExchangeStatus::Resolved,
            asked: None,
            verdict: String::new(),
            occurrence: Some(occurrence),
        }],
    }
}

/// A number that looks random and is always the same (the finalizer of SplitMix64).
fn mixed(seed: u64) -> u64 {
    let seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ (seed >> 31)
}
