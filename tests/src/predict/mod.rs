//! Predictions for the labelled sets, made by the functions that the daemon uses.

pub mod clusters;
pub mod conversations;
pub mod faq;
pub mod resolution;
pub mod search;
