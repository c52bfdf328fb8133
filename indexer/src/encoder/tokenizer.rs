//! Texts to the numbers of the pieces that a model knows, as `tokenizer.json` says.

mod char_map;
mod file;
mod unigram;
mod word_piece;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::EncoderError;
use super::model_files::{TOKENIZER, json, unsupported};
use file::TokenizerFile;
use unigram::Unigram;
use word_piece::WordPiece;

/// Marks around a text: a sentence has place beside them.
const MOST_MARKS: usize = 4;

/// A tokenizer and the marks that it puts around a text.
pub(super) struct Tokenizer {
    model: PieceModel,
    before: Vec<u32>,
    after: Vec<u32>,
}

enum PieceModel {
    WordPiece(WordPiece),
    Unigram(Unigram),
}

impl Tokenizer {
    /// `count` is how many pieces the model has vectors for.
    pub(super) fn read(directory: &Path, count: usize) -> Result<Self, EncoderError> {
        let file: TokenizerFile = json(directory, TOKENIZER)?;
        let path = directory.join(TOKENIZER);
        let refused = |problem| unsupported(&path, problem);
        let kind = file.model.get("type").and_then(Value::as_str).unwrap_or_default();
        let model = match kind {
            "WordPiece" => WordPiece::read(&file).map(PieceModel::WordPiece),
            "Unigram" => Unigram::read(&file).map(PieceModel::Unigram),
            other => Err(format!("a tokenizer of the type {other:?} is not known")),
        };
        let model = model.map_err(refused)?;
        let (before, after) = marks(file.post_processor.as_ref()).map_err(refused)?;
        if before.len() + after.len() > MOST_MARKS {
            return Err(refused("it puts more than four marks around a text".to_owned()));
        }
        let most = before.iter().chain(&after).copied().max().max(model.greatest());
        match most {
            Some(most) if (most as usize) < count => Ok(Self { model, before, after }),
            _ => {
                let most = most.unwrap_or_default();
                let problem = format!("its pieces go up to {most}, and config.json names {count}");
                Err(EncoderError::Damaged { path, problem })
            }
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self.model {
            PieceModel::WordPiece(_) => "WordPiece",
            PieceModel::Unigram(_) => "Unigram",
        }
    }

    /// The pieces of a text, and which share of its letters lies in pieces that say something; `None` without
    /// letters.
    pub(super) fn pieces(&self, text: &str) -> (Vec<u32>, Option<f32>) {
        let pieces = match &self.model {
            PieceModel::WordPiece(model) => model.pieces(text),
            PieceModel::Unigram(model) => model.pieces(text),
        };
        let share = pieces.known as f32 / pieces.letters.max(1) as f32;
        (pieces.numbers, (pieces.letters > 0).then_some(share))
    }

    /// How many marks stand around a text.
    pub(super) fn marks(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// The pieces with the marks around them.
    pub(super) fn framed(&self, pieces: Vec<u32>) -> Vec<u32> {
        [self.before.as_slice(), &pieces, &self.after].concat()
    }
}

impl PieceModel {
    fn greatest(&self) -> Option<u32> {
        match self {
            Self::WordPiece(model) => model.greatest(),
            Self::Unigram(model) => model.greatest(),
        }
    }
}

#[derive(Deserialize)]
struct TemplateMark {
    id: String,
}

#[derive(Deserialize)]
enum TemplatePart {
    SpecialToken(TemplateMark),
    Sequence(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct MarkNumbers {
    ids: Vec<u32>,
}

/// What stands before and after a single text.
fn marks(processor: Option<&Value>) -> Result<(Vec<u32>, Vec<u32>), String> {
    let processor = processor.ok_or("it has no post_processor")?;
    match processor.get("type").and_then(Value::as_str).unwrap_or_default() {
        "TemplateProcessing" => template_marks(processor),
        "BertProcessing" | "RobertaProcessing" => {
            let mark = |name: &str| {
                let pair = processor.get(name).cloned().unwrap_or_default();
                let pair = serde_json::from_value::<(String, u32)>(pair);
                pair.map(|(_, number)| vec![number]).map_err(|error| format!("{name}: {error}"))
            };
            Ok((mark("cls")?, mark("sep")?))
        }
        other => Err(format!("the post_processor {other:?} is not known")),
    }
}

fn template_marks(processor: &Value) -> Result<(Vec<u32>, Vec<u32>), String> {
    let part = |name: &str| processor.get(name).cloned().unwrap_or_default();
    let wrong = |error: serde_json::Error| format!("post_processor: {error}");
    let single: Vec<TemplatePart> = serde_json::from_value(part("single")).map_err(wrong)?;
    let numbers: BTreeMap<String, MarkNumbers> =
        serde_json::from_value(part("special_tokens")).map_err(wrong)?;
    let (mut before, mut after, mut passed) = (Vec::new(), Vec::new(), false);
    for part in single {
        match part {
            TemplatePart::Sequence(_) if passed => return Err("it repeats a text".to_owned()),
            TemplatePart::Sequence(_) => passed = true,
            TemplatePart::SpecialToken(TemplateMark { id }) => {
                let mark =
                    numbers.get(&id).ok_or_else(|| format!("the mark {id:?} has no number"))?;
                if passed { &mut after } else { &mut before }.extend(&mark.ids);
            }
        }
    }
    if passed {
        Ok((before, after))
    } else {
        Err("its post_processor leaves the text out".to_owned())
    }
}
