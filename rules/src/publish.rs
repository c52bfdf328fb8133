pub mod anonymize;
pub mod pseudonym;
pub mod title;
pub mod topics;
