//! Whether a question has a known answer, and how sure that is.
//!
//! The threshold comes from the known questions themselves: each is hidden in turn and asked again, once with
//! its cluster present (it should be found) and once without (silence is right). So every community gets its
//! own, and none is carried over from another.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rules::model::ids::ClusterId;

use super::spelling;
use crate::search::tokenize;
use crate::search::tokenize::{IndexToken, TokenKind};

/// How often, of ten questions that people ask, three have no known answer: what a wrong suggestion costs is
/// weighed against a missed one in this proportion.
const UNKNOWN_SHARE: f32 = 0.3;
/// Below this many questions with a second wording, the threshold is not learned.
const FEWEST_TRIALS: usize = 20;
/// The threshold where too little is known to learn one: a cosine that unrelated questions rarely reach.
const UNLEARNED: f32 = 0.6;
/// Questions that are hidden in turn, at most, evenly chosen.
const MOST_TRIALS: usize = 2_000;
/// Clusters with many wordings get many votes; their number to this power is taken off.
const CROWD: f32 = 0.1;

/// A known answer that fits a question.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggestedAnswer {
    pub cluster: ClusterId,
    /// 0 to 1; 0.5 is the least that is suggested.
    pub confidence: f32,
}

/// The questions that have a known answer, with a threshold of their own.
pub struct SuggestionModel {
    clusters: Vec<ClusterId>,
    /// How many questions each cluster has.
    sizes: Vec<usize>,
    /// The cluster of each question.
    owners: Vec<usize>,
    /// The questions that hold a term, and its weight in each.
    postings: BTreeMap<String, Vec<(usize, f32)>>,
    threshold: f32,
}

