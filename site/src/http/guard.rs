//! Middleware of every request: limits before it, error responses and headers after it.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use indexer::search::MAX_QUERY;
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::http::error::{HttpError, error_of};
use crate::http::templates;
use crate::presentation::page_meta::{PageFrame, SiteIdentity};

/// How many requests run at once; others wait, and may time out waiting.
const CONCURRENT: usize = 128;
/// The longest query fits, with each of its bytes percent-encoded.
const MAX_URI_BYTES: usize = 3 * MAX_QUERY + 1024;
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024;

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// What running requests share.
#[derive(Clone)]
pub(crate) struct RequestLimits {
    permits: Arc<Semaphore>,
    timeout: Duration,
}

impl RequestLimits {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(CONCURRENT)), timeout }
    }
}

/// Rejects URLs that are too long, and cancels requests that take too long.
pub(crate) async fn limited(
    State(limits): State<RequestLimits>,
    request: Request,
    next: Next,
) -> Response {
    let length = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if length > MAX_URI_BYTES {
        return HttpError::uri_too_long().into_response();
    }
    let answered = async {
        let _permit = limits.permits.acquire().await.expect("the semaphore is never closed");
        next.run(request).await
    };
    match tokio::time::timeout(limits.timeout, answered).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("request timed out");
            HttpError::timeout().into_response()
        }
    }
}

/// The response for a handler that panicked. The panic message may contain anything, so it is dropped.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("request panicked");
    HttpError::of_status(axum::http::StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

/// Marks a response that failed and whose body is complete already.
#[derive(Clone, Copy)]
pub(crate) struct CompleteBody;

/// Gives errors a body, and every response the security headers.
pub(crate) async fn add_error_body_and_headers(
    State(identity): State<Arc<SiteIdentity>>,
    request: Request,
    next: Next,
) -> Response {
    let for_machines = is_for_machines(request.uri().path());
    let frame = PageFrame::of(&identity, request.uri(), request.headers());
    let mut response = next.run(request).await;
    let is_complete = response.extensions().get::<CompleteBody>().is_some();
    if let Some(failure) = error_of(&response).filter(|_| !is_complete) {
        let headers = std::mem::take(response.headers_mut());
        response = if for_machines {
            failure.envelope(headers)
        } else {
            failure.with_body(error_page(&failure, &frame), headers)
        };
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    let is_page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    }
    response
}

fn is_for_machines(path: &str) -> bool {
    path == "/api"
        || path.starts_with("/api/")
        || path.starts_with("/webhooks/")
        || path == "/mcp"
        || path.ends_with(".json")
        || matches!(path, "/healthz" | "/readyz")
}

#[derive(Serialize)]
struct ErrorPage<'a> {
    status: u16,
    heading: &'a str,
    message: &'a str,
}

fn error_page(failure: &HttpError, frame: &PageFrame) -> Response {
    let text = frame.text;
    let own = sentence(&failure.message);
    let (heading, message): (&str, &str) = match failure.status.as_u16() {
        404 => (&text.failed_not_found, &text.failed_not_found_note),
        429 => (&text.failed_too_many, &text.failed_too_many_note),
        400..=499 => (&text.failed_request, &own),
        500 => (&text.failed_internal, &text.failed_internal_note),
        _ => (&text.failed_internal, &own),
    };
    let page = ErrorPage { status: failure.status.as_u16(), heading, message };
    match templates::page("error.html", frame, &frame.meta(heading, None), &page) {
        Ok(html) => html.into_response(),
        Err(_) => own.into_response(),
    }
}

/// A message as a sentence: capital first, full stop last.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_get_envelopes_and_people_pages() {
        for path in ["/api", "/api/v2/x", "/answers/q1.json", "/readyz"] {
            assert!(is_for_machines(path), "{path}");
        }
        for path in ["/", "/apiary", "/answers/q1", "/answers/q1.md"] {
            assert!(!is_for_machines(path), "{path}");
        }
    }

    #[test]
    fn messages_read_as_sentences() {
        assert_eq!(sentence("there is nothing here"), "There is nothing here.");
    }
}
