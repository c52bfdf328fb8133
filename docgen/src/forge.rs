//! Where proposals go.

pub mod local;
mod prune;

use crate::pull_request::check::UnsafeMessage;

/// What was last pushed for a cluster, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPush {
    /// The commit, in hexadecimal.
    pub head: String,
    pub digest: String,
}

/// The outcome of proposing. Every outcome but a hand-off names the head of the branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalOutcome {
    Opened(LocalPush),
    Updated(LocalPush),
    /// The branch already has this draft; nothing was written.
    UpToDate(LocalPush),
    /// The branch belongs to people; nothing was written.
    HandsOff(LocalHandsOff),
}

/// Why a branch must not be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocalHandsOff {
    #[error("someone committed to the branch")]
    HumanCommit,
    #[error("the branch was deleted, so the question counts as rejected")]
    Deleted,
    #[error("the page is already merged")]
    Merged,
    #[error("the branch is checked out in a working tree")]
    CheckedOut,
    #[error("another page already exists at this path")]
    PathTaken,
}

/// A failure of the forge itself.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    #[error(transparent)]
    Unsafe(#[from] UnsafeMessage),
    #[error("cannot {doing} in the git repository")]
    Git {
        doing: &'static str,
        #[source]
        source: git2::Error,
    },
    #[error("cannot write {path}")]
    Write {
        path: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
}
