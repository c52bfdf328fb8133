//! The documents worth an exact score: those that the rarest terms of a query find, best first by Tantivy's own
//! BM25 with block-max pruning, filtered on the way.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use tantivy::query::{
    Bm25StatisticsProvider, BooleanQuery, BoostQuery, EnableScoring, Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, Term};

use super::meaning::{MeaningScores, QueryVector};
use super::query_terms::QueryTerm;
use super::snapshot::{IndexSnapshot, K1, SegmentSnapshot};
use super::term_lookup::{IndexedTerm, TermPlace};
use super::{SearchError, SearchQuery};

/// Documents that are scored exactly, at most; no more are ever listed.
pub(super) const MAX_CANDIDATES: usize = 200;
/// The rarest terms that find documents hold at least this share of the weight of all terms that any document
/// has, and this many documents.
const LEADING_SHARE: f32 = 0.6;
const LEADING_DOCUMENTS: usize = 5 * MAX_CANDIDATES;
/// Occurrences of a word in questions and answers with which it fills the candidates.
const FILLING_DOCUMENTS: usize = 2 * MAX_CANDIDATES;

/// What a known answer and frequent asking add at most, as shares of the score: enough to break ties.
const KNOWN_PRIOR: f32 = 0.02;
const FREQUENT_PRIOR: f32 = 0.01;
/// The logarithm of one more than the occurrences at which frequent asking counts fully: 20.
const LN_FREQUENT: f32 = 3.044_522_4;

/// A document by its approximate score. The greatest is the best; ties go by last confirmation, then by
/// cluster id.
#[derive(Debug, Clone, Copy)]
pub(super) struct CandidateDocument {
    score: f32,
    last_confirmed: i64,
    order: u64,
    pub(super) segment: usize,
    pub(super) document: DocId,
}

impl CandidateDocument {
    /// A document whatever its approximate score.
    pub(super) fn unscored(segment: usize, document: DocId) -> Self {
        Self { score: 0.0, last_confirmed: 0, order: 0, segment, document }
    }
}

/// In the order of the index.
pub(super) fn candidates(
    wanted: &[QueryTerm],
    query: &SearchQuery,
    snapshot: &IndexSnapshot,
) -> Result<Vec<CandidateDocument>, SearchError> {
    let is_filtered = query.known.is_some() || query.channel.is_some() || query.guild.is_some();
    let leading = leading(wanted).into_iter();
    let clauses = leading.flat_map(|each| clauses(each, is_filtered)).collect::<Vec<_>>();
    if clauses.is_empty() || snapshot.live() == 0 {
        return Ok(Vec::new());
    }
    let statistics = SearchStatistics { snapshot };
    let scoring = EnableScoring::enabled_from_statistics_provider(&statistics, &snapshot.searcher);
    let weight = BooleanQuery::union(clauses).weight(scoring)?;
    let mut best = BestDocuments::default();
    for (number, segment) in snapshot.segments.iter().enumerate() {
        let threshold = best.threshold();
        let mut take = |document, score: f32| {
            if segment.is_visible(snapshot.audience, document) && passes(query, segment, document) {
                let score = score * prior(segment, document);
                best.offer(score, || CandidateDocument {
                    score,
                    last_confirmed: segment.last_confirmed.first(document).unwrap_or_default(),
                    order: segment.order.first(document).unwrap_or_default(),
                    segment: number,
                    document,
                });
            }
            best.threshold()
        };
        weight.for_each_pruning(threshold, &segment.reader, &mut take)?;
    }
    Ok(best.into_index_order())
}

/// Adds the documents that mean what the query means, and tells how near all candidates are; `None` where no document
/// has a vector of the model.
pub(super) fn add_nearest(
    candidates: &mut Vec<CandidateDocument>,
    meant: &QueryVector,
    query: &SearchQuery,
    snapshot: &IndexSnapshot,
) -> Result<Option<MeaningScores>, SearchError> {
    let mut best = BestDocuments::default();
    let mut vectors = Vec::with_capacity(snapshot.segments.len());
    for (number, segment) in snapshot.segments.iter().enumerate() {
        let own = segment.vectors(meant)?;
        for document in segment.documents(snapshot.audience) {
            let near = own.nearest(document, meant).filter(|_| passes(query, segment, document));
            let Some(score) = near else { continue };
            best.offer(score, || CandidateDocument {
                score,
                last_confirmed: segment.last_confirmed.first(document).unwrap_or_default(),
                order: segment.order.first(document).unwrap_or_default(),
                segment: number,
                document,
            });
        }
        vectors.push(own);
    }
    candidates.extend(best.into_index_order());
    candidates.sort_unstable_by_key(|one| (one.segment, one.document));
    candidates.dedup_by_key(|one| (one.segment, one.document));
    let nearest = candidates.iter().filter_map(|one| {
        Some(((one.segment, one.document), vectors[one.segment].nearest(one.document, meant)?))
    });
    let scores = MeaningScores::of(nearest);
    Ok((!scores.is_empty()).then_some(scores))
}

/// Every document, for comparison.
#[cfg(test)]
pub(super) fn all(snapshot: &IndexSnapshot) -> Vec<CandidateDocument> {
    let segments = snapshot.segments.iter().enumerate();
    let all = segments.flat_map(|(number, segment)| {
        let documents = segment.documents(snapshot.audience);
        documents.map(move |document| CandidateDocument::unscored(number, document))
    });
    all.collect()
}

