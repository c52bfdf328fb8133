use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::config::ruleset::Ruleset;
use crate::model::ids::UserId;
use crate::test_support;

/// Everybody asks the same.
struct Same;

impl PairwiseSimilarity for Same {
    fn question_similarity(&self, _: usize, _: usize) -> f32 {
        1.0
    }

    fn agree(&self, _: usize, _: usize) -> bool {
        true
    }
}

/// Three people are answered by three others, so many hours after one another.
fn three(hours: i64) -> Cluster {
    let exchanges = [("How do I open the port?", "Set relay.port to 4100 and restart"); 3];
    let mut cluster = test_support::cluster(&exchanges);
    for (at, one) in (0_i64..).zip(&mut cluster.occurrences) {
        one.question.sent = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(at * hours);
        one.answers[0].sent = one.question.sent + SignedDuration::from_millis(1);
    }
    cluster
}

fn verdict(cluster: &Cluster) -> DueVerdict {
    due(cluster, &Ruleset::embedded().pages, &Same, Timestamp::UNIX_EPOCH)
}

#[test]
fn a_page_needs_a_day_unless_a_trusted_person_answered() {
    assert!(verdict(&three(12)).due);
    let mut fast = three(11);
    let refused = verdict(&fast);
    assert!(!refused.due);
    let why = refused.reasons.iter().filter(|reason| reason.weight < 0.0);
    let why = why.map(|reason| reason.fact.to_string()).collect::<Vec<_>>();
    assert_eq!(why, ["asked over 22 hours of at least 24"]);
    fast.occurrences[1].answers[0].trusted = true;
    assert!(verdict(&fast).due);
}

#[test]
fn two_accounts_earn_no_page_however_patient() {
    let mut cluster = three(48);
    for (at, one) in cluster.occurrences.iter_mut().enumerate() {
        one.question.author = UserId(1 + at as u64 % 2);
        one.answers[0].author = UserId(2 - at as u64 % 2);
    }
    let verdict = verdict(&cluster);
    assert!(!verdict.due);
    let askers = DueFact::Askers { people: 1, counted_together: true };
    let against = DueReason::condition(false, askers);
    assert!(verdict.reasons.contains(&against), "{:?}", verdict.reasons);
    assert_eq!(askers.to_string(), "asked by one person; those who answer each other count once");
}

/// Everybody asks the same as surely as this.
struct Alike(f32);

impl PairwiseSimilarity for Alike {
    fn question_similarity(&self, _: usize, _: usize) -> f32 {
        self.0
    }

    fn agree(&self, _: usize, _: usize) -> bool {
        true
    }
}

#[test]
fn a_due_page_stays_due_for_a_little_less() {
    let rules = Ruleset::embedded().pages;
    let mut cluster = three(48);
    for (state, alike, expected) in [
        (ClusterState::Watching, 0.88, true),
        (ClusterState::Watching, 0.85, false),
        (ClusterState::Candidate, 0.85, false),
        (ClusterState::Due, 0.85, true),
        (ClusterState::Proposed, 0.83, true),
        (ClusterState::Due, 0.82, false),
    ] {
        cluster.state = state;
        let verdict = due(&cluster, &rules, &Alike(alike), Timestamp::UNIX_EPOCH);
        assert_eq!(verdict.due, expected, "{state:?} at {alike}");
    }
}

#[test]
fn what_was_due_for_a_moment_does_not_stay_so() {
    let rules = Ruleset::embedded().pages;
    let mut cluster = three(48);
    cluster.state = ClusterState::Due;
    cluster.due_since = Some(Timestamp::UNIX_EPOCH);
    for (minutes, expected) in [(0, false), (59, false), (60, true)] {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let verdict = due(&cluster, &rules, &Alike(0.85), now);
        assert_eq!(verdict.due, expected, "after {minutes} minutes");
    }
}

#[test]
fn what_only_its_score_keeps_back_is_a_candidate() {
    let mut cluster = three(48);
    cluster.state = ClusterState::Watching;
    for one in &mut cluster.occurrences {
        one.answers[0].text = "I think they are still working on it, maybe next week.".into();
    }
    let verdict = verdict(&cluster);
    assert!(!verdict.due && verdict.candidate, "{verdict:?}");
    assert!(verdict.score.is_some_and(|score| score < 0.5));
}

#[test]
fn a_question_about_now_is_never_due_and_says_why() {
    let mut cluster = three(48);
    for one in &mut cluster.occurrences {
        one.question.text = "When will the new relay be released?".into();
    }
    let verdict = verdict(&cluster);
    assert!(!verdict.due && !verdict.candidate);
    let why = verdict.reasons.iter().filter(|reason| reason.weight < 0.0);
    let why = why.map(|reason| reason.fact.to_string()).collect::<Vec<_>>();
    assert_eq!(why, ["its answer holds for a short time only"]);
}

#[test]
fn one_trusted_answer_alone_is_not_enough() {
    let mut cluster = three(48);
    for (one, answer) in cluster.occurrences.iter_mut().zip([
        "Set relay.port to 4100 and restart",
        "Reboot the machine twice",
        "Ask your provider about the firewall",
    ]) {
        one.answers[0].text = answer.into();
    }
    cluster.occurrences[0].answers[0].trusted = true;
    let refused = verdict(&cluster);
    assert!(!refused.due);
    let unbacked = DueReason::condition(false, DueFact::Backing(None));
    assert!(refused.reasons.contains(&unbacked), "{refused:?}");
}

#[test]
fn newcomers_confirm_nothing() {
    let mut cluster = three(48);
    for one in &mut cluster.occurrences {
        one.newcomers = [one.question.author, one.answers[0].author].into();
    }
    assert!(!verdict(&cluster).due);
    cluster.occurrences[0].newcomers.clear();
    cluster.occurrences[1].newcomers.clear();
    assert!(verdict(&cluster).due, "two old accounts answered alike");
}

#[test]
fn what_shares_neither_question_nor_answer_is_another_question() {
    let mut cluster = three(48);
    let exchanges = [
        ("How do I open the port of the relay?", "Set relay.port to 4100 and restart"),
        ("How can I open a port on the relay?", "Set relay.port in the file, then restart"),
        ("Which cable fits?", "The grey one from the second box"),
    ];
    for (one, (question, answer)) in cluster.occurrences.iter_mut().zip(exchanges) {
        one.question.text = question.into();
        one.answers[0].text = answer.into();
    }
    let verdict = verdict(&cluster);
    assert_eq!((verdict.core, verdict.due), (vec![0, 1], false));
}
