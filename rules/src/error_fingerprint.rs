//! Errors as people and programs report them, reduced to what is the same on every machine.
//!
//! A fingerprint stands in links that programs print, so it must never change: the rules below are
//! frozen as version 1. Better rules get a new version, and the old ones stay.

mod normalize;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use self::normalize::normalized_line;
use crate::model::cluster::Cluster;

/// The version of the rules, which every fingerprint names.
const VERSION: &str = "1";
/// Hexadecimal digits of the digest: 64 bits, so that two of a million errors collide once in ten million
/// communities.
const DIGITS: usize = 16;
/// Bytes of a text that are looked at.
const MAX_BYTES: usize = 16 * 1024;
/// A log holds many lines; the errors are among the first of those that tell one.
const MAX_ERRORS: usize = 8;

/// The stable name of an error, as `1-5a0c…` in a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorFingerprint(String);

/// An error message without what differs between machines: paths, numbers, ids, addresses, versions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NormalizedError(String);

impl NormalizedError {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn fingerprint(&self) -> ErrorFingerprint {
        let digest = Sha256::digest(format!("error {VERSION}\n{}", self.0).as_bytes());
        let digits = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        ErrorFingerprint(format!("{VERSION}-{}", &digits[..DIGITS]))
    }
}

/// Hides the words.
impl fmt::Debug for NormalizedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NormalizedError").field(&self.fingerprint()).finish()
    }
}

impl ErrorFingerprint {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ErrorFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the fingerprint of an error; expected a version, a hyphen and {DIGITS} hexadecimal digits"
)]
pub struct ParseErrorFingerprintError;

impl FromStr for ErrorFingerprint {
    type Err = ParseErrorFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (version, digits) = text.split_once('-').ok_or(ParseErrorFingerprintError)?;
        let is_version = (1..=3).contains(&version.len())
            && version.bytes().all(|byte| byte.is_ascii_digit())
            && !version.starts_with('0');
        let is_digest = digits.len() == DIGITS
            && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let well_formed = is_version && is_digest;
        well_formed.then(|| Self(text.to_owned())).ok_or(ParseErrorFingerprintError)
    }
}

/// The errors that a text reports, in its order, each once: its lines and code spans that read as an
/// error, or the text itself if it is a single line. Frames of stack traces and the time, level and place
/// that logs put before a message do not count. What is too general to name an error is left out.
pub fn normalized_errors(text: &str) -> Vec<NormalizedError> {
    let text = bounded(text);
    let lines = message_lines(text);
    let alone = lines.len() == 1;
    let mut errors = Vec::new();
    for line in &lines {
        let spans = code_spans(line.text).filter(|span| normalize::reads_as_error(span));
        let whole = (alone || line.after_panic || normalize::reads_as_error(line.text))
            .then_some(line.text);
        for text in spans.chain(whole) {
            let error = normalized_line(text).map(NormalizedError);
            errors.extend(error.filter(|error| !errors.contains(error)));
        }
    }
    errors.truncate(MAX_ERRORS);
    errors
}

/// The errors that the askers of a cluster reported in words that may be quoted.
pub fn reported_errors(cluster: &Cluster) -> BTreeSet<ErrorFingerprint> {
    let quotable = cluster.occurrences.iter().filter(|one| one.quotable);
    let errors = quotable.flat_map(|one| normalized_errors(&one.question.text));
    errors.map(|error| error.fingerprint()).collect()
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_BYTES)]
}

/// A line that may be a message, and whether the header of a panic stood before it.
struct MessageLine<'t> {
    text: &'t str,
    after_panic: bool,
}

/// The lines without fences, frames of stack traces and headers that say nothing themselves.
fn message_lines(text: &str) -> Vec<MessageLine<'_>> {
    let mut kept = Vec::new();
    let mut after_panic = false;
    let mut in_python_frame = false;
    for line in text.lines() {
        let is_source = in_python_frame && line.starts_with("    ");
        in_python_frame = normalize::is_python_frame(line);
        let is_noise = line.trim().is_empty()
            || line.trim_start().starts_with("```")
            || is_source
            || in_python_frame
            || normalize::is_frame(line);
        if normalize::is_panic_header(line) {
            after_panic = true;
        } else if !is_noise {
            kept.push(MessageLine { text: line, after_panic });
            after_panic = false;
        }
    }
    kept
}

/// What stands between pairs of backticks.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    let parts = line.split('`').collect::<Vec<_>>();
    let closed = parts.len().saturating_sub(1);
    parts.into_iter().enumerate().filter(move |(at, _)| at % 2 == 1 && *at < closed).map(|(_, t)| t)
}

#[cfg(test)]
mod tests;
