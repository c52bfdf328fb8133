//! The one writer of the index.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rules::ids::ClusterId;
use serde::{Deserialize, Serialize};
use tantivy::directory::error::LockError;
use tantivy::directory::{Directory, DirectoryLock, INDEX_WRITER_LOCK, MmapDirectory};
use tantivy::merge_policy::LogMergePolicy;
use tantivy::{Index, TantivyDocument, TantivyError, Term};

use crate::document::Document;
use crate::schema::{self, Fields};
use crate::search::{SearchError, Searcher};
use crate::tokenize;

/// Bytes that uncommitted documents may take in memory. The least that Tantivy takes is 15 million.
const ARENA: usize = 30_000_000;

/// A segment is merged once this share of its documents is deleted.
const DELETED_BEFORE_MERGE: f32 = 0.2;

/// Why the index cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another process (or another writer in this one) is writing.
    #[error("the index in {0} is being written by another process")]
    Locked(PathBuf),
    #[error("cannot prepare the index directory {path}")]
    Directory { path: PathBuf, source: io::Error },
    #[error("cannot write the index")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("cannot read the index back")]
    Read(#[from] SearchError),
}

impl From<TantivyError> for WriteError {
    fn from(error: TantivyError) -> Self {
        Self::Engine(Box::new(error))
    }
}

/// What each commit carries, so that index and store move together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Payload {
    schema: String,
    cursor: Option<i64>,
}

/// Writes documents; holds the directory's lock as long as it lives. All calls block.
pub struct IndexWriter {
    path: PathBuf,
    fields: Fields,
    /// `None` only while `purge` waits for merges, and after it failed to open another.
    writer: Option<tantivy::IndexWriter>,
    index: Index,
    searcher: Searcher,
    cursor: Option<i64>,
    dirty: bool,
}

impl IndexWriter {
    /// Opens the index, or makes an empty one. A directory that is damaged, or that another version made, is
    /// emptied of index files; `cursor` is then `None`, and the caller rebuilds.
    pub fn open(directory: &Path) -> Result<Self, WriteError> {
        fs::create_dir_all(directory)
            .map_err(|source| WriteError::Directory { path: directory.to_owned(), source })?;
        let lock = lock(directory)?;
        let found = inspect(directory);
        if found.is_none() {
            empty(directory)
                .map_err(|source| WriteError::Directory { path: directory.to_owned(), source })?;
        }
        let (index, cursor) = match found {
            Some(found) => found,
            None => (create(directory)?, None),
        };
        drop(lock);
        let (_, fields) = schema::schema();
        let mut writer = engine(&index, directory)?;
        if index.load_metas()?.payload.is_none() {
            commit(&mut writer, None)?;
        }
        let searcher = Searcher::of_index(index.clone())?;
        let path = directory.to_owned();
        Ok(Self { path, fields, writer: Some(writer), index, searcher, cursor, dirty: false })
    }

    /// The cursor of the last commit; `None` if the index has to be built from the beginning.
    pub fn cursor(&self) -> Option<i64> {
        self.cursor
    }

    /// A searcher that follows this writer's commits by itself.
    pub fn searcher(&self) -> Searcher {
        self.searcher.clone()
    }

    /// Puts each document in the place of what its cluster had. Visible after `commit`.
    pub fn replace(&mut self, documents: &[Document]) -> Result<(), WriteError> {
        self.dirty |= !documents.is_empty();
        let fields = self.fields;
        let writer = self.engine()?;
        for document in documents {
            writer.delete_term(Term::from_field_text(fields.cluster, document.cluster.as_str()));
            writer.add_document(schema::make_document(&fields, document))?;
        }
        Ok(())
    }

    /// Takes clusters out. Visible after `commit`; gone from disk after `purge`.
    pub fn remove(&mut self, clusters: &[ClusterId]) -> Result<(), WriteError> {
        self.dirty |= !clusters.is_empty();
        let key = self.fields.cluster;
        let writer = self.engine()?;
        for cluster in clusters {
            writer.delete_term(Term::from_field_text(key, cluster.as_str()));
        }
        Ok(())
    }

    /// Takes every document out. Visible after `commit`.
    pub fn clear(&mut self) -> Result<(), WriteError> {
        self.dirty = true;
        self.engine()?.delete_all_documents()?;
        Ok(())
    }

    /// Makes all changes durable and visible, together with the place in the store's feed that they come from.
    pub fn commit(&mut self, cursor: i64) -> Result<(), WriteError> {
        self.commit_with(Some(cursor))
    }

