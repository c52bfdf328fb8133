//! HTTP: the search page and its API, a page for each answer, and a receiver for webhooks.
//!
//! Invariant: only reads, and never responds with an internal error text or with text that may not be
//! quoted.

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
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;

use self::http::error::HttpError;
use self::http::guard::RequestPermits;
pub use self::state::SiteState;

/// All routes of the site, with limits, security headers and error responses around them.
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

/// How long running requests may take to finish after the stop.
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
        // The receiver is gone only if the server ended by itself.
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
