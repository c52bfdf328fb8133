//! The embedded style sheet, scripts and icon, and the files that the branding adds; their URLs change with
//! their content.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::error::HttpError;
use crate::presentation::brand_assets::{BrandAssets, HashedAsset};
use crate::state::site_workspaces::SiteWorkspaces;

static EMBEDDED: LazyLock<[HashedAsset; 4]> = LazyLock::new(|| {
    [
        ("site.css", "text/css; charset=utf-8", include_str!("../../assets/site.css")),
        ("site.js", "text/javascript; charset=utf-8", include_str!("../../assets/site.js")),
        ("overlay.js", "text/javascript; charset=utf-8", include_str!("../../assets/overlay.js")),
        ("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
    ]
    .map(|(name, kind, body)| {
        HashedAsset::new(name.to_owned(), kind, Cow::Borrowed(body.as_bytes()))
    })
});

/// The URL of an embedded asset.
pub(crate) fn address(name: &str) -> Option<String> {
    EMBEDDED.iter().find(|asset| asset.name == name).map(HashedAsset::address)
}

/// Serves an asset under its hashed name.
pub(crate) async fn serve(
    State(site): State<Arc<SiteWorkspaces>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let BrandAssets { logo, accent } = &site.identity.assets;
    let address = format!("/assets/{name}");
    let asset = EMBEDDED.iter().chain(logo).chain(accent).find(|asset| asset.address() == address);
    let asset = asset.ok_or_else(HttpError::no_such_page)?;
    Ok(lasting(asset, &headers))
}

/// `GET /favicon.ico`, which browsers and link previews ask for by themselves.
pub(crate) async fn favicon(
    State(site): State<Arc<SiteWorkspaces>>,
    headers: HeaderMap,
) -> Response {
    let icon = EMBEDDED.iter().find(|asset| asset.name == "icon.svg");
    let icon = site.identity.assets.logo.as_ref().or(icon).expect("an icon is embedded");
    let mut response = lasting(icon, &headers);
    let day = axum::http::HeaderValue::from_static("public, max-age=86400");
    response.headers_mut().insert(header::CACHE_CONTROL, day);
    response
}

fn lasting(asset: &HashedAsset, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", asset.hash);
    let fresh =
        headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let lasting = [
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (header::ETAG, tag),
    ];
    if fresh {
        return (StatusCode::NOT_MODIFIED, lasting).into_response();
    }
    (lasting, [(header::CONTENT_TYPE, asset.kind)], asset.body.to_vec()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_content() {
        let css = address("site.css").unwrap();
        assert!(css.starts_with("/assets/site-") && css.ends_with(".css"), "{css}");
        assert_eq!(address("other.css"), None);
    }
}
