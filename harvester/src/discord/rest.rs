//! Requests to Discord's REST API: one client, rate limits, retries, responses as raw JSON.
//!
//! serenity's own client hides the headers of an error response when its limiter is off, and cannot
//! use another base address when it is on, so requests are made here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use indexer::store::RequestCounts;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use rules::time;
use serde_json::Value;

pub use super::rate_limit::RequestLane;
use super::rate_limit::{RateLimitHeaders, RateLimiter, route};
use crate::clock;
use crate::config::SecretString;

const DISCORD: &str = "https://discord.com";
const VERSION: &str = "/api/v10";
const CONNECT: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(30);
/// Pauses before a request is retried after a server or network failure.
const PAUSES: [u64; 5] = [1, 2, 4, 8, 16];

/// Sends requests to Discord; clones share limits and counts.
#[derive(Clone)]
pub struct RestClient(Arc<RestInner>);

struct RestInner {
    client: reqwest::Client,
    base: String,
    limits: Mutex<RateLimiter>,
    calls: [AtomicU64; 2],
    retried: AtomicU64,
    limited: AtomicU64,
    outage: Mutex<Option<DiscordOutage>>,
}

/// Requests fail for reasons that pass: since when, and when and how the last one failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscordOutage {
    pub since: Timestamp,
    pub last: Timestamp,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// Why a request failed. Never contains the token or message text.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    #[error("Discord rejected the bot's token")]
    Unauthorized,
    #[error("forbidden by Discord (code {0})")]
    Forbidden(u64),
    #[error("not found on Discord (code {0})")]
    NotFound(u64),
    #[error("Discord returned status {status} (code {code})")]
    Refused { status: u16, code: u64 },
    #[error("Discord is unreachable: {0}")]
    Unreachable(&'static str),
    #[error("Discord returned invalid JSON")]
    NotJson,
}

impl RestError {
    pub fn unauthorized(&self) -> bool {
        matches!(self, Self::Unauthorized)
    }

    /// Whether the failure is transient, so that the same request may succeed later.
    pub fn passes(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::NotJson => true,
            Self::Refused { status, .. } => *status >= 500,
            Self::Unauthorized | Self::Forbidden(_) | Self::NotFound(_) => false,
        }
    }
}

/// A request that the bot cannot do without, and that Discord refused.
#[derive(Debug, thiserror::Error)]
#[error("Discord refused {request}; {}", .source.advice())]
pub struct RefusedRequest {
    pub request: &'static str,
    #[source]
    pub source: RestError,
}

impl RestError {
    /// What an operator can do about a refusal.
    fn advice(&self) -> &'static str {
        match self {
            Self::Unauthorized => {
                "copy the token again from the Bot page of the application on \
                 https://discord.com/developers/applications"
            }
            Self::Forbidden(_) => {
                "check that the bot was not removed or blocked, and that `[discord] api_url` and any \
                 proxy lead to Discord"
            }
            Self::NotFound(_) => {
                "no such address: check `[discord] api_url`, or install a newer harvester"
            }
            Self::Refused { .. } => "install a newer harvester, or report this as a bug",
            Self::Unreachable(_) | Self::NotJson => "check the network and `[discord] api_url`",
        }
    }
}

impl RestMethod {
    fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether a request that Discord may have received can be repeated. Acknowledging an
    /// interaction and posting a message with a nonce are idempotent; only follow-up messages would
    /// be doubled.
    fn may_be_repeated(self, path: &str) -> bool {
        self != Self::Post || !path.starts_with("/webhooks/")
    }
}

/// The body of a request.
#[derive(Clone, Copy)]
enum RequestBody<'b> {
    None,
    Json(&'b Value),
    Form { content_type: &'b str, bytes: &'b [u8] },
}

/// A response.
struct RestResponse {
    headers: RateLimitHeaders,
    text: String,
}

impl RestClient {
    /// `api_url` replaces discord.com; `share` is the part of every limit that history may use.
    pub fn new(token: &SecretString, api_url: Option<&str>, share: f64) -> anyhow::Result<Self> {
        let mut authorization = HeaderValue::from_str(&format!("Bot {}", token.0))
            .map_err(|_| anyhow::anyhow!("the Discord token contains invalid characters"))?;
        authorization.set_sensitive(true);
        let client = reqwest::Client::builder()
            .user_agent(concat!("DiscordBot (answer-harvester, ", env!("CARGO_PKG_VERSION"), ")"))
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .build()?;
        let base = format!("{}{VERSION}", api_url.unwrap_or(DISCORD));
        let limits = Mutex::new(RateLimiter::new(share));
        let (calls, retried, limited, outage) = Default::default();
        Ok(Self(Arc::new(RestInner { client, base, limits, calls, retried, limited, outage })))
    }

