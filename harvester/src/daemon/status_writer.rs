//! Writes the status of this daemon to the store, where `status`, the bot and `/metrics` read it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use indexer::store::{Applied, DaemonStatus, DiscordStatus, Store, StoreError};
use jiff::Timestamp;
use rules::time;
use tokio::sync::watch;

use super::proposal_task::ProposalMetrics;
use super::store_outage::StoreOutage;
use crate::clock;
use crate::ingest_queue::QueueDepth;

/// How often the status is written.
const EVERY: Duration = Duration::from_secs(2);

/// Counts of this process; clones share them.
#[derive(Clone, Default)]
pub(super) struct DaemonCounters(Arc<CounterCells>);

/// A time of 0 means never.
#[derive(Default)]
struct CounterCells {
    leader: AtomicBool,
    partitions: AtomicU64,
    follows_index: AtomicBool,
    added: AtomicU64,
    updated: AtomicU64,
    unchanged: AtomicU64,
    deleted: AtomicU64,
    last_event_stored: AtomicI64,
    last_index_pass: AtomicI64,
}

impl DaemonCounters {
    /// How many partitions this process judges, and whether it clusters.
    pub(super) fn record_share(&self, partitions: usize, clusters: bool) {
        self.0.partitions.store(partitions as u64, Ordering::Relaxed);
        self.0.leader.store(clusters, Ordering::Relaxed);
    }

    pub(super) fn follows_index(&self) {
        self.0.follows_index.store(true, Ordering::Relaxed);
    }

    pub(super) fn record_index_pass(&self, now: Timestamp) {
        self.0.last_index_pass.store(now.as_millisecond(), Ordering::Relaxed);
    }

    pub(super) fn stored(&self, applied: Applied, now: Timestamp) {
        let Applied { added, updated, unchanged, deleted } = applied;
        let cells = &self.0;
        for (cell, count) in [
            (&cells.added, added),
            (&cells.updated, updated),
            (&cells.unchanged, unchanged),
            (&cells.deleted, deleted),
        ] {
            cell.fetch_add(count, Ordering::Relaxed);
        }
        cells.last_event_stored.store(now.as_millisecond(), Ordering::Relaxed);
    }

    /// A status with everything that is counted here.
    fn status(&self, now: Timestamp) -> DaemonStatus {
        let cells = &self.0;
        let count = |cell: &AtomicU64| cell.load(Ordering::Relaxed);
        let time = |cell: &AtomicI64| {
            let at = time::at_millisecond(cell.load(Ordering::Relaxed));
            (at != Timestamp::UNIX_EPOCH).then_some(at)
        };
        DaemonStatus {
            at: now,
            leader: cells.leader.load(Ordering::Relaxed),
            judged_partitions: count(&cells.partitions),
            follows_index: cells.follows_index.load(Ordering::Relaxed),
            messages_added_total: count(&cells.added),
            messages_updated_total: count(&cells.updated),
            messages_unchanged_total: count(&cells.unchanged),
            messages_deleted_total: count(&cells.deleted),
            last_event_stored: time(&cells.last_event_stored),
            last_index_pass: time(&cells.last_index_pass),
            ..DaemonStatus::default()
        }
    }
}

/// Writes the status every two seconds.
pub(super) struct StatusWriter {
    pub(super) store: Store,
    pub(super) owner: String,
    pub(super) roles: Vec<String>,
    pub(super) counters: DaemonCounters,
    /// `None` where this process does not connect to Discord.
    pub(super) gateway: Option<GatewayGauges>,
    pub(super) proposals: ProposalMetrics,
    pub(super) stopping: watch::Receiver<bool>,
}

/// What the connection to Discord tells of itself.
pub(super) struct GatewayGauges {
    pub(super) queue: QueueDepth,
    pub(super) connection: Box<dyn Fn() -> DiscordStatus + Send + Sync>,
}

impl StatusWriter {
    /// Writes until the stop, and then removes the status.
    pub(super) async fn write(mut self) -> Result<(), StoreError> {
        let mut outage = StoreOutage::of("status");
        while !*self.stopping.borrow() {
            match self.write_once().await {
                Ok(()) => outage.over(),
                Err(error) => outage.wait(error).await?,
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = self.stopping.changed() => {}
            }
        }
        self.store.delete_daemon_status(&self.owner).await
    }

    async fn write_once(&self) -> Result<(), StoreError> {
        let gateway = self.gateway.as_ref();
        let status = DaemonStatus {
            shared_at: Some(self.store.lease_time().await?),
            roles: self.roles.clone(),
            ingest_queue_length: gateway.map_or(0, |one| one.queue.waiting() as u64),
            discord: gateway.map(|one| (one.connection)()).unwrap_or_default(),
            proposals: self.proposals.status(),
            ..self.counters.status(clock::now())
        };
        self.store.save_daemon_status(&self.owner, &status).await
    }
}
