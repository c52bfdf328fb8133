//! One proposal per cluster, on every forge: the next step is a function of the observed state.
//!
//! The driver observes everything, [`next_step`] names one step, the driver executes it and
//! observes again. A kill between any two calls, a lost response or a second daemon only change
//! what is observed.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rules::time;
use serde::{Deserialize, Serialize};

use super::commits::CreatedCommit;
use super::observed::{BasePage, ObservedBranch, ObservedState, ProposalText};
use crate::github::models::PullRequest;
pub use crate::pull_request::desired::{DesiredPullRequest, PullRequestPurpose};
use crate::pull_request::labels::SUPERSEDED;
use crate::pull_request::marker;
use crate::pull_request::marker::BodyMarker;

/// Somebody who reads a pull request must not find it changed many times a day.
const BETWEEN_PUSHES: SignedDuration = time::days(1);
/// The host throws commits away that no branch shows.
const COMMIT_LIFETIME: SignedDuration = time::days(1);

/// What was done so far, stored by the caller after each step. If it is lost, everything is found
/// again by observation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PullRequestProgress {
    /// Of its pull request, where the forge has those.
    pub number: Option<u64>,
    /// When it was opened; `None` for one that was found.
    #[serde(with = "rules::time::milliseconds::optional", default)]
    pub opened: Option<Timestamp>,
    pub revision: u32,
    /// A commit that may not be on the branch yet.
    pub built: Option<BuiltCommit>,
    /// The generated commit that was last seen on the branch.
    pub pushed: Option<PushedHead>,
    pub labelled: bool,
    #[serde(rename = "asked")]
    pub reviewers_requested: BTreeSet<String>,
    /// The head whose files were read back and found right.
    pub checked: Option<String>,
    /// The head whose files were read back and found wrong: it stays a draft.
    pub faulty: Option<String>,
    pub readied: bool,
    /// This repository does not support draft pull requests.
    pub undraftable: bool,
    /// Steps in a row of which nothing came.
    pub tries: u32,
    /// What did not work and does not matter enough to stop.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltCommit {
    pub made: CreatedCommit,
    pub digest: String,
    /// The head of the base when it was made.
    pub base: String,
    /// The head of the branch that it replaces or follows.
    pub from: Option<String>,
    /// Whether it follows that head instead of replacing it.
    pub follows: bool,
    /// Whether title and body are replaced with it, even if people edited them.
    #[serde(default)]
    pub anew: bool,
    #[serde(with = "rules::time::milliseconds")]
    pub at: Timestamp,
}

