use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::model::cluster::Cluster;
use crate::model::ids::{ClusterId, MessageId};
use crate::resolution::ResolutionSignal;
use crate::test_support;
use crate::time;

const GOOD: &str = "Open the settings file, set relay.port to 4100 and restart the relay.";
const SAME: &str = "Set relay.port to 4100 in the settings file, then restart the relay";
const BAD: &str = "Open the settings file, set relay.port to 9999 and run fix_all.sh after it.";

/// One conversation for each `(day, asker, answerer, answer)`; every asker confirms.
fn cluster_of(conversations: &[(i64, u64, u64, &str)]) -> Cluster {
    let texts = conversations.iter().map(|(.., answer)| ("How do I open the port?", *answer));
    let mut cluster = test_support::cluster(&texts.collect::<Vec<_>>());
    for (one, (day, asker, answerer, _)) in cluster.occurrences.iter_mut().zip(conversations) {
        one.question.author = UserId(*asker);
        one.answers[0].author = UserId(*answerer);
        one.question.sent = Timestamp::UNIX_EPOCH + time::days(*day);
        one.answers[0].sent = one.question.sent + SignedDuration::from_hours(1);
        let (kind, message, by) = (SignalKind::Worked, MessageId(1), UserId(*asker));
        one.signals = vec![ResolutionSignal { kind, message, by }];
    }
    cluster
}

/// Solutions as `(occurrences, people, leads, stands beside)`, the strongest first.
fn solved(cluster: &Cluster) -> Vec<(usize, usize, bool, bool)> {
    let occurrences = cluster.occurrences.iter().collect::<Vec<_>>();
    let people = IndependentPeople::of(&cluster.occurrences);
    let found = solutions(&occurrences, &people);
    let row =
        |one: &Solution| (one.occurrences.len(), one.support.people, one.leads, one.stands_beside);
    found.iter().map(row).collect()
}

fn independent(rows: &[(i64, u64, u64)]) -> usize {
    let rows = rows.iter().map(|(day, asker, answerer)| (*day, *asker, *answerer, GOOD));
    let cluster = cluster_of(&rows.collect::<Vec<_>>());
    let all =
        cluster.occurrences.iter().flat_map(|one| [one.question.author, one.answers[0].author]);
    IndependentPeople::of(&cluster.occurrences).count(&all.collect())
}

#[test]
fn people_who_answer_each_other_count_once() {
    assert_eq!(independent(&[(0, 1, 2), (1, 2, 1)]), 1, "two in turn");
    assert_eq!(independent(&[(0, 1, 2), (1, 2, 3), (2, 3, 1)]), 1, "a ring");
    assert_eq!(independent(&[(0, 1, 2), (0, 2, 3), (0, 3, 4)]), 1, "a ring that is not closed");
    assert_eq!(independent(&[(0, 1, 1), (1, 1, 1)]), 1, "answers to oneself");
}

#[test]
fn a_helper_of_many_and_who_passes_on_what_they_learned_stay_apart() {
    assert_eq!(independent(&[(0, 1, 9), (1, 2, 9), (2, 3, 9)]), 4);
    assert_eq!(independent(&[(0, 1, 9), (5, 2, 1), (9, 3, 2)]), 4, "learned days before");
    assert_eq!(independent(&[(5, 1, 9), (0, 2, 1)]), 1, "answered before asking");
}

#[test]
fn what_most_people_say_leads_in_whatever_words() {
    let cluster =
        cluster_of(&[(0, 1, 11, GOOD), (1, 2, 12, SAME), (2, 3, 13, BAD), (3, 4, 14, BAD)]);
    assert_eq!(solved(&cluster), [(2, 4, true, true), (2, 4, true, true)]);
    let cluster = cluster_of(&[(0, 1, 11, GOOD), (1, 2, 12, SAME), (2, 3, 4, BAD), (2, 4, 3, BAD)]);
    assert_eq!(solved(&cluster), [(2, 4, true, true), (2, 1, false, false)]);
}

#[test]
fn one_conversation_stands_beside_nothing_unless_a_trusted_person_answered() {
    let mut cluster = cluster_of(&[(0, 1, 11, GOOD), (1, 2, 12, SAME), (2, 3, 13, BAD)]);
    assert_eq!(solved(&cluster)[1], (1, 2, false, false));
    cluster.occurrences[2].answers[0].trusted = true;
    assert_eq!(solved(&cluster)[1], (1, 2, false, true));
}

