//! `GET /api/v1/answers/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::answer_json::AnswerEnvelope;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::pages;
use crate::presentation::words::InterfaceText;
use crate::state::SiteState;

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
    State(site): State<Arc<SiteState>>,
    Path(id): Path<String>,
) -> Result<Response, HttpError> {
    let id = id.parse().map_err(|_| HttpError::no_such_answer())?;
    let view = pages::answer::answer(&site, &id, InterfaceText::english()).await?;
    Ok(Json(view.export()).into_response())
}
