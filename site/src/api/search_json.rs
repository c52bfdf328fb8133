//! Answers as JSON, as searches and lists give them.

use indexer::search::{ScoreExplanation, TermScore};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::params::SearchParams;
use crate::pages::card::{ChannelView, ResultCard};
use crate::pages::find::MatchedClusters;
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
    /// With `explain=true` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<ScoreJson>,
}

/// Why an answer stands where it stands. Comparable within one response only.
#[derive(Serialize, ToSchema)]
struct ScoreJson {
    /// The sum of the terms, times the prior: what words give.
    total: f32,
    /// 1, or a little more for a reviewed answer and a frequent question.
    prior: f32,
    /// How near the answer is to the query in meaning, 1 at most; with a sentence encoder only. It decides .7 of the
    /// place, and the total .3.
    #[serde(skip_serializing_if = "Option::is_none")]
    cosine: Option<f32>,
    terms: Vec<TermScoreJson>,
}

#[derive(Serialize, ToSchema)]
struct TermScoreJson {
    /// A word of the query as it is looked up.
    term: String,
    /// What it says, by its rarity.
    weight: f32,
    /// What it adds; 0 where the answer does not have it.
    score: f32,
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
    pub(crate) fn new(params: &SearchParams, found: MatchedClusters) -> Self {
        let SearchParams { limit, offset, .. } = *params;
        let MatchedClusters { total, nearest_only, searched_for, cards, mut explanations, .. } =
            found;
        let answer = |card: ResultCard| {
            let score = explanations.remove(&card.id).map(ScoreJson::from_explanation);
            AnswerItemJson { score, ..AnswerItemJson::from_card(card) }
        };
        Self {
            answers: cards.into_iter().map(answer).collect(),
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
            score: None,
        }
    }
}

impl ScoreJson {
    fn from_explanation(explanation: ScoreExplanation) -> Self {
        let ScoreExplanation { terms, prior, cosine } = explanation;
        let total = prior * terms.iter().map(|one| one.score).sum::<f32>();
        let term = |TermScore { term, weight, score }| TermScoreJson { term, weight, score };
        Self { total, prior, cosine, terms: terms.into_iter().map(term).collect() }
    }
}
