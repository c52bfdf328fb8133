//! The state that all handlers share.

pub(crate) mod cached_reports;
pub(crate) mod catalogue;
pub(crate) mod open_channels;
pub(crate) mod searcher_refresh;
pub(crate) mod store_counts;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use indexer::search::Searcher;
use indexer::store::Store;
use rules::config::ruleset::Ruleset;
use rules::model::cluster::Cluster;
use rules::model::ids::Millis;
use rules::publish::presentation::presentable;
use rules::publish::pseudonym::AuthorNaming;
use tokio::sync::{MutexGuard, Semaphore};

use self::cached_reports::CachedReports;
use self::catalogue::{AnswerCatalogue, CatalogueContent};
use self::open_channels::CachedChannels;
use self::searcher_refresh::SeenCommit;
use self::store_counts::CachedCounts;
use crate::http::error::HttpError;
use crate::presentation::branding::SiteBranding;
use crate::presentation::page_meta::{PageFrame, SiteIdentity};
use crate::reports::ReportSource;

/// How many searches run at once. More than there are processors would only slow each other down.
const SEARCHES: usize = 8;

/// What the site reads from.
pub struct SiteState {
    pub(crate) store: Store,
    pub(crate) searcher: Searcher,
    pub(crate) naming: AuthorNaming,
    pub(crate) rules: Arc<Ruleset>,
    pub(crate) identity: Arc<SiteIdentity>,
    clock: fn() -> Millis,
    /// When this site was made: rules and branding stay the same from then on.
    started: Millis,
    catalogue: AnswerCatalogue,
    pub(crate) counts: CachedCounts,
    pub(crate) channels: CachedChannels,
    pub(crate) reports: CachedReports,
    pub(crate) seen_commit: SeenCommit,
    pub(crate) search_permits: Arc<Semaphore>,
}

impl SiteState {
    /// Authors are shown under the names that `naming` gives them, texts as the verdict of `rules` allows;
    /// `clock` gives the time by which answers are old.
    pub fn new(
        store: Store,
        searcher: Searcher,
        naming: AuthorNaming,
        rules: Arc<Ruleset>,
        branding: SiteBranding,
        clock: fn() -> Millis,
    ) -> Self {
        Self {
            store,
            searcher,
            naming,
            rules,
            identity: Arc::new(SiteIdentity::new(branding)),
            clock,
            started: clock(),
            catalogue: AnswerCatalogue::default(),
            counts: CachedCounts::default(),
            channels: CachedChannels::default(),
            reports: CachedReports::default(),
            seen_commit: SeenCommit::default(),
            search_permits: Arc::new(Semaphore::new(SEARCHES)),
        }
    }

    pub(crate) fn now(&self) -> Millis {
        (self.clock)()
    }

    /// Names what the API gives at this moment: the newest change of the store, the commit of the index that
    /// is searched, and this process with its rules. Loads a newer commit first.
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
        Ok(format!("{newest}-{}-{}", self.seen_commit.cursor(), self.started.0))
    }

    /// The catalogue of answers, up to date with the store.
    pub(crate) async fn catalogue(&self) -> Result<MutexGuard<'_, CatalogueContent>, HttpError> {
        let present = |cluster: &Cluster| self.presentable(cluster);
        self.catalogue.follow(&self.store, &self.rules.topics, present).await
    }

    /// What reports on this site's data are made from.
    pub(crate) fn report_source(&self) -> ReportSource<'_> {
        ReportSource { store: &self.store, rules: &self.rules, naming: &self.naming }
    }

    /// A cluster as pages and the API show it.
    pub(crate) fn presentable(&self, cluster: &Cluster) -> Cluster {
        presentable(cluster, &self.rules.safety, &self.rules.facts)
    }
}

impl FromRequestParts<Arc<SiteState>> for PageFrame {
    type Rejection = HttpError;

    async fn from_request_parts(
        parts: &mut Parts,
        site: &Arc<SiteState>,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&site.identity, &parts.uri, &parts.headers))
    }
}
