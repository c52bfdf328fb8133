//! The index on disk: what a commit records, and whether this version can read it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tantivy::Index;

use super::error::SearchError;
use super::{schema, tokenize};

/// What each commit carries, so that index and store move together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CommitPayload {
    pub(super) schema: String,
    pub(super) cursor: Option<i64>,
    /// How many of the store's deletions of words are out of the files of the index.
    #[serde(default)]
    pub(super) purged: i64,
}

/// The index of a directory and its last commit, if it is whole and made by this version.
pub(super) fn inspect(directory: &Path) -> Option<(Index, CommitPayload)> {
    let index = open_existing(directory).ok()?;
    let payload = index.load_metas().ok()?.payload?;
    let payload = serde_json::from_str::<CommitPayload>(&payload).ok()?;
    let (expected, _) = schema::schema();
    let is_current = payload.schema == schema::mark() && index.schema() == expected;
    let is_whole = is_current
        && index.validate_checksum().is_ok_and(|damaged| damaged.is_empty())
        && index.reader().is_ok();
    is_whole.then_some((index, payload))
}

/// The files of an index whose content is not what was written, by their checksums. Reads all of them.
pub fn damaged_files(directory: &Path) -> Result<BTreeSet<PathBuf>, SearchError> {
    let index =
        open_existing(directory).map_err(|error| SearchError::NoIndex(Some(Box::new(error))))?;
    Ok(index.validate_checksum()?.into_iter().collect())
}

/// Opens without the lock.
pub(super) fn open_existing(directory: &Path) -> tantivy::Result<Index> {
    let index = Index::open_in_dir(directory)?;
    tokenize::register(index.tokenizers());
    Ok(index)
}

/// Whether the last commit of an index was made by this version.
pub(super) fn is_current(index: &Index) -> tantivy::Result<bool> {
    let payload = index.load_metas()?.payload;
    let payload = payload.and_then(|payload| serde_json::from_str::<CommitPayload>(&payload).ok());
    Ok(payload.is_some_and(|payload| payload.schema == schema::mark()))
}

/// The newest commit of an index, by whichever process.
pub(super) fn committed(index: &Index) -> Option<CommitPayload> {
    let payload = index.load_metas().ok()?.payload?;
    serde_json::from_str(&payload).ok()
}
