//! How many people stand behind an answer.
//!
//! Support is counted per [`Solution`], which is what several answers of a cluster say alike, and in
//! independent people, not in messages. Pure functions of the occurrences: their order does not matter.

mod independence;
mod share;
pub(crate) mod wording;

use std::cmp::Reverse;
use std::collections::BTreeSet;

pub use independence::IndependentPeople;
pub use share::{ShareRules, over_share};
use wording::AnswerWording;

use crate::model::cluster::Occurrence;
use crate::model::ids::UserId;
use crate::resolution::SignalKind;

/// A trusted person counts as two: as many as an answer needs to be shown beside another.
const TRUSTED_PEOPLE: usize = 2;
/// So many occurrences, the earliest first, are grouped by what they say: the comparison is quadratic.
const MOST_GROUPED: usize = 300;
/// An answer with less than this share of the leading one's supporters is not shown beside it.
const LEAST_SHARE_OF_LEADER: f32 = 0.2;

/// The people behind an answer. Those who answer each other count once, newcomers do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Support {
    /// Who gave it.
    pub answerers: usize,
    /// Who asked and confirmed it, or marked it as the answer.
    pub confirmers: usize,
    /// Both together; who is both counts once.
    pub people: usize,
    /// Of all these, those that the community trusts.
    pub trusted: usize,
}

impl Support {
    /// What two answers are compared by.
    pub fn weight(self) -> usize {
        self.people + (TRUSTED_PEOPLE - 1) * self.trusted
    }

    /// Whether it rests on more than one conversation between two people, or on a trusted person.
    pub fn is_independent(self) -> bool {
        self.trusted > 0 || self.answerers.max(self.confirmers) >= 2
    }

    fn stands_beside(self, leader: Self) -> bool {
        self.is_independent()
            && self.weight() as f32 >= LEAST_SHARE_OF_LEADER * leader.weight() as f32
    }
}

/// Answers that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Indices into the occurrences that were grouped, ascending.
    pub occurrences: Vec<usize>,
    pub support: Support,
    /// Whether no other solution has more people, or none has more support: it may open a page.
    pub leads: bool,
    /// Whether it may be shown beside the leading one: it has two independent supporters or a trusted
    /// one, and they are not too few beside the leader's.
    pub stands_beside: bool,
    /// Those of the occurrences whose answer names something that most of the solution's people do
    /// not name and nobody else confirms: it must not speak for the others.
    pub embellished: BTreeSet<usize>,
}

/// Groups occurrences, in the order of their questions, by what their best answers say; the solution
/// with the most support first, of equals the earliest. Occurrences beyond the first 300 are in none.
pub fn solutions(occurrences: &[&Occurrence], people: &IndependentPeople) -> Vec<Solution> {
    let grouped = &occurrences[..occurrences.len().min(MOST_GROUPED)];
    let wordings = grouped.iter().map(|one| AnswerWording::of(&one.best_answer().text));
    let wordings = wordings.collect::<Vec<_>>();
    let mut solutions = group(&wordings)
        .into_iter()
        .map(|members| {
            let of = members.iter().map(|at| grouped[*at]).collect::<Vec<_>>();
            Solution {
                support: support(&of, people),
                leads: false,
                stands_beside: false,
                embellished: embellished(&members, grouped, &wordings, people),
                occurrences: members,
            }
        })
        .collect::<Vec<_>>();
    solutions.sort_by_key(|one| (Reverse(one.support.weight()), one.occurrences[0]));
    let leader = solutions.first().map(|one| one.support).unwrap_or_default();
    let most = solutions.iter().map(|one| one.support.people).max().unwrap_or_default();
    for one in &mut solutions {
        let Support { people, .. } = one.support;
        one.leads = people == most || one.support.weight() == leader.weight();
        one.stands_beside = one.support.stands_beside(leader);
    }
    solutions
}

/// From this share of common words on, counted in the shorter one, one person's answer seconds another
/// person's. Of 90 good pages 66 had such an answer beside the quoted one, and of those with one .81 were good.
pub(crate) const ANSWERS_SHARE: f32 = 0.2;

