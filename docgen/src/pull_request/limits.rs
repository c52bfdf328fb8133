//! Which proposals may open, and how late they are. Pure: the caller supplies time and history.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};
use rules::model::ids::ClusterId;
use rules::time;
use serde::Serialize;

/// How many proposals maintainers get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProposalLimits {
    /// Open at once.
    pub open: usize,
    /// Opened in any 24 hours.
    pub per_day: usize,
    /// Opened in any hour.
    pub per_hour: usize,
    /// Answers in the weekly batch.
    pub batch: usize,
}

const WEEK: SignedDuration = time::days(7);

impl Default for ProposalLimits {
    fn default() -> Self {
        Self { open: 3, per_day: 2, per_hour: 1, batch: 8 }
    }
}

/// A page that could be proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalCandidate {
    pub cluster: ClusterId,
    pub due_since: Timestamp,
    pub occurrences: usize,
    /// The page score in percent.
    pub score: u8,
    /// It states a canonical value: it always goes alone.
    pub fact: bool,
    /// A person asked for it on the dashboard: the caps do not hold it.
    pub requested: bool,
    /// A person moved it into the weekly batch: it never goes alone.
    pub batch: bool,
    /// What it waits for beside the caps: one person is behind too many due pages, or another due page
    /// answers nearly the same.
    pub held: Option<HoldReason>,
}

/// What was proposed before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProposalHistory {
    pub open: usize,
    /// When each proposal was opened, in any order. A batch is one.
    pub opened: Vec<Timestamp>,
    /// Proposals that people merged.
    pub merged: usize,
    pub last_batch: Option<Timestamp>,
}

/// What a proposal waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldReason {
    TooManyOpen,
    TooManyToday,
    TooManyThisHour,
    Batch,
    PersonShare,
    NearDuplicate,
}

impl HoldReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooManyOpen => "held until an open proposal is merged or closed",
            Self::TooManyToday => "held: the daily limit on proposals is reached",
            Self::TooManyThisHour => "held: the hourly limit on proposals is reached",
            Self::Batch => "held for the weekly batch",
            Self::PersonShare => "held: one person is behind too many of the due pages",
            Self::NearDuplicate => {
                "held until a page that answers nearly the same is merged or closed"
            }
        }
    }
}

/// What may happen now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpeningPlan {
    pub open: Vec<ClusterId>,
    pub waiting: Vec<(ClusterId, HoldReason)>,
    /// Answers for the weekly batch, if it is time for one.
    pub batch: Vec<ClusterId>,
}

/// Chooses what opens. Turn by turn the oldest question and the one with the best page score, of equals the
/// most asked, come first, so that neither waits for ever. What the caps hold back goes into a batch, at most one in a week, and none before people
/// have merged something or had a week to look at single pages. A batch is one proposal for every cap, and
/// when it is time for one, it comes before single pages.
pub fn plan_openings(
    candidates: &[ProposalCandidate],
    history: &ProposalHistory,
    limits: &ProposalLimits,
    now: Timestamp,
) -> OpeningPlan {
    let mut plan = OpeningPlan::default();
    let mut rest = candidates.iter().collect::<Vec<_>>();
    rest.retain(|one| {
        let held = one.held.filter(|_| !one.requested);
        plan.waiting.extend(held.map(|why| (one.cluster.clone(), why)));
        held.is_none()
    });
    rest.retain(|one| {
        if one.requested && !one.batch {
            plan.open.push(one.cluster.clone());
        }
        !one.requested || one.batch
    });
    let (mut batched, mut waiting) = rest.into_iter().partition::<Vec<_>, _>(|one| one.batch);
    let within = |span: SignedDuration| {
        history.opened.iter().filter(|at| now.duration_since(**at) < span).count()
    };
    let (today, this_hour) = (within(time::days(1)), within(SignedDuration::from_hours(1)));
    let mut turn = history.opened.len();
    let reserved = usize::from(is_time_for_batch(&waiting, &batched, (history, limits), now));
    while !waiting.is_empty() {
        let opened = plan.open.len() + reserved;
        let why = if history.open + opened >= limits.open {
            HoldReason::TooManyOpen
        } else if today + opened >= limits.per_day {
            HoldReason::TooManyToday
        } else if this_hour + opened >= limits.per_hour {
            HoldReason::TooManyThisHour
        } else {
            let next = waiting.remove(first(&waiting, turn));
            plan.open.push(next.cluster.clone());
            turn += 1;
            continue;
        };
        plan.waiting.extend(waiting.iter().map(|one| (one.cluster.clone(), why)));
        break;
    }
    plan.waiting.extend(batched.iter().map(|one| (one.cluster.clone(), HoldReason::Batch)));
    waiting.append(&mut batched);
    waiting.sort_by_key(|one| (one.due_since, one.cluster.as_str().to_owned()));
    if reserved > 0 {
        let together = waiting.iter().filter(|one| !one.fact).take(limits.batch);
        plan.batch = together.map(|one| one.cluster.clone()).collect();
    }
    if plan.batch.len() < 2 {
        plan.batch.clear();
    }
    plan.waiting.retain(|(cluster, _)| !plan.batch.contains(cluster));
    plan
}

