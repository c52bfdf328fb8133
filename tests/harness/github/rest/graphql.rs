//! The three mutations that REST has no word for, and who asks.

use serde_json::{Value, json};

use super::super::answer::{Answer, Outcome};
use super::super::apps::Need;
use super::super::git::Entry;
use super::super::state::GitHubState;
use super::Call;
use super::gitdata::from_base64;

pub(super) fn ask(state: &mut GitHubState, call: &Call) -> Outcome {
    let query = call.text("query").unwrap_or_default();
    if query.contains("convertPullRequestToDraft") {
        draft(state, call, "convertPullRequestToDraft", true)
    } else if query.contains("markPullRequestReadyForReview") {
        draft(state, call, "markPullRequestReadyForReview", false)
    } else if query.contains("createCommitOnBranch") {
        commit(state, call)
    } else if query.contains("viewer") {
        Answer::ok(&json!({ "data": { "viewer": { "login": call.by() } } }))
    } else {
        state.log.surprises.push(format!("GraphQL {query} is unknown"));
        failed("UNKNOWN", "Field doesn't exist on type")
    }
}

/// GraphQL refuses with status 200.
fn failed(kind: &str, message: &str) -> Outcome {
    Answer::ok(&json!({ "data": null, "errors": [{ "type": kind, "message": message }] }))
}

/// The first text in variables or query that fits.
fn find_text(value: &Value, fits: &dyn Fn(&str) -> bool) -> Option<String> {
    match value {
        Value::String(text) if fits(text) => Some(text.clone()),
        Value::String(text) => {
            text.split('"').skip(1).step_by(2).find(|part| fits(part)).map(str::to_owned)
        }
        Value::Array(list) => list.iter().find_map(|inner| find_text(inner, fits)),
        Value::Object(map) => map.values().find_map(|inner| find_text(inner, fits)),
        _ => None,
    }
}

/// The first field of this name, however deep.
fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => {
            map.get(name).or_else(|| map.values().find_map(|inner| field(inner, name)))
        }
        Value::Array(list) => list.iter().find_map(|inner| field(inner, name)),
        _ => None,
    }
}

fn draft(state: &mut GitHubState, call: &Call, name: &str, draft: bool) -> Outcome {
    let id = find_text(&call.body, &|text| text.starts_with("PR_"));
    let found = id.as_deref().and_then(|id| {
        let (repo, number) = id.strip_prefix("PR_")?.split_once('_')?;
        let (repo, number) = (repo.parse::<u64>().ok()?, number.parse::<u64>().ok()?);
        state.repos.get(&repo)?.issues.contains_key(&number).then_some((repo, number))
    });
    let Some((repo, number)) = found else {
        let message = format!("Could not resolve to a node with the global id of '{id:?}'");
        return failed("NOT_FOUND", &message);
    };
    let need = Need::Write("pull_requests");
    if state.allow(&call.actor, need, state.repos.get(&repo)).is_err() {
        return failed("FORBIDDEN", "Resource not accessible by integration");
    }
    if !state.issue(repo, number).open {
        return failed("UNPROCESSABLE", "Pull request is closed");
    }
    state.set_draft(repo, number, &call.by(), draft);
    let shown = json!({
        "id": id, "number": number, "isDraft": draft, "state": "OPEN",
        "url": format!("https://github.com/{}/pull/{number}", state.repos[&repo].full_name()),
    });
    Answer::ok(&json!({ "data": { name: { "clientMutationId": null, "pullRequest": shown } } }))
}

fn commit(state: &mut GitHubState, call: &Call) -> Outcome {
    let variables = call.body.get("variables").cloned().unwrap_or_default();
    let text = |name: &str| field(&variables, name).and_then(Value::as_str).unwrap_or_default();
    let full_name = text("repositoryNameWithOwner");
    let branch = text("branchName").trim_start_matches("refs/heads/");
    let repo = state.repo_id(full_name);
    let head = repo.and_then(|repo| state.repos[&repo].head(branch).cloned());
    let (Some(repo), Some(head)) = (repo, head) else {
        return failed("NOT_FOUND", &format!("No ref found for {full_name}:{branch}"));
    };
    if state.allow(&call.actor, Need::Write("contents"), state.repos.get(&repo)).is_err() {
        return failed("FORBIDDEN", "Resource not accessible by integration");
    }
    if text("expectedHeadOid") != head {
        let message = format!(
            "Expected branch to point to \"{}\" but it did not. Pull and try again.",
            text("expectedHeadOid")
        );
        return failed("STALE_DATA", &message);
    }
    let mut files = state.git.files(&head);
    let list = |name: &str| {
        let changes = field(&variables, "fileChanges");
        changes.and_then(|all| all.get(name)?.as_array().cloned()).unwrap_or_default()
    };
    for addition in list("additions") {
        let path = addition["path"].as_str().unwrap_or_default().to_owned();
        let bytes = from_base64(addition["contents"].as_str().unwrap_or_default())?;
        let sha = state.git.add_blob(&bytes);
        files.insert(path, Entry { mode: "100644".to_owned(), sha });
    }
    for deletion in list("deletions") {
        let path = deletion["path"].as_str().unwrap_or_default();
        if files.remove(path).is_none() {
            return failed(
                "UNPROCESSABLE",
                "A path was requested for deletion which does not exist",
            );
        }
    }
    let message = format!("{}\n\n{}", text("headline"), text("body")).trim_end().to_owned();
    let by = call.by();
    let sha = state.commit(&by, &[head], &files, &message, true);
    let name = format!("refs/heads/{branch}");
    if let Err(refusal) = state.check_push(repo, &name, &sha) {
        return failed("UNPROCESSABLE", &refusal.text());
    }
    state.move_ref(repo, &name, Some(sha.clone()), &by);
    let commit =
        json!({ "oid": sha, "url": format!("https://github.com/{full_name}/commit/{sha}") });
    Answer::ok(&json!({ "data": { "createCommitOnBranch": {
        "clientMutationId": null, "commit": commit, "ref": { "name": branch, "target": commit },
    } } }))
}
