//! The ranking of a cluster's answers.

pub(crate) mod answer_style;
mod weights;

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

use self::answer_style::AnswerStyle;
use self::weights::WEIGHTS;
use crate::language::page_words::PageWords;
use crate::model::cluster::{Cluster, Occurrence};
use crate::model::reason::WeightedReason;
use crate::resolution::ResolutionGrade;
use crate::similarity::content::content;
use crate::support::{IndependentPeople, Solution, Support, solutions};

/// So many of a cluster's answers, the surest first, are compared with each other.
const MOST_COMPARED: usize = 24;
/// An answer of so many words is a full one.
const FULL: usize = 40;
/// More words that an answer shares with its own question alone do not count.
const MOST_ASIDES: usize = 3;

/// A quotable occurrence and what speaks for its best answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedOccurrence<'c> {
    pub occurrence: &'c Occurrence,
    /// The sum of the reasons' weights: higher is better.
    pub score: f32,
    pub reasons: Vec<WeightedReason>,
    pub solution_rank: SolutionRank,
}

/// How the solution that an answer belongs to stands among those of its cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SolutionRank {
    /// Answers with the same number say the same; 0 has the most support.
    pub solution: usize,
    pub support: Support,
    /// Whether no other solution has more people, or none has more support.
    pub leads: bool,
    /// Whether enough people are behind it to show it beside the leading one.
    pub stands_beside: bool,
    /// Whether the answer adds to its solution what nobody else names.
    pub embellished: bool,
}

impl SolutionRank {
    /// More support first, then what adds nothing of its own.
    fn sort_key(self) -> (Reverse<usize>, bool) {
        (Reverse(self.support.weight()), self.embellished)
    }
}

/// The quotable occurrences of a cluster, the one with the best answer first; of equals the earlier.
///
/// An answer in the language of the question that names the cluster comes before one in another, and one
/// with more independent people behind it before one with fewer. Among equals counts for
/// an answer: how it was resolved and with what confidence, a trusted answerer, similar
/// answers of others, that its question names the cluster, that it is about the same things, its
/// length, and that it says what to do. Counts against it: that it only points elsewhere, doubts, asks
/// back, or is about something that nobody else asked.
pub fn rank_occurrences(cluster: &Cluster) -> Vec<RankedOccurrence<'_>> {
    let mut occurrences = with_solution_ranks(cluster);
    // The sort is stable, so that of equals the earlier stays first.
    occurrences.sort_by(|(a, one), (b, other)| {
        one.sort_key()
            .cmp(&other.sort_key())
            .then(resolution_score(b).total_cmp(&resolution_score(a)))
    });
    let split = occurrences.len().min(MOST_COMPARED);
    let (near, far) = occurrences.split_at(split);
    let said = near.iter().map(|(one, _)| OccurrenceTerms::of(one)).collect::<Vec<_>>();
    let named = RepresentativeTerms::of(cluster);
    let mut ranked = said
        .iter()
        .zip(near)
        .filter(|(one, _)| one.occurrence.quotable)
        .map(|(one, (_, solution_rank))| RankedOccurrence {
            solution_rank: *solution_rank,
            ..one.ranked(&named, &said)
        })
        .collect::<Vec<_>>();
    let asked = PageWords::for_text(&cluster.representative_question().text);
    let is_foreign = |one: &RankedOccurrence<'_>| {
        !std::ptr::eq(PageWords::for_text(&one.occurrence.best_answer().text), asked)
    };
    ranked.sort_by(|a, b| {
        let by_language = is_foreign(a).cmp(&is_foreign(b));
        let by_support =
            by_language.then(a.solution_rank.sort_key().cmp(&b.solution_rank.sort_key()));
        by_support.then(b.score.total_cmp(&a.score)).then_with(|| earlier(a, b))
    });
    ranked.extend(far.iter().filter(|(one, _)| one.quotable).map(|(one, solution_rank)| {
        RankedOccurrence {
            solution_rank: *solution_rank,
            ..RankedOccurrence::from_resolution_only(one)
        }
    }));
    ranked
}

/// Each occurrence with the rank of its solution, in the order of the questions. What is in no
/// solution stands last.
fn with_solution_ranks(cluster: &Cluster) -> Vec<(&Occurrence, SolutionRank)> {
    let occurrences = cluster.occurrences.iter().collect::<Vec<_>>();
    let people = IndependentPeople::of(&cluster.occurrences);
    let solutions = solutions(&occurrences, &people);
    let none = SolutionRank { solution: solutions.len(), ..SolutionRank::default() };
    let mut ranks = vec![none; occurrences.len()];
    for (solution, one) in solutions.iter().enumerate() {
        let Solution { occurrences: members, support, leads, stands_beside, embellished } = one;
        for at in members {
            ranks[*at] = SolutionRank {
                solution,
                support: *support,
                leads: *leads,
                stands_beside: *stands_beside,
                embellished: embellished.contains(at),
            };
        }
    }
    occurrences.into_iter().zip(ranks).collect()
}

