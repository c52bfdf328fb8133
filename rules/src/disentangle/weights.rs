//! The trained weights of the ranker.

use super::features::{FeatureSink, LinkFeature};
use super::link_cue::LinkCue;

/// One line a feature, in the order of [`LinkFeature::ALL`]: word, weight, mean value in training. Made
/// by the training program; see its first lines for how.
const TRAINED: &str = include_str!("../../links.weights");

#[derive(Debug, Clone)]
pub(super) struct LinkWeights {
    weights: Vec<f32>,
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
        let (mut weights, mut means) = (Vec::new(), Vec::new());
        for feature in LinkFeature::ALL {
            let wanted = feature.as_str();
            let line = lines.next().ok_or_else(|| format!("no line for {wanted}"))?;
            let mut parts = line.split_whitespace();
            if parts.next() != Some(wanted) {
                return Err(format!("expected {wanted}, found {line:?}"));
            }
            let mut number =
                || parts.next()?.parse::<f32>().ok().filter(|number| number.is_finite());
            let (Some(weight), Some(mean)) = (number(), number()) else {
                return Err(format!("expected `{wanted} WEIGHT MEAN`, found {line:?}"));
            };
            weights.push(weight);
            means.push(mean);
        }
        match lines.next() {
            Some(line) => Err(format!("more lines than features: {line:?}")),
            None => Ok(Self { weights, means }),
        }
    }

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
            LinkWeights::parse(TRAINED).map(|weights| weights.weights.len()),
            Ok(LinkFeature::ALL.len())
        );
    }

    #[test]
    fn a_weights_file_must_name_every_feature_once_in_order() {
        let first = LinkFeature::ALL[0].as_str();
        for (text, says) in [
            ("", "no line for"),
            ("nonsense 1 1", "expected"),
            (&format!("{first} 1"), "WEIGHT MEAN"),
            (&format!("{first} NaN 1"), "WEIGHT MEAN"),
            (&format!("{TRAINED}\nmore 1 1\n"), "more lines"),
        ] {
            let problem = LinkWeights::parse(text).expect_err("a mistake");
            assert!(problem.contains(says), "{problem}");
        }
    }
}
