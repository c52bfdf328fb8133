//! `GET /api/v1/changes`: which answers changed, for programs that keep a copy.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use indexer::store::{AnswerChange, AnswerChangeKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::lists::{bounded_limit, read};
use crate::access::visitor::VisitorSite;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::presentation::words::InterfaceText;

/// Which changes.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangeParams {
    /// `meta.cursor` of the page before; without it, from the beginning.
    cursor: Option<String>,
    /// Default 20. A page may have fewer although more follow.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// The oldest first. An answer that changed again is listed again.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangeListResponse {
    changes: Vec<AnswerChangeJson>,
    meta: ChangeListMeta,
}

#[derive(Serialize, ToSchema)]
struct AnswerChangeJson {
    id: String,
    /// `changed`: read the answer again; `merged`: its id leads to `into`; `deleted`. It says what holds now.
    kind: &'static str,
    into: Option<String>,
    /// RFC 3339, UTC; absent for changes before version 1 of this list.
    at: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ChangeListMeta {
    /// Where the list goes on, now or later. It stays valid for ever.
    cursor: String,
    /// Whether nothing follows yet.
    is_end: bool,
}

/// Which answers changed
#[utoipa::path(
    get,
    path = "/api/v1/changes",
    params(ChangeParams),
    responses((status = 200, description = "A page of changes", body = ChangeListResponse), (status = 400, description = "A parameter is wrong", body = ErrorEnvelope))
)]
pub(super) async fn changes(
    VisitorSite(site): VisitorSite,
    params: Result<Query<ChangeParams>, QueryRejection>,
) -> Result<Json<ChangeListResponse>, HttpError> {
    let ChangeParams { cursor, limit } = read(params, "cursor, limit")?;
    let limit = bounded_limit(limit)? as u32;
    let after = cursor.as_deref().map(str::parse::<u32>).transpose();
    let after = after.map_err(|_| HttpError::bad_request("cursor is not one of this list"))?;
    let after = i64::from(after.unwrap_or_default());
    let page = site.store.answer_changes_after(after, limit).await;
    let page = page.map_err(|cause| HttpError::internal("list the changes of answers", &cause))?;
    let is_end = page.is_none();
    let (changes, cursor) = page.unwrap_or((Vec::new(), after));
    let changes = changes.into_iter().map(AnswerChangeJson::of).collect();
    Ok(Json(ChangeListResponse {
        changes,
        meta: ChangeListMeta { cursor: cursor.to_string(), is_end },
    }))
}

impl AnswerChangeJson {
    fn of(change: AnswerChange) -> Self {
        let (kind, into) = match change.kind {
            AnswerChangeKind::Changed => ("changed", None),
            AnswerChangeKind::Merged(successor) => ("merged", Some(successor.to_string())),
            AnswerChangeKind::Deleted => ("deleted", None),
        };
        let at = change.at.map(|at| InterfaceText::english().date(at).exact);
        Self { id: change.cluster.to_string(), kind, into, at }
    }
}
