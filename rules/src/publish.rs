pub mod anonymize;
pub mod pseudonym;
pub mod title;
mod title_weights;
pub mod topics;
