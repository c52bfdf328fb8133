//! `GET /api/v1/search`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use rules::markdown::{MarkdownDialect, escape};
use std::fmt::Write as _;

use super::response_format::markdown_response;
use super::search_json::SearchResponse;
use crate::access::visitor::VisitorSite;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::http::params::SearchParams;
use crate::pages::card::ResultCard;
use crate::pages::find::find;
use crate::pages::search::{Pairs, known_pairs};
use crate::presentation::page_meta::PageFrame;
use crate::presentation::words::InterfaceText;

/// Search the answered questions
///
/// Plain words; there is no query language. Best first. Where nothing matches well, the most similar
/// questions are given and `meta.nearest_only` is true.
#[utoipa::path(
    get,
    path = "/api/v1/search",
    params(
        ("q" = String, Query, description = "Words, a question or an error message; at most 16,384 bytes"),
        ("status" = Option<String>, Query, description = "`known` or `unreviewed`"),
        ("channel" = Option<String>, Query, description = "The id of a channel"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 50, description = "Default 10"),
        ("offset" = Option<usize>, Query, minimum = 0, maximum = 1000, description = "Default 0"),
        ("explain" = Option<bool>, Query, description = "`true` says what the score of each answer is made of"),
        ("format" = Option<String>, Query, description = "`json` (default) or `markdown`"),
    ),
    responses(
        (status = 200, description = "What was found", content(
            (SearchResponse = "application/json"),
            (String = "text/markdown"),
        )),
        (status = 400, description = "A parameter is wrong", body = ErrorEnvelope),
    )
)]
pub(super) async fn search(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    pairs: Pairs,
) -> Result<Response, HttpError> {
    let mut pairs = known_pairs(pairs)?;
    let is_markdown = take_format(&mut pairs)?;
    let explain = take_explain(&mut pairs)?;
    let params = SearchParams { explain, ..SearchParams::read(&pairs)? };
    if params.text.is_empty() {
        return Err(HttpError::bad_request("q is missing; it is the text to search for"));
    }
    let found = find(&site, &params, InterfaceText::english()).await?;
    if params.is_plain() && found.is_miss() {
        site.demand.record_search(&params.text, false);
    }
    if is_markdown {
        let text = markdown(&found.cards, found.nearest_only, &frame);
        return Ok(markdown_response(text));
    }
    Ok(Json(SearchResponse::new(&params, found)).into_response())
}

/// Takes `format` out of the parameters: whether it is Markdown.
fn take_format(pairs: &mut Vec<(String, String)>) -> Result<bool, HttpError> {
    let Some(at) = pairs.iter().position(|(name, _)| name == "format") else { return Ok(false) };
    match pairs.remove(at).1.as_str() {
        "json" => Ok(false),
        "markdown" => Ok(true),
        _ => Err(HttpError::bad_request("format is wrong; allowed: json, markdown")),
    }
}

/// Takes `explain` out of the parameters.
fn take_explain(pairs: &mut Vec<(String, String)>) -> Result<bool, HttpError> {
    let Some(at) = pairs.iter().position(|(name, _)| name == "explain") else { return Ok(false) };
    let value = pairs.remove(at).1;
    value.parse().map_err(|_| HttpError::bad_request("explain is wrong; allowed: true, false"))
}

/// The results as a Markdown list with absolute links to the Markdown form of each answer.
pub(super) fn markdown(cards: &[ResultCard], nearest_only: bool, frame: &PageFrame) -> String {
    let escaped = |text: &str| escape(text, MarkdownDialect::CommonMark);
    if cards.is_empty() {
        return "Nothing found.\n".to_owned();
    }
    let mut text = String::new();
    if nearest_only {
        text.push_str("No confident match. The most similar questions:\n\n");
    }
    for card in cards {
        let url = frame.absolute(&card.url);
        let (title, snippet) = (escaped(&card.title), escaped(&card.snippet));
        let _ = write!(
            text,
            "- [{title}]({url}.md) ({}; last answered {})\n  > {snippet}\n",
            card.badge, card.last_confirmed.shown
        );
    }
    text
}
