//! The token of a request.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The beginning of every token, by which people, scanners for secrets and the site recognise it.
pub const TOKEN_PREFIX: &str = "ahv_";

/// What a request says of itself in `Authorization`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RequestCredentials {
    None,
    /// `Bearer TOKEN`, or `Basic` with any user and the token as its password, which browsers can send. Another
    /// password is for a proxy in front of the site, which may forward it: it says nothing here.
    Token(String),
    /// Something else.
    Unreadable,
}

impl RequestCredentials {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(AUTHORIZATION) else { return Self::None };
        let text = value.to_str().unwrap_or_default();
        let Some((scheme, given)) = text.split_once(' ') else { return Self::Unreadable };
        let given = given.trim();
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" if !given.is_empty() => Self::Token(given.to_owned()),
            "basic" => match password(given) {
                Some(password) if password.starts_with(TOKEN_PREFIX) => Self::Token(password),
                Some(_) => Self::None,
                None => Self::Unreadable,
            },
            _ => Self::Unreadable,
        }
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
        let own = format!("{TOKEN_PREFIX}t:1");
        let token = RequestCredentials::Token(own.clone());
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        assert_eq!(read(&format!("Bearer {own}")), token);
        assert_eq!(read(&format!("bearer  {own} ")), token);
        assert_eq!(read(&basic(&format!("me:{own}"))), token);
        for elsewhere in ["staff:sesame", "staff:", ":", &format!("{own}:sesame")] {
            assert_eq!(read(&basic(elsewhere)), RequestCredentials::None, "{elsewhere}");
        }
        for wrong in ["", "Bearer", "Bearer ", "Basic t", "Basic dDox!", "Digest x", "t:1"] {
            assert_eq!(read(wrong), RequestCredentials::Unreadable, "{wrong}");
        }
        assert_eq!(RequestCredentials::of(&HeaderMap::new()), RequestCredentials::None);
    }
}
