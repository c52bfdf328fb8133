//! Questions and answers of real words: stretches of what people wrote, put together anew, with names and
//! numbers that few others have.

use std::path::Path;

use indexer::search::document::{ClusterDocument, SearchAudience};
use jiff::{SignedDuration, Timestamp};
use rules::model::cluster::ClusterState;
use rules::model::ids::{ChannelId, ClusterId, GuildId, MessageId};

/// Stretches that make a question, and an answer.
const QUESTION: u64 = 2;
const ANSWER: u64 = 6;
/// Bytes of a pasted error.
const PASTED: usize = 5_000;

/// What people wrote, as words.
pub(crate) struct Talk {
    messages: Vec<Vec<String>>,
}

/// One question with its answer.
pub(crate) struct WrittenAnswer {
    number: u64,
    pub(crate) question: String,
    pub(crate) answer: String,
    /// In the answer too.
    pub(crate) identifier: String,
}

impl Talk {
    /// The messages of the bundled exports.
    pub(crate) fn bundled() -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harvester/demo/exports");
        let mut messages = Vec::new();
        for name in
            ["demo-eliza/coders.json", "demo-eliza/discussion.json", "demo-ubuntu/support.json"]
        {
            let export: serde_json::Value =
                serde_json::from_slice(&std::fs::read(folder.join(name))?)?;
            let contents = export["messages"].as_array().into_iter().flatten();
            let contents = contents.filter_map(|message| message["content"].as_str());
            messages.extend(
                contents
                    .map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
                    .filter(|words| words.len() > 3),
            );
        }
        anyhow::ensure!(!messages.is_empty(), "the bundled exports are empty");
        Ok(Self { messages })
    }

    /// Always the same for a number.
    pub(crate) fn answer(&self, number: u64) -> WrittenAnswer {
        let join = |from: u64, count: u64| {
            let stretches = (from..from + count).map(|at| self.stretch(mixed(number * 16 + at)));
            stretches.collect::<Vec<_>>().join(" ")
        };
        let name = self.word(mixed(number * 16 + 9));
        let identifier = format!("{}_{:x}", name.to_uppercase(), mixed(number) % 50_000);
        let question = format!("{}?", join(0, QUESTION));
        let answer = format!("{} {identifier}", join(QUESTION, ANSWER));
        WrittenAnswer { number, question, answer, identifier }
    }

    /// An error as it is pasted: a message that names what the answer names, and many lines about where.
    pub(crate) fn pasted_error(&self, answer: &WrittenAnswer, seed: u64) -> String {
        let mut text = format!("Error: {} failed: {}\n", answer.identifier, answer.words(seed, 8));
        for line in 0.. {
            if text.len() >= PASTED {
                break;
            }
            let place = mixed(seed * 1_000 + line);
            let (file, function) = (self.word(place), self.word(place >> 20));
            text.push_str(&format!(
                "    at {function}.{file} (/srv/app/node_modules/{file}/dist/{function}.js:{}:{})\n",
                place % 2_000,
                place % 80
            ));
        }
        text
    }

    /// Five to ten words of a message.
    fn stretch(&self, seed: u64) -> String {
        let words = &self.messages[seed as usize % self.messages.len()];
        let length = 5 + (seed >> 32) as usize % 6;
        let start = (seed >> 40) as usize % words.len();
        words[start..(start + length).min(words.len())].join(" ")
    }

    /// The letters and digits of some word.
    fn word(&self, seed: u64) -> String {
        let words = &self.messages[seed as usize % self.messages.len()];
        let word = &words[(seed >> 32) as usize % words.len()];
        let plain = word.chars().filter(char::is_ascii_alphanumeric).take(16).collect::<String>();
        if plain.is_empty() { "value".to_owned() } else { plain }
    }
}

impl WrittenAnswer {
    pub(crate) fn document(&self) -> ClusterDocument {
        ClusterDocument {
            cluster: ClusterId::of_question(MessageId((self.number + 1) << 22)),
            state: if self.number.is_multiple_of(20) {
                ClusterState::Merged
            } else {
                ClusterState::Watching
            },
            title: self.question.clone(),
            questions: vec![self.question.clone()],
            answers: vec![self.answer.clone()],
            channels: vec![(ChannelId(self.number % 250), "help".to_owned())],
            guilds: vec![GuildId(self.number % 2)],
            occurrences: 1 + (self.number % 7) as u32,
            last_confirmed: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(self.number as i64),
            audiences: vec![SearchAudience::Public, SearchAudience::Operator],
            meanings: Vec::new(),
        }
    }

    /// Words of the question, and then of the answer, that say what it is about.
    pub(crate) fn words(&self, seed: u64, count: usize) -> String {
        let all = self.question.split_whitespace().chain(self.answer.split_whitespace());
        let skipped = (mixed(seed) % 4) as usize;
        // Short queries are made of longer words, as people type them; long ones are whole sentences.
        let least = if count < 10 { 4 } else { 1 };
        let chosen = all.filter(|word| {
            word.len() >= least && !word.contains('/') && word.chars().any(char::is_alphabetic)
        });
        chosen.skip(skipped).take(count).collect::<Vec<_>>().join(" ")
    }
}

/// The same words with two letters of the longest one swapped.
pub(crate) fn misspelt(text: &str) -> String {
    let longest = text.split(' ').max_by_key(|word| word.len()).unwrap_or_default();
    let mut letters = longest.chars().collect::<Vec<_>>();
    if let Some(middle) = letters.len().checked_sub(3) {
        letters.swap(middle, middle + 1);
    }
    text.replacen(longest, &letters.into_iter().collect::<String>(), 1)
}

/// A number that looks random and is always the same (the finalizer of SplitMix64).
fn mixed(seed: u64) -> u64 {
    let seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ (seed >> 31)
}
