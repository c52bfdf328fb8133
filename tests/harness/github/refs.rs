//! Branches that move, and what moves with them: pull requests follow, close or are merged.

use super::answer::{Answer, Outcome};
use super::git::{Commit, Entry, Files, Sha, Signature};
use super::render;
use super::state::{GitHubState, Move};

/// A file to write, or to remove where there is no text.
pub type Change<'a> = (&'a str, Option<&'a str>);

impl GitHubState {
    /// The name and address that commits of an account carry.
    pub(super) fn signature(&self, login: &str) -> Signature {
        let id = self.users.get(login).map_or(0, |user| user.id);
        Signature {
            name: login.to_owned(),
            email: format!("{id}+{login}@users.noreply.github.com"),
            seconds: self.now().as_second(),
        }
    }

    /// A commit by an account, as the service makes it.
    pub(super) fn commit(
        &mut self,
        by: &str,
        parents: &[Sha],
        files: &Files,
        message: &str,
        verified: bool,
    ) -> Sha {
        let author = self.signature(by);
        let mut committer = author.clone();
        if verified {
            (committer.name, committer.email) = ("GitHub".into(), "noreply@github.com".into());
        }
        let tree = self.git.add_tree(files);
        self.git.add_commit(Commit {
            sha: String::new(),
            tree,
            parents: parents.to_vec(),
            author,
            committer,
            message: message.to_owned(),
            by: by.to_owned(),
            verified,
        })
    }

    /// The files of a commit with changes.
    pub(super) fn changed(&mut self, commit: &str, changes: &[Change<'_>]) -> Files {
        let mut files = self.git.files(commit);
        for (path, text) in changes {
            match text {
                None => drop(files.remove(*path)),
                Some(text) => {
                    let mode = files.get(*path).map_or("100644", |entry| &entry.mode).to_owned();
                    let sha = self.git.add_blob(text.as_bytes());
                    files.insert((*path).to_owned(), Entry { mode, sha });
                }
            }
        }
        files
    }

    /// Refuses what the branch's rules forbid; `name` is a full reference.
    pub(super) fn check_push(&self, repo: u64, name: &str, after: &str) -> Outcome<()> {
        let repo = &self.repos[&repo];
        let branch = name.strip_prefix("refs/heads/").unwrap_or(name);
        let Some(rules) = repo.rules.get(branch) else { return Ok(()) };
        let violation = |what: &str| {
            Err(Answer::refusal(422, &format!("Repository rule violations found\n\n{what}\n")))
        };
        let before = repo.refs.get(name).map_or("", String::as_str);
        if rules.approvals.is_some() {
            return violation("Changes must be made through a pull request.");
        }
        let unsigned = self.git.between(before, after).iter().any(|commit| !commit.verified);
        if rules.signed_commits && unsigned {
            return violation("Commits must have verified signatures.");
        }
        if rules.no_force_push && !before.is_empty() && !self.git.is_ancestor(before, after) {
            return violation("Cannot force-push to this branch.");
        }
        Ok(())
    }

    /// Sets or removes a reference, and lets everything follow.
    pub(super) fn move_ref(&mut self, repo: u64, name: &str, after: Option<Sha>, by: &str) {
        let at = self.now();
        let of = self.repo_mut(repo);
        let before = match &after {
            Some(after) => of.refs.insert(name.to_owned(), after.clone()),
            None => of.refs.remove(name),
        };
        if before == after {
            return;
        }
        let moved = Move { name: name.into(), before, after: after.clone(), by: by.into(), at };
        of.moves.push(moved.clone());
        let payload = render::push(self, repo, &moved);
        self.emit(repo, "push", "", by, payload);
        if let Some(branch) = name.strip_prefix("refs/heads/") {
            self.heads_follow(repo, branch, after.as_ref(), by);
            self.bases_follow(repo, branch, after.as_ref(), by);
        }
    }

    fn open_pulls(&self, repo: u64, fits: impl Fn(&super::state::Pull) -> bool) -> Vec<u64> {
        let issues = self.repos[&repo].issues.values();
        let open = issues.filter(|issue| issue.open && issue.pull.as_ref().is_some_and(&fits));
        open.map(|issue| issue.number).collect()
    }

    fn heads_follow(&mut self, repo: u64, branch: &str, after: Option<&Sha>, by: &str) {
        let owner = self.repos[&repo].owner.clone();
        for number in self.open_pulls(repo, |pull| pull.head == branch && pull.head_owner == owner)
        {
            let Some(after) = after else {
                self.close(repo, number, by, None);
                continue;
            };
            let base = self.issue(repo, number).pull.as_ref().unwrap().base.clone();
            let base = self.repos[&repo].head(&base).cloned().unwrap_or_default();
            let brings_nothing = self.git.between(&base, after).is_empty();
            let pull = self.pull_mut(repo, number);
            let before = std::mem::replace(&mut pull.head_sha, after.clone());
            pull.base_sha = base;
            self.touch(repo, number);
            if brings_nothing {
                self.close(repo, number, by, None);
            } else {
                let more = serde_json::json!({ "before": before, "after": after });
                self.emit_pull(repo, number, "synchronize", by, more);
            }
        }
    }

    fn bases_follow(&mut self, repo: u64, branch: &str, after: Option<&Sha>, by: &str) {
        for number in self.open_pulls(repo, |pull| pull.base == branch) {
            let head = self.issue(repo, number).pull.as_ref().unwrap().head_sha.clone();
            match after {
                None => self.close(repo, number, by, None),
                Some(after) if self.git.is_ancestor(&head, after) => {
                    self.set_merged(repo, number, after.clone(), by);
                }
                Some(_) => {}
            }
        }
    }

    /// Human commits that a move by the product's accounts made unreachable.
    pub(super) fn overwritten(&self) -> Vec<Commit> {
        let mut lost = Vec::new();
        for repo in self.repos.values() {
            for (at, moved) in repo.moves.iter().enumerate() {
                let Some(before) = &moved.before else { continue };
                if !self.ours.contains(&moved.by) {
                    continue;
                }
                let after = moved.after.clone().unwrap_or_default();
                // A merged branch may go: its work is in another branch by then.
                let merged = repo.issues.values().any(|issue| {
                    issue
                        .pull
                        .as_ref()
                        .is_some_and(|pull| pull.merged.is_some() && pull.head_sha == *before)
                });
                let earlier = repo.moves[..at].iter().rev();
                let elsewhere = latest(earlier).into_iter().filter(|one| one.0 != moved.name);
                let kept = elsewhere.flat_map(|(_, sha)| self.git.ancestors(&sha));
                let kept = kept.collect::<std::collections::BTreeSet<_>>();
                let gone = self.git.between(&after, before).into_iter();
                lost.extend(gone.filter(|commit| {
                    !merged && !self.ours.contains(&commit.by) && !kept.contains(&commit.sha)
                }));
            }
        }
        lost
    }
}

/// Where the references stood after these moves, the last of which comes first.
fn latest<'a>(moves: impl Iterator<Item = &'a Move>) -> Vec<(String, Sha)> {
    let mut seen = std::collections::BTreeMap::new();
    for moved in moves {
        seen.entry(moved.name.clone()).or_insert_with(|| moved.after.clone());
    }
    seen.into_iter().filter_map(|(name, after)| Some((name, after?))).collect()
}
