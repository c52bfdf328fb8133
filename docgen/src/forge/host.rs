//! The forge that proposals go to.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::commits::CommitTree;
use super::error::ForgeError;
use super::local::LocalForge;
use super::observed::{ForgeCapabilities, ObservedState};
use super::reconcile::{DesiredPullRequest, PullRequestProgress, ReconcileOutcome, ReconcileStep};
use crate::github::client::GitHubClient;
use crate::github::execute;
use crate::github::models::PullRequest;
use crate::site::detection::settings_files;

type Result<T> = std::result::Result<T, ForgeError>;

/// GitHub, or a git repository on this machine.
pub enum Forge {
    GitHub(Box<GitHubClient>),
    Local(LocalForge),
}

impl Forge {
    pub fn capabilities(&self) -> ForgeCapabilities {
        ForgeCapabilities { pull_requests: self.github().is_some() }
    }

    /// For what only GitHub has: comments, issues, releases.
    pub fn github(&self) -> Option<&GitHubClient> {
        match self {
            Self::GitHub(github) => Some(github),
            Self::Local(_) => None,
        }
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Self::GitHub(github) => github.now(),
            Self::Local(local) => local.now(),
        }
    }

    /// The commit that a branch points to.
    pub async fn head(&self, branch: &str) -> Result<Option<String>> {
        match self {
            Self::GitHub(github) => Ok(github.head(branch).await?),
            Self::Local(local) => Ok(local.head(branch)?),
        }
    }

    /// Every file of a commit.
    pub async fn files(&self, commit: &str) -> Result<CommitTree> {
        match self {
            Self::GitHub(github) => Ok(github.files(commit).await?),
            Self::Local(local) => Ok(local.files(commit)?),
        }
    }

    /// The text of a file; `None` where there is no such file. Bytes that are no UTF-8 are replaced.
    pub async fn text(&self, files: &CommitTree, path: &str) -> Result<Option<String>> {
        match self {
            Self::GitHub(github) => Ok(github.text(files, path).await?),
            Self::Local(local) => Ok(local.text(files, path)?),
        }
    }

    /// The pages of a site among the files, as path and text; what `seen` holds, by blob, is not asked for
    /// again.
    pub async fn read_docs(
        &self,
        files: &CommitTree,
        is_page: impl Fn(&str) -> bool,
        seen: &mut BTreeMap<String, String>,
    ) -> Result<Vec<(String, String)>> {
        match self {
            Self::GitHub(github) => Ok(github.read_docs(files, is_page, seen).await?),
            Self::Local(local) => {
                let pages =
                    files.paths().filter(|path| is_page(path) && !files.links.contains(*path));
                Ok(local.texts(files, pages)?)
            }
        }
    }

    /// The text of every file that may be settings of a site, by path; `seen` as for [`Self::read_docs`].
    pub async fn read_settings(
        &self,
        files: &CommitTree,
        seen: &mut BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>> {
        match self {
            Self::GitHub(github) => Ok(github.read_settings(files, seen).await?),
            Self::Local(local) => {
                let paths = settings_files(files.paths());
                let paths =
                    paths.iter().map(String::as_str).filter(|path| !files.links.contains(*path));
                Ok(local.texts(files, paths)?.into_iter().collect())
            }
        }
    }

    /// The text of a merged page as people made it, at a commit or on the base; `None` if they took it away.
    pub async fn merged_text(
        &self,
        commit: Option<&str>,
        base: &str,
        path: &str,
    ) -> Result<Option<String>> {
        match self {
            Self::GitHub(github) => Ok(execute::merged_text(github, commit, base, path).await?),
            Self::Local(local) => {
                let files = local.files(&local.head(base)?.unwrap_or_default())?;
                Ok(local.text(&files, path)?)
            }
        }
    }

    /// Where people read a file of a branch.
    pub fn link(&self, branch: &str, path: &str) -> String {
        match self {
            Self::GitHub(github) => github.link(branch, path),
            Self::Local(_) => path.to_owned(),
        }
    }

    /// Pull requests of this account from a branch, newest first; none where the forge has none.
    pub async fn pulls_of(&self, branch: &str) -> Result<Vec<PullRequest>> {
        match self {
            Self::GitHub(github) => Ok(github.pulls_of(branch).await?),
            Self::Local(_) => Ok(Vec::new()),
        }
    }

    /// Looks at all that decides what is to be done.
    pub async fn observe(
        &self,
        wanted: &DesiredPullRequest,
        progress: &PullRequestProgress,
    ) -> Result<ObservedState> {
        match self {
            Self::GitHub(github) => Ok(execute::observe(github, wanted, progress).await?),
            Self::Local(local) => Ok(local.observe(wanted)?),
        }
    }

    /// Takes the step that [`next_step`](super::reconcile::next_step) named and records it in the progress.
    /// `None` means that more is to be done: store the progress and observe again. An error leaves the
    /// progress as it was.
    pub async fn execute(
        &self,
        wanted: &DesiredPullRequest,
        progress: &mut PullRequestProgress,
        (seen, what): (&ObservedState, ReconcileStep),
    ) -> Result<Option<ReconcileOutcome>> {
        match self {
            Self::GitHub(github) => {
                Ok(execute::execute(github, wanted, progress, (seen, what)).await?)
            }
            Self::Local(local) => Ok(local.execute(wanted, progress, (seen, what))?),
        }
    }
}
