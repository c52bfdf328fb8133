//! The exact score of the candidates: BM25 over questions and answers, and how much of the query's weight each
//! covers.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;

use rules::model::ids::ChannelId;
use tantivy::DocId;

use super::candidates::{CandidateDocument, prior};
use super::meaning::MeaningScores;
use super::query_terms::QueryTerm;
use super::snapshot::{IndexSnapshot, K1, SegmentSnapshot};
use super::spelling::TermVariant;
use super::term_lookup::{TermPlace, count_in};
use super::{ScoreExplanation, SearchError, SearchFacets, SearchHit, TermScore};

/// A document that covers less of the query's weight does not match at all: it shares function words only.
const LEAST_SHARE: f32 = 0.1;
/// If no document covers this much of the query's weight, nothing matches well. Questions to another community
/// stay below it in 19 of 20 cases, and questions whose answer comes first are above it as often.
const GOOD_SHARE: f32 = 1.0 / 3.0;
/// Where a document scores less than this share of the one before, it and all after it match something else.
const LARGE_DROP: f32 = 0.2;

/// The part of a score that meaning decides where a document has a vector, and words the rest. With half or nine
/// tenths the right answers stand hardly lower (harvester/docs/MEANING.md).
const MEANING_PART: f32 = 0.7;
/// A document that shares no more than function words matches if it is this near in meaning.
const LEAST_COSINE: f32 = 0.4;
/// A document with a vector matches well from this cosine upwards: questions to another community stay below it in 49
/// of 50 cases, and those whose answer comes first are above it in 49 of 50 (harvester/docs/MEANING.md).
const GOOD_COSINE: f32 = 0.45;
/// It also does where it says nearly all of the query, such as a pasted error.
const NEARLY_ALL: f32 = 0.8;

/// All documents that match, best first.
pub(super) struct ScoredDocuments {
    ranked: Vec<DocumentScore>,
    /// Whether none of them matches well.
    pub(super) nearest_only: bool,
}

struct DocumentScore {
    segment: usize,
    document: DocId,
    score: f32,
    share: f32,
    /// Its cosine to the query, where it has a vector.
    cosine: Option<f32>,
}

/// Scores candidates that are in the order of the index.
pub(super) fn score(
    wanted: &[QueryTerm],
    candidates: &[CandidateDocument],
    meaning: Option<&MeaningScores>,
    snapshot: &IndexSnapshot,
) -> Result<ScoredDocuments, SearchError> {
    let whole_mass = wanted.iter().map(|each| each.mass).sum::<f32>();
    let mut ranked = Vec::with_capacity(candidates.len());
    let mut is_answered = false;
    for found in candidates.chunk_by(|one, other| one.segment == other.segment) {
        let number = found[0].segment;
        let segment = &snapshot.segments[number];
        let sums = SegmentSums { snapshot, segment, number, found }.over(wanted)?;
        for (candidate, sum) in found.iter().zip(sums) {
            let share = if whole_mass > 0.0 { sum.mass / whole_mass } else { 0.0 };
            let document = candidate.document;
            let cosine = meaning.and_then(|meaning| meaning.get(number, document));
            let matches = share >= LEAST_SHARE;
            is_answered |= answers(share, cosine);
            if matches || cosine.is_some_and(|cosine| cosine >= LEAST_COSINE) {
                let words = if matches { sum.score } else { 0.0 };
                let score = words * prior(segment, document);
                ranked.push(DocumentScore { segment: number, document, score, share, cosine });
            }
        }
    }
    if let Some(meaning) = meaning {
        weigh_meaning(&mut ranked, meaning, snapshot);
    }
    ranked.sort_unstable_by(|one, other| compare(one, other, snapshot));
    let nearest_only = !ranked.is_empty() && !is_answered;
    Ok(ScoredDocuments { ranked, nearest_only })
}

/// Whether a document matches a query well.
fn answers(share: f32, cosine: Option<f32>) -> bool {
    match cosine {
        Some(cosine) => cosine >= GOOD_COSINE || share >= NEARLY_ALL,
        None => share >= GOOD_SHARE,
    }
}

/// Adds meaning to the scores of words. A document without a vector is taken to mean what its words say: it stands
/// where words alone place it.
fn weigh_meaning(ranked: &mut [DocumentScore], meaning: &MeaningScores, snapshot: &IndexSnapshot) {
    let best = ranked.iter().map(|one| one.score).fold(0.0, f32::max);
    let scale = if best > 0.0 { best } else { 1.0 };
    for one in ranked {
        let words = one.score / scale;
        let meant = match one.cosine {
            Some(cosine) => cosine.max(0.0) * prior(&snapshot.segments[one.segment], one.document),
            None => words * meaning.best(),
        };
        one.score = scale * ((1.0 - MEANING_PART) * words + MEANING_PART * meant);
    }
}

#[derive(Clone, Copy, Default)]
struct TermSum {
    score: f32,
    mass: f32,
}

/// What the candidates of one segment earn.
struct SegmentSums<'a> {
    snapshot: &'a IndexSnapshot,
    segment: &'a SegmentSnapshot,
    number: usize,
    found: &'a [CandidateDocument],
}

