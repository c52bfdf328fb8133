//! Signing in with a token: a cookie that scripts cannot read, that other sites cannot make a browser send,
//! and that is sent to the pages of reviewers alone.

use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::credentials::RequestCredentials;
use super::origin_check::is_cross_site;
use super::scopes::{ApiScope, ScopeSet};
use crate::http::error::HttpError;
use crate::http::guard::CompleteBody;
use crate::http::templates;
use crate::presentation::page_meta::PageFrame;
use crate::presentation::report_words::ReviewText;
use crate::state::site_workspaces::SiteWorkspaces;

/// What reviewers need.
pub(crate) const REVIEW_SCOPE: ApiScope = ApiScope::ClustersWrite;
const COOKIE: &str = "review_token";
/// A working day, in seconds.
const MAX_AGE: u32 = 12 * 60 * 60;
const HOME: &str = "/review";
const SIGN_IN: &str = "/review/sign-in";

/// The token in the cookie of a request.
pub(super) fn credentials(headers: &HeaderMap) -> RequestCredentials {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|one| one.trim().split_once('='));
    let found = pairs.find(|(name, value)| *name == COOKIE && !value.is_empty());
    found.map_or(RequestCredentials::None, |(_, token)| RequestCredentials::Token(token.to_owned()))
}

/// Keeps pages of reviewers out of every cache, also that of a browser whose user signed out.
pub(super) fn keep_private(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.append(header::VARY, HeaderValue::from_static("cookie"));
}

pub(super) fn to_sign_in() -> Response {
    led_to(SIGN_IN, None)
}

#[derive(Serialize)]
struct SignInPage {
    scope: &'static str,
    /// Why the last attempt failed.
    refused: Option<&'static str>,
    w: &'static ReviewText,
}

/// `GET /review/sign-in`
pub(crate) async fn page(frame: PageFrame) -> Result<Html<String>, HttpError> {
    form(&frame, None)
}

#[derive(Deserialize)]
pub(crate) struct SignInForm {
    token: String,
}

/// `POST /review/sign-in`
pub(crate) async fn sign_in(
    State(workspaces): State<Arc<SiteWorkspaces>>,
    frame: PageFrame,
    uri: Uri,
    headers: HeaderMap,
    sent: Result<Form<SignInForm>, FormRejection>,
) -> Result<Response, HttpError> {
    if is_cross_site(&uri, &headers) {
        return Err(HttpError::cross_site());
    }
    let Form(SignInForm { token }) =
        sent.map_err(|_| HttpError::bad_request("the form has no token"))?;
    let token = token.trim();
    let row = workspaces.valid_token(token).await?;
    let row = row.filter(|row| workspaces.named(&row.workspace).is_some());
    let words = ReviewText::of(frame.language);
    let refused = match row.map(|row| ScopeSet::parse(&row.scopes).allows(REVIEW_SCOPE)) {
        Some(true) => {
            let secure = frame.origin.starts_with("https://");
            return Ok(led_to(HOME, Some(cookie(token, MAX_AGE, secure)?)));
        }
        Some(false) => &words.refused_scope,
        None => &words.refused_token,
    };
    let again = form(&frame, Some(refused))?;
    Ok((StatusCode::UNAUTHORIZED, Extension(CompleteBody), again).into_response())
}

/// `POST /review/sign-out`
pub(crate) async fn sign_out(
    frame: PageFrame,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    if is_cross_site(&uri, &headers) {
        return Err(HttpError::cross_site());
    }
    let secure = frame.origin.starts_with("https://");
    Ok(led_to(SIGN_IN, Some(cookie("", 0, secure)?)))
}

fn form(frame: &PageFrame, refused: Option<&'static str>) -> Result<Html<String>, HttpError> {
    let w = ReviewText::of(frame.language);
    let page = SignInPage { w, scope: REVIEW_SCOPE.as_str(), refused };
    templates::page("review_sign_in.html", frame, &frame.meta(&w.sign_in_heading, None), &page)
}

fn cookie(token: &str, max_age: u32, secure: bool) -> Result<HeaderValue, HttpError> {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!(
        "{COOKIE}={token}; Path={HOME}; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}"
    );
    HeaderValue::from_str(&text).map_err(|_| HttpError::token_invalid())
}

fn led_to(address: &'static str, cookie: Option<HeaderValue>) -> Response {
    let mut response =
        (StatusCode::SEE_OTHER, [(header::LOCATION, HeaderValue::from_static(address))])
            .into_response();
    let headers = response.headers_mut();
    headers.extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    keep_private(headers);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_one_of_several_cookies() {
        let read = |line: &'static str| {
            let line = HeaderValue::from_static(line);
            credentials(&HeaderMap::from_iter([(header::COOKIE, line)]))
        };
        let token = RequestCredentials::Token("ahv_t".to_owned());
        assert_eq!(read("theme=dark; review_token=ahv_t; a=b"), token);
        for none in ["", "theme=dark", "review_token=", "other_review_token=ahv_t"] {
            assert_eq!(read(none), RequestCredentials::None, "{none}");
        }
    }
}
