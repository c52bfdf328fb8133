//! The index at one commit, with everything that scoring asks of it at hand.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use rules::model::ids::ClusterId;
use tantivy::columnar::{Column, StrColumn};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::termdict::TermDictionary;
use tantivy::{DocId, IndexReader, InvertedIndexReader, SegmentReader};

use super::SearchError;
use super::meaning::{QueryVector, SegmentVectors};
use crate::search::document::SearchAudience;
use crate::search::schema;

/// BM25: how soon repetition stops to count, and how much length does (the values of Robertson and Zaragoza).
pub(super) const K1: f32 = 1.2;
const B: f32 = 0.75;

/// Parts of a token in which lengths are summed: sums of whole numbers do not depend on their order.
const LENGTH_UNIT: f32 = 64.0;

/// What one audience finds of one commit.
pub(super) struct IndexSnapshot {
    pub(super) audience: SearchAudience,
    pub(super) searcher: tantivy::Searcher,
    pub(super) segments: Vec<Arc<SegmentSnapshot>>,
    /// Where the audience searches: questions and answers in turn.
    pub(super) fields: Vec<Field>,
    /// Mean tokens of questions and of answers, at least one.
    averages: [f32; 2],
    live: usize,
}

/// One segment as of one set of deletions.
pub(super) struct SegmentSnapshot {
    pub(super) reader: SegmentReader,
    words: [Arc<InvertedIndexReader>; 4],
    lengths: SegmentLengths,
    public: ShownDocuments,
    operator: ShownDocuments,
    clusters: StrColumn,
    pub(super) order: Column<u64>,
    pub(super) known: Column<bool>,
    pub(super) channel: Column<u64>,
    pub(super) guild: Column<u64>,
    pub(super) occurrences: Column<u64>,
    pub(super) last_confirmed: Column<i64>,
    /// Read when a query is compared with them first; the same for all sets of deletions.
    vectors: Arc<Mutex<Option<Arc<SegmentVectors>>>>,
}

/// One commit as each audience finds it.
#[derive(Clone)]
pub(super) struct AudienceSnapshots {
    public: Arc<IndexSnapshot>,
    operator: Arc<IndexSnapshot>,
}

impl AudienceSnapshots {
    /// Opens what changed since earlier snapshots of the same index and takes the rest from them.
    pub(super) fn take(reader: &IndexReader, earlier: Option<&Self>) -> Result<Self, SearchError> {
        let (_, fields) = schema::schema();
        let searcher = reader.searcher();
        let mut segments = Vec::with_capacity(searcher.segment_readers().len());
        for reader in searcher.segment_readers() {
            let known = earlier.and_then(|earlier| earlier.public.segment_of(reader));
            segments.push(match known {
                Some(same) if same.reader.delete_opstamp() == reader.delete_opstamp() => {
                    Arc::clone(same)
                }
                known => Arc::new(SegmentSnapshot::open(
                    reader.clone(),
                    fields.texts,
                    known.map(Arc::as_ref),
                )?),
            });
        }
        let of = |audience| {
            let (searcher, segments) = (searcher.clone(), segments.clone());
            Arc::new(IndexSnapshot::of(audience, searcher, segments, fields.texts))
        };
        Ok(Self { public: of(SearchAudience::Public), operator: of(SearchAudience::Operator) })
    }

    pub(super) fn of(&self, audience: SearchAudience) -> Arc<IndexSnapshot> {
        Arc::clone(match audience {
            SearchAudience::Public => &self.public,
            SearchAudience::Operator => &self.operator,
        })
    }
}

impl IndexSnapshot {
    fn of(
        audience: SearchAudience,
        searcher: tantivy::Searcher,
        segments: Vec<Arc<SegmentSnapshot>>,
        fields: [Field; 4],
    ) -> Self {
        let mut sums = DocumentSums::default();
        for segment in &segments {
            sums.add(segment.shown(audience).live);
        }
        let fields = fields[schema::searched_texts(audience)].to_vec();
        let live = sums.count as usize;
        Self { audience, searcher, segments, fields, averages: sums.averages(), live }
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
            for document in segment.documents(self.audience) {
                ids.push(segment.cluster(document)?);
            }
        }
        Ok(ids)
    }

    /// Mean tokens of a field, at least one.
    pub(super) fn average(&self, field: usize) -> f32 {
        self.averages[usize::from(schema::is_answers(field))]
    }

    /// What BM25 adds to the count of a term in its denominator.
    pub(super) fn length_norm(
        &self,
        segment: &SegmentSnapshot,
        field: usize,
        document: DocId,
    ) -> f32 {
        K1 * (1.0 - B + B * segment.lengths.of(field, document) / self.average(field))
    }
}

impl SegmentSnapshot {
    fn open(
        reader: SegmentReader,
        fields: [Field; 4],
        earlier: Option<&Self>,
    ) -> Result<Self, SearchError> {
        let fast = reader.fast_fields();
        let lengths = SegmentLengths {
            norms: each(fields, |field| reader.get_fieldnorms_reader(field))?,
            variants: fast.u64(schema::VARIANTS)?,
        };
        let shown = |audience| {
            let earlier = earlier.map(|earlier| earlier.shown(audience).all);
            ShownDocuments::of(audience, &reader, &lengths, earlier)
        };
        Ok(Self {
            public: shown(SearchAudience::Public)?,
            operator: shown(SearchAudience::Operator)?,
            words: each(fields, |field| reader.inverted_index(field))?,
            clusters: fast.str(schema::CLUSTER)?.ok_or(SearchError::NoIndex(None))?,
            order: fast.u64(schema::ORDER)?,
            known: fast.bool(schema::KNOWN)?,
            channel: fast.u64(schema::CHANNEL)?,
            guild: fast.u64(schema::GUILD)?,
            occurrences: fast.u64(schema::OCCURRENCES)?,
            last_confirmed: fast.i64(schema::LAST_CONFIRMED)?,
            lengths,
            reader,
            vectors: earlier.map(|earlier| Arc::clone(&earlier.vectors)).unwrap_or_default(),
        })
    }

