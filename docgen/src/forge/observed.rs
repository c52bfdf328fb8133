//! What a forge shows of a proposal.

use crate::github::models::PullRequest;

/// What a forge has. Steps that it cannot take are not asked of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ForgeCapabilities {
    /// A branch is reviewed in a pull request, with its labels, draft flag, reviewers and comments. Without
    /// them the branch is the proposal, its text stands in a file beside it, and it is merged as soon as
    /// the base branch has the page.
    pub pull_requests: bool,
}

/// Everything that is observed before a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedState {
    pub capabilities: ForgeCapabilities,
    pub me: String,
    /// The head of the base branch; empty in a repository without commits.
    pub base: String,
    /// What the base branch has in place of the page; only observed where no pull request tells of a merge.
    pub base_page: BasePage,
    /// The file beside the branch that holds title and body, where the forge has no pull requests.
    pub text: ProposalText,
    /// Every pull request from the branch, newest first.
    pub pulls: Vec<PullRequest>,
    pub branch: Option<ObservedBranch>,
    /// Whether a person reviewed or commented the open one.
    pub touched: bool,
}

/// What stands on the base branch where a page goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BasePage {
    #[default]
    Absent,
    /// The page of this cluster: people merged it.
    Own,
    /// What other people wrote, or the page of another cluster.
    Foreign,
}

/// The file with title and body of a branch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProposalText {
    #[default]
    Absent,
    Outdated,
    Current,
}

/// The branch of the pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedBranch {
    pub head: String,
    /// The digest in the trailers, if this account made the commit for this cluster.
    pub ours: Option<String>,
    /// A working tree shows it: it must not move under the person who looks at it.
    pub checked_out: bool,
}
