//! Why a proposal round, or one proposal of it, failed.

use docgen::forge::error::{ForgeError, LocalForgeError};
use docgen::github::client::GitHubError;
use docgen::pull_request::check::UnsafeMessage;
use indexer::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum ProposingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    #[error(transparent)]
    Local(#[from] LocalForgeError),
    #[error("issues and comments need a repository on GitHub")]
    NotOnGitHub,
    #[error(transparent)]
    Unsafe(#[from] UnsafeMessage),
    #[error("the repository is archived; nothing can be proposed there")]
    Archived,
    #[error("{branch}: gave up after {steps} steps")]
    Endless { branch: String, steps: usize },
    #[error("lost the proposal lease to another process")]
    TakenOver,
    #[error("the stored state of {branch} cannot be read")]
    Unreadable {
        branch: String,
        #[source]
        source: serde_json::Error,
    },
}

impl From<ForgeError> for ProposingError {
    fn from(error: ForgeError) -> Self {
        match error {
            ForgeError::GitHub(error) => Self::GitHub(error),
            ForgeError::Local(error) => Self::Local(error),
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, ProposingError>;

impl ProposingError {
    /// Whether the whole round has to end, instead of this one proposal.
    pub(in crate::proposals) fn ends_the_round(&self) -> bool {
        let waits =
            matches!(self, Self::GitHub(GitHubError::Deferred { .. } | GitHubError::Moved { .. }));
        waits || matches!(self, Self::Store(_) | Self::TakenOver | Self::Archived)
    }
}
