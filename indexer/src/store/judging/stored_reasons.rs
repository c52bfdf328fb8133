//! Reasons as they are stored: their words as codes, and messages by their distance from another one.

use rules::model::ids::MessageId;
use rules::model::reason::WeightedReason;
use rules::resolution::{reason_code, reason_text};
use serde::{Deserialize, Serialize};

/// How far a message stands after another one.
pub(super) fn distance(from: MessageId, to: MessageId) -> i64 {
    to.0.wrapping_sub(from.0).cast_signed()
}

pub(super) fn at_distance(from: MessageId, distance: i64) -> MessageId {
    MessageId(from.0.wrapping_add(distance.cast_unsigned()))
}

/// Reasons in a row about one message, or about none.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredReasons(Option<i64>, Vec<(ReasonWords, f32)>);

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum ReasonWords {
    Code(usize),
    Text(String),
}

/// Messages are told by their distance from `anchor`.
pub(super) fn store_reasons(reasons: &[WeightedReason], anchor: MessageId) -> Vec<StoredReasons> {
    let about_one = reasons.chunk_by(|one, next| one.message == next.message);
    let stored = |group: &[WeightedReason]| {
        let message = group[0].message.map(|message| distance(anchor, message));
        let words = |what: &String| {
            let code = reason_code(what).map(ReasonWords::Code);
            code.unwrap_or_else(|| ReasonWords::Text(what.clone()))
        };
        let reasons = group.iter().map(|one| (words(&one.what), one.weight));
        StoredReasons(message, reasons.collect())
    };
    about_one.map(stored).collect()
}

/// The opposite. `None` if a code is unknown: a newer version wrote it.
pub(super) fn load_reasons(
    stored: Vec<StoredReasons>,
    anchor: MessageId,
) -> Option<Vec<WeightedReason>> {
    let mut reasons = Vec::new();
    for StoredReasons(message, group) in stored {
        let message = message.map(|message| at_distance(anchor, message));
        for (words, weight) in group {
            let what = match words {
                ReasonWords::Code(code) => reason_text(code)?.to_owned(),
                ReasonWords::Text(text) => text,
            };
            reasons.push(WeightedReason { what, weight, message });
        }
    }
    Some(reasons)
}
