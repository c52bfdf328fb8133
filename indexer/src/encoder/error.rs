use std::io;
use std::path::PathBuf;

/// Why a model cannot be used: what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    #[error(
        "the model folder {} has no {name}; a folder of a sentence encoder holds config.json, \
         tokenizer.json, model.safetensors, modules.json and 1_Pooling/config.json",
        directory.display()
    )]
    Missing { directory: PathBuf, name: &'static str },
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is not what it should be: {problem}; fetch the file again", path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("{}: {problem}; choose another model, such as all-MiniLM-L6-v2", path.display())]
    Unsupported { path: PathBuf, problem: String },
}
