//! What the service knows, as its API writes it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::diff;
use super::git::{Commit, Git, Signature};
use super::state::{Comment, GitHubState, Issue, Move, Pull, Repo};

/// Moments are sent in whole seconds.
pub(super) fn time(at: Timestamp) -> String {
    iso(at.as_second())
}

fn iso(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap().to_string()
}

pub(super) fn user(state: &GitHubState, login: &str) -> Value {
    let Some(user) = state.users.get(login) else { return Value::Null };
    let web = format!("https://github.com/{}", login.replace("[bot]", ""));
    json!({
        "login": login, "id": user.id, "node_id": format!("U_{}", user.id), "type": user.kind,
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{}", user.id),
        "gravatar_id": "", "site_admin": false, "html_url": web,
        "url": format!("{}/users/{login}", state.url),
    })
}

pub(super) fn repo(state: &GitHubState, of: &Repo) -> Value {
    let full_name = of.full_name();
    json!({
        "id": of.id, "node_id": format!("R_{}", of.id), "name": of.name, "full_name": full_name,
        "owner": user(state, &of.owner), "private": of.private, "archived": of.archived,
        "disabled": false, "fork": false, "has_issues": true,
        "visibility": if of.private { "private" } else { "public" },
        "default_branch": of.default_branch, "description": null,
        "html_url": format!("https://github.com/{full_name}"),
        "url": format!("{}/repos/{full_name}", state.url),
    })
}

pub(super) fn label(state: &GitHubState, repo: u64, name: &str) -> Value {
    let of = &state.repos[&repo];
    json!({
        "id": of.labels.keys().position(|known| known == name), "name": name, "default": false,
        "node_id": format!("LA_{name}"), "description": null,
        "color": of.labels.get(name).map_or("ededed", String::as_str),
        "url": format!("{}/repos/{}/labels/{name}", state.url, of.full_name()),
    })
}

/// What issues and pull requests have in common.
fn common(state: &GitHubState, of: &Repo, issue: &Issue) -> Value {
    let labels = issue.labels.iter().map(|name| label(state, of.id, name)).collect::<Vec<_>>();
    let talk = format!("{}/repos/{}/issues/{}", state.url, of.full_name(), issue.number);
    json!({
        "id": issue.id, "number": issue.number, "state": issue.state(), "title": issue.title,
        "body": if issue.body.is_empty() { Value::Null } else { json!(issue.body) },
        "user": user(state, &issue.author), "labels": labels, "locked": issue.locked,
        "created_at": time(issue.created), "updated_at": time(issue.updated),
        "closed_at": issue.closed.map(time), "assignee": null, "assignees": [], "milestone": null,
        "author_association": state.association(of, &issue.author),
        "comments": issue.comments.len(), "comments_url": format!("{talk}/comments"),
    })
}

pub(super) fn issue(state: &GitHubState, repo: u64, number: u64) -> Value {
    let of = &state.repos[&repo];
    let issue = state.issue(repo, number);
    let mut value = common(state, of, issue);
    let kind = if issue.pull.is_some() { "pull" } else { "issues" };
    value["node_id"] = json!(format!("I_{}_{number}", of.id));
    value["html_url"] = json!(format!("https://github.com/{}/{kind}/{number}", of.full_name()));
    value["url"] = json!(format!("{}/repos/{}/issues/{number}", state.url, of.full_name()));
    value["state_reason"] = json!(issue.state_reason);
    value["closed_by"] = issue.closed_by.as_ref().map_or(Value::Null, |who| user(state, who));
    value["reactions"] = reactions(&issue.reactions);
    if let Some(pull) = &issue.pull {
        value["pull_request"] = json!({
            "url": format!("{}/repos/{}/pulls/{number}", state.url, of.full_name()),
            "merged_at": pull.merged.as_ref().map(|merge| time(merge.at)),
        });
        value["draft"] = json!(pull.draft);
    }
    value
}

/// A pull request as lists have it.
pub(super) fn pull(state: &GitHubState, repo: u64, number: u64) -> Value {
    let of = &state.repos[&repo];
    let issue = state.issue(repo, number);
    let pull = issue.pull.as_ref().expect("it is a pull request");
    let mut value = common(state, of, issue);
    let teams = pull.teams.iter().map(|slug| json!({ "slug": slug, "name": slug }));
    let reviewers = pull.reviewers.iter().map(|login| user(state, login)).collect::<Vec<_>>();
    let side = |owner: &str, branch: &str, sha: &str| {
        let here = owner == of.owner;
        json!({
            "label": format!("{owner}:{branch}"), "ref": branch, "sha": sha,
            "user": user(state, owner),
            "repo": if here { self::repo(state, of) } else { Value::Null },
        })
    };
    let more = json!({
        "node_id": format!("PR_{}_{number}", of.id),
        "html_url": format!("https://github.com/{}/pull/{number}", of.full_name()),
        "url": format!("{}/repos/{}/pulls/{number}", state.url, of.full_name()),
        "draft": pull.draft,
        "head": side(&pull.head_owner, &pull.head, &pull.head_sha),
        "base": side(&of.owner, &pull.base, &pull.base_sha),
        "requested_reviewers": reviewers,
        "requested_teams": teams.collect::<Vec<_>>(),
        "merged_at": pull.merged.as_ref().map(|merge| time(merge.at)),
        "merge_commit_sha": pull.merged.as_ref().map(|merge| &merge.sha),
        "auto_merge": null,
    });
    merge(&mut value, more);
    value
}

