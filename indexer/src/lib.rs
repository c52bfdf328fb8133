//! Everything on disk: the SQL store, which is the truth, and the Tantivy index, which is derived.
//!
//! Invariant: deleting the Tantivy directory loses nothing, and every write may happen twice.

mod apart;
pub mod assign;
pub mod confidence;
pub mod document;
pub mod schema;
pub mod search;
pub mod settle;
pub mod store;
pub mod tokenize;
pub mod writer;
