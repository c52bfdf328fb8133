//! Whole-system tests and quality figures.

pub mod predict;
pub mod score;
