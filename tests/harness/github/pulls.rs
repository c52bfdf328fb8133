//! Pull requests as they are opened, reviewed and merged.

use serde_json::json;

use super::answer::{Answer, Outcome};
use super::git::Sha;
use super::owners;
use super::render;
use super::state::{GitHubState, Line, Merge, Pull, Review, Role};
use super::talk::check_lengths;

/// How a pull request becomes part of its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Merge,
    Squash,
    Rebase,
}

/// What a review says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Approve,
    RequestChanges,
    Comment,
}

pub(super) struct NewPull<'a> {
    pub(super) head_owner: &'a str,
    pub(super) head: &'a str,
    /// Where the head stands, if it is in another repository.
    pub(super) elsewhere: Option<Sha>,
    pub(super) base: &'a str,
    pub(super) title: &'a str,
    pub(super) body: &'a str,
    pub(super) draft: bool,
}

impl GitHubState {
    pub(super) fn open_pull(&mut self, repo: u64, by: &str, new: &NewPull<'_>) -> Outcome<u64> {
        check_lengths("PullRequest", new.title, new.body)?;
        let of = &self.repos[&repo];
        let invalid = |field| Answer::invalid("PullRequest", field, "invalid");
        let own = (new.head_owner == of.owner).then(|| of.head(new.head).cloned()).flatten();
        let head_sha = own.or_else(|| new.elsewhere.clone()).ok_or_else(|| invalid("head"))?;
        let base_sha = of.head(new.base).cloned().ok_or_else(|| invalid("base"))?;
        if new.draft && !of.drafts {
            let message = "Draft pull requests are not supported in this repository.";
            return Err(Answer::refusal(422, message));
        }
        self.check_alone(repo, new.head_owner, new.head, new.base)?;
        if self.git.between(&base_sha, &head_sha).is_empty() {
            let message = format!("No commits between {} and {}", new.base, new.head);
            return Err(Answer::invalid_because("PullRequest", &message));
        }
        let mut issue = self.blank_issue(repo, by, new.title, new.body);
        let number = issue.number;
        issue.pull = Some(Pull {
            head_owner: new.head_owner.to_owned(),
            head: new.head.to_owned(),
            head_sha,
            base: new.base.to_owned(),
            base_sha,
            draft: new.draft,
            merged: None,
            reviewers: Default::default(),
            teams: Default::default(),
            reviews: Vec::new(),
            remarks: Vec::new(),
            weighed: None,
        });
        self.repo_mut(repo).issues.insert(number, issue);
        self.notify_mentioned(repo, number, by, new.body);
        self.emit_pull(repo, number, "opened", by, json!({}));
        if !new.draft {
            self.request_owners(repo, number, by);
        }
        Ok(number)
    }

    /// 422 if another open pull request has the same ends.
    fn check_alone(&self, repo: u64, owner: &str, head: &str, base: &str) -> Outcome<()> {
        let taken = self.repos[&repo].issues.values().filter(|issue| issue.open).any(|issue| {
            issue.pull.as_ref().is_some_and(|pull| {
                pull.head_owner == owner && pull.head == head && pull.base == base
            })
        });
        if taken {
            let message = format!("A pull request already exists for {owner}:{head}.");
            return Err(Answer::invalid_because("PullRequest", &message));
        }
        Ok(())
    }

    /// Refuses to reopen what was merged, or whose branch is not what it was.
    pub(super) fn check_reopening(&self, repo: u64, number: u64) -> Outcome<()> {
        let Some(pull) = &self.issue(repo, number).pull else { return Ok(()) };
        let refused = |why: &str| {
            let message = format!("state cannot be changed. {why}");
            Err(Answer::invalid_because("PullRequest", &message))
        };
        if pull.merged.is_some() {
            return refused("The pull request is merged.");
        }
        self.check_alone(repo, &pull.head_owner, &pull.head, &pull.base)?;
        let of = &self.repos[&repo];
        if pull.head_owner != of.owner {
            return Ok(());
        }
        let Some(head) = of.head(&pull.head) else {
            return refused(&format!("The {} branch has been deleted.", pull.head));
        };
        if *head != pull.head_sha {
            return refused(&format!("The {} branch was force-pushed or recreated.", pull.head));
        }
        let base = of.head(&pull.base).cloned().unwrap_or_default();
        if self.git.between(&base, head).is_empty() {
            return refused(&format!("There are no new commits on the {} branch.", pull.head));
        }
        Ok(())
    }

