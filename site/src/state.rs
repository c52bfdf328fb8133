//! The state that all handlers share.

mod background_writes;
pub(crate) mod cached_reports;
pub(crate) mod catalogue;
pub(crate) mod demand_recorder;
pub(crate) mod feed_watch;
pub(crate) mod open_channels;
pub(crate) mod searcher_refresh;
pub(crate) mod site_workspaces;
pub(crate) mod store_counts;
pub(crate) mod workspace_store;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use indexer::search::Searcher;
use indexer::store::{Store, StoreCounts};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::cluster::Cluster;
use rules::model::workspace::WorkspaceId;
use rules::publish::presentation::presentable;
use rules::publish::pseudonym::AuthorNaming;
use tokio::sync::{MutexGuard, Semaphore};

use self::cached_reports::CachedReports;
use self::catalogue::{AnswerCatalogue, CatalogueContent};
use self::demand_recorder::DemandRecorder;
use self::open_channels::CachedChannels;
use self::searcher_refresh::SeenCommit;
use self::store_counts::CachedCounts;
use self::workspace_store::{OpenChannels, WorkspaceStore};
use crate::access::feedback_limits::FeedbackLimiter;
use crate::http::error::HttpError;
use crate::reports::ReportSource;

/// What one workspace shows. Nothing of another workspace is in it: it has an index of its own, and its store
/// leaves out what others have.
pub(crate) struct SiteState {
    pub(crate) store: Arc<WorkspaceStore>,
    pub(crate) searcher: Searcher,
    pub(crate) naming: AuthorNaming,
    pub(crate) rules: Arc<Ruleset>,
    clock: fn() -> Timestamp,
    /// Makes tags that tell nothing: of this process with its rules and branding, which stay the same.
    tags: RandomState,
    catalogue: AnswerCatalogue,
    pub(crate) reports: CachedReports,
    counts: CachedCounts<Option<StoreCounts>>,
    channels: CachedChannels,
    pub(crate) demand: DemandRecorder,
    pub(crate) feedback_limits: Arc<FeedbackLimiter>,
    pub(crate) seen_commit: SeenCommit,
    pub(crate) search_permits: Arc<Semaphore>,
}

/// What the workspaces of a site share.
#[derive(Clone)]
pub(crate) struct SharedState {
    naming: AuthorNaming,
    rules: Arc<Ruleset>,
    counts_searches: bool,
    feedback_limits: Arc<FeedbackLimiter>,
    search_permits: Arc<Semaphore>,
    clock: fn() -> Timestamp,
}

impl SiteState {
    fn new(
        store: Store,
        searcher: Searcher,
        workspace: (WorkspaceId, &str),
        shared: SharedState,
    ) -> Self {
        let SharedState { naming, rules, counts_searches, feedback_limits, search_permits, clock } =
            shared;
        let store = Arc::new(WorkspaceStore::new(store, Arc::clone(&rules), workspace));
        Self {
            demand: DemandRecorder::new(&store, &rules, counts_searches, clock),
            store,
            searcher,
            naming,
            rules,
            clock,
            tags: RandomState::new(),
            catalogue: AnswerCatalogue::default(),
            counts: CachedCounts::default(),
            channels: CachedChannels::default(),
            reports: CachedReports::default(),
            feedback_limits,
            seen_commit: SeenCommit::default(),
            search_permits,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Names what the API gives at this moment: the newest change of this workspace, whether the index that is
    /// searched has it, and this process. Changes of other workspaces do not show. Loads a newer commit first.
    pub(crate) async fn generation(self: &Arc<Self>) -> Result<String, HttpError> {
        let newest = self.store.newest_change().await;
        let newest =
            newest.map_err(|cause| HttpError::internal("read the newest change", &cause))?;
        if self.seen_commit.is_behind(newest) {
            let site = Arc::clone(self);
            let refreshed =
                tokio::task::spawn_blocking(move || site.seen_commit.refresh(&site.searcher));
            refreshed.await.map_err(|cause| HttpError::internal("reload the index", &cause))?;
        }
        let (changed, complete) = {
            let catalogue = self.catalogue().await?;
            (catalogue.newest_change(), catalogue.is_complete())
        };
        let indexed = self.seen_commit.cursor().min(changed);
        Ok(format!("{:016x}", self.tags.hash_one((changed, indexed, complete))))
    }

    /// Counts of everything that is stored, a minute old at most; `None` where this workspace is only a part.
    pub(crate) async fn whole_counts(&self) -> Result<Option<StoreCounts>, HttpError> {
        self.counts.counts(async || self.store.counts().await).await
    }

    /// The channels that everybody who sees this workspace may know of; a minute old at most.
    pub(crate) async fn open_channels(&self) -> Result<OpenChannels, HttpError> {
        self.channels.open(&self.store, &self.rules.scope).await
    }

    /// The catalogue of answers, up to date with the store.
    pub(crate) async fn catalogue(&self) -> Result<MutexGuard<'_, CatalogueContent>, HttpError> {
        let present = |cluster: &Cluster| self.presentable(cluster);
        self.catalogue.follow(&self.store, &self.rules.topics, present).await
    }

    /// What reports are made from: they are about everything that is stored, so that there are none where
    /// this workspace is only a part of that.
    pub(crate) fn report_source(&self) -> Result<ReportSource<'_>, HttpError> {
        let store = self.store.whole().ok_or_else(HttpError::no_such_page)?;
        Ok(ReportSource { store, rules: &self.rules, naming: &self.naming })
    }

    /// A cluster as pages and the API show it.
    pub(crate) fn presentable(&self, cluster: &Cluster) -> Cluster {
        presentable(cluster, &self.rules.safety, &self.rules.facts)
    }
}