/// Whether a question asks why something fails: then its page names the cause.
pub fn asks_why(question: &str) -> bool {
    answer_style::asks_why(question)
}

/// Whether a sentence names a cause.
pub fn names_cause(sentence: &str) -> bool {
    answer_style::names_cause(sentence)
}

/// Whether an answer may stand beside another one: it says something itself, of the thing and not of people, which does
/// not hold for a short time only.
pub fn stands_as_option(answer: &str) -> bool {
    let style = AnswerStyle::of(answer);
    style.passing == 0 && style.hearsay == 0 && !style.points && !style.asks_back
}

/// How much of its content words the shorter of two texts shares with the other, 0 to 1.
pub fn overlap(a: &str, b: &str) -> f32 {
    let (a, b) = (content(a), content(b));
    a.intersection(&b).count() as f32 / a.len().min(b.len()).max(1) as f32
}

/// How much of the content words of one text another has, 0 to 1.
pub fn share_within(text: &str, other: &str) -> f32 {
    share(&content(text), &content(other))
}

/// Whether a question asks for a way, or for help with an error, rather than for a fact.
pub fn asks_how(question: &str) -> bool {
    answer_style::asks_how(question)
}

fn earlier(a: &RankedOccurrence<'_>, b: &RankedOccurrence<'_>) -> Ordering {
    a.occurrence.question.message.cmp(&b.occurrence.question.message)
}

impl<'c> RankedOccurrence<'c> {
    /// The score from the verdict on its conversation alone.
    fn from_resolution_only(occurrence: &'c Occurrence) -> Self {
        let solution_rank = SolutionRank::default();
        let mut ranked = Self { occurrence, score: 0.0, reasons: Vec::new(), solution_rank };
        let (what, weight) = resolution_reason(occurrence.grade);
        ranked.add(what, weight);
        ranked.add("how sure its judgement is", occurrence.confidence);
        ranked.add("given by a trusted person", trust(occurrence));
        ranked
    }

    fn add(&mut self, what: &str, weight: f32) {
        if weight != 0.0 {
            self.score += weight;
            self.reasons.push(WeightedReason::new(what, weight));
        }
    }
}

fn resolution_score(occurrence: &Occurrence) -> f32 {
    resolution_reason(occurrence.grade).1 + occurrence.confidence + trust(occurrence)
}

fn resolution_reason(grade: ResolutionGrade) -> (&'static str, f32) {
    match grade {
        ResolutionGrade::Certain => ("marked as the answer", WEIGHTS.certain),
        ResolutionGrade::Confirmed => ("confirmed by the asker", WEIGHTS.confirmed),
        ResolutionGrade::Thanked => ("the asker says thanks", WEIGHTS.thanked),
        ResolutionGrade::Unconfirmed => ("not confirmed", WEIGHTS.unconfirmed),
    }
}

fn trust(occurrence: &Occurrence) -> f32 {
    if occurrence.best_answer().trusted { WEIGHTS.trust } else { 0.0 }
}

/// The question that names the cluster.
struct RepresentativeTerms {
    words: BTreeSet<String>,
    asks_how: bool,
}

impl RepresentativeTerms {
    fn of(cluster: &Cluster) -> Self {
        let text = &cluster.representative_question().text;
        Self { words: content(text), asks_how: answer_style::asks_how(text) }
    }
}

/// An occurrence with its content words.
struct OccurrenceTerms<'c> {
    occurrence: &'c Occurrence,
    question: BTreeSet<String>,
    answer: BTreeSet<String>,
}

impl<'c> OccurrenceTerms<'c> {
    fn of(occurrence: &'c Occurrence) -> Self {
        let question = content(&occurrence.question.text);
        Self { occurrence, question, answer: content(&occurrence.best_answer().text) }
    }

    fn ranked(
        &self,
        named: &RepresentativeTerms,
        all: &[OccurrenceTerms<'_>],
    ) -> RankedOccurrence<'c> {
        let best = self.occurrence.best_answer();
        let mut ranked = RankedOccurrence::from_resolution_only(self.occurrence);
        ranked.add("others answered likewise", WEIGHTS.agreement * self.agreement(all));
        let words = best.text.split_whitespace().count().min(FULL);
        ranked.add("its substance", WEIGHTS.substance * words as f32 / FULL as f32);
        let nearness = cosine(&self.question, &named.words);
        ranked.add("its question is the one that is asked", WEIGHTS.nearness * nearness);
        let matter = share(&named.words, &self.answer);
        ranked.add("speaks of what is asked", WEIGHTS.matter * (2.0 * matter).min(1.0));
        let asides = self.asides(named, all).min(MOST_ASIDES);
        ranked.add("speaks of what nobody else asked", WEIGHTS.aside * asides as f32);
        for (what, weight) in AnswerStyle::of(&best.text).weights(named.asks_how) {
            ranked.add(what, weight);
        }
        ranked
    }