/// A pull request asked for by itself; looks whether it merges.
pub(super) fn whole_pull(state: &mut GitHubState, repo: u64, number: u64) -> Value {
    let mergeable =
        if state.issue(repo, number).open { state.mergeable(repo, number) } else { None };
    let mut value = pull(state, repo, number);
    let issue = state.issue(repo, number);
    let pull = issue.pull.as_ref().expect("it is a pull request");
    let (base, head) = state.ends(repo, number);
    let files = changed_files(&state.git, &base, &head);
    let merged = pull.merged.is_some();
    merge(
        &mut value,
        json!({
            "merged": merged, "mergeable": mergeable, "rebaseable": mergeable,
            "merged_by": pull.merged.as_ref().map(|merge| user(state, &merge.by)),
            "mergeable_state": mergeable_state(state, repo, pull, mergeable),
            "comments": issue.comments.len(), "review_comments": pull.remarks.len(),
            "commits": state.git.between(&base, &head).len(), "changed_files": files.len(),
            "additions": files.iter().map(|file| file.added).sum::<usize>(),
            "deletions": files.iter().map(|file| file.removed).sum::<usize>(),
            "maintainer_can_modify": false,
        }),
    );
    value
}

fn mergeable_state(
    state: &GitHubState,
    repo: u64,
    pull: &Pull,
    mergeable: Option<bool>,
) -> &'static str {
    let of = &state.repos[&repo];
    let current =
        of.head(&pull.base).is_some_and(|base| state.git.is_ancestor(base, &pull.head_sha));
    let rules = of.rules.get(&pull.base);
    match mergeable {
        None => "unknown",
        Some(false) => "dirty",
        Some(true) if pull.draft => "draft",
        Some(true) if rules.is_some_and(|rules| rules.approvals.is_some_and(|n| n > 0)) => {
            "blocked"
        }
        Some(true) if !current => "behind",
        Some(true) => "clean",
    }
}

fn merge(value: &mut Value, more: Value) {
    let (Value::Object(map), Value::Object(more)) = (value, more) else { return };
    map.extend(more);
}

pub(super) fn comment(state: &GitHubState, repo: u64, number: u64, id: u64) -> Value {
    let issue = state.issue(repo, number);
    let remarks = issue.pull.iter().flat_map(|pull| &pull.remarks);
    let found = issue.comments.iter().chain(remarks).find(|comment| comment.id == id);
    found.map_or(Value::Null, |found| one_comment(state, repo, number, found))
}

pub(super) fn one_comment(state: &GitHubState, repo: u64, number: u64, comment: &Comment) -> Value {
    let of = &state.repos[&repo];
    let base = format!("{}/repos/{}", state.url, of.full_name());
    let mut value = json!({
        "id": comment.id, "node_id": format!("IC_{}", comment.id), "body": comment.body,
        "user": user(state, &comment.author),
        "created_at": time(comment.created), "updated_at": time(comment.updated),
        "author_association": state.association(of, &comment.author),
        "reactions": reactions(&comment.reactions),
        "html_url": format!("https://github.com/{}/issues/{number}#issuecomment-{}",
            of.full_name(), comment.id),
    });
    let more = match &comment.line {
        None => json!({
            "issue_url": format!("{base}/issues/{number}"),
            "url": format!("{base}/issues/comments/{}", comment.id),
        }),
        Some(line) => json!({
            "pull_request_url": format!("{base}/pulls/{number}"), "path": line.path,
            "url": format!("{base}/pulls/comments/{}", comment.id), "line": line.line,
            "side": "RIGHT", "commit_id": line.commit, "original_commit_id": line.commit,
            "in_reply_to_id": line.reply_to, "pull_request_review_id": line.review,
            "diff_hunk": "@@ -1 +1 @@",
        }),
    };
    merge(&mut value, more);
    value
}

fn reactions(all: &BTreeSet<(String, String)>) -> Value {
    let mut value = json!({ "total_count": all.len() });
    for content in super::talk::REACTIONS {
        value[content] = json!(all.iter().filter(|(_, with)| with == content).count());
    }
    value
}

pub(super) fn review(state: &GitHubState, repo: u64, number: u64, id: u64) -> Value {
    let of = &state.repos[&repo];
    let pull = state.issue(repo, number).pull.as_ref().expect("it is a pull request");
    let Some(review) = pull.reviews.iter().find(|review| review.id == id) else {
        return Value::Null;
    };
    json!({
        "id": id, "node_id": format!("PRR_{id}"), "user": user(state, &review.author),
        "body": review.body, "state": review.state, "commit_id": review.commit,
        "submitted_at": time(review.at),
        "author_association": state.association(of, &review.author),
        "html_url": format!("https://github.com/{}/pull/{number}#pullrequestreview-{id}",
            of.full_name()),
        "pull_request_url": format!("{}/repos/{}/pulls/{number}", state.url, of.full_name()),
    })
}

