//! Whether the process runs, and whether it can answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::SiteState;
use crate::http::error::HttpError;

#[derive(Serialize)]
pub(crate) struct HealthResponse {
    status: &'static str,
}

/// `GET /healthz`: the process answers.
pub(crate) async fn healthz() -> Json<HealthResponse> {
    Json(HealthResponse { status: "ok" })
}

/// `GET /readyz`: the store answers, and the index has everything that the store has.
pub(crate) async fn readyz(
    State(site): State<Arc<SiteState>>,
) -> Result<Json<HealthResponse>, HttpError> {
    let newest = site.store.newest_change().await.map_err(|cause| {
        tracing::error!(%cause, "the store does not answer");
        HttpError::not_ready("the store does not answer")
    })?;
    let committed = tokio::task::spawn_blocking(move || site.searcher.cursor());
    let committed =
        committed.await.map_err(|cause| HttpError::internal("read the index", &cause))?;
    if committed.is_none_or(|seen| seen < newest) {
        return Err(HttpError::not_ready("the search index is behind the store"));
    }
    Ok(Json(HealthResponse { status: "ok" }))
}
