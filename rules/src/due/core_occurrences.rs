//! The occurrences of a cluster that a page would stand on.

use crate::model::cluster::Cluster;
use crate::publish::title::title_score;
use crate::repeated_question::without_repeats;
use crate::support::ANSWERS_SHARE;
use crate::support::wording::AnswerWording;

/// A larger cluster is judged by its earliest occurrences: the comparison is quadratic.
const MOST_COMPARED: usize = 300;

/// How much a well-put question counts beside closeness to the others.
const READING: f32 = 0.2;
/// Two questions that share less of their words are the same only if their answers share something.
const QUESTIONS_SHARE: f32 = 0.3;

/// How the occurrences of a cluster stand to each other, by their indices.
pub trait PairwiseSimilarity {
    /// How surely two questions are the same, 0 to 1.
    fn question_similarity(&self, one: usize, other: usize) -> f32;
    /// Whether two answers say the same.
    fn agree(&self, one: usize, other: usize) -> bool;
}

/// The question that the most others are surely the same as, with these others but for those that ask
/// something else after all; of several such, the one that is nearest to them and reads best. `is_same` tells
/// whether a likeness is sure.
pub(super) fn core_occurrences(
    cluster: &Cluster,
    similarity: &impl PairwiseSimilarity,
    is_same: impl Fn(f32) -> bool,
) -> (usize, Vec<usize>) {
    let occurrences = &cluster.occurrences[..cluster.occurrences.len().min(MOST_COMPARED)];
    let compared = without_repeats(occurrences, |one, other| {
        is_same(similarity.question_similarity(one, other))
    });
    let around = compared.iter().map(|&candidate| {
        let others = compared.iter().copied().filter(|other| *other != candidate);
        let near = others.map(|other| (other, similarity.question_similarity(candidate, other)));
        let near = near.filter(|(_, alike)| is_same(*alike)).collect::<Vec<_>>();
        let closeness = near.iter().map(|(_, alike)| alike).sum::<f32>() / near.len().max(1) as f32;
        let reads = title_score(&cluster.occurrences[candidate].question.text);
        let mut members = near.into_iter().map(|(other, _)| other).collect::<Vec<_>>();
        members.push(candidate);
        members.sort_unstable();
        (closeness + READING * reads, candidate, members)
    });
    let best = around.max_by(
        |(worth, candidate, members), (other_worth, other_candidate, other_members)| {
            let size = members.len().cmp(&other_members.len());
            size.then(worth.total_cmp(other_worth)).then(other_candidate.cmp(candidate))
        },
    );
    best.map(|(_, candidate, members)| (candidate, asking_the_same(cluster, candidate, members)))
        .unwrap_or_default()
}

/// Those that ask what the representative asks. "Add somebody to a group" and "answer in a group" look alike: where
/// neither the questions share many words nor the answers any, they are two questions.
fn asking_the_same(cluster: &Cluster, representative: usize, members: Vec<usize>) -> Vec<usize> {
    let wording = |at: &usize| {
        let one = &cluster.occurrences[*at];
        (AnswerWording::of(&one.question.text), AnswerWording::of(&one.best_answer().text))
    };
    let said = members.iter().map(|at| (*at, wording(at))).collect::<Vec<_>>();
    let (asked, _) = wording(&representative);
    let is_same = |(at, (question, answer)): &&(usize, (AnswerWording, AnswerWording))| {
        *at == representative
            || question.overlap(&asked) >= QUESTIONS_SHARE
            || said.iter().any(|(other, (_, other_answer))| {
                other != at && answer.overlap(other_answer) >= ANSWERS_SHARE
            })
    };
    said.iter().filter(is_same).map(|(at, _)| *at).collect()
}
