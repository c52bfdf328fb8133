//! Additive scores whose weights maintainers may edit.

use std::sync::LazyLock;

use crate::config::toml_reader::TomlReader;
use crate::model::ids::MessageId;
use crate::model::reason::WeightedReason;

/// A feature of a score: its key in `signals.toml` and the reason it gives.
pub(super) type ScoredFeature = (&'static str, &'static str);

/// The features of a message that asks, in the order of `question_detection::values`.
pub(super) const QUESTION_FEATURES: [ScoredFeature; 17] = [
    ("ends_asking", "ends with a question mark"),
    ("asks", "holds a question mark"),
    ("opener", "opens with a question word"),
    ("seeking", "says that it seeks help"),
    ("trouble", "tells of a problem"),
    ("starter", "its author starts the conversation"),
    ("thread_starter", "its author starts the thread"),
    ("later", "its author spoke before without asking"),
    ("addresses", "speaks to somebody who spoke before"),
    ("probing", "asks back, as those do who help"),
    ("announcing", "announces"),
    ("thanks", "thanks"),
    ("short", "is very short"),
    ("empty", "says nothing yet"),
    ("bot_command", "is a command to a bot"),
    ("small_talk", "is small talk"),
    ("helped", "a reply takes it for a question"),
];

/// The features of an answer, in the order of `answer_ranking::values`.
pub(super) const ANSWER_FEATURES: [ScoredFeature; 37] = [
    ("first", "it is the first message that could answer"),
    ("later", "it is not the first message that could answer"),
    ("ends_asking", "it ends with a question mark"),
    ("asks_back", "it asks back"),
    ("shared_words", "it shares words with the question"),
    ("thanked_next", "the asker thanks next"),
    ("tells_what_to_do", "it says what to do"),
    ("helpers_share", "its author wrote most of what could answer"),
    ("link_or_code", "it holds a link or code"),
    ("to_asker", "it speaks to the asker"),
    ("to_other", "it speaks to somebody else"),
    ("redirects", "it sends the asker elsewhere"),
    ("ignorant", "its author does not know, or asks along"),
    ("short", "it is very short"),
    ("long", "it is long"),
    ("after_closing", "it comes after the asker was content"),
    ("before_closing", "it comes right before the asker was content"),
    ("courtesy", "it is a courtesy"),
    ("own", "it is the asker's own finding"),
    ("trusted", "its author is trusted"),
    ("affirms", "it says yes or no"),
    ("fails_next", "the asker says next that it fails"),
    ("in_vain", "the asker fails after it, and is content only later"),
    ("accepted", "a reaction accepts it"),
    ("refused", "a reaction refuses it"),
    ("worked", "the asker says that it worked"),
    ("thanked", "the asker thanks for it"),
    ("pointed", "the asker points at it"),
    ("parts", "it is spread over several messages"),
    ("postpones", "it puts off an answer"),
    ("insults", "it insults"),
    ("objects", "it corrects another answer"),
    ("no_help", "it is a question, a courtesy or sends the asker elsewhere"),
    ("aimed", "the asker's words are about this very message"),
    ("before_first_closing", "it comes before the asker is content for the first time"),
    ("acknowledged", "the asker says next that it was understood"),
    ("shown", "the asker shows what solved it"),
];

/// The features of the outcome, in the order of `ScoredConversation::outcome`: what speaks for the question being
/// resolved by an answer beside the features of the answer itself.
pub(super) const OUTCOME: [ScoredFeature; 32] = [
    (BASE, "most questions stay open"),
    ("marked", "somebody marked the answer"),
    ("tagged", "the post is tagged as solved"),
    ("thanked_late", "the asker thanks at the end"),
    ("taken_back", "the asker still tries, or then fails"),
    ("last_fails", "the asker's last message tells of failure"),
    ("fails_late", "the asker fails near the end"),
    ("last_asks", "the asker's last message asks"),
    ("silent", "the asker does not come back"),
    ("trouble_silent", "a problem was described, and the asker does not come back"),
    ("long_dialogue", "the asker comes back many times"),
    ("other_confirmed", "the asker is content with another message"),
    ("trouble", "it is a problem, not a question of fact"),
    ("clear_question", "it asks clearly"),
    ("agreed", "another helper says the same"),
    ("objected", "somebody refuses an answer"),
    ("helpers", "several people help"),
    ("asks_after", "the asker asks on after being content"),
    ("fails_after", "the asker fails after being content"),
    ("promises", "the asker only promises to try it"),
    ("goes_on", "the asker says more after being content"),
    ("helped_on", "others go on helping after the asker was content"),
    ("distant", "much was said between the answer and the asker's words about it"),
    ("rivals", "the asker's words could be about other answers too"),
    ("explained_before", "the asker had to explain much before it"),
    ("last_doubts", "the asker's last message denies or contrasts something"),
    ("thanked_later", "the asker thanks somebody after it"),
    ("taken_next", "the asker says next that it was done or understood"),
    ("ends_content", "the asker leaves with thanks or an ok"),
    ("raises_question", "the answer holds a question"),
    ("several", "the asker speaks for more than one answer"),
    ("closed", "somebody closed the thread after it"),
];

