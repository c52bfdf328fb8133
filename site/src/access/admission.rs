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
use super::scopes::{ApiScope, ScopeSet};
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
}

impl RouteAccess {
    /// Whoever has the scope; visitors without a token have those of reading.
    pub(crate) const fn of(scope: ApiScope) -> Self {
        Self { scope, needs_token: false }
    }

    /// Only tokens with the scope.
    pub(crate) const fn by_token(scope: ApiScope) -> Self {
        Self { scope, needs_token: true }
    }
}

/// Adds the [`Visitor`] to a request, or answers it with 401, 403 or 429.
pub(crate) async fn admitted(
    State((workspaces, access)): State<(Arc<SiteWorkspaces>, RouteAccess)>,
    mut request: Request,
    next: Next,
) -> Response {
    let credentials = RequestCredentials::of(request.headers());
    let origin = request.extensions().get::<ClientOrigin>().copied();
    let (visitor, left) = match visitor(&workspaces, access, credentials, origin).await {
        Ok(admitted) => admitted,
        Err((refusal, left)) => return with_limits(refusal.into_response(), left),
    };
    request.extensions_mut().insert(visitor);
    with_limits(next.run(request).await, left)
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
