//! Additive scores whose weights maintainers may edit.

use crate::config::toml_reader::TomlReader;
use crate::model::ids::MessageId;
use crate::model::reason::WeightedReason;

/// A feature of a score: its key in `signals.toml` and the reason it gives.
pub(super) type ScoredFeature = (&'static str, &'static str);

/// The features of a message that asks, in the order of `question_detection::values`.
pub(super) const QUESTION_FEATURES: [ScoredFeature; 15] = [
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
];

/// The features of an answer, in the order of `answer_ranking::values`.
pub(super) const ANSWER_FEATURES: [ScoredFeature; 25] = [
    ("first", "it is the first message of anybody who helps"),
    ("later", "others helped before"),
    ("ends_asking", "it ends with a question mark"),
    ("asks_back", "it asks back"),
    ("shared_words", "it shares words with the question"),
    ("thanked_next", "the asker thanks next"),
    ("tells_what_to_do", "it says what to do"),
    ("helpers_share", "its author does most of the helping"),
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
];

/// The features of the outcome, in the order of `ScoredConversation::outcome`.
pub(super) const OUTCOME: [ScoredFeature; 17] = [
    ("base", "most questions stay open"),
    ("marked", "somebody marked the answer"),
    ("tagged", "the post is tagged as solved"),
    ("accepted", "the asker or a trusted person accepts with a reaction"),
    ("refused", "the asker or a trusted person refuses with a reaction"),
    ("worked", "the asker says that it works"),
    ("thanked", "the asker thanks"),
    ("thanked_late", "the asker thanks at the end"),
    ("taken_back", "the asker then asks, fails or still tries"),
    ("last_fails", "the asker's last message tells of failure"),
    ("fails_late", "the asker fails near the end"),
    ("last_asks", "the asker's last message asks"),
    ("silent", "the asker does not come back"),
    ("trouble_silent", "a problem was told, and its teller does not come back"),
    ("best_answer", "the best answer scores well"),
    ("direct", "the best answer speaks to the asker"),
    ("long_dialogue", "the asker comes back many times"),
];

/// One weight for each feature, in the order of their table.
#[derive(Debug, Clone)]
pub(super) struct FeatureWeights<const N: usize>([f32; N]);

impl<const N: usize> FeatureWeights<N> {
    /// Reads the weights of a table of `signals.toml`; one that is left out counts nothing.
    pub(super) fn read(table: &mut TomlReader, features: &[ScoredFeature; N]) -> Self {
        Self(features.map(|(key, _)| table.number(key, 0.0, -20.0, 20.0) as f32))
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

/// 1 for what holds, 0 for what does not.
pub(super) fn holds(fact: bool) -> f32 {
    f32::from(u8::from(fact))
}
