//! One answer: its page, its Markdown, its JSON.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use indexer::store::FeedbackCounts;
use rules::model::cluster::Cluster;
use rules::model::ids::ClusterId;
use serde::{Deserialize, Serialize};

use crate::access::visitor::VisitorSite;
use crate::http::error::HttpError;
use crate::http::templates;
use crate::pages::card::ResultCard;
use crate::pages::find::related;
use crate::pages::markdown::markdown;
use crate::pages::review_status::ReviewStatus;
use crate::pages::slug;
use crate::pages::slug::AnswerFormat;
use crate::pages::structured_data::structured_data;
use crate::pages::version_validity::VersionValidity;
use crate::pages::view::AnswerView;
use crate::presentation::page_meta::{PageFrame, PageMeta};
use crate::presentation::words::InterfaceText;
use crate::state::SiteState;

#[derive(Serialize)]
struct AnswerPage<'a> {
    answer: &'a AnswerView,
    related: Vec<ResultCard>,
    /// Where the buttons below the answer send what the reader says; `None` where nothing is counted.
    feedback: Option<String>,
}

/// How the reader came.
#[derive(Deserialize)]
pub(crate) struct AnswerPageParams {
    /// The key of the search whose results named this answer.
    s: Option<String>,
}

/// `GET /answers/{slug}`, with `.md` or `.json` at the end for other formats. The id at the end of the
/// slug decides; an outdated slug redirects to the current one.
pub(crate) async fn page(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    Path(segment): Path<String>,
    params: Result<Query<AnswerPageParams>, QueryRejection>,
) -> Result<Response, HttpError> {
    let (slug, id, form) = slug::parse(&segment).ok_or_else(HttpError::no_such_answer)?;
    let text = if form == AnswerFormat::Page { frame.text } else { InterfaceText::english() };
    let cluster = cluster(&site, &id).await?;
    let view = answer_of(&site, &cluster, text).await?;
    if slug != view.slug {
        return Ok(moved(&format!("{}{}", view.url, form.ending())));
    }
    Ok(match form {
        AnswerFormat::Page => {
            let related = related(&site, &view.id, &view.title, text).await?;
            if let Ok(Query(AnswerPageParams { s: Some(search) })) = params {
                site.demand.record_opened(search);
            }
            let feedback = format!("{}/feedback/", view.url);
            let feedback = site.store.is_writable().then_some(feedback);
            let page = AnswerPage { answer: &view, related, feedback };
            templates::page("answer.html", &frame, &meta(&view, &frame), &page)?.into_response()
        }
        AnswerFormat::Markdown => {
            ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], markdown(&view))
                .into_response()
        }
        AnswerFormat::Json => {
            let feedback = read_feedback(&site, &cluster).await?;
            Json(view.export(feedback)).into_response()
        }
    })
}

/// The answer of a cluster, or of the one that it was merged into.
pub(crate) async fn answer(
    site: &SiteState,
    id: &ClusterId,
    text: &InterfaceText,
) -> Result<AnswerView, HttpError> {
    answer_of(site, &cluster(site, id).await?, text).await
}

/// The cluster with an id, or the one that it was merged into.
pub(crate) async fn cluster(site: &SiteState, id: &ClusterId) -> Result<Cluster, HttpError> {
    let cluster = site.store.cluster(id).await;
    let cluster = cluster.map_err(|cause| HttpError::internal("read an answer", &cause))?;
    cluster.ok_or_else(HttpError::no_such_answer)
}

/// What readers said of a cluster.
pub(crate) async fn read_feedback(
    site: &SiteState,
    cluster: &Cluster,
) -> Result<FeedbackCounts, HttpError> {
    let feedback = site.store.feedback(cluster).await;
    feedback.map_err(|cause| HttpError::internal("read feedback", &cause))
}

/// A cluster as its page shows it.
pub(crate) async fn answer_of(
    site: &SiteState,
    cluster: &Cluster,
    text: &InterfaceText,
) -> Result<AnswerView, HttpError> {
    let known = site.store.answer_checks(cluster).await;
    let known = known.map_err(|cause| HttpError::internal("read the releases", &cause))?;
    let (shown, now) = (site.presentable(cluster), site.now());
    let policy = &site.rules.verification;
    let validity = VersionValidity::of(&shown, &known, policy, text, now);
    Ok(AnswerView { validity, ..AnswerView::of(&shown, &site.naming, text, now) })
}

fn meta(view: &AnswerView, frame: &PageFrame) -> PageMeta {
    let meta = frame.meta(&view.title, Some(&view.url));
    PageMeta {
        description: match view.description.is_empty() {
            true => meta.description,
            false => view.description.clone(),
        },
        kind: "article",
        indexed: view.status == ReviewStatus::Reviewed,
        structured_data: structured_data(view, frame),
        ..meta
    }
}

/// A permanent redirect to a URL of this site, which is ASCII because [`slug::address`] encodes it.
pub(crate) fn moved(address: &str) -> Response {
    let location = HeaderValue::from_str(address).expect("addresses are percent-encoded");
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response()
}