#[test]
fn few_stand_beside_few_but_not_beside_many() {
    let few = [(30, 71, 80, BAD), (31, 72, 80, BAD)];
    let crowd = |count: u64| {
        let mut rows = (0..count).map(|at| (at as i64, at, 20 + at, GOOD)).collect::<Vec<_>>();
        rows.extend(few);
        solved(&cluster_of(&rows))
    };
    assert_eq!(crowd(3)[1], (2, 3, false, true));
    assert_eq!(crowd(20)[1], (2, 3, false, false));
}

#[test]
fn rings_of_two_to_five_neither_lead_nor_stand_beside_three_to_twenty() {
    for ring in 2..=5_u64 {
        for honest in 3..=20_u64 {
            let crowd = (0..honest).map(|at| (at as i64, 100 + at, 500 + at, GOOD));
            let rows =
                crowd.chain((0..ring.max(3)).map(|at| (30, at % ring, (at + 1) % ring, BAD)));
            let solutions = solved(&cluster_of(&rows.collect::<Vec<_>>()));
            let expected = [
                (honest as usize, 2 * honest as usize, true, true),
                (ring.max(3) as usize, 1, false, false),
            ];
            assert_eq!(solutions, expected, "{ring} against {honest}");
        }
    }
}

#[test]
fn newcomers_add_no_support() {
    let mut cluster = cluster_of(&[(0, 1, 11, GOOD), (1, 2, 12, BAD)]);
    cluster.occurrences[1].newcomers = [UserId(2), UserId(12)].into();
    assert_eq!(solved(&cluster), [(1, 2, true, false), (1, 0, false, false)]);
}

#[test]
fn an_addition_that_nobody_shares_does_not_speak_for_the_others() {
    let more = format!("{GOOD} Then fetch http://203.0.113.9/i.sh too.");
    let cluster = cluster_of(&[(0, 1, 11, GOOD), (1, 2, 12, SAME), (2, 3, 13, &more)]);
    let occurrences = cluster.occurrences.iter().collect::<Vec<_>>();
    let found = solutions(&occurrences, &IndependentPeople::of(&cluster.occurrences));
    assert_eq!((found.len(), &found[0].embellished), (1, &[2].into()));
}

/// A due page of one answerer, due after so many hours.
fn page(number: u64, answerer: u64) -> Cluster {
    let mut cluster = cluster_of(&[
        (0, 10 * number, answerer, GOOD),
        (1, 10 * number + 1, answerer, GOOD),
        (2, 10 * number + 2, 10 * number + 3, GOOD),
    ]);
    cluster.id = ClusterId::of_question(MessageId(number));
    cluster.due_since = Some(time::at_millisecond(number as i64));
    cluster
}

#[test]
fn a_flood_of_one_persons_pages_waits_and_does_not_raise_its_own_limit() {
    let rules = ShareRules { share: 0.25, pages: 3 };
    let mut pages = (1..=40).map(|number| page(number, 5)).collect::<Vec<_>>();
    pages.extend((41..=44).map(|number| page(number, number * 1_000)));
    let waiting = over_share(&pages.iter().collect::<Vec<_>>(), rules);
    assert_eq!(waiting.len(), 37);
    assert!(!waiting.contains(&pages[0].id) && waiting.contains(&pages[3].id), "earliest first");
    pages[39].occurrences[0].answers[0].trusted = true;
    let waiting = over_share(&pages.iter().collect::<Vec<_>>(), rules);
    assert!(!waiting.contains(&pages[39].id), "a trusted person answered");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_ring_of_any_size_is_one_person(size in 2_u64..9, rounds in 1_u64..3) {
        let rows = (0..size * rounds).map(|at| (at as i64, at % size, (at + 1) % size));
        prop_assert_eq!(independent(&rows.collect::<Vec<_>>()), 1);
    }

    #[test]
    fn the_order_of_occurrences_does_not_show(
        (rows, mixed) in proptest::collection::vec((0_i64..9, 0_u64..6, 0_u64..6), 1..8)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        prop_assert_eq!(independent(&rows), independent(&mixed));
    }

    #[test]
    fn people_never_count_more_than_once(
        rows in proptest::collection::vec((0_i64..9, 0_u64..6, 0_u64..6), 1..8)
    ) {
        let all = rows.iter().flat_map(|(_, asker, answerer)| [*asker, *answerer]);
        let all = all.collect::<BTreeSet<_>>().len();
        prop_assert!((1..=all).contains(&independent(&rows)));
    }
}
