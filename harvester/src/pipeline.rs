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
mod intake;
mod retry;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use indexer::cluster::recluster::{ReclusterSummary, recluster_some};
use indexer::encoder::SentenceEncoder;
use indexer::search::writer::{IndexWriter, WriteError};
use indexer::store::{PendingChannel, Store, StoreError, StoreLocation, WriteLock};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::ids::UserId;
use rules::publish::pseudonym::Salt;
use tokio::runtime::Handle;

use crate::clock;
use crate::progress::{ProgressReporter, Unit};
pub use conversations::read_links;
use conversations::{ChannelJudge, JudgingReport};
pub use error::PipelineError;
use following_index::{FollowingIndex, remove_folder};
pub use following_index::{INDEX, WORKSPACE_INDEXES, workspace_indexes};
pub use intake::{FileOutcome, Intake, IntakeReport};
pub use retry::{Retried, retry};

/// The directories of pages and of proposals that were written for people to read.
pub const DRAFTS: &str = "drafts";
pub const PROPOSALS: &str = "proposals";

/// Everything that changes a data directory. While it exists, no other process can.
pub struct Pipeline {
    pub store: Store,
    pub rules: Arc<Ruleset>,
    /// The index of everything.
    index: FollowingIndex,
    workspace_indexes: Vec<FollowingIndex>,
    encoder: Option<Arc<SentenceEncoder>>,
    data: PathBuf,
    _lock: WriteLock,
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
        Self::lead(store, lock, &location.data, rules)
    }

    /// Takes the lead of a data directory whose store is open already.
    pub fn lead(
        store: Store,
        lock: WriteLock,
        data: &Path,
        rules: Arc<Ruleset>,
    ) -> Result<Self, PipelineError> {
        let index = FollowingIndex::open_whole(data)?;
        let workspace_indexes = FollowingIndex::open_workspaces(data, &rules.workspaces)?;
        let data = data.to_owned();
        Ok(Self { store, rules, index, workspace_indexes, encoder: None, data, _lock: lock })
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
        let (channels, mut judged) = self.judge().await?;
        // A question that is settled lets what it had reopened, which is earlier, be judged again.
        while let (1.., again) = self.judge().await? {
            judged += again;
        }
        let JudgingReport { conversations, messages } = judged;
        let (settled, documents) = self.recluster_and_index(now).await?;
        self.scrub_if_due().await?;
        Ok(CaughtUp { channels, conversations, messages, settled, documents })
    }

    /// Groups anew what was judged since the last time, and has the index follow; returns also how
    /// many documents it wrote.
    pub async fn recluster_and_index(
        &mut self,
        now: Timestamp,
    ) -> Result<(ReclusterSummary, usize), PipelineError> {
        let (settled, documents, _) = self.recluster_some_and_index(now, usize::MAX).await?;
        Ok((settled, documents))
    }

    /// The same in at most so many batches; returns also whether all is done.
    pub async fn recluster_some_and_index(
        &mut self,
        now: Timestamp,
        batches: usize,
    ) -> Result<(ReclusterSummary, usize, bool), PipelineError> {
        let digest = self.rules.grouping_digest();
        let force = self.store.setting(SETTLED_WITH).await?.as_deref() != Some(digest.as_str());
        let (settled, done) = recluster_some(&self.store, &self.rules, now, force, batches).await?;
        if force && done {
            self.store.set(SETTLED_WITH, &digest).await?;
        }
        Ok((settled, self.follow_changes().await?, done))
    }

    /// Judges what is pending and has the index follow, without grouping anew: an edit or a deletion
    /// of what is in a cluster shows at once. Returns how many documents it wrote.
    pub async fn judge_and_index(&mut self) -> Result<usize, PipelineError> {
        self.judge().await?;
        self.follow_changes().await
    }

    /// Removes the text of what was deleted, and judged since, from every file of the data directory,
    /// if there is any; tells whether there was. Drafts and proposals on disk can be written again,
    /// and go as a whole. While another process holds the lock of an index, the purge stays due.
    pub async fn scrub_if_due(&mut self) -> Result<bool, PipelineError> {
        if !self.store.purge_due().await? {
            return Ok(false);
        }
        let purged = tokio::task::block_in_place(|| {
            self.index.purge()?;
            for index in &mut self.workspace_indexes {
                index.purge()?;
            }
            for derived in [DRAFTS, PROPOSALS] {
                remove_folder(&self.data.join(derived))?;
            }
            Ok(())
        });
        match purged {
            // The writer ends for a purge and begins anew: a process that is being started holds its lock on until it
            // runs its own program. The purge stays due.
            Err(PipelineError::Index(WriteError::Locked(directory))) => {
                tracing::warn!(index = %directory.display(), "the index is locked: deleted text is purged at the next pass");
                return Ok(false);
            }
            purged => purged?,
        }
        self.store.purge_deleted_text().await?;
        Ok(true)
    }

    /// Judges once what is pending: what that makes pending, or what comes meanwhile, waits for the next time, so
    /// that the index follows however much comes.
    async fn judge(&mut self) -> Result<(usize, JudgingReport), PipelineError> {
        let trusted = Arc::new(self.invalidate_if_rules_changed().await?);
        self.judge_pending(&trusted).await
    }

    /// Empties the index and builds it from the store.
    pub async fn reindex(&mut self) -> Result<usize, PipelineError> {
        let newest = self.store.newest_change().await?;
        for index in &mut self.workspace_indexes {
            index.build(&self.store, &self.rules, newest).await?;
        }
        self.index.build(&self.store, &self.rules, newest).await
    }

    /// Closes the store so that the next process finds everything in its main file.
    pub async fn close(self) {
        self.store.close().await;
    }

    /// Has everything judged again if the rules, or the people whose word counts, are others than
    /// those that the stored verdicts were made with. Returns these people.
    async fn invalidate_if_rules_changed(&self) -> Result<BTreeSet<UserId>, PipelineError> {
        let (trusted, judges) = trust_digest(&self.store, &self.rules).await?;
        let before = self.store.setting(JUDGED_WITH).await?;
        if before.as_deref() != Some(judges.as_str()) {
            if before.is_some() {
                self.store.mark_everything_pending().await?;
            }
            self.store.set(JUDGED_WITH, &judges).await?;
        }
        Ok(trusted)
    }

    async fn judge_pending(
        &self,
        trusted: &Arc<BTreeSet<UserId>>,
    ) -> Result<(usize, JudgingReport), PipelineError> {
        let pending = self.store.pending_channels().await?;
        let channels = pending.len();
        if channels == 0 {
            return Ok((0, JudgingReport::default()));
        }
        consents::note(&self.store, &self.rules.scope, &pending, clock::now()).await?;
        let mut messages = 0;
        for one in &pending {
            messages += self.store.messages_pending(one).await?;
        }
        let progress = ProgressReporter::start("analysing conversations", Unit::Items, messages);
        let queue = Arc::new(Mutex::new(pending));
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(channels);
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..workers {
            let harvest = ChannelJudge {
                store: self.store.clone(),
                rules: Arc::clone(&self.rules),
                trusted: Arc::clone(trusted),
                progress: progress.clone(),
                runtime: Handle::current(),
            };
            let queue = Arc::clone(&queue);
            running.spawn_blocking(move || harvest_all(&harvest, &queue));
        }
        // All are waited for, also after a failure: a worker that outlives the runtime would panic.
        let (mut harvested, mut failed) = (JudgingReport::default(), None);
        while let Some(worker) = running.join_next().await {
            match worker.expect("a worker neither panics nor is cancelled") {
                Ok(report) => harvested += report,
                Err(error) => {
                    queue.lock().expect("the lock is never poisoned").clear();
                    failed.get_or_insert(error);
                }
            }
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
        progress.finish();
        Ok((channels, harvested))
    }

    /// Has every index follow the store; returns how many documents the one of everything wrote.
    async fn follow_changes(&mut self) -> Result<usize, PipelineError> {
        let newest = self.store.newest_change().await?;
        for index in &mut self.workspace_indexes {
            index.follow(&self.store, &self.rules, newest).await?;
        }
        self.index.follow(&self.store, &self.rules, newest).await
    }
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

/// The people whose word counts, and a text that names them and the rules.
async fn trust_digest(
    store: &Store,
    rules: &Ruleset,
) -> Result<(BTreeSet<UserId>, String), StoreError> {
    let mut trusted = store.role_holders(rules.scope.trusted_roles()).await?;
    trusted.extend(rules.scope.trusted_people());
    let ids = trusted.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let judges = format!("{} {ids}", rules.digest());
    Ok((trusted, judges))
}

/// Digests of what the stored verdicts, and the stored clusters, were made with.
const JUDGED_WITH: &str = "judged-with";
const SETTLED_WITH: &str = "settled-with";

fn harvest_all(
    harvest: &ChannelJudge,
    queue: &Mutex<Vec<PendingChannel>>,
) -> Result<JudgingReport, StoreError> {
    let mut harvested = JudgingReport::default();
    loop {
        let next = queue.lock().expect("no worker panics with the queue").pop();
        let Some(pending) = next else { return Ok(harvested) };
        harvested += harvest.run(&pending)?;
    }
}
