//! Why an interaction could not be answered.

use indexer::search::SearchError;
use indexer::store::StoreError;

use super::decide::marking::MarkRefusal;
use super::payload::interaction::InteractionParseError;
use crate::discord::rest::RestError;

/// Why an interaction could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum InteractionError {
    #[error(transparent)]
    Unreadable(#[from] InteractionParseError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error(transparent)]
    Discord(#[from] RestError),
    #[error("the search task panicked")]
    Broken,
    /// The user lacks the right; the reply states why.
    #[error(transparent)]
    Refused(#[from] MarkRefusal),
}
