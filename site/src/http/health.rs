//! Liveness and readiness.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::http::error::{HttpError, error_chain};
use crate::state::SiteState;

#[derive(Serialize)]
pub(crate) struct HealthResponse {
    status: &'static str,
}

/// `GET /healthz`: the process responds.
pub(crate) async fn healthz() -> Json<HealthResponse> {
    Json(HealthResponse { status: "ok" })
}

/// `GET /readyz`: the store can be read, and the index is up to date with it.
pub(crate) async fn readyz(
    State(site): State<Arc<SiteState>>,
) -> Result<Json<HealthResponse>, HttpError> {
    let newest = site.store.newest_change().await.map_err(|cause| {
        tracing::error!(error = error_chain(&cause), "cannot read the store");
        HttpError::not_ready("the store cannot be read")
    })?;
    let committed = tokio::task::spawn_blocking(move || site.searcher.cursor());
    let committed =
        committed.await.map_err(|cause| HttpError::internal("read the index", &cause))?;
    if committed.is_none_or(|seen| seen < newest) {
        return Err(HttpError::not_ready("the search index is behind the store"));
    }
    Ok(Json(HealthResponse { status: "ok" }))
}
