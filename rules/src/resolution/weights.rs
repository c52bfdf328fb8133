//! Additive scores whose weights maintainers may edit.

use crate::config::toml_reader::TomlReader;
use crate::model::ids::MessageId;
use crate::model::reason::WeightedReason;

/// A feature of a score: its key in `signals.toml` and the reason it gives.
pub(super) type ScoredFeature = (&'static str, &'static str);

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
