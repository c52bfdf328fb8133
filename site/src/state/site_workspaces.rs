//! The workspaces of a site, and what they share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use indexer::search::Searcher;
use indexer::store::{ApiTokenRow, DaemonStatus, LiveCounts, Store, StoreCounts, TokenDigest};
use jiff::{SignedDuration, Timestamp};
use rules::config::ruleset::Ruleset;
use rules::publish::pseudonym::AuthorNaming;
use tokio::sync::Semaphore;

use super::background_writes::BackgroundWrites;
use super::cached_reports::CachedReports;
use super::feed_watch::FeedWatch;
use super::store_counts::CachedCounts;
use super::{SharedState, SiteState};
use crate::access::feedback_limits::FeedbackLimiter;
use crate::access::settings::VisitorSettings;
use crate::access::token_limits::TokenLimits;
use crate::http::error::{HttpError, error_chain};
use crate::presentation::branding::SiteBranding;
use crate::presentation::page_meta::{PageFrame, SiteIdentity};
use crate::reports::ReportSource;
use crate::reports::health::OperationHealth;

/// How many searches run at once. More than there are processors would only slow each other down.
const SEARCHES: usize = 8;
/// How often the use of a token is written.
const USE_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// A site with a part for each workspace. Which part a visitor sees, their token says.
pub struct SiteWorkspaces {
    store: Store,
    sites: Vec<(String, Arc<SiteState>)>,
    anonymous: Option<String>,
    pub(crate) identity: Arc<SiteIdentity>,
    pub(crate) token_limits: TokenLimits,
    counts: CachedCounts<StoreCounts>,
    reports: CachedReports,
    rules: Arc<Ruleset>,
    naming: AuthorNaming,
    writes: BackgroundWrites,
    /// `None` where nothing follows the store for this site.
    pub(crate) feed_watch: Option<Arc<FeedWatch>>,
    /// When the use of each token was last written.
    recorded: Mutex<HashMap<String, Timestamp>>,
    clock: fn() -> Timestamp,
}

/// What the operator's monitoring reads, of all workspaces together.
pub(crate) struct OperatorStatus {
    pub(crate) counts: StoreCounts,
    pub(crate) live: LiveCounts,
    pub(crate) health: OperationHealth,
    pub(crate) daemons: Vec<(String, DaemonStatus)>,
}

impl SiteWorkspaces {
    /// `searchers` has one for each of the workspaces of `rules`, in their order. Authors are shown under the
    /// names that `naming` gives them, texts as the verdict of `rules` allows; `clock` gives the time by which
    /// answers are old.
    pub fn new(
        store: Store,
        searchers: Vec<Searcher>,
        naming: AuthorNaming,
        rules: Arc<Ruleset>,
        branding: SiteBranding,
        visitors: VisitorSettings,
        clock: fn() -> Timestamp,
    ) -> Self {
        let shared = SharedState {
            naming: naming.clone(),
            rules: Arc::clone(&rules),
            counts_searches: visitors.counts_searches && store.is_writable(),
            feedback_limits: Arc::new(FeedbackLimiter::default()),
            search_permits: Arc::new(Semaphore::new(SEARCHES)),
            clock,
        };
        let named = rules.workspaces.all().into_iter().zip(searchers);
        let site = |(workspace, searcher): ((_, &str), _)| {
            let state = SiteState::new(store.clone(), searcher, workspace, shared.clone());
            (workspace.1.to_owned(), Arc::new(state))
        };
        Self {
            sites: named.map(site).collect(),
            anonymous: visitors.anonymous,
            identity: Arc::new(SiteIdentity::new(branding)),
            token_limits: TokenLimits::default(),
            counts: CachedCounts::default(),
            reports: CachedReports::default(),
            rules: Arc::clone(&rules),
            naming,
            writes: BackgroundWrites::default(),
            feed_watch: None,
            recorded: Mutex::default(),
            clock,
            store,
        }
    }

    /// The same site, which shows nothing while its indexes are further behind than they may be.
    pub fn watched_by(self, feed_watch: Arc<FeedWatch>) -> Self {
        Self { feed_watch: Some(feed_watch), ..self }
    }

