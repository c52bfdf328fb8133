//! `GET /api/v1/topics`: what the answers are about.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::{IntoResponse, Response};
use rules::markdown::{MarkdownDialect, escape};
use serde::Serialize;
use utoipa::ToSchema;

use super::lists::{ListMeta, ListParams, bounded_limit, read};
use super::response_format::{ResponseFormat, markdown_response};
use crate::access::visitor::VisitorSite;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::pages::browse::address_of;
use crate::presentation::page_meta::PageFrame;
use crate::state::catalogue::AnswerGroup;

/// In the order of their names. Only topics with answers.
#[derive(Serialize, ToSchema)]
pub(super) struct TopicListResponse {
    topics: Vec<TopicJson>,
    meta: ListMeta,
}

/// A subject of `topics.toml`.
#[derive(Serialize, ToSchema)]
struct TopicJson {
    /// What `topic` of `/api/v1/answers` takes.
    name: String,
    answers: usize,
    /// Root-relative: the page that lists its answers.
    url: String,
}

/// The topics, with the number of their answers
#[utoipa::path(
    get,
    path = "/api/v1/topics",
    params(ListParams),
    responses(
        (status = 200, description = "A page of topics", content(
            (TopicListResponse = "application/json"),
            (String = "text/markdown"),
        )),
        (status = 400, description = "A parameter is wrong", body = ErrorEnvelope),
    )
)]
pub(super) async fn topics(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    params: Result<Query<ListParams>, QueryRejection>,
) -> Result<Response, HttpError> {
    let ListParams { cursor, limit, format } = read(params, "cursor, limit, format")?;
    let limit = bounded_limit(limit)?;
    let mut topics = {
        let catalogue = site.catalogue().await?;
        if !catalogue.is_complete() {
            return Err(HttpError::still_reading());
        }
        catalogue.groups().filter_map(TopicJson::of).collect::<Vec<_>>()
    };
    let total = topics.len();
    if let Some(after) = cursor {
        topics.retain(|topic| topic.name > after);
    }
    let more = topics.len() > limit;
    topics.truncate(limit);
    let next_cursor = topics.last().filter(|_| more).map(|topic| topic.name.clone());
    Ok(match format.unwrap_or_default() {
        ResponseFormat::Markdown => markdown_response(markdown(&topics, &frame)),
        ResponseFormat::Json => {
            let meta = ListMeta { total, next_cursor };
            Json(TopicListResponse { topics, meta }).into_response()
        }
    })
}

impl TopicJson {
    fn of((group, answers): (&AnswerGroup, usize)) -> Option<Self> {
        let AnswerGroup::Topic(name) = group else { return None };
        Some(Self { name: name.clone(), answers, url: address_of(group) })
    }
}

fn markdown(topics: &[TopicJson], frame: &PageFrame) -> String {
    let mut text = String::new();
    for TopicJson { name, answers, url } in topics {
        let name = escape(name, MarkdownDialect::CommonMark);
        let _ = writeln!(text, "- [{name}]({}): {answers}", frame.absolute(url));
    }
    text
}
