//! Search: the page, the fragment that its script fetches, and the API.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Html;
use indexer::search::document::SearchAudience;
use indexer::search::{self, SearchHits, highlights};
use rules::model::cluster::Cluster;
use serde::Serialize;

use crate::api::search_json::SearchResponse;
use crate::http::error::HttpError;
use crate::http::params::{MAX_OFFSET, SearchParams};
use crate::http::templates;
use crate::pages::card::ResultCard;
use crate::pages::words::{ReviewStatus, counted, grouped};
use crate::state::SiteState;

/// How many recurring questions are listed without a query or a result.
const RECURRING: usize = 8;

/// How many similar questions are listed when nothing matched well.
const NEAREST: usize = 5;

type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// `GET /`: the whole page, which works without a script.
pub(crate) async fn page(
    State(site): State<Arc<SiteState>>,
    pairs: Pairs,
) -> Result<Html<String>, HttpError> {
    templates::page("home.html", &home(&site, &page_params(pairs)?).await?)
}

/// `GET /results`: the part of the page below the search box.
pub(crate) async fn results(
    State(site): State<Arc<SiteState>>,
    pairs: Pairs,
) -> Result<Html<String>, HttpError> {
    templates::fragment("home.html", "results", &home(&site, &page_params(pairs)?).await?)
}

/// `GET /api/v1/search`.
pub(crate) async fn api(
    State(site): State<Arc<SiteState>>,
    pairs: Pairs,
) -> Result<Json<SearchResponse>, HttpError> {
    let params = SearchParams::read(&known_pairs(pairs)?)?;
    if params.text.is_empty() {
        return Err(HttpError::bad_request("q is missing; it is the text to search for"));
    }
    let found = find(&site, &params).await?;
    let MatchedClusters { total, nearest_only, searched_for, cards } = found;
    Ok(Json(SearchResponse::new(&params, total, nearest_only, searched_for, cards)))
}

fn known_pairs(pairs: Pairs) -> Result<Vec<(String, String)>, HttpError> {
    let Query(pairs) =
        pairs.map_err(|_| HttpError::bad_request("the query string cannot be parsed"))?;
    Ok(pairs)
}

/// A page ignores unknown parameters, which links from other sites may add.
fn page_params(pairs: Pairs) -> Result<SearchParams, HttpError> {
    let mut pairs = known_pairs(pairs)?;
    pairs
        .retain(|(name, _)| ["q", "status", "channel", "limit", "offset"].contains(&name.as_str()));
    SearchParams::read(&pairs)
}

/// The results of a search.
struct MatchedClusters {
    total: usize,
    nearest_only: bool,
    /// The words that were searched for instead of all of a long text.
    searched_for: Option<String>,
    cards: Vec<ResultCard>,
}

async fn find(site: &Arc<SiteState>, params: &SearchParams) -> Result<MatchedClusters, HttpError> {
    let SearchHits { total, hits, nearest_only, searched_for } = hits(site, params).await?;
    let ids = hits.into_iter().map(|hit| hit.cluster).collect::<Vec<_>>();
    // The index may be behind: clusters that are gone from the store are left out.
    let clusters = site.store.clusters_with(&ids).await;
    let clusters = clusters.map_err(|cause| HttpError::internal("read the results", &cause))?;
    let words = searched_for.as_deref().unwrap_or(&params.text);
    let card = |cluster: &Cluster| {
        ResultCard::of(&site.presentable(cluster), &site.naming, |text| highlights(words, text))
    };
    let most = if nearest_only { NEAREST } else { clusters.len() };
    let cards = clusters.iter().take(most).map(card).collect();
    Ok(MatchedClusters { total, nearest_only, searched_for, cards })
}

async fn hits(site: &Arc<SiteState>, params: &SearchParams) -> Result<SearchHits, HttpError> {
    let query = search::SearchQuery {
        text: params.text.clone(),
        known: params.status.map(|status| status == ReviewStatus::Known),
        channel: params.channel,
        audience: SearchAudience::Public,
        guild: None,
        offset: params.offset,
        limit: params.limit,
    };
    let newest = site.store.newest_change().await;
    let newest = newest.map_err(|cause| HttpError::internal("read the newest change", &cause))?;
    let permit = Arc::clone(&site.search_permits).acquire_owned().await;
    let permit = permit.expect("the semaphore is never closed");
    let site = Arc::clone(site);
    // A search reads files and computes, which would block the runtime.
    let searched = tokio::task::spawn_blocking(move || {
        // Held until the search ends, even if the request was cancelled.
        let _permit = permit;
        if site.seen_commit.is_behind(newest) {
            site.seen_commit.refresh(&site.searcher);
        }
        site.searcher.search(&query)
    });
    searched
        .await
        .map_err(|cause| HttpError::internal("run a search", &cause))?
        .map_err(|cause| HttpError::internal("search", &cause))
}