    /// Reads what the lists of answers are made of, which requests otherwise do bit by bit: until then lists are
    /// incomplete. To be run beside the site.
    pub fn read_lists(&self) -> impl Future<Output = ()> + Send + use<> {
        let sites = self.sites.iter().map(|(_, site)| Arc::clone(site)).collect::<Vec<_>>();
        async move {
            for site in sites {
                loop {
                    match site.catalogue().await {
                        Ok(catalogue) if catalogue.is_complete() => break,
                        Ok(_) => tokio::task::yield_now().await,
                        // It is logged, and told to whoever asks for a list.
                        Err(_) => break,
                    }
                }
            }
        }
    }

    /// Fails while the indexes are too far behind to be shown.
    pub(crate) async fn check_current(&self) -> Result<(), HttpError> {
        match &self.feed_watch {
            Some(watch) => watch.check().await,
            None => Ok(()),
        }
    }

    /// The part of visitors without a token, if they may read.
    pub(crate) fn anonymous(&self) -> Option<Arc<SiteState>> {
        self.named(self.anonymous.as_deref()?)
    }

    pub(crate) fn named(&self, workspace: &str) -> Option<Arc<SiteState>> {
        let found = self.sites.iter().find(|(name, _)| name == workspace);
        found.map(|(_, site)| Arc::clone(site))
    }

    /// The row of a token that is neither expired nor revoked.
    pub(crate) async fn valid_token(&self, token: &str) -> Result<Option<ApiTokenRow>, HttpError> {
        let found = self.store.api_token(&TokenDigest::of(token)).await;
        let found = found.map_err(|cause| HttpError::internal("look a token up", &cause))?;
        let now = (self.clock)();
        Ok(found.filter(|row| row.is_valid(now)))
    }

    /// Writes the use of a token beside the request, at most once a minute.
    pub(crate) fn record_token_use(&self, token: &ApiTokenRow) {
        let now = (self.clock)();
        let is_fresh = |at: Timestamp| now.duration_since(at) < USE_INTERVAL;
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        if recorded.get(&token.id).copied().or(token.last_used).is_some_and(is_fresh)
            || !self.store.is_writable()
        {
            return;
        }
        recorded.insert(token.id.clone(), now);
        let (store, id) = (self.store.clone(), token.id.clone());
        self.writes.start("cannot record the use of a token", async move {
            store.record_token_use(&id, now).await
        });
    }

    /// What `/metrics` says. Its counts may be a minute old.
    pub(crate) async fn operator_status(&self) -> Result<OperatorStatus, HttpError> {
        let failed = |cause| HttpError::internal("read the metrics", &cause);
        let counts = self.counts.counts(async || self.store.counts().await).await?;
        let live = self.store.live_counts().await.map_err(failed)?;
        let source = ReportSource { store: &self.store, rules: &self.rules, naming: &self.naming };
        let health = self.reports.health(source, (self.clock)()).await?;
        let daemons = self.store.daemon_statuses().await.map_err(failed)?;
        Ok(OperatorStatus { counts, live, health, daemons })
    }

    /// Whether the store can be read and every index is up to date with it; where the site watches the feed, as
    /// far as it has to be.
    pub(crate) async fn is_ready(&self) -> Result<bool, HttpError> {
        if self.feed_watch.is_some() {
            return self.check_current().await.map(|()| true);
        }
        let newest = self.store.newest_change().await.map_err(|cause| {
            tracing::error!(error = error_chain(&cause), "cannot read the store");
            HttpError::not_ready("the store cannot be read")
        })?;
        let searchers = self.sites.iter().map(|(_, site)| site.searcher.clone());
        let searchers = searchers.collect::<Vec<_>>();
        let is_current =
            move || searchers.iter().all(|one| one.cursor().is_some_and(|seen| seen >= newest));
        let current = tokio::task::spawn_blocking(is_current).await;
        current.map_err(|cause| HttpError::internal("read the index", &cause))
    }
}

impl FromRequestParts<Arc<SiteWorkspaces>> for PageFrame {
    type Rejection = HttpError;

    async fn from_request_parts(
        parts: &mut Parts,
        site: &Arc<SiteWorkspaces>,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&site.identity, &parts.uri, &parts.headers))
    }
}
