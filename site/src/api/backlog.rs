//! `GET /api/v1/backlog`: questions that nobody has answered yet.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::{IntoResponse, Response};
use rules::markdown::{MarkdownDialect, escape};
use rules::model::ids::{ChannelId, MessageId, permalink};
use rules::time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::lists::{ListMeta, bounded_limit, read};
use super::response_format::{ResponseFormat, markdown_response};
use crate::access::visitor::VisitorSite;
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::pages::card::ChannelView;
use crate::presentation::words::InterfaceText;

const DEFAULT_DAYS: i64 = 30;
const MAX_DAYS: i64 = 90;

/// Which open questions.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BacklogParams {
    /// Asked within so many days; default 30.
    #[param(minimum = 1, maximum = 90)]
    days: Option<i64>,
    /// The id of a channel gives the questions there only.
    channel: Option<String>,
    /// `meta.next_cursor` of the page before.
    cursor: Option<String>,
    /// Default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `json` (default) or `markdown`.
    #[param(inline)]
    format: Option<ResponseFormat>,
}

/// The oldest first. Without words: the people who asked have not been asked for consent.
#[derive(Serialize, ToSchema)]
pub(super) struct BacklogResponse {
    questions: Vec<OpenQuestionJson>,
    meta: ListMeta,
}

#[derive(Serialize, ToSchema)]
struct OpenQuestionJson {
    /// RFC 3339, UTC.
    asked: String,
    /// Whole days since then.
    days_open: i64,
    channel: ChannelView,
    /// The question on Discord.
    url: String,
}

/// Open questions
#[utoipa::path(
    get,
    path = "/api/v1/backlog",
    params(BacklogParams),
    responses(
        (status = 200, description = "A page of open questions", content(
            (BacklogResponse = "application/json"),
            (String = "text/markdown"),
        )),
        (status = 400, description = "A parameter is wrong", body = ErrorEnvelope),
    )
)]
pub(super) async fn backlog(
    VisitorSite(site): VisitorSite,
    params: Result<Query<BacklogParams>, QueryRejection>,
) -> Result<Response, HttpError> {
    let BacklogParams { days, channel, cursor, limit, format } =
        read(params, "days, channel, cursor, limit, format")?;
    let (days, limit) = (days.unwrap_or(DEFAULT_DAYS), bounded_limit(limit)?);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(HttpError::bad_request(format!("days is {days}; allowed: 1 to {MAX_DAYS}")));
    }
    let after = cursor.map(|cursor| cursor.parse::<MessageId>()).transpose();
    let after = after.map_err(|_| HttpError::bad_request("cursor is not one of this list"))?;
    let only = channel.map(|channel| channel.parse::<ChannelId>()).transpose();
    let only = only.map_err(|_| {
        HttpError::bad_request("channel is wrong; allowed: the digits of a channel id")
    })?;
    let now = site.now();
    let channels = site.open_channels().await?;
    let from = MessageId::min_at(time::minus(now, time::days(days)));
    let open = site.store.unanswered_since(from, &channels).await;
    let open = open.map_err(|cause| HttpError::internal("list open questions", &cause))?;
    let shown = open
        .iter()
        .filter(|one| only.is_none_or(|only| one.channel == only))
        .filter_map(|one| Some((one.id, one.channel, channels.get(&one.channel)?)))
        .collect::<Vec<_>>();
    let from = after.map_or(0, |after| shown.partition_point(|(id, ..)| *id <= after));
    let page = &shown[from..(from + limit).min(shown.len())];
    let questions = page.iter().map(|(id, channel, place)| {
        let asked = id.created_at();
        OpenQuestionJson {
            asked: InterfaceText::english().date(asked).exact,
            days_open: time::whole_days(now.duration_since(asked)).max(0),
            channel: ChannelView { id: channel.to_string(), name: place.name.clone() },
            url: permalink(place.server, *channel, *id),
        }
    });
    let questions = questions.collect::<Vec<_>>();
    let more = from + page.len() < shown.len();
    let next_cursor = page.last().filter(|_| more).map(|(id, ..)| id.to_string());
    Ok(match format.unwrap_or_default() {
        ResponseFormat::Markdown => markdown_response(markdown(&questions)),
        ResponseFormat::Json => {
            let meta = ListMeta { total: shown.len(), next_cursor };
            Json(BacklogResponse { questions, meta }).into_response()
        }
    })
}

fn markdown(questions: &[OpenQuestionJson]) -> String {
    let mut text = String::new();
    for OpenQuestionJson { asked, days_open, channel, url } in questions {
        let channel = escape(&channel.name, MarkdownDialect::CommonMark);
        let _ = writeln!(text, "- [{asked}]({url}) in #{channel}, open for {days_open} days");
    }
    text
}
