//! Liveness and readiness.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::http::error::HttpError;
use crate::state::site_workspaces::SiteWorkspaces;

#[derive(Serialize)]
pub(crate) struct HealthResponse {
    status: &'static str,
}

/// `GET /healthz`: the process responds.
pub(crate) async fn healthz() -> Json<HealthResponse> {
    Json(HealthResponse { status: "ok" })
}

/// `GET /readyz`: the store can be read, and every index is up to date with it.
pub(crate) async fn readyz(
    State(sites): State<Arc<SiteWorkspaces>>,
) -> Result<Json<HealthResponse>, HttpError> {
    if !sites.is_ready().await? {
        return Err(HttpError::not_ready("the search index is behind the store"));
    }
    Ok(Json(HealthResponse { status: "ok" }))
}
