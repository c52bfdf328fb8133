//! Searching: from the words of a visitor to result cards, for pages and the API alike.

use std::collections::HashMap;
use std::sync::Arc;

use indexer::search::document::SearchAudience;
use indexer::search::{self, ScoreExplanation, SearchFacets, SearchHits, highlights};
use rules::model::cluster::Cluster;

use crate::http::error::HttpError;
use crate::http::params::SearchParams;
use crate::pages::card::ResultCard;
use crate::pages::review_status::ReviewStatus;
use crate::presentation::words::InterfaceText;
use crate::state::SiteState;

/// How many similar questions are listed when nothing matched well.
const NEAREST: usize = 5;
/// How many related questions a page lists.
const RELATED: usize = 4;
/// How much of a page's question a related one says too, by weight.
const RELATED_SHARE: f32 = 0.35;

/// The results of a search.
pub(crate) struct MatchedClusters {
    pub(crate) total: usize,
    pub(crate) nearest_only: bool,
    /// The words that were searched for instead of all of a long text.
    pub(crate) searched_for: Option<String>,
    pub(crate) cards: Vec<ResultCard>,
    pub(crate) facets: SearchFacets,
    /// By the id of the answer, where the search asks for them.
    pub(crate) explanations: HashMap<String, ScoreExplanation>,
}

impl MatchedClusters {
    /// Whether nothing matched well.
    pub(crate) fn is_miss(&self) -> bool {
        self.cards.is_empty() || self.nearest_only
    }
}

/// Searches for what the parameters say. Cards are in the words of `text`.
pub(crate) async fn find(
    site: &Arc<SiteState>,
    params: &SearchParams,
    text: &InterfaceText,
) -> Result<MatchedClusters, HttpError> {
    let SearchHits { total, hits, nearest_only, searched_for, facets } =
        hits(site, params, false).await?;
    let mut ids = Vec::with_capacity(hits.len());
    let mut explanations = HashMap::new();
    for hit in hits {
        explanations.extend(hit.explanation.map(|said| (hit.cluster.to_string(), said)));
        ids.push(hit.cluster);
    }
    // The index may be behind: clusters that are gone from the store are left out.
    let clusters = site.store.clusters_with(&ids).await;
    let clusters = clusters.map_err(|cause| HttpError::internal("read the results", &cause))?;
    let words = searched_for.as_deref().unwrap_or(&params.text);
    let card = |cluster: &Cluster| {
        ResultCard::of(&site.presentable(cluster), &site.naming, text, |line| {
            highlights(words, line)
        })
    };
    let most = if nearest_only { NEAREST } else { clusters.len() };
    let cards = clusters.iter().take(most).map(card).collect();
    Ok(MatchedClusters { total, nearest_only, searched_for, cards, facets, explanations })
}

/// How much these words find without any filter (`None` where nothing matches well), and where it is.
pub(crate) async fn find_facets(
    site: &Arc<SiteState>,
    words: &str,
) -> Result<(Option<usize>, SearchFacets), HttpError> {
    let params = SearchParams { limit: 0, ..SearchParams::of_text(words) };
    let SearchHits { total, nearest_only, facets, .. } = hits(site, &params, false).await?;
    Ok(((!nearest_only).then_some(total), facets))
}

/// The questions that are most like the one with this title, without it.
pub(crate) async fn related(
    site: &Arc<SiteState>,
    id: &str,
    title: &str,
    text: &InterfaceText,
) -> Result<Vec<ResultCard>, HttpError> {
    let params = SearchParams { limit: RELATED * 2 + 1, ..SearchParams::of_text(title) };
    let hits = hits(site, &params, true).await?;
    let near = hits.hits.into_iter().filter(|hit| hit.share >= RELATED_SHARE);
    let ids = near.map(|hit| hit.cluster).filter(|other| other.as_str() != id);
    let clusters = site.store.clusters_with(&ids.collect::<Vec<_>>()).await;
    let clusters = clusters.map_err(|cause| HttpError::internal("read related ones", &cause))?;
    let cards = clusters.iter().map(|cluster| plain_card(site, cluster, text));
    Ok(cards.filter(|card| !card.weak && !card.withheld).take(RELATED).collect())
}

/// A card without marks.
pub(crate) fn plain_card(site: &SiteState, cluster: &Cluster, text: &InterfaceText) -> ResultCard {
    ResultCard::of(&site.presentable(cluster), &site.naming, text, |_| Vec::new())
}

async fn hits(
    site: &Arc<SiteState>,
    params: &SearchParams,
    keep_distant: bool,
) -> Result<SearchHits, HttpError> {
    let query = search::SearchQuery {
        text: params.text.clone(),
        known: params.status.map(|status| status == ReviewStatus::Reviewed),
        channel: params.channel,
        audience: SearchAudience::Public,
        guild: None,
        keep_distant,
        explain: params.explain,
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