fn signature(who: &Signature) -> Value {
    json!({ "name": who.name, "email": who.email, "date": iso(who.seconds) })
}

fn parents(commit: &Commit) -> Value {
    commit.parents.iter().map(|sha| json!({ "sha": sha })).collect()
}

/// A commit of the git database.
pub(super) fn git_commit(commit: &Commit) -> Value {
    json!({
        "sha": commit.sha, "node_id": format!("C_{}", commit.sha),
        "tree": { "sha": commit.tree }, "message": commit.message, "parents": parents(commit),
        "author": signature(&commit.author), "committer": signature(&commit.committer),
        "verification": verification(commit),
    })
}

fn verification(commit: &Commit) -> Value {
    let reason = if commit.verified { "valid" } else { "unsigned" };
    json!({ "verified": commit.verified, "reason": reason, "signature": null, "payload": null })
}

/// A commit as the repository shows it.
pub(super) fn commit(state: &GitHubState, of: &Repo, commit: &Commit) -> Value {
    let account = |who: &Signature| match who.email.as_str() {
        "noreply@github.com" => json!({ "login": "web-flow", "id": 19_864_447, "type": "User" }),
        _ => user(state, &who.name),
    };
    json!({
        "sha": commit.sha, "node_id": format!("C_{}", commit.sha),
        "html_url": format!("https://github.com/{}/commit/{}", of.full_name(), commit.sha),
        "url": format!("{}/repos/{}/commits/{}", state.url, of.full_name(), commit.sha),
        "commit": {
            "message": commit.message, "tree": { "sha": commit.tree }, "comment_count": 0,
            "author": signature(&commit.author), "committer": signature(&commit.committer),
            "verification": verification(commit),
        },
        "author": account(&commit.author), "committer": account(&commit.committer),
        "parents": parents(commit),
    })
}

pub(super) fn push(state: &GitHubState, repo: u64, moved: &Move) -> Value {
    const NOTHING: &str = "0000000000000000000000000000000000000000";
    let [before, after] =
        [&moved.before, &moved.after].map(|sha| sha.as_deref().unwrap_or(NOTHING).to_owned());
    let commits = state.git.between(&before, &after);
    let commits = commits.iter().map(|commit| {
        json!({
            "id": commit.sha, "message": commit.message, "timestamp": iso(commit.author.seconds),
            "author": { "name": commit.author.name, "username": commit.by },
        })
    });
    json!({
        "ref": moved.name, "before": before, "after": after,
        "created": moved.before.is_none(), "deleted": moved.after.is_none(),
        "forced": moved.before.is_some() && moved.after.is_some()
            && !state.git.is_ancestor(&before, &after),
        "commits": commits.collect::<Vec<_>>(),
        "pusher": { "name": moved.by }, "head_commit": { "id": after },
        "compare": format!("https://github.com/{}/compare/{before}...{after}",
            state.repos[&repo].full_name()),
    })
}

/// A file that differs between the point where two commits part and the second of them.
pub(super) struct ChangedFile {
    pub(super) path: String,
    status: &'static str,
    sha: String,
    pub(super) added: usize,
    pub(super) removed: usize,
    patch: String,
}

pub(super) fn changed_files(git: &Git, base: &str, head: &str) -> Vec<ChangedFile> {
    let from = git.merge_base(base, head).unwrap_or_default();
    let (before, after) = (git.files(&from), git.files(head));
    let paths = before.keys().chain(after.keys()).collect::<BTreeSet<_>>();
    let changed = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let text = |sha: Option<&super::git::Entry>| {
        let bytes = sha.and_then(|entry| git.blob(&entry.sha)).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    };
    let file = |path: &String| {
        let (old, new) = (before.get(path), after.get(path));
        let (patch, added, removed) = diff::unified(&text(old), &text(new));
        let status = match (old, new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "modified",
        };
        let sha = new.or(old).map(|entry| entry.sha.clone()).unwrap_or_default();
        ChangedFile { path: path.clone(), status, sha, added, removed, patch }
    };
    changed.map(file).collect()
}

impl ChangedFile {
    pub(super) fn json(&self) -> Value {
        json!({
            "filename": self.path, "status": self.status, "sha": self.sha, "patch": self.patch,
            "additions": self.added, "deletions": self.removed,
            "changes": self.added + self.removed,
        })
    }

    /// As a part of a diff.
    pub(super) fn diff(&self) -> String {
        let path = &self.path;
        let (old, new) = match self.status {
            "added" => ("/dev/null".to_owned(), format!("b/{path}")),
            "removed" => (format!("a/{path}"), "/dev/null".to_owned()),
            _ => (format!("a/{path}"), format!("b/{path}")),
        };
        format!("diff --git a/{path} b/{path}\n--- {old}\n+++ {new}\n{}\n", self.patch)
    }
}
