//! Everything on disk: the SQL store, which is the truth, and the Tantivy index, which is derived.
//!
//! Invariant: deleting the Tantivy directory loses nothing, and every write may happen twice.

pub mod cluster;
pub mod encoder;
pub mod search;
pub mod store;
