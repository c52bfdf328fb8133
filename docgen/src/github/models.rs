//! The fields that are read of GitHub's responses.
//!
//! A field on which a verdict stands must be there and must not be empty: read as its default, a
//! missing head would pass for somebody else's commit and a missing state for a closed proposal. Every
//! other field may be missing, and what is added over there does not matter.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A text that must be there and must not be empty.
fn filled<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if text.trim().is_empty() { Err(D::Error::custom("must not be empty")) } else { Ok(text) }
}

/// A text that may be missing or null, but not empty.
fn unless_missing<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    match text.as_deref().map(str::trim) {
        Some("") => Err(D::Error::custom("must not be empty")),
        _ => Ok(text),
    }
}

/// A value that may be null but must be named: without this a field of serde's may be missing.
fn named<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::<T>::deserialize(from)
}

/// An account; the host writes nobody as null or as an object without anything in it.
fn account<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Account>, D::Error> {
    match Option::<serde_json::Value>::deserialize(from)? {
        None => Ok(None),
        Some(value) if value.as_object().is_some_and(serde_json::Map::is_empty) => Ok(None),
        Some(value) => serde_json::from_value(value).map(Some).map_err(D::Error::custom),
    }
}

/// A number that something can be asked for by.
fn counted<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    match u64::deserialize(from)? {
        0 => Err(D::Error::custom("must not be 0")),
        number => Ok(number),
    }
}

