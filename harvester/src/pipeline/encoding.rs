//! Has the sentence encoder read texts, a few at a time. Nothing waits for it: a text without vectors is found by its
//! words.

use std::sync::Arc;

use indexer::encoder::{SentenceEncoder, TextEmbedding};
use indexer::store::{StoreError, UnencodedText};
use jiff::Timestamp;

use super::{Pipeline, PipelineError, StoreAnalysis};
use crate::progress::{ProgressReporter, Unit};

/// So many questions, with their answers, are read before anything else is done: a part of a second.
const TEXTS_AT_ONCE: u32 = 8;

impl StoreAnalysis {
    /// Has vectors come from this model from here on, or from none, if this process clusters.
    pub async fn use_encoder(&self, encoder: Option<&SentenceEncoder>) -> Result<(), StoreError> {
        let Some(store) = self.leases.clustering() else { return Ok(()) };
        let digest = encoder.map(|encoder| encoder.description().digest);
        if store.use_encoder(digest.as_deref().unwrap_or_default()).await? && digest.is_some() {
            tracing::info!(
                "another sentence encoder: all questions and answers are read by it anew"
            );
        }
        Ok(())
    }

    /// Has the encoder read some texts, if this process clusters; tells whether that was all.
    pub async fn encode_some(&self, encoder: &Arc<SentenceEncoder>) -> Result<bool, StoreError> {
        Ok(self.encode(encoder, TEXTS_AT_ONCE).await? == 0)
    }

    async fn encode(
        &self,
        encoder: &Arc<SentenceEncoder>,
        limit: u32,
    ) -> Result<usize, StoreError> {
        let Some(store) = self.leases.clustering() else { return Ok(0) };
        let texts = store.unencoded_texts(limit).await?;
        if texts.is_empty() {
            return Ok(0);
        }
        let encoder = Arc::clone(encoder);
        let reading = tokio::task::spawn_blocking(move || read(&encoder, texts));
        let encoded = reading.await.expect("the encoder neither panics nor is cancelled");
        store.save_embeddings(&encoded).await?;
        Ok(encoded.len())
    }
}

impl Pipeline {
    /// Has vectors come from this model from here on, or from none.
    pub async fn use_encoder(
        &mut self,
        encoder: Option<Arc<SentenceEncoder>>,
    ) -> Result<(), PipelineError> {
        self.analysis.use_encoder(encoder.as_deref()).await?;
        self.encoder = encoder;
        Ok(())
    }
    /// Has the encoder read every text, groups anew by what they mean, and has the index follow; returns how many it
    /// read.
    pub async fn encode_all(&mut self, now: Timestamp) -> Result<usize, PipelineError> {
        let (all, read) = self.store.encoding_progress().await?;
        let mut encoded = 0;
        let Some(encoder) = self.encoder.clone().filter(|_| all != read) else {
            return Ok(encoded);
        };
        let progress = ProgressReporter::start("encoding questions", Unit::Items, all - read);
        loop {
            match self.analysis.encode(&encoder, 4 * TEXTS_AT_ONCE).await? {
                0 => break,
                some => {
                    encoded += some;
                    progress.advance(some as u64);
                }
            }
        }
        progress.finish();
        self.recluster_and_index(now).await?;
        Ok(encoded)
    }
}

fn read(
    encoder: &SentenceEncoder,
    texts: Vec<UnencodedText>,
) -> Vec<(UnencodedText, TextEmbedding)> {
    let both = texts.iter().flat_map(|text| [text.question.as_str(), text.answer.as_str()]);
    let mut vectors = encoder.encode(&both.collect::<Vec<_>>()).into_iter();
    let mut next = || vectors.next().flatten();
    let embedding = |text| (text, TextEmbedding { question: next(), answer: next() });
    texts.into_iter().map(embedding).collect()
}
