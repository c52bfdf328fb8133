//! HTTP: the search page and its API, a page for each answer, links for errors, what helps programs to
//! find answers, and a receiver for webhooks.
//!
//! Invariant: only reads, and never responds with an internal error text or with text that may not be
//! quoted.

mod api;
pub mod http;
pub mod mcp;
mod pages;
pub mod presentation;
pub mod reports;
mod state;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;

use self::http::client;
use self::http::error::HttpError;
use self::http::guard::{self, RequestLimits};
use self::http::rate_limit::{AddressLimiter, rate_limited};
pub use self::http::server::serve;
use self::http::settings::HttpSettings;
use self::http::webhooks::{self, WebhookReceiver};
use self::presentation::page_meta::SiteIdentity;
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
    let site = Arc::new(site);
    let identity = Arc::clone(&site.identity);
    let pages = Router::new()
        .route("/", get(pages::search::page))
        .route("/results", get(pages::search::results))
        .route("/answers/{slug}", get(pages::answer::page))
        .route("/browse", get(pages::browse::index))
        .route("/browse/{kind}/{name}", get(pages::browse::group))
        .route("/reports/briefing", get(pages::reports::briefing))
        .route("/reports/questions", get(pages::reports::questions))
        .route("/e/{fingerprint}", get(pages::error_link::page))
        .route("/sitemap.xml", get(pages::discovery::sitemap))
        .route("/feed.atom", get(pages::discovery::feed))
        .route("/opensearch.xml", get(pages::discovery::opensearch))
        .route("/llms.txt", get(pages::discovery::llms))
        .route("/mcp", post(mcp::endpoint))
        .route("/favicon.ico", get(http::assets::favicon))
        .merge(api::routes(&site, &settings.allowed_origins))
        .route("/assets/{name}", get(http::assets::serve))
        .route("/robots.txt", get(http::robots::robots))
        .route("/healthz", get(http::health::healthz))
        .route("/readyz", get(http::health::readyz))
        .route("/metrics", metrics)
        .fallback(async || HttpError::no_such_page())
        .with_state(site)
        .layer(CompressionLayer::new())
        .layer(RequestBodyLimitLayer::new(guard::MAX_BODY_BYTES));
    let routes = match receiver {
        Some(receiver) => pages.merge(webhooks::routes(receiver, settings.timeouts.body)),
        None => pages,
    };
    guarded(routes, settings, identity)
}

/// The outermost layer is the last one added.
fn guarded(routes: Router, settings: &HttpSettings, identity: Arc<SiteIdentity>) -> Router {
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
    guarded
        .layer(from_fn_with_state(proxies, client::identified))
        .layer(from_fn_with_state(identity, guard::dressed))
}
