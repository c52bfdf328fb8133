//! Receives webhook deliveries; a [`WebhookReceiver`] checks and parses them.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tower_http::limit::RequestBodyLimitLayer;

/// The largest delivery that GitHub sends.
const LARGEST: usize = 25 * 1024 * 1024;

/// The result of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookReply {
    /// Accepted, now or before.
    Accepted,
    /// The signature is missing or wrong.
    Unsigned,
    /// Signed, but it cannot be parsed.
    Malformed,
}

/// Checks and parses a delivery from its headers, read by name, and its raw body.
pub trait WebhookReceiver: Send + Sync {
    fn receive<'h>(&self, header: &dyn Fn(&str) -> Option<&'h str>, raw: &[u8]) -> WebhookReply;
}

/// Adds the route for deliveries to the site. It responds before a delivery is processed.
pub fn with_webhooks(site: Router, receiver: Arc<dyn WebhookReceiver>) -> Router {
    let receive = async move |headers: HeaderMap, raw: Bytes| {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        match receiver.receive(&header, &raw) {
            WebhookReply::Accepted => StatusCode::NO_CONTENT,
            WebhookReply::Unsigned => StatusCode::UNAUTHORIZED,
            WebhookReply::Malformed => StatusCode::BAD_REQUEST,
        }
    };
    let deliveries = Router::new()
        .route("/webhooks/github", post(receive))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LARGEST));
    site.merge(deliveries)
}