    /// The vectors of the model that a query was read by.
    pub(super) fn vectors(&self, query: &QueryVector) -> Result<Arc<SegmentVectors>, SearchError> {
        let mut loaded = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = loaded.as_ref().filter(|known| known.is_of(query.tag())) {
            return Ok(Arc::clone(known));
        }
        let fresh = SegmentVectors::load(&self.reader, query.tag(), query.dimensions())?;
        Ok(Arc::clone(loaded.insert(Arc::new(fresh))))
    }

    fn shown(&self, audience: SearchAudience) -> &ShownDocuments {
        match audience {
            SearchAudience::Public => &self.public,
            SearchAudience::Operator => &self.operator,
        }
    }

    /// How many documents the audience finds.
    pub(super) fn live(&self, audience: SearchAudience) -> u64 {
        self.shown(audience).live.count
    }

    /// Whether a document was not deleted and the audience finds it.
    pub(super) fn is_visible(&self, audience: SearchAudience, document: DocId) -> bool {
        !self.reader.is_deleted(document) && self.shown(audience).contain(document)
    }

    /// All documents that the audience finds.
    pub(super) fn documents(&self, audience: SearchAudience) -> impl Iterator<Item = DocId> {
        let shown = self.shown(audience);
        self.reader.doc_ids_alive().filter(|document| shown.contain(*document))
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

/// The documents of a segment that an audience finds.
struct ShownDocuments {
    column: Column<bool>,
    /// Whether that is every document.
    is_all: bool,
    /// Deleted ones too.
    all: DocumentSums,
    live: DocumentSums,
}

impl ShownDocuments {
    fn of(
        audience: SearchAudience,
        reader: &SegmentReader,
        lengths: &SegmentLengths,
        all: Option<DocumentSums>,
    ) -> Result<Self, SearchError> {
        let column = reader.fast_fields().bool(schema::audience_field(audience))?;
        let texts = schema::searched_texts(audience);
        let is_shown = |document: &DocId| column.first(*document).unwrap_or_default();
        let sums = |documents: &mut dyn Iterator<Item = DocId>| {
            lengths.sums(documents.filter(is_shown), texts.clone())
        };
        let all = all.unwrap_or_else(|| sums(&mut (0..reader.max_doc())));
        let live = all.without(sums(&mut deleted(reader)));
        let is_all = all.count == u64::from(reader.max_doc());
        Ok(Self { column, is_all, all, live })
    }

    fn contain(&self, document: DocId) -> bool {
        self.is_all || self.column.first(document).unwrap_or_default()
    }
}

/// Documents, and the lengths of their questions and of their answers together, in units.
#[derive(Clone, Copy, Default)]
struct DocumentSums {
    count: u64,
    units: [u64; 2],
}

impl DocumentSums {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.units[0] += other.units[0];
        self.units[1] += other.units[1];
    }

    fn without(self, other: Self) -> Self {
        let [questions, answers] = self.units;
        Self {
            count: self.count - other.count,
            units: [questions - other.units[0], answers - other.units[1]],
        }
    }

    fn averages(self) -> [f32; 2] {
        self.units.map(|units| {
            let average = units as f64 / f64::from(LENGTH_UNIT) / self.count.max(1) as f64;
            (average as f32).max(1.0)
        })
    }
}

/// How long the documents of a segment are.
struct SegmentLengths {
    norms: [FieldNormReader; 4],
    variants: Column<u64>,
}

impl SegmentLengths {
    /// Tokens of a field. Many ways of asking make a document long without making it vague, so that
    /// questions count by the root of their number.
    fn of(&self, field: usize, document: DocId) -> f32 {
        let tokens = self.norms[field].fieldnorm(document) as f32;
        if schema::is_answers(field) {
            return tokens;
        }
        match self.variants.first(document) {
            Some(ways @ 2..) => tokens / (ways as f32).sqrt(),
            _ => tokens,
        }
    }

    fn sums(&self, documents: impl Iterator<Item = DocId>, texts: Range<usize>) -> DocumentSums {
        let mut sums = DocumentSums::default();
        for document in documents {
            sums.count += 1;
            for field in texts.clone() {
                let units = (self.of(field, document) * LENGTH_UNIT) as u64;
                sums.units[usize::from(schema::is_answers(field))] += units;
            }
        }
        sums
    }
}

fn deleted(reader: &SegmentReader) -> impl Iterator<Item = DocId> {
    let alive = reader.alive_bitset();
    let places = if alive.is_some() { 0..reader.max_doc() } else { 0..0 };
    places.filter(move |document| alive.is_some_and(|alive| alive.is_deleted(*document)))
}

fn each<T>(
    fields: [Field; 4],
    open: impl Fn(Field) -> tantivy::Result<T>,
) -> tantivy::Result<[T; 4]> {
    let [one, two, three, four] = fields.map(open);
    Ok([one?, two?, three?, four?])
}