    fn commit_with(&mut self, cursor: Option<i64>) -> Result<(), WriteError> {
        commit(self.engine()?, cursor)?;
        self.cursor = cursor;
        self.dirty = false;
        Ok(self.searcher.reload()?)
    }

    /// Rewrites every segment that holds deleted documents and removes the old files, so that deleted text is
    /// gone from disk. Changes not yet committed are committed with the last cursor first.
    pub fn purge(&mut self) -> Result<(), WriteError> {
        if self.dirty {
            self.commit_with(self.cursor)?;
        }
        // Merges under way hold their segments; only a writer that ends can wait for them.
        if let Some(writer) = self.writer.take() {
            writer.wait_merging_threads()?;
        }
        let holed = self.index.searchable_segment_metas()?;
        let writer = self.engine()?;
        for segment in holed.into_iter().filter(tantivy::SegmentMeta::has_deletes) {
            writer.merge(&[segment.id()]).wait()?;
        }
        self.searcher.reload()?;
        self.engine()?.garbage_collect_files().wait()?;
        Ok(())
    }

    /// The engine, opened again if `purge` had to end it.
    fn engine(&mut self) -> Result<&mut tantivy::IndexWriter, WriteError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => engine(&self.index, &self.path)?,
        };
        Ok(self.writer.insert(writer))
    }
}

fn commit(writer: &mut tantivy::IndexWriter, cursor: Option<i64>) -> Result<(), WriteError> {
    let payload = Payload { schema: schema::mark(), cursor };
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(&serde_json::to_string(&payload).expect("a payload is plain data"));
    prepared.commit()?;
    Ok(())
}

fn lock(directory: &Path) -> Result<DirectoryLock, WriteError> {
    let files = MmapDirectory::open(directory).map_err(TantivyError::from)?;
    files.acquire_lock(&INDEX_WRITER_LOCK).map_err(|error| lock_error(error, directory))
}

fn lock_error(error: LockError, directory: &Path) -> WriteError {
    match error {
        LockError::LockBusy => WriteError::Locked(directory.to_owned()),
        other => TantivyError::from(other).into(),
    }
}

fn engine(index: &Index, directory: &Path) -> Result<tantivy::IndexWriter, WriteError> {
    let writer =
        index.writer_with_num_threads::<TantivyDocument>(1, ARENA).map_err(
            |error| match error {
                TantivyError::LockFailure(error, _) => lock_error(error, directory),
                other => other.into(),
            },
        )?;
    let mut policy = LogMergePolicy::default();
    policy.set_del_docs_ratio_before_merge(DELETED_BEFORE_MERGE);
    writer.set_merge_policy(Box::new(policy));
    Ok(writer)
}

/// The index of a directory and its cursor, if it is whole and made by this version.
fn inspect(directory: &Path) -> Option<(Index, Option<i64>)> {
    let index = open_existing(directory).ok()?;
    let payload = index.load_metas().ok()?.payload?;
    let Payload { schema, cursor } = serde_json::from_str(&payload).ok()?;
    let (expected, _) = schema::schema();
    let is_ours = schema == schema::mark() && index.schema() == expected;
    let is_whole = is_ours
        && index.validate_checksum().is_ok_and(|damaged| damaged.is_empty())
        && index.reader().is_ok();
    is_whole.then_some((index, cursor))
}

/// Opens without the lock.
pub(crate) fn open_existing(directory: &Path) -> tantivy::Result<Index> {
    let index = Index::open_in_dir(directory)?;
    tokenize::register(index.tokenizers());
    Ok(index)
}

/// Whether the last commit of an index was made by this version.
pub(crate) fn is_current(index: &Index) -> tantivy::Result<bool> {
    let payload = index.load_metas()?.payload;
    let payload = payload.and_then(|payload| serde_json::from_str::<Payload>(&payload).ok());
    Ok(payload.is_some_and(|payload| payload.schema == schema::mark()))
}

/// The cursor of the newest commit of an index, by whichever process.
pub(crate) fn committed_cursor(index: &Index) -> Option<i64> {
    let payload = index.load_metas().ok()?.payload?;
    serde_json::from_str::<Payload>(&payload).ok()?.cursor
}

fn create(directory: &Path) -> Result<Index, WriteError> {
    let (schema, _) = schema::schema();
    let index = Index::create_in_dir(directory, schema)?;
    tokenize::register(index.tokenizers());
    Ok(index)
}

/// Removes the files that an index is made of, and no others.
fn empty(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && is_index_file(&entry.path()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn is_index_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let is_segment = stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_segment || matches!(name, "meta.json" | ".managed.json")
}
