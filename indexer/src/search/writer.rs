//! The one writer of the index.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rules::model::ids::ClusterId;
use tantivy::directory::error::LockError;
use tantivy::directory::{Directory, DirectoryLock, INDEX_WRITER_LOCK, MmapDirectory};
use tantivy::merge_policy::{LogMergePolicy, MergePolicy, NoMergePolicy};
use tantivy::{Index, IndexReader, ReloadPolicy, TantivyDocument, TantivyError, Term};

use crate::search::disk::{CommitPayload, inspect};
use crate::search::document::ClusterDocument;
use crate::search::schema;
use crate::search::schema::SchemaFields;
use crate::search::tokenize;
use crate::search::{SearchError, Searcher};

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

/// Writes documents; holds the directory's lock as long as it exists. All calls block.
pub struct IndexWriter {
    path: PathBuf,
    fields: SchemaFields,
    /// `None` only while `purge` waits for merges, and after it failed to open another.
    writer: Option<tantivy::IndexWriter>,
    index: Index,
    searcher: Searcher,
    cursor: Option<i64>,
    purged: i64,
    dirty: bool,
    /// The last commit, which no other reader moves.
    committed: IndexReader,
    /// Clusters of the documents that were added since.
    added: HashSet<ClusterId>,
}

impl IndexWriter {
    /// Opens the index, or makes an empty one. A directory that is damaged, or that another version made, is
    /// emptied of index files; `cursor` is then `None`, and the caller rebuilds.
    pub fn open(directory: &Path) -> Result<Self, WriteError> {
        fs::create_dir_all(directory)
            .map_err(|source| WriteError::Directory { path: directory.to_owned(), source })?;
        let (index, cursor, purged) = match inspect(directory) {
            Some((index, last)) => (index, last.cursor, last.purged),
            None => (create_anew(directory)?, None, 0),
        };
        let (_, fields) = schema::schema();
        let mut writer = engine(&index, directory)?;
        if index.load_metas()?.payload.is_none() {
            commit(&mut writer, None, purged)?;
        }
        let searcher = Searcher::of_index(index.clone())?;
        let committed = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self {
            path: directory.to_owned(),
            fields,
            writer: Some(writer),
            index,
            searcher,
            cursor,
            purged,
            dirty: false,
            committed,
            added: HashSet::new(),
        })
    }

    /// The cursor of the last commit; `None` if the index has to be built from the beginning.
    pub fn cursor(&self) -> Option<i64> {
        self.cursor
    }

    /// How many of the store's deletions are purged here, by the last commit.
    pub fn purged(&self) -> i64 {
        self.purged
    }

    /// Notes that so many of the store's deletions are purged.
    pub fn record_purged(&mut self, deletions: i64) -> Result<(), WriteError> {
        self.purged = deletions;
        self.commit_with(self.cursor)
    }

    /// A searcher that follows this writer's commits by itself.
    pub fn searcher(&self) -> Searcher {
        self.searcher.clone()
    }

    /// Puts the documents in the place of what their clusters had. Visible after `commit`.
    pub fn replace(&mut self, documents: &[ClusterDocument]) -> Result<(), WriteError> {
        self.dirty |= !documents.is_empty();
        let fields = self.fields;
        let committed = self.committed.searcher();
        let mut replaced = Vec::new();
        for document in documents {
            let key = Term::from_field_text(fields.cluster, document.cluster.as_str());
            if self.added.contains(&document.cluster) || committed.doc_freq(&key)? > 0 {
                replaced.push(key);
            }
        }
        self.added.extend(documents.iter().map(|document| document.cluster.clone()));
        let writer = self.engine()?;
        // All before any is added: a cluster may have several.
        for key in replaced {
            writer.delete_term(key);
        }
        for document in documents {
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
        let purged = self.purged;
        commit(self.engine()?, cursor, purged)?;
        self.cursor = cursor;
        self.dirty = false;
        self.committed.reload()?;
        self.added.clear();
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
        // A merge that ends lets the policy begin others, of the very segments that come next here.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        let mut holed = holed.into_iter().filter(tantivy::SegmentMeta::has_deletes);
        let merged = holed.try_for_each(|one| writer.merge(&[one.id()]).wait().map(drop));
        writer.set_merge_policy(policy());
        merged?;
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

fn commit(
    writer: &mut tantivy::IndexWriter,
    cursor: Option<i64>,
    purged: i64,
) -> Result<(), WriteError> {
    let payload = CommitPayload { schema: schema::mark(), cursor, purged };
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(&serde_json::to_string(&payload).expect("a payload is plain data"));
    prepared.commit()?;
    Ok(())
}

/// Makes an empty index in the place of what is there. Nobody may be writing what is removed.
fn create_anew(directory: &Path) -> Result<Index, WriteError> {
    let failed = |source| WriteError::Directory { path: directory.to_owned(), source };
    let is_new = fs::read_dir(directory).map_err(failed)?.next().is_none();
    if !is_new {
        let _lock = lock(directory)?;
        empty(directory).map_err(failed)?;
    }
    create(directory)
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
    writer.set_merge_policy(policy());
    Ok(writer)
}

fn policy() -> Box<dyn MergePolicy> {
    let mut policy = LogMergePolicy::default();
    policy.set_del_docs_ratio_before_merge(DELETED_BEFORE_MERGE);
    Box::new(policy)
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
    is_segment_file(path) || matches!(name, "meta.json" | ".managed.json")
}

/// Whether a file is named by a segment's id.
fn is_segment_file(path: &Path) -> bool {
    let stem = stem(path);
    stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A file's name up to the first dot.
fn stem(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.split('.').next().unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::Timestamp;

    use rules::model::cluster::ClusterState;
    use rules::model::ids::MessageId;

    use super::*;
    use crate::search::SearchQuery;
    use crate::search::document::SearchAudience;

    pub(crate) fn id(number: u64) -> ClusterId {
        ClusterId::of_question(MessageId(number))
    }

    pub(crate) fn document(number: u64, question: &str, answer: &str) -> ClusterDocument {
        ClusterDocument {
            cluster: id(number),
            state: ClusterState::Watching,
            title: question.to_owned(),
            questions: vec![question.to_owned()],
            answers: vec![answer.to_owned()],
            channels: Vec::new(),
            guilds: Vec::new(),
            occurrences: 1,
            last_confirmed: Timestamp::UNIX_EPOCH,
            audiences: vec![SearchAudience::Public, SearchAudience::Operator],
            meanings: Vec::new(),
        }
    }

    fn found(searcher: &Searcher, text: &str) -> usize {
        searcher
            .search(&SearchQuery { text: text.to_owned(), limit: 9, ..SearchQuery::default() })
            .unwrap()
            .total
    }

    fn files(directory: &Path) -> Vec<PathBuf> {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn documents_and_cursor_survive_the_writer() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::open(directory.path()).unwrap();
        assert_eq!(writer.cursor(), None);
        let [first, second] = [
            document(1, "Where is the wallet?", "Here."),
            document(2, "What is a plugin?", "Code."),
        ];
        writer.replace(&[first.clone(), second]).unwrap();
        assert_eq!(writer.searcher().count(), 0);
        writer.commit(41).unwrap();
        writer.replace(&[first]).unwrap();
        writer.remove(&[id(2)]).unwrap();
        writer.commit(42).unwrap();
        drop(writer);
        let writer = IndexWriter::open(directory.path()).unwrap();
        assert_eq!(writer.cursor(), Some(42));
        assert_eq!(writer.searcher().ids().unwrap(), [id(1)]);
    }

    #[test]
    fn what_was_not_committed_is_as_if_never_written() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::open(directory.path()).unwrap();
        writer.replace(&[document(1, "Where is the wallet?", "Here.")]).unwrap();
        writer.commit(1).unwrap();
        writer.remove(&[id(1)]).unwrap();
        drop(writer);
        let writer = IndexWriter::open(directory.path()).unwrap();
        assert_eq!((writer.cursor(), writer.searcher().count()), (Some(1), 1));
    }

    #[test]
    fn a_second_writer_is_refused_and_readers_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::open(directory.path()).unwrap();
        assert!(matches!(IndexWriter::open(directory.path()), Err(WriteError::Locked(_))));
        let reader = Searcher::open(directory.path()).unwrap();
        writer.replace(&[document(1, "Where is the wallet?", "Here.")]).unwrap();
        writer.commit(1).unwrap();
        assert_eq!(reader.count(), 0);
        reader.reload().unwrap();
        assert_eq!(found(&reader, "wallet"), 1);
    }

    #[test]
    fn holes_in_many_segments_are_purged_whatever_merges_they_invite() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::open(directory.path()).unwrap();
        writer.engine().unwrap().set_merge_policy(Box::new(NoMergePolicy));
        for segment in 0..24 {
            let all = (0..4).map(|one| document(segment * 4 + one + 1, "Where?", "Here."));
            writer.replace(&all.collect::<Vec<_>>()).unwrap();
            writer.commit(segment as i64).unwrap();
        }
        let firsts = (0..24).map(|segment| id(segment * 4 + 1)).collect::<Vec<_>>();
        writer.remove(&firsts).unwrap();
        writer.commit(24).unwrap();
        writer.purge().unwrap();
        assert_eq!(writer.searcher().count(), 24 * 3);
    }

    #[test]
    fn nothing_to_read_is_said_so() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(Searcher::open(directory.path()), Err(SearchError::NoIndex(_))));
        assert!(matches!(
            Searcher::open(&directory.path().join("missing")),
            Err(SearchError::NoIndex(_))
        ));
    }

    #[test]
    fn a_damaged_directory_starts_again_and_keeps_foreign_files() {
        type Damage = fn(&Path);
        let damages: [(&str, Damage); 5] = [
            ("no meta.json", |path| fs::remove_file(path.join("meta.json")).unwrap()),
            ("garbage in meta.json", |path| {
                fs::write(path.join("meta.json"), "{ not json").unwrap()
            }),
            ("garbage in .managed.json", |path| {
                fs::write(path.join(".managed.json"), "[").unwrap()
            }),
            ("truncated segments", |path| {
                each_segment(path, |bytes| bytes.truncate(bytes.len() / 2))
            }),
            ("garbage in segments", |path| each_segment(path, |bytes| bytes[0] ^= 0xff)),
        ];
        for (name, damage) in damages {
            let directory = tempfile::tempdir().unwrap();
            fs::write(directory.path().join("notes.txt"), "mine").unwrap();
            let mut writer = IndexWriter::open(directory.path()).unwrap();
            writer.replace(&[document(1, "Where is the wallet?", "Here.")]).unwrap();
            writer.commit(7).unwrap();
            drop(writer);
            damage(directory.path());
            let mut writer = IndexWriter::open(directory.path()).unwrap();
            assert_eq!((writer.cursor(), writer.searcher().count()), (None, 0), "{name}");
            writer.replace(&[document(1, "Where is the wallet?", "Here.")]).unwrap();
            writer.commit(8).unwrap();
            assert_eq!(found(&writer.searcher(), "wallet"), 1, "{name}");
            assert!(directory.path().join("notes.txt").exists());
        }
    }

    fn each_segment(directory: &Path, damage: impl Fn(&mut Vec<u8>)) {
        for path in files(directory) {
            if is_segment_file(&path) {
                let mut bytes = fs::read(&path).unwrap();
                damage(&mut bytes);
                fs::write(&path, bytes).unwrap();
            }
        }
    }

    #[test]
    fn another_versions_index_starts_again() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::open(directory.path()).unwrap();
        writer.replace(&[document(1, "Where is the wallet?", "Here.")]).unwrap();
        writer.commit(7).unwrap();
        drop(writer);
        let meta = directory.path().join("meta.json");
        let text =
            fs::read_to_string(&meta).unwrap().replace(&schema::mark(), "0-0000000000000000");
        fs::write(&meta, text).unwrap();
        assert!(matches!(Searcher::open(directory.path()), Err(SearchError::NoIndex(_))));
        assert_eq!(IndexWriter::open(directory.path()).unwrap().cursor(), None);
    }

    #[test]
    fn purging_leaves_no_file_that_held_a_removed_document() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = IndexWriter::open(directory.path()).unwrap();
        for number in 1..=3 {
            let secret =
                document(number, &format!("Where is the wallet of xyzzy{number}?"), "Here.");
            writer.replace(&[secret, document(number + 10, "What is a plugin?", "Code.")]).unwrap();
            writer.commit(number as i64).unwrap();
        }
        writer.remove(&[id(2)]).unwrap();
        writer.commit(3).unwrap();
        let segments = |writer: &IndexWriter| writer.index.searchable_segment_metas().unwrap();
        assert!(segments(&writer).iter().any(tantivy::SegmentMeta::has_deletes));
        writer.purge().unwrap();
        assert!(!segments(&writer).iter().any(tantivy::SegmentMeta::has_deletes));
        let live =
            segments(&writer).iter().map(|segment| segment.id().uuid_string()).collect::<Vec<_>>();
        let is_stale =
            |path: &PathBuf| is_segment_file(path) && !live.contains(&stem(path).to_owned());
        assert_eq!(
            files(directory.path()).into_iter().filter(is_stale).collect::<Vec<_>>(),
            Vec::<PathBuf>::new()
        );
        assert_eq!((writer.cursor(), writer.searcher().count()), (Some(3), 5));
        writer.replace(&[document(4, "Anything else?", "No.")]).unwrap();
        writer.commit(4).unwrap();
        assert_eq!(writer.searcher().count(), 6);
    }
}
