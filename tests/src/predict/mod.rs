//! Predictions for the labelled sets, made by the functions that the daemon uses.

use std::path::Path;
use std::sync::Arc;

use indexer::encoder::{EncoderError, SentenceEncoder};

pub mod clusters;
pub mod conversations;
pub mod faq;
pub mod resolution;
pub mod search;

/// The sentence encoder in a folder, as `[meaning] model` would have it.
pub fn load_encoder(directory: &str) -> Result<Arc<SentenceEncoder>, EncoderError> {
    SentenceEncoder::load(Path::new(directory), "").map(Arc::new)
}
