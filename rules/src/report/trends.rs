//! Which recurring questions came, and which are asked more than before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::period::ReportPeriod;
use super::questions::AskedQuestion;
use crate::model::ids::{ClusterId, MessageId, UserId};

/// How often a recurring question was asked in a period and in the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterActivity {
    pub cluster: ClusterId,
    pub asked: usize,
    pub before: usize,
    /// Different people who asked in the period.
    pub askers: usize,
}

/// The activity of every cluster that was asked in one of two periods, by id.
pub fn cluster_activity(
    questions: &[AskedQuestion],
    before: &[AskedQuestion],
) -> Vec<ClusterActivity> {
    let mut asked = BTreeMap::<&ClusterId, (BTreeSet<MessageId>, BTreeSet<UserId>, usize)>::new();
    for question in questions {
        if let Some(cluster) = &question.cluster {
            let entry = asked.entry(cluster).or_default();
            entry.0.insert(question.message);
            entry.1.insert(question.asker);
        }
    }
    for cluster in before.iter().filter_map(|question| question.cluster.as_ref()) {
        asked.entry(cluster).or_default().2 += 1;
    }
    let activity =
        asked.into_iter().map(|(cluster, (questions, askers, before))| ClusterActivity {
            cluster: cluster.clone(),
            asked: questions.len(),
            before,
            askers: askers.len(),
        });
    activity.collect()
}

/// The fewest times that a question is asked before an increase is reported.
const LEAST: usize = 3;

impl ClusterActivity {
    /// Whether it was first asked in the period, and by at least two people.
    pub fn is_new(&self, first_asked: Timestamp, period: &ReportPeriod) -> bool {
        period.contains(first_asked) && self.askers >= 2
    }

    /// Whether it was asked at least three times and at least twice as often as before.
    pub fn got_worse(&self) -> bool {
        self.asked >= LEAST && self.asked >= 2 * self.before
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::period::ReportSpan;
    use super::super::questions::tests::question;
    use super::*;
    use crate::time;

    fn asked(cluster: u64, askers: &[u64]) -> Vec<AskedQuestion> {
        let id = ClusterId::of_question(MessageId(cluster));
        let of_one = |(number, asker): (usize, &u64)| AskedQuestion {
            cluster: Some(id.clone()),
            ..question(cluster * 100 + number as u64, *asker, 0)
        };
        askers.iter().enumerate().map(of_one).collect()
    }

    #[test]
    fn new_and_growing_questions_are_distinguished_from_steady_ones() {
        let period =
            ReportPeriod::before(ReportSpan::Week, Timestamp::UNIX_EPOCH + time::days(90)).unwrap();
        let now = [asked(1, &[1, 2, 3]), asked(2, &[1, 1]), asked(3, &[1, 2, 3])].concat();
        let before = [asked(2, &[1]), asked(3, &[4, 5]), asked(4, &[1])].concat();
        let activity = cluster_activity(&now, &before);
        let found = activity.iter().map(|one| (one.asked, one.before, one.askers, one.got_worse()));
        let expected = [(3, 0, 3, true), (2, 1, 1, false), (3, 2, 3, false), (0, 1, 0, false)];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        assert!(activity[0].is_new(period.since, &period));
        assert!(!activity[0].is_new(period.since - SignedDuration::from_millis(1), &period));
        assert!(!activity[1].is_new(period.since, &period), "one person asks twice");
    }
}
