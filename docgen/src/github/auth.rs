//! Authentication: a personal access token, or a GitHub App that requests tokens.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rules::time;
use serde_json::json;

use super::models::InstallationToken;

/// The host's clock may be behind this machine's.
const BACKDATED: i64 = 60;
/// The host accepts at most ten minutes.
const JWT_SECONDS: i64 = 9 * 60;
/// A token is renewed before it ends, so that none ends between two calls of one step.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_mins(5);
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// A value that `Debug` and logs do not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential(String);

impl Credential {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The configured credentials.
#[derive(Debug)]
pub enum Auth {
    /// A fine-grained personal access token.
    Token(Credential),
    App(Box<AppKey>),
}

/// The key of a GitHub App.
pub struct AppKey {
    app: u64,
    key: RsaKeyPair,
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppKey").field("app", &self.app).finish_non_exhaustive()
    }
}

/// Why a private key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the private key is not a PEM file with a PRIVATE KEY or RSA PRIVATE KEY section")]
    NotPem,
    #[error("the private key is not a usable RSA key: {0}")]
    NotRsa(String),
}

impl AppKey {
    /// Reads the key as GitHub hands it out (PKCS#1) or as PKCS#8.
    pub fn new(app: u64, pem: &Credential) -> Result<Self, KeyError> {
        let section = |name: &str| {
            let (_, rest) = pem.reveal().split_once(&format!("-----BEGIN {name}-----"))?;
            let (inner, _) = rest.split_once("-----END")?;
            STANDARD.decode(inner.split_whitespace().collect::<String>()).ok()
        };
        let key = match (section("RSA PRIVATE KEY"), section("PRIVATE KEY")) {
            (Some(der), _) => RsaKeyPair::from_der(&der),
            (None, Some(der)) => RsaKeyPair::from_pkcs8(&der),
            (None, None) => return Err(KeyError::NotPem),
        };
        let key = key.map_err(|error| KeyError::NotRsa(error.to_string()))?;
        Ok(Self { app, key })
    }

    /// A signed JSON Web Token of the App, valid for nine minutes (RFC 7519, RS256).
    pub(super) fn jwt(&self, now: Timestamp) -> Credential {
        let seconds = now.as_second();
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({ "alg": "RS256", "typ": "JWT" }));
        let claims = part(json!({
            "iat": seconds - BACKDATED,
            "exp": seconds + JWT_SECONDS,
            "iss": self.app.to_string(),
        }));
        let signed = format!("{head}.{claims}");
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("the buffer has the length of the modulus");
        Credential(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// An installation token and when to renew it.
#[derive(Debug, Clone)]
pub(super) struct CachedToken {
    pub(super) token: Credential,
    until: Timestamp,
}

impl CachedToken {
    pub(super) fn new(answer: InstallationToken, now: Timestamp) -> Self {
        let ends = answer.expires_at.parse::<Timestamp>().ok();
        let ends = ends.unwrap_or_else(|| time::plus(now, TOKEN_LIFETIME));
        Self { token: Credential(answer.token), until: time::minus(ends, RENEWED_BEFORE) }
    }

    pub(super) fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A key made for this test by openssl; `None` where there is no openssl.
    fn made(traditional: bool) -> Option<String> {
        let mut arguments = vec!["genrsa"];
        arguments.extend(traditional.then_some("-traditional"));
        arguments.push("2048");
        let output = Command::new("openssl").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()
    }

    #[test]
    fn an_app_signs_for_nine_minutes_with_either_form_of_key() {
        for traditional in [true, false] {
            let Some(pem) = made(traditional) else { return };
            let key = AppKey::new(77, &Credential::new(pem)).unwrap();
            let jwt = key.jwt(time::at_millisecond(1_000_500));
            let parts = jwt.reveal().split('.').collect::<Vec<_>>();
            let read = |part: &str| {
                let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
                serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
            };
            assert_eq!(read(parts[0]), json!({ "alg": "RS256", "typ": "JWT" }));
            assert_eq!(read(parts[1]), json!({ "iat": 940, "exp": 1_540, "iss": "77" }));
            let public = ring::signature::UnparsedPublicKey::new(
                &ring::signature::RSA_PKCS1_2048_8192_SHA256,
                key.key.public().as_ref(),
            );
            let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
            let signed = format!("{}.{}", parts[0], parts[1]);
            assert!(public.verify(signed.as_bytes(), &signature).is_ok());
        }
    }

    #[test]
    fn what_is_no_key_is_reported_and_not_shown() {
        let wrong = |pem: &str| AppKey::new(1, &Credential::new(pem)).unwrap_err();
        assert_eq!(wrong("hello"), KeyError::NotPem);
        let garbage = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        assert!(matches!(wrong(garbage), KeyError::NotRsa(_)));
        assert_eq!(format!("{:?}", Auth::Token(Credential::new("abc"))), "Token(Secret)");
    }

    #[test]
    fn a_token_is_renewed_five_minutes_before_it_ends() {
        let cached = |expires_at: &str, now| {
            let answer = InstallationToken { token: "t".into(), expires_at: expires_at.into() };
            CachedToken::new(answer, time::at_millisecond(now))
        };
        let dated = cached("1970-01-01T01:00:00Z", 0);
        let minute = |minute| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        assert!(dated.holds(minute(54)) && !dated.holds(minute(55)));
        let undated = cached("soon", 60_000);
        assert!(undated.holds(minute(55)) && !undated.holds(minute(56)));
    }
}
