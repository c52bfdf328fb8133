//! The search page and the part of it that its script fetches.

use std::sync::Arc;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Html;
use serde::Serialize;

use crate::access::visitor::VisitorSite;
use crate::http::error::HttpError;
use crate::http::params::{MAX_OFFSET, SearchParams};
use crate::http::templates;
use crate::pages::card::ResultCard;
use crate::pages::fact_card::FactCard;
use crate::pages::find::{MatchedClusters, find, plain_card};
use crate::pages::notices::{SiteCondition, SiteNotice};
use crate::pages::result_filters::ResultFilters;
use crate::pages::review_status::ReviewStatus;
use crate::presentation::page_meta::{PageFrame, PageMeta};
use crate::presentation::words::{InterfaceText, filled, grouped};
use crate::state::SiteState;
use crate::state::catalogue::AnswerGroup;

/// How many recurring questions are listed without a query or a result.
const RECURRING: usize = 8;

pub(crate) type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// `GET /`: the whole page, which works without a script.
pub(crate) async fn page(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    pairs: Pairs,
) -> Result<Html<String>, HttpError> {
    let (params, _) = page_params(pairs)?;
    let view = home(&site, &frame, &params, true).await?;
    templates::page("home.html", &frame, &meta(&frame, &params), &view)
}

/// `GET /results`: the part of the page below the search box. Counts as a search once the typing has settled.
pub(crate) async fn results(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    pairs: Pairs,
) -> Result<Html<String>, HttpError> {
    let (params, is_settled) = page_params(pairs)?;
    let view = home(&site, &frame, &params, is_settled).await?;
    templates::fragment("home.html", "results", &frame, &view)
}

/// A page of results is not for search engines.
fn meta(frame: &PageFrame, params: &SearchParams) -> PageMeta {
    if params.text.is_empty() {
        return PageMeta { indexed: true, ..frame.meta("", Some("/")) };
    }
    frame.meta(&params.text, None)
}

pub(crate) fn known_pairs(pairs: Pairs) -> Result<Vec<(String, String)>, HttpError> {
    let Query(pairs) =
        pairs.map_err(|_| HttpError::bad_request("the query string cannot be parsed"))?;
    Ok(pairs)
}

/// What to search for, and whether the script says that the visitor has stopped typing. A page ignores unknown
/// parameters, which links from other sites may add.
fn page_params(pairs: Pairs) -> Result<(SearchParams, bool), HttpError> {
    let mut pairs = known_pairs(pairs)?;
    let is_settled = pairs.iter().any(|(name, _)| name == "settled");
    pairs
        .retain(|(name, _)| ["q", "status", "channel", "limit", "offset"].contains(&name.as_str()));
    Ok((SearchParams::read(&pairs)?, is_settled))
}

#[derive(Serialize)]
struct HomePage {
    q: String,
    status: Option<ReviewStatus>,
    channel: Option<String>,
    lead: String,
    results: Option<ResultsPage>,
    notices: Vec<SiteNotice>,
    /// What maintainers wrote down about it.
    facts: Vec<FactCard>,
    recurring: Vec<ResultCard>,
    figures: Vec<HomeFigure>,
}

/// A number on the start page.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct HomeFigure {
    pub(crate) what: String,
    pub(crate) count: String,
}

#[derive(Serialize)]
struct ResultsPage {
    summary: String,
    searched_for: Option<String>,
    nearest_only: bool,
    cards: Vec<ResultCard>,
    /// Cards that are probably no answers.
    weak: Vec<ResultCard>,
    /// "Show everything: 2 more, weak".
    weak_summary: String,
    filters: ResultFilters,
    unfiltered: String,
    /// The number of the first result on this page, from 1.
    first: usize,
    previous: Option<String>,
    next: Option<String>,
}

async fn home(
    site: &Arc<SiteState>,
    frame: &PageFrame,
    params: &SearchParams,
    counts: bool,
) -> Result<HomePage, HttpError> {
    let text = frame.text;
    let is_search = !params.text.is_empty();
    let mut found = if is_search { Some(find(site, params, text).await?) } else { None };
    if let Some(found) = &mut found {
        link_to_search(site, params, counts, found);
    }
    let empty = found.as_ref().is_none_or(|found| found.cards.is_empty());
    let lead = match &frame.identity.branding.name {
        Some(_) => frame.named(&text.home_lead_named),
        None => text.home_lead.to_string(),
    };
    let results = match found {
        Some(found) => {
            let filters = ResultFilters::of(site, params, &found, text).await?;
            Some(ResultsPage::of(params, found, filters, text))
        }
        None => None,
    };
    Ok(HomePage {
        q: params.text.clone(),
        status: params.status,
        channel: params.channel.map(|channel| channel.to_string()),
        lead,
        notices: if empty { SiteCondition::of(site).await?.notices(text) } else { Vec::new() },
        facts: site.rules.facts.asked_for(&params.text).into_iter().map(FactCard::of).collect(),
        recurring: if empty { recurring(site, text).await? } else { Vec::new() },
        figures: if is_search { Vec::new() } else { figures(site, text).await? },
        results,
    })
}