impl BuiltCommit {
    pub(crate) fn puts(&self, head: &str) -> bool {
        !self.made.empty && self.made.sha == head
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedHead {
    pub head: String,
    pub digest: String,
    /// The head of the base that it is based on, where known.
    pub base: Option<String>,
    #[serde(with = "rules::time::milliseconds")]
    pub at: Timestamp,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReconcileStep {
    /// Make the first commit of a repository without any.
    StartBase,
    /// Make a commit: on the base, or upon the branch's head.
    Build {
        onto: String,
        follows: bool,
    },
    CreateBranch {
        sha: String,
    },
    MoveBranch {
        sha: String,
        force: bool,
    },
    Open {
        head: String,
        digest: String,
    },
    /// Remember a pull request that was found.
    Adopt(u64),
    /// Write title and body, or only the marker where a person edited the body.
    Describe {
        number: u64,
        head: String,
        digest: String,
        keep_body: bool,
    },
    Check {
        head: String,
    },
    Label(u64),
    MarkReady {
        node: String,
    },
    RequestReview {
        number: u64,
        reviewer: String,
    },
    /// Remove the generated text from title and body, and close it unless people work on it.
    Withdraw {
        number: u64,
        close: bool,
    },
    /// With the text beside it, if there is one.
    DeleteBranch,
    /// Write title and body beside the branch.
    WriteText,
    Done(ReconcileOutcome),
}

impl ReconcileStep {
    /// What there is to tell when nothing is left to do.
    pub(crate) fn outcome(self) -> Option<ReconcileOutcome> {
        match self {
            Self::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Its name in the outbox.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StartBase => "start-base",
            Self::Build { .. } => "build",
            Self::CreateBranch { .. } => "create-branch",
            Self::MoveBranch { .. } => "move-branch",
            Self::Open { .. } => "open",
            Self::Adopt(_) => "adopt",
            Self::Describe { .. } => "describe",
            Self::Check { .. } => "check",
            Self::Label(_) => "label",
            Self::MarkReady { .. } => "mark-ready",
            Self::RequestReview { .. } => "ask",
            Self::Withdraw { .. } => "withdraw",
            Self::DeleteBranch => "delete-branch",
            Self::WriteText => "write-text",
            Self::Done(_) => "rest",
        }
    }
}

/// The outcome when no step is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReconcileOutcome {
    /// It is open and as it should be, or will be when it may be changed again.
    Open {
        number: Option<u64>,
        head: String,
        digest: String,
        conflict: bool,
    },
    HandsOff {
        number: Option<u64>,
        why: HandsOffReason,
    },
    /// A person closed it or deleted the branch: it stays closed.
    Rejected {
        number: Option<u64>,
    },
    Superseded {
        number: u64,
    },
    /// It was closed by this program, or there is nothing to close.
    Withdrawn,
    /// Merged: the text at `commit` is what people made of it.
    Merged {
        number: Option<u64>,
        commit: Option<String>,
    },
    /// The base already has all of it.
    Nothing,
}

/// Why a pull request or a branch must not be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandsOffReason {
    #[error("someone committed to the branch")]
    HumanCommit,
    #[error("the title was edited")]
    TitleEdited,
    #[error("the base branch was changed")]
    BaseChanged,
    #[error("the tracking comment was removed from the body")]
    MarkGone,
    #[error("the branch was deleted")]
    BranchGone,
    #[error("someone else opened a pull request from this branch")]
    NotOurs,
    #[error("another page already exists at this path")]
    PathTaken,
    #[error("the branch is checked out in a working tree")]
    CheckedOut,
}

/// Names the next thing to do. Pure, so that every state can be tested.
pub fn next_step(
    wanted: &DesiredPullRequest,
    progress: &PullRequestProgress,
    seen: &ObservedState,
    now: Timestamp,
) -> ReconcileStep {
    let state = StepContext { wanted, progress, seen, now };
    match seen.pulls.iter().find(|pull| pull.is_open()) {
        Some(pull) => state.with_open(pull),
        None => state.without_open(),
    }
}

struct StepContext<'s> {
    wanted: &'s DesiredPullRequest,
    progress: &'s PullRequestProgress,
    seen: &'s ObservedState,
    now: Timestamp,
}

fn hands_off(pull: &PullRequest, why: HandsOffReason) -> ReconcileStep {
    ReconcileStep::Done(ReconcileOutcome::HandsOff { number: Some(pull.number), why })
}

fn hands_off_branch(why: HandsOffReason) -> ReconcileStep {
    ReconcileStep::Done(ReconcileOutcome::HandsOff { number: None, why })
}

