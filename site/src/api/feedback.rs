//! `POST /api/v1/answers/{id}/feedback`: whether an answer helped.

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::origin_check::is_cross_site;
use crate::access::visitor::Visitor;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::pages::feedback::record_feedback;

/// What a reader says of an answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedbackRequest {
    /// `helped`, `outdated` or `wrong`.
    verdict: String,
}

/// Say whether an answer helped
///
/// It is counted without whoever said so; one reader counts once a day for an answer.
#[utoipa::path(
    post,
    path = "/api/v1/answers/{id}/feedback",
    params(("id" = String, Path, description = "As in the results of a search: `q1a2b3c`")),
    request_body = FeedbackRequest,
    responses(
        (status = 204, description = "It is counted"),
        (status = 400, description = "The body is wrong", body = ErrorEnvelope),
        (status = 404, description = "There is no such answer", body = ErrorEnvelope),
        (status = 429, description = "It was counted before, or there was much of it", body = ErrorEnvelope),
        (status = 503, description = "Nothing can be written", body = ErrorEnvelope),
    )
)]
pub(super) async fn feedback(
    visitor: Visitor,
    uri: Uri,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Result<Json<FeedbackRequest>, JsonRejection>,
) -> Result<StatusCode, HttpError> {
    if is_cross_site(&uri, &headers) {
        return Err(HttpError::cross_site());
    }
    let wrong = || HttpError::bad_request("verdict is wrong; allowed: helped, outdated, wrong");
    let Json(FeedbackRequest { verdict }) = body.map_err(|_| wrong())?;
    let verdict = verdict.parse().map_err(|()| wrong())?;
    let id = id.parse().map_err(|_| HttpError::no_such_answer())?;
    record_feedback(&visitor, &id, verdict).await?;
    Ok(StatusCode::NO_CONTENT)
}
