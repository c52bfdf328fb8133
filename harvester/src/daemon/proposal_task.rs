//! Proposal rounds on GitHub: at intervals, after webhook deliveries, and after purges of deleted text.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use docgen::pull_request::limits::DeadlineStatus;
use indexer::store::{ProposalRoundCounts, Store};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

use super::process::Daemon;
use super::webhook_deliveries::take_deliveries;
use crate::clock;
use crate::logging::error_chain;
use crate::proposals::{ProposalReconciler, RoundOutcome};

/// Deliveries within this time share one round.
const SETTLING: Duration = Duration::from_secs(2);
/// How often the store is asked for deliveries, and whether deleted text was purged.
const LOOK: Duration = Duration::from_secs(1);
/// How soon a round is retried that failed or that another process was running.
const AGAIN: Duration = Duration::from_secs(60);

/// The part of the status about proposal rounds; `None` before the first round.
#[derive(Clone, Default)]
pub(super) struct ProposalMetrics(Arc<Mutex<Option<ProposalRoundCounts>>>);

impl ProposalMetrics {
    pub(super) fn status(&self) -> Option<ProposalRoundCounts> {
        self.0.lock().expect("nothing panics while it holds the lock").clone()
    }

    /// Counts a round that succeeded, and the deadlines after it.
    fn record_done(&self, deadlines: &BTreeMap<DeadlineStatus, u64>, now: Timestamp) {
        let mut status = self.0.lock().expect("nothing panics while it holds the lock");
        let counts = status.get_or_insert_default();
        counts.rounds_total += 1;
        counts.last_round = Some(now);
        counts.by_clock =
            deadlines.iter().map(|(status, count)| (status.name().to_owned(), *count)).collect();
    }

    fn record_failed(&self) {
        let mut status = self.0.lock().expect("nothing panics while it holds the lock");
        status.get_or_insert_default().failed_rounds_total += 1;
    }
}

/// The task that runs the proposal rounds.
pub(super) struct ProposalTask {
    proposer: ProposalReconciler,
    store: Store,
    every: Duration,
    metrics: ProposalMetrics,
    stopping: watch::Receiver<bool>,
}

impl ProposalTask {
    /// `None` where proposals do not go to GitHub.
    pub(super) async fn open(
        daemon: &Daemon,
        metrics: ProposalMetrics,
        stopping: watch::Receiver<bool>,
    ) -> anyhow::Result<Option<Self>> {
        let Daemon { config, rules, store, naming, .. } = daemon;
        let minutes = config.forge.github.as_ref().map_or(0, |forge| forge.poll_minutes);
        let every = Duration::from_secs(u64::from(minutes) * 60);
        let (rules, naming) = (Arc::clone(rules), naming.clone());
        let (store, owner) = (store.clone(), daemon.owner());
        let proposer =
            ProposalReconciler::open(config, rules, store.clone(), naming, owner).await?;
        Ok(proposer.map(|proposer| Self { proposer, store, every, metrics, stopping }))
    }

    /// Runs rounds until the stop. A failure is logged and the round retried.
    pub(super) async fn run(self) {
        let mut due = Instant::now() + SETTLING;
        let (mut stopping, mut purged) = (self.stopping.clone(), None);
        while !*stopping.borrow() {
            tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                () = purged_again(&self.store, &mut purged) => {}
                () = delivered(&self.store, &self.proposer) => tokio::time::sleep(SETTLING).await,
                _ = stopping.changed() => continue,
            }
            // A round that is interrupted here is continued by the next one.
            tokio::select! {
                wait = self.round() => due = Instant::now() + wait,
                _ = stopping.changed() => {}
            }
        }
        if let Err(error) = self.proposer.release_round().await {
            tracing::warn!(error = %error_chain(&error), "could not release the proposal lease");
        }
    }

    /// One round; returns how long to wait for the next one.
    #[tracing::instrument(name = "round", skip_all)]
    async fn round(&self) -> Duration {
        match self.proposer.round().await {
            Ok(RoundOutcome::Done(report)) => {
                self.metrics.record_done(&report.deadlines, clock::now());
                for line in &report.lines {
                    tracing::info!(cluster = %line.cluster, number = line.number, "{}", line.outcome);
                }
                self.every
            }
            Ok(RoundOutcome::Busy) => AGAIN,
            Ok(RoundOutcome::Deferred(until)) => {
                let wait = until.duration_since(clock::now()).max(SignedDuration::from_secs(1));
                tracing::warn!(
                    "rate-limited by GitHub, or GitHub is unreachable; next attempt in {} s",
                    wait.as_secs()
                );
                wait.unsigned_abs()
            }
            Err(error) => {
                self.metrics.record_failed();
                tracing::warn!(error = %error_chain(&error), "proposal round failed, retrying");
                AGAIN.min(self.every)
            }
        }
    }
}

/// Waits until deleted text leaves the files of the store once more, by whichever process. `before` is how often it
/// had, as far as is known.
async fn purged_again(store: &Store, before: &mut Option<i64>) {
    loop {
        match store.purged().await {
            Ok(purged) => {
                if before.replace(purged).is_some_and(|before| before != purged) {
                    return;
                }
            }
            Err(error) => {
                tracing::debug!(error = %error_chain(&error), "could not read what is purged");
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until somebody did something on GitHub that a webhook told any process of.
async fn delivered(store: &Store, proposer: &ProposalReconciler) {
    loop {
        match take_deliveries(store, || login(proposer)).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(error = %error_chain(&error), "could not read deliveries");
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The account that proposes; empty where it is not known.
async fn login(proposer: &ProposalReconciler) -> String {
    match proposer.forge.github() {
        Some(github) => github.login().await.unwrap_or_default().to_owned(),
        None => String::new(),
    }
}
