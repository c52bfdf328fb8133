//! A small repository that obeys the host's rules, and daemons that are killed in it at every call.

use jiff::{SignedDuration, Timestamp};
use rules::model::ids::{ClusterId, MessageId};
use rules::time;

use super::progress::StepResult;
use super::*;
use crate::forge::observed::ForgeCapabilities;
use crate::github::models::{Account, Label, PullRequestRef};

const ME: &str = "harvester[bot]";

/// A repository with one branch of ours.
#[derive(Clone, Default)]
struct FakeRepository {
    base: u32,
    made: u32,
    branch: Option<String>,
    /// What is in each commit that we made: its digest.
    commits: Vec<(String, String)>,
    pulls: Vec<PullRequest>,
    opened: usize,
    touched: bool,
    now: Timestamp,
    /// Heads that people made and that somebody threw away.
    lost: Vec<String>,
}

impl FakeRepository {
    fn seen(&self) -> ObservedState {
        let digest = |head: &String| {
            self.commits.iter().find(|(sha, _)| sha == head).map(|(_, digest)| digest.clone())
        };
        let mut pulls = self.pulls.clone();
        pulls.reverse();
        ObservedState {
            capabilities: ForgeCapabilities { pull_requests: true },
            me: ME.into(),
            base: format!("base{}", self.base),
            pulls,
            branch: self.branch.clone().map(|head| ObservedBranch {
                ours: digest(&head),
                head,
                ..ObservedBranch::default()
            }),
            touched: self.touched,
            ..ObservedState::default()
        }
    }

    fn open(&mut self) -> Option<&mut PullRequest> {
        self.pulls.iter_mut().find(|pull| pull.is_open())
    }

    fn place(&mut self, sha: &str, follows: bool) {
        let old = self.branch.replace(sha.to_owned());
        if let Some(old) = old.filter(|old| old.starts_with("human") && !follows) {
            self.lost.push(old);
        }
        if let Some(pull) = self.open() {
            pull.head.sha = sha.to_owned();
        }
    }

    /// Does what the host would do and says what it would say.
    fn act(&mut self, wanted: &DesiredPullRequest, what: &ReconcileStep) -> StepResult {
        match what {
            ReconcileStep::Build { onto, .. } => {
                self.made += 1;
                let sha = format!("ours{}", self.made);
                self.commits.push((sha.clone(), wanted.digest.clone()));
                let empty = onto == "full";
                return StepResult::Made(CreatedCommit {
                    sha,
                    verified: true,
                    empty,
                    ..CreatedCommit::default()
                });
            }
            ReconcileStep::CreateBranch { .. } if self.branch.is_some() => {
                return StepResult::OutcomeUnknown;
            }
            ReconcileStep::CreateBranch { sha } => self.place(sha, true),
            ReconcileStep::MoveBranch { .. } if self.branch.is_none() => {
                return StepResult::OutcomeUnknown;
            }
            ReconcileStep::MoveBranch { sha, force } => self.place(sha, !force),
            ReconcileStep::Open { .. } if self.branch.is_none() || self.open().is_some() => {
                return StepResult::OutcomeUnknown;
            }
            ReconcileStep::Open { head, digest } => {
                self.opened += 1;
                let number = 10 + self.opened as u64;
                self.pulls.push(pull(number, wanted, head, digest));
                return StepResult::Opened(number);
            }
            ReconcileStep::Describe { head, digest, keep_body, .. } => {
                let pull = self.open().expect("it is open");
                let rest = marker::without(pull.body());
                let rest = if *keep_body { &rest } else { &wanted.body };
                let mut marked = mark(wanted, head, digest);
                marked.title = marker::hash(&wanted.title);
                pull.body = Some(marked.on(rest));
            }
            ReconcileStep::Withdraw { close, .. } => {
                let head = self.branch.clone().unwrap_or_default();
                let pull = self.open().expect("it is open");
                let old = BodyMarker::read(pull.body()).expect("ours").head;
                let head = if *close { head } else { old };
                let marker = BodyMarker { withdrawn: true, ..mark(wanted, &head, &wanted.digest) };
                pull.body = Some(marker.on("withdrawn"));
                if *close {
                    pull.state = "closed".into();
                }
            }
            ReconcileStep::DeleteBranch => self.delete(),
            ReconcileStep::Check { .. } => return StepResult::Checked(true),
            ReconcileStep::Label(_) => return StepResult::Warned("no labels here".into()),
            ReconcileStep::MarkReady { .. } => self.open().expect("it is open").draft = false,
            ReconcileStep::RequestReview { reviewer, .. } => {
                let account = Account { login: reviewer.clone(), kind: "User".into() };
                self.open().expect("it is open").requested_reviewers.push(account);
            }
            ReconcileStep::Adopt(_)
            | ReconcileStep::StartBase
            | ReconcileStep::WriteText
            | ReconcileStep::Done(_) => {}
        }
        StepResult::Done
    }

