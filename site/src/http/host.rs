//! Which names the site answers to. A page of another site that lets its own name point at this machine
//! (DNS rebinding) could otherwise read answers through a visitor's browser.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::error::HttpError;

/// Rejects a request that names no host, or one that is not allowed.
pub(crate) async fn named(
    State(allowed): State<Arc<[String]>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(authority) = authority(request.uri(), request.headers()) else {
        return HttpError::bad_request("the request names no host").into_response();
    };
    if !is_allowed(authority.host(), &allowed) {
        return HttpError::unknown_host().into_response();
    }
    next.run(request).await
}

/// The host that a request is for: that of its URL, else the one `Host` header.
pub(crate) fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    if let Some(authority) = uri.authority() {
        return Some(authority.clone());
    }
    let mut named = headers.get_all(header::HOST).iter();
    match (named.next(), named.next()) {
        (Some(host), None) => Authority::try_from(host.as_bytes()).ok(),
        _ => None,
    }
}

/// An IP address is always allowed: no other site can own it as its name.
fn is_allowed(host: &str, allowed: &[String]) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    literal.parse::<IpAddr>().is_ok()
        || host == "localhost"
        || host.ends_with(".localhost")
        || allowed.iter().any(|one| one == "*" || *one == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_somebody_else_is_not_answered() {
        let listed = ["answers.example.org".to_owned()];
        for host in [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.0.0.2",
            "[::1]",
            "192.0.2.4",
            "app.localhost",
            "answers.example.org",
            "Answers.Example.Org.",
        ] {
            assert!(is_allowed(host, &listed), "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "example.org", ""]
        {
            assert!(!is_allowed(host, &listed), "{host}");
            assert!(is_allowed(host, &["*".to_owned()]), "{host}");
        }
    }
}
