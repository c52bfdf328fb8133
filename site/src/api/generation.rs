//! ETags by the generation of the index: equal tags mean equal answers.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::access::visitor::VisitorSite;

/// Gives successful responses the tag of the generation, and answers a request that has seen it with 304.
pub(super) async fn tagged(
    VisitorSite(site): VisitorSite,
    request: Request,
    next: Next,
) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let tag = match site.generation().await {
        Ok(generation) => generation,
        Err(failure) => return failure.into_response(),
    };
    let tag = format!("W/\"{tag}\"");
    let value = HeaderValue::from_str(&tag).expect("a generation is digits and hyphens");
    if is_known(request.headers(), &tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, value)]).into_response();
    }
    let mut response = next.run(request).await;
    if response.status() == StatusCode::OK {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// Gives a response the tag of its own content, and no body to a visitor who has it: for what changes with
/// more than the index.
pub(super) fn tagged_by_content(headers: &HeaderMap, body: String) -> Response {
    let digest = Sha256::digest(body.as_bytes());
    let tag = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
    let tag = format!("W/\"{tag}\"");
    let value = HeaderValue::from_str(&tag).expect("a digest is hexadecimal digits");
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, value)]).into_response();
    }
    let json = HeaderValue::from_static("application/json");
    ([(header::ETAG, value), (header::CONTENT_TYPE, json)], body).into_response()
}

/// Whether the visitor names the tag. A weak comparison, as RFC 9110 wants it for reading.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let lists = headers.get_all(header::IF_NONE_MATCH).into_iter();
    let named = lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
    named.map(bare).any(|named| named == bare(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_any_list_and_strength() {
        let mut headers = HeaderMap::new();
        assert!(!is_known(&headers, "W/\"1-2-3\""));
        headers.append(header::IF_NONE_MATCH, HeaderValue::from_static("\"x\", W/\"1-2-3\""));
        assert!(is_known(&headers, "W/\"1-2-3\""));
        assert!(!is_known(&headers, "W/\"1-2-4\""));
    }
}
