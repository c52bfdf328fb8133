//! The rules of resolution, as `signals.toml` gives them.

use std::collections::BTreeSet;

use crate::config::toml_reader::TomlReader;
use crate::language::Languages;
use crate::model::message::Author;
use crate::resolution::cue_phrases::{PhraseMatcher, WordSets};
use crate::resolution::normalize::{bare, hash, tag_words};
use crate::resolution::weights::{
    ANSWER_FEATURES, Calibration, FeatureWeights, OUTCOME, QUESTION_FEATURES, TrainedWeights,
};

/// What asks, what answers and what tells that it helped, compiled from `signals.toml`.
#[derive(Debug, Clone)]
pub struct SignalRules {
    pub(super) bots: bool,
    relays: BTreeSet<String>,
    pub(super) phrases: PhraseMatcher,
    pub(super) words: WordSets,
    pub(super) accepting: BTreeSet<String>,
    pub(super) refusing: BTreeSet<String>,
    pub(super) solved_tags: BTreeSet<String>,
    pub(super) asking: FeatureWeights<{ QUESTION_FEATURES.len() }>,
    pub(super) asking_threshold: f32,
    pub(super) answers: FeatureWeights<{ ANSWER_FEATURES.len() }>,
    pub(super) answer_reach: f32,
    pub(super) outcome: FeatureWeights<{ OUTCOME.len() }>,
    pub(super) calibration: Calibration,
    pub(super) least: LeastConfidence,
}

/// From which confidence on a question counts as resolved, by the sign that there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeastConfidence {
    pub(super) confirmed: f32,
    pub(super) thanked: f32,
    pub(super) unconfirmed: f32,
    /// Where the asker does not come back, so that nothing speaks against the answer.
    pub(super) silent: f32,
}

impl SignalRules {
    pub(crate) fn read(file: &mut TomlReader, languages: &Languages) -> Self {
        let bots = file.bool("bots_answer", false);
        let relays = file.texts("relays").into_iter().collect();
        let (phrases, words) = PhraseMatcher::read(file, languages);
        let (accepting, refusing) = file
            .section("reactions", |table| (emojis(table, "accepting"), emojis(table, "refusing")));
        let solved_tags = file.section("tags", |table| {
            table.texts("solved").iter().map(|tag| tag_words(tag)).collect()
        });
        let (asking, asking_threshold) = file.section("asking", |table| {
            let threshold = table.number("threshold", 1.0, -20.0, 20.0) as f32;
            (FeatureWeights::read(table, &QUESTION_FEATURES, &FeatureWeights::zero()), threshold)
        });
        let trained = TrainedWeights::embedded();
        let (answers, answer_reach) = file.section("answers", |table| {
            table.retire(&["floor"]);
            let reach = table.number("reach", 0.5, 0.0, 20.0) as f32;
            (FeatureWeights::read(table, &ANSWER_FEATURES, &trained.answers), reach)
        });
        let (outcome, least) = file.section("outcome", |table| {
            // They are counted with the answer now.
            table.retire(&["accepted", "best_answer", "direct", "refused", "thanked", "worked"]);
            let mut least = |key, default| table.number(key, default, 0.0, 1.0) as f32;
            let least = LeastConfidence {
                confirmed: least("confirmed_threshold", 0.5),
                thanked: least("thanked_threshold", 0.5),
                unconfirmed: least("threshold", 0.5),
                silent: least("silent_threshold", 0.5),
            };
            (FeatureWeights::read(table, &OUTCOME, &trained.outcome), least)
        });
        Self {
            bots,
            relays,
            phrases,
            words,
            accepting,
            refusing,
            solved_tags,
            asking,
            asking_threshold,
            answers,
            answer_reach,
            outcome,
            calibration: trained.calibration,
            least,
        }
    }

    /// Whether a verdict may depend on reactions with this emoji: others need not be stored.
    pub fn reads_reaction(&self, emoji: &str) -> bool {
        let emoji = bare(emoji);
        self.accepting.contains(emoji) || self.refusing.contains(emoji)
    }

    /// Whether an account passes on what people write elsewhere.
    pub(super) fn is_relay(&self, author: &Author) -> bool {
        self.relays.contains(&author.name) || self.relays.contains(&author.id.to_string())
    }

    /// Whether a forum's tag of this name closes a post.
    pub fn is_solved_tag(&self, tag: &str) -> bool {
        self.solved_tags.contains(&tag_words(tag))
    }

    /// How many words of a plain text only lead in ("hi all, so"), and the text behind them.
    pub(super) fn lead_in<'t>(&self, plain: &'t str) -> (usize, &'t str) {
        let mut words = 0;
        let mut behind = plain.trim_start();
        loop {
            let (word, rest) = behind.split_once(' ').unwrap_or((behind, ""));
            if self.words.lead_ins.contains(&hash(word)) {
                words += 1;
            } else if word != "." || rest.is_empty() {
                return (words, behind);
            }
            behind = rest;
        }
    }
}

fn emojis(table: &mut TomlReader, key: &'static str) -> BTreeSet<String> {
    table.texts(key).iter().map(|emoji| bare(emoji).to_owned()).collect()
}