/// One weight for each feature, in the order of their table.
#[derive(Debug, Clone)]
pub(super) struct FeatureWeights<const N: usize>([f32; N]);

impl<const N: usize> FeatureWeights<N> {
    /// Reads the weights of a table; one that is left out is as in `defaults`.
    pub(super) fn read(
        table: &mut TomlReader,
        features: &[ScoredFeature; N],
        defaults: &Self,
    ) -> Self {
        let mut weights = defaults.clone();
        for (weight, (key, _)) in weights.0.iter_mut().zip(features) {
            *weight = table.number(key, f64::from(*weight), -20.0, 20.0) as f32;
        }
        weights
    }

    pub(super) fn zero() -> Self {
        Self([0.0; N])
    }

    /// The weighted sum, in the order of the features.
    pub(super) fn score(&self, values: &[f32; N]) -> f32 {
        self.0.iter().zip(values).map(|(weight, value)| weight * value).sum()
    }

    /// What the sum is made of, heaviest first, without what counts nothing.
    pub(super) fn reasons(
        &self,
        values: &[f32; N],
        features: &[ScoredFeature; N],
        message: Option<MessageId>,
    ) -> Vec<WeightedReason> {
        let mut reasons = self
            .0
            .iter()
            .zip(values)
            .zip(features)
            // What weighs alike for every conversation tells nothing about this one.
            .filter(|(_, (key, _))| *key != BASE)
            .map(|((weight, value), (_, what))| WeightedReason {
                what: (*what).into(),
                weight: weight * value,
                message,
            })
            .filter(|reason| reason.weight.abs() >= 0.005)
            .collect::<Vec<_>>();
        reasons.sort_by(|one, other| other.weight.abs().total_cmp(&one.weight.abs()));
        reasons
    }
}

/// The weights that the program carries, fitted to labelled conversations.
#[derive(Debug)]
pub(super) struct TrainedWeights {
    pub(super) answers: FeatureWeights<{ ANSWER_FEATURES.len() }>,
    pub(super) outcome: FeatureWeights<{ OUTCOME.len() }>,
    pub(super) calibration: Calibration,
}

/// Makes a probability of an outcome's score: the logistic function of `slope * score + offset`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calibration {
    slope: f32,
    offset: f32,
}

impl Calibration {
    pub(super) fn probability(self, score: f32) -> f32 {
        1.0 / (1.0 + (-(self.slope * score + self.offset)).exp())
    }
}

const FILE: &str = "weights/resolution.toml";

impl TrainedWeights {
    /// # Panics
    /// If the file that the program carries is wrong, which a test excludes.
    pub(super) fn embedded() -> &'static Self {
        static WEIGHTS: LazyLock<TrainedWeights> = LazyLock::new(|| {
            let mut file = TomlReader::parse(FILE, include_str!("../../weights/resolution.toml"));
            let weights = TrainedWeights {
                answers: file.section("answers", |table| {
                    FeatureWeights::read(table, &ANSWER_FEATURES, &FeatureWeights::zero())
                }),
                outcome: file.section("outcome", |table| {
                    FeatureWeights::read(table, &OUTCOME, &FeatureWeights::zero())
                }),
                calibration: file.section("calibration", |table| Calibration {
                    slope: table.number("slope", 1.0, 0.0, 20.0) as f32,
                    offset: table.number("offset", 0.0, -20.0, 20.0) as f32,
                }),
            };
            let errors = file.finish();
            assert!(errors.is_empty(), "the embedded weights are wrong: {errors:?}");
            weights
        });
        &WEIGHTS
    }
}

/// The feature that every conversation has.
const BASE: &str = "base";

/// 1 for what holds, 0 for what does not.
pub(super) fn holds(fact: bool) -> f32 {
    f32::from(u8::from(fact))
}
