//! `GET /api/v1/facts`: values that maintainers wrote down.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::lists::read;
use crate::access::visitor::VisitorSite;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::pages::fact_card::FactCard;

/// Which facts.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FactParams {
    /// The name of a fact, or a question that names one. Every fact without it.
    q: Option<String>,
}

/// Official values, in the maintainers' order.
#[derive(Serialize, ToSchema)]
pub(super) struct FactListResponse {
    facts: Vec<FactCard>,
}

/// Official facts: addresses, links, versions, statuses
#[utoipa::path(
    get,
    path = "/api/v1/facts",
    params(FactParams),
    responses((status = 200, description = "Official facts", body = FactListResponse), (status = 400, description = "A parameter is wrong", body = ErrorEnvelope))
)]
pub(super) async fn facts(
    VisitorSite(site): VisitorSite,
    params: Result<Query<FactParams>, QueryRejection>,
) -> Result<Json<FactListResponse>, HttpError> {
    let FactParams { q } = read(params, "q")?;
    let rules = &site.rules.facts;
    let facts = match q.as_deref() {
        None => rules.canonical.iter().collect(),
        Some(text) => rules.asked_for(text),
    };
    Ok(Json(FactListResponse { facts: facts.into_iter().map(FactCard::of).collect() }))
}
