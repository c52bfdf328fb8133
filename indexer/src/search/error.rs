//! Why a search failed.

use tantivy::TantivyError;

/// Why the index could not be searched.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// No index was made yet, or another version made it, or it is damaged: opening a writer builds a new one.
    #[error("there is no index to search")]
    NoIndex(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    #[error("cannot read the index")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<TantivyError> for SearchError {
    fn from(error: TantivyError) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<std::io::Error> for SearchError {
    fn from(error: std::io::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}