    /// Sends a GET to a path such as `/channels/5/messages?limit=100`.
    pub async fn get(&self, lane: RequestLane, path: &str) -> Result<Value, RestError> {
        self.call(RestMethod::Get, lane, path, RequestBody::None).await
    }

    /// Sends a request in the live lane.
    pub async fn send(
        &self,
        method: RestMethod,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, RestError> {
        self.call(
            method,
            RequestLane::Live,
            path,
            body.map_or(RequestBody::None, RequestBody::Json),
        )
        .await
    }

    /// The same, given up after `limit`: for a response that is worthless later.
    pub async fn send_within(
        &self,
        limit: Duration,
        method: RestMethod,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, RestError> {
        let sent = tokio::time::timeout(limit, self.send(method, path, body)).await;
        sent.unwrap_or(Err(RestError::Unreachable("request timed out")))
    }

    /// The same with a body that is not JSON.
    pub async fn send_form(
        &self,
        method: RestMethod,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Value, RestError> {
        self.call(method, RequestLane::Live, path, RequestBody::Form { content_type, bytes: &body })
            .await
    }

    /// The gateway's address, and how many sessions may be started.
    pub async fn gateway_bot(&self) -> Result<Value, RestError> {
        self.get(RequestLane::Live, "/gateway/bot").await
    }

    pub fn calls(&self) -> RequestCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        RequestCounts {
            live_calls_total: read(&self.0.calls[0]),
            history_calls_total: read(&self.0.calls[1]),
            calls_retried_total: read(&self.0.retried),
            calls_limited_total: read(&self.0.limited),
        }
    }

    /// The current outage, from the first failed attempt to the next response.
    pub fn outage(&self) -> Option<DiscordOutage> {
        self.0.outage.lock().expect("the lock is never poisoned").clone()
    }

    fn record_outage(&self, failure: Option<&RestError>) {
        let mut outage = self.0.outage.lock().expect("the lock is never poisoned");
        *outage = failure.map(|failure| DiscordOutage {
            since: outage.as_ref().map_or_else(clock::now, |outage| outage.since),
            last: clock::now(),
            reason: failure.to_string(),
        });
    }

    async fn call(
        &self,
        method: RestMethod,
        lane: RequestLane,
        path: &str,
        body: RequestBody<'_>,
    ) -> Result<Value, RestError> {
        let route = route(method.name(), path);
        let mut pauses = PAUSES.into_iter().filter(|_| method.may_be_repeated(path));
        loop {
            self.turn(&route, lane).await;
            self.0.calls[usize::from(lane == RequestLane::History)].fetch_add(1, Ordering::Relaxed);
            let failure = match self.once(method, path, body).await {
                Ok(answer) => {
                    self.limits().record_response(&route, &answer.headers, clock::now());
                    match answer.headers.status {
                        429 => {
                            self.record_outage(None);
                            self.0.limited.fetch_add(1, Ordering::Relaxed);
                            let global = answer.headers.global;
                            let wait_ms = answer.headers.retry_after.map(time::whole_milliseconds);
                            tracing::debug!(global, wait_ms, "rate-limited by Discord");
                            continue;
                        }
                        500.. => RestError::Refused { status: answer.headers.status, code: 0 },
                        _ => match answer.value() {
                            // A proxy on the way to Discord answered.
                            Err(RestError::NotJson) => RestError::NotJson,
                            value => {
                                self.record_outage(None);
                                return value;
                            }
                        },
                    }
                }
                Err(failure) => failure,
            };
            self.record_outage(Some(&failure));
            let Some(pause) = pauses.next() else { return Err(failure) };
            self.0.retried.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
    }

    /// Waits until the request may go.
    async fn turn(&self, route: &str, lane: RequestLane) {
        let mut waiting = None;
        loop {
            let now = clock::now();
            let verdict = self.limits().try_acquire(route, lane, now);
            let Err(at) = verdict else { return };
            if lane == RequestLane::Live && waiting.is_none() {
                waiting = Some(LiveWaits::of(self));
            }
            tokio::time::sleep(
                at.duration_since(now).max(SignedDuration::from_millis(1)).unsigned_abs(),
            )
            .await;
        }
    }

    async fn once(
        &self,
        method: RestMethod,
        path: &str,
        body: RequestBody<'_>,
    ) -> Result<RestResponse, RestError> {
        let address = format!("{}{path}", self.0.base);
        let client = &self.0.client;
        let request = match method {
            RestMethod::Get => client.get(address),
            RestMethod::Post => client.post(address),
            RestMethod::Put => client.put(address),
            RestMethod::Patch => client.patch(address),
            RestMethod::Delete => client.delete(address),
        };
        let request = match body {
            RequestBody::None => request,
            RequestBody::Json(value) => {
                request.header(CONTENT_TYPE, "application/json").body(value.to_string())
            }
            RequestBody::Form { content_type, bytes } => {
                request.header(CONTENT_TYPE, content_type).body(bytes.to_owned())
            }
        };
        let response = request.send().await.map_err(unreachable)?;
        let mut headers = parse_headers(response.status().as_u16(), response.headers());
        let text = response.text().await.map_err(unreachable)?;
        if headers.status == 429 {
            let body = serde_json::from_str::<Value>(&text).unwrap_or_default();
            headers.retry_after =
                body["retry_after"].as_f64().map(rounded_up).or(headers.retry_after);
            headers.global |= body["global"].as_bool().unwrap_or(false);
        }
        Ok(RestResponse { headers, text })
    }

    fn limits(&self) -> MutexGuard<'_, RateLimiter> {
        self.0.limits.lock().expect("the lock is never poisoned")
    }
}

/// Holds history requests back until dropped.
struct LiveWaits<'r>(&'r RestClient);

impl<'r> LiveWaits<'r> {
    fn of(rest: &'r RestClient) -> Self {
        rest.limits().live_waits(true);
        Self(rest)
    }
}

impl Drop for LiveWaits<'_> {
    fn drop(&mut self) {
        self.0.limits().live_waits(false);
    }
}

