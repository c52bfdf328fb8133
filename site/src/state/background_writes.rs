//! Writes beside the requests that cause them: nobody waits for one, and few run at once.

use std::sync::{Mutex, PoisonError};

use indexer::store;
use tokio::task::JoinSet;

use crate::http::error::error_chain;

/// Writes under way; while there are so many, further ones are left out.
const MOST: usize = 8;

/// The writes of one owner; they end with it.
#[derive(Default)]
pub(super) struct BackgroundWrites(Mutex<JoinSet<()>>);

impl BackgroundWrites {
    /// Starts a write whose failure is logged with `failed`.
    pub(super) fn start(
        &self,
        failed: &'static str,
        write: impl Future<Output = store::Result<()>> + Send + 'static,
    ) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while running.try_join_next().is_some() {}
        if running.len() >= MOST {
            return;
        }
        running.spawn(async move {
            if let Err(error) = write.await {
                tracing::warn!(error = error_chain(&error), "{failed}");
            }
        });
    }
}