/// The rarest of the terms that any document has, until they weigh enough to find what matches.
fn leading(wanted: &[QueryTerm]) -> Vec<&QueryTerm> {
    let mut present = wanted.iter().filter(|each| each.is_present()).collect::<Vec<_>>();
    present.sort_by_key(|each| each.frequency);
    let enough = LEADING_SHARE * present.iter().map(|each| each.mass).sum::<f32>();
    let (mut mass, mut documents) = (0.0, 0);
    let is_needed = |each: &&QueryTerm| {
        let is_needed = mass < enough || documents < LEADING_DOCUMENTS;
        mass += each.mass;
        documents += each.frequency;
        is_needed
    };
    present.into_iter().take_while(is_needed).collect()
}

/// A term in each place where it counts, as a query of Tantivy's. What may stand for a word, and humps, find
/// nothing that counts where the very word fills the candidates by itself: the exact score has them all.
fn clauses(wanted: &QueryTerm, is_filtered: bool) -> Vec<Box<dyn Query>> {
    let is_very_word =
        |number: usize, term: &IndexedTerm| number == 0 && term.place != TermPlace::Hump;
    let all = || {
        let forms = wanted.forms.iter().enumerate();
        forms.flat_map(|(number, form)| form.terms.iter().map(move |term| (number, form, term)))
    };
    let very_words = all().filter(|(number, _, term)| is_very_word(*number, term));
    let documents = very_words.map(|(.., term)| term.documents()).sum::<usize>();
    let is_enough = !is_filtered && documents >= FILLING_DOCUMENTS;
    all()
        .filter(|(number, _, term)| !is_enough || is_very_word(*number, term))
        .map(|(_, form, term)| {
            let option = IndexRecordOption::WithFreqs;
            let boost = form.worth * approximate_weight(wanted, term) / SearchStatistics::IDF;
            let query = Box::new(TermQuery::new(term.term.clone(), option));
            Box::new(BoostQuery::new(query, boost)) as Box<dyn Query>
        })
        .collect()
}

/// What stands in for the inverse document frequency, so that the approximate score is near the exact one.
fn approximate_weight(wanted: &QueryTerm, term: &IndexedTerm) -> f32 {
    match term.place {
        TermPlace::Word | TermPlace::Hump => wanted.mass * term.boost() + wanted.bonus / (K1 + 1.0),
        TermPlace::Code => 2.0 * (wanted.mass + wanted.bonus / (K1 + 1.0)),
    }
}

fn passes(query: &SearchQuery, segment: &SegmentSnapshot, document: DocId) -> bool {
    let known = || segment.known.first(document).unwrap_or_default();
    query.known.is_none_or(|only| known() == only)
        && query.channel.is_none_or(|only| {
            segment.channel.values_for_doc(document).any(|channel| channel == only.0)
        })
        && query
            .guild
            .is_none_or(|only| segment.guild.values_for_doc(document).any(|guild| guild == only.0))
}

/// By what a score is multiplied for what is known of a document beside its words.
pub(super) fn prior(segment: &SegmentSnapshot, document: DocId) -> f32 {
    let known = if segment.known.first(document).unwrap_or_default() { KNOWN_PRIOR } else { 0.0 };
    let occurrences = segment.occurrences.first(document).unwrap_or_default() as f32;
    1.0 + known + FREQUENT_PRIOR * (occurrences.ln_1p() / LN_FREQUENT).min(1.0)
}

/// The best documents so far, the worst of them on top.
#[derive(Default)]
struct BestDocuments(BinaryHeap<Reverse<CandidateDocument>>);

impl BestDocuments {
    fn offer(&mut self, score: f32, candidate: impl FnOnce() -> CandidateDocument) {
        if self.0.len() < MAX_CANDIDATES {
            self.0.push(Reverse(candidate()));
        } else if let Some(mut worst) = self.0.peek_mut()
            && score >= worst.0.score
        {
            let candidate = candidate();
            if candidate > worst.0 {
                *worst = Reverse(candidate);
            }
        }
    }

    /// The score that no document needs to be looked at with, whatever else is known of it.
    fn threshold(&self) -> f32 {
        let most = 1.0 + KNOWN_PRIOR + FREQUENT_PRIOR;
        let worst = self.0.peek().filter(|_| self.0.len() == MAX_CANDIDATES);
        worst.map_or(f32::MIN, |Reverse(worst)| worst.score / most)
    }

    fn into_index_order(self) -> Vec<CandidateDocument> {
        let mut all = self.0.into_iter().map(|Reverse(one)| one).collect::<Vec<_>>();
        all.sort_unstable_by_key(|one| (one.segment, one.document));
        all
    }
}

impl Ord for CandidateDocument {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score
            .total_cmp(&other.score)
            .then_with(|| self.last_confirmed.cmp(&other.last_confirmed))
            .then_with(|| other.order.cmp(&self.order))
    }
}

impl PartialOrd for CandidateDocument {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for CandidateDocument {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for CandidateDocument {}

/// Gives every term the same inverse document frequency, which boosts then replace by the query's own, and
/// fields the mean length of their living documents.
struct SearchStatistics<'a> {
    snapshot: &'a IndexSnapshot,
}

impl SearchStatistics<'_> {
    const DOCUMENTS: u64 = 1_000;
    /// `ln(1 + (1000 - 1 + 0.5) / (1 + 0.5))`, as Tantivy computes it of one document in a thousand.
    const IDF: f32 = 6.503_29;
}

impl Bm25StatisticsProvider for SearchStatistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let field = self.snapshot.fields.iter().position(|other| *other == field);
        let average = field.map_or(1.0, |field| self.snapshot.average(field));
        Ok((average * Self::DOCUMENTS as f32) as u64)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(Self::DOCUMENTS)
    }

    fn doc_freq(&self, _term: &Term) -> tantivy::Result<u64> {
        Ok(1)
    }
}