impl RestResponse {
    fn value(self) -> Result<Value, RestError> {
        let code = || {
            let body = serde_json::from_str::<Value>(&self.text).unwrap_or_default();
            body["code"].as_u64().unwrap_or(0)
        };
        match self.headers.status {
            200..=299 if self.text.is_empty() => Ok(Value::Null),
            200..=299 => serde_json::from_str(&self.text).map_err(|_| RestError::NotJson),
            401 => Err(RestError::Unauthorized),
            403 => Err(RestError::Forbidden(code())),
            404 => Err(RestError::NotFound(code())),
            status => Err(RestError::Refused { status, code: code() }),
        }
    }
}

fn parse_headers(status: u16, headers: &HeaderMap) -> RateLimitHeaders {
    let text = |name: &'static str| {
        headers.get(HeaderName::from_static(name)).and_then(|value| value.to_str().ok())
    };
    let number = |name| text(name).and_then(|text| text.parse::<f64>().ok());
    RateLimitHeaders {
        status,
        bucket: text("x-ratelimit-bucket").map(str::to_owned),
        limit: number("x-ratelimit-limit"),
        remaining: number("x-ratelimit-remaining"),
        reset_after: number("x-ratelimit-reset-after").map(rounded_up),
        // A 429 from the network in front of Discord has no other duration.
        retry_after: number("retry-after").map(rounded_up),
        global: text("x-ratelimit-global").is_some(),
    }
}

/// Seconds as Discord writes them, rounded up to milliseconds.
fn rounded_up(seconds: f64) -> SignedDuration {
    SignedDuration::from_millis((seconds.clamp(0.0, 86_400.0) * 1_000.0).ceil() as i64)
}

/// The kind of failure only: the URL in the error may contain an interaction's token.
fn unreachable(error: reqwest::Error) -> RestError {
    RestError::Unreachable(match () {
        () if error.is_timeout() => "request timed out",
        () if error.is_connect() => "connection failed",
        () => "connection lost",
    })
}

/// Percent-encodes a text for a URL.
pub(super) fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~:".contains(&byte);
    text.bytes().fold(String::new(), |mut address, byte| {
        if plain(byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
        address
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_stand_in_addresses_by_their_bytes() {
        assert_eq!(percent("✅"), "%E2%9C%85");
        assert_eq!(percent("solved:77"), "solved:77");
        assert_eq!(percent("a/../b?c"), "a%2F..%2Fb%3Fc");
    }

    #[test]
    fn requests_go_to_discord_unless_another_place_is_named() {
        let base = |api_url| {
            RestClient::new(&SecretString("a.token".to_owned()), api_url, 0.5)
                .unwrap()
                .0
                .base
                .clone()
        };
        assert_eq!(base(None), "https://discord.com/api/v10");
        assert_eq!(base(Some("http://127.0.0.1:7")), "http://127.0.0.1:7/api/v10");
    }

    #[test]
    fn a_token_that_cannot_be_one_is_reported_without_its_value() {
        let error = RestClient::new(&SecretString("secret\n".to_owned()), None, 0.5).err().unwrap();
        assert!(!error.to_string().contains("secret"));
    }
}
