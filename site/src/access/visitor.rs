//! Who asks: the one workspace that they see, and what they may do there.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::feedback_limits::FeedbackSource;
use super::scopes::{ApiScope, ScopeSet};
use crate::http::client::ClientOrigin;
use crate::http::error::HttpError;
use crate::http::rate_limit::bucket;
use crate::state::SiteState;

/// A visitor whom [`super::admission::admitted`] let in.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) site: Arc<SiteState>,
    pub(crate) scopes: ScopeSet,
    /// Whose feedback theirs is.
    pub(crate) source: FeedbackSource,
}

/// The workspace of the visitor. A handler has no other way to answers, so that it cannot show those of
/// another workspace; and a route that lets in without asking has none at all.
pub(crate) struct VisitorSite(pub(crate) Arc<SiteState>);

impl Visitor {
    pub(crate) fn may(&self, scope: ApiScope) -> bool {
        self.scopes.allows(scope)
    }

    /// The source of a visitor without a token.
    pub(super) fn anonymous_source(origin: Option<ClientOrigin>) -> FeedbackSource {
        origin.map_or(FeedbackSource::Session, |origin| {
            FeedbackSource::Address(bucket(origin.address))
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or_else(HttpError::without_visitor)
    }
}

impl<S: Sync> FromRequestParts<S> for VisitorSite {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Visitor::from_request_parts(parts, state).await.map(|visitor| Self(visitor.site))
    }
}
