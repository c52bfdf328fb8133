//! Additions to lists in JSON and JavaScript, in the style of the file.

use std::ops::Range;

use crate::literal::{LiteralKind, ScriptLiteral};

/// How a file writes its strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScriptStyle {
    /// Keys are strings too.
    Json,
    Single,
    Double,
}

impl ScriptStyle {
    pub(crate) fn of(text: &str) -> Self {
        if serde_json::from_str::<serde_json::Value>(text).is_ok() {
            return Self::Json;
        }
        let single = text.matches('\'').count() >= text.matches('"').count();
        if single { Self::Single } else { Self::Double }
    }

    pub(crate) fn quoted(self, text: &str) -> String {
        let double = serde_json::Value::from(text).to_string();
        if self != Self::Single {
            return double;
        }
        let inner = double[1..double.len() - 1].replace("\\\"", "\"").replace('\'', "\\'");
        format!("'{inner}'")
    }

    pub(crate) fn key(self, name: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let bare = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(plain);
        if bare && self != Self::Json { name.to_owned() } else { self.quoted(name) }
    }
}

/// The text with one more element at the end of an array or object.
pub(crate) fn insert(text: &str, list: &ScriptLiteral, entry: &str) -> String {
    let last = match &list.kind {
        LiteralKind::Array(items) => items.last(),
        LiteralKind::Object(properties) => properties.last().map(|(_, value)| value),
        LiteralKind::Text(_) | LiteralKind::Code(_) => None,
    };
    let (opens, closes) = (list.range.start + 1, list.range.end - 1);
    let Some(last) = last else {
        return format!("{}{entry}{}", &text[..opens], &text[opens..]);
    };
    behind(text, opens..closes, &last.range, entry)
}

/// Puts an element behind another one; `inside` are the bytes between the brackets.
pub(crate) fn behind(
    text: &str,
    inside: Range<usize>,
    other: &Range<usize>,
    entry: &str,
) -> String {
    let line = text[..other.start].rfind('\n').map_or(0, |at| at + 1);
    let gap = if line > inside.start {
        let indent = text[line..].bytes().take_while(|byte| b" \t".contains(byte)).count();
        let end = if text[..line].ends_with("\r\n") { "\r\n" } else { "\n" };
        format!("{end}{}", &text[line..line + indent])
    } else {
        " ".to_owned()
    };
    let entry = entry.replace('\n', &gap);
    let rest = &text[other.end..inside.end];
    if rest.trim_start().starts_with(',') {
        // In the middle of a list, or at the end of one whose last element has a comma too.
        let comma = other.end + rest.find(',').map_or(0, |at| at + 1);
        return format!("{}{gap}{entry},{}", &text[..comma], &text[comma..]);
    }
    format!("{},{gap}{entry}{}", &text[..other.end], &text[other.end..])
}
