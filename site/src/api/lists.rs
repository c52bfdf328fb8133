//! Lists of answers, which go on at a cursor.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::response_format::{ResponseFormat, markdown_response};
use super::search::markdown;
use super::search_json::AnswerItemJson;
use crate::access::visitor::VisitorSite;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::pages::card::ResultCard;
use crate::pages::find::plain_card;
use crate::pages::review_status::ReviewStatus;
use crate::presentation::page_meta::PageFrame;
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
    pub(super) cursor: Option<String>,
    /// Default 20.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<usize>,
    /// `json` (default) or `markdown`.
    #[param(inline)]
    pub(super) format: Option<ResponseFormat>,
}

/// Which answers, and which part of the list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AnswerListParams {
    /// `known` gives the reviewed answers only.
    status: Option<String>,
    /// The name of a topic gives its answers only. Not together with `status`.
    topic: Option<String>,
    cursor: Option<String>,
    /// Default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `json` (default) or `markdown`.
    #[param(inline)]
    format: Option<ResponseFormat>,
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
    responses((status = 200, description = "A page of answers", content((AnswerListResponse = "application/json"), (String = "text/markdown"))), (status = 400, description = "A parameter is wrong", body = ErrorEnvelope))
)]
pub(super) async fn answers(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    params: Result<Query<AnswerListParams>, QueryRejection>,
) -> Result<Response, HttpError> {
    let AnswerListParams { status, topic, cursor, limit, format } =
        read(params, "status, topic, cursor, limit, format")?;
    let group = match (status.as_deref().map(ReviewStatus::parse), topic) {
        (None, None) => AnswerGroup::All,
        (None, Some(topic)) => AnswerGroup::Topic(topic),
        (Some(Some(ReviewStatus::Reviewed)), None) => AnswerGroup::Reviewed,
        (Some(Some(ReviewStatus::Reviewed)), Some(_)) => {
            return Err(HttpError::bad_request("give status or topic, not both"));
        }
        (Some(_), _) => return Err(HttpError::bad_request("status is wrong; allowed: known")),
    };
    let params = ListParams { cursor, limit, format };
    list(&site, &frame, &group, params, |answers, meta| {
        Json(AnswerListResponse { answers, meta }).into_response()
    })
    .await
}

/// The recurring questions: those that were answered more than once
#[utoipa::path(
    get,
    path = "/api/v1/clusters",
    params(ListParams),
    responses((status = 200, description = "A page of recurring questions", content((ClusterListResponse = "application/json"), (String = "text/markdown"))), (status = 400, description = "A parameter is wrong", body = ErrorEnvelope))
)]
pub(super) async fn clusters(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    params: Result<Query<ListParams>, QueryRejection>,
) -> Result<Response, HttpError> {
    let params = read(params, "cursor, limit, format")?;
    list(&site, &frame, &AnswerGroup::Recurring, params, |clusters, meta| {
        Json(ClusterListResponse { clusters, meta }).into_response()
    })
    .await
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

/// A page of the answers of a group; `as_json` gives its JSON form.
async fn list(
    site: &SiteState,
    frame: &PageFrame,
    group: &AnswerGroup,
    params: ListParams,
    as_json: impl FnOnce(Vec<AnswerItemJson>, ListMeta) -> Response,
) -> Result<Response, HttpError> {
    let limit = bounded_limit(params.limit)?;
    let after = params.cursor.as_deref().map(str::parse::<ListPosition>).transpose();
    let after = after.map_err(|()| HttpError::bad_request("cursor is not one of this list"))?;
    let (listed, total) = {
        let catalogue = site.catalogue().await?;
        if !catalogue.is_complete() {
            return Err(HttpError::still_reading());
        }
        (catalogue.list(group, after.as_ref(), limit), catalogue.count(group))
    };
    let next_cursor = listed.positions.last().filter(|_| listed.more).map(ToString::to_string);
    let ids = listed.positions.into_iter().map(|one| one.cluster).collect::<Vec<_>>();
    let clusters = site.store.clusters_with(&ids).await;
    let clusters = clusters.map_err(|cause| HttpError::internal("read a list", &cause))?;
    let cards = clusters.iter().map(|one| plain_card(site, one, InterfaceText::english()));
    let cards = cards.collect::<Vec<ResultCard>>();
    Ok(match params.format.unwrap_or_default() {
        ResponseFormat::Markdown => markdown_response(markdown(&cards, false, frame)),
        ResponseFormat::Json => {
            let items = cards.into_iter().map(AnswerItemJson::from_card).collect();
            as_json(items, ListMeta { total, next_cursor })
        }
    })
}
