//! Issues and comments as they are opened, written over and closed, and who is notified.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::{Answer, Outcome};
use super::mentions;
use super::render;
use super::state::{Comment, Edit, GitHubState, Issue, Line, Notification, Role};

const LONGEST_TITLE: usize = 256;
const LONGEST_BODY: usize = 65_536;
pub(super) const REACTIONS: [&str; 8] =
    ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"];

/// Refuses a title that is missing or too long, and a body that is too long.
pub(super) fn check_lengths(resource: &str, title: &str, body: &str) -> Outcome<()> {
    let long = |what: &str, most: usize| {
        let message = format!("{what} is too long (maximum is {most} characters)");
        Err(Answer::invalid_because(resource, &message))
    };
    if title.trim().is_empty() {
        Err(Answer::invalid(resource, "title", "missing_field"))
    } else if title.chars().count() > LONGEST_TITLE {
        long("title", LONGEST_TITLE)
    } else if body.chars().count() > LONGEST_BODY {
        long("body", LONGEST_BODY)
    } else {
        Ok(())
    }
}

impl GitHubState {
    /// An issue or pull request with the next number; nobody is notified of it yet.
    pub(super) fn blank_issue(&mut self, repo: u64, by: &str, title: &str, body: &str) -> Issue {
        let now = self.now();
        let id = self.next_id();
        let last = self.repos[&repo].issues.keys().last().copied().unwrap_or(0);
        Issue {
            id,
            number: last + 1,
            title: title.to_owned(),
            body: body.to_owned(),
            author: by.to_owned(),
            open: true,
            state_reason: None,
            labels: BTreeSet::new(),
            locked: false,
            created: now,
            updated: now,
            closed: None,
            closed_by: None,
            comments: Vec::new(),
            reactions: BTreeSet::new(),
            edits: Vec::new(),
            pull: None,
        }
    }

    pub(super) fn open_issue(
        &mut self,
        repo: u64,
        by: &str,
        title: &str,
        body: &str,
    ) -> Outcome<u64> {
        check_lengths("Issue", title, body)?;
        let issue = self.blank_issue(repo, by, title, body);
        let number = issue.number;
        self.repo_mut(repo).issues.insert(number, issue);
        self.notify_mentioned(repo, number, by, body);
        self.emit_issue(repo, number, "opened", by, json!({}));
        Ok(number)
    }

    /// Writes a title or body over; what stays the same is no edit.
    pub(super) fn edit(
        &mut self,
        repo: u64,
        number: u64,
        by: &str,
        title: Option<&str>,
        body: Option<&str>,
    ) -> Outcome<()> {
        let issue = self.issue(repo, number);
        let (was, had) = (issue.title.clone(), issue.body.clone());
        let (title, body) = (title.unwrap_or(&was), body.unwrap_or(&had));
        check_lengths("Issue", title, body)?;
        let mut changes = json!({});
        for (what, before, after) in [("title", &was, title), ("body", &had, body)] {
            if before == after {
                continue;
            }
            changes[what] = json!({ "from": before });
            let issue = self.issue_mut(repo, number);
            issue.edits.push(Edit {
                what,
                before: before.clone(),
                after: after.to_owned(),
                by: by.to_owned(),
            });
            match what {
                "title" => after.clone_into(&mut issue.title),
                _ => after.clone_into(&mut issue.body),
            }
        }
        if changes != json!({}) {
            self.touch(repo, number);
            self.notify_mentioned(repo, number, by, body);
            self.emit_either(repo, number, "edited", by, json!({ "changes": changes }));
        }
        Ok(())
    }

    /// Closes an issue or pull request that is open.
    pub(super) fn close(&mut self, repo: u64, number: u64, by: &str, reason: Option<&str>) {
        let now = self.now();
        let issue = self.issue_mut(repo, number);
        if !issue.open {
            return;
        }
        issue.open = false;
        issue.closed = Some(now);
        issue.closed_by = Some(by.to_owned());
        issue.state_reason = Some(reason.unwrap_or("completed").to_owned());
        issue.updated = now;
        self.emit_either(repo, number, "closed", by, json!({}));
    }

