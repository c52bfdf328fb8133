//! The one process of a data directory that analyses, clusters and indexes what all of them store.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexer::encoder::SentenceEncoder;
use indexer::store::{DroppedConversations, RetentionDays, Store, StoreError, WriteLock};
use rules::config::ruleset::Ruleset;
use tokio::sync::{Notify, watch};

use super::status_writer::DaemonCounters;
use crate::clock;
use crate::pipeline::{Pipeline, PipelineError};

/// How often the store is checked without a notification: another process may have written.
const LOOK: Duration = Duration::from_secs(1);
/// How often a standby process tries to become leader.
const STANDBY_INTERVAL: Duration = Duration::from_millis(500);
/// So many batches are clustered before new messages are judged again: a second or two of work.
const BATCHES_AT_ONCE: usize = 16;
/// Between two purges of deleted text: each rewrites segments of the index.
const BETWEEN_SCRUBS: Duration = Duration::from_secs(20);
/// Between two looks for conversations that are not kept any longer.
const BETWEEN_RETENTIONS: Duration = Duration::from_hours(24);

pub(super) struct IndexLeader {
    pub(super) store: Store,
    pub(super) rules: Arc<Ruleset>,
    pub(super) data: PathBuf,
    pub(super) retention: RetentionDays,
    pub(super) encoder: Option<Arc<SentenceEncoder>>,
    /// Notified whenever this process stored something.
    pub(super) stored: Arc<Notify>,
    /// Notified when deleted text has been purged from every file.
    pub(super) scrubbed: Arc<Notify>,
    pub(super) counters: DaemonCounters,
    pub(super) stopping: watch::Receiver<bool>,
}

impl IndexLeader {
    /// Leads the data directory until the stop; standby while another process leads.
    pub(super) async fn run(mut self) -> Result<(), PipelineError> {
        let Some(mut pipeline) = self.await_leadership().await? else { return Ok(()) };
        self.counters.leads();
        pipeline.use_encoder(self.encoder.clone()).await?;
        let (mut scrubbed, mut retained) = (None, None);
        while !*self.stopping.borrow() {
            if !self.run_once(&mut pipeline, &mut scrubbed).await? {
                continue;
            }
            if !pipeline.encode_some().await? {
                continue;
            }
            self.drop_unresolved(&mut retained).await?;
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
                () = tokio::time::sleep(STANDBY_INTERVAL) => {}
                _ = self.stopping.changed() => return Ok(None),
            }
        }
    }

    /// Once a day, after the rest. `retained` is when it was done last.
    async fn drop_unresolved(&self, retained: &mut Option<Instant>) -> Result<(), PipelineError> {
        if retained.is_some_and(|at| at.elapsed() < BETWEEN_RETENTIONS) {
            return Ok(());
        }
        let dropped = self.store.drop_unresolved(self.retention, clock::now()).await?;
        if dropped.conversations > 0 {
            let DroppedConversations { conversations, messages } = dropped;
            tracing::info!(conversations, messages, "dropped old conversations without an answer");
        }
        *retained = Some(Instant::now());
        Ok(())
    }

    /// Does what is to be done, but for clustering only a part of a large work; tells whether that was all.
    /// `scrubbed` is when the last purge was.
    async fn run_once(
        &mut self,
        pipeline: &mut Pipeline,
        scrubbed: &mut Option<Instant>,
    ) -> Result<bool, PipelineError> {
        pipeline.judge_and_index().await?;
        let now = clock::now();
        let (_, _, done) = pipeline.recluster_some_and_index(now, BATCHES_AT_ONCE).await?;
        let interval_over = |at: Instant| at.elapsed() >= BETWEEN_SCRUBS;
        if scrubbed.is_none_or(interval_over) && pipeline.scrub_if_due().await? {
            *scrubbed = Some(Instant::now());
            self.scrubbed.notify_one();
        }
        self.counters.record_index_pass(clock::now());
        Ok(done)
    }
}
