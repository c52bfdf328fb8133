//! Whether due questions reach the maintainers in time, and how long these take to decide.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::period::ReportPeriod;
use super::questions::QuestionShare;
use crate::model::ids::ClusterId;
use crate::time;

/// The clocks of one due question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalTimes {
    pub cluster: ClusterId,
    /// When the threshold was met.
    pub due_since: Timestamp,
    /// When its proposal was opened, or listed on the dashboard because a limit held it.
    pub offered: Option<Timestamp>,
    /// When it was merged, closed or found needless.
    pub decided: Option<Timestamp>,
}

/// How the clocks of a period ran.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ServiceLevel {
    /// Questions whose time to be proposed ended within the period, or that were proposed before it did.
    pub proposed_in_time: QuestionShare,
    /// The time that the slowest of those took, up to now where it is not proposed yet.
    #[serde(with = "crate::time::milliseconds::optional")]
    pub slowest_proposal: Option<SignedDuration>,
    pub slowest: Option<ClusterId>,
    /// Not proposed, and late by now.
    pub late: usize,
    /// Not proposed, and still in time.
    pub running: usize,
    /// Proposals decided within the period.
    pub decided: usize,
    /// From a proposal to its decision, of those.
    #[serde(with = "crate::time::milliseconds::optional")]
    pub median_decision: Option<SignedDuration>,
    #[serde(with = "crate::time::milliseconds::optional")]
    pub slowest_decision: Option<SignedDuration>,
    /// Proposals that wait for a decision now, and how long the oldest has waited.
    pub undecided: usize,
    #[serde(with = "crate::time::milliseconds::optional")]
    pub longest_undecided: Option<SignedDuration>,
}

impl ServiceLevel {
    /// The figures of a period as known at `now`; `allowed` is the time to propose, 48 hours by
    /// default. A question counts in the period in which its time ends.
    pub fn of(
        times: &[ProposalTimes],
        period: &ReportPeriod,
        allowed: SignedDuration,
        now: Timestamp,
    ) -> Self {
        let now = now.min(period.until);
        let known = |time: Option<Timestamp>| time.filter(|time| *time < now);
        let mut level = Self::default();
        let mut decisions = Vec::new();
        for one in times.iter().filter(|one| one.due_since < now) {
            let deadline = time::plus(one.due_since, allowed);
            let offered = known(one.offered);
            let spent = offered.unwrap_or(now).duration_since(one.due_since);
            let is_late = spent > allowed;
            match (offered, known(one.decided)) {
                (None, None) if is_late => level.late += 1,
                (None, None) => level.running += 1,
                (Some(offered), None) => {
                    level.undecided += 1;
                    level.longest_undecided =
                        level.longest_undecided.max(Some(now.duration_since(offered)));
                }
                (Some(offered), Some(decided)) if period.contains(decided) => {
                    decisions.push(decided.duration_since(offered).max(SignedDuration::ZERO));
                }
                (_, Some(_)) => {}
            }
            // What was decided before it was proposed needed no proposal.
            let concerns = offered.is_some() || known(one.decided).is_none();
            let in_period = period.contains(deadline)
                || offered.is_some_and(|at| period.contains(at) && !is_late);
            if concerns && in_period && (offered.is_some() || is_late) {
                level.proposed_in_time.of += 1;
                level.proposed_in_time.part += usize::from(!is_late);
                if level.slowest_proposal < Some(spent) {
                    level.slowest_proposal = Some(spent);
                    level.slowest = Some(one.cluster.clone());
                }
            }
        }
        level.decided = decisions.len();
        level.slowest_decision = decisions.iter().copied().max();
        level.median_decision = super::questions::median(decisions);
        level
    }
}

#[cfg(test)]
mod tests {
    use super::super::period::ReportSpan;
    use super::*;
    use crate::model::ids::MessageId;

    const ALLOWED: SignedDuration = SignedDuration::from_hours(48);

    fn day(day: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + time::days(day)
    }

    fn times(number: u64, due: i64, offered: Option<i64>, decided: Option<i64>) -> ProposalTimes {
        ProposalTimes {
            cluster: ClusterId::of_question(MessageId(number)),
            due_since: day(due),
            offered: offered.map(day),
            decided: decided.map(day),
        }
    }

    #[test]
    fn each_deadline_is_counted_once() {
        let period = ReportPeriod::before(ReportSpan::Week, day(107)).unwrap();
        let times = [
            times(1, 100, Some(101), Some(104)),
            times(2, 100, Some(105), None),
            times(3, 101, None, None),
            times(4, 106, None, None),
            // Before the period, and after it.
            times(5, 80, Some(81), Some(90)),
            times(6, 120, Some(121), None),
            // Found to be documented already.
            times(7, 100, None, Some(101)),
        ];
        let level = ServiceLevel::of(&times, &period, ALLOWED, day(130));
        let expected = ServiceLevel {
            proposed_in_time: QuestionShare { part: 1, of: 3 },
            slowest_proposal: Some(time::days(6)),
            slowest: Some(ClusterId::of_question(MessageId(3))),
            late: 1,
            running: 1,
            decided: 1,
            median_decision: Some(time::days(3)),
            slowest_decision: Some(time::days(3)),
            undecided: 1,
            longest_undecided: Some(time::days(2)),
        };
        assert_eq!(level, expected);
    }

    #[test]
    fn nothing_due_is_no_failure() {
        let period = ReportPeriod::before(ReportSpan::Day, day(100)).unwrap();
        assert_eq!(ServiceLevel::of(&[], &period, ALLOWED, day(100)), ServiceLevel::default());
    }
}
