//! What a task does while the server of the store is away: it waits, and goes on where it was.

use std::time::Duration;

use indexer::store::StoreError;

use crate::logging::error_chain;

/// Between two attempts.
const AGAIN: Duration = Duration::from_secs(1);

/// The outages that one task sees, of which each is two lines in the log.
pub(super) struct StoreOutage {
    task: &'static str,
    is_under_way: bool,
}

impl StoreOutage {
    pub(super) fn of(task: &'static str) -> Self {
        Self { task, is_under_way: false }
    }

    /// Notes that the store answers.
    pub(super) fn over(&mut self) {
        if std::mem::take(&mut self.is_under_way) {
            tracing::info!("{}: the store answers again", self.task);
        }
    }

    /// Waits a moment if the failure passes; any other is returned.
    pub(super) async fn wait(&mut self, failure: StoreError) -> Result<(), StoreError> {
        if !failure.passes() {
            return Err(failure);
        }
        if !std::mem::replace(&mut self.is_under_way, true) {
            let error = error_chain(&failure).to_string();
            tracing::warn!(error, "{}: the store does not answer; trying again", self.task);
        }
        tokio::time::sleep(AGAIN).await;
        Ok(())
    }
}
