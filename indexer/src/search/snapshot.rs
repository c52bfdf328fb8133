//! The index at one commit, with everything that scoring asks of it at hand.

use std::sync::Arc;

use rules::model::ids::ClusterId;
use tantivy::columnar::{Column, StrColumn};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::termdict::TermDictionary;
use tantivy::{DocId, IndexReader, InvertedIndexReader, SegmentReader};

use super::SearchError;
use crate::search::schema;

/// BM25: how soon repetition stops to count, and how much length does (the values of Robertson and Zaragoza).
pub(super) const K1: f32 = 1.2;
const B: f32 = 0.75;

/// Parts of a token in which lengths are summed: sums of whole numbers do not depend on their order.
const LENGTH_UNIT: f32 = 64.0;

pub(super) struct IndexSnapshot {
    pub(super) searcher: tantivy::Searcher,
    pub(super) segments: Vec<Arc<SegmentSnapshot>>,
    /// Questions first, answers second.
    pub(super) fields: [Field; 2],
    /// Mean tokens of questions and of answers over living documents, at least one.
    pub(super) averages: [f32; 2],
    live: usize,
}

/// One segment as of one set of deletions. Arrays hold questions first, answers second.
pub(super) struct SegmentSnapshot {
    pub(super) reader: SegmentReader,
    words: [Arc<InvertedIndexReader>; 2],
    lengths: SegmentLengths,
    /// Lengths of all documents together, and of the living ones, in units.
    all_lengths: [u64; 2],
    live_lengths: [u64; 2],
    clusters: StrColumn,
    pub(super) order: Column<u64>,
    pub(super) known: Column<bool>,
    pub(super) channel: Column<u64>,
    pub(super) guild: Column<u64>,
    pub(super) occurrences: Column<u64>,
    pub(super) last_confirmed: Column<i64>,
}

impl IndexSnapshot {
    /// Opens what changed since an earlier snapshot of the same index and takes the rest from it.
    pub(super) fn take(reader: &IndexReader, earlier: Option<&Self>) -> Result<Self, SearchError> {
        let (_, fields) = schema::schema();
        let fields = [fields.questions, fields.answers];
        let searcher = reader.searcher();
        let mut segments = Vec::with_capacity(searcher.segment_readers().len());
        for reader in searcher.segment_readers() {
            let known = earlier.and_then(|earlier| earlier.segment_of(reader));
            segments.push(match known {
                Some(same) if same.reader.delete_opstamp() == reader.delete_opstamp() => {
                    Arc::clone(same)
                }
                known => Arc::new(SegmentSnapshot::open(
                    reader.clone(),
                    fields,
                    known.map(|known| known.all_lengths),
                )?),
            });
        }
        let live = segments.iter().map(|segment| segment.reader.num_docs() as usize).sum();
        let averages = averages(&segments, live);
        Ok(Self { searcher, segments, fields, averages, live })
    }

    fn segment_of(&self, reader: &SegmentReader) -> Option<&Arc<SegmentSnapshot>> {
        self.segments.iter().find(|known| known.reader.segment_id() == reader.segment_id())
    }

    /// How many documents there are.
    pub(super) fn live(&self) -> usize {
        self.live
    }

    pub(super) fn ids(&self) -> Result<Vec<ClusterId>, SearchError> {
        let mut ids = Vec::with_capacity(self.live());
        for segment in &self.segments {
            for document in segment.reader.doc_ids_alive() {
                ids.push(segment.cluster(document)?);
            }
        }
        Ok(ids)
    }

    /// What BM25 adds to the count of a term in its denominator.
    pub(super) fn length_norm(
        &self,
        segment: &SegmentSnapshot,
        field: usize,
        document: DocId,
    ) -> f32 {
        K1 * (1.0 - B + B * segment.lengths.of(field, document) / self.averages[field])
    }
}

impl SegmentSnapshot {
    fn open(
        reader: SegmentReader,
        fields: [Field; 2],
        all_lengths: Option<[u64; 2]>,
    ) -> Result<Self, SearchError> {
        let fast = reader.fast_fields();
        let norms =
            [reader.get_fieldnorms_reader(fields[0])?, reader.get_fieldnorms_reader(fields[1])?];
        let lengths = SegmentLengths { norms, variants: fast.u64(schema::VARIANTS)? };
        let all_lengths = all_lengths.unwrap_or_else(|| lengths.sums(0..reader.max_doc()));
        let deleted = lengths.sums(deleted(&reader));
        Ok(Self {
            words: [reader.inverted_index(fields[0])?, reader.inverted_index(fields[1])?],
            lengths,
            all_lengths,
            live_lengths: [all_lengths[0] - deleted[0], all_lengths[1] - deleted[1]],
            clusters: fast.str(schema::CLUSTER)?.ok_or(SearchError::NoIndex(None))?,
            order: fast.u64(schema::ORDER)?,
            known: fast.bool(schema::KNOWN)?,
            channel: fast.u64(schema::CHANNEL)?,
            guild: fast.u64(schema::GUILD)?,
            occurrences: fast.u64(schema::OCCURRENCES)?,
            last_confirmed: fast.i64(schema::LAST_CONFIRMED)?,
            reader,
        })
    }

    pub(super) fn is_alive(&self, document: DocId) -> bool {
        !self.reader.is_deleted(document)
    }

    pub(super) fn cluster(&self, document: DocId) -> Result<ClusterId, SearchError> {
        let mut text = String::new();
        if let Some(ord) = self.clusters.term_ords(document).next() {
            self.clusters.ord_to_str(ord, &mut text)?;
        }
        text.parse().map_err(|error| SearchError::Engine(Box::new(error)))
    }

    /// The words of a field in order, each with the number of documents that hold it, deleted ones too.
    pub(super) fn dictionary(&self, field: usize) -> &TermDictionary {
        self.words[field].terms()
    }

    pub(super) fn postings(
        &self,
        field: usize,
        info: &TermInfo,
    ) -> Result<SegmentPostings, SearchError> {
        Ok(self.words[field].read_postings_from_terminfo(info, IndexRecordOption::WithFreqs)?)
    }
}

/// How long the documents of a segment are.
struct SegmentLengths {
    norms: [FieldNormReader; 2],
    variants: Column<u64>,
}

impl SegmentLengths {
    /// Tokens of a field. Many ways of asking make a document long without making it vague, so that
    /// questions count by the root of their number.
    fn of(&self, field: usize, document: DocId) -> f32 {
        let tokens = self.norms[field].fieldnorm(document) as f32;
        match self.variants.first(document) {
            Some(ways @ 2..) if field == 0 => tokens / (ways as f32).sqrt(),
            _ => tokens,
        }
    }

    fn sums(&self, documents: impl Iterator<Item = DocId>) -> [u64; 2] {
        documents.fold([0; 2], |sums, document| {
            let units = |field| (self.of(field, document) * LENGTH_UNIT) as u64;
            [sums[0] + units(0), sums[1] + units(1)]
        })
    }
}

fn deleted(reader: &SegmentReader) -> impl Iterator<Item = DocId> {
    let alive = reader.alive_bitset();
    let places = if alive.is_some() { 0..reader.max_doc() } else { 0..0 };
    places.filter(move |document| alive.is_some_and(|alive| alive.is_deleted(*document)))
}

fn averages(segments: &[Arc<SegmentSnapshot>], live: usize) -> [f32; 2] {
    [0, 1].map(|field| {
        let units = segments.iter().map(|segment| segment.live_lengths[field]).sum::<u64>();
        let average = units as f64 / f64::from(LENGTH_UNIT) / live.max(1) as f64;
        (average as f32).max(1.0)
    })
}
