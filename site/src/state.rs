//! The state that all handlers share.

pub(crate) mod searcher_refresh;
pub(crate) mod store_counts;

use std::sync::Arc;

use indexer::search::Searcher;
use indexer::store::Store;
use rules::config::ruleset::Ruleset;
use rules::model::cluster::Cluster;
use rules::publish::presentation::presentable;
use rules::publish::pseudonym::AuthorNaming;
use tokio::sync::Semaphore;

use self::searcher_refresh::SeenCommit;
use self::store_counts::CachedCounts;

/// How many searches run at once. More than there are processors would only slow each other down.
const SEARCHES: usize = 8;

/// What the site reads from.
pub struct SiteState {
    pub(crate) store: Store,
    pub(crate) searcher: Searcher,
    pub(crate) naming: AuthorNaming,
    rules: Arc<Ruleset>,
    pub(crate) counts: CachedCounts,
    pub(crate) seen_commit: SeenCommit,
    pub(crate) search_permits: Arc<Semaphore>,
}

impl SiteState {
    /// Authors are shown under the names that `naming` gives them, texts as the verdict of `rules` allows.
    pub fn new(
        store: Store,
        searcher: Searcher,
        naming: AuthorNaming,
        rules: Arc<Ruleset>,
    ) -> Self {
        Self {
            store,
            searcher,
            naming,
            rules,
            counts: CachedCounts::default(),
            seen_commit: SeenCommit::default(),
            search_permits: Arc::new(Semaphore::new(SEARCHES)),
        }
    }

    /// A cluster as pages and the API show it.
    pub(crate) fn presentable(&self, cluster: &Cluster) -> Cluster {
        presentable(cluster, &self.rules.safety, &self.rules.facts)
    }
}
