//! What both kinds of tokenizers read and give.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct TokenizerFile {
    pub(super) normalizer: Option<Value>,
    pub(super) pre_tokenizer: Option<Value>,
    pub(super) post_processor: Option<Value>,
    pub(super) model: Value,
}

/// The pieces of one word or text.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pieces {
    pub(super) numbers: Vec<u32>,
    pub(super) letters: usize,
    /// Letters in pieces that the model knows.
    pub(super) known: usize,
}

pub(super) fn flag(table: &Value, key: &str, default: bool) -> bool {
    table.get(key).and_then(Value::as_bool).unwrap_or(default)
}

pub(super) fn kind_of(part: &Value) -> &str {
    part.get("type").and_then(Value::as_str).unwrap_or_default()
}
