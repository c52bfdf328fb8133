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

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;

use self::http::client;
use self::http::error::HttpError;
use self::http::guard::{self, RequestLimits};
use self::http::rate_limit::{AddressLimiter, rate_limited};
pub use self::http::server::serve;
use self::http::settings::HttpSettings;
use self::http::webhooks::{self, WebhookReceiver};
pub use self::state::SiteState;

/// All routes of the site, with limits, security headers and error responses around them. Webhook
/// deliveries are accepted if there is a receiver for them.
pub fn router(
    site: SiteState,
    settings: &HttpSettings,
    receiver: Option<Arc<dyn WebhookReceiver>>,
) -> Router {
    let readable = Arc::new(settings.metrics_token.clone());
    let metrics = get(http::metrics::metrics)
        .route_layer(from_fn_with_state(readable, http::metrics::permitted));
    let pages = Router::new()
        .route("/", get(pages::search::page))
        .route("/results", get(pages::search::results))
        .route("/answers/{slug}", get(pages::answer::page))
        .route("/api/v1/search", get(pages::search::api))
        .route("/api/v1/answers/{id}", get(pages::answer::api))
        .route("/assets/{name}", get(http::assets::serve))
        .route("/robots.txt", get(http::robots::robots))
        .route("/healthz", get(http::health::healthz))
        .route("/readyz", get(http::health::readyz))
        .route("/metrics", metrics)
        .fallback(async || HttpError::no_such_page())
        .with_state(Arc::new(site))
        .layer(RequestBodyLimitLayer::new(guard::MAX_BODY_BYTES));
    let routes = match receiver {
        Some(receiver) => pages.merge(webhooks::routes(receiver, settings.timeouts.body)),
        None => pages,
    };
    guarded(routes, settings)
}

/// The outermost layer is the last one added.
fn guarded(routes: Router, settings: &HttpSettings) -> Router {
    let limits = RequestLimits::new(settings.timeouts.response);
    let hosts = Arc::<[String]>::from(settings.hosts.clone());
    let mut guarded = routes
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(from_fn_with_state(limits, guard::limited))
        .layer(from_fn_with_state(hosts, http::host::named));
    if let Some(rate) = settings.rate {
        let limiter = Arc::new(AddressLimiter::new(rate));
        guarded = guarded.layer(from_fn_with_state(limiter, rate_limited));
    }
    let proxies = settings.trusted_proxies.clone().into();
    guarded.layer(from_fn_with_state(proxies, client::identified)).layer(from_fn(guard::dressed))
}
