//! `/e/{fingerprint}`: the link that a program prints beside its error.

use axum::Extension;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rules::error_fingerprint::ErrorFingerprint;
use serde::{Deserialize, Serialize};

use crate::access::visitor::VisitorSite;
use crate::http::error::HttpError;
use crate::http::guard::CompleteBody;
use crate::http::params::searchable;
use crate::http::templates;
use crate::pages::answer::answer;
use crate::presentation::page_meta::PageFrame;
use crate::presentation::words::InterfaceText;
use crate::state::SiteState;

/// What a program may say beside the fingerprint.
#[derive(Deserialize)]
pub(crate) struct ErrorLinkParams {
    /// The text of the error, to search for where the fingerprint is unknown.
    #[serde(default)]
    q: String,
}

#[derive(Serialize)]
struct UnknownErrorPage {
    text: String,
}

/// Redirects to the answer, temporarily: a better one may come. An unknown fingerprint is a 404 that
/// offers to search.
pub(crate) async fn page(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    Path(fingerprint): Path<String>,
    Query(params): Query<ErrorLinkParams>,
) -> Result<Response, HttpError> {
    let fingerprint: ErrorFingerprint =
        fingerprint.parse().map_err(|_| HttpError::no_such_page())?;
    if let Some(address) = answer_address(&site, &fingerprint).await? {
        let location = HeaderValue::from_str(&address).expect("addresses are percent-encoded");
        return Ok((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response());
    }
    site.demand.record_unknown_error(fingerprint.to_string());
    let text = searchable(&params.q).to_owned();
    let meta = frame.meta(&frame.text.error_page_heading, None);
    let page = templates::page("unknown_error.html", &frame, &meta, &UnknownErrorPage { text })?;
    Ok((StatusCode::NOT_FOUND, Extension(CompleteBody), page).into_response())
}

/// The root-relative URL of the best answer to an error. Fails where it cannot be known yet.
async fn answer_address(
    site: &SiteState,
    fingerprint: &ErrorFingerprint,
) -> Result<Option<String>, HttpError> {
    let (solving, complete) = {
        let catalogue = site.catalogue().await?;
        (catalogue.solving(fingerprint).next().cloned(), catalogue.is_complete())
    };
    match solving {
        Some(id) => Ok(Some(answer(site, &id, InterfaceText::english()).await?.url)),
        None if complete => Ok(None),
        None => Err(HttpError::still_reading()),
    }
}