/// Whether the caps have room for a batch and people are ready for one: several proposals are left for it
/// when it has taken its place.
fn is_time_for_batch(
    waiting: &[&ProposalCandidate],
    batched: &[&ProposalCandidate],
    (history, limits): (&ProposalHistory, &ProposalLimits),
    now: Timestamp,
) -> bool {
    let within = |span: SignedDuration| {
        history.opened.iter().filter(|at| now.duration_since(**at) < span).count()
    };
    let room = limits.open.saturating_sub(history.open);
    let room = room.min(limits.per_day.saturating_sub(within(time::days(1))));
    let room = room.min(limits.per_hour.saturating_sub(within(SignedDuration::from_hours(1))));
    let first = history.opened.iter().min();
    let known = history.merged > 0
        || !batched.is_empty()
        || first.is_some_and(|first| now.duration_since(*first) >= WEEK);
    let batch_interval_over =
        history.last_batch.is_none_or(|last| now.duration_since(last) >= WEEK);
    let all = waiting.iter().chain(batched).copied().collect::<Vec<_>>();
    let left = waiting.len().saturating_sub(room.saturating_sub(1)) + batched.len();
    room > 0 && known && batch_interval_over && left > 1 && held_for_long(&all, now)
}

/// A batch is worth a reviewer's time only where the caps cannot keep up: something has waited for a
/// whole day.
fn held_for_long(waiting: &[&ProposalCandidate], now: Timestamp) -> bool {
    waiting
        .iter()
        .any(|one| !one.fact && (one.batch || now.duration_since(one.due_since) >= time::days(1)))
}

/// Even turns go to the oldest, odd ones to the best.
fn first(waiting: &[&ProposalCandidate], turn: usize) -> usize {
    let by_age = |one: &ProposalCandidate| (one.due_since, usize::MAX - one.occurrences);
    let by_score =
        |one: &ProposalCandidate| (Reverse(one.score), Reverse(one.occurrences), one.due_since);
    let places = 0..waiting.len();
    let id = |at: usize| waiting[at].cluster.as_str();
    let best = if turn.is_multiple_of(2) {
        places.min_by_key(|at| (by_age(waiting[*at]), id(*at)))
    } else {
        places.min_by_key(|at| (by_score(waiting[*at]), id(*at)))
    };
    best.expect("somebody waits")
}

/// Whether a cluster is proposed in time. The time starts when the threshold was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeadlineStatus {
    /// A proposal is open, or its row on the dashboard is there to be ticked.
    Met,
    Running,
    /// Half of the time has passed and there is no draft.
    DraftLate,
    /// Five sixths of the time have passed: the dashboard shows it.
    Escalated,
    Breached,
}