impl SegmentSums<'_> {
    /// By candidate.
    fn over(&self, wanted: &[QueryTerm]) -> Result<Vec<TermSum>, SearchError> {
        let mut sums = vec![TermSum::default(); self.found.len()];
        for each in wanted {
            // The form that earns most, candidate by candidate, and its worth.
            let mut best = vec![(0.0_f32, 0.0_f32); self.found.len()];
            for form in &each.forms {
                for (slot, earned) in best.iter_mut().zip(self.earned(form)?) {
                    let (most, worth) = *slot;
                    if earned * form.worth > most * worth {
                        *slot = (earned, form.worth);
                    }
                }
            }
            for (sum, (earned, worth)) in sums.iter_mut().zip(best) {
                if worth > 0.0 {
                    sum.score += worth * (each.mass * earned + each.bonus);
                    sum.mass += worth * each.mass;
                }
            }
        }
        Ok(sums)
    }

    /// The boosted BM25 of a form, without its inverse document frequency, by candidate.
    fn earned(&self, form: &TermVariant) -> Result<Vec<f32>, SearchError> {
        let mut earned = vec![0.0_f32; self.found.len()];
        for term in &form.terms {
            let Some(mut postings) = term.postings(self.number, self.segment)? else { continue };
            for (sum, candidate) in earned.iter_mut().zip(self.found) {
                let count = count_in(&mut postings, candidate.document) as f32;
                if count == 0.0 {
                    continue;
                }
                let norm = match term.place {
                    TermPlace::Word => {
                        self.snapshot.length_norm(self.segment, term.field, candidate.document)
                    }
                    TermPlace::Hump => 1.0,
                    // An identifier counts once, however often and wherever it stands.
                    TermPlace::Code => {
                        *sum = K1 + 1.0;
                        continue;
                    }
                };
                *sum += term.boost() * count * (K1 + 1.0) / (count + norm);
            }
        }
        Ok(earned)
    }
}

impl ScoredDocuments {
    /// Leaves out what matches far worse than the one before.
    pub(super) fn drop_distant(&mut self) {
        let is_drop = |pair: &[DocumentScore]| pair[1].score < LARGE_DROP * pair[0].score;
        if let Some(last) = self.ranked.windows(2).position(is_drop) {
            self.ranked.truncate(last + 1);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.ranked.len()
    }

    /// What of all of them is where.
    pub(super) fn facets(&self, snapshot: &IndexSnapshot) -> SearchFacets {
        let mut facets = SearchFacets::default();
        for one in &self.ranked {
            let segment = &snapshot.segments[one.segment];
            facets.known += usize::from(segment.known.first(one.document).unwrap_or_default());
            let channels = segment.channel.values_for_doc(one.document);
            for channel in channels.collect::<BTreeSet<_>>() {
                *facets.channels.entry(ChannelId(channel)).or_default() += 1;
            }
        }
        facets
    }

    /// The hits of a range of places, in order.
    pub(super) fn hits(
        &self,
        places: Range<usize>,
        snapshot: &IndexSnapshot,
    ) -> Result<Vec<SearchHit>, SearchError> {
        let hit = |one: &DocumentScore| {
            let cluster = snapshot.segments[one.segment].cluster(one.document)?;
            let (score, share) = (one.score, one.share.min(1.0));
            Ok(SearchHit { cluster, score, share, explanation: None })
        };
        self.listed(places).iter().map(hit).collect()
    }

    /// What the scores of a range of places are made of, in order.
    pub(super) fn explanations(
        &self,
        places: Range<usize>,
        wanted: &[QueryTerm],
        snapshot: &IndexSnapshot,
    ) -> Result<Vec<ScoreExplanation>, SearchError> {
        self.listed(places).iter().map(|one| one.explanation(wanted, snapshot)).collect()
    }

    fn listed(&self, places: Range<usize>) -> &[DocumentScore] {
        let places = places.start.min(self.ranked.len())..places.end.min(self.ranked.len());
        self.ranked.get(places).unwrap_or_default()
    }
}

impl DocumentScore {
    fn explanation(
        &self,
        wanted: &[QueryTerm],
        snapshot: &IndexSnapshot,
    ) -> Result<ScoreExplanation, SearchError> {
        let segment = &snapshot.segments[self.segment];
        let found = [CandidateDocument::unscored(self.segment, self.document)];
        let sums = SegmentSums { snapshot, segment, number: self.segment, found: &found };
        let mut terms = Vec::with_capacity(wanted.len());
        for each in wanted {
            let score = sums.over(std::slice::from_ref(each))?[0].score;
            terms.push(TermScore { term: each.forms[0].text.clone(), weight: each.mass, score });
        }
        Ok(ScoreExplanation { terms, prior: prior(segment, self.document), cosine: self.cosine })
    }
}

/// Best first; ties go by last confirmation, then by cluster id.
fn compare(one: &DocumentScore, other: &DocumentScore, snapshot: &IndexSnapshot) -> Ordering {
    let segment = |scored: &DocumentScore| &snapshot.segments[scored.segment];
    let confirmed = |scored| segment(scored).last_confirmed.first(scored.document);
    let order = |scored| segment(scored).order.first(scored.document);
    let id = |scored| segment(scored).cluster(scored.document).ok();
    other
        .score
        .total_cmp(&one.score)
        .then_with(|| confirmed(other).cmp(&confirmed(one)))
        .then_with(|| order(one).cmp(&order(other)))
        .then_with(|| id(one).cmp(&id(other)))
}
