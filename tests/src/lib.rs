//! Whole-system tests and quality figures.

pub mod crashes;
#[path = "../harness/mod.rs"]
pub mod harness;
pub mod mixes;
pub mod predict;
pub mod recurring_questions;
pub mod replay;
pub mod score;
pub mod seeded_rng;
pub mod service_clock;
