//! What the files of a model say about it, and whether this program can run it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::EncoderError;

pub(super) const CONFIG: &str = "config.json";
pub(super) const TOKENIZER: &str = "tokenizer.json";
pub(super) const WEIGHTS: &str = "model.safetensors";
const MODULES: &str = "modules.json";
const LENGTHS: &str = "sentence_bert_config.json";

/// `config.json`, as far as a forward pass depends on it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct BertConfig {
    pub(super) model_type: String,
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) type_vocab_size: usize,
    pub(super) layer_norm_eps: f64,
    hidden_act: String,
    #[serde(default)]
    pad_token_id: usize,
    #[serde(default = "absolute")]
    position_embedding_type: String,
}

fn absolute() -> String {
    "absolute".to_owned()
}

/// How the vectors of pieces become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    Mean,
    /// The vector of the first mark.
    First,
}

impl Pooling {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::First => "cls",
        }
    }
}

#[derive(Debug, Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PoolingConfig {
    word_embedding_dimension: usize,
    pooling_mode_cls_token: bool,
    pooling_mode_mean_tokens: bool,
    pooling_mode_max_tokens: bool,
    pooling_mode_mean_sqrt_len_tokens: bool,
    pooling_mode_weightedmean_tokens: bool,
    pooling_mode_lasttoken: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LengthConfig {
    max_seq_length: Option<usize>,
}

/// A model that this program can run.
#[derive(Debug)]
pub(super) struct ModelFiles {
    pub(super) directory: PathBuf,
    pub(super) config: BertConfig,
    pub(super) pooling: Pooling,
    /// Pieces of a text, its marks among them, that are looked at.
    pub(super) longest: usize,
    file_digest: Sha256,
}

impl ModelFiles {
    pub(super) fn read(directory: &Path) -> Result<Self, EncoderError> {
        let config: BertConfig = json(directory, CONFIG)?;
        config.check(&directory.join(CONFIG))?;
        let pooling = pooling(directory, config.hidden_size)?;
        let lengths: LengthConfig = match directory.join(LENGTHS).exists() {
            true => json(directory, LENGTHS)?,
            false => LengthConfig::default(),
        };
        let most = config.max_position_embeddings - config.first_position();
        let longest = lengths.max_seq_length.unwrap_or(most).min(most);
        if longest < 8 {
            let problem = format!("max_seq_length is {longest}, too few for a sentence");
            return Err(unsupported(&directory.join(LENGTHS), problem));
        }
        let mut file_digest = Sha256::new();
        for name in [WEIGHTS, TOKENIZER, CONFIG] {
            add_file(&mut file_digest, directory, name)?;
        }
        file_digest.update(format!("{} {longest}", pooling.name()));
        Ok(Self { directory: directory.to_owned(), config, pooling, longest, file_digest })
    }

