//! One answer: its page, its Markdown, its JSON.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rules::model::ids::ClusterId;
use serde::Serialize;

use crate::SiteState;
use crate::http::error::HttpError;
use crate::http::templates;
use crate::pages::markdown::markdown;
use crate::pages::slug;
use crate::pages::slug::AnswerFormat;
use crate::pages::view::AnswerView;

#[derive(Serialize)]
struct AnswerPage<'a> {
    answer: &'a AnswerView,
}

/// `GET /answers/{slug}`, with `.md` or `.json` behind it for other forms. The id at the slug's end
/// decides; any other slug of the same answer redirects to the one it has.
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

/// `GET /api/v1/answers/{id}`. An id that leads elsewhere is answered with the answer it leads to.
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
    Ok(AnswerView::of(&cluster, &site.naming))
}

/// A lasting redirect to an address on this site, which is ASCII as [`slug::address`] makes it.
fn moved(address: &str) -> Response {
    let location = HeaderValue::from_str(address).expect("addresses are percent-encoded");
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response()
}
