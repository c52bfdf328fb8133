//! Query to hits.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rules::model::ids::{ChannelId, ClusterId, GuildId};
use tantivy::{Index, IndexReader, ReloadPolicy};

use crate::encoder::SentenceEncoder;

mod candidates;
mod condense;
mod disk;
pub mod document;
mod error;
mod highlight;
mod meaning;
mod query_terms;
pub mod schema;
mod scorer;
mod snapshot;
mod spelling;
pub mod suggest;
mod term_lookup;
pub mod tokenize;
pub mod writer;

use self::document::SearchAudience;
use self::meaning::QueryEncoder;
use self::query_terms::QueryTerms;
use self::snapshot::{AudienceSnapshots, IndexSnapshot};

pub use disk::damaged_files;
pub use error::SearchError;

/// Hits in one answer at most.
const MAX_LIMIT: usize = 50;
/// Bytes of a query that are looked at.
pub const MAX_QUERY: usize = 16 * 1_024;
/// Questions offered when nothing matches well.
const NEAREST: usize = 10;

/// What somebody looks for.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// Plain words or a pasted error: no query language, nothing in it can be a mistake. `MAX_QUERY` bytes are
    /// looked at.
    pub text: String,
    /// Only clusters that a maintainer merged (`Some(true)`), or only others (`Some(false)`).
    pub known: Option<bool>,
    pub channel: Option<ChannelId>,
    pub guild: Option<GuildId>,
    pub audience: SearchAudience,
    /// Also what matches far worse than the result before: for people who choose among similar questions.
    pub keep_distant: bool,
    /// Also what each score is made of.
    pub explain: bool,
    pub offset: usize,
    /// At most 50.
    pub limit: usize,
}

/// What was found, best first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchHits {
    /// All that match about as well as each other, beyond `limit` too; of more than 200 only the best 200.
    pub total: usize,
    pub hits: Vec<SearchHit>,
    /// Whether nothing matched well, and these are only the nearest questions (ten at most).
    pub nearest_only: bool,
    /// The words that were searched for instead of all of a long text.
    pub searched_for: Option<String>,
    pub facets: SearchFacets,
}

/// What of a search's hits is where, also beyond `limit`. Empty where nothing matched well.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchFacets {
    /// How many a maintainer merged.
    pub known: usize,
    /// How many are of each channel; one may be of several.
    pub channels: BTreeMap<ChannelId, usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    pub cluster: ClusterId,
    /// Comparable within one answer only.
    pub score: f32,
    /// 0 to 1: how much of what the query says, by weight, the document says too.
    pub share: f32,
    /// Where the query asks for it.
    pub explanation: Option<ScoreExplanation>,
}

/// What the score of a hit is made of: the sum of its terms, times the prior, and with a sentence encoder what the
/// document means.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreExplanation {
    /// In the order of the query.
    pub terms: Vec<TermScore>,
    /// What is known of the document beside its words: 1, or a little more for a reviewed answer and a frequent
    /// question.
    pub prior: f32,
    /// How near the document is to the query in meaning, 1 at most; `None` where the two have no vectors.
    pub cosine: Option<f32>,
}

/// What one term of a query adds to a score.
#[derive(Debug, Clone, PartialEq)]
pub struct TermScore {
    pub term: String,
    /// What the term says, by its rarity: its part of the query's weight.
    pub weight: f32,
    /// 0 where the document does not have it.
    pub score: f32,
}

/// Reads the index as of the last `reload`. Clones share what they see. Needs no lock. All calls block.
#[derive(Clone)]
pub struct Searcher {
    index: Index,
    reader: IndexReader,
    seen: Arc<RwLock<AudienceSnapshots>>,
    encoder: Option<QueryEncoder>,
}

impl Searcher {
    /// Opens an index that some writer made, in this process or another.
    pub fn open(directory: &Path) -> Result<Self, SearchError> {
        let index = disk::open_existing(directory)
            .map_err(|error| SearchError::NoIndex(Some(Box::new(error))))?;
        Self::of_index(index)
    }

