pub mod anonymize;
pub mod presentation;
pub mod pseudonym;
pub mod strength;
pub mod title;
mod title_weights;
pub mod topics;