    /// How much of its words the likest answer of another person shares, 0 to 1.
    fn agreement(&self, all: &[OccurrenceTerms<'_>]) -> f32 {
        let author = self.occurrence.best_answer().author;
        let others = all.iter().filter(|other| other.occurrence.best_answer().author != author);
        others.map(|other| jaccard(&self.answer, &other.answer)).fold(0.0, f32::max)
    }

    /// How many words the answer takes up from its own question that no other question holds.
    fn asides(&self, named: &RepresentativeTerms, all: &[OccurrenceTerms<'_>]) -> usize {
        let taken_up = self.question.intersection(&self.answer);
        let own = taken_up.filter(|word| {
            let elsewhere = all
                .iter()
                .filter(|other| {
                    other.occurrence.question.message != self.occurrence.question.message
                })
                .any(|other| other.question.contains(*word));
            !named.words.contains(*word) && !elsewhere
        });
        own.count()
    }
}

fn jaccard(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f32 {
    let both = a.intersection(b).count();
    both as f32 / (a.len() + b.len() - both).max(1) as f32
}

fn cosine(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f32 {
    let both = a.intersection(b).count() as f32;
    both / ((a.len() * b.len()).max(1) as f32).sqrt()
}

/// How much of the first is in the second, 0 to 1.
fn share(of: &BTreeSet<String>, within: &BTreeSet<String>) -> f32 {
    of.intersection(within).count() as f32 / of.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support;

    /// The best answer to the first of some questions, all of them equally well settled.
    fn check(exchanges: &[(&str, &str)], expected: &str) {
        let cluster = test_support::cluster(exchanges);
        let ranked = rank_occurrences(&cluster);
        assert_eq!(ranked.len(), exchanges.len());
        let best = &ranked[0];
        assert_eq!(best.occurrence.best_answer().text, expected, "{ranked:?}");
        let sum = best.reasons.iter().map(|reason| reason.weight).sum::<f32>();
        assert!((sum - best.score).abs() < 1e-4);
    }

    #[test]
    fn the_answer_that_tells_how_wins() {
        check(
            &[
                ("How do I add a filter to the relay?", "See the file relay.yaml"),
                ("How do I add a filter?", "Add its name to the list of filters and restart"),
            ],
            "Add its name to the list of filters and restart",
        );
        check(
            &[
                ("How do I add filters to a relay?", "Put their names into the filters list"),
                ("How do I add the mint filter?", "src/main.rs already has the mint filter in it"),
            ],
            "Put their names into the filters list",
        );
    }

    #[test]
    fn the_question_that_is_asked_is_answered() {
        check(
            &[
                ("How do I limit the retries?", "Set MAX_RETRIES in the settings"),
                ("How do I slow down retries?", "Set RETRY_DELAY in the settings"),
            ],
            "Set MAX_RETRIES in the settings",
        );
    }

    #[test]
    fn what_others_say_too_wins() {
        check(
            &[
                ("Why is the port closed?", "The firewall of the host blocks it"),
                ("Why is the port closed?", "Restart the relay after every change"),
                ("Why is the port closed?", "You must restart the relay"),
            ],
            "Restart the relay after every change",
        );
    }

    #[test]
    fn the_same_words_are_recognised() {
        let least = "Configure RELAY_TARGET in .env";
        assert!(overlap(least, "Use `RELAY_TARGET` in the .env file") > 0.7);
        assert!(overlap(least, "Restart the relay with another target") < 0.7);
        assert_eq!(overlap("", least), 0.0);
    }

    #[test]
    fn the_language_of_the_question_comes_first() {
        let asked = [
            ("릴레이 포트를 어떻게 바꾸나요?", "Set `relay.port` in the file and restart it."),
            ("릴레이 포트는 어떻게 바꾸나요?", "Change `relay.port` in the file, then restart it."),
            ("릴레이의 포트를 어떻게 바꾸나요?", "파일에서 `relay.port` 값을 바꾸세요."),
        ];
        check(&asked, asked[2].1);
        let asked_in_english = [("How do I change the port of the relay?", asked[2].1), asked[0]];
        check(&asked_in_english, asked[0].1);
    }

    #[test]
    fn what_a_person_confirmed_wins() {
        let mut cluster = test_support::cluster(&[
            ("How do I reset it?", "Run the reset command with the force flag set, then wait"),
            ("How do I reset it?", "Hold the button"),
        ]);
        cluster.occurrences[0].grade = ResolutionGrade::Unconfirmed;
        cluster.occurrences[0].confidence = 0.3;
        cluster.occurrences[1].grade = ResolutionGrade::Certain;
        assert_eq!(rank_occurrences(&cluster)[0].occurrence.best_answer().text, "Hold the button");
        cluster.occurrences[1].quotable = false;
        assert_eq!(rank_occurrences(&cluster).len(), 1);
    }
}
