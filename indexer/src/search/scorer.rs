//! Every document that matches gets its score: BM25 over questions and answers, and how much of the query's
//! weight it covers.

use std::cmp::Ordering;
use std::ops::Range;

use tantivy::postings::Postings;
use tantivy::{DocId, DocSet, TERMINATED};

use super::query_terms::{BOOSTS, QueryTerm};
use super::snapshot::{IndexSnapshot, K1, SegmentSnapshot, TermField};
use super::spelling::TermVariant;
use super::{SearchError, SearchHit, SearchQuery};

/// A document that covers less of the query's weight does not match at all: it shares function words only.
const LEAST_SHARE: f32 = 0.1;
/// If no document covers this much of the query's weight, nothing matches well. Questions to another community
/// stay below it in 19 of 20 cases, and questions whose answer comes first are above it as often.
const GOOD_SHARE: f32 = 1.0 / 3.0;
/// What a known answer and frequent asking add at most, as shares of the score: enough to break ties.
const KNOWN_PRIOR: f32 = 0.02;
const FREQUENT_PRIOR: f32 = 0.01;
/// Occurrences at which frequent asking counts fully.
const FREQUENT: f32 = 20.0;

/// All documents that match.
pub(super) struct ScoredDocuments {
    candidates: Vec<DocumentScore>,
    /// Whether none of them matches well.
    pub(super) nearest_only: bool,
}

struct DocumentScore {
    segment: usize,
    document: DocId,
    score: f32,
    share: f32,
    last_confirmed: i64,
}

/// Scores what the query's filters let through.
pub(super) fn score(
    wanted: &[QueryTerm],
    query: &SearchQuery,
    snapshot: &IndexSnapshot,
) -> Result<ScoredDocuments, SearchError> {
    let whole_mass = wanted.iter().map(|each| each.mass).sum::<f32>();
    let mut candidates = Vec::new();
    let mut best_share = 0.0_f32;
    for (number, segment) in snapshot.segments.iter().enumerate() {
        let sums = SegmentSums::over(wanted, segment)?;
        for (document, sum) in (0..).zip(&sums.sums) {
            let share = if whole_mass > 0.0 { sum.mass / whole_mass } else { 0.0 };
            if share < LEAST_SHARE
                || !segment.is_visible(document)
                || !passes(query, segment, document)
            {
                continue;
            }
            best_share = best_share.max(share);
            candidates.push(DocumentScore {
                segment: number,
                document,
                score: sum.score * prior(segment, document),
                share,
                last_confirmed: segment.last_confirmed.first(document).unwrap_or_default(),
            });
        }
    }
    let nearest_only = !candidates.is_empty() && best_share < GOOD_SHARE;
    Ok(ScoredDocuments { candidates, nearest_only })
}

fn passes(query: &SearchQuery, segment: &SegmentSnapshot, document: DocId) -> bool {
    let known = segment.known.first(document).unwrap_or_default();
    query.known.is_none_or(|only| known == only)
        && query.channel.is_none_or(|only| {
            segment.channel.values_for_doc(document).any(|channel| channel == only.0)
        })
}

fn prior(segment: &SegmentSnapshot, document: DocId) -> f32 {
    let known = if segment.known.first(document).unwrap_or_default() { KNOWN_PRIOR } else { 0.0 };
    let occurrences = segment.occurrences.first(document).unwrap_or_default() as f32;
    1.0 + known + FREQUENT_PRIOR * (occurrences.ln_1p() / FREQUENT.ln_1p()).min(1.0)
}

#[derive(Clone, Copy, Default)]
struct TermSum {
    score: f32,
    mass: f32,
}

/// What each document of one segment has earned.
struct SegmentSums<'a> {
    segment: &'a SegmentSnapshot,
    sums: Vec<TermSum>,
    /// BM25 of the form at hand, cleared after each form.
    form: Vec<f32>,
    touched: Vec<DocId>,
}

impl<'a> SegmentSums<'a> {
    fn over(wanted: &[QueryTerm], segment: &'a SegmentSnapshot) -> Result<Self, SearchError> {
        let size = segment.size();
        let mut sums = Self {
            segment,
            sums: vec![TermSum::default(); size],
            form: vec![0.0; size],
            touched: Vec::new(),
        };
        for each in wanted {
            match each.forms.as_slice() {
                [only] => sums.add_only(each, only)?,
                forms => sums.add_best(each, forms)?,
            }
        }
        Ok(sums)
    }