    fn delete(&mut self) {
        let gone = self.branch.take();
        self.lost.extend(gone.filter(|gone| gone.starts_with("human")));
        if let Some(pull) = self.open() {
            pull.state = "closed".into();
        }
    }

    fn merge(&mut self) {
        let pull = self.open().expect("it is open");
        (pull.state, pull.merged_at) = ("closed".into(), Some("then".into()));
        pull.merge_commit_sha = Some("merged".into());
    }

    /// Steps until it rests. Panics if it never does.
    fn run(
        &mut self,
        wanted: &DesiredPullRequest,
        progress: &mut PullRequestProgress,
    ) -> ReconcileOutcome {
        for _ in 0..60 {
            if let Some(outcome) = self.step(wanted, progress) {
                return outcome;
            }
        }
        panic!("it does not come to rest: {progress:?}");
    }

    fn step(
        &mut self,
        wanted: &DesiredPullRequest,
        progress: &mut PullRequestProgress,
    ) -> Option<ReconcileOutcome> {
        self.now += SignedDuration::from_secs(1);
        let (seen, now) = (self.seen(), self.now);
        let what = next_step(wanted, progress, &seen, now);
        let done = self.act(wanted, &what);
        progress.record_result(wanted, &seen, (&what, done), now);
        match what {
            ReconcileStep::Done(outcome) => Some(outcome),
            _ => None,
        }
    }
}

fn mark(wanted: &DesiredPullRequest, head: &str, digest: &str) -> BodyMarker {
    BodyMarker {
        cluster: wanted.cluster.clone(),
        digest: digest.into(),
        head: head.into(),
        revision: 1,
        title: marker::hash(&wanted.title),
        body: marker::hash(&wanted.body),
        withdrawn: false,
    }
}

fn pull(number: u64, wanted: &DesiredPullRequest, head: &str, digest: &str) -> PullRequest {
    let side = |branch: &str, sha: &str| PullRequestRef { branch: branch.into(), sha: sha.into() };
    PullRequest {
        number,
        node_id: format!("node{number}"),
        state: "open".into(),
        title: wanted.title.clone(),
        body: Some(mark(wanted, head, digest).on(&wanted.body)),
        draft: true,
        user: Some(Account { login: ME.into(), kind: "Bot".into() }),
        head: side(&wanted.branch, head),
        base: side(&wanted.base, ""),
        ..PullRequest::default()
    }
}

fn wanted(digest: &str) -> DesiredPullRequest {
    let cluster = ClusterId::of_question(MessageId(36));
    DesiredPullRequest {
        branch: format!("answers/{cluster}"),
        cluster,
        purpose: PullRequestPurpose::Answer,
        base: "main".into(),
        title: "docs(faq): How?".into(),
        body: format!("body of {digest}\n"),
        digest: digest.into(),
        changes: Vec::new(),
        message: String::new(),
        labels: vec!["answer-harvester".into()],
        reviewers: vec!["amy".into(), ME.into(), "bob".into()],
        ready: true,
        rebase: false,
        recreate: None,
        anew: false,
        requested_again: false,
    }
}

fn opened() -> (FakeRepository, PullRequestProgress, DesiredPullRequest) {
    let (mut repository, mut progress, wanted) =
        (FakeRepository::default(), PullRequestProgress::default(), wanted("d1"));
    repository.run(&wanted, &mut progress);
    (repository, progress, wanted)
}