/// Has the links of results say which search they come from, by a key that does not tell its words. The search
/// itself is counted if it `counts` and is a whole one.
fn link_to_search(
    site: &Arc<SiteState>,
    params: &SearchParams,
    counts: bool,
    found: &mut MatchedClusters,
) {
    if counts && params.is_plain() {
        site.demand.record_search(&params.text, !found.is_miss());
    }
    let Some(key) = site.demand.key(&params.text) else { return };
    for card in &mut found.cards {
        card.url = format!("{}?s={}", card.url, key.as_str());
    }
}

async fn recurring(site: &SiteState, text: &InterfaceText) -> Result<Vec<ResultCard>, HttpError> {
    let ids = {
        let catalogue = site.catalogue().await?;
        let listed = catalogue.list(&AnswerGroup::Recurring, None, RECURRING);
        listed.positions.into_iter().map(|position| position.cluster).collect::<Vec<_>>()
    };
    let clusters = site.store.clusters_with(&ids).await;
    let clusters =
        clusters.map_err(|cause| HttpError::internal("list recurring questions", &cause))?;
    let cards = clusters.iter().map(|cluster| plain_card(site, cluster, text));
    Ok(cards.filter(|card| !card.withheld).collect())
}

async fn figures(site: &SiteState, text: &InterfaceText) -> Result<Vec<HomeFigure>, HttpError> {
    let figure = |what: &str, count: u64| HomeFigure {
        what: what.to_owned(),
        count: grouped(count as usize),
    };
    let Some(counts) = site.whole_counts().await? else {
        let catalogue = site.catalogue().await?;
        let count = |group| catalogue.count(&group) as u64;
        return Ok(vec![
            figure(&text.figure_resolved, count(AnswerGroup::All)),
            figure(&text.figure_recurring, count(AnswerGroup::Recurring)),
            figure(&text.reviewed_answers, count(AnswerGroup::Reviewed)),
        ]);
    };
    let resolved = counts.conversations_by_status.get("resolved").copied().unwrap_or_default();
    Ok(vec![
        figure(&text.figure_messages, counts.messages),
        figure(&text.figure_conversations, counts.conversations),
        figure(&text.figure_resolved, resolved),
        figure(&text.figure_recurring, counts.recurring),
    ])
}

impl ResultsPage {
    fn of(
        params: &SearchParams,
        found: MatchedClusters,
        filters: ResultFilters,
        text: &InterfaceText,
    ) -> Self {
        let MatchedClusters { total, nearest_only, searched_for, cards, .. } = found;
        let shown = cards.len();
        let next = params.offset + params.limit;
        // Where everything is weak, folding it would show nothing at all.
        let all_weak = cards.iter().all(|card| card.weak);
        let (weak, cards): (Vec<_>, Vec<_>) =
            cards.into_iter().partition(|card| card.weak && !all_weak);
        Self {
            summary: summary(params, total, nearest_only, shown, text),
            searched_for,
            nearest_only,
            filters,
            unfiltered: SearchParams { status: None, channel: None, ..params.clone() }
                .page_address(0),
            first: params.offset + 1,
            previous: (params.offset > 0)
                .then(|| params.page_address(params.offset.saturating_sub(params.limit))),
            next: (!nearest_only && next < total && next <= MAX_OFFSET)
                .then(|| params.page_address(next)),
            weak_summary: text.weak_matches.of(weak.len()),
            weak,
            cards,
        }
    }
}

/// The result of a search in one line, which screen readers also announce.
fn summary(
    params: &SearchParams,
    total: usize,
    nearest_only: bool,
    shown: usize,
    text: &InterfaceText,
) -> String {
    if shown == 0 {
        return text.nothing_found.to_string();
    }
    if nearest_only {
        let questions = text.similar_questions.of(shown);
        return filled(&text.nearest_summary, &[("questions", &questions)]);
    }
    let all = text.answered_questions.of(total);
    if shown == total {
        return all;
    }
    let (first, last) = ((params.offset + 1).to_string(), (params.offset + shown).to_string());
    filled(&text.range_of, &[("first", &first), ("last", &last), ("all", &all)])
}