impl DeadlineStatus {
    /// The name in JSON and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Running => "running",
            Self::DraftLate => "draft-late",
            Self::Escalated => "escalated",
            Self::Breached => "breached",
        }
    }
}

/// What a deadline status depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeadlineInput {
    pub due_since: Timestamp,
    pub drafted: bool,
    /// When it was opened, or put on the dashboard because a limit held it.
    pub offered: Option<Timestamp>,
}

/// Reads the clock; `allowed` is the whole time, 48 hours by default.
pub fn deadline_status(
    progress: &DeadlineInput,
    allowed: SignedDuration,
    now: Timestamp,
) -> DeadlineStatus {
    let spent = |until: Timestamp| until.duration_since(progress.due_since);
    if let Some(offered) = progress.offered {
        return if spent(offered) > allowed {
            DeadlineStatus::Breached
        } else {
            DeadlineStatus::Met
        };
    }
    let spent = spent(now);
    if spent > allowed {
        DeadlineStatus::Breached
    } else if spent >= allowed / 6 * 5 {
        DeadlineStatus::Escalated
    } else if spent >= allowed / 2 && !progress.drafted {
        DeadlineStatus::DraftLate
    } else {
        DeadlineStatus::Running
    }
}

#[cfg(test)]
mod tests {
    use rules::model::ids::MessageId;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(100 * 86_400, 0);

    fn id(number: u64) -> ClusterId {
        ClusterId::of_question(MessageId(number))
    }

    fn ago(hours: i64) -> Timestamp {
        NOW - SignedDuration::from_hours(hours)
    }

    /// Due for so many hours, asked so often.
    fn candidate(number: u64, hours: i64, occurrences: usize) -> ProposalCandidate {
        ProposalCandidate {
            cluster: id(number),
            due_since: ago(hours),
            occurrences,
            score: 70,
            fact: false,
            requested: false,
            batch: false,
            held: None,
        }
    }

    fn numbers(ids: &[ClusterId]) -> Vec<u64> {
        ids.iter().map(|one| (1..50).find(|number| id(*number) == *one).unwrap()).collect()
    }

    #[test]
    fn the_caps_hold_and_say_which() {
        let three = [candidate(1, 3, 3), candidate(2, 2, 3), candidate(3, 1, 3)];
        for (open, opened, expected, why) in [
            (0, vec![], vec![1], Some(HoldReason::TooManyThisHour)),
            (0, vec![1], vec![1], Some(HoldReason::TooManyToday)),
            (0, vec![0], vec![], Some(HoldReason::TooManyThisHour)),
            (1, vec![2, 23], vec![], Some(HoldReason::TooManyToday)),
            (3, vec![90, 80, 70], vec![], Some(HoldReason::TooManyOpen)),
            (2, vec![90, 80], vec![1], Some(HoldReason::TooManyOpen)),
        ] {
            let opened = opened.into_iter().map(ago).collect();
            let history = ProposalHistory { open, opened, ..ProposalHistory::default() };
            let plan = plan_openings(&three, &history, &ProposalLimits::default(), NOW);
            assert_eq!(numbers(&plan.open), expected, "{history:?}");
            assert_eq!(plan.waiting.first().map(|(_, why)| *why), why, "{history:?}");
            assert_eq!(plan.waiting.len() + plan.open.len(), 3);
            assert!(plan.batch.is_empty());
        }
    }

    #[test]
    fn the_oldest_and_the_most_asked_take_turns() {
        let four = [candidate(1, 9, 3), candidate(2, 1, 9), candidate(3, 2, 5), candidate(4, 8, 3)];
        let limits = ProposalLimits { open: 9, per_day: 9, per_hour: 9, batch: 8 };
        let plan = plan_openings(&four, &ProposalHistory::default(), &limits, NOW);
        assert_eq!(numbers(&plan.open), [1, 2, 4, 3]);
    }

