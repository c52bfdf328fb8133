//! Searching: the page, the fragment its script asks for, and the API.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Html;
use indexer::search::{self, SearchHits, highlights};
use rules::model::cluster::Cluster;
use serde::Serialize;

use crate::SiteState;
use crate::http::error::HttpError;
use crate::http::params::{MAX_OFFSET, SearchParams};
use crate::http::templates;
use crate::pages::card::{ChannelView, ResultCard};
use crate::pages::words::{ReviewStatus, counted, grouped};

/// How many recurring questions stand where nothing was asked or found.
const RECURRING: usize = 8;

/// How many near questions are offered where nothing matched well: more would only be further away.
const NEAREST: usize = 5;

type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// `GET /`: the whole page, which needs no script.
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
        return Err(HttpError::bad_request("q is missing; give the words to search for"));
    }
    let found = find(&site, &params).await?;
    Ok(Json(SearchResponse::of(&params, found)))
}

fn known_pairs(pairs: Pairs) -> Result<Vec<(String, String)>, HttpError> {
    let Query(pairs) =
        pairs.map_err(|_| HttpError::bad_request("the query string cannot be read"))?;
    Ok(pairs)
}

/// A page passes over names it does not know: links from elsewhere carry such things.
fn page_params(pairs: Pairs) -> Result<SearchParams, HttpError> {
    let mut pairs = known_pairs(pairs)?;
    pairs
        .retain(|(name, _)| ["q", "status", "channel", "limit", "offset"].contains(&name.as_str()));
    SearchParams::read(&pairs)
}

/// What was found, with the clusters it names.
struct MatchedClusters {
    total: usize,
    nearest_only: bool,
    cards: Vec<ResultCard>,
}

async fn find(site: &Arc<SiteState>, params: &SearchParams) -> Result<MatchedClusters, HttpError> {
    let hits = hits(site, params).await?;
    let ids = hits.hits.into_iter().map(|hit| hit.cluster).collect::<Vec<_>>();
    // The index may be a moment behind: what is gone from the store is left out.
    let clusters = site.store.clusters_with(&ids).await;
    let clusters = clusters.map_err(|cause| HttpError::internal("read what was found", &cause))?;
    let card = |cluster: &Cluster| {
        ResultCard::of(cluster, &site.naming, |text| highlights(&params.text, text))
    };
    let most = if hits.nearest_only { NEAREST } else { clusters.len() };
    let cards = clusters.iter().take(most).map(card).collect();
    Ok(MatchedClusters { total: hits.total, nearest_only: hits.nearest_only, cards })
}

async fn hits(site: &Arc<SiteState>, params: &SearchParams) -> Result<SearchHits, HttpError> {
    let query = search::SearchQuery {
        text: params.text.clone(),
        known: params.status.map(|status| status == ReviewStatus::Known),
        channel: params.channel,
        offset: params.offset,
        limit: params.limit,
    };
    let newest = site.store.newest_change().await;
    let newest = newest.map_err(|cause| HttpError::internal("read the newest change", &cause))?;
    let turn = Arc::clone(&site.searches).acquire_owned().await;
    let turn = turn.expect("the semaphore is never closed");
    let site = Arc::clone(site);
    // The index reads files and computes; neither may hold up the runtime.
    let searched = tokio::task::spawn_blocking(move || {
        // Held until the search ends, even where the visitor has given up before.
        let _turn = turn;
        if site.fresh.is_behind(newest) {
            site.fresh.refresh(&site.searcher);
        }
        site.searcher.search(&query)
    });
    searched
        .await
        .map_err(|cause| HttpError::internal("finish a search", &cause))?
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

/// A number worth showing before anything is asked.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HomeFigure {
    pub(crate) what: &'static str,
    pub(crate) count: String,
}

#[derive(Serialize)]
struct ResultsPage {
    summary: String,
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
    let helpless = found.as_ref().is_none_or(|found| found.cards.is_empty());
    Ok(HomePage {
        q: params.text.clone(),
        status: params.status,
        channel: params.channel.map(|channel| channel.to_string()),
        recurring: if helpless { recurring(site).await? } else { Vec::new() },
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
        .map(|cluster| ResultCard::of(cluster, &site.naming, |_| Vec::new()))
        .collect())
}

async fn figures(site: &SiteState) -> Result<Vec<HomeFigure>, HttpError> {
    let counts = site.figures.counts(&site.store).await?;
    let resolved = counts.conversations_by_status.get("resolved").copied().unwrap_or_default();
    let figure = |what, count: u64| HomeFigure { what, count: grouped(count as usize) };
    Ok(vec![
        figure("messages read", counts.messages),
        figure("conversations", counts.conversations),
        figure("settled", resolved),
        figure("asked more than once", counts.recurring),
    ])
}

impl ResultsPage {
    fn of(params: &SearchParams, found: MatchedClusters) -> Self {
        let MatchedClusters { total, nearest_only, cards } = found;
        let filtered = |status| SearchParams { status, ..params.clone() }.page_address(0);
        let filter = |name, status| ResultFilter {
            name,
            url: filtered(status),
            chosen: params.status == status,
        };
        let next = params.offset + params.limit;
        Self {
            summary: summary(params, total, nearest_only, cards.len()),
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

/// What a search came to, in one line that is also read aloud.
fn summary(params: &SearchParams, total: usize, nearest_only: bool, shown: usize) -> String {
    if shown == 0 {
        return "Nothing found".to_owned();
    }
    if nearest_only {
        return format!("No sure match; {} near", counted(shown, "question", "questions"));
    }
    let all = counted(total, "settled question", "settled questions");
    if shown < total {
        format!("{}–{} of {all}", params.offset + 1, params.offset + shown)
    } else {
        all
    }
}

/// The answer of the search API.
#[derive(Serialize)]
pub(crate) struct SearchResponse {
    answers: Vec<SearchItemJson>,
    meta: SearchMeta,
}

#[derive(Serialize)]
struct SearchItemJson {
    id: String,
    title: String,
    snippet: String,
    url: String,
    status: ReviewStatus,
    occurrences: usize,
    askers: usize,
    last_confirmed: String,
    channels: Vec<ChannelView>,
}

#[derive(Serialize)]
struct SearchMeta {
    total: usize,
    limit: usize,
    offset: usize,
    nearest_only: bool,
}

impl SearchResponse {
    fn of(params: &SearchParams, found: MatchedClusters) -> Self {
        let MatchedClusters { total, nearest_only, cards } = found;
        Self {
            answers: cards.into_iter().map(SearchItemJson::of).collect(),
            meta: SearchMeta { total, limit: params.limit, offset: params.offset, nearest_only },
        }
    }
}

impl SearchItemJson {
    fn of(card: ResultCard) -> Self {
        Self {
            id: card.id,
            title: card.title,
            snippet: card.snippet,
            url: card.url,
            status: card.status,
            occurrences: card.occurrences,
            askers: card.askers,
            last_confirmed: card.last_confirmed.exact,
            channels: card.channels,
        }
    }
}