    pub(super) fn reopen(&mut self, repo: u64, number: u64, by: &str) -> Outcome<()> {
        if self.issue(repo, number).open {
            return Ok(());
        }
        self.check_reopening(repo, number)?;
        let now = self.now();
        let issue = self.issue_mut(repo, number);
        (issue.open, issue.closed, issue.closed_by) = (true, None, None);
        issue.state_reason = Some("reopened".to_owned());
        issue.updated = now;
        self.emit_either(repo, number, "reopened", by, json!({}));
        Ok(())
    }

    /// Sets the labels; a name that the repository does not know becomes one of its labels.
    pub(super) fn set_labels(
        &mut self,
        repo: u64,
        number: u64,
        by: &str,
        wanted: BTreeSet<String>,
    ) {
        for name in &wanted {
            let known = &mut self.repo_mut(repo).labels;
            known.entry(name.clone()).or_insert_with(|| "ededed".to_owned());
        }
        let had = std::mem::replace(&mut self.issue_mut(repo, number).labels, wanted.clone());
        for (action, names) in [("labeled", &wanted - &had), ("unlabeled", &had - &wanted)] {
            for name in names {
                self.touch(repo, number);
                let label = render::label(self, repo, &name);
                self.emit_either(repo, number, action, by, json!({ "label": label }));
            }
        }
    }

    pub(super) fn comment(&mut self, repo: u64, number: u64, by: &str, body: &str) -> Outcome<u64> {
        if body.trim().is_empty() {
            return Err(Answer::invalid("IssueComment", "body", "missing_field"));
        }
        check_lengths("IssueComment", "-", body)?;
        let of = &self.repos[&repo];
        if of.issues[&number].locked && self.role(of, by) < Role::Write {
            return Err(Answer::refusal(403, "Unable to create comment because issue is locked."));
        }
        let comment = self.blank_comment(by, body, None);
        let id = comment.id;
        self.issue_mut(repo, number).comments.push(comment);
        self.touch(repo, number);
        self.notify_mentioned(repo, number, by, body);
        self.notify_subscribed(repo, number, by);
        self.emit_comment(repo, number, id, "created", by, json!({}));
        Ok(id)
    }

    pub(super) fn blank_comment(&mut self, by: &str, body: &str, line: Option<Line>) -> Comment {
        let (id, now) = (self.next_id(), self.now());
        Comment {
            id,
            author: by.to_owned(),
            body: body.to_owned(),
            created: now,
            updated: now,
            reactions: BTreeSet::new(),
            line,
        }
    }

    /// The issue of a comment, be it on the whole or on a line.
    pub(super) fn comment_place(&self, repo: u64, id: u64, on_line: bool) -> Option<u64> {
        let mut issues = self.repos[&repo].issues.values();
        let found = issues.find(|issue| {
            comments_of(issue, on_line).is_some_and(|all| all.iter().any(|one| one.id == id))
        });
        found.map(|issue| issue.number)
    }

    /// A comment with its issue; the test fails if there is none.
    pub(super) fn comment_mut(&mut self, repo: u64, id: u64) -> Option<(u64, &mut Comment)> {
        let issues = self.repo_mut(repo).issues.values_mut();
        issues.into_iter().find_map(|issue| {
            let number = issue.number;
            let remarks = issue.pull.as_mut().map(|pull| pull.remarks.iter_mut());
            let mut all = issue.comments.iter_mut().chain(remarks.into_iter().flatten());
            all.find(|one| one.id == id).map(|found| (number, found))
        })
    }

    pub(super) fn edit_comment(&mut self, repo: u64, id: u64, by: &str, body: &str) -> Outcome<()> {
        check_lengths("IssueComment", "-", body)?;
        let now = self.now();
        let (number, comment) = self.comment_mut(repo, id).ok_or_else(Answer::not_found)?;
        let before = std::mem::replace(&mut comment.body, body.to_owned());
        comment.updated = now;
        let after = body.to_owned();
        let edit = Edit { what: "comment", before: before.clone(), after, by: by.to_owned() };
        self.issue_mut(repo, number).edits.push(edit);
        self.touch(repo, number);
        self.notify_mentioned(repo, number, by, body);
        let changes = json!({ "changes": { "body": { "from": before } } });
        self.emit_comment(repo, number, id, "edited", by, changes);
        Ok(())
    }

