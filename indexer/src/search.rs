//! Query to hits.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rules::ids::{ChannelId, ClusterId};
use tantivy::{Index, IndexReader, ReloadPolicy, TantivyError};

use crate::writer;

mod highlight;
mod scorer;
mod snapshot;
mod spelling;
mod wanted;

use snapshot::Snapshot;

/// Hits in one answer at most.
const MAX_LIMIT: usize = 50;
/// Hits that can be skipped at most.
const MAX_OFFSET: usize = 10_000;
/// Characters of a query that are looked at.
const MAX_QUERY: usize = 512;
/// Questions offered when nothing matches well.
const NEAREST: usize = 10;

/// What somebody looks for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Plain words: no query language, nothing in it can be a mistake. 512 characters are looked at.
    pub text: String,
    /// Only clusters that a maintainer merged (`Some(true)`), or only others (`Some(false)`).
    pub known: Option<bool>,
    pub channel: Option<ChannelId>,
    /// At most 10,000.
    pub offset: usize,
    /// At most 50.
    pub limit: usize,
}

/// What was found, best first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hits {
    /// All that match, beyond `limit` too.
    pub total: usize,
    pub hits: Vec<Hit>,
    /// Whether nothing matched well, and these are only the nearest questions (ten at most).
    pub nearest_only: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub cluster: ClusterId,
    /// Comparable within one answer only.
    pub score: f32,
    /// 0 to 1: how much of what the query says, by weight, the document says too.
    pub share: f32,
}

/// Why nothing can be searched.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// No index was made yet, or another version made it, or it is damaged: opening a writer mends all three.
    #[error("there is no index to search")]
    NoIndex(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    #[error("cannot read the index")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<TantivyError> for SearchError {
    fn from(error: TantivyError) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<std::io::Error> for SearchError {
    fn from(error: std::io::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

/// Reads the index as of the last `reload`. Clones share what they see. Needs no lock. All calls block.
#[derive(Clone)]
pub struct Searcher {
    index: Index,
    reader: IndexReader,
    seen: Arc<RwLock<Arc<Snapshot>>>,
}

impl Searcher {
    /// Opens an index that some writer made, in this process or another.
    pub fn open(directory: &Path) -> Result<Self, SearchError> {
        let index = writer::open_existing(directory)
            .map_err(|error| SearchError::NoIndex(Some(Box::new(error))))?;
        Self::of_index(index)
    }

    pub(crate) fn of_index(index: Index) -> Result<Self, SearchError> {
        if !writer::is_current(&index)? {
            return Err(SearchError::NoIndex(None));
        }
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let seen = Arc::new(RwLock::new(Arc::new(Snapshot::take(&reader)?)));
        Ok(Self { index, reader, seen })
    }

    /// Sees what was committed since, by any process.
    pub fn reload(&self) -> Result<(), SearchError> {
        if !writer::is_current(&self.index)? {
            return Err(SearchError::NoIndex(None));
        }
        self.reader.reload()?;
        let fresh = Arc::new(Snapshot::take(&self.reader)?);
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Finds the clusters that match, best first. Equal scores go by last confirmation, then by cluster id, so
    /// that the order does not depend on how the index is laid out.
    pub fn search(&self, query: &Query) -> Result<Hits, SearchError> {
        let snapshot = self.snapshot();
        let text = bounded(&query.text);
        let wanted = wanted::read(text, &snapshot)?;
        let found = scorer::score(&wanted, query, &snapshot)?;
        let offset = query.offset.min(MAX_OFFSET);
        let limit = query.limit.min(MAX_LIMIT);
        let total = if found.nearest_only { found.count().min(NEAREST) } else { found.count() };
        let nearest_only = found.nearest_only;
        let hits = found.best(offset..offset.saturating_add(limit).min(total), &snapshot)?;
        Ok(Hits { total, hits, nearest_only })
    }

    /// The place in the store's feed that the newest commit comes from, whether or not it is seen yet.
    /// `None` where the index has to be built from the beginning.
    pub fn cursor(&self) -> Option<i64> {
        writer::committed_cursor(&self.index)
    }

    /// How many clusters the index holds.
    pub fn count(&self) -> usize {
        self.snapshot().live()
    }

    /// All clusters that the index holds, in order.
    pub fn ids(&self) -> Result<Vec<ClusterId>, SearchError> {
        let mut ids = self.snapshot().ids()?;
        ids.sort();
        Ok(ids)
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The byte ranges of `text` that match words of the query, in order, without overlap.
pub fn highlights(query: &str, text: &str) -> Vec<Range<usize>> {
    highlight::ranges(bounded(query), text)
}

/// The start of a query that is looked at.
fn bounded(text: &str) -> &str {
    text.char_indices().nth(MAX_QUERY).map_or(text, |(end, _)| &text[..end])
}
