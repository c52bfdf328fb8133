//! Errors: the visitor gets a fixed message, the log gets the cause.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::feedback_limits::FeedbackRefusal;
use crate::access::scopes::ApiScope;

/// Why a request failed. Kept in the response's extensions until [`error_of`] reads it. The cause of an
/// internal error is logged and not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The value of `Retry-After`, rounded up to whole seconds.
    pub(crate) retry_after: Option<Duration>,
    /// The value of `WWW-Authenticate` for tokens, after the name of its scheme.
    challenge: Option<String>,
}

/// The body of every error under `/api`.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorEnvelope<'a> {
    error: ErrorJson<'a>,
}

#[derive(Serialize, ToSchema)]
struct ErrorJson<'a> {
    code: &'a str,
    message: &'a str,
}

impl HttpError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None, challenge: None }
    }

    /// The request is invalid; `message` says what is allowed.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(crate) fn no_such_answer() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "no answer has this id")
    }

    pub(crate) fn no_such_page() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "this page does not exist")
    }

    pub(crate) fn timeout() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "timeout",
            "the request took too long; try again shortly",
        )
    }

    pub(crate) fn not_ready(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", message)
    }

    /// What could be shown may be out of date; it is looked at again after `wait`.
    pub(crate) fn out_of_date(message: &str, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..Self::not_ready(message) }
    }

    /// The client asks more often than it may; its next request is allowed after `wait`.
    pub(crate) fn too_many_requests(wait: Duration) -> Self {
        let error = Self::of_status(StatusCode::TOO_MANY_REQUESTS);
        Self { retry_after: Some(wait), ..error }
    }

    /// The site is doing as much of this as it may at once.
    pub(crate) fn busy(wait: Duration) -> Self {
        let message = "the site is busy; try again shortly";
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message);
        Self { retry_after: Some(wait), ..error }
    }

    /// Whether it asks for a token, or for another one.
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    pub(crate) fn unsigned() -> Self {
        let message = "the signature is missing or wrong";
        Self::new(StatusCode::UNAUTHORIZED, "unsigned", message)
    }

    /// Visitors without a token see nothing here.
    pub(crate) fn token_missing() -> Self {
        let message = "this needs a token: send Authorization: Bearer TOKEN";
        Self::challenge(StatusCode::UNAUTHORIZED, "unauthorized", message, String::new())
    }

    /// The token is unknown, expired or revoked: the response does not say which.
    pub(crate) fn token_invalid() -> Self {
        let message = "the token is not valid";
        let reason = ", error=\"invalid_token\"".to_owned();
        Self::challenge(StatusCode::UNAUTHORIZED, "unauthorized", message, reason)
    }

    /// The token is valid and does not allow this.
    pub(crate) fn scope_missing(scope: ApiScope) -> Self {
        let message = format!("this needs the scope {scope}");
        let reason = format!(", error=\"insufficient_scope\", scope=\"{scope}\"");
        Self::challenge(StatusCode::FORBIDDEN, "forbidden", message, reason)
    }

    fn challenge(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        reason: String,
    ) -> Self {
        Self { challenge: Some(reason), ..Self::new(status, code, message) }
    }

    /// The token was used more often than it may be.
    pub(crate) fn token_exhausted(wait: Duration) -> Self {
        let message = "too many requests with this token; try again shortly";
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message);
        Self { retry_after: Some(wait), ..error }
    }

    /// The same reader gave feedback before, or gave much of it.
    pub(crate) fn feedback_refused(refusal: FeedbackRefusal) -> Self {
        let message = match refusal {
            FeedbackRefusal::Repeated => "your feedback on this answer is counted already",
            FeedbackRefusal::TooMany => "too much feedback at once; try again shortly",
        };
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message)
    }

    /// A page of another site sent a form.
    pub(crate) fn cross_site() -> Self {
        let message = "the request comes from another site";
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// It was decided otherwise before.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// The store was opened for reading only.
    pub(crate) fn read_only() -> Self {
        Self::not_ready("nothing can be written here: the data directory is open for reading only")
    }

    /// The catalogue does not know every answer yet.
    pub(crate) fn still_reading() -> Self {
        Self::not_ready("the answers are still being read; try again shortly")
    }

    /// A route that lets visitors in without asking who they are.
    pub(crate) fn without_visitor() -> Self {
        tracing::error!("a route has no rule for its visitors");
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn metrics_refused() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "metrics are read on this machine, or with the token that [site] metrics_token sets",
        )
    }

    pub(crate) fn unknown_host() -> Self {
        Self::new(
            StatusCode::MISDIRECTED_REQUEST,
            "unknown_host",
            "this host name is not listed in [site] hosts",
        )
    }

    /// A request that did not come through the server, which adds the address of its client.
    pub(crate) fn without_peer() -> Self {
        tracing::error!("a request has no address of its client");
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn uri_too_long() -> Self {
        Self::of_status(StatusCode::URI_TOO_LONG)
    }

    /// An internal error. Logs the cause, which must not contain message text; the visitor does not see it.
    pub(crate) fn internal(attempt: &'static str, cause: &dyn std::error::Error) -> Self {
        tracing::error!(attempt, error = error_chain(cause), "request failed");
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The error for a status that axum or a layer set.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, message) = match status {
            StatusCode::NOT_FOUND => return Self::no_such_page(),
            StatusCode::BAD_REQUEST => ("bad_request", "the request cannot be parsed"),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "this address does not accept the method")
            }
            StatusCode::REQUEST_TIMEOUT => ("timeout", "the request took too long to arrive"),
            StatusCode::TOO_MANY_REQUESTS => {
                ("too_many_requests", "too many requests from this address; try again shortly")
            }
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "the request is too large"),
            StatusCode::URI_TOO_LONG => ("uri_too_long", "the URL is too long"),
            _ => ("internal", "internal error; try again shortly"),
        };
        Self::new(status, code, message)
    }

    /// The error as JSON, with the headers of the first response.
    pub(crate) fn envelope(&self, headers: HeaderMap) -> Response {
        let error = ErrorJson { code: self.code, message: &self.message };
        self.with_body(Json(ErrorEnvelope { error }).into_response(), headers)
    }

    /// Gives a body the status of the error and the headers of the first response.
    pub(crate) fn with_body(&self, body: Response, mut headers: HeaderMap) -> Response {
        let mut response = body;
        *response.status_mut() = self.status;
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(headers);
        response
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_millis().div_ceil(1_000).max(1) as u64;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(reason) = &self.challenge {
            write_challenges(response.headers_mut(), reason);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Asks for a token: of programs as bearers, of browsers as the password of any user.
fn write_challenges(headers: &mut HeaderMap, reason: &str) {
    for challenge in [format!("Bearer realm=\"answers\"{reason}"), "Basic realm=\"answers\"".into()]
    {
        let value = HeaderValue::try_from(challenge).expect("names of scopes are ASCII");
        headers.append(header::WWW_AUTHENTICATE, value);
    }
}

/// The error of a response: its own, or that of its status. `None` for a success.
pub(crate) fn error_of(response: &Response) -> Option<HttpError> {
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    let own = response.extensions().get::<HttpError>().cloned();
    failed.then(|| own.unwrap_or_else(|| HttpError::of_status(status)))
}

/// An error with all its causes, for the log.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_ours_keeps_its_cause_to_itself() {
        let cause = std::io::Error::other("disk /srv/secret is full");
        let failure = HttpError::internal("read an answer", &cause);
        assert_eq!(failure.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!failure.message.contains("secret"));
    }

    #[test]
    fn every_failing_status_has_words_and_no_other_has() {
        assert_eq!(error_of(&StatusCode::OK.into_response()), None);
        assert_eq!(error_of(&StatusCode::PERMANENT_REDIRECT.into_response()), None);
        let code_of =
            |status: StatusCode| error_of(&status.into_response()).map(|failure| failure.code);
        assert_eq!(code_of(StatusCode::METHOD_NOT_ALLOWED), Some("method_not_allowed"));
        assert_eq!(code_of(StatusCode::IM_A_TEAPOT), Some("internal"));
        assert_eq!(error_of(&HttpError::timeout().into_response()), Some(HttpError::timeout()));
    }
}
