//! Files by their path.

use serde_json::{Value, json};

use super::super::answer::{Answer, Outcome};
use super::super::git::{Entry, Sha};
use super::super::render;
use super::super::state::GitHubState;
use super::Call;
use super::gitdata::{check_path, from_base64, in_lines, signs};

/// Larger files come without their content.
const LARGEST: usize = 1 << 20;

fn file(state: &GitHubState, call: &Call, path: &str, entry: &Entry, whole: bool) -> Value {
    let bytes = state.git.blob(&entry.sha).unwrap_or_default();
    let full_name = state.repos[&call.repo].full_name();
    let mut value = json!({
        "type": "file", "name": path.rsplit('/').next(), "path": path, "sha": entry.sha,
        "size": bytes.len(),
        "url": format!("{}/repos/{full_name}/contents/{path}", state.url),
        "html_url": format!("https://github.com/{full_name}/blob/main/{path}"),
        "git_url": format!("{}/repos/{full_name}/git/blobs/{}", state.url, entry.sha),
        "download_url": format!("https://raw.githubusercontent.com/{full_name}/main/{path}"),
    });
    if whole {
        let small = bytes.len() <= LARGEST;
        value["content"] = json!(if small { in_lines(bytes) } else { String::new() });
        value["encoding"] = json!(if small { "base64" } else { "none" });
    }
    value
}

pub(super) fn get(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let missing = || Answer::refusal(404, "No commit found for the ref");
    let commit = of.resolve(&state.git, call.asked("ref")).ok_or_else(missing)?;
    let path = call.param("path").trim_end_matches('/');
    let files = state.git.files(&commit);
    if let Some(entry) = files.get(path) {
        if call.accept.contains("raw") {
            let bytes = state.git.blob(&entry.sha).unwrap_or_default();
            return Ok(Answer::raw("application/vnd.github.raw+json", bytes.to_vec()));
        }
        return Answer::ok(&file(state, call, path, entry, true));
    }
    let above = if path.is_empty() { String::new() } else { format!("{path}/") };
    let mut listed = Vec::<Value>::new();
    for (inner, entry) in &files {
        let Some(rest) = inner.strip_prefix(&above) else { continue };
        match rest.split_once('/') {
            None => listed.push(file(state, call, inner, entry, false)),
            Some((folder, _)) if listed.iter().all(|known| known["name"] != folder) => {
                let path = format!("{above}{folder}");
                listed.push(json!({ "type": "dir", "name": folder, "path": path, "size": 0 }));
            }
            Some(_) => {}
        }
    }
    if listed.is_empty() && !path.is_empty() {
        return Err(Answer::not_found());
    }
    Answer::ok(&Value::Array(listed))
}

pub(super) fn readme(state: &mut GitHubState, call: &Call) -> Outcome {
    let of = &state.repos[&call.repo];
    let commit = of.resolve(&state.git, call.asked("ref")).ok_or_else(Answer::not_found)?;
    let files = state.git.files(&commit);
    let entry = files.get("README.md").ok_or_else(Answer::not_found)?;
    Answer::ok(&file(state, call, "README.md", entry, true))
}

pub(super) fn put(state: &mut GitHubState, call: &Call) -> Outcome {
    let bytes = from_base64(call.need("Commit", "content")?)?;
    let path = call.param("path");
    let known = state.git.files(&branch(state, call)?.1).contains_key(path);
    let sha = state.git.add_blob(&bytes);
    let commit = write(state, call, Some(&sha))?;
    let entry = Entry { mode: "100644".to_owned(), sha };
    let body = json!({ "content": file(state, call, path, &entry, false), "commit": commit });
    if known { Answer::ok(&body) } else { Answer::created(&body) }
}

pub(super) fn delete(state: &mut GitHubState, call: &Call) -> Outcome {
    let commit = write(state, call, None)?;
    Answer::ok(&json!({ "content": null, "commit": commit }))
}

/// The branch to write on, and where it stands.
fn branch(state: &GitHubState, call: &Call) -> Outcome<(String, Sha)> {
    let of = &state.repos[&call.repo];
    let name = call.text("branch").unwrap_or(&of.default_branch).to_owned();
    let missing = || Answer::refusal(404, &format!("Branch {name} not found"));
    let head = of.head(&name).cloned().ok_or_else(missing)?;
    Ok((name, head))
}

fn write(state: &mut GitHubState, call: &Call, blob: Option<&Sha>) -> Outcome<Value> {
    let path = call.param("path").to_owned();
    check_path(call, &path)?;
    let message = call.need("Commit", "message")?.to_owned();
    let (branch, head) = branch(state, call)?;
    let mut files = state.git.files(&head);
    let known = files.get(&path).map(|entry| entry.sha.as_str());
    match (known, call.text("sha")) {
        (Some(_), None) => {
            return Err(Answer::refusal(422, "Invalid request.\n\n\"sha\" wasn't supplied."));
        }
        (known, Some(shown)) if known != Some(shown) => {
            return Err(Answer::refusal(409, &format!("{path} does not match {shown}")));
        }
        (None, None) if blob.is_none() => return Err(Answer::not_found()),
        _ => {}
    }
    match blob {
        Some(sha) => {
            files.insert(path, Entry { mode: "100644".to_owned(), sha: sha.clone() });
        }
        None => drop(files.remove(&path)),
    }
    let by = call.by();
    let verified = signs(&call.actor) && call.body.get("author").is_none();
    let commit = state.commit(&by, &[head], &files, &message, verified);
    let name = format!("refs/heads/{branch}");
    state
        .check_push(call.repo, &name, &commit)
        .map_err(|refusal| Answer { status: 409, ..refusal })?;
    state.move_ref(call.repo, &name, Some(commit.clone()), &by);
    Ok(render::git_commit(state.git.commit(&commit).expect("it was just made")))
}
