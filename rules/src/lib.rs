//! The pure core: the project's vocabulary and its verdicts.
//!
//! Invariant: no IO, no clock, no async; the same input gives the same verdict.

pub mod config;
pub mod disentangle;
pub mod due;
pub mod error_fingerprint;
pub mod exchange;
pub mod guide;
pub mod language;
pub mod markdown;
pub mod model;
pub mod occurrence_ranking;
pub mod page_questions;
pub mod page_score;
pub mod publish;
mod repeated_question;
pub mod report;
pub mod resolution;
pub mod safety;
pub mod similarity;
pub mod staleness;
pub mod support;
#[cfg(test)]
mod test_support;
pub(crate) mod text;
pub mod thread_title;
pub mod time;
pub mod verification;
pub mod versions;
