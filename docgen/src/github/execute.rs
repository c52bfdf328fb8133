//! Looks at everything, does one thing.

use http::Method;
use jiff::Timestamp;
use rules::time;
use serde_json::{Value, json};

use super::client::{GitHubClient, GitHubError, Result, encoded, odd};
use super::models::{Account, Comment, PullRequest, RepositoryCommit, Review};
use crate::change::FileChange;
use crate::forge::observed::{ForgeCapabilities, ObservedBranch, ObservedState};
use crate::forge::reconcile::progress::{MOST_TRIES, StepResult};
use crate::forge::reconcile::{
    DesiredPullRequest, PullRequestProgress, ReconcileOutcome, ReconcileStep,
};
use crate::pull_request::marker;
use crate::pull_request::marker::{BodyMarker, CLUSTER, DIGEST};

const MOST_PULLS: usize = 300;
const MOST_REMARKS: usize = 300;
/// The most generated commits on one branch.
const MOST_COMMITS: usize = 100;
const WITHDRAWN_TITLE: &str = "docs(faq): withdrawn";
const WITHDRAWN_BODY: &str = "This proposal was withdrawn: the messages that it quoted were deleted or may \
    no longer be quoted. Its text was removed. The question itself was not rejected.\n";
const REDACTED_TITLE: &str = "docs(faq): an answer from the community";
const REDACTED_BODY: &str = "This description was removed: messages that it quoted were deleted or may no \
    longer be quoted.\n";
/// The account that commits for people and programs on the host's own pages.
const WEB: &str = "web-flow";
const READY: &str = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) \
    { pullRequest { isDraft } } }";

/// Executes the step that [`next_step`](crate::forge::reconcile::next_step) named and records it in the progress. `None`
/// means that more is to be done: store the progress and observe again. An error leaves the progress as it
/// was.
pub async fn execute(
    github: &GitHubClient,
    wanted: &DesiredPullRequest,
    progress: &mut PullRequestProgress,
    (seen, what): (&ObservedState, ReconcileStep),
) -> Result<Option<ReconcileOutcome>> {
    let done = match act(github, wanted, progress, seen, &what).await {
        Ok(done) => done,
        Err(error) => survived(&what, progress.tries, error, github.now())?,
    };
    progress.record_result(wanted, seen, (&what, done), github.now());
    Ok(what.outcome())
}

/// The text of a merged page as people made it; `None` if they took it away.
pub async fn merged_text(
    github: &GitHubClient,
    commit: Option<&str>,
    base: &str,
    path: &str,
) -> Result<Option<String>> {
    let commit = match commit {
        Some(commit) => commit.to_owned(),
        None => github.head(base).await?.ok_or_else(|| GitHubError::NoBranch(base.to_owned()))?,
    };
    let files = github.files(&commit).await?;
    github.text(&files, path).await
}

/// Takes what it quotes out of the title and the description of a pull request that is no longer open. The
/// host keeps earlier versions of a description for those who may see them.
pub async fn redact_closed(github: &GitHubClient, pull: &PullRequest) -> Result<()> {
    let body = match BodyMarker::read(pull.body()) {
        Some(marker) => {
            let (title, body) = (marker::hash(REDACTED_TITLE), marker::hash(REDACTED_BODY));
            BodyMarker { title, body, ..marker }.on(REDACTED_BODY)
        }
        None => REDACTED_BODY.to_owned(),
    };
    if pull.body().replace("\r\n", "\n") == body && pull.title == REDACTED_TITLE {
        return Ok(());
    }
    let body = json!({ "title": REDACTED_TITLE, "body": body });
    let path = github.repo_path(&format!("pulls/{}", pull.number));
    github.write::<Value>(Method::PATCH, &path, &body).await.map(drop)
}

/// Looks at all that decides what is to be done.
pub async fn observe(
    github: &GitHubClient,
    wanted: &DesiredPullRequest,
    progress: &PullRequestProgress,
) -> Result<ObservedState> {
    let me = github.login().await?.to_owned();
    let base = github.head(&wanted.base).await?;
    let base = base.ok_or_else(|| GitHubError::NoBranch(wanted.base.clone()))?;
    let path = format!("pulls?state=all&head={}:{}", github.owner(), encoded(&wanted.branch));
    let mut pulls = github.list::<PullRequest>(&github.repo_path(&path), MOST_PULLS).await?;
    pulls.retain(|pull| pull.head.branch == wanted.branch);
    pulls.sort_by_key(|pull| std::cmp::Reverse(pull.number));
    let mut touched = false;
    if let Some(open) = pulls.iter_mut().find(|pull| pull.is_open()) {
        *open =
            github.get::<PullRequest>(&github.repo_path(&format!("pulls/{}", open.number))).await?;
        touched = is_touched(github, open.number, &me).await?;
    }
    let branch = match github.head(&wanted.branch).await? {
        Some(head) => Some(branch(github, wanted, progress, head, &me).await?),
        None => None,
    };
    let capabilities = ForgeCapabilities { pull_requests: true };
    Ok(ObservedState { capabilities, me, base, pulls, branch, touched, ..ObservedState::default() })
}

