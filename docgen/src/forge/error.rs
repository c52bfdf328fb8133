//! A failure of a forge itself.

use std::path::PathBuf;

use crate::github::client::GitHubError;

#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    #[error(transparent)]
    Local(#[from] LocalForgeError),
}

/// A failure of a git repository on this machine, or of the files beside it.
#[derive(Debug, thiserror::Error)]
pub enum LocalForgeError {
    #[error("cannot {doing} in the git repository")]
    Git {
        doing: &'static str,
        #[source]
        source: git2::Error,
    },
    #[error("cannot write {path}")]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}
