//! Has the sentence encoder read texts, a few at a time. Nothing waits for it: a text without vectors is found by its
//! words.

use std::sync::Arc;

use indexer::encoder::{SentenceEncoder, TextEmbedding};
use indexer::store::UnencodedText;
use jiff::Timestamp;

use super::{Pipeline, PipelineError};
use crate::progress::{ProgressReporter, Unit};

/// So many questions, with their answers, are read before anything else is done: a part of a second.
const TEXTS_AT_ONCE: u32 = 8;

impl Pipeline {
    /// Has vectors come from this model from here on, or from none.
    pub async fn use_encoder(
        &mut self,
        encoder: Option<Arc<SentenceEncoder>>,
    ) -> Result<(), PipelineError> {
        let digest = encoder.as_ref().map(|encoder| encoder.description().digest);
        if self.store.use_encoder(digest.as_deref().unwrap_or_default()).await? && digest.is_some()
        {
            tracing::info!(
                "another sentence encoder: all questions and answers are read by it anew"
            );
        }
        self.encoder = encoder;
        Ok(())
    }

    /// Has the encoder read some texts, and the index follow; tells whether that was all.
    pub async fn encode_some(&mut self) -> Result<bool, PipelineError> {
        Ok(self.encode(TEXTS_AT_ONCE).await? == 0)
    }

    /// Has the encoder read every text, groups anew by what they mean, and has the index follow; returns how many it
    /// read.
    pub async fn encode_all(&mut self, now: Timestamp) -> Result<usize, PipelineError> {
        let (all, read) = self.store.encoding_progress().await?;
        let mut encoded = 0;
        if self.encoder.is_none() || all == read {
            return Ok(encoded);
        }
        let progress = ProgressReporter::start("encoding questions", Unit::Items, all - read);
        loop {
            match self.encode(4 * TEXTS_AT_ONCE).await? {
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

    async fn encode(&mut self, limit: u32) -> Result<usize, PipelineError> {
        let Some(encoder) = self.encoder.clone() else { return Ok(0) };
        let texts = self.store.unencoded_texts(limit).await?;
        if texts.is_empty() {
            return Ok(0);
        }
        let reading = tokio::task::spawn_blocking(move || read(&encoder, texts));
        let encoded = reading.await.expect("the encoder neither panics nor is cancelled");
        self.store.save_embeddings(&encoded).await?;
        self.follow_changes().await?;
        Ok(encoded.len())
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
