//! `GET /api/v1/demand`: what people look for and do not find.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use indexer::store::DemandRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::lists::{bounded_limit, read};
use crate::access::visitor::VisitorSite;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::presentation::words::InterfaceText;

/// How many.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DemandParams {
    /// Default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// What was looked for most often and not found comes first. Pasted texts, and words with secrets or numbers of
/// people, are not kept.
#[derive(Serialize, ToSchema)]
pub(super) struct DemandResponse {
    demand: Vec<DemandItemJson>,
}

#[derive(Serialize, ToSchema)]
struct DemandItemJson {
    /// `query` for words, `error` for the fingerprint of an error.
    kind: &'static str,
    words: String,
    searches: u64,
    /// Searches that found nothing.
    missed: u64,
    /// Answers that were opened from the results.
    opened: u64,
    /// RFC 3339, UTC.
    first: String,
    last: String,
}

/// What people look for and do not find; needs a token with `backlog:read`
#[utoipa::path(
    get,
    path = "/api/v1/demand",
    params(DemandParams),
    responses(
        (status = 200, description = "Searches without an answer", body = DemandResponse),
        (status = 400, description = "A parameter is wrong", body = ErrorEnvelope),
        (status = 401, description = "There is no valid token", body = ErrorEnvelope),
    )
)]
pub(super) async fn demand(
    VisitorSite(site): VisitorSite,
    params: Result<Query<DemandParams>, QueryRejection>,
) -> Result<Json<DemandResponse>, HttpError> {
    let DemandParams { limit } = read(params, "limit")?;
    let rows = site.store.search_demand(bounded_limit(limit)? as u32).await;
    let rows = rows.map_err(|cause| HttpError::internal("list what is looked for", &cause))?;
    Ok(Json(DemandResponse { demand: rows.into_iter().map(DemandItemJson::of).collect() }))
}

impl DemandItemJson {
    fn of(row: DemandRow) -> Self {
        let DemandRow { kind, words, searches, missed, opened, first, last } = row;
        let [first, last] = [first, last].map(|at| InterfaceText::english().date(at).exact);
        Self { kind: kind.as_str(), words, searches, missed, opened, first, last }
    }
}
