//! Answers as JSON, as searches and lists give them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::params::SearchParams;
use crate::pages::card::{ChannelView, ResultCard};
use crate::pages::review_status::ReviewStatus;

/// The response of `/api/v1/search`. Times are RFC 3339, UTC.
#[derive(Serialize, ToSchema)]
pub(crate) struct SearchResponse {
    answers: Vec<AnswerItemJson>,
    meta: SearchMeta,
}

/// An answer in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnswerItemJson {
    id: String,
    title: String,
    snippet: String,
    /// Root-relative; `.md` and `.json` at its end give other forms.
    url: String,
    status: ReviewStatus,
    /// `reviewed`, `confirmed`, `trusted`, `agreed` or `one-person`: what the first answer rests on.
    strength: &'static str,
    /// Whether it is one unconfirmed exchange that is probably no answer.
    weak: bool,
    occurrences: usize,
    askers: usize,
    last_confirmed: String,
    channels: Vec<ChannelView>,
}

#[derive(Serialize, ToSchema)]
struct SearchMeta {
    total: usize,
    limit: usize,
    offset: usize,
    /// Whether nothing matched well, and these are only the most similar questions.
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
            answers: cards.into_iter().map(AnswerItemJson::from_card).collect(),
            meta: SearchMeta { total, limit, offset, nearest_only, searched_for },
        }
    }
}

impl AnswerItemJson {
    pub(crate) fn from_card(card: ResultCard) -> Self {
        Self {
            id: card.id,
            title: card.title,
            snippet: card.snippet,
            url: card.url,
            status: card.status,
            strength: card.strength,
            weak: card.weak,
            occurrences: card.occurrences,
            askers: card.askers,
            last_confirmed: card.last_confirmed.exact,
            channels: card.channels,
        }
    }
}
