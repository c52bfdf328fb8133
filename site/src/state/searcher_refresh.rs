//! Loads what another process committed to the index.

use std::sync::atomic::{AtomicI64, Ordering};

use indexer::search::Searcher;

use crate::http::error::error_chain;

/// The cursor of the newest commit that the searcher has loaded.
#[derive(Default)]
pub(crate) struct SeenCommit(AtomicI64);

impl SeenCommit {
    /// Whether the store has changes that the searcher has not loaded.
    pub(crate) fn is_behind(&self, newest_change: i64) -> bool {
        self.0.load(Ordering::Relaxed) != newest_change
    }

    /// The cursor of the newest commit that is loaded; 0 before the first.
    pub(crate) fn cursor(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Loads the newest commit; reads files. Keeps the loaded one while the index cannot be read, as
    /// during a rebuild.
    pub(crate) fn refresh(&self, searcher: &Searcher) {
        // Read first: a commit in between is then loaded twice, never missed.
        let Some(committed) = searcher.cursor() else { return };
        if !self.is_behind(committed) {
            return;
        }
        match searcher.reload() {
            Ok(()) => self.0.store(committed, Ordering::Relaxed),
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "cannot reload the search index");
            }
        }
    }
}
