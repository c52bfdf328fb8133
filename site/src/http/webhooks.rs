//! Receives webhook deliveries; a [`WebhookReceiver`] checks and parses them. What a stranger sends costs
//! little: the form of the signature is checked before the body is read, and few bodies are read at once.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, HttpBody as _};
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::sync::Semaphore;

use crate::http::error::HttpError;

/// The events that are used stay far below this, although GitHub sends up to 25 MiB.
const MAX_DELIVERY_BYTES: u64 = 1 << 20;
/// Bodies that are in memory at once.
const BODIES: usize = 4;
/// When to try again if all of these are taken.
const BUSY: Duration = Duration::from_secs(5);

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

/// What the route needs.
struct DeliveryIntake {
    receiver: Arc<dyn WebhookReceiver>,
    bodies: Semaphore,
    body_timeout: Duration,
}

/// The route for deliveries. It responds before a delivery is processed.
pub(crate) fn routes(receiver: Arc<dyn WebhookReceiver>, body_timeout: Duration) -> Router {
    let intake = DeliveryIntake { receiver, bodies: Semaphore::new(BODIES), body_timeout };
    Router::new()
        .route("/webhooks/github", post(receive))
        .layer(DefaultBodyLimit::max(MAX_DELIVERY_BYTES as usize))
        .with_state(Arc::new(intake))
}

async fn receive(
    State(intake): State<Arc<DeliveryIntake>>,
    request: Request,
) -> Result<StatusCode, HttpError> {
    let headers = request.headers().clone();
    if !has_signature(&headers) {
        return Err(HttpError::unsigned());
    }
    if request.body().size_hint().lower() > MAX_DELIVERY_BYTES {
        return Err(HttpError::of_status(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let _permit = intake.bodies.try_acquire().map_err(|_| HttpError::busy(BUSY))?;
    let read = tokio::time::timeout(intake.body_timeout, Bytes::from_request(request, &())).await;
    let raw = read.map_err(|_| HttpError::of_status(StatusCode::REQUEST_TIMEOUT))?;
    let raw = raw.map_err(|rejection| HttpError::of_status(rejection.status()))?;
    let header = |name: &str| headers.get(name)?.to_str().ok();
    match intake.receiver.receive(&header, &raw) {
        WebhookReply::Accepted => Ok(StatusCode::NO_CONTENT),
        WebhookReply::Unsigned => Err(HttpError::unsigned()),
        WebhookReply::Malformed => Err(HttpError::bad_request("the delivery cannot be parsed")),
    }
}

/// Whether there is a signature that can be one: `sha256=` and 64 hexadecimal digits.
fn has_signature(headers: &HeaderMap) -> bool {
    let signature = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    let digits = signature.and_then(|signature| signature.strip_prefix("sha256="));
    digits.is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_a_digest_in_hexadecimal() {
        let signed = |value: &str| {
            has_signature(&HeaderMap::from_iter([(
                "x-hub-signature-256".parse().unwrap(),
                value.parse().unwrap(),
            )]))
        };
        let digest = "0f".repeat(32);
        assert!(signed(&format!("sha256={digest}")));
        for value in
            ["", "sha256=", &digest, &format!("sha256={digest}0"), &format!("sha1={digest}")]
        {
            assert!(!signed(value), "{value}");
        }
        assert!(!has_signature(&HeaderMap::new()));
    }
}
