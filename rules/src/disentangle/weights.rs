//! The trained weights of the ranker.

use super::features::{FeatureSink, LinkFeature};
use super::link_cue::LinkCue;

/// One line a feature, in the order of [`LinkFeature::ALL`]: word, weight in a busy channel, weight in a
/// quiet one, mean value in training. Made by the training program; see its first lines for how.
const TRAINED: &str = include_str!("../../links.weights");

#[derive(Debug, Clone)]
pub(super) struct LinkWeights {
    busy: Vec<f32>,
    quiet: Vec<f32>,
    /// What a feature usually is, so that a cue tells how a candidate differs from the usual one.
    means: Vec<f32>,
}

impl LinkWeights {
    pub(super) fn trained() -> Self {
        Self::parse(TRAINED).expect("the embedded weights are checked by a test")
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut lines =
            text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let (mut busy, mut quiet, mut means) = (Vec::new(), Vec::new(), Vec::new());
        for feature in LinkFeature::ALL {
            let wanted = feature.as_str();
            let line = lines.next().ok_or_else(|| format!("no line for {wanted}"))?;
            let mut parts = line.split_whitespace();
            if parts.next() != Some(wanted) {
                return Err(format!("expected {wanted}, found {line:?}"));
            }
            let mut number =
                || parts.next()?.parse::<f32>().ok().filter(|number| number.is_finite());
            let (Some(in_busy), Some(in_quiet), Some(mean)) = (number(), number(), number()) else {
                return Err(format!("expected `{wanted} BUSY QUIET MEAN`, found {line:?}"));
            };
            busy.push(in_busy);
            quiet.push(in_quiet);
            means.push(mean);
        }
        match lines.next() {
            Some(line) => Err(format!("more lines than features: {line:?}")),
            None => Ok(Self { busy, quiet, means }),
        }
    }

    /// The weights for a channel that is `quietness` quiet, from 0 (busy) to 1.
    pub(super) fn at(&self, quietness: f32) -> TempoWeights<'_> {
        let between = |(busy, quiet): (&f32, &f32)| busy + quietness * (quiet - busy);
        let weights = self.busy.iter().zip(&self.quiet).map(between).collect();
        TempoWeights { weights, means: &self.means }
    }
}

/// The weights at one tempo.
#[derive(Debug)]
pub(super) struct TempoWeights<'w> {
    weights: Vec<f32>,
    means: &'w [f32],
}

impl TempoWeights<'_> {
    pub(super) fn scorer(&self) -> LinkScorer<'_> {
        LinkScorer { weights: &self.weights, score: 0.0 }
    }

    /// The cues that speak for a candidate the most, strongest first.
    pub(super) fn cues(&self, features: &[(LinkFeature, f32)]) -> [Option<LinkCue>; 3] {
        let mut shares = [0.0_f32; LinkCue::ALL.len()];
        for (feature, value) in features {
            let place = *feature as usize;
            if let Some(cue) = feature.cue() {
                shares[cue as usize] += self.weights[place] * (value - self.means[place]);
            }
        }
        let mut best = [None; 3];
        for place in &mut best {
            let strongest = LinkCue::ALL
                .into_iter()
                .filter(|cue| shares[*cue as usize] > 0.0)
                .max_by(|a, b| shares[*a as usize].total_cmp(&shares[*b as usize]));
            let Some(cue) = strongest else { break };
            shares[cue as usize] = 0.0;
            *place = Some(cue);
        }
        best
    }
}

/// Sums a candidate's score as its features come, always in the same order.
pub(super) struct LinkScorer<'w> {
    weights: &'w [f32],
    pub(super) score: f32,
}

impl FeatureSink for LinkScorer<'_> {
    fn add(&mut self, feature: LinkFeature, value: f32) {
        self.score += self.weights[feature as usize] * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_weights_fit_the_features() {
        assert_eq!(
            LinkWeights::parse(TRAINED).map(|weights| weights.quiet.len()),
            Ok(LinkFeature::ALL.len())
        );
    }

    #[test]
    fn a_weights_file_must_name_every_feature_once_in_order() {
        let first = LinkFeature::ALL[0].as_str();
        for (text, says) in [
            ("", "no line for"),
            ("nonsense 1 1", "expected"),
            (&format!("{first} 1 1"), "BUSY QUIET MEAN"),
            (&format!("{first} NaN 1 1"), "BUSY QUIET MEAN"),
            (&format!("{TRAINED}\nmore 1 1 1\n"), "more lines"),
        ] {
            let problem = LinkWeights::parse(text).expect_err("a mistake");
            assert!(problem.contains(says), "{problem}");
        }
    }
}
