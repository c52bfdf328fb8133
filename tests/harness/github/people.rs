//! What other people do on the web page or with git.

use std::collections::BTreeSet;

use super::FakeGitHub;
use super::answer::Answer;
use super::git::Sha;
use super::pulls::{How, NewPull, Verdict};
use super::refs::Change;
use super::state::{GitHubState, Line};

/// Somebody at work in a repository. What the service would refuse fails the test.
pub struct Acting<'a> {
    github: &'a FakeGitHub,
    who: String,
    repo: u64,
}

#[track_caller]
fn done<T>(result: Result<T, Answer>) -> T {
    result.unwrap_or_else(|refusal| panic!("refused: {} {}", refusal.status, refusal.text()))
}

impl FakeGitHub {
    /// Lets somebody act, who gets an account if there is none.
    #[track_caller]
    pub fn acting(&self, login: &str, full_name: &str) -> Acting<'_> {
        self.person(login);
        let repo = self.look(|state| state.repo(full_name).id);
        Acting { github: self, who: login.to_owned(), repo }
    }
}

impl Acting<'_> {
    #[track_caller]
    fn act<T>(&self, act: impl FnOnce(&mut GitHubState, u64, &str) -> T) -> T {
        self.github.with(|state| act(state, self.repo, &self.who))
    }

    /// Puts a commit on a branch, which begins at the default branch if it is new.
    #[track_caller]
    pub fn push(&self, branch: &str, changes: &[Change<'_>], message: &str) -> Sha {
        self.act(|state, repo, by| {
            let of = &state.repos[&repo];
            let from = of.head(branch).or_else(|| of.head(&of.default_branch));
            let from = from.cloned().unwrap_or_default();
            let files = state.changed(&from, changes);
            let sha = state.commit(by, &[from], &files, message, false);
            state.move_ref(repo, &format!("refs/heads/{branch}"), Some(sha.clone()), by);
            sha
        })
    }

    /// Moves or makes a branch, wherever it stood.
    #[track_caller]
    pub fn force_push(&self, branch: &str, to: &str) {
        self.act(|state, repo, by| {
            assert!(state.git.commit(to).is_some(), "there is no commit {to}");
            state.move_ref(repo, &format!("refs/heads/{branch}"), Some(to.to_owned()), by);
        });
    }

    #[track_caller]
    pub fn delete_branch(&self, branch: &str) {
        self.act(|state, repo, by| state.move_ref(repo, &format!("refs/heads/{branch}"), None, by));
    }

    #[track_caller]
    pub fn open_issue(&self, title: &str, body: &str) -> u64 {
        done(self.act(|state, repo, by| state.open_issue(repo, by, title, body)))
    }

    /// Opens a pull request from a branch of the repository to its default branch.
    #[track_caller]
    pub fn open_pull(&self, branch: &str, title: &str, body: &str) -> u64 {
        done(self.act(|state, repo, by| {
            let (head_owner, base) = ends(state, repo);
            let (head, draft) = (branch, false);
            let new = NewPull {
                head_owner: &head_owner,
                head,
                elsewhere: None,
                base: &base,
                title,
                body,
                draft,
            };
            state.open_pull(repo, by, &new)
        }))
    }

    /// Opens a pull request from a branch with these changes in a fork of one's own.
    #[track_caller]
    pub fn open_pull_from_fork(
        &self,
        branch: &str,
        changes: &[Change<'_>],
        title: &str,
        body: &str,
    ) -> u64 {
        done(self.act(|state, repo, by| {
            let (_, base) = ends(state, repo);
            let from = state.repos[&repo].head(&base).cloned().unwrap_or_default();
            let files = state.changed(&from, changes);
            let elsewhere = Some(state.commit(by, &[from], &files, title, false));
            let (head, draft) = (branch, false);
            let new = NewPull { head_owner: by, head, elsewhere, base: &base, title, body, draft };
            state.open_pull(repo, by, &new)
        }))
    }

    #[track_caller]
    pub fn edit_title(&self, number: u64, title: &str) {
        done(self.act(|state, repo, by| state.edit(repo, number, by, Some(title), None)));
    }

    #[track_caller]
    pub fn edit_body(&self, number: u64, body: &str) {
        done(self.act(|state, repo, by| state.edit(repo, number, by, None, Some(body))));
    }

    /// Ticks the box of the first line with this text.
    #[track_caller]
    pub fn tick(&self, number: u64, text: &str) {
        self.mark(number, text, "[ ]", "[x]");
    }

    #[track_caller]
    pub fn untick(&self, number: u64, text: &str) {
        self.mark(number, text, "[x]", "[ ]");
    }

    #[track_caller]
    fn mark(&self, number: u64, text: &str, from: &str, to: &str) {
        let body = self.github.look(|state| state.issue(self.repo, number).body.clone());
        let line = body.lines().find(|line| line.contains(text) && line.contains(from));
        let line = line.unwrap_or_else(|| panic!("no box {from} with {text:?} in:\n{body}"));
        self.edit_body(number, &body.replacen(line, &line.replacen(from, to, 1), 1));
    }

    #[track_caller]
    pub fn change_base(&self, number: u64, base: &str) {
        done(self.act(|state, repo, by| state.set_base(repo, number, by, base)));
    }

    #[track_caller]
    pub fn review(&self, number: u64, verdict: Verdict, body: &str) -> u64 {
        done(self.act(|state, repo, by| state.review(repo, number, by, verdict, body, &[])))
    }

    /// A review with comments on lines: path, line and text of each.
    #[track_caller]
    pub fn review_lines(
        &self,
        number: u64,
        verdict: Verdict,
        body: &str,
        lines: &[(&str, u64, &str)],
    ) -> u64 {
        done(self.act(|state, repo, by| state.review(repo, number, by, verdict, body, lines)))
    }

    /// Answers a comment on a line.
    #[track_caller]
    pub fn reply(&self, number: u64, comment: u64, body: &str) -> u64 {
        self.act(|state, repo, by| {
            let (_, first) = state.comment_mut(repo, comment).expect("there is such a comment");
            let line = first.line.clone().expect("it is about a line");
            let line = Line { reply_to: Some(comment), ..line };
            state.remark(repo, number, by, body, line)
        })
    }

    #[track_caller]
    pub fn comment(&self, number: u64, body: &str) -> u64 {
        done(self.act(|state, repo, by| state.comment(repo, number, by, body)))
    }

    #[track_caller]
    pub fn edit_comment(&self, comment: u64, body: &str) {
        done(self.act(|state, repo, by| state.edit_comment(repo, comment, by, body)));
    }

    #[track_caller]
    pub fn delete_comment(&self, comment: u64) {
        done(self.act(|state, repo, by| state.delete_comment(repo, comment, by)));
    }

    #[track_caller]
    pub fn close(&self, number: u64) {
        self.act(|state, repo, by| state.close(repo, number, by, None));
    }

    #[track_caller]
    pub fn reopen(&self, number: u64) {
        done(self.act(|state, repo, by| state.reopen(repo, number, by)));
    }

    /// Whether it is open, ready, and without conflicts.
    #[track_caller]
    pub fn may_merge(&self, number: u64) -> bool {
        self.act(|state, repo, _| {
            let issue = state.issue(repo, number);
            let ready = issue.open && issue.pull.as_ref().is_some_and(|pull| !pull.draft);
            let (base, head) = state.ends(repo, number);
            ready && state.git.merged(&base, &head).is_some()
        })
    }

    #[track_caller]
    pub fn merge(&self, number: u64, how: How) -> Sha {
        done(self.act(|state, repo, by| state.merge(repo, number, by, how, None, None)))
    }

    /// Puts a last commit on the branch and merges, under a message of one's own if there is one.
    #[track_caller]
    pub fn merge_edited(
        &self,
        number: u64,
        how: How,
        changes: &[Change<'_>],
        message: Option<&str>,
    ) -> Sha {
        let branch = self.github.look(|state| state.issue(self.repo, number).branch().to_owned());
        self.push(&branch, changes, "Last words");
        done(self.act(|state, repo, by| state.merge(repo, number, by, how, message, None)))
    }

    #[track_caller]
    pub fn mark_ready(&self, number: u64) {
        self.act(|state, repo, by| state.set_draft(repo, number, by, false));
    }

    #[track_caller]
    pub fn convert_to_draft(&self, number: u64) {
        self.act(|state, repo, by| state.set_draft(repo, number, by, true));
    }

    #[track_caller]
    pub fn label(&self, number: u64, name: &str) {
        self.relabel(number, |labels| labels.insert(name.to_owned()));
    }

    #[track_caller]
    pub fn unlabel(&self, number: u64, name: &str) {
        self.relabel(number, |labels| labels.remove(name));
    }

    #[track_caller]
    fn relabel(&self, number: u64, change: impl FnOnce(&mut BTreeSet<String>) -> bool) {
        self.act(|state, repo, by| {
            let mut labels = state.issue(repo, number).labels.clone();
            change(&mut labels);
            state.set_labels(repo, number, by, labels);
        });
    }

    /// Only people who may write can comment from here on.
    #[track_caller]
    pub fn lock(&self, number: u64) {
        self.act(|state, repo, _| state.issue_mut(repo, number).locked = true);
    }

    /// Reacts to a comment.
    #[track_caller]
    pub fn react(&self, comment: u64, content: &str) {
        self.act(|state, repo, by| {
            let (_, comment) = state.comment_mut(repo, comment).expect("there is such a comment");
            comment.reactions.insert((by.to_owned(), content.to_owned()));
        });
    }
}

/// The owner of a repository, and its default branch.
fn ends(state: &GitHubState, repo: u64) -> (String, String) {
    let of = &state.repos[&repo];
    (of.owner.clone(), of.default_branch.clone())
}
