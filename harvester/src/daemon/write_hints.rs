//! Wakes tasks when another process has written. They look by themselves all the same: a hint may be lost.

use std::sync::Arc;
use std::time::Duration;

use indexer::store::Store;
use tokio::sync::Notify;

use crate::logging::error_chain;

/// Tasks are woken no more often: each looks through what is new at once.
const BETWEEN_HINTS: Duration = Duration::from_millis(50);
/// Between two attempts to connect.
const AGAIN: Duration = Duration::from_secs(5);

/// Notifies `woken` whenever something was written, until it is dropped.
pub(super) async fn follow_hints(store: Store, woken: [Arc<Notify>; 2]) -> anyhow::Result<()> {
    loop {
        let mut hints = match store.write_hints().await {
            Ok(Some(hints)) => hints,
            Ok(None) => std::future::pending().await,
            Err(error) => {
                tracing::debug!(error = %error_chain(&error), "cannot listen to the store");
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        while let Ok(()) = hints.next().await {
            woken.iter().for_each(|one| one.notify_one());
            tokio::time::sleep(BETWEEN_HINTS).await;
        }
    }
}