    pub(super) fn set_base(&mut self, repo: u64, number: u64, by: &str, base: &str) -> Outcome<()> {
        let missing = || Answer::invalid("PullRequest", "base", "invalid");
        let sha = self.repos[&repo].head(base).cloned().ok_or_else(missing)?;
        let pull = self.issue(repo, number).pull.clone().expect("it is a pull request");
        if pull.base == base {
            return Ok(());
        }
        self.check_alone(repo, &pull.head_owner, &pull.head, base)?;
        let changed = self.pull_mut(repo, number);
        (changed.base, changed.base_sha) = (base.to_owned(), sha);
        self.touch(repo, number);
        let changes = json!({ "changes": { "base": { "ref": { "from": pull.base } } } });
        self.emit_pull(repo, number, "edited", by, changes);
        Ok(())
    }

    /// Whether it merges; `None` in the first answer after one of its ends moved.
    pub(super) fn mergeable(&mut self, repo: u64, number: u64) -> Option<bool> {
        let ends = self.ends(repo, number);
        let pull = self.pull_mut(repo, number);
        if pull.weighed.as_ref() != Some(&ends) {
            pull.weighed = Some(ends);
            return None;
        }
        Some(self.git.merged(&ends.0, &ends.1).is_some())
    }

    /// The base as it stands, and the head.
    pub(super) fn ends(&self, repo: u64, number: u64) -> (Sha, Sha) {
        let pull = self.issue(repo, number).pull.as_ref().expect("it is a pull request");
        let base = self.repos[&repo].head(&pull.base).unwrap_or(&pull.base_sha);
        (base.clone(), pull.head_sha.clone())
    }

    pub(super) fn set_draft(&mut self, repo: u64, number: u64, by: &str, draft: bool) {
        let pull = self.pull_mut(repo, number);
        if std::mem::replace(&mut pull.draft, draft) == draft {
            return;
        }
        self.touch(repo, number);
        let action = if draft { "converted_to_draft" } else { "ready_for_review" };
        self.emit_pull(repo, number, action, by, json!({}));
        if !draft {
            self.request_owners(repo, number, by);
        }
    }

    /// Asks the owners of the changed files, as their file in the base says.
    fn request_owners(&mut self, repo: u64, number: u64, by: &str) {
        let (base, head) = self.ends(repo, number);
        let changed = render::changed_files(&self.git, &base, &head);
        let paths = changed.iter().map(|file| file.path.as_str());
        let owners = owners::of_files(&self.git, &base, paths);
        let author = self.issue(repo, number).author.clone();
        for owner in owners {
            let of = &self.repos[&repo];
            if self.teams.contains_key(&owner) {
                let slug = owner.split('/').next_back().unwrap_or_default().to_owned();
                self.request(repo, number, by, None, Some(slug));
            } else if owner != author && self.role(of, &owner) >= Role::Write {
                self.request(repo, number, by, Some(owner), None);
            }
        }
    }

    /// Asks one person or team for a review, who are notified once.
    pub(super) fn request(
        &mut self,
        repo: u64,
        number: u64,
        by: &str,
        person: Option<String>,
        team: Option<String>,
    ) {
        let mut more = json!({});
        if let Some(person) = person
            && self.pull_mut(repo, number).reviewers.insert(person.clone())
        {
            self.notify(&person, "review_requested", number, by);
            more["requested_reviewer"] = render::user(self, &person);
        }
        if let Some(slug) = team
            && self.pull_mut(repo, number).teams.insert(slug.clone())
        {
            let name = format!("{}/{slug}", self.repos[&repo].owner);
            let members = self.teams.get(&name).map(|team| team.members.clone());
            for member in members.unwrap_or_default() {
                self.notify(&member, "review_requested", number, by);
            }
            more["requested_team"] = json!({ "slug": slug, "name": slug });
        }
        if more != json!({}) {
            self.touch(repo, number);
            self.emit_pull(repo, number, "review_requested", by, more);
        }
    }

    /// A review, with comments on lines.
    pub(super) fn review(
        &mut self,
        repo: u64,
        number: u64,
        by: &str,
        verdict: Verdict,
        body: &str,
        lines: &[(&str, u64, &str)],
    ) -> Outcome<u64> {
        let refused = |why: &str| Err(Answer::invalid_because("PullRequestReview", why));
        if verdict != Verdict::Comment && self.issue(repo, number).author == by {
            return refused(match verdict {
                Verdict::Approve => "Can not approve your own pull request",
                _ => "Can not request changes on your own pull request",
            });
        }
        if verdict != Verdict::Approve && body.trim().is_empty() && lines.is_empty() {
            return refused("Body is too short (minimum is 1 character)");
        }
        check_lengths("PullRequestReview", "-", body)?;
        let (id, at) = (self.next_id(), self.now());
        let review_state = match verdict {
            Verdict::Approve => "APPROVED",
            Verdict::RequestChanges => "CHANGES_REQUESTED",
            Verdict::Comment => "COMMENTED",
        };
        let commit = self.ends(repo, number).1;
        let (author, text) = (by.to_owned(), body.to_owned());
        let review =
            Review { id, author, state: review_state, body: text, commit: commit.clone(), at };
        let pull = self.pull_mut(repo, number);
        pull.reviews.push(review);
        pull.reviewers.remove(by);
        self.touch(repo, number);
        self.notify_mentioned(repo, number, by, body);
        let author = self.issue(repo, number).author.clone();
        self.notify(&author, "subscribed", number, by);
        let more = json!({
            "review": render::review(self, repo, number, id),
            "pull_request": render::pull(self, repo, number),
        });
        self.emit(repo, "pull_request_review", "submitted", by, more);
        for (path, line, body) in lines {
            let (path, commit) = ((*path).to_owned(), commit.clone());
            let line = Line { path, line: *line, commit, reply_to: None, review: id };
            self.remark(repo, number, by, body, line);
        }
        Ok(id)
    }

