//! Counts that read a whole store, cached for a minute.

use std::time::Duration;

use indexer::store;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::http::error::HttpError;

const MAX_AGE: Duration = Duration::from_secs(60);

/// The latest counts. One request counts while others wait for it.
pub(crate) struct CachedCounts<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for CachedCounts<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> CachedCounts<T> {
    pub(crate) async fn counts(
        &self,
        count: impl AsyncFnOnce() -> store::Result<T>,
    ) -> Result<T, HttpError> {
        let mut cached = self.0.lock().await;
        if let Some((counted, counts)) = &*cached
            && counted.elapsed() < MAX_AGE
        {
            return Ok(counts.clone());
        }
        let counts = count().await;
        let counts =
            counts.map_err(|cause| HttpError::internal("count the stored data", &cause))?;
        *cached = Some((Instant::now(), counts.clone()));
        Ok(counts)
    }
}
