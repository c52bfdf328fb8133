//! Judges and clusters what the processes of an installation store, as far as this process has the leases for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indexer::encoder::SentenceEncoder;
use indexer::store::{DroppedConversations, RetentionDays, Store, StoreError};
use tokio::sync::{Notify, watch};

use super::status_writer::DaemonCounters;
use super::store_outage::StoreOutage;
use crate::clock;
use crate::pipeline::{JudgeLeases, StoreAnalysis};

/// How often the store is checked without a notification: another process may have written.
const LOOK: Duration = Duration::from_secs(1);
/// So many batches are clustered before new messages are judged again: a second or two of work.
const BATCHES_AT_ONCE: usize = 16;
/// Between two purges of deleted text.
const BETWEEN_PURGES: Duration = Duration::from_secs(20);
/// Between two looks for conversations that are not kept any longer.
const BETWEEN_RETENTIONS: Duration = Duration::from_hours(24);

pub(super) struct JudgeTask {
    pub(super) analysis: StoreAnalysis,
    pub(super) leases: Arc<JudgeLeases>,
    pub(super) retention: RetentionDays,
    pub(super) encoder: Option<Arc<SentenceEncoder>>,
    /// Notified whenever this process stored something.
    pub(super) stored: Arc<Notify>,
    /// Notified whenever there may be something for the index to follow.
    pub(super) judged: Arc<Notify>,
    pub(super) counters: DaemonCounters,
    pub(super) stopping: watch::Receiver<bool>,
}

/// What the process that clusters did for everybody, since it does.
#[derive(Default)]
struct Housekeeping {
    /// Whether vectors come from the encoder of this process.
    has_encoder: bool,
    purged: Option<Instant>,
    retained: Option<Instant>,
}

impl JudgeTask {
    /// Judges until the stop, and then once more. What it loses to another process it leaves to that.
    pub(super) async fn run(mut self) -> Result<(), StoreError> {
        let (mut housekeeping, mut outage) = (Housekeeping::default(), StoreOutage::of("judging"));
        while !*self.stopping.borrow() {
            match self.leases.renew_now().await {
                Ok(()) => break,
                Err(error) => outage.wait(error).await?,
            }
        }
        while !*self.stopping.borrow() {
            let (partitions, clusters) = self.leases.share();
            self.counters.record_share(partitions, clusters);
            if !clusters {
                housekeeping = Housekeeping::default();
            }
            let done = match self.run_once(&mut housekeeping).await {
                // Drops what is not held any longer, and says so.
                Err(StoreError::LeaseLost(_)) => self.leases.renew_now().await.map(|()| false),
                done => done,
            };
            match done {
                Ok(done) => {
                    outage.over();
                    if done {
                        self.wait().await;
                    }
                }
                Err(error) => outage.wait(error).await?,
            }
        }
        match self.analysis.judge().await {
            Ok(_) | Err(StoreError::LeaseLost(_)) => {}
            Err(error) => return Err(error),
        }
        self.leases.release().await
    }

    async fn wait(&mut self) {
        tokio::select! {
            () = self.stored.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
            _ = self.stopping.changed() => {}
        }
    }

    /// Does what is to be done, but for clustering only a part of a large work; tells whether that was all.
    async fn run_once(&self, done: &mut Housekeeping) -> Result<bool, StoreError> {
        self.analysis.judge().await?;
        self.judged.notify_one();
        let (_, clustered) = self.analysis.recluster_some(clock::now(), BATCHES_AT_ONCE).await?;
        self.judged.notify_one();
        let Some(store) = self.leases.clustering().filter(|_| clustered) else {
            return Ok(clustered);
        };
        purge(&store, &mut done.purged).await?;
        if !self.encode(&mut done.has_encoder).await? {
            return Ok(false);
        }
        self.drop_unresolved(&store, &mut done.retained).await?;
        Ok(true)
    }

    /// Has the encoder read a few texts; tells whether that was all.
    async fn encode(&self, is_in_use: &mut bool) -> Result<bool, StoreError> {
        if !*is_in_use {
            self.analysis.use_encoder(self.encoder.as_deref()).await?;
            *is_in_use = true;
        }
        let Some(encoder) = &self.encoder else { return Ok(true) };
        let all = self.analysis.encode_some(encoder).await?;
        if !all {
            self.judged.notify_one();
        }
        Ok(all)
    }

    /// Once a day, after the rest. `retained` is when it was done last.
    async fn drop_unresolved(
        &self,
        store: &Store,
        retained: &mut Option<Instant>,
    ) -> Result<(), StoreError> {
        if retained.is_some_and(|at| at.elapsed() < BETWEEN_RETENTIONS) {
            return Ok(());
        }
        let dropped = store.drop_unresolved(self.retention, clock::now()).await?;
        if dropped.conversations > 0 {
            let DroppedConversations { conversations, messages } = dropped;
            tracing::info!(conversations, messages, "dropped old conversations without an answer");
        }
        *retained = Some(Instant::now());
        Ok(())
    }
}

/// Takes deleted words out of the files of the store. `purged` is when that was done last.
async fn purge(store: &Store, purged: &mut Option<Instant>) -> Result<(), StoreError> {
    let is_early = purged.is_some_and(|at| at.elapsed() < BETWEEN_PURGES);
    if !is_early && store.purge_due().await? {
        store.purge_deleted_text().await?;
        *purged = Some(Instant::now());
    }
    Ok(())
}
