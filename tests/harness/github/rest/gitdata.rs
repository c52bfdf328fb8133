//! References, commits, trees and blobs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::answer::{Answer, Outcome};
use super::super::apps::Actor;
use super::super::git::{Commit, Entry, Files, Signature};
use super::super::render;
use super::super::state::GitHubState;
use super::Call;

fn shown(state: &GitHubState, call: &Call, name: &str, sha: &str) -> Value {
    let full_name = state.repos[&call.repo].full_name();
    json!({
        "ref": name, "node_id": format!("REF_{name}"),
        "url": format!("{}/repos/{full_name}/git/{name}", state.url),
        "object": { "type": "commit", "sha": sha,
            "url": format!("{}/repos/{full_name}/git/commits/{sha}", state.url) },
    })
}

pub(super) fn reference(state: &mut GitHubState, call: &Call) -> Outcome {
    let name = format!("refs/{}", call.param("name"));
    let sha = state.repos[&call.repo].refs.get(&name).ok_or_else(Answer::not_found)?;
    Answer::ok(&shown(state, call, &name, sha))
}

pub(super) fn matching(state: &mut GitHubState, call: &Call) -> Outcome {
    let prefix = format!("refs/{}", call.param("name"));
    let refs = state.repos[&call.repo].refs.iter();
    let fitting = refs.filter(|(name, _)| name.starts_with(&prefix));
    call.page(state, fitting.map(|(name, sha)| shown(state, call, name, sha)).collect())
}

pub(super) fn create_ref(state: &mut GitHubState, call: &Call) -> Outcome {
    let (name, sha) = (call.need("Reference", "ref")?, call.need("Reference", "sha")?);
    if !name.starts_with("refs/") || name.split('/').count() < 3 || name.contains(' ') {
        let message = format!("{name} is not a valid ref name.");
        return Err(Answer::refusal(422, &message));
    }
    if state.git.commit(sha).is_none() {
        return Err(Answer::refusal(422, "Object does not exist"));
    }
    let refs = &state.repos[&call.repo].refs;
    if refs.contains_key(name) {
        return Err(Answer::refusal(422, "Reference already exists"));
    }
    let nests = |one: &str, other: &str| one.starts_with(&format!("{other}/"));
    if refs.keys().any(|known| nests(known, name) || nests(name, known)) {
        return Err(Answer::refusal(422, "Reference cannot be created: a part of it is one"));
    }
    state.check_push(call.repo, name, sha)?;
    let (name, sha) = (name.to_owned(), sha.to_owned());
    state.move_ref(call.repo, &name, Some(sha.clone()), &call.by());
    Answer::created(&shown(state, call, &name, &sha))
}

pub(super) fn update_ref(state: &mut GitHubState, call: &Call) -> Outcome {
    let name = format!("refs/{}", call.param("name"));
    let sha = call.need("Reference", "sha")?.to_owned();
    let missing = || Answer::refusal(422, "Reference does not exist");
    let before = state.repos[&call.repo].refs.get(&name).cloned().ok_or_else(missing)?;
    if state.git.commit(&sha).is_none() {
        return Err(Answer::refusal(422, "Object does not exist"));
    }
    if !call.flag("force") && !state.git.is_ancestor(&before, &sha) {
        return Err(Answer::refusal(422, "Update is not a fast forward"));
    }
    state.check_push(call.repo, &name, &sha)?;
    state.move_ref(call.repo, &name, Some(sha.clone()), &call.by());
    Answer::ok(&shown(state, call, &name, &sha))
}

pub(super) fn delete_ref(state: &mut GitHubState, call: &Call) -> Outcome {
    let name = format!("refs/{}", call.param("name"));
    let of = &state.repos[&call.repo];
    if !of.refs.contains_key(&name) {
        return Err(Answer::refusal(422, "Reference does not exist"));
    }
    let branch = name.trim_start_matches("refs/heads/");
    if branch == of.default_branch || of.rules.contains_key(branch) {
        return Err(Answer::refusal(422, "Cannot delete this branch"));
    }
    state.move_ref(call.repo, &name, None, &call.by());
    Ok(Answer::empty(204))
}