    pub(super) fn delete_comment(&mut self, repo: u64, id: u64, by: &str) -> Outcome<()> {
        let (number, _) = self.comment_mut(repo, id).ok_or_else(Answer::not_found)?;
        self.emit_comment(repo, number, id, "deleted", by, json!({}));
        let issue = self.issue_mut(repo, number);
        issue.comments.retain(|comment| comment.id != id);
        if let Some(pull) = &mut issue.pull {
            pull.remarks.retain(|remark| remark.id != id);
        }
        Ok(())
    }

    /// Tells somebody, who is not the one who acts and not one of our accounts.
    pub(super) fn notify(&mut self, who: &str, why: &'static str, number: u64, by: &str) {
        if who != by && self.users.get(who).is_some_and(|user| user.kind == "User") {
            self.notifications.push(Notification { who: who.to_owned(), why, number });
        }
    }

    pub(super) fn notify_mentioned(&mut self, repo: u64, number: u64, by: &str, body: &str) {
        for name in mentions::pinged(body) {
            let team = self.teams.get(&name).map(|team| team.members.clone());
            let people = team.unwrap_or_else(|| BTreeSet::from([name]));
            for who in people {
                // An edit notifies only those who were not notified before.
                let mention = Notification { who: who.clone(), why: "mention", number };
                if self.repos.contains_key(&repo) && !self.notifications.contains(&mention) {
                    self.notify(&who, "mention", number, by);
                }
            }
        }
    }

    fn notify_subscribed(&mut self, repo: u64, number: u64, by: &str) {
        let issue = self.issue(repo, number);
        let mut people = BTreeSet::from([issue.author.clone()]);
        people.extend(issue.comments.iter().map(|comment| comment.author.clone()));
        if let Some(pull) = &issue.pull {
            people.extend(pull.reviewers.iter().cloned());
            people.extend(pull.reviews.iter().map(|review| review.author.clone()));
        }
        for who in people {
            self.notify(&who, "subscribed", number, by);
        }
    }

    /// `issues` or `pull_request`, whichever it is.
    pub(super) fn emit_either(
        &mut self,
        repo: u64,
        number: u64,
        action: &str,
        by: &str,
        more: Value,
    ) {
        if self.issue(repo, number).pull.is_some() {
            self.emit_pull(repo, number, action, by, more);
        } else {
            self.emit_issue(repo, number, action, by, more);
        }
    }

    fn emit_issue(&mut self, repo: u64, number: u64, action: &str, by: &str, mut more: Value) {
        more["issue"] = render::issue(self, repo, number);
        self.emit(repo, "issues", action, by, more);
    }

    pub(super) fn emit_pull(
        &mut self,
        repo: u64,
        number: u64,
        action: &str,
        by: &str,
        mut more: Value,
    ) {
        more["number"] = json!(number);
        more["pull_request"] = render::pull(self, repo, number);
        self.emit(repo, "pull_request", action, by, more);
    }

    pub(super) fn emit_comment(
        &mut self,
        repo: u64,
        number: u64,
        id: u64,
        action: &str,
        by: &str,
        mut more: Value,
    ) {
        let on_line = self.comment_place(repo, id, true).is_some();
        more["comment"] = render::comment(self, repo, number, id);
        if on_line {
            more["pull_request"] = render::pull(self, repo, number);
            self.emit(repo, "pull_request_review_comment", action, by, more);
        } else {
            more["issue"] = render::issue(self, repo, number);
            self.emit(repo, "issue_comment", action, by, more);
        }
    }
}

fn comments_of(issue: &Issue, on_line: bool) -> Option<&[Comment]> {
    if on_line {
        issue.pull.as_ref().map(|pull| pull.remarks.as_slice())
    } else {
        Some(&issue.comments)
    }
}