impl SuggestionModel {
    /// Learns from every wording of every known question. The order does not matter.
    pub fn train<'a>(questions: impl IntoIterator<Item = (&'a ClusterId, &'a str)>) -> Self {
        let mut questions = questions.into_iter().collect::<Vec<_>>();
        questions.sort_unstable();
        questions.dedup();
        let mut known = Self {
            clusters: Vec::new(),
            sizes: Vec::new(),
            owners: Vec::new(),
            postings: BTreeMap::new(),
            threshold: UNLEARNED,
        };
        let mut counted = Vec::with_capacity(questions.len());
        for (cluster, text) in &questions {
            if known.clusters.last() != Some(cluster) {
                known.clusters.push((*cluster).clone());
                known.sizes.push(0);
            }
            *known.sizes.last_mut().expect("a size for each cluster") += 1;
            known.owners.push(known.clusters.len() - 1);
            counted.push(term_counts(text));
        }
        for (question, counts) in counted.iter().enumerate() {
            for (term, count) in counts {
                known.postings.entry(term.clone()).or_default().push((question, *count));
            }
        }
        let vectors = counted.iter().map(|counts| known.unit_vector(counts)).collect::<Vec<_>>();
        for (question, vector) in vectors.iter().enumerate() {
            for (term, weight) in vector {
                let postings = known.postings.get_mut(term).expect("a term that was counted");
                let at = postings
                    .binary_search_by_key(&question, |(other, _)| *other)
                    .expect("a question that was counted");
                postings[at].1 = *weight;
            }
        }
        known.threshold = known.learned_threshold(&vectors).unwrap_or(UNLEARNED);
        known
    }

    /// The known answer that a question asks for; `None` if none is near enough.
    pub fn suggested_answer(&self, question: &str) -> Option<SuggestedAnswer> {
        let vector = self.unit_vector(&self.known_terms(question));
        let (cluster, score) = best(&self.votes(&self.similarities(&vector), None))?;
        (score >= self.threshold).then(|| SuggestedAnswer {
            cluster: self.clusters[cluster].clone(),
            confidence: score / (score + self.threshold),
        })
    }

    /// The terms of a question. A word that no known question has is taken for the nearest one that some has:
    /// people who ask in a hurry mistype the very words that tell what they ask.
    fn known_terms(&self, question: &str) -> BTreeMap<String, f32> {
        let mut counts = BTreeMap::new();
        for (term, count) in term_counts(question) {
            let meant = self.near_spelling(&term).cloned().unwrap_or(term);
            *counts.entry(meant).or_default() += count;
        }
        counts
    }

    /// The known word that an unknown one is a misspelling of: the nearest, then the most frequent. It begins
    /// with the same letter and is one edit away, or two if the word is long.
    fn near_spelling(&self, word: &str) -> Option<&String> {
        if self.postings.contains_key(word) || !spelling::is_plain_word(word) {
            return None;
        }
        let most = if word.len() < spelling::SHORTEST[1] { 1 } else { 2 };
        let initial = &word[..1];
        let alike = self.postings.range(initial.to_owned()..);
        let alike = alike.take_while(|(known, _)| known.starts_with(initial));
        let plain = alike.filter(|(known, _)| {
            spelling::is_plain_word(known) && !tokenize::is_function_word(known)
        });
        let near = plain
            .map(|(known, held)| (strsim::osa_distance(word, known), Reverse(held.len()), known));
        near.filter(|(edits, ..)| *edits <= most).min().map(|(.., known)| known)
    }

    /// Weights by frequency and rarity, of length 1. A term that no question has is as rare as can be: it
    /// makes everything else less certain.
    fn unit_vector(&self, counts: &BTreeMap<String, f32>) -> BTreeMap<String, f32> {
        let all = self.owners.len() as f32;
        let weigh = |(term, count): (&String, &f32)| {
            let frequency = self.postings.get(term).map_or(0, Vec::len) as f32;
            let repeated = if *count < 1.0 { *count } else { 1.0 + count.ln() };
            (term.clone(), repeated * (1.0 + (all - frequency + 0.5) / (frequency + 0.5)).ln())
        };
        let mut vector = counts.iter().map(weigh).collect::<BTreeMap<_, _>>();
        let length = vector.values().map(|weight| weight * weight).sum::<f32>().sqrt();
        if length > 0.0 {
            vector.values_mut().for_each(|weight| *weight /= length);
        }
        vector
    }

    /// The cosine with each question.
    fn similarities(&self, vector: &BTreeMap<String, f32>) -> Vec<f32> {
        let mut similarities = vec![0.0; self.owners.len()];
        for (term, weight) in vector {
            for (question, other) in self.postings.get(term).into_iter().flatten() {
                similarities[*question] += weight * other;
            }
        }
        similarities
    }

    /// Each cluster's vote: the root of the sum of squares of its questions' similarities, so that one near
    /// question counts more than many far ones.
    fn votes(&self, similarities: &[f32], hidden: Option<usize>) -> Vec<f32> {
        let mut votes = vec![0.0; self.clusters.len()];
        for (question, similarity) in similarities.iter().enumerate() {
            if hidden != Some(question) {
                votes[self.owners[question]] += similarity * similarity;
            }
        }
        for (cluster, vote) in votes.iter_mut().enumerate() {
            let is_short = hidden.is_some_and(|question| self.owners[question] == cluster);
            let size = self.sizes[cluster] - usize::from(is_short);
            *vote = vote.sqrt() / (size.max(1) as f32).powf(CROWD);
        }
        votes
    }

    /// The threshold under which the trials go best.
    fn learned_threshold(&self, vectors: &[BTreeMap<String, f32>]) -> Option<f32> {
        let step = vectors.len().div_ceil(MOST_TRIALS).max(1);
        let mut right = Vec::new();
        let mut repeated = 0;
        let mut strangers = Vec::new();
        for (question, vector) in vectors.iter().enumerate().step_by(step) {
            let owner = self.owners[question];
            let mut votes = self.votes(&self.similarities(vector), Some(question));
            if self.sizes[owner] > 1 {
                repeated += 1;
                right.extend(
                    best(&votes).filter(|(cluster, _)| *cluster == owner).map(|(_, score)| score),
                );
            }
            votes[owner] = 0.0;
            strangers.push(best(&votes).map_or(0.0, |(_, score)| score));
        }
        (repeated >= FEWEST_TRIALS).then(|| best_threshold(right, repeated, strangers))
    }
}

