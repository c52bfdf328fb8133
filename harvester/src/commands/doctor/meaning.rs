//! Whether the sentence encoder can be used.

use indexer::encoder::ModelDescription;

use super::{DoctorFinding, bad, good};
use crate::config::MeaningConfig;
use crate::error_chain::error_chain;

/// `None` where no model is set: nothing needs one.
pub(super) async fn check(meaning: Option<&MeaningConfig>) -> Option<DoctorFinding> {
    let meaning = meaning?.clone();
    let loaded =
        tokio::task::spawn_blocking(move || meaning.load().map(|model| model.description()));
    Some(match loaded.await {
        Ok(Ok(description)) => good("sentence encoder", describe(&description)),
        Ok(Err(error)) => bad("sentence encoder", error_chain(&error)),
        Err(error) => bad("sentence encoder", error_chain(&error)),
    })
}

fn describe(description: &ModelDescription) -> String {
    let ModelDescription { digest, kind, layers, dimensions, pieces, longest, pooling, tokenizer } =
        description;
    format!(
        "{kind} with {layers} layers, {dimensions} dimensions, {pieces} {tokenizer} pieces, {pooling} pooling, \
         at most {longest} pieces of a text\ndigest {digest}"
    )
}
