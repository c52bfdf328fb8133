//! What a code host tells us by itself: taken in here, understood elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tower_http::limit::RequestBodyLimitLayer;

/// The largest delivery of GitHub's.
const LARGEST: usize = 25 * 1024 * 1024;

/// How a delivery was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookReply {
    /// Understood now or before.
    Well,
    /// Not signed as it should be.
    Unsigned,
    /// Signed, and not to be understood.
    Unclear,
}

/// Who understands deliveries: gets a header by its name, and the raw body.
pub trait WebhookReceiver: Send + Sync {
    fn receive<'h>(&self, header: &dyn Fn(&str) -> Option<&'h str>, raw: &[u8]) -> WebhookReply;
}

/// The site with an address for deliveries beside it, which answers before anything is done.
pub fn with_webhooks(site: Router, ear: Arc<dyn WebhookReceiver>) -> Router {
    let hear = async move |headers: HeaderMap, raw: Bytes| {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        match ear.receive(&header, &raw) {
            WebhookReply::Well => StatusCode::NO_CONTENT,
            WebhookReply::Unsigned => StatusCode::UNAUTHORIZED,
            WebhookReply::Unclear => StatusCode::BAD_REQUEST,
        }
    };
    let deliveries = Router::new()
        .route("/webhooks/github", post(hear))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LARGEST));
    site.merge(deliveries)
}
