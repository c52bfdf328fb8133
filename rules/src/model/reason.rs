//! Why a verdict is what it is, as data.

use serde::{Deserialize, Serialize};

use crate::model::ids::MessageId;

/// One argument for (positive weight) or against (negative) a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightedReason {
    /// A short English phrase, lower case, without chat text or names: "the asker says it works".
    pub what: String,
    /// Its share of the score. Zero where the reason alone decides.
    pub weight: f32,
    /// The message that shows it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
}

impl WeightedReason {
    pub fn new(what: impl Into<String>, weight: f32) -> Self {
        Self { what: what.into(), weight, message: None }
    }

    pub fn at(what: impl Into<String>, weight: f32, message: MessageId) -> Self {
        Self { what: what.into(), weight, message: Some(message) }
    }
}
