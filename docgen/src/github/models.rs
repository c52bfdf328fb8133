//! What we read of the host's answers, and nothing more: a field that is missing or added over there
//! must not stop us after a write was done.

use serde::Deserialize;

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Repository {
    pub full_name: String,
    pub default_branch: String,
    pub archived: bool,
    pub permissions: Option<Permissions>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Permissions {
    pub push: bool,
    pub pull: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Account {
    pub login: String,
    #[serde(rename = "type")]
    pub kind: String,
}

/// A branch or tag with what it points to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Reference {
    pub object: Object,
}

/// Anything that has a name by content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Object {
    pub sha: String,
}

/// A commit of the git database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GitCommit {
    pub sha: String,
    pub tree: Object,
    pub message: String,
    pub parents: Vec<Object>,
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
#[serde(default)]
pub struct Commit {
    pub sha: String,
    pub commit: Words,
    /// `None` where no account goes with the e-mail address.
    pub author: Option<Account>,
    pub committer: Option<Account>,
    pub parents: Vec<Object>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Words {
    pub message: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Tree {
    pub sha: String,
    pub tree: Vec<Entry>,
    /// The host left entries out: there are too many.
    pub truncated: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Entry {
    pub path: String,
    /// `blob`, `tree` or `commit`.
    #[serde(rename = "type")]
    pub kind: String,
    pub sha: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Blob {
    pub content: String,
    pub encoding: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pull {
    pub number: u64,
    pub node_id: String,
    pub html_url: String,
    pub state: String,
    pub title: String,
    pub body: Option<String>,
    pub draft: bool,
    pub merged_at: Option<String>,
    pub merge_commit_sha: Option<String>,
    /// Only a single pull request tells it, and only some time after a push.
    pub mergeable: Option<bool>,
    pub user: Option<Account>,
    pub head: Side,
    pub base: Side,
    pub labels: Vec<Label>,
    pub requested_reviewers: Vec<Account>,
    pub updated_at: String,
}

impl Pull {
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
#[serde(default)]
pub struct Side {
    #[serde(rename = "ref")]
    pub branch: String,
    pub sha: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Label {
    pub name: String,
}

/// A comment of an issue, a pull request or a line of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Comment {
    pub id: u64,
    pub body: Option<String>,
    pub user: Option<Account>,
    /// Ends in the number of what it belongs to.
    pub issue_url: String,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Review {
    pub id: u64,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`.
    pub state: String,
    pub body: Option<String>,
    pub user: Option<Account>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Issue {
    pub number: u64,
    pub state: String,
    pub title: String,
    pub body: Option<String>,
    pub user: Option<Account>,
    pub updated_at: String,
    /// There only if it is a pull request.
    pub pull_request: Option<serde_json::Value>,
}

/// What somebody may do: `admin`, `maintain`, `write`, `triage`, `read` or `none`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Access {
    pub permission: String,
    pub role_name: Option<String>,
}

impl Access {
    /// Whether comments of this person may command us.
    pub fn may_write(&self) -> bool {
        ["admin", "maintain", "write"].contains(&self.permission.as_str())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Installation {
    pub id: u64,
}

/// What an App's own endpoint tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct App {
    pub slug: String,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct InstallationToken {
    pub token: String,
    pub expires_at: String,
}

/// The host's words on a refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Problem {
    pub message: String,
    pub errors: Vec<serde_json::Value>,
}

impl Problem {
    /// Everything it says, in one line.
    pub fn told(&self) -> String {
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
    use super::*;

    #[test]
    fn missing_and_null_and_added_fields_do_not_matter() {
        let text = r#"{"number": 3, "state": "open", "body": null, "mergeable": null, "news": {},
            "head": {"ref": "answers/q1", "sha": "a", "repo": null}, "user": {"login": "amy"}}"#;
        let pull = serde_json::from_str::<Pull>(text).unwrap();
        assert_eq!((pull.number, pull.body(), pull.head.sha.as_str()), (3, "", "a"));
        assert!(pull.is_open() && !pull.is_merged() && !pull.has_label("x"));
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
            let problem = serde_json::from_str::<Problem>(text).unwrap();
            assert_eq!(problem.told(), expected);
        }
    }
}
