//! The token of a request.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a request says of itself in `Authorization`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RequestCredentials {
    None,
    /// `Bearer TOKEN`, or `Basic` with any user and the token as its password, which browsers can send.
    Token(String),
    /// Something else.
    Unreadable,
}

impl RequestCredentials {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(AUTHORIZATION) else { return Self::None };
        let text = value.to_str().unwrap_or_default();
        let token = text.split_once(' ').and_then(|(scheme, given)| {
            match scheme.to_ascii_lowercase().as_str() {
                "bearer" => Some(given.trim().to_owned()),
                "basic" => password(given.trim()),
                _ => None,
            }
        });
        token.filter(|token| !token.is_empty()).map_or(Self::Unreadable, Self::Token)
    }
}

fn password(encoded: &str) -> Option<String> {
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn programs_and_browsers_send_a_token_each_in_their_way() {
        let read = |value: &str| {
            let value = HeaderValue::from_str(value).unwrap();
            RequestCredentials::of(&HeaderMap::from_iter([(AUTHORIZATION, value)]))
        };
        let token = RequestCredentials::Token("t:1".to_owned());
        assert_eq!(read("Bearer t:1"), token);
        assert_eq!(read("bearer  t:1 "), token);
        assert_eq!(read(&format!("Basic {}", STANDARD.encode("me:t:1"))), token);
        for wrong in ["", "Bearer", "Bearer ", "Basic t", "Basic dDox!", "Digest x", "t:1"] {
            assert_eq!(read(wrong), RequestCredentials::Unreadable, "{wrong}");
        }
        assert_eq!(RequestCredentials::of(&HeaderMap::new()), RequestCredentials::None);
    }
}
