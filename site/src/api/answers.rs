//! `GET /api/v1/answers/{id}`.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;

use super::answer_json::AnswerEnvelope;
use super::generation::tagged_by_content;
use crate::access::visitor::VisitorSite;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::pages::answer::{answer_of, cluster, read_feedback};
use crate::presentation::words::InterfaceText;

/// One answer with its options and evidence
///
/// The id of a question that was merged into another gives the other.
#[utoipa::path(
    get,
    path = "/api/v1/answers/{id}",
    params(("id" = String, Path, description = "As in the results of a search: `q1a2b3c`")),
    responses(
        (status = 200, description = "The answer", body = AnswerEnvelope),
        (status = 404, description = "There is no such answer", body = ErrorEnvelope),
    )
)]
pub(super) async fn answer(
    VisitorSite(site): VisitorSite,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, HttpError> {
    let id = id.parse().map_err(|_| HttpError::no_such_answer())?;
    let cluster = cluster(&site, &id).await?;
    let feedback = read_feedback(&site, &cluster).await?;
    let view = answer_of(&site, &cluster, InterfaceText::english()).await?;
    let body = serde_json::to_string(&view.export(feedback));
    let body = body.map_err(|cause| HttpError::internal("write an answer", &cause))?;
    Ok(tagged_by_content(&headers, body))
}