    #[test]
    fn what_a_person_asked_for_opens_at_once() {
        let mut asked = candidate(1, 1, 3);
        asked.requested = true;
        let history = ProposalHistory { open: 3, opened: vec![NOW], ..ProposalHistory::default() };
        let plan = plan_openings(&[asked], &history, &ProposalLimits::default(), NOW);
        assert_eq!(numbers(&plan.open), [1]);
    }

    #[test]
    fn one_persons_flood_waits_and_takes_no_turn() {
        let mut three = [candidate(1, 9, 3), candidate(2, 8, 3), candidate(3, 1, 3)];
        three[0].held = Some(HoldReason::PersonShare);
        let plan = |candidates: &[ProposalCandidate]| {
            plan_openings(candidates, &ProposalHistory::default(), &ProposalLimits::default(), NOW)
        };
        let held = plan(&three);
        assert_eq!(numbers(&held.open), [2]);
        assert_eq!(held.waiting[0], (id(1), HoldReason::PersonShare));
        three[0].requested = true;
        assert_eq!(numbers(&plan(&three).open), [1], "a maintainer asked for it");
    }

    #[test]
    fn what_waits_for_long_comes_in_one_weekly_batch_without_facts() {
        let mut many = (1..=12).map(|at| candidate(at, 40 - at as i64, 3)).collect::<Vec<_>>();
        many[1].fact = true;
        let of = |open, merged, first, last_batch| {
            let history = ProposalHistory { open, opened: vec![ago(first)], merged, last_batch };
            plan_openings(&many, &history, &ProposalLimits::default(), NOW)
        };
        let first = of(2, 1, 30, None);
        assert_eq!(numbers(&first.batch), [1, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!((first.open.len(), first.waiting.len()), (0, 4), "it takes the one place");
        assert!(of(2, 1, 30, Some(ago(6 * 24))).batch.is_empty());
        assert_eq!(of(2, 1, 30, Some(ago(7 * 24))).batch.len(), 8);
        assert!(of(3, 1, 30, None).batch.is_empty(), "as many as may be open are open");
        assert!(of(2, 1, 0, None).batch.is_empty(), "one was opened this hour");
        assert!(of(2, 0, 30, None).batch.is_empty(), "nothing was merged yet");
        assert_eq!(of(2, 0, 7 * 24, None).batch.len(), 8, "a week has passed");
    }

    #[test]
    fn what_a_person_put_into_the_batch_never_goes_alone() {
        let mut two = [candidate(1, 3, 3), candidate(2, 2, 3)];
        two.iter_mut().for_each(|one| one.batch = true);
        let plan = |candidates| {
            plan_openings(candidates, &ProposalHistory::default(), &ProposalLimits::default(), NOW)
        };
        let both = plan(&two);
        assert_eq!((both.open.len(), both.waiting.len(), numbers(&both.batch)), (0, 0, vec![1, 2]));
        let alone = plan(&two[..1]);
        assert_eq!((alone.open.len(), alone.batch.len()), (0, 0));
        assert_eq!(alone.waiting, [(id(1), HoldReason::Batch)]);
    }

    #[test]
    fn the_clock_runs_from_the_threshold() {
        let allowed = SignedDuration::from_hours(48);
        for (hours, drafted, offered, expected) in [
            (0, false, None, DeadlineStatus::Running),
            (23, false, None, DeadlineStatus::Running),
            (24, false, None, DeadlineStatus::DraftLate),
            (24, true, None, DeadlineStatus::Running),
            (40, true, None, DeadlineStatus::Escalated),
            (48, true, None, DeadlineStatus::Escalated),
            (49, true, None, DeadlineStatus::Breached),
            (90, true, Some(60), DeadlineStatus::Met),
            (90, true, Some(10), DeadlineStatus::Breached),
        ] {
            let progress =
                DeadlineInput { due_since: ago(hours), drafted, offered: offered.map(ago) };
            assert_eq!(
                deadline_status(&progress, allowed, NOW),
                expected,
                "{hours} {drafted} {offered:?}"
            );
        }
    }
}
