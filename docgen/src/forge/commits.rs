//! The files of a commit and what changes make of them, the same on every forge.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::change::{FileChange, FileEdit};
use crate::edit::error::EditError;
use crate::page::format::MARKER;

/// The files of one commit.
#[derive(Debug, Clone, Default)]
pub struct CommitTree {
    pub commit: String,
    pub(crate) tree: String,
    /// Path to blob.
    pub(crate) blobs: BTreeMap<String, String>,
    /// Paths that only lead to another file.
    pub(crate) links: BTreeSet<String>,
    /// The forge left files out: there are too many.
    pub(crate) truncated: bool,
}

impl CommitTree {
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.blobs.keys().map(String::as_str)
    }
}

/// A commit that no branch shows yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedCommit {
    pub sha: String,
    /// Whether the forge vouches for it: GitHub signs it. Branch rules may demand that.
    pub verified: bool,
    /// Nothing would change: the base already has all of it.
    pub empty: bool,
    /// The path already has a page of another origin.
    pub taken: bool,
    /// What could not be placed, for the reviewer.
    pub notes: Vec<String>,
}

/// The files that differ after changes.
#[derive(Debug, Default)]
pub(crate) struct ChangedFiles<'c> {
    /// By path; `None` is a file that goes.
    pub(crate) after: BTreeMap<&'c str, Option<String>>,
    /// What found no place.
    pub(crate) notes: Vec<String>,
    /// A file that would be written is there already and does not carry the same mark, or has no room for
    /// an answer.
    pub(crate) taken: bool,
}

impl<'c> ChangedFiles<'c> {
    /// The files that [`Self::of`] has to know.
    pub(crate) fn read_paths(changes: &'c [FileChange]) -> BTreeSet<&'c str> {
        let read = changes.iter().filter(|change| !matches!(change, FileChange::Delete { .. }));
        read.map(FileChange::path).collect()
    }

    /// Applies changes, of one file one after the other. `texts` holds those of the files to read that are
    /// there.
    pub(crate) fn of(
        changes: &'c [FileChange],
        files: &CommitTree,
        texts: &BTreeMap<&str, Vec<u8>>,
    ) -> Self {
        let mut changed = Self::default();
        for change in changes {
            let path = change.path();
            if let FileChange::Write { text, .. } = change
                && let Some(old) = texts.get(path)
            {
                changed.taken |= mark(&String::from_utf8_lossy(old)) != mark(text);
            }
            if !change.is_allowed() || files.links.contains(path) {
                let note = format!("{path} is not a valid page path and was not changed");
                changed.notes.push(note);
                continue;
            }
            match change {
                FileChange::Write { text, .. } => {
                    changed.after.insert(path, Some(text.clone()));
                }
                FileChange::Delete { .. } if files.blobs.contains_key(path) || files.truncated => {
                    changed.after.insert(path, None);
                }
                FileChange::Delete { .. } => {}
                FileChange::Edit { edit, .. } => changed.edit(path, edit, texts),
            }
        }
        changed
    }

    fn edit(&mut self, path: &'c str, edit: &FileEdit, texts: &BTreeMap<&str, Vec<u8>>) {
        let old = match self.after.get(path) {
            Some(text) => Ok(text.clone()),
            // A file that is not valid UTF-8 is left as it is: its bytes would change.
            None => texts.get(path).cloned().map(String::from_utf8).transpose(),
        };
        let old = old.map_err(|_| EditError::Unreadable);
        match old.and_then(|old| edit.apply(old.as_deref())) {
            Ok(Some(text)) => drop(self.after.insert(path, Some(text))),
            Ok(None) => {}
            Err(unplaced) => {
                self.taken |= matches!((edit, &unplaced), (FileEdit::Put(_), EditError::NoMarkers));
                self.notes.push(format!("{path}: {unplaced}"));
            }
        }
    }
}

/// The cluster in the marker of a page.
fn mark(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(MARKER)?;
    rest.split_whitespace().find_map(|field| field.strip_prefix("id="))
}
