//! Writes the status of this daemon to the store, where `status`, the bot and `/metrics` read it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use indexer::store::{Applied, DaemonStatus, DiscordStatus, Store, StoreError};
use jiff::Timestamp;
use rules::time;
use tokio::sync::watch;

use super::proposal_task::ProposalMetrics;
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
    added: AtomicU64,
    updated: AtomicU64,
    unchanged: AtomicU64,
    deleted: AtomicU64,
    last_event_stored: AtomicI64,
    last_index_pass: AtomicI64,
}

impl DaemonCounters {
    pub(super) fn leads(&self) {
        self.0.leader.store(true, Ordering::Relaxed);
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
pub(super) struct StatusWriter<C> {
    pub(super) store: Store,
    pub(super) owner: String,
    pub(super) counters: DaemonCounters,
    pub(super) queue: QueueDepth,
    /// Reads the status of the connection to Discord.
    pub(super) connection: C,
    pub(super) proposals: ProposalMetrics,
    pub(super) stopping: watch::Receiver<bool>,
}

impl<C: Fn() -> DiscordStatus + Send> StatusWriter<C> {
    /// Writes until the stop, and then removes the status.
    pub(super) async fn write(mut self) -> Result<(), StoreError> {
        while !*self.stopping.borrow() {
            let status = DaemonStatus {
                ingest_queue_length: self.queue.waiting() as u64,
                discord: (self.connection)(),
                proposals: self.proposals.status(),
                ..self.counters.status(clock::now())
            };
            self.store.save_daemon_status(&self.owner, &status).await?;
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = self.stopping.changed() => {}
            }
        }
        self.store.delete_daemon_status(&self.owner).await
    }
}
