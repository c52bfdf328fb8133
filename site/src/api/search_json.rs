//! The results of a search as JSON.

use serde::Serialize;

use crate::http::params::SearchParams;
use crate::pages::card::{ChannelView, ResultCard};
use crate::pages::words::ReviewStatus;

/// The response of `/api/v1/search`. Times are RFC 3339, UTC.
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
    /// The words that were searched for instead of all of a long text.
    #[serde(skip_serializing_if = "Option::is_none")]
    searched_for: Option<String>,
}

impl SearchResponse {
    pub(crate) fn new(
        params: &SearchParams,
        total: usize,
        nearest_only: bool,
        searched_for: Option<String>,
        cards: Vec<ResultCard>,
    ) -> Self {
        let SearchParams { limit, offset, .. } = *params;
        Self {
            answers: cards.into_iter().map(SearchItemJson::from_card).collect(),
            meta: SearchMeta { total, limit, offset, nearest_only, searched_for },
        }
    }
}

impl SearchItemJson {
    fn from_card(card: ResultCard) -> Self {
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