#[derive(Serialize)]
struct HomePage {
    q: String,
    status: Option<ReviewStatus>,
    channel: Option<String>,
    results: Option<ResultsPage>,
    recurring: Vec<ResultCard>,
    figures: Vec<HomeFigure>,
}

/// A number on the start page.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HomeFigure {
    pub(crate) what: &'static str,
    pub(crate) count: String,
}

#[derive(Serialize)]
struct ResultsPage {
    summary: String,
    searched_for: Option<String>,
    nearest_only: bool,
    cards: Vec<ResultCard>,
    filters: Vec<ResultFilter>,
    unfiltered: String,
    /// The number of the first result on this page, from 1.
    first: usize,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Serialize)]
struct ResultFilter {
    name: &'static str,
    url: String,
    chosen: bool,
}

async fn home(site: &Arc<SiteState>, params: &SearchParams) -> Result<HomePage, HttpError> {
    let found = if params.text.is_empty() { None } else { Some(find(site, params).await?) };
    let empty = found.as_ref().is_none_or(|found| found.cards.is_empty());
    Ok(HomePage {
        q: params.text.clone(),
        status: params.status,
        channel: params.channel.map(|channel| channel.to_string()),
        recurring: if empty { recurring(site).await? } else { Vec::new() },
        figures: if found.is_none() { figures(site).await? } else { Vec::new() },
        results: found.map(|found| ResultsPage::of(params, found)),
    })
}

async fn recurring(site: &SiteState) -> Result<Vec<ResultCard>, HttpError> {
    let clusters = site.store.clusters(2, RECURRING).await;
    let clusters =
        clusters.map_err(|cause| HttpError::internal("list recurring questions", &cause))?;
    Ok(clusters
        .iter()
        .map(|cluster| ResultCard::of(&site.presentable(cluster), &site.naming, |_| Vec::new()))
        .collect())
}

async fn figures(site: &SiteState) -> Result<Vec<HomeFigure>, HttpError> {
    let counts = site.counts.counts(&site.store).await?;
    let resolved = counts.conversations_by_status.get("resolved").copied().unwrap_or_default();
    let figure = |what, count: u64| HomeFigure { what, count: grouped(count as usize) };
    Ok(vec![
        figure("messages read", counts.messages),
        figure("conversations", counts.conversations),
        figure("resolved", resolved),
        figure("asked more than once", counts.recurring),
    ])
}

impl ResultsPage {
    fn of(params: &SearchParams, found: MatchedClusters) -> Self {
        let MatchedClusters { total, nearest_only, searched_for, cards } = found;
        let filtered = |status| SearchParams { status, ..params.clone() }.page_address(0);
        let filter = |name, status| ResultFilter {
            name,
            url: filtered(status),
            chosen: params.status == status,
        };
        let next = params.offset + params.limit;
        Self {
            summary: summary(params, total, nearest_only, cards.len()),
            searched_for,
            nearest_only,
            filters: vec![
                filter("All", None),
                filter("Known", Some(ReviewStatus::Known)),
                filter("Unreviewed", Some(ReviewStatus::Unreviewed)),
            ],
            unfiltered: SearchParams { status: None, channel: None, ..params.clone() }
                .page_address(0),
            first: params.offset + 1,
            previous: (params.offset > 0)
                .then(|| params.page_address(params.offset.saturating_sub(params.limit))),
            next: (!nearest_only && next < total && next <= MAX_OFFSET)
                .then(|| params.page_address(next)),
            cards,
        }
    }
}

/// The result of a search in one line, which screen readers also announce.
fn summary(params: &SearchParams, total: usize, nearest_only: bool, shown: usize) -> String {
    if shown == 0 {
        return "Nothing found".to_owned();
    }
    if nearest_only {
        return format!(
            "No confident match; {}",
            counted(shown, "similar question", "similar questions")
        );
    }
    let all = counted(total, "answered question", "answered questions");
    if shown < total {
        format!("{}–{} of {all}", params.offset + 1, params.offset + shown)
    } else {
        all
    }
}
