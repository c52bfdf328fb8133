//! The index at one commit, with everything that scoring asks of it at hand.

use std::sync::Arc;

use rules::model::ids::ClusterId;
use tantivy::columnar::Column;
use tantivy::columnar::StrColumn;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::SegmentPostings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{
    BitSet, DocId, DocSet, IndexReader, InvertedIndexReader, SegmentReader, TERMINATED, Term,
};

use super::SearchError;
use crate::search::document::SearchAudience;
use crate::search::schema;

/// BM25: how soon repetition stops to count, and how much length does (the values of Robertson and Zaragoza).
pub(super) const K1: f32 = 1.2;
const B: f32 = 0.75;

/// Where a term is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TermField {
    /// In questions and answers.
    Words,
    /// Among whole identifiers.
    Code,
}

pub(super) struct IndexSnapshot {
    pub(super) segments: Vec<SegmentSnapshot>,
    pub(super) audience: SearchAudience,
}

/// One segment. Arrays hold questions first, answers second, humps third.
pub(super) struct SegmentSnapshot {
    reader: SegmentReader,
    fields: [Field; 3],
    code_field: Field,
    words: [Arc<InvertedIndexReader>; 3],
    code: Arc<InvertedIndexReader>,
    /// What BM25 adds to the term count in its denominator, for each document.
    pub(super) lengths: Vec<[f32; 3]>,
    clusters: StrColumn,
    pub(super) order: Column<u64>,
    pub(super) known: Column<bool>,
    pub(super) channel: Column<u64>,
    pub(super) occurrences: Column<u64>,
    pub(super) last_confirmed: Column<i64>,
    /// Whether the audience finds a document.
    shown: Column<bool>,
    /// How many living documents it finds, and whether these are all that the segment has.
    visible: (usize, bool),
}

impl IndexSnapshot {
    pub(super) fn take(
        reader: &IndexReader,
        audience: SearchAudience,
    ) -> Result<Self, SearchError> {
        let (_, fields) = schema::schema();
        let searcher = reader.searcher();
        let mut segments = Vec::new();
        for reader in searcher.segment_readers() {
            segments.push(SegmentSnapshot::open(reader.clone(), &fields, audience)?);
        }
        let averages = averages(&segments);
        for segment in &mut segments {
            for document in &mut segment.lengths {
                for (length, average) in document.iter_mut().zip(averages.into_iter().chain([1.0]))
                {
                    *length = K1 * (1.0 - B + B * *length / average);
                }
            }
        }
        Ok(Self { segments, audience })
    }

    pub(super) fn live(&self) -> usize {
        self.segments.iter().map(|segment| segment.visible.0).sum()
    }

    pub(super) fn ids(&self) -> Result<Vec<ClusterId>, SearchError> {
        let mut ids = Vec::with_capacity(self.live());
        for segment in &self.segments {
            for document in segment.documents() {
                ids.push(segment.cluster(document)?);
            }
        }
        Ok(ids)
    }

    /// How many documents hold a term, each counted once.
    pub(super) fn frequency(&self, place: TermField, text: &str) -> Result<usize, SearchError> {
        let mut frequency = 0;
        for segment in &self.segments {
            frequency += segment.frequency(place, text)?;
        }
        Ok(frequency)
    }
}

impl SegmentSnapshot {
    fn open(
        reader: SegmentReader,
        fields: &schema::SchemaFields,
        audience: SearchAudience,
    ) -> Result<Self, SearchError> {
        let fast = reader.fast_fields();
        let pair = [fields.questions, fields.answers];
        let norms =
            [reader.get_fieldnorms_reader(pair[0])?, reader.get_fieldnorms_reader(pair[1])?];
        let variants = fast.u64(schema::VARIANTS)?;
        let lengths = (0..reader.max_doc())
            .map(|document| effective_lengths(document, &norms, &variants))
            .collect();
        let clusters = fast.str(schema::CLUSTER)?.ok_or(SearchError::NoIndex(None))?;
        let shown = fast.bool(schema::audience_field(audience))?;
        let is_shown = |document: &DocId| shown.first(*document).unwrap_or_default();
        let visible = reader.doc_ids_alive().filter(is_shown).count();
        let visible = (visible, visible == reader.max_doc() as usize);
        Ok(Self {
            words: [
                reader.inverted_index(pair[0])?,
                reader.inverted_index(pair[1])?,
                reader.inverted_index(fields.humps)?,
            ],
            code: reader.inverted_index(fields.code)?,
            order: fast.u64(schema::ORDER)?,
            known: fast.bool(schema::KNOWN)?,
            channel: fast.u64(schema::CHANNEL)?,
            occurrences: fast.u64(schema::OCCURRENCES)?,
            last_confirmed: fast.i64(schema::LAST_CONFIRMED)?,
            fields: [pair[0], pair[1], fields.humps],
            code_field: fields.code,
            lengths,
            clusters,
            shown,
            visible,
            reader,
        })
    }

