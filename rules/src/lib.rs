//! The pure core: the project's vocabulary and its verdicts.
//!
//! Invariant: no IO, no clock, no async; the same input gives the same verdict.

pub mod cluster;
pub mod conversation;
pub mod due;
pub mod ids;
pub mod markdown;
pub mod message;
mod phrase;
pub mod pseudonym;
pub mod published;
pub mod question;
pub mod reader;
pub mod reason;
pub mod resolution;
pub mod ruleset;
pub mod safety;
pub mod same;
#[cfg(test)]
mod samples;
pub mod scope;
pub mod standing;
pub mod topics;
pub mod truth;
pub mod versions;
