//! The pairs worth judging: questions that stand near each other in the list of something they share.
//!
//! Each question has some keys, and each key a list of the questions that have it, in their order.
//! Two questions are candidates where at most [`WINDOW`] steps lie between them in one of these lists.
//! So a pair depends on the set of questions alone, and a question that comes or goes touches only the
//! pairs around its places.

use std::collections::{BTreeSet, HashMap, VecDeque};

use rules::similarity::{QaSignature, SimilarityRules, pair_score};

/// Two questions in one list are judged if they are at most so many places apart; in unit tests few, so
/// that few texts meet the limit.
pub(crate) const WINDOW: usize = if cfg!(test) { 4 } else { 16 };

/// Two questions, by position, the later first, and the score of the pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScoredPair {
    pub(crate) later: usize,
    pub(crate) earlier: usize,
    pub(crate) score: f32,
}

/// The score from which a pair is an edge: what a mean of many must reach.
pub(crate) fn least_score(rules: &SimilarityRules) -> f32 {
    rules.threshold(usize::MAX)
}

/// Every candidate pair that is an edge.
pub(crate) fn candidate_pairs(
    signatures: &[&QaSignature],
    rules: &SimilarityRules,
) -> Vec<ScoredPair> {
    let mut lists = HashMap::<i64, VecDeque<usize>>::new();
    let least = least_score(rules);
    let mut found = Vec::new();
    for (later, signature) in signatures.iter().enumerate() {
        let mut near = BTreeSet::new();
        for key in signature.lookup_keys() {
            let list = lists.entry(key).or_default();
            near.extend(list.iter().copied());
            if list.len() == WINDOW {
                list.pop_front();
            }
            list.push_back(later);
        }
        for earlier in near {
            let score = pair_score(signature, signatures[earlier], rules);
            if score >= least {
                found.push(ScoredPair { later, earlier, score });
            }
        }
    }
    found
}
