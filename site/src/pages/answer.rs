//! One answer: its page, its Markdown, its JSON.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rules::model::ids::ClusterId;
use serde::Serialize;

use crate::http::error::HttpError;
use crate::http::templates;
use crate::pages::markdown::markdown;
use crate::pages::slug;
use crate::pages::slug::AnswerFormat;
use crate::pages::view::AnswerView;
use crate::state::SiteState;

#[derive(Serialize)]
struct AnswerPage<'a> {
    answer: &'a AnswerView,
}

/// `GET /answers/{slug}`, with `.md` or `.json` at the end for other formats. The id at the end of the
/// slug decides; an outdated slug redirects to the current one.
pub(crate) async fn page(
    State(site): State<Arc<SiteState>>,
    Path(segment): Path<String>,
) -> Result<Response, HttpError> {
    let (slug, id, form) = slug::parse(&segment).ok_or_else(HttpError::no_such_answer)?;
    let view = answer(&site, &id).await?;
    if slug != view.slug {
        return Ok(moved(&format!("{}{}", view.url, form.ending())));
    }
    Ok(match form {
        AnswerFormat::Page => {
            templates::page("answer.html", &AnswerPage { answer: &view })?.into_response()
        }
        AnswerFormat::Markdown => {
            ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], markdown(&view))
                .into_response()
        }
        AnswerFormat::Json => Json(view.export()).into_response(),
    })
}

/// `GET /api/v1/answers/{id}`. The id of a cluster that was merged into another gives the other.
pub(crate) async fn api(
    State(site): State<Arc<SiteState>>,
    Path(id): Path<String>,
) -> Result<Response, HttpError> {
    let id = id.parse().map_err(|_| HttpError::no_such_answer())?;
    Ok(Json(answer(&site, &id).await?.export()).into_response())
}

async fn answer(site: &SiteState, id: &ClusterId) -> Result<AnswerView, HttpError> {
    let cluster = site.store.cluster(id).await;
    let cluster = cluster.map_err(|cause| HttpError::internal("read an answer", &cause))?;
    let cluster = cluster.ok_or_else(HttpError::no_such_answer)?;
    Ok(AnswerView::of(&site.presentable(&cluster), &site.naming))
}

/// A permanent redirect to a URL of this site, which is ASCII because [`slug::address`] encodes it.
fn moved(address: &str) -> Response {
    let location = HeaderValue::from_str(address).expect("addresses are percent-encoded");
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response()
}
