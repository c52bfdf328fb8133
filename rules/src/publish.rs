pub mod anonymize;
pub mod fact_matrix;
pub mod presentation;
pub mod pseudonym;
pub mod searched_words;
pub mod strength;
pub mod title;
mod title_weights;
pub mod topics;
