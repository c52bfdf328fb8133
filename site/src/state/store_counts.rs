//! The store's counts, kept for a minute: counting reads the whole store.

use std::time::Duration;

use indexer::store::{Store, StoreCounts};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::http::error::HttpError;

const KEPT: Duration = Duration::from_secs(60);

/// The latest counts. One request counts while others wait for it.
#[derive(Default)]
pub(crate) struct CachedCounts(Mutex<Option<(Instant, StoreCounts)>>);

impl CachedCounts {
    pub(crate) async fn counts(&self, store: &Store) -> Result<StoreCounts, HttpError> {
        let mut kept = self.0.lock().await;
        if let Some((counted, counts)) = &*kept
            && counted.elapsed() < KEPT
        {
            return Ok(counts.clone());
        }
        let counts = store.counts().await;
        let counts = counts.map_err(|cause| HttpError::internal("count what is stored", &cause))?;
        *kept = Some((Instant::now(), counts.clone()));
        Ok(counts)
    }
}
