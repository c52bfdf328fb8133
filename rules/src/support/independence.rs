//! Which people of a cluster count as one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::model::cluster::Occurrence;
use crate::model::ids::UserId;
use crate::time;

/// Who asked and was answered may pass it on as a person of their own after this time. Sooner, asking
/// and answering the same question is a conversation with oneself.
const LEARNED_AFTER: SignedDuration = time::days(1);

/// The people of a cluster, grouped: those who answer each other's questions count once.
///
/// Two people are in one group if one answered the other, and
/// - each answered the other, directly or through people in between (a ring), or
/// - one of the two both asks and answers here, and did not first ask and then, a day later, answer.
///
/// Askers who only ask and helpers who only answer stay apart from everybody, however many they meet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndependentPeople {
    /// The least id of the group of each person who shares one.
    shared: BTreeMap<UserId, UserId>,
}

impl IndependentPeople {
    /// Takes all occurrences of a cluster, in any order.
    pub fn of<'c>(occurrences: impl IntoIterator<Item = &'c Occurrence>) -> Self {
        let answers = AnsweredBy::of(occurrences);
        let mut shared = BTreeMap::new();
        for (answerer, askers) in &answers.askers_of {
            for asker in askers {
                let ring = answers.reaches(*asker, *answerer);
                if ring || answers.talks_to_itself(*answerer) || answers.talks_to_itself(*asker) {
                    unite(&mut shared, *answerer, *asker);
                }
            }
        }
        Self { shared }
    }

    /// How many independent people these are.
    pub fn count(&self, people: &BTreeSet<UserId>) -> usize {
        people.iter().map(|one| self.group(*one)).collect::<BTreeSet<_>>().len()
    }

    /// The person who stands for the group of this one.
    pub fn group(&self, person: UserId) -> UserId {
        self.shared.get(&person).copied().unwrap_or(person)
    }
}

/// Brings the groups of two people together under the least id.
fn unite(shared: &mut BTreeMap<UserId, UserId>, one: UserId, other: UserId) {
    let group = |of: UserId| shared.get(&of).copied().unwrap_or(of);
    let (first, second) = (group(one), group(other));
    let (kept, gone) = (first.min(second), first.max(second));
    for person in [one, other, first, second] {
        shared.entry(person).or_insert(kept);
    }
    shared.values_mut().filter(|group| **group == gone).for_each(|group| *group = kept);
}

/// Who answered whom, and when people first learned and first gave the answer.
#[derive(Default)]
struct AnsweredBy {
    askers_of: BTreeMap<UserId, BTreeSet<UserId>>,
    first_answered: BTreeMap<UserId, Timestamp>,
    first_learned: BTreeMap<UserId, Timestamp>,
}

impl AnsweredBy {
    fn of<'c>(occurrences: impl IntoIterator<Item = &'c Occurrence>) -> Self {
        let mut answers = Self::default();
        for one in occurrences {
            let (asker, best) = (one.question.author, one.best_answer());
            if asker == best.author {
                continue;
            }
            answers.askers_of.entry(best.author).or_default().insert(asker);
            for (first, person) in
                [(&mut answers.first_answered, best.author), (&mut answers.first_learned, asker)]
            {
                let known = first.entry(person).or_insert(best.sent);
                *known = best.sent.min(*known);
            }
        }
        answers
    }

    /// Whether somebody asks and answers, and did not learn it well before.
    fn talks_to_itself(&self, person: UserId) -> bool {
        let (answered, learned) =
            (self.first_answered.get(&person), self.first_learned.get(&person));
        matches!((answered, learned), (Some(answered), Some(learned))
            if answered.duration_since(*learned) < LEARNED_AFTER)
    }

    /// Whether answers lead from one person to another.
    fn reaches(&self, from: UserId, to: UserId) -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut open = vec![from];
        while let Some(person) = open.pop() {
            for asker in self.askers_of.get(&person).into_iter().flatten() {
                if *asker == to {
                    return true;
                }
                if seen.insert(*asker) {
                    open.push(*asker);
                }
            }
        }
        false
    }
}