/// `open` or `closed`.
fn state<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    match text.as_str() {
        "open" | "closed" => Ok(text),
        other => {
            Err(D::Error::custom(format!("{other:?} is not a state; expected open or closed")))
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Repository {
    #[serde(default)]
    pub full_name: String,
    #[serde(default)]
    pub html_url: String,
    #[serde(deserialize_with = "filled")]
    pub default_branch: String,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub permissions: Option<RepositoryPermissions>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RepositoryPermissions {
    pub push: bool,
    pub pull: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Account {
    #[serde(deserialize_with = "filled")]
    pub login: String,
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// A branch or tag with what it points to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct GitReference {
    pub object: GitObject,
}

/// Anything that has a name by content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct GitObject {
    #[serde(deserialize_with = "filled")]
    pub sha: String,
}

/// A commit of the git database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct GitCommit {
    #[serde(deserialize_with = "filled")]
    pub sha: String,
    pub tree: GitObject,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub parents: Vec<GitObject>,
    #[serde(default)]
    pub verification: Verification,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Verification {
    pub verified: bool,
    pub reason: String,
}

/// A commit as the repository shows it, with the accounts behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RepositoryCommit {
    #[serde(deserialize_with = "filled")]
    pub sha: String,
    pub commit: CommitMessage,
    /// `None` where no account goes with the e-mail address.
    #[serde(deserialize_with = "account")]
    pub author: Option<Account>,
    #[serde(deserialize_with = "account")]
    pub committer: Option<Account>,
    pub parents: Vec<GitObject>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct CommitMessage {
    pub message: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct GitTree {
    #[serde(default)]
    pub sha: String,
    pub tree: Vec<TreeEntry>,
    /// The host left entries out: there are too many.
    pub truncated: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct TreeEntry {
    #[serde(deserialize_with = "filled")]
    pub path: String,
    /// In octal, as git has it: `120000` is a symbolic link.
    #[serde(default)]
    pub mode: String,
    /// `blob`, `tree` or `commit`.
    #[serde(rename = "type", deserialize_with = "filled")]
    pub kind: String,
    #[serde(deserialize_with = "filled")]
    pub sha: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Blob {
    pub content: String,
    #[serde(deserialize_with = "filled")]
    pub encoding: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PullRequest {
    #[serde(deserialize_with = "counted")]
    pub number: u64,
    #[serde(deserialize_with = "filled")]
    pub node_id: String,
    #[serde(default)]
    pub html_url: String,
    #[serde(deserialize_with = "state")]
    pub state: String,
    #[serde(deserialize_with = "filled")]
    pub title: String,
    #[serde(deserialize_with = "named")]
    pub body: Option<String>,
    /// Missing on servers without draft pull requests.
    #[serde(default)]
    pub draft: bool,
    #[serde(deserialize_with = "named")]
    pub merged_at: Option<String>,
    #[serde(default, deserialize_with = "unless_missing")]
    pub merge_commit_sha: Option<String>,
    /// Only in the response for a single pull request, and only some time after a push.
    #[serde(default)]
    pub mergeable: Option<bool>,
    #[serde(deserialize_with = "named")]
    pub user: Option<Account>,
    pub head: PullRequestRef,
    pub base: PullRequestRef,
    #[serde(default)]
    pub labels: Vec<Label>,
    #[serde(default)]
    pub requested_reviewers: Vec<Account>,
    #[serde(default)]
    pub updated_at: String,
}

impl PullRequest {
    pub fn is_open(&self) -> bool {
        self.state == "open"
    }

    pub fn is_merged(&self) -> bool {
        self.merged_at.is_some()
    }

    pub fn body(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }

    pub fn has_label(&self, name: &str) -> bool {
        self.labels.iter().any(|label| label.name == name)
    }
}

/// One end of a pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PullRequestRef {
    #[serde(rename = "ref", deserialize_with = "filled")]
    pub branch: String,
    #[serde(deserialize_with = "filled")]
    pub sha: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Label {
    #[serde(deserialize_with = "filled")]
    pub name: String,
}

/// A comment of an issue, a pull request or a line of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Comment {
    #[serde(deserialize_with = "counted")]
    pub id: u64,
    #[serde(deserialize_with = "named")]
    pub body: Option<String>,
    #[serde(deserialize_with = "named")]
    pub user: Option<Account>,
    /// Ends in the number of what it belongs to.
    #[serde(default)]
    pub issue_url: String,
    #[serde(default)]
    pub created_at: String,
    #[serde(default)]
    pub updated_at: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Review {
    #[serde(deserialize_with = "counted")]
    pub id: u64,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`.
    #[serde(deserialize_with = "filled")]
    pub state: String,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(deserialize_with = "named")]
    pub user: Option<Account>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Issue {
    #[serde(deserialize_with = "counted")]
    pub number: u64,
    #[serde(deserialize_with = "state")]
    pub state: String,
    #[serde(default)]
    pub title: String,
    #[serde(deserialize_with = "named")]
    pub body: Option<String>,
    #[serde(deserialize_with = "named")]
    pub user: Option<Account>,
    #[serde(deserialize_with = "filled")]
    pub updated_at: String,
    /// There only if it is a pull request.
    #[serde(default)]
    pub pull_request: Option<serde_json::Value>,
}

/// A release; `published_at` is missing of drafts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PublishedRelease {
    #[serde(deserialize_with = "filled")]
    pub tag_name: String,
    pub draft: bool,
    pub prerelease: bool,
    #[serde(default)]
    pub published_at: Option<String>,
}

/// A collaborator's permission: `admin`, `maintain`, `write`, `triage`, `read` or `none`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct CollaboratorAccess {
    #[serde(deserialize_with = "filled")]
    pub permission: String,
    #[serde(default)]
    pub role_name: Option<String>,
}

impl CollaboratorAccess {
    /// Whether this person may give commands.
    pub fn may_write(&self) -> bool {
        ["admin", "maintain", "write"].contains(&self.permission.as_str())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Installation {
    #[serde(deserialize_with = "counted")]
    pub id: u64,
}

/// The response of an App's own endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct App {
    #[serde(deserialize_with = "filled")]
    pub slug: String,
}

#[derive(Clone, Default, Deserialize)]
pub struct InstallationToken {
    #[serde(deserialize_with = "filled")]
    pub token: String,
    #[serde(default)]
    pub expires_at: String,
}

/// The body of an error response.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ApiProblem {
    pub message: String,
    pub errors: Vec<serde_json::Value>,
}

impl ApiProblem {
    /// All its messages in one line.
    pub fn problem_text(&self) -> String {
        let details = self.errors.iter().map(|error| match error {
            serde_json::Value::String(text) => text.clone(),
            error => match error.get("message").and_then(serde_json::Value::as_str) {
                Some(message) => message.to_owned(),
                None => error.to_string(),
            },
        });
        let parts = std::iter::once(self.message.clone()).chain(details);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pull() -> Value {
        json!({ "number": 3, "node_id": "PR_3", "state": "open", "title": "T", "body": null,
            "merged_at": null, "mergeable": null, "news": {}, "user": { "login": "amy" },
            "head": { "ref": "answers/q1", "sha": "a", "repo": null },
            "base": { "ref": "main", "sha": "b" } })
    }

    #[test]
    fn what_decides_nothing_may_be_missing_or_null_or_added() {
        let pull = serde_json::from_value::<PullRequest>(pull()).unwrap();
        assert_eq!((pull.number, pull.body(), pull.head.sha.as_str()), (3, "", "a"));
        assert!(pull.is_open() && !pull.is_merged() && !pull.has_label("x"));
    }

    /// Whether the answer is refused without the value at `at`, and with an empty one there.
    fn needs<T: serde::de::DeserializeOwned>(answer: &Value, at: &str) -> (bool, bool) {
        let (parent, key) = at.rsplit_once('/').unwrap();
        let mut without = answer.clone();
        without.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
        let mut emptied = answer.clone();
        let value = emptied.pointer_mut(at).unwrap();
        *value = if value.is_u64() { json!(0) } else { json!("") };
        (
            serde_json::from_value::<T>(without).is_err(),
            serde_json::from_value::<T>(emptied).is_err(),
        )
    }

    #[test]
    fn what_a_verdict_stands_on_must_be_there_and_say_something() {
        let both = (true, true);
        for at in [
            "/number",
            "/node_id",
            "/state",
            "/title",
            "/head/ref",
            "/head/sha",
            "/base/ref",
            "/base/sha",
            "/user/login",
        ] {
            assert_eq!(needs::<PullRequest>(&pull(), at), both, "{at}");
        }
        for at in ["/body", "/merged_at", "/user"] {
            assert!(needs::<PullRequest>(&pull(), at).0, "{at}");
        }
        let mut merged = pull();
        merged["merge_commit_sha"] = json!("c");
        assert_eq!(needs::<PullRequest>(&merged, "/merge_commit_sha"), (false, true));

        let reference = json!({ "object": { "sha": "a" } });
        assert_eq!(needs::<GitReference>(&reference, "/object/sha"), both);
        let made = json!({ "sha": "a", "tree": { "sha": "t" } });
        assert_eq!(needs::<GitCommit>(&made, "/tree/sha"), both);
        assert_eq!(needs::<GitCommit>(&made, "/sha"), both);
        let commit = json!({ "sha": "a", "commit": { "message": "m" }, "parents": [],
            "author": { "login": "amy", "type": "User" },
            "committer": { "login": "web-flow", "type": "User" } });
        for at in ["/sha", "/author", "/committer", "/author/login", "/committer/login"] {
            assert_eq!(needs::<RepositoryCommit>(&commit, at), both, "{at}");
        }
        for at in ["/commit/message", "/parents"] {
            assert!(needs::<RepositoryCommit>(&commit, at).0, "{at}");
        }
        let tree =
            json!({ "truncated": false, "tree": [{ "path": "a", "type": "blob", "sha": "s" }] });
        for at in ["/truncated", "/tree", "/tree/0/path", "/tree/0/type", "/tree/0/sha"] {
            assert_eq!(needs::<GitTree>(&tree, at), both, "{at}");
        }
        let blob = json!({ "content": "", "encoding": "base64" });
        assert_eq!(needs::<Blob>(&blob, "/encoding"), both);
        assert!(needs::<Blob>(&blob, "/content").0);
        let issue = json!({ "number": 1, "state": "open", "body": null, "user": { "login": "amy" },
            "updated_at": "then" });
        for at in ["/number", "/state", "/updated_at", "/user/login", "/user"] {
            assert_eq!(needs::<Issue>(&issue, at), both, "{at}");
        }
        let said = json!({ "id": 1, "body": "b", "user": { "login": "amy" }, "state": "APPROVED" });
        for at in ["/id", "/user/login", "/user"] {
            assert_eq!(needs::<Comment>(&said, at), both, "{at}");
            assert_eq!(needs::<Review>(&said, at), both, "{at}");
        }
        assert_eq!(needs::<Review>(&said, "/state"), both);
        assert_eq!(needs::<Repository>(&json!({ "default_branch": "m" }), "/default_branch"), both);
        assert_eq!(
            needs::<CollaboratorAccess>(&json!({ "permission": "read" }), "/permission"),
            both
        );
        assert_eq!(needs::<Installation>(&json!({ "id": 5 }), "/id"), both);
        assert_eq!(needs::<App>(&json!({ "slug": "us" }), "/slug"), both);
        assert!(serde_json::from_value::<InstallationToken>(json!({ "token": "" })).is_err());
    }

    #[test]
    fn nobody_is_null_or_an_empty_object() {
        for nobody in [json!(null), json!({})] {
            let commit = json!({ "sha": "a", "commit": { "message": "m" }, "parents": [],
                "author": nobody, "committer": nobody });
            let commit = serde_json::from_value::<RepositoryCommit>(commit).unwrap();
            assert!(commit.author.is_none() && commit.committer.is_none());
        }
    }

    #[test]
    fn a_refusal_tells_all_that_it_knows() {
        for (text, expected) in [
            (
                r#"{"message":"Validation Failed","errors":[{"resource":"PullRequest",
               "message":"A pull request already exists for o:b."}]}"#,
                "Validation Failed: A pull request already exists for o:b.",
            ),
            (r#"{"message":"Reference already exists"}"#, "Reference already exists"),
            (r#"{"message":"No","errors":["one","two"]}"#, "No: one: two"),
            (r#"{}"#, ""),
        ] {
            let problem = serde_json::from_str::<ApiProblem>(text).unwrap();
            assert_eq!(problem.problem_text(), expected);
        }
    }
}
