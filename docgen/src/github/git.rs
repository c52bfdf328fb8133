//! Commits without a clone: all files of a commit in one tree, by the Git Data API.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use super::client::{GitHubClient, GitHubError, Result, encoded, odd};
use super::models::{
    Blob, GitCommit, GitObject, GitReference, GitTree, Repository, RepositoryCommit,
};
use crate::change::FileChange;
use crate::forge::commits::{ChangedFiles, CommitTree, CreatedCommit};
use crate::site::detection::settings_files;

/// The mode of a symbolic link in a tree.
const SYMBOLIC_LINK: &str = "120000";

impl GitHubClient {
    /// The repository with its default branch and the permissions of this account.
    pub async fn repository(&self) -> Result<Repository> {
        self.get(&self.repo_path("")).await
    }

    /// The commit that a branch points to.
    pub async fn head(&self, branch: &str) -> Result<Option<String>> {
        let path = self.repo_path(&format!("git/ref/heads/{}", encoded(branch)));
        Ok(self.get_optional::<GitReference>(&path).await?.map(|reference| reference.object.sha))
    }

    /// A commit with the accounts that made it.
    pub async fn commit(&self, sha: &str) -> Result<RepositoryCommit> {
        self.get(&self.repo_path(&format!("commits/{}", encoded(sha)))).await
    }

    /// Every file of a commit.
    pub async fn files(&self, commit: &str) -> Result<CommitTree> {
        let path = self.repo_path(&format!("git/commits/{}", encoded(commit)));
        let tree = self.get::<GitCommit>(&path).await?.tree.sha;
        let path = self.repo_path(&format!("git/trees/{}?recursive=1", encoded(&tree)));
        let all = self.get::<GitTree>(&path).await?;
        let blobs = all.tree.into_iter().filter(|entry| entry.kind == "blob").collect::<Vec<_>>();
        let links = blobs.iter().filter(|entry| entry.mode == SYMBOLIC_LINK);
        Ok(CommitTree {
            commit: commit.to_owned(),
            tree,
            links: links.map(|entry| entry.path.clone()).collect(),
            blobs: blobs.into_iter().map(|entry| (entry.path, entry.sha)).collect(),
            truncated: all.truncated,
        })
    }