/// The score from which on to answer, such that the weighed shares of right answers and of right silences are
/// greatest together; the lowest of several.
fn best_threshold(mut right: Vec<f32>, repeated: usize, mut strangers: Vec<f32>) -> f32 {
    right.sort_unstable_by(f32::total_cmp);
    strangers.sort_unstable_by(f32::total_cmp);
    let gain = |threshold: f32| {
        let answered = right.len() - right.partition_point(|score| *score < threshold);
        let silent = strangers.partition_point(|score| *score < threshold);
        (1.0 - UNKNOWN_SHARE) * answered as f32 / repeated as f32
            + UNKNOWN_SHARE * silent as f32 / strangers.len().max(1) as f32
    };
    let mut chosen = (f32::NEG_INFINITY, UNLEARNED);
    for threshold in &right {
        let gain = gain(*threshold);
        if gain > chosen.0 {
            chosen = (gain, *threshold);
        }
    }
    chosen.1
}

/// The first of the greatest, if any is above zero.
fn best(votes: &[f32]) -> Option<(usize, f32)> {
    let greater = |best: Option<(usize, f32)>, (cluster, vote): (usize, &f32)| match best {
        Some((_, least)) if *vote <= least => best,
        _ if *vote > 0.0 => Some((cluster, *vote)),
        _ => best,
    };
    votes.iter().enumerate().fold(None, greater)
}

fn term_counts(text: &str) -> BTreeMap<String, f32> {
    let mut counts = BTreeMap::new();
    for piece in tokenize::pieces(text) {
        *counts.entry(piece.text.clone()).or_default() += weight(&piece);
    }
    counts
}

fn weight(piece: &IndexToken) -> f32 {
    match piece.kind {
        _ if tokenize::is_function_word(&piece.text) => 0.1,
        TokenKind::Part | TokenKind::Hump | TokenKind::Segment => 0.5,
        TokenKind::Word | TokenKind::Gram | TokenKind::Whole => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use rules::model::ids::MessageId;

    use super::*;

    fn id(number: u64) -> ClusterId {
        ClusterId::of_question(MessageId(number))
    }

    /// Ten subjects, each asked in three ways.
    fn known() -> SuggestionModel {
        let subjects = [
            "wallet", "docker", "webhook", "memory", "avatar", "voice", "invoice", "timeout",
            "backup", "proxy",
        ];
        let ways = [
            "How do I set up the {}?",
            "{} setup is not clear to me",
            "where is the {} configured",
        ];
        let asked = subjects.iter().enumerate().flat_map(|(number, subject)| {
            ways.map(|way| (id(number as u64 + 1), way.replace("{}", subject)))
        });
        let asked = asked.collect::<Vec<_>>();
        SuggestionModel::train(asked.iter().map(|(cluster, text)| (cluster, text.as_str())))
    }

    #[test]
    fn a_question_asked_before_is_known_and_another_is_not() {
        let known = known();
        let found = known.suggested_answer("setting up a webhook, how?").unwrap();
        assert_eq!(found.cluster, id(3));
        assert!((0.5..=1.0).contains(&found.confidence));
        assert_eq!(known.suggested_answer("Which city has the best pizza?"), None);
        assert_eq!(known.suggested_answer(""), None);
    }

    #[test]
    fn a_mistyped_word_is_taken_for_the_known_one() {
        let known = known();
        for (typed, subject) in [("how to set up the wbehook", 3), ("setup of the invioce", 7)] {
            assert_eq!(known.suggested_answer(typed).map(|found| found.cluster), Some(id(subject)));
        }
        assert_eq!(known.suggested_answer("where is the packer"), None, "not docker, nor backup");
    }

    #[test]
    fn nothing_known_suggests_nothing() {
        assert_eq!(SuggestionModel::train([]).suggested_answer("anything"), None);
    }

    #[test]
    fn one_wording_each_falls_back_to_a_cautious_threshold() {
        let (one, other) = (id(1), id(2));
        let known = SuggestionModel::train([
            (&one, "How to export a wallet?"),
            (&other, "Where are the logs?"),
        ]);
        assert_eq!(known.suggested_answer("how can I export my wallet").unwrap().cluster, one);
        assert_eq!(known.suggested_answer("wallet colours on the new phone"), None);
    }
}