/// Whether a person reviewed or commented it.
async fn is_touched(github: &GitHubClient, number: u64, me: &str) -> Result<bool> {
    let person = |user: &Option<Account>| {
        user.as_ref().is_some_and(|user| user.kind != "Bot" && !user.login.eq_ignore_ascii_case(me))
    };
    let path = github.repo_path(&format!("pulls/{number}/reviews"));
    let reviews = github.list::<Review>(&path, MOST_REMARKS).await?;
    if reviews.iter().any(|review| person(&review.user)) {
        return Ok(true);
    }
    for path in [format!("issues/{number}/comments"), format!("pulls/{number}/comments")] {
        let comments = github.list::<Comment>(&github.repo_path(&path), MOST_REMARKS).await?;
        if comments.iter().any(|comment| person(&comment.user)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A commit that is not in the progress counts as generated only if this account made it, for this
/// cluster.
async fn branch(
    github: &GitHubClient,
    wanted: &DesiredPullRequest,
    progress: &PullRequestProgress,
    head: String,
    me: &str,
) -> Result<ObservedBranch> {
    let known = progress.pushed.as_ref().is_some_and(|pushed| pushed.head == head)
        || progress.built.as_ref().is_some_and(|built| built.puts(&head));
    if known {
        return Ok(ObservedBranch { head, ..ObservedBranch::default() });
    }
    let commit = github.commit(&head).await?;
    let digest = digest_of(&commit, wanted, me);
    Ok(ObservedBranch { head, ours: digest, ..ObservedBranch::default() })
}

/// The digest in the trailers, if this account made the commit for this cluster.
fn digest_of(commit: &RepositoryCommit, wanted: &DesiredPullRequest, me: &str) -> Option<String> {
    let is = |account: &Option<Account>, names: &[&str]| {
        account
            .as_ref()
            .is_some_and(|one| names.iter().any(|name| one.login.eq_ignore_ascii_case(name)))
    };
    let by_us = is(&commit.author, &[me]) && is(&commit.committer, &[me, WEB]);
    let trailer = |name: &str| {
        let lines = commit.commit.message.lines();
        lines.rev().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::trim)
    };
    let for_this = trailer(CLUSTER) == Some(wanted.cluster.as_str());
    let ours = by_us && for_this && commit.parents.len() == 1;
    trailer(DIGEST).filter(|_| ours).map(str::to_owned)
}

/// The commit below the generated ones. A commit that follows them is built on it, so that nothing
/// of an older draft is left beside the new one.
async fn base_commit(
    github: &GitHubClient,
    wanted: &DesiredPullRequest,
    head: &str,
    me: &str,
) -> Result<String> {
    let mut sha = head.to_owned();
    for _ in 0..MOST_COMMITS {
        let commit = github.commit(&sha).await?;
        match (digest_of(&commit, wanted, me), commit.parents.first()) {
            (Some(_), Some(parent)) => sha.clone_from(&parent.sha),
            _ => break,
        }
    }
    Ok(sha)
}

async fn act(
    github: &GitHubClient,
    wanted: &DesiredPullRequest,
    progress: &PullRequestProgress,
    seen: &ObservedState,
    what: &ReconcileStep,
) -> Result<StepResult> {
    let pull = |number: u64| github.repo_path(&format!("pulls/{number}"));
    match what {
        ReconcileStep::Build { onto, follows } => {
            let base_commit = match follows {
                true => base_commit(github, wanted, onto, &seen.me).await?,
                false => onto.clone(),
            };
            let made = github
                .create_commit(&wanted.changes, (&base_commit, onto), &wanted.message)
                .await?;
            return Ok(StepResult::Made(made));
        }
        ReconcileStep::CreateBranch { sha } => github.create_branch(&wanted.branch, sha).await?,
        ReconcileStep::MoveBranch { sha, force } => {
            github.move_branch(&wanted.branch, sha, *force).await?
        }
        ReconcileStep::DeleteBranch => github.delete_branch(&wanted.branch).await?,
        ReconcileStep::Open { head, digest } => {
            return open(github, wanted, progress, (head, digest)).await;
        }
        ReconcileStep::Describe { number, head, digest, keep_body } => {
            let old = seen.pulls.iter().find(|pull| pull.number == *number);
            let body = described(wanted, progress, (head, digest), old.filter(|_| *keep_body));
            // A title for a draft that is not on the branch would be wrong.
            let body = match digest == &wanted.digest {
                true => json!({ "title": wanted.title, "body": body }),
                false => json!({ "body": body }),
            };
            github.write::<Value>(Method::PATCH, &pull(*number), &body).await?;
        }
        ReconcileStep::Withdraw { number, close } => {
            let body = withdrawn(wanted, seen, (*number, *close));
            let body = match close {
                true => json!({ "title": WITHDRAWN_TITLE, "body": body, "state": "closed" }),
                false => json!({ "title": WITHDRAWN_TITLE, "body": body }),
            };
            github.write::<Value>(Method::PATCH, &pull(*number), &body).await?;
        }
        ReconcileStep::Check { head } => {
            let right = check(github, wanted, head).await?;
            // One read may return an older state, so that a single failure does not count.
            let again = !right && progress.tries < MOST_TRIES;
            return Ok(if again { StepResult::OutcomeUnknown } else { StepResult::Checked(right) });
        }
        ReconcileStep::Label(number) => {
            let path = github.repo_path(&format!("issues/{number}/labels"));
            let body = json!({ "labels": wanted.labels });
            github.write::<Value>(Method::POST, &path, &body).await?;
        }
        ReconcileStep::MarkReady { node } => {
            let answer = github.mutate(READY, json!({ "id": node })).await?;
            let draft = answer.pointer("/data/markPullRequestReadyForReview/pullRequest/isDraft");
            if draft != Some(&Value::Bool(false)) {
                return Err(odd("/graphql", "the pull request is still a draft"));
            }
        }
        ReconcileStep::RequestReview { number, reviewer } => {
            let path = github.repo_path(&format!("pulls/{number}/requested_reviewers"));
            let body = json!({ "reviewers": [reviewer] });
            github.write::<Value>(Method::POST, &path, &body).await?;
        }
        ReconcileStep::Adopt(_) | ReconcileStep::Done(_) => {}
        ReconcileStep::StartBase | ReconcileStep::WriteText => {
            unreachable!("GitHub has a base and pull requests")
        }
    }
    Ok(StepResult::Done)
}

/// A failure that can be retried or ignored; every other one is returned.
fn survived(
    what: &ReconcileStep,
    tries: u32,
    error: GitHubError,
    now: Timestamp,
) -> Result<StepResult> {
    let optional = matches!(
        what,
        ReconcileStep::Label(_)
            | ReconcileStep::MarkReady { .. }
            | ReconcileStep::RequestReview { .. }
    );
    match &error {
        GitHubError::Refused { status: 409, .. } if optional && tries < MOST_TRIES => {
            Ok(StepResult::OutcomeUnknown)
        }
        GitHubError::Refused { .. } | GitHubError::Query(_) if optional => {
            Ok(StepResult::Warned(error.to_string()))
        }
        GitHubError::Refused { status: 422, message, .. }
            if matches!(what, ReconcileStep::Open { .. })
                && message.to_ascii_lowercase().contains("draft") =>
        {
            Ok(StepResult::NoDrafts)
        }
        GitHubError::Refused { status: 403 | 422, message, .. }
            if matches!(what, ReconcileStep::Open { .. }) && is_a_cap(message) =>
        {
            Err(GitHubError::Deferred { not_before: time::plus(now, time::days(1)) })
        }
        GitHubError::Refused { status: 404 | 409 | 422, .. }
        | GitHubError::OutcomeUnknown { .. }
        | GitHubError::UnexpectedResponse { .. }
            if tries < MOST_TRIES =>
        {
            Ok(StepResult::OutcomeUnknown)
        }
        _ => Err(error),
    }
}

/// Maintainers can limit how many pull requests anybody opens.
fn is_a_cap(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["limit", "too many", "creation cap"].iter().any(|word| message.contains(word))
}

/// What is sent to open a pull request for a commit that holds a draft, given as head and digest.
pub fn opening(
    wanted: &DesiredPullRequest,
    progress: &PullRequestProgress,
    pushed: (&str, &str),
) -> Value {
    json!({
        "title": wanted.title,
        "head": wanted.branch,
        "base": wanted.base,
        "body": described(wanted, progress, pushed, None),
        "draft": !progress.undraftable,
        "maintainer_can_modify": false,
    })
}

async fn open(
    github: &GitHubClient,
    wanted: &DesiredPullRequest,
    progress: &PullRequestProgress,
    pushed: (&str, &str),
) -> Result<StepResult> {
    let body = opening(wanted, progress, pushed);
    let pull = github.write::<PullRequest>(Method::POST, &github.repo_path("pulls"), &body).await?;
    Ok(StepResult::Opened(pull.number))
}

/// The body with its marker. Of a body that stays only the marker changes: one that a person edited
/// counts as the one that is wanted, one that waits for its draft as what it is.
fn described(
    wanted: &DesiredPullRequest,
    progress: &PullRequestProgress,
    (head, digest): (&str, &str),
    kept: Option<&PullRequest>,
) -> String {
    let mut marker = BodyMarker {
        cluster: wanted.cluster.clone(),
        digest: digest.to_owned(),
        head: head.to_owned(),
        revision: progress.revision + 1,
        title: marker::hash(match kept {
            Some(pull) if digest != wanted.digest => &pull.title,
            _ => &wanted.title,
        }),
        body: marker::hash(&wanted.body),
        withdrawn: false,
    };
    let Some(pull) = kept else { return marker.on(&wanted.body) };
    let rest = marker::without(pull.body());
    if let Some(old) = BodyMarker::read(pull.body())
        && old.body == marker::hash(&rest)
    {
        marker.body = old.body;
    }
    marker.on(&rest)
}

/// The head in the old marker stays where people committed: their commit must not count as
/// generated.
fn withdrawn(
    wanted: &DesiredPullRequest,
    seen: &ObservedState,
    (number, close): (u64, bool),
) -> String {
    let old = seen.pulls.iter().find(|pull| pull.number == number);
    let old = old.and_then(|pull| BodyMarker::read(pull.body())).map(|marker| marker.head);
    let head = seen.branch.as_ref().map(|branch| branch.head.clone());
    let head = if close { head } else { old }.unwrap_or_default();
    let marker = BodyMarker {
        cluster: wanted.cluster.clone(),
        digest: wanted.digest.clone(),
        head,
        revision: 0,
        title: marker::hash(WITHDRAWN_TITLE),
        body: marker::hash(WITHDRAWN_BODY),
        withdrawn: true,
    };
    marker.on(WITHDRAWN_BODY)
}

/// Whether the branch has the desired files.
async fn check(github: &GitHubClient, wanted: &DesiredPullRequest, head: &str) -> Result<bool> {
    let files = github.files(head).await?;
    for change in &wanted.changes {
        let there = github.text(&files, change.path()).await?;
        let right = match change {
            FileChange::Write { text, .. } => there.as_ref() == Some(text),
            FileChange::Delete { .. } => there.is_none(),
            FileChange::Edit { .. } => true,
        };
        if !right {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, message: &str) -> GitHubError {
        let (method, path) = (Method::POST, String::new());
        GitHubError::Refused { method, path, status, message: message.into() }
    }

    #[test]
    fn a_failure_stops_only_where_it_matters() {
        let open = ReconcileStep::Open { head: String::new(), digest: String::new() };
        let ask = ReconcileStep::RequestReview { number: 1, reviewer: "amy".into() };
        for (what, tries, error, expected) in [
            (&ask, 0, refused(422, "no collaborator"), "warned"),
            (&ReconcileStep::Label(1), 0, refused(409, "conflict"), "look"),
            (&ReconcileStep::Label(1), 4, refused(409, "conflict"), "warned"),
            (&ReconcileStep::Label(1), 0, refused(403, "Resource not accessible"), "warned"),
            (&open, 0, refused(422, "Draft pull requests are not supported"), "no drafts"),
            (&open, 0, refused(422, "A pull request already exists for o:b."), "look"),
            (&open, 4, refused(422, "A pull request already exists for o:b."), "failed"),
            (
                &open,
                0,
                refused(403, "You have reached the limit of open pull requests"),
                "deferred",
            ),
            (&open, 0, refused(422, "Pull request creation is limited"), "deferred"),
            (&open, 0, refused(403, "Resource not accessible by integration"), "failed"),
            (&ReconcileStep::DeleteBranch, 0, refused(409, "conflict"), "look"),
            (&open, 0, odd("pulls", "missing field `number`"), "look"),
            (&open, 4, odd("pulls", "missing field `number`"), "failed"),
        ] {
            let name = match survived(what, tries, error, Timestamp::UNIX_EPOCH) {
                Ok(StepResult::Warned(_)) => "warned",
                Ok(StepResult::NoDrafts) => "no drafts",
                Ok(StepResult::OutcomeUnknown) => "look",
                Err(GitHubError::Deferred { .. }) => "deferred",
                Err(GitHubError::Refused { .. } | GitHubError::UnexpectedResponse { .. }) => {
                    "failed"
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(name, expected, "{what:?}");
        }
    }
}
