//! What came of it all.

use std::collections::BTreeMap;

use super::FakeGitHub;
use super::git::{Commit, Sha};
use super::state::{Comment, Issue, Move, Notification};

impl FakeGitHub {
    /// The pull requests of a repository, the oldest first.
    #[track_caller]
    pub fn pulls(&self, full_name: &str) -> Vec<Issue> {
        self.numbered(full_name).into_iter().filter(|issue| issue.pull.is_some()).collect()
    }

    /// The issues of a repository without its pull requests, the oldest first.
    #[track_caller]
    pub fn issues(&self, full_name: &str) -> Vec<Issue> {
        self.numbered(full_name).into_iter().filter(|issue| issue.pull.is_none()).collect()
    }

    #[track_caller]
    fn numbered(&self, full_name: &str) -> Vec<Issue> {
        self.look(|state| state.repo(full_name).issues.values().cloned().collect())
    }

    /// An issue or pull request; the test fails if there is none.
    #[track_caller]
    pub fn numbered_one(&self, full_name: &str, number: u64) -> Issue {
        self.look(|state| state.issue(state.repo(full_name).id, number).clone())
    }

    /// The comments of an issue or pull request, those on lines last.
    #[track_caller]
    pub fn comments(&self, full_name: &str, number: u64) -> Vec<Comment> {
        let issue = self.numbered_one(full_name, number);
        let remarks = issue.pull.into_iter().flat_map(|pull| pull.remarks);
        issue.comments.into_iter().chain(remarks).collect()
    }

    /// The branches with their heads.
    #[track_caller]
    pub fn branches(&self, full_name: &str) -> BTreeMap<String, Sha> {
        self.look(|state| {
            let refs = state.repo(full_name).refs.iter();
            let named = refs.filter_map(|(name, sha)| {
                Some((name.strip_prefix("refs/heads/")?.to_owned(), sha.clone()))
            });
            named.collect()
        })
    }

    /// The text of a file on a branch.
    #[track_caller]
    pub fn file(&self, full_name: &str, branch: &str, path: &str) -> Option<String> {
        self.look(|state| state.git.text(state.repo(full_name).head(branch)?, path))
    }

    /// Every file on a branch with its text; none if there is no such branch.
    #[track_caller]
    pub fn files(&self, full_name: &str, branch: &str) -> BTreeMap<String, String> {
        self.look(|state| {
            let head = state.repo(full_name).head(branch).cloned().unwrap_or_default();
            let text = |path: String| {
                let text = state.git.text(&head, &path).unwrap_or_default();
                (path, text)
            };
            state.git.files(&head).into_keys().map(text).collect()
        })
    }

    /// The commits of a branch, the oldest first.
    #[track_caller]
    pub fn commits(&self, full_name: &str, branch: &str) -> Vec<Commit> {
        self.look(|state| {
            let head = state.repo(full_name).head(branch).cloned().unwrap_or_default();
            state.git.history(&head)
        })
    }

    /// Every move of a branch or tag, in order.
    #[track_caller]
    pub fn moves(&self, full_name: &str) -> Vec<Move> {
        self.look(|state| state.repo(full_name).moves.clone())
    }

    /// Commits by people that a move by the product's accounts took off their branch, unless the
    /// branch was merged or another one has them.
    pub fn overwritten(&self) -> Vec<Commit> {
        self.look(super::state::GitHubState::overwritten)
    }

    /// Who was notified of what, in order.
    pub fn notifications(&self) -> Vec<Notification> {
        self.look(|state| state.notifications.clone())
    }
}
