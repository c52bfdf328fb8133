//! Whether a page of another site sent a form in its visitor's name.

use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, HeaderName, Uri};

use crate::http::host;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a browser says that another site sent the request. Browsers write these headers themselves, for
/// every POST; a request without any does not come from a browser.
pub(crate) fn is_cross_site(uri: &Uri, headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let origin = origin.to_str().unwrap_or_default();
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    host::authority(uri, headers).is_none_or(|own| authority != Some(own.as_str()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::HOST;

    use super::*;

    #[test]
    fn only_a_form_of_this_site_counts() {
        let judged = |headers: &[(HeaderName, &'static str)]| {
            let mut all =
                HeaderMap::from_iter([(HOST, HeaderValue::from_static("answers.example:8080"))]);
            let given = headers.iter().map(|(name, value)| (name.clone(), *value));
            all.extend(given.map(|(name, value)| (name, HeaderValue::from_static(value))));
            is_cross_site(&Uri::from_static("/answers/x/feedback/helped"), &all)
        };
        assert!(!judged(&[]));
        assert!(!judged(&[(SEC_FETCH_SITE, "same-origin"), (ORIGIN, "null")]));
        assert!(!judged(&[(ORIGIN, "https://answers.example:8080")]));
        for headers in [
            &[(SEC_FETCH_SITE, "cross-site")][..],
            &[(SEC_FETCH_SITE, "same-site")],
            &[(SEC_FETCH_SITE, "cross-site"), (ORIGIN, "https://answers.example:8080")],
            &[(ORIGIN, "https://evil.example")],
            &[(ORIGIN, "https://answers.example")],
            &[(ORIGIN, "null")],
        ] {
            assert!(judged(headers), "{headers:?}");
        }
    }
}
