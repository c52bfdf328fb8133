//! The only place where the steps meet: store, untangle, judge, cluster, index.
//!
//! Every step resumes where the last run stopped: a channel stays pending until its conversations
//! are stored, occurrences stay touched until they are clustered, and the index carries its place in
//! the feed of changes.

mod consents;
mod conversations;
mod encoding;
mod error;
mod filter;
mod following_index;
mod index_follower;
mod intake;
mod judge_leases;
mod partitions;
mod retry;
mod store_analysis;

use std::path::Path;
use std::sync::Arc;

use indexer::cluster::recluster::ReclusterSummary;
use indexer::encoder::SentenceEncoder;
use indexer::search::writer::IndexWriter;
use indexer::store::{ProcessLock, Store, StoreError, StoreLocation, WriteLock};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::publish::pseudonym::Salt;
use tokio::task::JoinSet;

use crate::clock;
use crate::logging::error_chain;
use conversations::JudgingReport;
pub use conversations::read_links;
pub use error::PipelineError;
pub use following_index::{INDEX, WORKSPACE_INDEXES, workspace_indexes};
pub use index_follower::{DRAFTS, IndexFollower, PROPOSALS};
pub use intake::{FileOutcome, Intake, IntakeReport};
pub use judge_leases::{JUDGE_LEASE, JudgeLeases};
pub use partitions::PARTITIONS;
pub use retry::{Retried, retry};
pub use store_analysis::StoreAnalysis;
use store_analysis::{JUDGED_WITH, SETTLED_WITH, trust_digest};

/// Everything that changes a data directory. While it exists, no other process writes the index there, and none judges
/// or clusters, unless one on another machine did already: then that is left to it.
pub struct Pipeline {
    pub store: Store,
    pub rules: Arc<Ruleset>,
    analysis: StoreAnalysis,
    index: IndexFollower,
    encoder: Option<Arc<SentenceEncoder>>,
    _renewing: JoinSet<()>,
    process: ProcessLock,
}

/// What catching up did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaughtUp {
    pub channels: usize,
    pub conversations: u64,
    /// Messages read for that.
    pub messages: u64,
    pub settled: ReclusterSummary,
    pub documents: usize,
}

impl Pipeline {
    /// Opens a data directory for writing. `fresh_salt` is kept if the directory has none yet.
    pub async fn open(
        location: impl Into<StoreLocation>,
        rules: Arc<Ruleset>,
        fresh_salt: &Salt,
    ) -> Result<Self, PipelineError> {
        let location = location.into();
        let lock = WriteLock::take(&location.data)?;
        let store = Store::open(location.clone(), &lock).await?;
        store.keep_salt(fresh_salt).await?;
        let data = location.data;
        let process = ProcessLock::take(&data, &clock::fresh_name()?)?;
        release_ended(&store, &data).await?;
        let owner = process.owner().to_owned();
        let leases = JudgeLeases::new(store.clone(), owner, Arc::default());
        let mut renewing = JoinSet::new();
        if leases.take_all(store.lease_time().await?).await? {
            renewing.spawn(Arc::clone(&leases).keep_all());
        } else if store.is_on_server() {
            tracing::info!("another process judges and clusters; what is new is left to it");
        } else {
            return Err(StoreError::InUse(data).into());
        }
        let analysis = StoreAnalysis::new(store.clone(), Arc::clone(&rules), leases);
        let index = IndexFollower::open(store.clone(), lock, &data, Arc::clone(&rules))?;
        let encoder = None;
        Ok(Self { store, rules, analysis, index, encoder, _renewing: renewing, process })
    }

    /// The index of everything.
    pub fn index(&self) -> &IndexWriter {
        self.index.writer()
    }

    /// Takes in events of a source that is read at its own pace.
    pub fn intake(&self) -> Intake {
        Intake::new(self.store.clone(), Arc::clone(&self.rules))
    }

    /// Judges what is pending, settles the clusters, has the index follow, and removes from disk what
    /// was deleted. `now` starts the clock of clusters that become due.
    pub async fn catch_up(&mut self, now: Timestamp) -> Result<CaughtUp, PipelineError> {
        let (channels, mut judged) = self.analysis.judge_and_report().await?;
        // A question that is settled lets what it had reopened, which is earlier, be judged again.
        while let (1.., again) = self.analysis.judge_and_report().await? {
            judged += again;
        }
        let JudgingReport { conversations, messages } = judged;
        tracing::debug!(channels, conversations, messages, "judged what was pending");
        let purge = self.store.purge_state().await?;
        let (settled, documents) = self.recluster_and_index(now).await?;
        tracing::debug!(documents, "the index has followed");
        if self.index.is_purge_due(purge) || self.store.purge_due().await? {
            self.index.purge(purge)?;
            self.store.purge_deleted_text().await?;
        }
        Ok(CaughtUp { channels, conversations, messages, settled, documents })
    }

    /// Groups anew what was judged since the last time, and has the index follow; returns also how
    /// many documents it wrote.
    async fn recluster_and_index(
        &mut self,
        now: Timestamp,
    ) -> Result<(ReclusterSummary, usize), PipelineError> {
        let (settled, _) = self.analysis.recluster_some(now, usize::MAX).await?;
        Ok((settled, self.index.follow().await?))
    }

    /// Empties the index and builds it from the store.
    pub async fn reindex(&mut self) -> Result<usize, PipelineError> {
        self.index.build().await
    }

    /// Closes the store so that the next process finds everything in its main file.
    pub async fn close(self) {
        match self.analysis.leases.release().await {
            Ok(()) => self.process.end(),
            Err(error) => {
                tracing::warn!(error = %error_chain(&error), "could not give the leases back");
            }
        }
        self.store.close().await;
    }
}

/// Gives back the leases of the processes of a data directory that ended without doing so; returns how many.
pub async fn release_ended(store: &Store, data: &Path) -> Result<u64, StoreError> {
    let mut released = 0;
    for process in ProcessLock::ended(data)? {
        released += store.release_leases_of(process.owner()).await?;
        process.end();
    }
    Ok(released)
}

/// Whether a run was cut short, or the rules changed since: then [`Pipeline::catch_up`] has work to
/// do. `place` is where the index is in the feed of changes.
pub async fn is_behind(
    store: &Store,
    rules: &Ruleset,
    place: Option<i64>,
) -> Result<bool, StoreError> {
    let (_, judges) = trust_digest(store, rules).await?;
    // Work goes from what is pending to what is to be grouped and then to the index. Read in this
    // order, none of it slips by between two looks.
    Ok(store.setting(JUDGED_WITH).await?.as_deref() != Some(judges.as_str())
        || !store.pending_channels().await?.is_empty()
        || store.setting(SETTLED_WITH).await?.as_deref() != Some(rules.grouping_digest().as_str())
        || store.needs_recluster().await?
        || place != Some(store.newest_change().await?))
}
