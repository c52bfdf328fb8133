//! `GET /api/v1/suggest`: questions while somebody types.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::{IntoResponse, Response};
use indexer::search::MAX_QUERY;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::visitor::VisitorSite;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::http::params::SearchParams;
use crate::pages::find::find;
use crate::pages::review_status::ReviewStatus;
use crate::presentation::page_meta::PageFrame;
use crate::presentation::words::InterfaceText;

const DEFAULT_LIMIT: usize = 5;
const MAX_LIMIT: usize = 10;

/// What is typed so far.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SuggestParams {
    q: String,
    /// Default 5.
    #[param(minimum = 1, maximum = 10)]
    limit: Option<usize>,
    /// `json` (default), or `opensearch`: the array that browsers read.
    format: Option<String>,
}

/// Best first; only what matches well.
#[derive(Serialize, ToSchema)]
pub(super) struct SuggestResponse {
    suggestions: Vec<SuggestionJson>,
}

#[derive(Serialize, ToSchema)]
struct SuggestionJson {
    id: String,
    title: String,
    /// Root-relative.
    url: String,
    status: ReviewStatus,
    strength: &'static str,
}

/// Questions that match what is typed so far
#[utoipa::path(
    get,
    path = "/api/v1/suggest",
    params(SuggestParams),
    responses((status = 200, description = "Questions that match", body = SuggestResponse), (status = 400, description = "A parameter is wrong", body = ErrorEnvelope))
)]
pub(super) async fn suggest(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    params: Result<Query<SuggestParams>, QueryRejection>,
) -> Result<Response, HttpError> {
    let Query(params) = params.map_err(|_| {
        HttpError::bad_request("the query string is wrong; allowed: q, limit, format")
    })?;
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) || params.q.len() > MAX_QUERY {
        let allowed = format!("limit is 1 to {MAX_LIMIT}, q at most {MAX_QUERY} bytes");
        return Err(HttpError::bad_request(allowed));
    }
    let search = SearchParams { limit, ..SearchParams::of_text(params.q.trim()) };
    let found = match search.text.is_empty() {
        true => None,
        false => Some(find(&site, &search, InterfaceText::english()).await?),
    };
    let cards = found.filter(|found| !found.nearest_only).map(|found| found.cards);
    let cards = cards.into_iter().flatten().filter(|card| !card.weak && !card.withheld);
    let suggestions = cards.map(|card| SuggestionJson {
        id: card.id,
        title: card.title,
        url: card.url,
        status: card.status,
        strength: card.strength,
    });
    let suggestions = suggestions.collect::<Vec<_>>();
    match params.format.as_deref() {
        None | Some("json") => Ok(Json(SuggestResponse { suggestions }).into_response()),
        Some("opensearch") => {
            let titles = suggestions.iter().map(|one| &one.title).collect::<Vec<_>>();
            let urls = suggestions.iter().map(|one| frame.absolute(&one.url)).collect::<Vec<_>>();
            let none = [""; 0];
            Ok(Json((params.q, titles, none, urls)).into_response())
        }
        Some(_) => Err(HttpError::bad_request("format is wrong; allowed: json, opensearch")),
    }
}
