//! Clusters that people split: their questions part where they are not surely the same.

use std::collections::{BTreeMap, BTreeSet};

use rules::due::PairwiseSimilarity;
use rules::model::ids::MessageId;

use crate::cluster::grouping::{order_of_questions, sort_by_question};

/// Parts each group along the questions that carry a split mark: of these, only those stay together that
/// are surely the same and whose answers agree, directly or over others. Every other member goes with
/// the one that it is most alike to. Which groups come out is a function of the set, not of any order.
pub(crate) fn apply_splits(
    groups: Vec<Vec<usize>>,
    questions: &[MessageId],
    apart: &BTreeSet<MessageId>,
    similarity: &impl PairwiseSimilarity,
    is_same: impl Fn(f32) -> bool,
) -> Vec<Vec<usize>> {
    if apart.is_empty() {
        return groups;
    }
    let mut parted = Vec::new();
    for members in groups {
        let (marked, others) =
            members.into_iter().partition::<Vec<_>, _>(|at| apart.contains(&questions[*at]));
        let mut parts = parts(&marked, similarity, &is_same);
        if parts.is_empty() {
            parted.push(others);
            continue;
        }
        let nearest =
            others.iter().map(|other| nearest(&parts, *other, similarity)).collect::<Vec<_>>();
        for (other, part) in others.into_iter().zip(nearest) {
            parts[part].push(other);
        }
        parted.extend(parts);
    }
    sort_by_question(&mut parted, &order_of_questions(questions));
    parted
}

/// The part that holds what a question is most alike to; of several, the first.
fn nearest(parts: &[Vec<usize>], question: usize, similarity: &impl PairwiseSimilarity) -> usize {
    let nearness = |part: usize| {
        parts[part]
            .iter()
            .map(|at| similarity.question_similarity(*at, question))
            .fold(0.0, f32::max)
    };
    let places = (0..parts.len()).rev();
    let best = places.max_by(|one, other| nearness(*one).total_cmp(&nearness(*other)));
    best.expect("there is a part")
}

/// Members that are surely the same as another one of their part.
fn parts(
    marked: &[usize],
    similarity: &impl PairwiseSimilarity,
    is_same: &impl Fn(f32) -> bool,
) -> Vec<Vec<usize>> {
    let mut home = (0..marked.len()).collect::<Vec<_>>();
    for one in 0..marked.len() {
        for other in 0..one {
            let (a, b) = (marked[one], marked[other]);
            if is_same(similarity.question_similarity(a, b)) && similarity.agree(a, b) {
                let (from, to) = (home[one], home[other]);
                home.iter_mut().filter(|at| **at == from).for_each(|at| *at = to);
            }
        }
    }
    let mut parts = BTreeMap::<usize, Vec<usize>>::new();
    for (at, home) in home.into_iter().enumerate() {
        parts.entry(home).or_default().push(marked[at]);
    }
    parts.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Questions are the same within each ten, and answers agree where both are even or both odd.
    struct Tens;

    impl PairwiseSimilarity for Tens {
        fn question_similarity(&self, one: usize, other: usize) -> f32 {
            1.0 / (1.0 + (one / 10).abs_diff(other / 10) as f32)
        }

        fn agree(&self, one: usize, other: usize) -> bool {
            one % 2 == other % 2
        }
    }

    #[test]
    fn what_was_split_parts_and_the_rest_goes_with_the_nearest() {
        let questions = (0..40).map(MessageId).collect::<Vec<_>>();
        let apart = |marked: &[u64]| {
            let marked = marked.iter().copied().map(MessageId).collect();
            let groups = vec![vec![0, 2, 1, 12, 14, 23], vec![30, 31]];
            apply_splits(groups, &questions, &marked, &Tens, |alike| alike >= 0.9)
        };
        assert_eq!(apart(&[]).len(), 2);
        let parted = apart(&[0, 1, 2, 12, 14]);
        assert_eq!(parted, [vec![0, 2], vec![1], vec![12, 14, 23], vec![30, 31]]);
        assert_eq!(apart(&[0, 2])[0], [0, 1, 2, 12, 14, 23], "they are surely the same");
        assert_eq!(apart(&[12, 0]), [vec![0, 1, 2], vec![12, 14, 23], vec![30, 31]]);
    }
}
