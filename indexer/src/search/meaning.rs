//! What documents mean, beside the words that they say: vectors of a sentence encoder, in memory as whole numbers,
//! all of which a query is compared with. Sums of whole numbers come to the same on every machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use tantivy::columnar::BytesColumn;
use tantivy::{DocId, SegmentReader};

use super::SearchError;
use super::schema;
use crate::encoder::{Embedding, ModelTag, SentenceEncoder};

/// The start of a query that the encoder reads: a pasted log says no more at its end.
const MOST_READ: usize = 1_024;
/// Steps of a query's number: its vector has length one, so that sums stay far below 31 bits.
const QUERY_STEPS: f32 = 8_192.0;
/// Steps of the greatest number of a document's vector.
const STEPS: f32 = 127.0;

/// Reads queries.
#[derive(Clone)]
pub(super) struct QueryEncoder {
    encoder: Arc<SentenceEncoder>,
    tag: ModelTag,
}

/// The vector of a query, in steps.
pub(super) struct QueryVector {
    steps: Vec<i16>,
    tag: ModelTag,
}

impl QueryEncoder {
    pub(super) fn new(encoder: Arc<SentenceEncoder>) -> Self {
        let tag = encoder.tag();
        Self { encoder, tag }
    }

    /// `None` where the model does not know the script of the query.
    pub(super) fn read(&self, text: &str) -> Option<QueryVector> {
        let text = &text[..text.floor_char_boundary(MOST_READ)];
        let vector = self.encoder.encode(&[text]).pop().flatten()?;
        Some(QueryVector::of(&vector, self.tag))
    }
}

impl QueryVector {
    pub(super) fn of(vector: &Embedding, tag: ModelTag) -> Self {
        let steps = vector.to_f32().iter().map(|one| (one * QUERY_STEPS).round() as i16).collect();
        Self { steps, tag }
    }
}

/// The vectors of one segment.
pub(super) struct SegmentVectors {
    tag: ModelTag,
    /// Where the vectors of each document begin, and after the last where they end.
    starts: Vec<u32>,
    /// What one step of each vector is worth.
    scales: Vec<f32>,
    steps: Vec<i8>,
    dimensions: usize,
}

impl SegmentVectors {
    /// Reads the vectors of one model; those of others are as if they were not there.
    pub(super) fn load(
        reader: &SegmentReader,
        tag: ModelTag,
        dimensions: usize,
    ) -> Result<Self, SearchError> {
        let column: Option<BytesColumn> = reader.fast_fields().bytes(schema::MEANINGS)?;
        let mut vectors =
            Self { tag, starts: vec![0], scales: Vec::new(), steps: Vec::new(), dimensions };
        let mut bytes = Vec::new();
        for document in 0..reader.max_doc() {
            for ord in column.iter().flat_map(|column| column.term_ords(document)) {
                if let Some(column) = &column {
                    bytes.clear();
                    column.ord_to_bytes(ord, &mut bytes)?;
                }
                vectors.push(Embedding::from_tagged_bytes(&bytes, tag));
            }
            vectors.starts.push(vectors.scales.len() as u32);
        }
        Ok(vectors)
    }

    fn push(&mut self, vector: Option<Embedding>) {
        let vector = vector.map(|vector| vector.to_f32()).unwrap_or_default();
        let most = vector.iter().map(|one| one.abs()).fold(0.0, f32::max);
        if vector.len() != self.dimensions || most == 0.0 {
            return;
        }
        self.steps.extend(vector.iter().map(|one| (one / most * STEPS).round() as i8));
        self.scales.push(most / STEPS / QUERY_STEPS);
    }

    pub(super) fn is_of(&self, tag: ModelTag) -> bool {
        self.tag == tag
    }

    /// The cosine of the vector of a document that is nearest to the query; `None` for a document without any.
    pub(super) fn nearest(&self, document: DocId, query: &QueryVector) -> Option<f32> {
        let at = document as usize;
        let (start, end) = (self.starts[at] as usize, self.starts[at + 1] as usize);
        let cosines = (start..end).map(|vector| {
            let steps = &self.steps[vector * self.dimensions..][..self.dimensions];
            product(steps, &query.steps) as f32 * self.scales[vector]
        });
        cosines.reduce(f32::max)
    }
}

impl QueryVector {
    pub(super) fn tag(&self) -> ModelTag {
        self.tag
    }

    pub(super) fn dimensions(&self) -> usize {
        self.steps.len()
    }
}

fn product(steps: &[i8], query: &[i16]) -> i32 {
    steps.iter().zip(query).map(|(one, other)| i32::from(*one) * i32::from(*other)).sum()
}

/// How near the candidates of a query are to what it means.
pub(super) struct MeaningScores {
    cosines: BTreeMap<(usize, DocId), f32>,
}

impl MeaningScores {
    /// From segments and documents in them.
    pub(super) fn of(cosines: impl Iterator<Item = ((usize, DocId), f32)>) -> Self {
        Self { cosines: cosines.collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cosines.is_empty()
    }

    pub(super) fn get(&self, segment: usize, document: DocId) -> Option<f32> {
        self.cosines.get(&(segment, document)).copied()
    }

    /// The greatest.
    pub(super) fn best(&self) -> f32 {
        self.cosines.values().copied().fold(0.0, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_tell_what_the_vectors_tell() {
        let mut state = 1_u32;
        let mut draw = || {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        let tag = ModelTag::of("a model");
        let mut vectors = SegmentVectors {
            tag,
            starts: vec![0],
            scales: Vec::new(),
            steps: Vec::new(),
            dimensions: 384,
        };
        let mut vector =
            || Embedding::from_f32(&(0..384).map(|_| draw()).collect::<Vec<_>>()).unwrap();
        let (one, other, query) = (vector(), vector(), vector());
        for each in [&one, &other] {
            vectors.push(Some(each.clone()));
        }
        vectors.push(None);
        vectors.starts.extend([2, 2]);
        let query_steps = QueryVector::of(&query, tag);
        let nearest = vectors.nearest(0, &query_steps).unwrap();
        assert!((nearest - one.cosine(&query).max(other.cosine(&query))).abs() < 4e-3);
        assert_eq!(vectors.nearest(1, &query_steps), None);
        let itself = vectors.nearest(0, &QueryVector::of(&one, tag)).unwrap();
        assert!((itself - 1.0).abs() < 4e-3, "{itself}");
    }
}
