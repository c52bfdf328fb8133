//! HTTP: the search page and its API, every answer at an address of its own, and an ear for webhooks.
//!
//! Invariant: reads only, never sends an internal message, and never a word that may not be quoted.

mod api;
pub mod http;
mod pages;
mod state;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use indexer::search::Searcher;
use indexer::store::Store;
use rules::publish::pseudonym::AuthorNaming;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;

use self::http::error::HttpError;
use self::http::guard::RequestPermits;
use self::state::searcher_refresh::SeenCommit;
use self::state::store_counts::CachedCounts;

/// How many searches compute at once. More than there are processors would only slow each other.
const SEARCHES: usize = 8;

/// What the site reads from.
pub struct SiteState {
    store: Store,
    searcher: Searcher,
    naming: AuthorNaming,
    figures: CachedCounts,
    fresh: SeenCommit,
    searches: Arc<Semaphore>,
}

impl SiteState {
    /// People are published under the names that `naming` gives them.
    pub fn new(store: Store, searcher: Searcher, naming: AuthorNaming) -> Self {
        Self {
            store,
            searcher,
            naming,
            figures: CachedCounts::default(),
            fresh: SeenCommit::default(),
            searches: Arc::new(Semaphore::new(SEARCHES)),
        }
    }
}

/// Every address of the site, with limits, security headers and words for failures around them.
pub fn router(site: SiteState) -> Router {
    let routes = Router::new()
        .route("/", get(pages::search::page))
        .route("/results", get(pages::search::results))
        .route("/answers/{slug}", get(pages::answer::page))
        .route("/api/v1/search", get(pages::search::api))
        .route("/api/v1/answers/{id}", get(pages::answer::api))
        .route("/assets/{name}", get(http::assets::serve))
        .route("/healthz", get(http::health::healthz))
        .route("/readyz", get(http::health::readyz))
        .route("/metrics", get(http::metrics::metrics))
        .fallback(async || HttpError::no_such_page())
        .with_state(Arc::new(site));
    guarded(routes)
}

/// The outermost layer is the last one added.
fn guarded(routes: Router) -> Router {
    routes
        .layer(RequestBodyLimitLayer::new(http::guard::MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(http::guard::panicked))
        .layer(from_fn_with_state(RequestPermits::new(), http::guard::limited))
        .layer(from_fn(http::guard::dressed))
}

/// How long requests may take to finish once the stop is known.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until `shutdown` completes, then lets running requests finish for at most five seconds.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop, stopping) = oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        // Nobody listens any more only where the server ended by itself.
        let _ = stop.send(());
    });
    let overdue = async {
        if stopping.await.is_ok() {
            tokio::time::sleep(GRACE).await;
        }
    };
    tokio::select! {
        ended = server => ended,
        () = overdue => Ok(()),
    }
}
