//! The state that all handlers share.

pub(crate) mod searcher_refresh;
pub(crate) mod store_counts;

use std::sync::Arc;

use indexer::search::Searcher;
use indexer::store::Store;
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
    pub(crate) counts: CachedCounts,
    pub(crate) seen_commit: SeenCommit,
    pub(crate) search_permits: Arc<Semaphore>,
}

impl SiteState {
    /// Authors are shown under the names that `naming` gives them.
    pub fn new(store: Store, searcher: Searcher, naming: AuthorNaming) -> Self {
        Self {
            store,
            searcher,
            naming,
            counts: CachedCounts::default(),
            seen_commit: SeenCommit::default(),
            search_permits: Arc::new(Semaphore::new(SEARCHES)),
        }
    }
}
