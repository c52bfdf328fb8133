//! The counts of the store, cached for a minute because counting reads the whole store.

use std::time::Duration;

use indexer::store::{Store, StoreCounts};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::http::error::HttpError;

const MAX_AGE: Duration = Duration::from_secs(60);

/// The latest counts. One request counts while others wait for it.
#[derive(Default)]
pub(crate) struct CachedCounts(Mutex<Option<(Instant, StoreCounts)>>);

impl CachedCounts {
    pub(crate) async fn counts(&self, store: &Store) -> Result<StoreCounts, HttpError> {
        let mut cached = self.0.lock().await;
        if let Some((counted, counts)) = &*cached
            && counted.elapsed() < MAX_AGE
        {
            return Ok(counts.clone());
        }
        let counts = store.counts().await;
        let counts =
            counts.map_err(|cause| HttpError::internal("count the stored data", &cause))?;
        *cached = Some((Instant::now(), counts.clone()));
        Ok(counts)
    }
}