impl StepContext<'_> {
    fn by_us(&self, pull: &PullRequest) -> bool {
        let login = pull.user.as_ref().map(|user| user.login.as_str()).unwrap_or_default();
        !login.is_empty() && login.eq_ignore_ascii_case(&self.seen.me)
    }

    /// The marker of a pull request for this cluster.
    fn marker(&self, pull: &PullRequest) -> Option<BodyMarker> {
        BodyMarker::read(pull.body()).filter(|marker| marker.cluster == self.wanted.cluster)
    }

    /// The generated commit on the branch; `None` if someone else made it.
    fn generated_head(
        &self,
        branch: &ObservedBranch,
        marker: Option<&BodyMarker>,
    ) -> Option<PushedHead> {
        let head = branch.head.clone();
        let pushed = |digest: &str, base, at| {
            Some(PushedHead { head: head.clone(), digest: digest.to_owned(), base, at })
        };
        if let Some(built) = self.progress.built.as_ref().filter(|one| one.puts(&branch.head)) {
            return pushed(&built.digest, Some(built.base.clone()), built.at);
        }
        if let Some(known) = self.progress.pushed.as_ref().filter(|one| one.head == branch.head) {
            return Some(known.clone());
        }
        if let Some(marker) = marker.filter(|marker| marker.head == branch.head) {
            return pushed(&marker.digest, None, Timestamp::UNIX_EPOCH);
        }
        if let Some(digest) = &branch.ours {
            return pushed(digest, None, Timestamp::UNIX_EPOCH);
        }
        (self.wanted.recreate.as_deref() == Some(branch.head.as_str()))
            .then(|| pushed("", None, Timestamp::UNIX_EPOCH))
            .flatten()
    }

    fn with_open(&self, pull: &PullRequest) -> ReconcileStep {
        let marker = self.marker(pull);
        if !self.by_us(pull) {
            return hands_off(pull, HandsOffReason::NotOurs);
        }
        let known = self.progress.number == Some(pull.number);
        if marker.is_some() && !known {
            return ReconcileStep::Adopt(pull.number);
        }
        let Some(branch) = &self.seen.branch else {
            return hands_off(pull, HandsOffReason::BranchGone);
        };
        let generated = self.generated_head(branch, marker.as_ref());
        if self.wanted.purpose == PullRequestPurpose::Withdrawal && known {
            return match (generated, &marker) {
                (Some(_), _) => ReconcileStep::Withdraw { number: pull.number, close: true },
                (None, Some(marker)) if !marker.withdrawn => {
                    ReconcileStep::Withdraw { number: pull.number, close: false }
                }
                (None, _) => hands_off(pull, HandsOffReason::HumanCommit),
            };
        }
        let Some(marker) = marker else { return hands_off(pull, HandsOffReason::MarkGone) };
        let Some(generated) = generated else {
            return hands_off(pull, HandsOffReason::HumanCommit);
        };
        let renamed = !marker.title.is_empty() && marker.title != marker::hash(&pull.title);
        if renamed && !self.is_anew(branch, &marker) {
            return hands_off(pull, HandsOffReason::TitleEdited);
        }
        if pull.base.branch != self.wanted.base {
            return hands_off(pull, HandsOffReason::BaseChanged);
        }
        self.renewed(pull, branch, &generated)
            .or_else(|| self.described(pull, branch, &marker, &generated))
            .unwrap_or_else(|| self.maintained(pull, &generated))
    }

    /// Whether title and body are replaced even if people edited them: someone gave them up with
    /// the branch, or they quote deleted messages.
    fn is_anew(&self, branch: &ObservedBranch, marker: &BodyMarker) -> bool {
        let gives_up = self.wanted.recreate.as_deref() == Some(branch.head.as_str());
        let built = self.progress.built.as_ref().filter(|built| built.puts(&branch.head));
        let undescribed = marker.head != branch.head;
        self.wanted.anew && gives_up || undescribed && built.is_some_and(|built| built.anew)
    }

    /// Brings the branch up to what is wanted, if it may be touched at all today.
    fn renewed(
        &self,
        pull: &PullRequest,
        branch: &ObservedBranch,
        generated: &PushedHead,
    ) -> Option<ReconcileStep> {
        let other = generated.digest != self.wanted.digest;
        let behind = generated.base.as_deref() != Some(self.seen.base.as_str());
        let conflict = pull.mergeable == Some(false) && !self.seen.touched;
        let rebase = behind && (self.wanted.rebase || conflict);
        let interval_over = self.now.duration_since(generated.at) >= BETWEEN_PUSHES;
        let urgent =
            self.wanted.purpose != PullRequestPurpose::Answer || self.wanted.recreate.is_some();
        if !rebase && !(other && (interval_over || urgent)) {
            return None;
        }
        // Once someone has reviewed it, updates follow as new commits, so that the changes are
        // visible.
        let follows = self.seen.touched && !self.wanted.rebase && self.wanted.recreate.is_none();
        if let Some(built) = self.built(Some(&branch.head), follows) {
            if built.made.taken {
                return Some(hands_off(pull, HandsOffReason::PathTaken));
            }
            // The base may already have everything: then maintainers decide what to do.
            if built.made.empty {
                return None;
            }
            let sha = built.made.sha.clone();
            return Some(ReconcileStep::MoveBranch { sha, force: !follows });
        }
        let onto = if follows { &branch.head } else { &self.seen.base };
        Some(ReconcileStep::Build { onto: onto.clone(), follows })
    }

    /// Makes a commit on the base, which a new repository gets first.
    fn build_on_base(&self) -> ReconcileStep {
        match self.seen.base.is_empty() {
            true => ReconcileStep::StartBase,
            false => ReconcileStep::Build { onto: self.seen.base.clone(), follows: false },
        }
    }

    /// A commit made for exactly this, if there is one.
    fn built(&self, from: Option<&str>, follows: bool) -> Option<&BuiltCommit> {
        self.progress.built.as_ref().filter(|built| {
            built.digest == self.wanted.digest
                && built.from.as_deref() == from
                && built.follows == follows
                && (follows || built.base == self.seen.base)
                && self.now.duration_since(built.at) < COMMIT_LIFETIME
        })
    }

    fn described(
        &self,
        pull: &PullRequest,
        branch: &ObservedBranch,
        marker: &BodyMarker,
        generated: &PushedHead,
    ) -> Option<ReconcileStep> {
        let DesiredPullRequest { title, body, .. } = self.wanted;
        let moved = marker.head != generated.head || marker.digest != generated.digest;
        let other = marker.title != marker::hash(title) || marker.body != marker::hash(body);
        let interval_over = self.now.duration_since(generated.at) >= BETWEEN_PUSHES;
        let current = generated.digest == self.wanted.digest;
        let renamed = other && current && interval_over;
        if !moved && !renamed {
            return None;
        }
        let edited = marker.body != marker::hash(&marker::without(pull.body()))
            && !self.is_anew(branch, marker);
        let PushedHead { head, digest, .. } = generated.clone();
        // A body for a draft that is not on the branch would be wrong.
        Some(ReconcileStep::Describe {
            number: pull.number,
            head,
            digest,
            keep_body: edited || !current,
        })
    }

    fn maintained(&self, pull: &PullRequest, generated: &PushedHead) -> ReconcileStep {
        let (number, progress) = (pull.number, self.progress);
        let is_head = |head: &Option<String>| head.as_deref() == Some(generated.head.as_str());
        let current = generated.digest == self.wanted.digest;
        if current && !is_head(&progress.checked) && !is_head(&progress.faulty) {
            return ReconcileStep::Check { head: generated.head.clone() };
        }
        let labelled = self.wanted.labels.iter().all(|label| pull.has_label(label));
        if !labelled && !progress.labelled {
            return ReconcileStep::Label(number);
        }
        let ready = self.wanted.ready && is_head(&progress.checked) && !progress.readied;
        if pull.draft && ready && !pull.node_id.is_empty() {
            return ReconcileStep::MarkReady { node: pull.node_id.clone() };
        }
        let waiting = |login: &String| {
            let requested =
                pull.requested_reviewers.iter().any(|one| one.login.eq_ignore_ascii_case(login));
            !requested
                && !progress.reviewers_requested.contains(login)
                && !login.eq_ignore_ascii_case(&self.seen.me)
        };
        let reviewer = self.wanted.reviewers.iter().find(|login| waiting(login));
        if let Some(reviewer) = reviewer.filter(|_| !pull.draft && !self.seen.touched) {
            return ReconcileStep::RequestReview { number, reviewer: reviewer.clone() };
        }
        ReconcileStep::Done(ReconcileOutcome::Open {
            number: Some(number),
            head: generated.head.clone(),
            digest: generated.digest.clone(),
            conflict: pull.mergeable == Some(false),
        })
    }

    fn without_open(&self) -> ReconcileStep {
        let ours = |pull: &&PullRequest| self.by_us(pull) && self.belongs(pull);
        if let Some(pull) = self.seen.pulls.iter().find(ours)
            && let Some(end) = self.ended(pull)
        {
            return end;
        }
        if self.wanted.purpose == PullRequestPurpose::Answer
            && let Some(end) = self.ended_on_base()
        {
            return end;
        }
        let Some(branch) = &self.seen.branch else { return self.without_branch() };
        let Some(generated) = self.generated_head(branch, None) else {
            return hands_off_branch(HandsOffReason::HumanCommit);
        };
        let is_withdrawal = self.wanted.purpose == PullRequestPurpose::Withdrawal;
        if !is_withdrawal && generated.digest == self.wanted.digest {
            return self.offered(generated);
        }
        if branch.checked_out {
            return hands_off_branch(HandsOffReason::CheckedOut);
        }
        if is_withdrawal {
            return ReconcileStep::DeleteBranch;
        }
        match self.built(Some(&branch.head), false) {
            Some(built) => self.placed(built, true),
            None => self.build_on_base(),
        }
    }

    /// What the base branch tells of a proposal without a pull request.
    fn ended_on_base(&self) -> Option<ReconcileStep> {
        match self.seen.base_page {
            BasePage::Absent => None,
            BasePage::Own => {
                Some(ReconcileStep::Done(ReconcileOutcome::Merged { number: None, commit: None }))
            }
            BasePage::Foreign => Some(hands_off_branch(HandsOffReason::PathTaken)),
        }
    }

    /// Puts a branch that is as it should be before the people who review it.
    fn offered(&self, generated: PushedHead) -> ReconcileStep {
        let PushedHead { head, digest, .. } = generated;
        match (self.seen.capabilities.pull_requests, self.seen.text) {
            (true, _) => ReconcileStep::Open { head, digest },
            (false, ProposalText::Current) => ReconcileStep::Done(ReconcileOutcome::Open {
                number: None,
                head,
                digest,
                conflict: false,
            }),
            (false, _) => ReconcileStep::WriteText,
        }
    }

    /// A closed pull request whose marker was removed is still identified by its number.
    fn belongs(&self, pull: &PullRequest) -> bool {
        self.marker(pull).is_some() || self.progress.number == Some(pull.number)
    }

    /// What the end of the newest pull request means; `None` if another one may be opened.
    fn ended(&self, pull: &PullRequest) -> Option<ReconcileStep> {
        let marker = self.marker(pull);
        let digest = marker.as_ref().map(|marker| marker.digest.as_str());
        let same = digest == Some(self.wanted.digest.as_str());
        let number = pull.number;
        let withdrawn = marker.as_ref().is_some_and(|marker| marker.withdrawn);
        match self.wanted.purpose {
            PullRequestPurpose::Correction | PullRequestPurpose::Removal if !same => return None,
            PullRequestPurpose::Withdrawal if !pull.is_merged() => {
                let ours = self
                    .seen
                    .branch
                    .as_ref()
                    .and_then(|branch| self.generated_head(branch, marker.as_ref()));
                let rest = ReconcileStep::Done(ReconcileOutcome::Withdrawn);
                return Some(if ours.is_some() { ReconcileStep::DeleteBranch } else { rest });
            }
            _ => {}
        }
        if pull.is_merged() {
            let at_head = |branch: &&ObservedBranch| branch.head == pull.head.sha;
            return Some(match self.seen.branch.as_ref().filter(at_head) {
                Some(_) => ReconcileStep::DeleteBranch,
                None => ReconcileStep::Done(ReconcileOutcome::Merged {
                    number: Some(number),
                    commit: pull.merge_commit_sha.clone(),
                }),
            });
        }
        if self.wanted.requested_again || withdrawn {
            return None;
        }
        Some(ReconcileStep::Done(if pull.has_label(SUPERSEDED) {
            ReconcileOutcome::Superseded { number }
        } else {
            ReconcileOutcome::Rejected { number: Some(number) }
        }))
    }

    fn without_branch(&self) -> ReconcileStep {
        if self.wanted.purpose == PullRequestPurpose::Withdrawal {
            return match self.seen.text {
                ProposalText::Absent => ReconcileStep::Done(ReconcileOutcome::Withdrawn),
                _ => ReconcileStep::DeleteBranch,
            };
        }
        // The branch was there before any pull request: a person deleted it.
        let deleted = self.progress.pushed.is_some() && self.seen.pulls.is_empty();
        if deleted && !self.wanted.requested_again {
            return ReconcileStep::Done(ReconcileOutcome::Rejected { number: None });
        }
        match self.built(None, false) {
            Some(built) => self.placed(built, false),
            None => self.build_on_base(),
        }
    }

    /// Puts a commit on the branch, unless there is nothing to put there.
    fn placed(&self, built: &BuiltCommit, exists: bool) -> ReconcileStep {
        let sha = built.made.sha.clone();
        if built.made.taken {
            hands_off_branch(HandsOffReason::PathTaken)
        } else if built.made.empty {
            ReconcileStep::Done(ReconcileOutcome::Nothing)
        } else if exists {
            ReconcileStep::MoveBranch { sha, force: true }
        } else {
            ReconcileStep::CreateBranch { sha }
        }
    }
}

pub(crate) mod progress;
#[cfg(test)]
mod tests;
