//! The report of a round.

use std::collections::BTreeMap;

use docgen::forge::reconcile::ReconcileOutcome;
use docgen::page::draft::Draft;
use docgen::pull_request::answer::PullRequestText;
use docgen::pull_request::limits::DeadlineStatus;
use rules::model::cluster::Cluster;
use rules::model::ids::ClusterId;
use serde::Serialize;

/// What a round did.
#[derive(Debug, Default, Serialize)]
pub struct RoundReport {
    /// What the repository allows, in a sentence.
    pub stage: String,
    pub lines: Vec<RoundItem>,
    /// Questions on the dashboard by deadline status.
    #[serde(rename = "clocks")]
    pub deadlines: BTreeMap<DeadlineStatus, u64>,
    /// What the operator should know.
    pub notes: Vec<String>,
    /// Every question with its page, for who shows pages.
    #[serde(skip)]
    pub considered: BTreeMap<ClusterId, ConsideredPage>,
    /// The lines of guides.
    #[serde(skip)]
    pub guides: Vec<RoundItem>,
}

/// The occurrences of a question that a page stands on, with the page.
#[derive(Debug)]
pub struct ConsideredPage {
    pub cluster: Cluster,
    /// Why it gets none or waits.
    pub page: Result<(Draft, PullRequestText), String>,
    /// `None` where the round left it alone.
    pub outcome: Option<PageOutcome>,
}

/// What became of a page in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOutcome {
    Opened,
    Updated,
    UpToDate,
    HandsOff(String),
    Failed(String),
}

impl PageOutcome {
    /// What one proposal came to; `written` tells whether its branch is another one now, and whether it is new.
    pub(crate) fn of(outcome: &ReconcileOutcome, written: Option<BranchChange>) -> Self {
        match (outcome, written) {
            (ReconcileOutcome::Open { .. }, Some(BranchChange::New)) => Self::Opened,
            (ReconcileOutcome::Open { .. }, Some(BranchChange::Moved)) => Self::Updated,
            (ReconcileOutcome::Open { .. }, None) => Self::UpToDate,
            (ReconcileOutcome::HandsOff { why, .. }, _) => Self::HandsOff(why.to_string()),
            (ReconcileOutcome::Merged { .. } | ReconcileOutcome::Nothing, _) => {
                Self::HandsOff("the page is already merged".to_owned())
            }
            (ReconcileOutcome::Rejected { .. } | ReconcileOutcome::Superseded { .. }, _) => {
                let why = "the branch was deleted, so the question counts as rejected";
                Self::HandsOff(why.to_owned())
            }
            (ReconcileOutcome::Withdrawn, _) => Self::HandsOff("the page was withdrawn".to_owned()),
        }
    }
}

/// Why a round left a page alone with which nothing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitReason {
    Unanalysed,
    Paused,
    Snoozed,
    LikeRejected,
    Decided,
}

impl WaitReason {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unanalysed => "not now: messages wait to be analysed and may change the page",
            Self::Paused => {
                "not now: proposals are paused; an administrator can resume them in Discord"
            }
            Self::Snoozed => "not now: a reviewer snoozed it",
            Self::LikeRejected => "not proposed: maintainers rejected a page for the same question",
            Self::Decided => "not proposed: maintainers have decided about this question",
        }
    }
}

/// What a round did with a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BranchChange {
    New,
    Moved,
}

impl std::fmt::Display for PageOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Opened => f.write_str("opened"),
            Self::Updated => f.write_str("updated"),
            Self::UpToDate => f.write_str("up to date"),
            Self::HandsOff(why) => write!(f, "hands off: {why}"),
            Self::Failed(why) => write!(f, "failed: {why}"),
        }
    }
}

/// What became of one question.
#[derive(Debug, Clone, Serialize)]
pub struct RoundItem {
    pub cluster: ClusterId,
    pub outcome: String,
    pub number: Option<u64>,
    pub title: String,
}

impl RoundReport {
    pub(crate) fn add_line(
        &mut self,
        cluster: &ClusterId,
        outcome: impl Into<String>,
        number: Option<u64>,
        title: &str,
    ) {
        let (cluster, title) = (cluster.clone(), title.to_owned());
        self.lines.push(RoundItem { cluster, outcome: outcome.into(), number, title });
    }
}

/// An outcome in a few words.
pub(crate) fn describe_outcome(outcome: &ReconcileOutcome) -> String {
    match outcome {
        ReconcileOutcome::Open { conflict: true, .. } => "open, conflicts with its base".to_owned(),
        ReconcileOutcome::Open { .. } => "open".to_owned(),
        ReconcileOutcome::HandsOff { why, .. } => format!("hands off: {why}"),
        ReconcileOutcome::Rejected { .. } => "rejected".to_owned(),
        ReconcileOutcome::Superseded { .. } => "superseded".to_owned(),
        ReconcileOutcome::Withdrawn => "withdrawn".to_owned(),
        ReconcileOutcome::Merged { .. } => "merged".to_owned(),
        ReconcileOutcome::Nothing => "already documented".to_owned(),
    }
}
