//! Judging and clustering what the store holds, each as far as this process has the leases for it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use indexer::cluster::recluster::{ReclusterSummary, recluster_some};
use indexer::store::{PendingChannel, Store, StoreError};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::ids::UserId;
use tokio::runtime::Handle;

use super::consents;
use super::conversations::{ChannelJudge, JudgingReport};
use super::judge_leases::JudgeLeases;
use crate::clock;
use crate::progress::{ProgressReporter, Unit};

/// Digests of what the stored verdicts, and the stored clusters, were made with.
pub(super) const JUDGED_WITH: &str = "judged-with";
pub(super) const SETTLED_WITH: &str = "settled-with";

/// Judges channels and clusters what comes of it. Clones share the leases.
#[derive(Clone)]
pub struct StoreAnalysis {
    pub(super) store: Store,
    pub(super) rules: Arc<Ruleset>,
    pub(super) leases: Arc<JudgeLeases>,
}

impl StoreAnalysis {
    pub fn new(store: Store, rules: Arc<Ruleset>, leases: Arc<JudgeLeases>) -> Self {
        Self { store, rules, leases }
    }

    /// Judges once what is pending in the partitions of this process: what that makes pending, or what comes
    /// meanwhile, waits for the next time. Returns how many channels that were. A channel whose lease is lost on
    /// the way is left to the process that has it; the others are judged before that is an error.
    pub async fn judge(&self) -> Result<usize, StoreError> {
        Ok(self.judge_and_report().await?.0)
    }

    pub(super) async fn judge_and_report(&self) -> Result<(usize, JudgingReport), StoreError> {
        let Some(trusted) = self.trusted_if_rules_are_current().await? else {
            return Ok(Default::default());
        };
        self.judge_pending(&Arc::new(trusted)).await
    }

    /// Groups anew what was judged since the last time, in at most so many batches, if this process clusters.
    /// Returns also whether all is done. `now` starts the clock of clusters that become due.
    pub async fn recluster_some(
        &self,
        now: Timestamp,
        batches: usize,
    ) -> Result<(ReclusterSummary, bool), StoreError> {
        let Some(store) = self.leases.clustering() else {
            return Ok((ReclusterSummary::default(), true));
        };
        let digest = self.rules.grouping_digest();
        let force = store.setting(SETTLED_WITH).await?.as_deref() != Some(digest.as_str());
        let (settled, done) = recluster_some(&store, &self.rules, now, force, batches).await?;
        if force && done {
            store.set(SETTLED_WITH, &digest).await?;
        }
        Ok((settled, done))
    }

    /// The people whose word counts, if the stored verdicts are made with them and with the rules of this process.
    /// The process that clusters has everything judged again if they are not; any other stands by until then.
    async fn trusted_if_rules_are_current(&self) -> Result<Option<BTreeSet<UserId>>, StoreError> {
        let (trusted, judges) = trust_digest(&self.store, &self.rules).await?;
        let before = self.store.setting(JUDGED_WITH).await?;
        if before.as_deref() == Some(judges.as_str()) {
            return Ok(Some(trusted));
        }
        let Some(store) = self.leases.clustering() else { return Ok(None) };
        if before.is_some() {
            store.mark_everything_pending().await?;
        }
        store.set(JUDGED_WITH, &judges).await?;
        Ok(Some(trusted))
    }

    async fn judge_pending(
        &self,
        trusted: &Arc<BTreeSet<UserId>>,
    ) -> Result<(usize, JudgingReport), StoreError> {
        let mut pending = self.store.pending_channels().await?;
        pending.retain(|one| self.leases.covers(one.channel.id));
        let channels = pending.len();
        if channels == 0 {
            return Ok((0, JudgingReport::default()));
        }
        let mut messages = 0;
        for one in &pending {
            messages += self.store.messages_pending(one).await?;
        }
        let progress = ProgressReporter::start("analysing conversations", Unit::Items, messages);
        let queue = Arc::new(Mutex::new(pending));
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(channels);
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..workers {
            let worker = JudgeWorker {
                analysis: self.clone(),
                trusted: Arc::clone(trusted),
                progress: progress.clone(),
                runtime: Handle::current(),
            };
            let queue = Arc::clone(&queue);
            running.spawn_blocking(move || worker.judge_all(&queue));
        }
        // All are waited for, also after a failure: a worker that outlives the runtime would panic.
        let (mut judged, mut failed) = (JudgingReport::default(), None);
        while let Some(worker) = running.join_next().await {
            let (report, ended) = worker.expect("a worker neither panics nor is cancelled");
            judged += report;
            failed = failed.or(ended.err());
        }
        if let Some(error) = failed {
            return Err(error);
        }
        progress.finish();
        Ok((channels, judged))
    }
}

/// Judges one channel after the other. Its calls block.
struct JudgeWorker {
    analysis: StoreAnalysis,
    trusted: Arc<BTreeSet<UserId>>,
    progress: ProgressReporter,
    runtime: Handle,
}

impl JudgeWorker {
    /// Judges the channels of a queue, from its end. After a failure the queue is empty, unless only the lease of
    /// one channel was lost.
    fn judge_all(
        &self,
        queue: &Mutex<Vec<PendingChannel>>,
    ) -> (JudgingReport, Result<(), StoreError>) {
        let (mut judged, mut lost) = (JudgingReport::default(), Ok(()));
        let next = || queue.lock().expect("no worker panics with the queue").pop();
        while let Some(pending) = next() {
            match self.judge(&pending) {
                Ok(report) => judged += report,
                Err(error @ StoreError::LeaseLost(_)) => lost = Err(error),
                Err(error) => {
                    queue.lock().expect("no worker panics with the queue").clear();
                    return (judged, Err(error));
                }
            }
        }
        (judged, lost)
    }

    /// Judges one channel, if it still is this process's.
    fn judge(&self, pending: &PendingChannel) -> Result<JudgingReport, StoreError> {
        let StoreAnalysis { rules, leases, .. } = &self.analysis;
        let Some(partition) = leases.enter(pending.channel.id) else {
            return Ok(JudgingReport::default());
        };
        let store = partition.store.clone();
        self.runtime.block_on(consents::note(&store, &rules.scope, pending, clock::now()))?;
        let judge = ChannelJudge {
            store,
            rules: Arc::clone(rules),
            trusted: Arc::clone(&self.trusted),
            progress: self.progress.clone(),
            runtime: self.runtime.clone(),
        };
        judge.run(pending)
    }
}

/// The people whose word counts, and a text that names them and the rules.
pub(super) async fn trust_digest(
    store: &Store,
    rules: &Ruleset,
) -> Result<(BTreeSet<UserId>, String), StoreError> {
    let mut trusted = store.role_holders(rules.scope.trusted_roles()).await?;
    trusted.extend(rules.scope.trusted_people());
    let ids = trusted.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let judges = format!("{} {ids}", rules.digest());
    Ok((trusted, judges))
}