/// Whether somebody independent gave an answer that shares its words with one of the solution's answers:
/// both speak of the same, though not always to the letter. Newcomers do not count.
pub fn is_seconded(
    solution: &Solution,
    occurrences: &[&Occurrence],
    people: &IndependentPeople,
) -> bool {
    let wording = |one: &Occurrence| AnswerWording::of(&one.best_answer().text);
    let group = |one: &Occurrence| answerer(one).map(|by| people.group(by));
    let all = occurrences.iter().map(|one| (group(one), wording(one))).collect::<Vec<_>>();
    solution.occurrences.iter().map(|at| &all[*at]).any(|(by, own)| {
        all.iter().any(|(other, words)| {
            by.is_some() && other.is_some() && by != other && own.overlap(words) >= ANSWERS_SHARE
        })
    })
}

/// The people behind the answers of some occurrences.
pub fn support(occurrences: &[&Occurrence], people: &IndependentPeople) -> Support {
    let counted = occurrences.iter();
    let answerers = counted.clone().filter_map(|one| answerer(one)).collect::<BTreeSet<_>>();
    let confirmers = counted.clone().flat_map(|one| confirmers(one)).collect::<BTreeSet<_>>();
    let trusted = counted.flat_map(|one| trusted(one)).collect::<BTreeSet<_>>();
    Support {
        answerers: people.count(&answerers),
        confirmers: people.count(&confirmers),
        people: people.count(&answerers.union(&confirmers).copied().collect()),
        trusted: people.count(&trusted),
    }
}

/// Who gave the best answer, unless the account was too young.
pub(crate) fn answerer(one: &Occurrence) -> Option<UserId> {
    Some(one.best_answer().author).filter(|author| !one.newcomers.contains(author))
}

/// Who confirmed the best answer, without newcomers. The answer's own author confirms nothing.
fn confirmers(one: &Occurrence) -> impl Iterator<Item = UserId> {
    let answerer = one.best_answer().author;
    let signals = one.signals.iter().filter(|signal| signal.kind != SignalKind::TrustedAnswer);
    let by = signals.map(|signal| signal.by);
    by.filter(move |by| *by != answerer && !one.newcomers.contains(by))
}

/// The trusted person who gave the best answer, if one did.
fn trusted(one: &Occurrence) -> Option<UserId> {
    let best = one.best_answer();
    let is_trusted = |kind| kind == SignalKind::TrustedAnswer;
    let trusted = best.trusted || one.signals.iter().any(|signal| is_trusted(signal.kind));
    trusted.then_some(best.author)
}

/// Whether a trusted person gave the best answer.
pub fn is_trusted(one: &Occurrence) -> bool {
    trusted(one).is_some()
}

/// Joins each answer to the group that it resembles most, if it says the same as half of its members.
fn group(wordings: &[AnswerWording]) -> Vec<Vec<usize>> {
    let mut groups = Vec::<Vec<usize>>::new();
    for (at, wording) in wordings.iter().enumerate() {
        let fit = |members: &Vec<usize>| {
            let same = members.iter().filter(|other| wording.says_same(&wordings[**other])).count();
            let alike =
                members.iter().map(|other| wording.likeness(&wordings[*other])).sum::<f32>();
            (2 * same >= members.len() && same > 0).then_some(alike / members.len() as f32)
        };
        let fits =
            groups.iter().enumerate().filter_map(|(group, members)| Some((group, fit(members)?)));
        let best = fits.max_by(|(one, a), (other, b)| a.total_cmp(b).then(other.cmp(one)));
        match best {
            Some((group, _)) => groups[group].push(at),
            None => groups.push(vec![at]),
        }
    }
    groups
}

/// The members that name what only they name, where answers without such additions have most of the
/// solution's people behind them.
fn embellished(
    members: &[usize],
    occurrences: &[&Occurrence],
    wordings: &[AnswerWording],
    people: &IndependentPeople,
) -> BTreeSet<usize> {
    let behind = |with: &dyn Fn(usize) -> bool| {
        let of = members.iter().filter(|at| with(**at)).map(|at| occurrences[*at]);
        support(&of.collect::<Vec<_>>(), people).weight()
    };
    let added = members.iter().copied().filter(|at| {
        wordings[*at].specifics().any(|name| {
            let naming = |other: usize| wordings[other].names(name);
            let named_by = members.iter().filter(|other| naming(**other)).count();
            named_by < members.len() && 2 * behind(&naming) < behind(&|_| true)
        })
    });
    let added = added.collect::<BTreeSet<_>>();
    let plain = behind(&|at| !added.contains(&at));
    if 2 * plain > behind(&|_| true) { added } else { BTreeSet::new() }
}

#[cfg(test)]
mod tests;
