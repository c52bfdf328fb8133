//! Seeing what another process committed to the index.

use std::sync::atomic::{AtomicI64, Ordering};

use indexer::search::Searcher;

/// The cursor of the newest commit that the searcher was made to see.
#[derive(Default)]
pub(crate) struct SeenCommit(AtomicI64);

impl SeenCommit {
    /// Whether the store has changes that the searcher was not yet made to see.
    pub(crate) fn is_behind(&self, newest_change: i64) -> bool {
        self.0.load(Ordering::Relaxed) != newest_change
    }

    /// Makes the searcher see the newest commit. Reads files. An index that cannot be read right now,
    /// because it is being built again, leaves what was seen before.
    pub(crate) fn refresh(&self, searcher: &Searcher) {
        // Read first: a commit in between is then seen once more, never missed.
        let Some(committed) = searcher.cursor() else { return };
        if !self.is_behind(committed) {
            return;
        }
        match searcher.reload() {
            Ok(()) => self.0.store(committed, Ordering::Relaxed),
            Err(cause) => tracing::warn!(%cause, "the index cannot be read again"),
        }
    }
}