    /// Of all that a vector depends on.
    pub(super) fn digest(&self, prefix: &str) -> String {
        let mut digest = self.file_digest.clone();
        digest.update(prefix);
        digest.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl BertConfig {
    /// The number of the first position: some models keep places for padding.
    pub(super) fn first_position(&self) -> usize {
        if self.model_type == "bert" { 0 } else { self.pad_token_id + 1 }
    }

    fn check(&self, path: &Path) -> Result<(), EncoderError> {
        let refused = |problem| Err(unsupported(path, problem));
        if !["bert", "roberta", "xlm-roberta"].contains(&self.model_type.as_str()) {
            let model = &self.model_type;
            return refused(format!(
                "model_type is {model:?}, and only BERT-type encoders are known"
            ));
        }
        if self.hidden_act != "gelu" {
            return refused(format!(
                "hidden_act is {:?}, and only \"gelu\" is known",
                self.hidden_act
            ));
        }
        if self.position_embedding_type != "absolute" {
            let positions = &self.position_embedding_type;
            return refused(format!("position_embedding_type is {positions:?}, not \"absolute\""));
        }
        let sizes = [
            ("vocab_size", self.vocab_size, 10_000_000),
            ("hidden_size", self.hidden_size, 8_192),
            ("num_hidden_layers", self.num_hidden_layers, 100),
            ("num_attention_heads", self.num_attention_heads, 512),
            ("intermediate_size", self.intermediate_size, 65_536),
            ("type_vocab_size", self.type_vocab_size, 100),
            ("max_position_embeddings", self.max_position_embeddings, 100_000),
        ];
        for (name, size, most) in sizes {
            if !(1..=most).contains(&size) {
                return refused(format!("{name} is {size}, not 1 to {most}"));
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return refused("hidden_size is no multiple of num_attention_heads".to_owned());
        }
        if self.first_position() + 8 > self.max_position_embeddings {
            return refused("max_position_embeddings is too small for a sentence".to_owned());
        }
        if !(0.0..0.1).contains(&self.layer_norm_eps) {
            return refused(format!("layer_norm_eps is {}, not below 0.1", self.layer_norm_eps));
        }
        Ok(())
    }
}

/// The pooling that `modules.json` names. A model may have nothing else behind the encoder but making vectors one
/// long, which is done here always: only directions are compared.
fn pooling(directory: &Path, dimensions: usize) -> Result<Pooling, EncoderError> {
    let modules: Vec<Module> = json(directory, MODULES)?;
    let path = directory.join(MODULES);
    let mut pooling = None;
    for Module { path: folder, kind } in &modules {
        match kind.rsplit('.').next().unwrap_or_default() {
            "Transformer" | "Normalize" => {}
            "Pooling" if Path::new(folder).is_relative() && !folder.contains("..") => {
                pooling = Some(directory.join(folder).join(CONFIG));
            }
            other => return Err(unsupported(&path, format!("the module {other:?} is not known"))),
        }
    }
    let Some(path) = pooling else {
        return Err(unsupported(&path, "it names no pooling".to_owned()));
    };
    let config: PoolingConfig = json_file(&path, "1_Pooling/config.json", directory)?;
    if config.word_embedding_dimension != dimensions {
        let found = config.word_embedding_dimension;
        let problem = format!("word_embedding_dimension is {found}, hidden_size {dimensions}");
        return Err(EncoderError::Damaged { path, problem });
    }
    let others = config.pooling_mode_max_tokens
        || config.pooling_mode_mean_sqrt_len_tokens
        || config.pooling_mode_weightedmean_tokens
        || config.pooling_mode_lasttoken;
    match (config.pooling_mode_mean_tokens, config.pooling_mode_cls_token, others) {
        (true, false, false) => Ok(Pooling::Mean),
        (false, true, false) => Ok(Pooling::First),
        _ => Err(unsupported(&path, "only mean or cls pooling is known, one of them".to_owned())),
    }
}

pub(super) fn json<T: DeserializeOwned>(
    directory: &Path,
    name: &'static str,
) -> Result<T, EncoderError> {
    json_file(&directory.join(name), name, directory)
}

fn json_file<T: DeserializeOwned>(
    path: &Path,
    name: &'static str,
    directory: &Path,
) -> Result<T, EncoderError> {
    let text = fs::read(path).map_err(|error| unreadable(error, path, name, directory))?;
    serde_json::from_slice(&text).map_err(|error| EncoderError::Damaged {
        path: path.to_owned(),
        problem: error.to_string(),
    })
}

fn add_file(digest: &mut Sha256, directory: &Path, name: &'static str) -> Result<(), EncoderError> {
    let path = directory.join(name);
    let failed = |error| unreadable(error, &path, name, directory);
    let mut file = File::open(&path).map_err(failed)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(()),
            count => digest.update(&buffer[..count]),
        }
    }
}

pub(super) fn unreadable(
    source: io::Error,
    path: &Path,
    name: &'static str,
    directory: &Path,
) -> EncoderError {
    if source.kind() == io::ErrorKind::NotFound {
        return EncoderError::Missing { directory: directory.to_owned(), name };
    }
    EncoderError::Read { path: path.to_owned(), source }
}

pub(super) fn unsupported(path: &Path, problem: String) -> EncoderError {
    EncoderError::Unsupported { path: path.to_owned(), problem }
}