pub(super) fn commit(state: &mut GitHubState, call: &Call) -> Outcome {
    let commit = state.git.commit(call.param("sha")).ok_or_else(Answer::not_found)?;
    Answer::ok(&render::git_commit(commit))
}

pub(super) fn create_commit(state: &mut GitHubState, call: &Call) -> Outcome {
    let message = call.need("Commit", "message")?.to_owned();
    let tree = call.need("Commit", "tree")?.to_owned();
    if state.git.tree(&tree).is_none() {
        return Err(Answer::refusal(422, "Tree SHA does not exist"));
    }
    let parents = call.names("parents").unwrap_or_default();
    if parents.iter().any(|parent| state.git.commit(parent).is_none()) {
        return Err(Answer::refusal(422, "Parent SHA does not exist or is not a commit object"));
    }
    // Only what an App leaves to the service is signed by it.
    let own = |role: &str| call.body.get(role).is_some_and(|value| !value.is_null());
    let verified = signs(&call.actor) && !own("author") && !own("committer") && !own("signature");
    let by = call.by();
    let author = named(call.body.get("author"), state.signature(&by));
    let mut committer = named(call.body.get("committer"), author.clone());
    if verified {
        (committer.name, committer.email) = ("GitHub".into(), "noreply@github.com".into());
    }
    let sha = String::new();
    let commit = Commit { sha, tree, parents, author, committer, message, by, verified };
    let sha = state.git.add_commit(commit);
    let commit = state.git.commit(&sha).expect("it was just made");
    Answer::created(&render::git_commit(commit))
}

pub(super) fn signs(actor: &Actor) -> bool {
    matches!(actor, Actor::Bearer(token) if token.installation)
}

fn named(given: Option<&Value>, mut usual: Signature) -> Signature {
    let field = |name: &str| given.and_then(|given| given.get(name)?.as_str());
    if let Some(name) = field("name") {
        name.clone_into(&mut usual.name);
    }
    if let Some(email) = field("email") {
        email.clone_into(&mut usual.email);
    }
    if let Some(date) = field("date").and_then(|date| date.parse::<jiff::Timestamp>().ok()) {
        usual.seconds = date.as_second();
    }
    usual
}

pub(super) fn tree(state: &mut GitHubState, call: &Call) -> Outcome {
    let name = call.param("name");
    let named = state.git.tree_of(name);
    let of = &state.repos[&call.repo];
    let by_branch = || state.git.tree_of(&of.resolve(&state.git, name)?);
    let sha = named.or_else(by_branch).ok_or_else(Answer::not_found)?;
    let mut entries = Vec::new();
    collect(state, &sha, "", !call.asked("recursive").is_empty(), &mut entries);
    Answer::ok(&json!({
        "sha": sha, "tree": entries, "truncated": false,
        "url": format!("{}/repos/{}/git/trees/{sha}", state.url, of.full_name()),
    }))
}

fn collect(state: &GitHubState, tree: &str, above: &str, deep: bool, entries: &mut Vec<Value>) {
    for (name, entry) in state.git.tree(tree).into_iter().flatten() {
        let path = format!("{above}{name}");
        let mut value = json!({ "path": path, "mode": entry.mode, "sha": entry.sha });
        match state.git.blob(&entry.sha) {
            Some(bytes) => {
                value["type"] = json!("blob");
                value["size"] = json!(bytes.len());
            }
            None => value["type"] = json!(if entry.mode == "160000" { "commit" } else { "tree" }),
        }
        entries.push(value);
        if deep && entry.mode == "040000" {
            collect(state, &entry.sha, &format!("{path}/"), deep, entries);
        }
    }
}

pub(super) fn create_tree(state: &mut GitHubState, call: &Call) -> Outcome {
    let mut files = match call.text("base_tree") {
        None => Files::new(),
        Some(base) if state.git.tree_of(base).is_some() => state.git.files(base),
        Some(base) => {
            return Err(Answer::refusal(422, &format!("base_tree {base} is not a valid tree")));
        }
    };
    let entries = call.body.get("tree").and_then(Value::as_array).filter(|all| !all.is_empty());
    let entries = entries.ok_or_else(|| Answer::refusal(422, "Invalid tree info"))?;
    for entry in entries {
        apply(state, call, entry, &mut files)?;
    }
    let sha = state.git.add_tree(&files);
    let mut shown = Vec::new();
    collect(state, &sha, "", false, &mut shown);
    Answer::created(&json!({ "sha": sha, "tree": shown, "truncated": false }))
}

