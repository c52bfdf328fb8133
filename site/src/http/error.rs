//! What goes wrong, told twice: a chosen sentence to the visitor, the cause to the log.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Why a request was not answered. Rides in the response's extensions until [`error_of`] puts it into
/// words; the cause of a failure of ours has been logged by then and is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// The one shape of every failure under `/api`.
#[derive(Serialize)]
struct ErrorEnvelope<'a> {
    error: ErrorJson<'a>,
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    code: &'a str,
    message: &'a str,
}

impl HttpError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// The visitor asked wrongly; `message` says what is allowed.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(crate) fn no_such_answer() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no answer with this id")
    }

    pub(crate) fn no_such_page() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
    }

    pub(crate) fn timeout() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "timeout",
            "this took too long; try again shortly",
        )
    }

    pub(crate) fn not_ready(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", message)
    }

    pub(crate) fn uri_too_long() -> Self {
        Self::of_status(StatusCode::URI_TOO_LONG)
    }

    /// A failure of ours. Logs the cause, which must not hold message text, and keeps it from the visitor.
    pub(crate) fn internal(attempt: &'static str, cause: &dyn std::error::Error) -> Self {
        tracing::error!(attempt, cause = %chain(cause), "a request failed");
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The words for a status that axum or a layer chose by itself.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, message) = match status {
            StatusCode::NOT_FOUND => return Self::no_such_page(),
            StatusCode::BAD_REQUEST => ("bad_request", "this request cannot be read"),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "only GET and HEAD are answered here")
            }
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "this request is too large"),
            StatusCode::URI_TOO_LONG => ("uri_too_long", "this address is too long"),
            _ => ("internal", "something went wrong on our side; try again shortly"),
        };
        Self::new(status, code, message)
    }

    /// The JSON form, with the headers that the first response had.
    pub(crate) fn envelope(&self, headers: HeaderMap) -> Response {
        let told = ErrorJson { code: self.code, message: &self.message };
        self.with_body(Json(ErrorEnvelope { error: told }).into_response(), headers)
    }

    /// Gives a body for people the status of the failure and the headers of the first response.
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
        response.extensions_mut().insert(self);
        response
    }
}

/// What a response failed with: its own words, or those of its status. `None` for a success.
pub(crate) fn error_of(response: &Response) -> Option<HttpError> {
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    let own = response.extensions().get::<HttpError>().cloned();
    failed.then(|| own.unwrap_or_else(|| HttpError::of_status(status)))
}

fn chain(error: &dyn std::error::Error) -> String {
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
        let told =
            |status: StatusCode| error_of(&status.into_response()).map(|failure| failure.code);
        assert_eq!(told(StatusCode::METHOD_NOT_ALLOWED), Some("method_not_allowed"));
        assert_eq!(told(StatusCode::IM_A_TEAPOT), Some("internal"));
        assert_eq!(error_of(&HttpError::timeout().into_response()), Some(HttpError::timeout()));
    }
}