    /// The text of a file; `None` where there is no such file. Bytes that are no UTF-8 are replaced.
    pub async fn text(&self, files: &CommitTree, path: &str) -> Result<Option<String>> {
        let bytes = self.bytes(files, path).await?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The pages of a site among the files, as path and text. What `seen` holds, by blob, is not asked for
    /// again; afterwards it holds what is there. Where a request fails, it holds what was read so far, so
    /// that a large site is read in several rounds.
    pub async fn read_docs(
        &self,
        files: &CommitTree,
        is_page: impl Fn(&str) -> bool,
        seen: &mut BTreeMap<String, String>,
    ) -> Result<Vec<(String, String)>> {
        let read = |path: &str| is_page(path) && !files.links.contains(path);
        let mut documents = Vec::new();
        for (path, blob) in files.blobs.iter().filter(|(path, _)| read(path)) {
            let text = self.read_blob((path, blob), files, seen).await?;
            documents.push((path.clone(), text));
        }
        let there = files.blobs.values().collect::<BTreeSet<_>>();
        seen.retain(|blob, _| there.contains(blob));
        Ok(documents)
    }

    /// The text of every file that may be settings of a site, by path; `seen` as for [`Self::read_docs`].
    pub async fn read_settings(
        &self,
        files: &CommitTree,
        seen: &mut BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>> {
        let mut texts = BTreeMap::new();
        for path in settings_files(files.paths()) {
            if let Some(blob) = files.blobs.get(&path).filter(|_| !files.links.contains(&path)) {
                let text = self.read_blob((&path, blob), files, seen).await?;
                texts.insert(path, text);
            }
        }
        Ok(texts)
    }

    async fn read_blob(
        &self,
        (path, blob): (&str, &String),
        files: &CommitTree,
        seen: &mut BTreeMap<String, String>,
    ) -> Result<String> {
        if let Some(text) = seen.get(blob) {
            return Ok(text.clone());
        }
        let text = self.text(files, path).await?.unwrap_or_default();
        seen.insert(blob.clone(), text.clone());
        Ok(text)
    }

    async fn bytes(&self, files: &CommitTree, path: &str) -> Result<Option<Vec<u8>>> {
        let blob = match files.blobs.get(path) {
            Some(blob) => Some(blob.clone()),
            None if files.truncated => {
                let at = format!("contents/{}?ref={}", encoded(path), encoded(&files.commit));
                self.get_optional::<GitObject>(&self.repo_path(&at)).await?.map(|found| found.sha)
            }
            None => None,
        };
        let Some(blob) = blob else { return Ok(None) };
        let at = self.repo_path(&format!("git/blobs/{blob}"));
        let found = self.get::<Blob>(&at).await?;
        decoded(&found).map(Some).map_err(|why| odd(&at, why))
    }

    /// Makes a commit that follows `parent` and holds what `base_commit` holds, changed; leaves every branch
    /// alone. The author is left out, so that the host names and signs it.
    pub(super) async fn create_commit(
        &self,
        changes: &[FileChange],
        (base_commit, parent): (&str, &str),
        message: &str,
    ) -> Result<CreatedCommit> {
        let files = self.files(base_commit).await?;
        let mut texts = BTreeMap::new();
        for path in ChangedFiles::read_paths(changes) {
            if let Some(bytes) = self.bytes(&files, path).await? {
                texts.insert(path, bytes);
            }
        }
        let ChangedFiles { after, notes, taken } = ChangedFiles::of(changes, &files, &texts);
        let nothing = |notes| {
            let sha = parent.to_owned();
            Ok(CreatedCommit { sha, verified: true, empty: true, taken, notes })
        };
        if taken || after.is_empty() {
            return nothing(notes);
        }
        let entries = after.into_iter().map(|(path, text)| match text {
            Some(text) => entry(path, &text),
            None => json!({ "path": path, "mode": "100644", "type": "blob", "sha": null }),
        });
        let entries = entries.collect::<Vec<_>>();
        let body = json!({ "base_tree": files.tree, "tree": entries });
        let tree =
            self.write::<GitObject>(Method::POST, &self.repo_path("git/trees"), &body).await?.sha;
        let before = match parent == base_commit {
            true => files.tree,
            false => {
                let path = self.repo_path(&format!("git/commits/{}", encoded(parent)));
                self.get::<GitCommit>(&path).await?.tree.sha
            }
        };
        if tree == before {
            return nothing(notes);
        }
        let body = json!({ "message": message, "tree": tree, "parents": [parent] });
        let path = self.repo_path("git/commits");
        let commit = self.write::<GitCommit>(Method::POST, &path, &body).await?;
        let verified = commit.verification.verified;
        Ok(CreatedCommit { sha: commit.sha, verified, empty: false, taken, notes })
    }

    pub(super) async fn create_branch(&self, branch: &str, sha: &str) -> Result<()> {
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": sha });
        self.write::<Value>(Method::POST, &self.repo_path("git/refs"), &body).await.map(drop)
    }

    /// Without force, only a commit that follows the branch's head is accepted.
    pub(super) async fn move_branch(&self, branch: &str, sha: &str, force: bool) -> Result<()> {
        let path = self.repo_path(&format!("git/refs/heads/{}", encoded(branch)));
        let body = json!({ "sha": sha, "force": force });
        self.write::<Value>(Method::PATCH, &path, &body).await.map(drop)
    }

    /// Deletes a branch; a missing branch is no error.
    pub(super) async fn delete_branch(&self, branch: &str) -> Result<()> {
        let path = self.repo_path(&format!("git/refs/heads/{}", encoded(branch)));
        match self.write::<Value>(Method::DELETE, &path, &Value::Null).await {
            Err(GitHubError::Refused { status: 404 | 422, .. }) => Ok(()),
            other => other.map(drop),
        }
    }
}

fn entry(path: &str, text: &str) -> Value {
    json!({ "path": path, "mode": "100644", "type": "blob", "content": text })
}

/// The host wraps base64 in lines. A file that cannot be decoded must not pass for an empty one.
fn decoded(blob: &Blob) -> std::result::Result<Vec<u8>, String> {
    match blob.encoding.as_str() {
        "utf-8" => Ok(blob.content.clone().into_bytes()),
        "base64" => {
            let packed = blob.content.split_whitespace().collect::<String>();
            STANDARD.decode(packed).map_err(|error| format!("content: {error}"))
        }
        other => Err(format!("encoding: {other:?} is neither base64 nor utf-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_decoded_whatever_they_hold() {
        for (content, encoding, expected) in [
            ("aGVs\nbG8=\n", "base64", Ok("hello".as_bytes())),
            ("hello", "utf-8", Ok(b"hello")),
            ("", "base64", Ok(b"")),
            ("/w==", "base64", Ok(b"\xff")),
            ("%%%", "base64", Err("content: Invalid symbol 37, offset 0.")),
            ("", "none", Err("encoding: \"none\" is neither base64 nor utf-8")),
        ] {
            let blob = Blob { content: content.into(), encoding: encoding.into() };
            let bytes = decoded(&blob);
            assert_eq!(bytes.as_deref().map_err(String::as_str), expected);
        }
    }
}