    pub(crate) fn of_index(index: Index) -> Result<Self, SearchError> {
        if !disk::is_current(&index)? {
            return Err(SearchError::NoIndex(None));
        }
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let seen = Arc::new(RwLock::new(AudienceSnapshots::take(&reader, None)?));
        Ok(Self { index, reader, seen, encoder: None })
    }

    /// Looks for what means the same in other words too, as far as the index has vectors of this model.
    pub fn with_encoder(self, encoder: Option<Arc<SentenceEncoder>>) -> Self {
        Self { encoder: encoder.map(QueryEncoder::new), ..self }
    }

    /// Sees what was committed since, by any process.
    pub fn reload(&self) -> Result<(), SearchError> {
        if !disk::is_current(&self.index)? {
            return Err(SearchError::NoIndex(None));
        }
        self.reader.reload()?;
        let earlier = self.seen.read().unwrap_or_else(PoisonError::into_inner).clone();
        let fresh = AudienceSnapshots::take(&self.reader, Some(&earlier))?;
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Finds the clusters that match, best first. Equal scores go by last confirmation, then by cluster id, so
    /// that the order does not depend on how the index is laid out.
    pub fn search(&self, query: &SearchQuery) -> Result<SearchHits, SearchError> {
        let snapshot = self.snapshot(query.audience);
        let QueryTerms { terms, searched_for } =
            query_terms::read(bounded(&query.text), &snapshot)?;
        let mut candidates = candidates::candidates(&terms, query, &snapshot)?;
        let meant = self.encoder.as_ref().and_then(|encoder| encoder.read(&query.text));
        let meaning = match &meant {
            Some(meant) => candidates::add_nearest(&mut candidates, meant, query, &snapshot)?,
            None => None,
        };
        let mut found = scorer::score(&terms, &candidates, meaning.as_ref(), &snapshot)?;
        if !query.keep_distant {
            found.drop_distant();
        }
        let nearest_only = found.nearest_only;
        let total = if nearest_only { found.count().min(NEAREST) } else { found.count() };
        let end = query.offset.saturating_add(query.limit.min(MAX_LIMIT)).min(total);
        let mut hits = found.hits(query.offset..end, &snapshot)?;
        if query.explain {
            let explanations = found.explanations(query.offset..end, &terms, &snapshot)?;
            for (hit, explanation) in hits.iter_mut().zip(explanations) {
                hit.explanation = Some(explanation);
            }
        }
        let facets = if nearest_only { SearchFacets::default() } else { found.facets(&snapshot) };
        Ok(SearchHits { total, hits, nearest_only, searched_for, facets })
    }

    /// The place in the store's feed that the newest commit comes from, whether or not it is seen yet.
    /// `None` where the index has to be built from the beginning.
    pub fn cursor(&self) -> Option<i64> {
        disk::committed(&self.index)?.cursor
    }

    /// How many of the store's deletions of words are out of the files of the index, by its newest commit.
    pub fn purged(&self) -> i64 {
        disk::committed(&self.index).map_or(0, |last| last.purged)
    }

    /// How many clusters the index holds.
    pub fn count(&self) -> usize {
        self.snapshot(SearchAudience::Operator).live()
    }

    /// All clusters that the index holds, in order.
    pub fn ids(&self) -> Result<Vec<ClusterId>, SearchError> {
        let mut ids = self.snapshot(SearchAudience::Operator).ids()?;
        ids.sort();
        Ok(ids)
    }

    fn snapshot(&self, audience: SearchAudience) -> Arc<IndexSnapshot> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).of(audience)
    }
}

/// The byte ranges of `text` that match words of the query, in order, without overlap.
pub fn highlights(query: &str, text: &str) -> Vec<Range<usize>> {
    highlight::ranges(bounded(query), text)
}

/// The start of a query that is looked at.
fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_QUERY)]
}

#[cfg(test)]
mod tests;