    /// A comment on a line.
    pub(super) fn remark(
        &mut self,
        repo: u64,
        number: u64,
        by: &str,
        body: &str,
        line: Line,
    ) -> u64 {
        let comment = self.blank_comment(by, body, Some(line));
        let id = comment.id;
        self.pull_mut(repo, number).remarks.push(comment);
        self.touch(repo, number);
        self.notify_mentioned(repo, number, by, body);
        self.emit_comment(repo, number, id, "created", by, json!({}));
        id
    }

    /// Merges if it may; `guard` is the head that was looked at.
    pub(super) fn merge(
        &mut self,
        repo: u64,
        number: u64,
        by: &str,
        how: How,
        message: Option<&str>,
        guard: Option<&str>,
    ) -> Outcome<Sha> {
        let refused = |why: &str| Err(Answer::refusal(405, why));
        let issue = self.issue(repo, number);
        let pull = issue.pull.clone().expect("it is a pull request");
        let title = issue.title.clone();
        if !issue.open {
            return refused("Pull Request is not mergeable");
        }
        if pull.draft {
            return refused("Pull Request is still a draft");
        }
        if guard.is_some_and(|guard| guard != pull.head_sha) {
            let refusal = "Head branch was modified. Review and try the merge again.";
            return Err(Answer::refusal(409, refusal));
        }
        let wanted = self.repos[&repo].rules.get(&pull.base).and_then(|rules| rules.approvals);
        if self.approvals(repo, number) < wanted.unwrap_or(0) {
            return refused(
                "At least 1 approving review is required by reviewers with write access.",
            );
        }
        let (base, head) = self.ends(repo, number);
        let Some(files) = self.git.merged(&base, &head) else {
            return refused("Pull Request is not mergeable");
        };
        let numbered = format!("{title} (#{number})");
        let sha = match how {
            How::Squash => self.commit(by, &[base], &files, message.unwrap_or(&numbered), true),
            How::Merge => {
                let from = format!("{}/{}", pull.head_owner, pull.head);
                let default_message =
                    format!("Merge pull request #{number} from {from}\n\n{title}");
                self.commit(by, &[base, head], &files, message.unwrap_or(&default_message), true)
            }
            How::Rebase => self.rebased(&base, &head, &files),
        };
        // Merged first: its own push would close it as a branch that brings nothing.
        self.set_merged(repo, number, sha.clone(), by);
        self.move_ref(repo, &format!("refs/heads/{}", pull.base), Some(sha.clone()), by);
        Ok(sha)
    }

    /// Every commit again on the new base; the last one has the merged files.
    fn rebased(&mut self, base: &str, head: &str, files: &super::git::Files) -> Sha {
        let commits = self.git.between(base, head);
        let mut on = base.to_owned();
        for (at, mut commit) in commits.iter().cloned().enumerate() {
            if at + 1 == commits.len() {
                commit.tree = self.git.add_tree(files);
            }
            (commit.parents, commit.verified) = (vec![on], false);
            on = self.git.add_commit(commit);
        }
        on
    }

    /// How many people who may write have an approval as their last word.
    fn approvals(&self, repo: u64, number: u64) -> usize {
        let pull = self.issue(repo, number).pull.as_ref().expect("it is a pull request");
        let mut last = std::collections::BTreeMap::new();
        for review in pull.reviews.iter().filter(|review| review.state != "COMMENTED") {
            last.insert(review.author.as_str(), review.state);
        }
        let of = &self.repos[&repo];
        let yes = last.into_iter().filter(|(_, state)| *state == "APPROVED");
        yes.filter(|(who, _)| self.role(of, who) >= Role::Write).count()
    }

    pub(super) fn set_merged(&mut self, repo: u64, number: u64, sha: Sha, by: &str) {
        let at = self.now();
        self.pull_mut(repo, number).merged = Some(Merge { at, by: by.to_owned(), sha });
        self.close(repo, number, by, None);
    }
}
