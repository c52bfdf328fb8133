//! Has the indexes of this data directory follow the store, in one of the processes that share the directory.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexer::store::{Store, StoreError, WriteLock};
use rules::config::ruleset::Ruleset;
use tokio::sync::{Notify, watch};

use super::status_writer::DaemonCounters;
use super::store_outage::StoreOutage;
use super::waiting::pause;
use crate::clock;
use crate::pipeline::{IndexFollower, PipelineError};

/// How often the feed is read without a notification: another process may have judged something.
const LOOK: Duration = Duration::from_millis(500);
/// Between two purges of deleted text: each rewrites segments of the index.
const BETWEEN_PURGES: Duration = Duration::from_secs(20);

pub(super) struct IndexTask {
    pub(super) store: Store,
    pub(super) rules: Arc<Ruleset>,
    pub(super) data: PathBuf,
    /// Notified whenever there may be something to follow.
    pub(super) judged: Arc<Notify>,
    pub(super) counters: DaemonCounters,
    pub(super) stopping: watch::Receiver<bool>,
}

impl IndexTask {
    /// Follows the store until the stop, and then once more; stands by while another process follows it here.
    pub(super) async fn run(mut self) -> Result<(), PipelineError> {
        let Some(mut follower) = self.await_lock().await? else { return Ok(()) };
        self.counters.follows_index();
        let (mut purged, mut outage) = (None, StoreOutage::of("index"));
        while !*self.stopping.borrow() {
            match self.run_once(&mut follower, &mut purged).await {
                Ok(()) => outage.over(),
                Err(PipelineError::Store(error)) => outage.wait(error).await?,
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = self.judged.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                _ = self.stopping.changed() => {}
            }
        }
        follower.follow().await?;
        Ok(())
    }

    /// Waits until no other process has the lock of the directory; `None` if the stop came first.
    async fn await_lock(&mut self) -> Result<Option<IndexFollower>, PipelineError> {
        let mut waited = false;
        while !*self.stopping.borrow() {
            match WriteLock::take(&self.data) {
                Ok(lock) => {
                    let took = if waited { "took over writing" } else { "writes" };
                    tracing::info!("this process {took} the index");
                    let (store, rules) = (self.store.clone(), Arc::clone(&self.rules));
                    return IndexFollower::open(store, lock, &self.data, rules).map(Some);
                }
                Err(StoreError::InUse(_)) => {
                    if !waited {
                        tracing::info!("standing by: another process writes the index");
                    }
                    waited = true;
                }
                Err(error) => return Err(error.into()),
            }
            pause(&mut self.stopping).await;
        }
        Ok(None)
    }

    /// Follows what came, and takes deleted words out of the files. `purged` is when that was done last.
    async fn run_once(
        &self,
        follower: &mut IndexFollower,
        purged: &mut Option<Instant>,
    ) -> Result<(), PipelineError> {
        let purge = self.store.purge_state().await?;
        follower.follow().await?;
        let is_early = purged.is_some_and(|at| at.elapsed() < BETWEEN_PURGES);
        if !is_early && follower.is_purge_due(purge) {
            follower.purge(purge)?;
            *purged = Some(Instant::now());
        }
        self.counters.record_index_pass(clock::now());
        Ok(())
    }
}
