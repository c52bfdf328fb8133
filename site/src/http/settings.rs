//! How the site meets the network.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;
use sha2::{Digest, Sha256};

use crate::presentation::branding::SiteUrl;

/// Who may reach the site, how often, and how long a connection may take.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpSettings {
    /// Host names that requests may name besides loopback names and IP addresses, in lower case; `*`
    /// allows every name.
    pub hosts: Vec<String>,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The origins whose scripts may read the API.
    pub allowed_origins: Vec<SiteUrl>,
    /// `None` lets everybody ask as often as they like.
    pub rate: Option<RequestRate>,
    /// Opens `/metrics` to other machines; without it only this machine reads them.
    pub metrics_token: Option<MetricsToken>,
    /// Connections at once; one more closes the one that has waited longest for a request.
    pub max_connections: usize,
    pub timeouts: HttpTimeouts,
}

/// A token bucket: `burst` requests at once, refilled with `per_second`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

/// How long each part of a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpTimeouts {
    /// From the start of a connection, or the end of the last response on it, to the end of the next
    /// request's headers.
    pub head: Duration,
    /// To receive the whole body of a webhook delivery. That of `/mcp`, the only other body that is read, is
    /// part of `response`.
    pub body: Duration,
    /// To respond, from the end of the headers.
    pub response: Duration,
    /// Without the client taking anything of a response.
    pub write: Duration,
}

/// The token that `/metrics` asks for. Only its digest is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct MetricsToken([u8; 32]);

impl MetricsToken {
    pub fn new(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Compares digests, so that the time it takes tells nothing about the token.
    pub(crate) fn accepts(&self, token: &str) -> bool {
        *self == Self::new(token)
    }
}

impl fmt::Debug for MetricsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            allowed_origins: Vec::new(),
            rate: Some(RequestRate::default()),
            metrics_token: None,
            max_connections: 1_000,
            timeouts: HttpTimeouts::default(),
        }
    }
}

/// A page needs about five requests, so that a hundred pages can be opened at once.
impl Default for RequestRate {
    fn default() -> Self {
        const PER_SECOND: NonZeroU32 = NonZeroU32::new(50).expect("50 is not 0");
        const BURST: NonZeroU32 = NonZeroU32::new(500).expect("500 is not 0");
        Self { per_second: PER_SECOND, burst: BURST }
    }
}

impl Default for HttpTimeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(5),
            response: Duration::from_secs(10),
            write: Duration::from_secs(10),
        }
    }
}
