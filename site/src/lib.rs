//! HTTP: the search page and its API, a page for each answer, links for errors, what helps programs to
//! find answers, and a receiver for webhooks.
//!
//! Invariant: only reads besides counting and noting what reviewers decide, shows a visitor their own workspace alone, and never responds with
//! an internal error text or with text that may not be quoted.

pub mod access;
mod api;
pub mod http;
pub mod mcp;
mod pages;
pub mod presentation;
pub mod reports;
mod routes;
mod state;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;

use self::http::client;
use self::http::error::HttpError;
use self::http::guard::{self, RequestLimits};
use self::http::rate_limit::{AddressLimiter, rate_limited};
pub use self::http::server::{serve, serve_watched};
use self::http::settings::HttpSettings;
use self::http::webhooks::{self, WebhookReceiver};
use self::presentation::page_meta::SiteIdentity;
pub use self::state::feed_watch::{FeedWatch, MOST_BEHIND};
pub use self::state::site_workspaces::SiteWorkspaces;

/// All routes of the site, with limits, security headers and error responses around them. Webhook
/// deliveries are accepted if there is a receiver for them.
pub fn router(
    workspaces: SiteWorkspaces,
    settings: &HttpSettings,
    receiver: Option<Arc<dyn WebhookReceiver>>,
) -> Router {
    let workspaces = Arc::new(workspaces);
    let identity = Arc::clone(&workspaces.identity);
    let pages = routes::guarded_routes(&workspaces)
        .merge(api::routes(&workspaces, &settings.allowed_origins))
        .merge(routes::open_routes(settings))
        .fallback(async || HttpError::no_such_page())
        .with_state(workspaces)
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
        .layer(from_fn_with_state(identity, guard::add_error_body_and_headers))
}