    fn add_only(&mut self, wanted: &QueryTerm, form: &TermVariant) -> Result<(), SearchError> {
        self.read(wanted.place, form)?;
        for document in self.touched.drain(..) {
            let earned = std::mem::take(&mut self.form[document as usize]);
            earn(&mut self.sums[document as usize], wanted, earned, form.worth);
        }
        Ok(())
    }

    /// Adds the form that earns most, document by document.
    fn add_best(&mut self, wanted: &QueryTerm, forms: &[TermVariant]) -> Result<(), SearchError> {
        let mut best = vec![(0.0_f32, 0.0_f32); self.segment.size()];
        let mut matched = Vec::new();
        for form in forms {
            self.read(wanted.place, form)?;
            for document in self.touched.drain(..) {
                let earned = std::mem::take(&mut self.form[document as usize]);
                let (most, worth) = &mut best[document as usize];
                if *worth == 0.0 {
                    matched.push(document);
                }
                if earned * form.worth > *most * *worth {
                    (*most, *worth) = (earned, form.worth);
                }
            }
        }
        for document in matched {
            let (earned, worth) = best[document as usize];
            earn(&mut self.sums[document as usize], wanted, earned, worth);
        }
        Ok(())
    }

    /// Puts the boosted BM25 of a form, without its inverse document frequency, beside each document.
    fn read(&mut self, place: TermField, form: &TermVariant) -> Result<(), SearchError> {
        for (field, postings) in self.segment.postings(place, &form.text)?.into_iter().enumerate() {
            let Some(mut postings) = postings else { continue };
            let mut document = postings.doc();
            while document != TERMINATED {
                let count = postings.term_freq() as f32;
                let earned = match place {
                    TermField::Words => {
                        let length = self.segment.lengths[document as usize][field];
                        BOOSTS[field] * count * (K1 + 1.0) / (count + length)
                    }
                    TermField::Code => K1 + 1.0,
                };
                let slot = &mut self.form[document as usize];
                if *slot == 0.0 {
                    self.touched.push(document);
                }
                *slot += earned;
                document = postings.advance();
            }
        }
        Ok(())
    }
}

fn earn(sum: &mut TermSum, wanted: &QueryTerm, earned: f32, worth: f32) {
    sum.score += worth * (wanted.mass * earned + wanted.bonus);
    sum.mass += worth * wanted.mass;
}

impl ScoredDocuments {
    pub(super) fn count(&self) -> usize {
        self.candidates.len()
    }

    /// The hits of a range of places, in order.
    pub(super) fn best(
        mut self,
        places: Range<usize>,
        snapshot: &IndexSnapshot,
    ) -> Result<Vec<SearchHit>, SearchError> {
        let end = places.end.min(self.candidates.len());
        if places.start >= end {
            return Ok(Vec::new());
        }
        let order = |one: &DocumentScore, other: &DocumentScore| compare(one, other, snapshot);
        if end < self.candidates.len() {
            self.candidates.select_nth_unstable_by(end, order);
            self.candidates.truncate(end);
        }
        self.candidates.sort_unstable_by(order);
        let chosen = self.candidates[places.start..end].iter();
        chosen
            .map(|candidate| {
                let cluster = snapshot.segments[candidate.segment].cluster(candidate.document)?;
                Ok(SearchHit { cluster, score: candidate.score, share: candidate.share.min(1.0) })
            })
            .collect()
    }
}

/// Best first; ties go by last confirmation, then by cluster id.
fn compare(one: &DocumentScore, other: &DocumentScore, snapshot: &IndexSnapshot) -> Ordering {
    let order = |candidate: &DocumentScore| {
        snapshot.segments[candidate.segment].order.first(candidate.document)
    };
    let id = |candidate: &DocumentScore| {
        snapshot.segments[candidate.segment].cluster(candidate.document).ok()
    };
    other
        .score
        .total_cmp(&one.score)
        .then_with(|| other.last_confirmed.cmp(&one.last_confirmed))
        .then_with(|| order(one).cmp(&order(other)))
        .then_with(|| id(one).cmp(&id(other)))
}
