//! The one process of a data directory that analyses, clusters and indexes what all of them store.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexer::store::{Store, StoreError, WriteLock};
use rules::config::ruleset::Ruleset;
use tokio::sync::{Notify, watch};

use super::status_writer::DaemonCounters;
use crate::clock;
use crate::pipeline::{Pipeline, PipelineError};

/// How often the store is checked without a notification: another process may have written.
const LOOK: Duration = Duration::from_secs(1);
/// How often a standby process tries to become leader.
const STAND_BY: Duration = Duration::from_millis(500);
/// Between two reclusterings, this many times the duration of the last one...
const REST_PER_SETTLING: u32 = 10;
/// ...but never more than this.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Between two purges of deleted text: each rewrites segments of the index.
const BETWEEN_SCRUBS: Duration = Duration::from_secs(20);

pub(super) struct IndexLeader {
    pub(super) store: Store,
    pub(super) rules: Arc<Ruleset>,
    pub(super) data: PathBuf,
    /// Notified whenever this process stored something.
    pub(super) stored: Arc<Notify>,
    /// Notified when deleted text has been purged from every file.
    pub(super) scrubbed: Arc<Notify>,
    pub(super) counters: DaemonCounters,
    pub(super) stopping: watch::Receiver<bool>,
}

/// When the last reclustering (with its duration) and the last purge were.
#[derive(Default)]
struct LeaderSchedule {
    settled: Option<(Instant, Duration)>,
    scrubbed: Option<Instant>,
}

impl IndexLeader {
    /// Leads the data directory until the stop; standby while another process leads.
    pub(super) async fn run(mut self) -> Result<(), PipelineError> {
        let Some(mut pipeline) = self.await_leadership().await? else { return Ok(()) };
        self.counters.leads();
        let mut rounds = LeaderSchedule::default();
        while !*self.stopping.borrow() {
            self.run_once(&mut pipeline, &mut rounds).await?;
            tokio::select! {
                () = self.stored.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                _ = self.stopping.changed() => {}
            }
        }
        pipeline.judge_and_index().await?;
        Ok(())
    }

    /// Waits to become leader; `None` if the stop came first.
    async fn await_leadership(&mut self) -> Result<Option<Pipeline>, PipelineError> {
        let mut waited = false;
        loop {
            match WriteLock::take(&self.data) {
                Ok(lock) => {
                    let took = if waited { "took over as" } else { "is" };
                    tracing::info!("this process {took} the index leader");
                    let store = self.store.clone();
                    let rules = Arc::clone(&self.rules);
                    return Pipeline::lead(store, lock, &self.data, rules).map(Some);
                }
                Err(StoreError::InUse(_)) => {
                    if !waited {
                        tracing::info!("standing by: another process is the index leader");
                    }
                    waited = true;
                }
                Err(error) => return Err(error.into()),
            }
            tokio::select! {
                () = tokio::time::sleep(STAND_BY) => {}
                _ = self.stopping.changed() => return Ok(None),
            }
        }
    }

    async fn run_once(
        &mut self,
        pipeline: &mut Pipeline,
        rounds: &mut LeaderSchedule,
    ) -> Result<(), PipelineError> {
        pipeline.judge_and_index().await?;
        let now = Instant::now();
        let rested = |(ended, took): (Instant, Duration)| now - ended >= rest_after(took);
        if rounds.settled.is_none_or(rested) {
            pipeline.recluster_and_index(clock::now()).await?;
            rounds.settled = Some((Instant::now(), now.elapsed()));
        }
        let rested = |at: Instant| now - at >= BETWEEN_SCRUBS;
        if rounds.scrubbed.is_none_or(rested) && pipeline.scrub_if_due().await? {
            rounds.scrubbed = Some(Instant::now());
            self.scrubbed.notify_one();
        }
        self.counters.record_index_pass(clock::now());
        Ok(())
    }
}

/// Reclustering reads every occurrence: it may take at most a tenth of the time.
fn rest_after(took: Duration) -> Duration {
    (took * REST_PER_SETTLING).min(LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouping_rests_in_proportion_and_never_long() {
        assert_eq!(rest_after(Duration::from_millis(80)), Duration::from_millis(800));
        assert_eq!(rest_after(Duration::from_secs(20)), LONGEST_REST);
    }
}
