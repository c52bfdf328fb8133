//! Lets visitors in: finds their token, their workspace and what is left of their requests.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use indexer::store::ApiTokenRow;

use super::credentials::RequestCredentials;
use super::feedback_limits::FeedbackSource;
use super::origin_check::is_cross_site;
use super::scopes::{ApiScope, ScopeSet};
use super::session;
use super::token_limits::RateLimitState;
use super::visitor::Visitor;
use crate::http::client::ClientOrigin;
use crate::http::error::HttpError;
use crate::state::site_workspaces::SiteWorkspaces;

/// What a route asks of its visitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RouteAccess {
    scope: ApiScope,
    needs_token: bool,
    /// Whether browsers send the token in the cookie of [`session`].
    signs_in: bool,
}

impl RouteAccess {
    /// Whoever has the scope; visitors without a token have those of reading.
    pub(crate) const fn of(scope: ApiScope) -> Self {
        Self { scope, needs_token: false, signs_in: false }
    }

    /// Only tokens with the scope.
    pub(crate) const fn by_token(scope: ApiScope) -> Self {
        Self { scope, needs_token: true, signs_in: false }
    }

    /// Only tokens with the scope, also those that people signed in with. Forms of other sites are refused,
    /// and who is not signed in is led to where one signs in.
    pub(crate) const fn by_session(scope: ApiScope) -> Self {
        Self { scope, needs_token: true, signs_in: true }
    }
}

/// Adds the [`Visitor`] to a request, or answers it with 401, 403 or 429; with 503 while answers may be out of date.
pub(crate) async fn admitted(
    State((workspaces, access)): State<(Arc<SiteWorkspaces>, RouteAccess)>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_read = request.method().is_safe();
    if access.signs_in && !is_read && is_cross_site(request.uri(), request.headers()) {
        return HttpError::cross_site().into_response();
    }
    if let Err(too_old) = workspaces.check_current().await {
        return too_old.into_response();
    }
    let credentials = match RequestCredentials::of(request.headers()) {
        RequestCredentials::None if access.signs_in => session::credentials(request.headers()),
        other => other,
    };
    let origin = request.extensions().get::<ClientOrigin>().copied();
    let (visitor, left) = match visitor(&workspaces, access, credentials, origin).await {
        Ok(admitted) => admitted,
        Err((refusal, _)) if access.signs_in && is_read && refusal.is_unauthorized() => {
            return session::to_sign_in();
        }
        Err((refusal, left)) => return with_limits(refusal.into_response(), left),
    };
    request.extensions_mut().insert(visitor);
    let mut response = with_limits(next.run(request).await, left);
    if access.signs_in {
        session::keep_private(response.headers_mut());
    }
    response
}

type Refusal = (HttpError, Option<RateLimitState>);

async fn visitor(
    workspaces: &SiteWorkspaces,
    access: RouteAccess,
    credentials: RequestCredentials,
    origin: Option<ClientOrigin>,
) -> Result<(Visitor, Option<RateLimitState>), Refusal> {
    let token = match credentials {
        RequestCredentials::None => {
            let anonymous = workspaces.anonymous().filter(|_| !access.needs_token);
            let site = anonymous.ok_or((HttpError::token_missing(), None))?;
            let scopes = ScopeSet::anonymous();
            let source = Visitor::anonymous_source(origin);
            return allowed(Visitor { site, scopes, source }, access, None);
        }
        RequestCredentials::Token(token) => token,
        RequestCredentials::Unreadable => return Err((HttpError::token_invalid(), None)),
    };
    let row = workspaces.valid_token(&token).await.map_err(|error| (error, None))?;
    let row = row.ok_or((HttpError::token_invalid(), None))?;
    let left = taken(workspaces, &row)?;
    // The settings no longer have its workspace.
    let site = workspaces.named(&row.workspace).ok_or((HttpError::token_invalid(), Some(left)))?;
    workspaces.record_token_use(&row);
    let scopes = ScopeSet::parse(&row.scopes);
    let source = FeedbackSource::Token(row.id);
    allowed(Visitor { site, scopes, source }, access, Some(left))
}

fn taken(workspaces: &SiteWorkspaces, row: &ApiTokenRow) -> Result<RateLimitState, Refusal> {
    let per_minute = NonZeroU32::new(row.per_minute).unwrap_or(NonZeroU32::MIN);
    workspaces
        .token_limits
        .take(&row.id, per_minute)
        .map_err(|(left, wait)| (HttpError::token_exhausted(wait), Some(left)))
}

fn allowed(
    visitor: Visitor,
    access: RouteAccess,
    left: Option<RateLimitState>,
) -> Result<(Visitor, Option<RateLimitState>), Refusal> {
    if visitor.may(access.scope) {
        return Ok((visitor, left));
    }
    Err((HttpError::scope_missing(access.scope), left))
}

/// What a token has left, on every response to it; no cache shares what depends on who asks.
fn with_limits(mut response: Response, left: Option<RateLimitState>) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("authorization"));
    if let Some(left) = left {
        left.write_to(headers);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    response
}