/// One entry of a tree: a text, an object, or `null` for a removal.
fn apply(state: &mut GitHubState, call: &Call, entry: &Value, files: &mut Files) -> Outcome<()> {
    let refused = |message: &str| Err(Answer::refusal(422, message));
    let path = entry["path"].as_str().unwrap_or_default();
    if path.is_empty() || path.split('/').any(|part| ["", ".", "..", ".git"].contains(&part)) {
        return refused("tree.path contains a malformed path component");
    }
    check_path(call, path)?;
    let mode = entry["mode"].as_str().unwrap_or_default();
    if !["100644", "100755", "040000", "160000", "120000"].contains(&mode) {
        return refused("Must supply a valid tree.mode");
    }
    let below = format!("{path}/");
    let sha = match (entry.get("sha"), entry.get("content").and_then(Value::as_str)) {
        (Some(Value::Null), None) => {
            let before = files.len();
            files.retain(|known, _| known != path && !known.starts_with(&below));
            return if files.len() < before { Ok(()) } else { refused("GitRPC::BadObjectState") };
        }
        (None, Some(text)) => state.git.add_blob(text.as_bytes()),
        (Some(Value::String(sha)), None) => sha.clone(),
        _ => return refused("Must supply either tree.sha or tree.content."),
    };
    files.retain(|known, _| !known.starts_with(&below) && !below.starts_with(&format!("{known}/")));
    if mode == "040000" {
        let inner = state.git.tree(&sha).map(|_| state.git.files(&sha));
        let Some(inner) = inner else {
            return refused(&format!("tree.sha {sha} is not a valid tree"));
        };
        files.extend(inner.into_iter().map(|(name, entry)| (format!("{below}{name}"), entry)));
    } else if state.git.blob(&sha).is_none() {
        return refused(&format!("tree.sha {sha} is not a valid blob"));
    } else {
        files.insert(path.to_owned(), Entry { mode: mode.to_owned(), sha });
    }
    Ok(())
}

/// Workflows need a permission of their own.
pub(super) fn check_path(call: &Call, path: &str) -> Outcome<()> {
    let Actor::Bearer(token) = &call.actor else { return Ok(()) };
    if path.starts_with(".github/workflows/") && !token.permissions.contains_key("workflows") {
        return Err(Answer::refusal(403, "Resource not accessible by integration"));
    }
    Ok(())
}

pub(super) fn blob(state: &mut GitHubState, call: &Call) -> Outcome {
    let sha = call.param("sha");
    let bytes = state.git.blob(sha).ok_or_else(Answer::not_found)?;
    if call.accept.contains("raw") {
        return Ok(Answer::raw("application/vnd.github.raw", bytes.to_vec()));
    }
    Answer::ok(&json!({
        "sha": sha, "node_id": format!("B_{sha}"), "size": bytes.len(),
        "content": in_lines(bytes), "encoding": "base64",
    }))
}

/// Base64 as GitHub writes it, with a line end after every 60 characters.
pub(super) fn in_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    text.as_bytes().chunks(60).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}

/// Base64 with or without line ends.
pub(super) fn from_base64(text: &str) -> Outcome<Vec<u8>> {
    let joined = text.split_whitespace().collect::<String>();
    let bad = |_| Answer::refusal(422, "content is not valid Base64");
    STANDARD.decode(joined).map_err(bad)
}

pub(super) fn create_blob(state: &mut GitHubState, call: &Call) -> Outcome {
    let content = call.need("Blob", "content")?;
    let bytes = match call.text("encoding") {
        Some("base64") => from_base64(content)?,
        _ => content.as_bytes().to_vec(),
    };
    let sha = state.git.add_blob(&bytes);
    let full_name = state.repos[&call.repo].full_name();
    let url = format!("{}/repos/{full_name}/git/blobs/{sha}", state.url);
    Answer::created(&json!({ "sha": sha, "url": url }))
}