    pub(super) fn size(&self) -> usize {
        self.reader.max_doc() as usize
    }

    /// Whether a document was not deleted and the audience finds it.
    pub(super) fn is_visible(&self, document: DocId) -> bool {
        !self.reader.is_deleted(document) && self.shown.first(document).unwrap_or_default()
    }

    fn documents(&self) -> impl Iterator<Item = DocId> {
        self.reader.doc_ids_alive().filter(|document| self.is_visible(*document))
    }

    pub(super) fn cluster(&self, document: DocId) -> Result<ClusterId, SearchError> {
        let mut text = String::new();
        if let Some(ord) = self.clusters.term_ords(document).next() {
            self.clusters.ord_to_str(ord, &mut text)?;
        }
        text.parse().map_err(|error| SearchError::Engine(Box::new(error)))
    }

    /// The documents of a term: in each field of words, or among identifiers and nowhere else.
    pub(super) fn postings(
        &self,
        place: TermField,
        text: &str,
    ) -> Result<[Option<SegmentPostings>; 3], SearchError> {
        let read = |index: &InvertedIndexReader, field| {
            index.read_postings(&Term::from_field_text(field, text), IndexRecordOption::WithFreqs)
        };
        let [questions, answers, humps] = self.fields;
        Ok(match place {
            TermField::Words => [
                read(&self.words[0], questions)?,
                read(&self.words[1], answers)?,
                read(&self.words[2], humps)?,
            ],
            TermField::Code => [read(&self.code, self.code_field)?, None, None],
        })
    }

    /// Calls `visit` with every word from `first` on, and how many documents hold it, until it returns `false`.
    pub(super) fn words_from(
        &self,
        first: &str,
        mut visit: impl FnMut(&str, u32) -> bool,
    ) -> Result<(), SearchError> {
        for index in &self.words[..2] {
            let mut words = index.terms().range().ge(first).into_stream()?;
            while let Some((word, facts)) = words.next() {
                let word = std::str::from_utf8(word).unwrap_or_default();
                if !visit(word, facts.doc_freq) {
                    break;
                }
            }
        }
        Ok(())
    }

    fn frequency(&self, place: TermField, text: &str) -> Result<usize, SearchError> {
        let mut postings = self.postings(place, text)?.into_iter().flatten().collect::<Vec<_>>();
        if let ([only], true) = (postings.as_slice(), self.visible.1) {
            return Ok(only.doc_freq() as usize);
        }
        let mut seen = BitSet::with_max_value(self.reader.max_doc());
        for postings in &mut postings {
            let mut document = postings.doc();
            while document != TERMINATED {
                if self.is_visible(document) {
                    seen.insert(document);
                }
                document = postings.advance();
            }
        }
        Ok(seen.len())
    }
}

/// Tokens of questions and of answers; humps have no length. Many ways of asking make a document long without making it vague, so
/// that questions count by the root of their number.
fn effective_lengths(
    document: DocId,
    norms: &[FieldNormReader; 2],
    variants: &Column<u64>,
) -> [f32; 3] {
    let ways = variants.first(document).unwrap_or(1).max(1) as f32;
    [norms[0].fieldnorm(document) as f32 / ways.sqrt(), norms[1].fieldnorm(document) as f32, 1.0]
}

/// Mean lengths over living documents, at least one token. Summed in double precision, so that the order of
/// segments does not show.
fn averages(segments: &[SegmentSnapshot]) -> [f32; 2] {
    let mut sums = [0.0_f64; 2];
    let mut count = 0_u32;
    for segment in segments {
        for document in segment.documents() {
            count += 1;
            for (sum, length) in sums.iter_mut().zip(segment.lengths[document as usize]) {
                *sum += f64::from(length);
            }
        }
    }
    sums.map(|sum| ((sum / f64::from(count.max(1))) as f32).max(1.0))
}
