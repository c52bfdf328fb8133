//! The routes besides those of the API, and what each asks of its visitors. They stand in tables, so that a
//! test can go through all of them.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};

use crate::access::admission::{RouteAccess, admitted};
use crate::access::scopes::ApiScope;
use crate::http::settings::HttpSettings;
use crate::state::site_workspaces::SiteWorkspaces;
use crate::{http, mcp, pages};

type SiteMethods = MethodRouter<Arc<SiteWorkspaces>>;

/// The routes that show something of a workspace: visitors see their own.
pub(crate) fn workspace_routes() -> Vec<(&'static str, ApiScope, SiteMethods)> {
    use ApiScope::{FeedbackWrite, SearchRead};
    vec![
        ("/", SearchRead, get(pages::search::page)),
        ("/results", SearchRead, get(pages::search::results)),
        ("/answers/{slug}", SearchRead, get(pages::answer::page)),
        ("/answers/{slug}/feedback/{verdict}", FeedbackWrite, post(pages::feedback::send)),
        ("/browse", SearchRead, get(pages::browse::index)),
        ("/browse/{kind}/{name}", SearchRead, get(pages::browse::group)),
        ("/reports/briefing", SearchRead, get(pages::reports::briefing)),
        ("/reports/questions", SearchRead, get(pages::reports::questions)),
        ("/reports/contradictions", SearchRead, get(pages::reports::contradictions)),
        ("/e/{fingerprint}", SearchRead, get(pages::error_link::page)),
        ("/sitemap.xml", SearchRead, get(pages::discovery::sitemap)),
        ("/feed.atom", SearchRead, get(pages::discovery::feed)),
        ("/opensearch.xml", SearchRead, get(pages::discovery::opensearch)),
        ("/llms.txt", SearchRead, get(pages::discovery::llms)),
        ("/robots.txt", SearchRead, get(http::robots::robots)),
        ("/mcp", SearchRead, post(mcp::endpoint)),
    ]
}

/// The routes of [`workspace_routes`], each behind its scope.
pub(crate) fn guarded_routes(workspaces: &Arc<SiteWorkspaces>) -> Router<Arc<SiteWorkspaces>> {
    let mut router = Router::new();
    for (path, scope, methods) in workspace_routes() {
        let guard = (Arc::clone(workspaces), RouteAccess::of(scope));
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
    ]
}

/// The routes of [`operator_routes`], open to everybody who reaches them.
pub(crate) fn open_routes(settings: &HttpSettings) -> Router<Arc<SiteWorkspaces>> {
    let routes = operator_routes(settings).into_iter();
    routes.fold(Router::new(), |router, (path, methods)| router.route(path, methods))
}
