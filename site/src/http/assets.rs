//! The embedded style sheet, script and icon; their URLs change with their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::http::error::HttpError;

/// One embedded file.
struct Asset {
    name: &'static str,
    kind: &'static str,
    body: &'static str,
}

const ASSETS: [Asset; 3] = [
    Asset {
        name: "site.css",
        kind: "text/css; charset=utf-8",
        body: include_str!("../../assets/site.css"),
    },
    Asset {
        name: "site.js",
        kind: "text/javascript; charset=utf-8",
        body: include_str!("../../assets/site.js"),
    },
    Asset { name: "icon.svg", kind: "image/svg+xml", body: include_str!("../../assets/icon.svg") },
];

/// The file names that pages use, in the order of the assets.
static HASHED: LazyLock<[String; 3]> = LazyLock::new(|| ASSETS.each_ref().map(hashed));

/// The URL of an asset. It contains the hash of the content, so it may be cached for ever.
pub(crate) fn address(name: &str) -> Option<String> {
    let at = ASSETS.iter().position(|asset| asset.name == name)?;
    Some(format!("/assets/{}", HASHED[at]))
}

/// Serves an asset under its hashed name.
pub(crate) async fn serve(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let found = HASHED.iter().position(|hashed| *hashed == name);
    let asset = &ASSETS[found.ok_or_else(HttpError::no_such_page)?];
    let tag = format!("\"{}\"", hash(asset));
    let fresh =
        headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let lasting = [
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (header::ETAG, tag),
    ];
    if fresh {
        return Ok((StatusCode::NOT_MODIFIED, lasting).into_response());
    }
    Ok((lasting, [(header::CONTENT_TYPE, asset.kind)], asset.body).into_response())
}

fn hashed(asset: &Asset) -> String {
    let (stem, extension) = asset.name.rsplit_once('.').expect("every asset has an extension");
    format!("{stem}-{}.{extension}", hash(asset))
}

fn hash(asset: &Asset) -> String {
    let digest = Sha256::digest(asset.body.as_bytes());
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
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
