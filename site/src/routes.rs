//! The routes besides those of the API, and what each asks of its visitors. They stand in tables, so that a
//! test can go through all of them.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};

use crate::access::admission::{RouteAccess, admitted};
use crate::access::scopes::ApiScope;
use crate::access::session;
use crate::http::settings::HttpSettings;
use crate::state::site_workspaces::SiteWorkspaces;
use crate::{http, mcp, pages};

type SiteMethods = MethodRouter<Arc<SiteWorkspaces>>;

/// The routes that show something of a workspace: visitors see their own.
pub(crate) fn workspace_routes() -> Vec<(&'static str, RouteAccess, SiteMethods)> {
    let reading = RouteAccess::of(ApiScope::SearchRead);
    let feedback = RouteAccess::of(ApiScope::FeedbackWrite);
    let review = RouteAccess::by_session(session::REVIEW_SCOPE);
    vec![
        ("/", reading, get(pages::search::page)),
        ("/results", reading, get(pages::search::results)),
        ("/answers/{slug}", reading, get(pages::answer::page)),
        ("/answers/{slug}/feedback/{verdict}", feedback, post(pages::feedback::send)),
        ("/browse", reading, get(pages::browse::index)),
        ("/browse/{kind}/{name}", reading, get(pages::browse::group)),
        ("/reports/briefing", reading, get(pages::reports::briefing)),
        ("/reports/questions", reading, get(pages::reports::questions)),
        ("/reports/contradictions", reading, get(pages::reports::contradictions)),
        ("/review", review, get(pages::review::list)),
        ("/review/{id}", review, get(pages::review::one)),
        ("/review/{id}/{decision}", review, post(pages::review_actions::decide)),
        ("/review/undo/{seq}", review, post(pages::review_actions::undo)),
        ("/e/{fingerprint}", reading, get(pages::error_link::page)),
        ("/sitemap.xml", reading, get(pages::discovery::sitemap)),
        ("/feed.atom", reading, get(pages::discovery::feed)),
        ("/opensearch.xml", reading, get(pages::discovery::opensearch)),
        ("/llms.txt", reading, get(pages::discovery::llms)),
        ("/robots.txt", reading, get(http::robots::robots)),
        ("/mcp", reading, post(mcp::endpoint)),
    ]
}

/// The routes of [`workspace_routes`], each behind what it asks of its visitors.
pub(crate) fn guarded_routes(workspaces: &Arc<SiteWorkspaces>) -> Router<Arc<SiteWorkspaces>> {
    let mut router = Router::new();
    for (path, access, methods) in workspace_routes() {
        let guard = (Arc::clone(workspaces), access);
        router = router.route(path, methods.route_layer(from_fn_with_state(guard, admitted)));
    }
    router
}

/// The routes that show nothing of any workspace, or only to the operator.
pub(crate) fn operator_routes(settings: &HttpSettings) -> Vec<(&'static str, SiteMethods)> {
    let readable = Arc::new(settings.metrics_token.clone());
    let metrics = get(http::metrics::metrics)
        .route_layer(from_fn_with_state(readable, http::metrics::permitted));
    vec![
        ("/favicon.ico", get(http::assets::favicon)),
        ("/assets/{name}", get(http::assets::serve)),
        ("/healthz", get(http::health::healthz)),
        ("/readyz", get(http::health::readyz)),
        ("/metrics", metrics),
        ("/review/sign-in", get(session::page).post(session::sign_in)),
        ("/review/sign-out", post(session::sign_out)),
    ]
}

/// The routes of [`operator_routes`], open to everybody who reaches them.
pub(crate) fn open_routes(settings: &HttpSettings) -> Router<Arc<SiteWorkspaces>> {
    let routes = operator_routes(settings).into_iter();
    routes.fold(Router::new(), |router, (path, methods)| router.route(path, methods))
}
