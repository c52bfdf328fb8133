//! `GET /api/v1/errors`: from the text of an error to its answer.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use rules::error_fingerprint::normalized_errors;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::search_json::AnswerItemJson;
use crate::access::visitor::VisitorSite;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::pages::find::plain_card;
use crate::presentation::page_meta::PageFrame;
use crate::presentation::words::InterfaceText;

/// A whole stack trace fits the longest URL that is accepted.
const MAX_TEXT_CHARS: usize = 6_000;

/// The text of an error.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ErrorParams {
    /// A message, a stack trace or some lines of a log.
    text: String,
}

/// The errors that the text reports, in its order; none if it is too general to name one.
#[derive(Serialize, ToSchema)]
pub(super) struct ErrorResponse {
    errors: Vec<ReportedErrorJson>,
}

#[derive(Serialize, ToSchema)]
struct ReportedErrorJson {
    /// The same for the same error on every machine, for ever.
    fingerprint: String,
    /// What the fingerprint is made of: the message without paths, numbers, ids, addresses and versions.
    normalized: String,
    /// A link that a program can print. It leads to the answer, now or once there is one.
    url: String,
    /// The best answer to exactly this error.
    answer: Option<AnswerItemJson>,
}

/// The answer to an error message
#[utoipa::path(
    get,
    path = "/api/v1/errors",
    params(ErrorParams),
    responses((status = 200, description = "The errors of the text, in its order", body = ErrorResponse), (status = 400, description = "A parameter is wrong", body = ErrorEnvelope))
)]
pub(super) async fn errors(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    params: Result<Query<ErrorParams>, QueryRejection>,
) -> Result<Json<ErrorResponse>, HttpError> {
    let Query(ErrorParams { text }) =
        params.map_err(|_| HttpError::bad_request("the query string is wrong; allowed: text"))?;
    if text.chars().count() > MAX_TEXT_CHARS {
        let allowed = format!("text is too long; at most {MAX_TEXT_CHARS} characters");
        return Err(HttpError::bad_request(allowed));
    }
    let normalized = normalized_errors(&text);
    let mut solving = Vec::new();
    if !normalized.is_empty() {
        let catalogue = site.catalogue().await?;
        if !catalogue.is_complete() {
            return Err(HttpError::still_reading());
        }
        for error in &normalized {
            solving.push(catalogue.solving(&error.fingerprint()).next().cloned());
        }
    }
    let mut errors = Vec::new();
    for (error, cluster) in normalized.iter().zip(solving) {
        let found = site.store.clusters_with(cluster.as_slice()).await;
        let found =
            found.map_err(|cause| HttpError::internal("read the answer to an error", &cause))?;
        if found.is_empty() {
            site.demand.record_unknown_error(error.fingerprint().to_string());
        }
        let card = found.first().map(|one| plain_card(&site, one, InterfaceText::english()));
        let fingerprint = error.fingerprint().to_string();
        errors.push(ReportedErrorJson {
            url: frame.absolute(&format!("/e/{fingerprint}")),
            normalized: error.as_str().to_owned(),
            fingerprint,
            answer: card.map(AnswerItemJson::from_card),
        });
    }
    Ok(Json(ErrorResponse { errors }))
}
