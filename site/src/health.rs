//! Whether the process runs, and whether it can answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::Site;
use crate::error::Failure;

#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
}

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// `GET /readyz`: the store answers, and the index has everything that the store has.
pub(crate) async fn ready(State(site): State<Arc<Site>>) -> Result<Json<Health>, Failure> {
    let newest = site.store.newest_change().await.map_err(|cause| {
        tracing::error!(%cause, "the store does not answer");
        Failure::not_ready("the store does not answer")
    })?;
    let committed = tokio::task::spawn_blocking(move || site.searcher.cursor());
    let committed = committed.await.map_err(|cause| Failure::internal("read the index", &cause))?;
    if committed.is_none_or(|seen| seen < newest) {
        return Err(Failure::not_ready("the search index is behind the store"));
    }
    Ok(Json(Health { status: "ok" }))
}
