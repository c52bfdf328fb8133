//! Writes the daemon's status to the store, where `status` and `/metrics` read it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use indexer::store::{Applied, PULSES, Store, StoreError};
use rules::model::ids::Millis;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::proposal_task::ProposalMetrics;
use crate::clock;
use crate::ingest_queue::QueueDepth;

/// How often the status is written.
const EVERY: Duration = Duration::from_secs(2);

/// Counters of this process; clones share them.
#[derive(Clone, Default)]
pub(super) struct DaemonCounters(Arc<CounterCells>);

#[derive(Default)]
struct CounterCells {
    leads: AtomicBool,
    kept_up: AtomicI64,
    added: AtomicU64,
    updated: AtomicU64,
    unchanged: AtomicU64,
    deleted: AtomicU64,
    /// When the last event was stored.
    stored: AtomicI64,
}

impl DaemonCounters {
    pub(super) fn leads(&self) {
        self.0.leads.store(true, Ordering::Relaxed);
    }

    pub(super) fn record_index_pass(&self, now: Millis) {
        self.0.kept_up.store(now.0, Ordering::Relaxed);
    }

    pub(super) fn stored(&self, applied: Applied, now: Millis) {
        let Applied { added, updated, unchanged, deleted } = applied;
        let counts = &self.0;
        for (count, more) in [
            (&counts.added, added),
            (&counts.updated, updated),
            (&counts.unchanged, unchanged),
            (&counts.deleted, deleted),
        ] {
            count.fetch_add(more, Ordering::Relaxed);
        }
        counts.stored.store(now.0, Ordering::Relaxed);
    }

    /// All counters as JSON numbers and booleans.
    fn counters_json(&self, queue: &QueueDepth, now: Millis) -> Value {
        let counts = &self.0;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let age = |at: &AtomicI64| match at.load(Ordering::Relaxed) {
            0 => Value::Null,
            at => (now.0 - at).into(),
        };
        json!({
            "at": now.0,
            "leads": counts.leads.load(Ordering::Relaxed),
            "messages_added_total": read(&counts.added),
            "messages_updated_total": read(&counts.updated),
            "messages_unchanged_total": read(&counts.unchanged),
            "messages_deleted_total": read(&counts.deleted),
            "last_stored_age_ms": age(&counts.stored),
            "last_kept_up_age_ms": age(&counts.kept_up),
            "deliveries_waiting": queue.waiting(),
        })
    }
}

/// Writes the status at intervals.
pub(super) struct StatusWriter<C> {
    pub(super) store: Store,
    pub(super) owner: String,
    pub(super) beat: DaemonCounters,
    pub(super) queue: QueueDepth,
    /// Returns the status of the Discord connection.
    pub(super) connection: C,
    pub(super) proposals: ProposalMetrics,
    pub(super) stopping: watch::Receiver<bool>,
}

impl<C: Fn() -> Value + Send> StatusWriter<C> {
    /// Writes until the stop, and then removes the status.
    pub(super) async fn write(mut self) -> Result<(), StoreError> {
        let name = format!("{PULSES}{}", self.owner);
        while !*self.stopping.borrow() {
            let mut pulse = self.beat.counters_json(&self.queue, clock::now());
            pulse["discord"] = (self.connection)();
            pulse["proposals"] = self.proposals.told();
            self.store.set(&name, &pulse.to_string()).await?;
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = self.stopping.changed() => {}
            }
        }
        self.store.unset(&name).await
    }
}