fn why(outcome: ReconcileOutcome) -> HandsOffReason {
    match outcome {
        ReconcileOutcome::HandsOff { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_becomes_one_ready_pull_request() {
    let (mut repository, mut progress, wanted) = opened();
    let pull = repository.pulls[0].clone();
    assert_eq!((repository.opened, pull.draft, repository.made), (1, false, 1));
    let asked = pull.requested_reviewers.iter().map(|one| one.login.as_str()).collect::<Vec<_>>();
    assert_eq!(asked, ["amy", "bob"]);
    assert_eq!(progress.warnings, ["no labels here"]);
    let before = repository.clone();
    let outcome = repository.run(&wanted, &mut progress);
    assert!(matches!(outcome, ReconcileOutcome::Open { number: Some(11), conflict: false, .. }));
    assert_eq!(repository.pulls, before.pulls);
    // With the progress lost nothing is written but what cannot be known.
    let outcome = repository.run(&wanted, &mut PullRequestProgress::default());
    assert!(matches!(outcome, ReconcileOutcome::Open { number: Some(11), .. }));
    assert_eq!((repository.opened, &repository.pulls, repository.made), (1, &before.pulls, 1));
}

#[test]
fn something_new_replaces_the_commit_once_a_day_and_follows_once_read() {
    for (touched, expected) in [(false, true), (true, false)] {
        let (mut repository, mut progress, _) = opened();
        repository.touched = touched;
        let newer = wanted("d2");
        assert!(
            matches!(repository.run(&newer, &mut progress), ReconcileOutcome::Open { digest, .. } if digest == "d1")
        );
        repository.now += time::days(1);
        let seen = repository.seen();
        let what = next_step(&newer, &progress, &seen, repository.now);
        let head = seen.branch.unwrap().head;
        let onto = if touched { head } else { seen.base };
        assert_eq!(what, ReconcileStep::Build { onto, follows: touched });
        assert!(
            matches!(repository.run(&newer, &mut progress), ReconcileOutcome::Open { digest, .. } if digest == "d2")
        );
        assert_eq!(repository.branch.as_deref(), Some("ours2"));
        assert!(repository.pulls[0].body().ends_with("\nbody of d2\n"), "{expected}");
        assert_eq!(repository.opened, 1);
    }
}

#[test]
fn what_people_change_is_theirs() {
    type Changed = (&'static str, fn(&mut FakeRepository), HandsOffReason);
    let changes: [Changed; 6] = [
        ("commit", |repository| repository.place("human1", true), HandsOffReason::HumanCommit),
        (
            "title",
            |repository| repository.pulls[0].title = "Mine".into(),
            HandsOffReason::TitleEdited,
        ),
        (
            "base",
            |repository| repository.pulls[0].base.branch = "next".into(),
            HandsOffReason::BaseChanged,
        ),
        (
            "mark",
            |repository| repository.pulls[0].body = Some("words".into()),
            HandsOffReason::MarkGone,
        ),
        ("branch", |repository| repository.branch = None, HandsOffReason::BranchGone),
        ("author", |repository| repository.pulls[0].user = None, HandsOffReason::NotOurs),
    ];
    for (name, change, expected) in changes {
        for forget in [false, true] {
            let (mut repository, mut progress, _) = opened();
            change(&mut repository);
            if forget {
                progress = PullRequestProgress::default();
            }
            repository.now += time::days(2);
            let before = repository.clone();
            assert_eq!(why(repository.run(&wanted("d2"), &mut progress)), expected, "{name}");
            assert_eq!(
                (repository.pulls, repository.branch),
                (before.pulls, before.branch),
                "{name}"
            );
        }
    }
}

#[test]
fn a_body_that_people_edited_keeps_their_words() {
    let (mut repository, mut progress, _) = opened();
    let ticked = format!("{}- [x] true for the current version\n", repository.pulls[0].body());
    repository.pulls[0].body = Some(ticked);
    repository.now += time::days(2);
    repository.run(&wanted("d2"), &mut progress);
    let body = repository.pulls[0].body();
    assert!(body.ends_with("body of d1\n- [x] true for the current version\n"));
    assert_eq!(BodyMarker::read(body).unwrap().digest, "d2");
    let before = repository.clone();
    repository.now += time::days(2);
    repository.run(&wanted("d2"), &mut progress);
    assert_eq!(repository.pulls, before.pulls);
}

#[test]
fn somebody_who_may_can_have_it_rebased_or_made_anew() {
    let (mut repository, mut progress, mut wanted) = opened();
    (repository.base, repository.touched, wanted.rebase) = (5, true, true);
    repository.run(&wanted, &mut progress);
    assert_eq!(repository.branch.as_deref(), Some("ours2"));
    repository.run(&wanted, &mut progress);
    assert_eq!(repository.made, 2, "once is enough");
    repository.place("human1", true);
    wanted.recreate = Some("human1".into());
    assert!(matches!(repository.run(&wanted, &mut progress), ReconcileOutcome::Open { .. }));
    assert_eq!(
        (repository.branch.as_deref(), repository.lost),
        (Some("ours3"), vec!["human1".to_owned()])
    );
}

#[test]
fn a_conflict_is_solved_on_the_new_base_while_nobody_reads() {
    for (touched, expected) in [(false, 2), (true, 1)] {
        let (mut repository, mut progress, wanted) = opened();
        (repository.base, repository.touched) = (1, touched);
        repository.pulls[0].mergeable = Some(false);
        let outcome = repository.run(&wanted, &mut progress);
        assert!(matches!(outcome, ReconcileOutcome::Open { conflict: true, .. }));
        assert_eq!(repository.made, expected);
    }
}

#[test]
fn ends_are_final() {
    let (mut repository, mut progress, wanted) = opened();
    let closed = |repository: &FakeRepository| {
        let mut repository = repository.clone();
        repository.pulls[0].state = "closed".into();
        repository
    };
    let rejected = ReconcileOutcome::Rejected { number: Some(11) };
    for mut progress in [progress.clone(), PullRequestProgress::default()] {
        assert_eq!(closed(&repository).run(&wanted, &mut progress), rejected);
        assert_eq!(closed(&repository).run(&self::wanted("d2"), &mut progress), rejected);
        let mut better = closed(&repository);
        better.pulls[0].labels.push(Label { name: SUPERSEDED.into() });
        assert_eq!(better.run(&wanted, &mut progress), ReconcileOutcome::Superseded { number: 11 });
        let mut again = closed(&repository);
        let asked = DesiredPullRequest { requested_again: true, ..wanted.clone() };
        assert!(matches!(
            again.run(&asked, &mut progress),
            ReconcileOutcome::Open { number: Some(12), .. }
        ));
        let mut deleted = closed(&repository);
        deleted.branch = None;
        assert_eq!(deleted.run(&wanted, &mut PullRequestProgress::default()), rejected);
    }
    repository.merge();
    let known = ReconcileOutcome::Merged { number: Some(11), commit: Some("merged".into()) };
    assert_eq!(repository.run(&wanted, &mut progress), known);
    assert_eq!(repository.branch, None, "a merged branch is cleared away");
    assert_eq!(repository.run(&self::wanted("d2"), &mut PullRequestProgress::default()), known);
    let correction =
        DesiredPullRequest { purpose: PullRequestPurpose::Correction, ..self::wanted("d2") };
    assert!(matches!(
        repository.run(&correction, &mut progress),
        ReconcileOutcome::Open { number: Some(12), .. }
    ));
    repository.merge();
    let known = ReconcileOutcome::Merged { number: Some(12), commit: Some("merged".into()) };
    assert_eq!(repository.run(&correction, &mut progress), known);
}

#[test]
fn a_branch_that_was_deleted_before_there_was_a_pull_request_is_a_no() {
    let (mut repository, mut progress, wanted) =
        (FakeRepository::default(), PullRequestProgress::default(), wanted("d1"));
    while repository.branch.is_none() {
        repository.step(&wanted, &mut progress);
    }
    repository.branch = None;
    assert_eq!(repository.run(&wanted, &mut progress), ReconcileOutcome::Rejected { number: None });
    repository.branch = Some("human1".into());
    assert_eq!(why(repository.run(&wanted, &mut progress)), HandsOffReason::HumanCommit);
    assert_eq!(repository.opened, 0);
}

#[test]
fn a_withdrawal_takes_our_words_and_leaves_those_of_people() {
    let withdrawal =
        |digest| DesiredPullRequest { purpose: PullRequestPurpose::Withdrawal, ..wanted(digest) };
    let (mut repository, mut progress, _) = opened();
    assert_eq!(repository.run(&withdrawal("d1"), &mut progress), ReconcileOutcome::Withdrawn);
    assert_eq!(
        (repository.branch.as_deref(), repository.pulls[0].state.as_str()),
        (None, "closed")
    );
    assert!(repository.pulls[0].body().ends_with("\nwithdrawn"));
    assert_eq!(
        repository.run(&withdrawal("d1"), &mut PullRequestProgress::default()),
        ReconcileOutcome::Withdrawn
    );
    // It was no rejection: when there is evidence again, it may be proposed again.
    assert!(matches!(
        repository.run(&wanted("d3"), &mut progress),
        ReconcileOutcome::Open { number: Some(12), .. }
    ));

    let (mut repository, mut progress, _) = opened();
    repository.place("human1", true);
    for mut progress in
        [progress.clone(), std::mem::take(&mut progress), PullRequestProgress::default()]
    {
        assert_eq!(
            why(repository.run(&withdrawal("d1"), &mut progress)),
            HandsOffReason::HumanCommit
        );
        assert_eq!(repository.branch.as_deref(), Some("human1"));
        assert!(repository.pulls[0].body().ends_with("\nwithdrawn"));
    }
    assert_eq!(
        FakeRepository::default().run(&withdrawal("d1"), &mut PullRequestProgress::default()),
        ReconcileOutcome::Withdrawn
    );
}

/// SplitMix64: the same crashes at every run.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }
}

/// A daemon that looks and acts at different moments, so that others act in between.
#[derive(Default)]
struct Daemon {
    progress: PullRequestProgress,
    looked: Option<(ObservedState, ReconcileStep)>,
}

impl Daemon {
    fn go(
        &mut self,
        repository: &mut FakeRepository,
        wanted: &DesiredPullRequest,
        random: &mut Random,
    ) {
        repository.now += SignedDuration::from_secs(1);
        let now = repository.now;
        let Some((seen, what)) = self.looked.take() else {
            let seen = repository.seen();
            let what = next_step(wanted, &self.progress, &seen, now);
            self.looked = Some((seen, what));
            return;
        };
        let is_there = |sha: &String| repository.branch.as_ref() == Some(sha);
        // What a ref move finds changed by a person since the look is the one gap that REST leaves.
        let raced = matches!(&what, ReconcileStep::MoveBranch { .. })
            && !seen.branch.as_ref().is_some_and(|branch| is_there(&branch.head));
        if matches!(
            what,
            ReconcileStep::Describe { .. }
                | ReconcileStep::MarkReady { .. }
                | ReconcileStep::RequestReview { .. }
                | ReconcileStep::Withdraw { .. }
        ) && repository.open().is_none()
            || raced
        {
            return;
        }
        match random.below(10) {
            // Killed before the call, or after it and before the progress was kept, or with all lost.
            0 => {}
            1 => drop(repository.act(wanted, &what)),
            2 => {
                repository.act(wanted, &what);
                self.progress = PullRequestProgress::default();
            }
            3 => {
                repository.act(wanted, &what);
                self.progress.record_result(
                    wanted,
                    &seen,
                    (&what, StepResult::OutcomeUnknown),
                    now,
                );
            }
            _ => {
                let done = repository.act(wanted, &what);
                self.progress.record_result(wanted, &seen, (&what, done), now);
            }
        }
    }
}

#[test]
fn in_a_thousand_runs_with_crashes_two_daemons_open_one() {
    for seed in 0..1_000 {
        let mut random = Random(seed);
        let mut repository = FakeRepository::default();
        let mut daemons = [Daemon::default(), Daemon::default()];
        let human = random.below(60);
        for turn in 0..120 {
            let digest = if turn > 80 { "d2" } else { "d1" };
            if turn == 70 {
                repository.now += time::days(2);
            }
            if turn == 40 + human && repository.open().is_some() {
                repository.place("human1", true);
            }
            let which = random.below(2) as usize;
            daemons[which].go(&mut repository, &wanted(digest), &mut random);
        }
        let mut progress = PullRequestProgress::default();
        repository.run(&wanted("d2"), &mut progress);
        assert_eq!(repository.opened, 1, "seed {seed}");
        assert!(repository.lost.is_empty(), "seed {seed}");
    }
}
