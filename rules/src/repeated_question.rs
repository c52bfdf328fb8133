//! What one person asks again and again counts once.

use jiff::SignedDuration;

use crate::model::cluster::Occurrence;
use crate::time;

/// The same question of one person in several channels, or asked anew after it fell flat, within so
/// long is one attempt; later it comes back.
const ONE_ATTEMPT: SignedDuration = time::days(1);

/// The indices of the occurrences that stand for what their askers asked, ascending: of the same
/// question of one person only the last, since who comes back with it was not helped before; within a
/// day the one that was settled best.
///
/// `occurrences` are in the order of their questions; `same` tells whether two of them, by index, ask
/// the same.
pub(crate) fn without_repeats(
    occurrences: &[Occurrence],
    same: impl Fn(usize, usize) -> bool,
) -> Vec<usize> {
    let mut kept = Vec::<usize>::new();
    for at in (0..occurrences.len()).rev() {
        let one = &occurrences[at];
        let later = kept.iter_mut().find(|later| {
            occurrences[**later].question.author == one.question.author && same(at, **later)
        });
        match later {
            Some(later) if replaces(one, &occurrences[*later]) => *later = at,
            Some(_) => {}
            None => kept.push(at),
        }
    }
    kept.sort_unstable();
    kept
}

/// Whether an earlier occurrence stands in place of a later one of the same question and person.
fn replaces(one: &Occurrence, later: &Occurrence) -> bool {
    let apart = later.question.sent.duration_since(one.question.sent);
    let better = one.grade.cmp(&later.grade).then(later.confidence.total_cmp(&one.confidence));
    apart <= ONE_ATTEMPT && better.is_lt()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::ids::UserId;
    use crate::resolution::ResolutionGrade::{self, Confirmed, Thanked, Unconfirmed};
    use crate::test_support::cluster;

    /// Occurrences of one question: asker, hour, grade.
    fn asked(askings: &[(u64, i64, ResolutionGrade)]) -> Vec<Occurrence> {
        let texts = vec![("How do I open the port?", "Set relay.port and restart"); askings.len()];
        let mut occurrences = cluster(&texts).occurrences;
        for (one, (asker, hour, grade)) in occurrences.iter_mut().zip(askings) {
            one.question.author = UserId(*asker);
            one.question.sent = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(*hour);
            one.grade = *grade;
        }
        occurrences
    }

    #[test]
    fn one_person_counts_once_for_one_question() {
        for (askings, expected) in [
            (&[(1, 0, Confirmed), (2, 1, Confirmed)][..], &[0, 1][..]),
            // Two channels on one day: the answer that helped stands.
            (&[(1, 0, Confirmed), (1, 2, Unconfirmed), (2, 3, Thanked)], &[0, 2]),
            (&[(1, 0, Thanked), (1, 2, Confirmed)], &[1]),
            // Back a week later: what was said to help before did not.
            (&[(1, 0, Confirmed), (2, 1, Confirmed), (1, 170, Unconfirmed)], &[1, 2]),
            (&[(1, 0, Confirmed), (1, 30, Thanked), (1, 60, Unconfirmed)], &[2]),
        ] {
            assert_eq!(without_repeats(&asked(askings), |_, _| true), expected, "{askings:?}");
        }
    }

    #[test]
    fn another_question_of_the_same_person_counts_on_its_own() {
        let occurrences = asked(&[(1, 0, Confirmed), (1, 1, Confirmed)]);
        assert_eq!(without_repeats(&occurrences, |_, _| false), [0, 1]);
    }
}
