//! Proposals: pull requests on GitHub, or branches of a local repository.

pub(crate) mod batch;
pub(crate) mod command_check;
pub(crate) mod dashboard;
pub(crate) mod dry_run;
pub(crate) mod due_pages;
pub(crate) mod error;
pub(crate) mod feedback;
mod guide_pulls;
pub(crate) mod guides;
mod improvements;
pub(crate) mod merged;
mod needing_work;
pub(crate) mod opening;
pub(crate) mod reconciler;
pub(crate) mod redaction;
mod releases;
pub(crate) mod report;
pub(crate) mod repository;
mod review_decisions;
pub(crate) mod round;
pub(crate) mod tracked;
mod triage_issues;
pub(crate) mod worklist;

pub use dashboard::deadline_status_of;
pub use dry_run::{DryRunItem, PullRequestPreview};
pub use error::ProposingError;
pub use needing_work::PagesNeedingWork;
pub use reconciler::ProposalReconciler;
pub use report::{ConsideredPage, PageOutcome, RoundItem, RoundReport};
pub use repository::RepositoryState;
pub use round::RoundOutcome;
pub use tracked::TrackedProposal;
pub use triage_issues::TriageIssueLine;
