//! The pairs worth judging: questions that share rare features.

use std::collections::HashMap;

use rules::similarity::{QaSignature, SimilarityRules, pair_score};

/// So many of the nearest earlier questions are judged for each question.
const MOST_CANDIDATES: usize = 30;
/// So many features of a question are looked up, the rarest first.
const MOST_LOOKUPS: usize = 24;
/// So many questions are read for a feature, the latest first.
const MOST_READ: usize = 256;
/// A question that links to so many earlier ones is found through them and needs no entry.
const ENOUGH_LINKS: usize = 8;

/// Two questions, by position, the later first, and the score of the pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScoredPair {
    pub(crate) later: usize,
    pub(crate) earlier: usize,
    pub(crate) score: f32,
}

/// Every pair found whose score reaches what a mean of many must reach.
pub(crate) fn candidate_pairs(
    signatures: &[&QaSignature],
    rules: &SimilarityRules,
) -> Vec<ScoredPair> {
    let mut index = FeatureIndex { entries: HashMap::new(), weights: vec![0.0; signatures.len()] };
    let least = rules.threshold(usize::MAX);
    let mut found = Vec::new();
    for (later, signature) in signatures.iter().enumerate() {
        let features = signature.rarest_features(MOST_LOOKUPS);
        let before = found.len();
        for earlier in index.nearest(&features) {
            let score = pair_score(signature, signatures[earlier], rules);
            if score >= least {
                found.push(ScoredPair { later, earlier, score });
            }
        }
        if found.len() - before < ENOUGH_LINKS {
            index.add(later, &features);
        }
    }
    found
}

struct FeatureIndex {
    entries: HashMap<u32, Vec<u32>>,
    /// Per question, what it shares with the one that is looked up; zero between look-ups.
    weights: Vec<f32>,
}

impl FeatureIndex {
    fn add(&mut self, question: usize, features: &[(u32, f32)]) {
        let question = u32::try_from(question).expect("fewer questions than 32 bits count");
        for (feature, _) in features {
            self.entries.entry(*feature).or_default().push(question);
        }
    }

    fn nearest(&mut self, features: &[(u32, f32)]) -> Vec<usize> {
        let mut touched = Vec::new();
        for (feature, weight) in features {
            for question in self.entries.get(feature).into_iter().flatten().rev().take(MOST_READ) {
                let shared = &mut self.weights[*question as usize];
                if *shared == 0.0 {
                    touched.push(*question);
                }
                *shared += weight * weight;
            }
        }
        let mut nearest = touched
            .iter()
            .map(|question| (self.weights[*question as usize], *question))
            .collect::<Vec<_>>();
        for question in touched {
            self.weights[question as usize] = 0.0;
        }
        let by_weight = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if nearest.len() > MOST_CANDIDATES {
            nearest.select_nth_unstable_by(MOST_CANDIDATES, by_weight);
            nearest.truncate(MOST_CANDIDATES);
        }
        nearest.sort_unstable_by(by_weight);
        nearest.into_iter().map(|(_, question)| question as usize).collect()
    }
}
