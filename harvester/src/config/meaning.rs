//! `[meaning]`: the sentence encoder.

use std::path::{Path, PathBuf};

use indexer::encoder::{EncoderError, SentenceEncoder};
use rules::config::toml_reader::TomlReader;

/// `[meaning]`, where a model is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeaningConfig {
    /// `model`: the folder with the model's files.
    pub model: PathBuf,
    /// `prefix`: what stands before each text that the model reads. Default: nothing.
    pub prefix: String,
}

impl MeaningConfig {
    pub(super) fn read(table: &mut TomlReader, base: &Path) -> Option<Self> {
        let model = table.optional_text("model");
        let prefix = table.optional_text("prefix");
        if model.is_none() && prefix.is_some() {
            table.wrong(
                "prefix",
                "it stands before what a model reads; set model, or remove prefix",
            );
        }
        Some(Self { model: base.join(model?), prefix: prefix.unwrap_or_default() })
    }

    /// Reads the model, which takes some seconds.
    pub fn load(&self) -> Result<SentenceEncoder, EncoderError> {
        SentenceEncoder::load(&self.model, &self.prefix)
    }
}
