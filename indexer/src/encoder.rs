//! A sentence encoder: texts that mean the same become vectors that point the same way, whatever their words.
//!
//! It is optional, and everything works without one. The files are those that sentence encoders are published as;
//! nothing is downloaded. On one machine the same text gives the same bytes, alone and among others.

mod centring;
mod embedding;
mod error;
mod forward;
mod half_precision;
mod layers;
mod model_files;
mod tensors;
mod tokenizer;

use std::path::Path;

use rules::similarity::{MeaningVector, QaMeaning};

pub use embedding::{Embedding, ModelTag};
pub use error::EncoderError;

use forward::BertModel;
use model_files::ModelFiles;
use tokenizer::Tokenizer;

/// Of the letters of a text, so many must lie in pieces that the model knows. A model spells what it does not
/// know letter by letter, and the vectors of such texts are alike whatever they say.
const LEAST_KNOWN: f32 = 0.5;
/// Texts that go through the model together: more gain no speed.
const BATCH: usize = 16;

/// A model in memory. All calls block and compute.
pub struct SentenceEncoder {
    tokenizer: Tokenizer,
    model: BertModel,
    files: ModelFiles,
    prefix: String,
    /// From where its vectors are seen, if it holds all texts near.
    middle: Option<Vec<f32>>,
}

/// The vectors of a question and its answer; `None` where there is no text or the model does not know its script.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TextEmbedding {
    pub question: Option<Embedding>,
    pub answer: Option<Embedding>,
}

impl TextEmbedding {
    /// As the comparison of questions takes it.
    pub fn to_meaning(&self) -> QaMeaning {
        let vector =
            |one: &Option<Embedding>| one.as_ref().and_then(|one| MeaningVector::of(&one.to_f32()));
        QaMeaning { question: vector(&self.question), answer: vector(&self.answer) }
    }
}

/// What a model is, for people and for telling stored vectors apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelDescription {
    /// Of all files that vectors depend on, and of the prefix.
    pub digest: String,
    pub kind: String,
    pub layers: usize,
    pub dimensions: usize,
    pub pieces: usize,
    /// Pieces of a text that are looked at.
    pub longest: usize,
    pub pooling: &'static str,
    pub tokenizer: &'static str,
}

impl SentenceEncoder {
    /// Reads a model from its folder. `prefix` stands before each text, as some models want it.
    pub fn load(directory: &Path, prefix: &str) -> Result<Self, EncoderError> {
        let files = ModelFiles::read(directory)?;
        let tokenizer = Tokenizer::read(directory, files.config.vocab_size)?;
        let model = BertModel::read(&files)?;
        let prefix = prefix.to_owned();
        let mut encoder = Self { tokenizer, model, files, prefix, middle: None };
        let unrelated = encoder.vectors(&centring::UNRELATED).into_iter().flatten();
        encoder.middle = centring::middle(&unrelated.collect::<Vec<_>>());
        Ok(encoder)
    }

    pub fn description(&self) -> ModelDescription {
        let config = &self.files.config;
        ModelDescription {
            digest: self.digest(),
            kind: config.model_type.clone(),
            layers: config.num_hidden_layers,
            dimensions: config.hidden_size,
            pieces: config.vocab_size,
            longest: self.files.longest,
            pooling: self.files.pooling.name(),
            tokenizer: self.tokenizer.name(),
        }
    }

    /// Tells the vectors of this model from those of others.
    pub fn tag(&self) -> ModelTag {
        ModelTag::of(&self.digest())
    }

    fn digest(&self) -> String {
        match self.middle {
            Some(_) => self.files.digest(&format!("{}, seen from the middle", self.prefix)),
            None => self.files.digest(&self.prefix),
        }
    }

    /// The vectors of some texts, in their order. `None` for a text without letters or in a script that the
    /// model does not know.
    pub fn encode(&self, texts: &[&str]) -> Vec<Option<Embedding>> {
        let seen = |vector: Vec<f32>| match &self.middle {
            Some(middle) => Embedding::from_f32(&centring::seen_from(middle, &vector)?),
            None => Embedding::from_f32(&vector),
        };
        self.vectors(texts).into_iter().map(|vector| vector.and_then(seen)).collect()
    }

    /// What the model itself says.
    fn vectors(&self, texts: &[&str]) -> Vec<Option<Vec<f32>>> {
        let mut encoded = vec![None; texts.len()];
        let mut read = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            let pieces = self.pieces(text);
            read.extend(pieces.map(|pieces| (at, pieces)));
        }
        // Texts of about one length go together, so that a batch takes little memory.
        read.sort_by_key(|(_, pieces)| pieces.len());
        for batch in read.chunks(BATCH) {
            let pieces = batch.iter().map(|(_, pieces)| pieces.as_slice()).collect::<Vec<_>>();
            let vectors = self.model.vectors(&pieces, self.files.pooling);
            for ((at, _), vector) in batch.iter().zip(vectors) {
                encoded[*at] = Some(vector);
            }
        }
        encoded
    }

    /// The pieces of a text, if the model knows enough of it.
    fn pieces(&self, text: &str) -> Option<Vec<u32>> {
        let (_, known) = self.tokenizer.pieces(text);
        known.filter(|share| *share >= LEAST_KNOWN).map(|_| self.framed(text))
    }

    /// The pieces of a text with the marks around them, as many as are looked at.
    fn framed(&self, text: &str) -> Vec<u32> {
        let (mut pieces, _) = self.tokenizer.pieces(&format!("{}{text}", self.prefix));
        pieces.truncate(self.files.longest - self.tokenizer.marks());
        self.tokenizer.framed(pieces)
    }
}

#[cfg(test)]
mod tests;
