//! Calls to Discord's REST API: one client, limits obeyed, failures tried again, answers kept raw.
//!
//! serenity's own client hides the headers of a refusal when its limiter is off, and cannot be sent
//! elsewhere when it is on, so that requests are made here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use indexer::store::RequestCounts;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use rules::model::ids::Millis;
use serde_json::Value;

pub use super::rate_limit::RequestLane;
use super::rate_limit::{RateLimitHeaders, RateLimiter, route};
use crate::clock;
use crate::config::SecretString;

const DISCORD: &str = "https://discord.com";
const VERSION: &str = "/api/v10";
const CONNECT: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(30);
/// Pauses before a call is tried again after a failure that is not ours.
const PAUSES: [u64; 5] = [1, 2, 4, 8, 16];

/// Calls Discord; clones share limits and counts.
#[derive(Clone)]
pub struct RestClient(Arc<RestInner>);

struct RestInner {
    client: reqwest::Client,
    base: String,
    limits: Mutex<RateLimiter>,
    calls: [AtomicU64; 2],
    retried: AtomicU64,
    limited: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// Why a call came to nothing. Never carries the token, nor what people wrote.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    #[error("Discord does not accept the bot's token")]
    Unauthorized,
    #[error("Discord forbids it (code {0})")]
    Forbidden(u64),
    #[error("Discord knows no such thing (code {0})")]
    NotFound(u64),
    #[error("Discord refuses with status {status} (code {code})")]
    Refused { status: u16, code: u64 },
    #[error("Discord cannot be reached: {0}")]
    Unreachable(&'static str),
    #[error("Discord answers what is no JSON")]
    NotJson,
}

impl RestError {
    pub fn unauthorized(&self) -> bool {
        matches!(self, Self::Unauthorized)
    }

    /// Whether Discord or the way to it is in trouble, and the same call may do later.
    pub fn passes(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::NotJson => true,
            Self::Refused { status, .. } => *status >= 500,
            Self::Unauthorized | Self::Forbidden(_) | Self::NotFound(_) => false,
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

    /// Whether a call that may have been heard can be made again. An interaction is acknowledged
    /// once, and a message with a nonce is posted once; only what follows an answer is said twice.
    fn may_be_repeated(self, path: &str) -> bool {
        self != Self::Post || !path.starts_with("/webhooks/")
    }
}

/// What is sent with a call.
#[derive(Clone, Copy)]
enum RequestBody<'b> {
    None,
    Json(&'b Value),
    Form { content_type: &'b str, bytes: &'b [u8] },
}

/// What came back.
struct RestResponse {
    said: RateLimitHeaders,
    text: String,
}

impl RestClient {
    /// `api_url` stands in for discord.com; `share` is what history may use of every limit.
    pub fn new(token: &SecretString, api_url: Option<&str>, share: f64) -> anyhow::Result<Self> {
        let mut authorization = HeaderValue::from_str(&format!("Bot {}", token.0))
            .map_err(|_| anyhow::anyhow!("the Discord token holds characters that no token has"))?;
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
        let (calls, retried, limited) = Default::default();
        Ok(Self(Arc::new(RestInner { client, base, limits, calls, retried, limited })))
    }

    /// Reads what is at a path such as `/channels/5/messages?limit=100`.
    pub async fn get(&self, lane: RequestLane, path: &str) -> Result<Value, RestError> {
        self.call(RestMethod::Get, lane, path, RequestBody::None).await
    }

    /// Makes a call that somebody is waiting for.
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

    /// The same with a body that is no JSON.
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

    /// Where the gateway is, and how many sessions may be opened.
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
                    self.limits().record_response(&route, &answer.said, clock::now());
                    match answer.said.status {
                        429 => {
                            self.0.limited.fetch_add(1, Ordering::Relaxed);
                            continue;
                        }
                        500.. => RestError::Refused { status: answer.said.status, code: 0 },
                        _ => match answer.value() {
                            // Something on the way to Discord answered in its place.
                            Err(RestError::NotJson) => RestError::NotJson,
                            value => return value,
                        },
                    }
                }
                Err(failure) => failure,
            };
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
            tokio::time::sleep(Duration::from_millis((at.0 - now.0).max(1) as u64)).await;
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
        let mut said = said(response.status().as_u16(), response.headers());
        let text = response.text().await.map_err(unreachable)?;
        if said.status == 429 {
            let told = serde_json::from_str::<Value>(&text).unwrap_or_default();
            said.retry_after = told["retry_after"].as_f64().map(millis).or(said.retry_after);
            said.global |= told["global"].as_bool().unwrap_or(false);
        }
        Ok(RestResponse { said, text })
    }

    fn limits(&self) -> MutexGuard<'_, RateLimiter> {
        self.0.limits.lock().expect("nobody panics with the limits")
    }
}

/// Holds history back for as long as it lives.
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
            let told = serde_json::from_str::<Value>(&self.text).unwrap_or_default();
            told["code"].as_u64().unwrap_or(0)
        };
        match self.said.status {
            200..=299 if self.text.is_empty() => Ok(Value::Null),
            200..=299 => serde_json::from_str(&self.text).map_err(|_| RestError::NotJson),
            401 => Err(RestError::Unauthorized),
            403 => Err(RestError::Forbidden(code())),
            404 => Err(RestError::NotFound(code())),
            status => Err(RestError::Refused { status, code: code() }),
        }
    }
}

fn said(status: u16, headers: &HeaderMap) -> RateLimitHeaders {
    let text = |name: &'static str| {
        headers.get(HeaderName::from_static(name)).and_then(|value| value.to_str().ok())
    };
    let number = |name| text(name).and_then(|text| text.parse::<f64>().ok());
    RateLimitHeaders {
        status,
        bucket: text("x-ratelimit-bucket").map(str::to_owned),
        limit: number("x-ratelimit-limit"),
        remaining: number("x-ratelimit-remaining"),
        reset_after: number("x-ratelimit-reset-after").map(millis),
        // The network before Discord answers a 429 without saying how long.
        retry_after: number("retry-after").map(millis),
        global: text("x-ratelimit-global").is_some(),
    }
}

/// Seconds as Discord writes them, rounded up to milliseconds.
fn millis(seconds: f64) -> i64 {
    (seconds.clamp(0.0, 86_400.0) * Millis::SECOND as f64).ceil() as i64
}

/// The kind of failure: an address in an error may carry an interaction's token.
fn unreachable(error: reqwest::Error) -> RestError {
    RestError::Unreachable(match () {
        () if error.is_timeout() => "no answer in time",
        () if error.is_connect() => "no connection",
        () => "the connection broke",
    })
}

/// A text as it may stand in an address.
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
    fn a_token_that_cannot_be_one_is_told_without_telling_it() {
        let error = RestClient::new(&SecretString("secret\n".to_owned()), None, 0.5).err().unwrap();
        assert!(!error.to_string().contains("secret"));
    }
}
