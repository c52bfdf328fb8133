//! What a step leaves in the progress.

use jiff::Timestamp;

use super::super::commits::CreatedCommit;
use super::{
    BuiltCommit, DesiredPullRequest, ObservedBranch, ObservedState, PullRequestProgress,
    PushedHead, ReconcileOutcome, ReconcileStep,
};

/// After so many steps in a row without a change, the failure is returned instead of retried.
pub(crate) const MOST_TRIES: u32 = 4;

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StepResult {
    Done,
    Made(CreatedCommit),
    Opened(u64),
    Checked(bool),
    /// It did not work, and does not have to.
    Warned(String),
    /// The outcome is unknown, or the observed state is out of date: observe again.
    OutcomeUnknown,
    /// The repository does not support draft pull requests.
    NoDrafts,
}

impl PullRequestProgress {
    pub(crate) fn record_result(
        &mut self,
        wanted: &DesiredPullRequest,
        seen: &ObservedState,
        (what, done): (&ReconcileStep, StepResult),
        now: Timestamp,
    ) {
        match &done {
            StepResult::OutcomeUnknown => self.tries += 1,
            _ => self.tries = 0,
        }
        if let StepResult::Warned(warning) = &done
            && !self.warnings.contains(warning)
        {
            self.warnings.push(warning.clone());
        }
        match (what, done) {
            (ReconcileStep::Build { follows, .. }, StepResult::Made(made)) => {
                self.build(wanted, seen, made, *follows, now);
            }
            // A commit that the host rejects is built again.
            (
                ReconcileStep::CreateBranch { .. } | ReconcileStep::MoveBranch { .. },
                StepResult::OutcomeUnknown,
            ) => {
                let taken = |branch: &ObservedBranch| {
                    self.built.as_ref().is_some_and(|built| built.puts(&branch.head))
                };
                if self.tries > 1 && !seen.branch.as_ref().is_some_and(taken) {
                    self.built = None;
                }
            }
            (ReconcileStep::CreateBranch { sha } | ReconcileStep::MoveBranch { sha, .. }, _) => {
                self.push(sha)
            }
            // Without pull requests, the branch is what maintainers are shown.
            (ReconcileStep::Done(ReconcileOutcome::Open { number: None, head, digest, .. }), _) => {
                self.found(head, digest, now);
                self.opened.get_or_insert(now);
            }
            // Nobody is surprised that a merged branch is gone when its page is corrected.
            (ReconcileStep::Done(ReconcileOutcome::Merged { number: None, .. }), _) => {
                self.pushed = None;
                self.built = None;
            }
            (ReconcileStep::Open { .. }, StepResult::NoDrafts) => self.undraftable = true,
            (ReconcileStep::Open { head, digest }, StepResult::Opened(number)) => {
                self.adopt(number);
                self.opened = Some(now);
                self.found(head, digest, now);
            }
            (ReconcileStep::Adopt(number), _) => self.adopt(*number),
            (ReconcileStep::Describe { head, digest, .. }, StepResult::Done) => {
                self.revision += 1;
                self.found(head, digest, now);
            }
            (ReconcileStep::Check { head }, StepResult::Checked(true)) => {
                self.checked = Some(head.clone())
            }
            (ReconcileStep::Check { head }, StepResult::Checked(false)) => {
                self.faulty = Some(head.clone())
            }
            (ReconcileStep::Label(_), StepResult::Done | StepResult::Warned(_)) => {
                self.labelled = true
            }
            (ReconcileStep::MarkReady { .. }, StepResult::Done | StepResult::Warned(_)) => {
                self.readied = true
            }
            (
                ReconcileStep::RequestReview { reviewer, .. },
                StepResult::Done | StepResult::Warned(_),
            ) => {
                self.reviewers_requested.insert(reviewer.clone());
            }
            (
                ReconcileStep::DeleteBranch | ReconcileStep::Done(ReconcileOutcome::Withdrawn),
                StepResult::Done,
            ) => {
                self.pushed = None;
                self.built = None;
            }
            _ => {}
        }
    }

    fn build(
        &mut self,
        wanted: &DesiredPullRequest,
        seen: &ObservedState,
        made: CreatedCommit,
        follows: bool,
        now: Timestamp,
    ) {
        for note in &made.notes {
            if !self.warnings.contains(note) {
                self.warnings.push(note.clone());
            }
        }
        if !made.verified && !made.empty {
            let warning = "GitHub did not sign the commit".to_owned();
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        self.built = Some(BuiltCommit {
            made,
            digest: wanted.digest.clone(),
            base: seen.base.clone(),
            from: seen.branch.as_ref().map(|branch| branch.head.clone()),
            follows,
            anew: wanted.anew,
            at: now,
        });
    }

    fn push(&mut self, sha: &str) {
        if let Some(built) = self.built.as_ref().filter(|built| built.puts(sha)) {
            self.pushed = Some(PushedHead {
                head: sha.to_owned(),
                digest: built.digest.clone(),
                base: Some(built.base.clone()),
                at: built.at,
            });
        }
    }

    /// Records a head that is not the one pushed or built by this progress.
    fn found(&mut self, head: &str, digest: &str, now: Timestamp) {
        if self.pushed.as_ref().is_none_or(|pushed| pushed.head != head)
            && self.built.as_ref().is_none_or(|built| !built.puts(head))
        {
            let (head, digest) = (head.to_owned(), digest.to_owned());
            self.pushed = Some(PushedHead { head, digest, base: None, at: now });
        }
    }

    fn adopt(&mut self, number: u64) {
        if self.number == Some(number) {
            return;
        }
        let Self { built, pushed, undraftable, warnings, .. } = std::mem::take(self);
        *self =
            Self { number: Some(number), built, pushed, undraftable, warnings, ..Self::default() };
    }
}
