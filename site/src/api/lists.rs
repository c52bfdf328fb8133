//! Lists of answers, which go on at a cursor.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::search_json::AnswerItemJson;
use crate::access::visitor::VisitorSite;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::pages::find::plain_card;
use crate::pages::review_status::ReviewStatus;
use crate::presentation::words::InterfaceText;
use crate::state::SiteState;
use crate::state::catalogue::{AnswerGroup, ListPosition};

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// Which part of a list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// `meta.next_cursor` of the page before.
    cursor: Option<String>,
    /// Default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Which answers, and which part of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AnswerListParams {
    /// `known` gives the reviewed answers only.
    status: Option<String>,
    cursor: Option<String>,
    /// Default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Reviewed answers first, then those that were asked most.
#[derive(Serialize, ToSchema)]
pub(super) struct AnswerListResponse {
    answers: Vec<AnswerItemJson>,
    meta: ListMeta,
}

/// Reviewed ones first, then those that were asked most.
#[derive(Serialize, ToSchema)]
pub(super) struct ClusterListResponse {
    clusters: Vec<AnswerItemJson>,
    meta: ListMeta,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ListMeta {
    pub(super) total: usize,
    /// Where the next page begins; absent on the last one. It stays valid while answers come and go.
    pub(super) next_cursor: Option<String>,
}

/// Every answer
#[utoipa::path(
    get,
    path = "/api/v1/answers",
    params(AnswerListParams),
    responses((status = 200, description = "A page of answers", body = AnswerListResponse), (status = 400, description = "A parameter is wrong", body = ErrorEnvelope))
)]
pub(super) async fn answers(
    VisitorSite(site): VisitorSite,
    params: Result<Query<AnswerListParams>, QueryRejection>,
) -> Result<Json<AnswerListResponse>, HttpError> {
    let AnswerListParams { status, cursor, limit } = read(params, "status, cursor, limit")?;
    let group = match status.as_deref().map(ReviewStatus::parse) {
        None => AnswerGroup::All,
        Some(Some(ReviewStatus::Reviewed)) => AnswerGroup::Reviewed,
        Some(_) => return Err(HttpError::bad_request("status is wrong; allowed: known")),
    };
    let (answers, meta) = list(&site, &group, &ListParams { cursor, limit }).await?;
    Ok(Json(AnswerListResponse { answers, meta }))
}

/// The recurring questions: those that were answered more than once
#[utoipa::path(
    get,
    path = "/api/v1/clusters",
    params(ListParams),
    responses((status = 200, description = "A page of recurring questions", body = ClusterListResponse), (status = 400, description = "A parameter is wrong", body = ErrorEnvelope))
)]
pub(super) async fn clusters(
    VisitorSite(site): VisitorSite,
    params: Result<Query<ListParams>, QueryRejection>,
) -> Result<Json<ClusterListResponse>, HttpError> {
    let params = read(params, "cursor, limit")?;
    let (clusters, meta) = list(&site, &AnswerGroup::Recurring, &params).await?;
    Ok(Json(ClusterListResponse { clusters, meta }))
}

/// The parameters of a query string, or what is allowed there.
pub(super) fn read<T>(
    params: Result<Query<T>, QueryRejection>,
    allowed: &str,
) -> Result<T, HttpError> {
    let wrong =
        |_| HttpError::bad_request(format!("the query string is wrong; allowed: {allowed}"));
    params.map(|Query(params)| params).map_err(wrong)
}

pub(super) fn bounded_limit(limit: Option<usize>) -> Result<usize, HttpError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    Err(HttpError::bad_request(format!("limit is {limit}; allowed: 1 to {MAX_LIMIT}")))
}

async fn list(
    site: &SiteState,
    group: &AnswerGroup,
    params: &ListParams,
) -> Result<(Vec<AnswerItemJson>, ListMeta), HttpError> {
    let limit = bounded_limit(params.limit)?;
    let after = params.cursor.as_deref().map(str::parse::<ListPosition>).transpose();
    let after = after.map_err(|()| HttpError::bad_request("cursor is not one of this list"))?;
    let (listed, total) = {
        let catalogue = site.catalogue().await?;
        if !catalogue.is_complete() {
            return Err(HttpError::not_ready(
                "the answers are still being read; try again shortly",
            ));
        }
        (catalogue.list(group, after.as_ref(), limit), catalogue.count(group))
    };
    let next_cursor = listed.positions.last().filter(|_| listed.more).map(ToString::to_string);
    let ids = listed.positions.into_iter().map(|one| one.cluster).collect::<Vec<_>>();
    let clusters = site.store.clusters_with(&ids).await;
    let clusters = clusters.map_err(|cause| HttpError::internal("read a list", &cause))?;
    let cards = clusters.iter().map(|one| plain_card(site, one, InterfaceText::english()));
    Ok((cards.map(AnswerItemJson::from_card).collect(), ListMeta { total, next_cursor }))
}
