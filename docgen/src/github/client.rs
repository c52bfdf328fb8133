//! Requests to the host through octocrab, with own paths, paging, tokens and rate limits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use http::{Method, Request, Uri};
use jiff::{SignedDuration, Timestamp};
use octocrab::Octocrab;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::{Mutex, OnceCell};

use super::auth::{Auth, CachedToken, Credential};
use super::models::{Account, ApiProblem, App, Installation, InstallationToken};
use super::rate_limit;
use super::rate_limit::{RequestKind, ResponseHead, RetryDecision};
use response_cache::ResponseCache;

mod response_cache;

const CONNECT: Duration = Duration::from_secs(5);
const READ: Duration = Duration::from_secs(30);
const PER_PAGE: usize = 100;
/// The address of github.com's API; a GitHub Enterprise server has `https://HOST/api/v3`.
pub const PUBLIC_API: &str = "https://api.github.com";

/// Time and waiting, which a test makes go by itself.
pub trait ClientClock: Send + Sync {
    fn now(&self) -> Timestamp;
    fn sleep(&self, length: SignedDuration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// A failed request.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    #[error("{0:?} is not an API address; expected {PUBLIC_API} or https://HOST/api/v3")]
    Address(String),
    #[error("{0:?} is not a repository; expected OWNER/NAME")]
    Repository(String),
    /// Nothing may be sent before this moment. Store it, and come back then.
    #[error("no requests to GitHub until {} (rate limit or outage)", crate::page::evidence::minute(*.not_before))]
    Deferred { not_before: Timestamp },
    /// The outcome of this write is unknown: read the state before writing again.
    #[error("no response from GitHub, outcome unknown: {method} {path}")]
    OutcomeUnknown { method: Method, path: String },
    #[error("GitHub refused {method} {path}: {status} {message}")]
    Refused { method: Method, path: String, status: u16, message: String },
    #[error("the repository has moved: {path} returned {status}; update its name in the settings")]
    Moved { path: String, status: u16 },
    /// An answer that lacks what a verdict needs, or is no answer at all. It decides nothing; the
    /// same question may be answered well the next time.
    #[error("unexpected response from GitHub: {path}: {why}")]
    UnexpectedResponse { path: String, why: String },
    #[error("the repository has no branch {0}")]
    NoBranch(String),
    #[error("GitHub refused the query: {0}")]
    Query(String),
    #[error("HTTP client error")]
    Client(#[source] Box<octocrab::Error>),
}

impl GitHubError {
    /// The status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the same may go well later without anybody changing anything.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Deferred { .. } | Self::OutcomeUnknown { .. } | Self::UnexpectedResponse { .. }
        )
    }
}

pub(crate) type Result<T> = std::result::Result<T, GitHubError>;

/// One repository on one host, as one account. Writes go out one at a time, a second apart.
pub struct GitHubClient {
    http: Octocrab,
    /// The path before every REST path: empty on github.com.
    prefix: String,
    /// The address of the host's web pages.
    web: String,
    owner: String,
    name: String,
    auth: Auth,
    me: OnceCell<String>,
    clock: Arc<dyn ClientClock>,
    cached_token: Mutex<Option<CachedToken>>,
    lane: Mutex<Option<Timestamp>>,
    /// No request goes out before this moment.
    deferred_until: Mutex<Timestamp>,
    responses: Mutex<ResponseCache>,
}

/// An answer as it came.
struct RawResponse {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl GitHubClient {
    /// `api` is the root of the REST API, `repository` is `owner/name`. `not_before` is the moment
    /// that an earlier [`GitHubError::Deferred`] named. Must be called inside a tokio runtime.
    pub fn new(
        api: &str,
        repository: &str,
        auth: Auth,
        clock: Arc<dyn ClientClock>,
        not_before: Option<Timestamp>,
    ) -> Result<Self> {
        let wrong = || GitHubError::Address(api.to_owned());
        let uri = api.trim_end_matches('/').parse::<Uri>().map_err(|_| wrong())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong());
        };
        let plain = |part: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && part.chars().all(allowed) && part != "." && part != ".."
        };
        let (owner, name) = repository
            .split_once('/')
            .filter(|(owner, name)| plain(owner) && plain(name))
            .ok_or_else(|| GitHubError::Repository(repository.to_owned()))?;
        let web = match authority.as_str() {
            "api.github.com" => "https://github.com".to_owned(),
            host => format!("{scheme}://{host}"),
        };
        let http = Octocrab::builder()
            .base_uri(format!("{scheme}://{authority}"))
            .map_err(client)?
            .set_connect_timeout(Some(CONNECT))
            .set_read_timeout(Some(READ))
            .build()
            .map_err(client)?;
        Ok(Self {
            http,
            prefix: uri.path().trim_end_matches('/').to_owned(),
            web,
            owner: owner.to_owned(),
            name: name.to_owned(),
            auth,
            me: OnceCell::new(),
            clock,
            cached_token: Mutex::new(None),
            lane: Mutex::new(None),
            deferred_until: Mutex::new(not_before.unwrap_or_default()),
            responses: Mutex::default(),
        })
    }

    pub fn owner(&self) -> &str {
        &self.owner
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The path of something in the repository: `pulls/3` becomes `/repos/owner/name/pulls/3`.
    pub(super) fn repo_path(&self, rest: &str) -> String {
        let slash = if rest.is_empty() { "" } else { "/" };
        format!("/repos/{}/{}{slash}{rest}", self.owner, self.name)
    }

    /// `owner/name`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Where people read a file of a branch.
    pub fn link(&self, branch: &str, path: &str) -> String {
        let Self { web, owner, name, .. } = self;
        format!("{web}/{owner}/{name}/blob/{}/{}", encoded(branch), encoded(path))
    }

    /// Where people see a pull request.
    pub fn pull_link(&self, number: u64) -> String {
        let Self { web, owner, name, .. } = self;
        format!("{web}/{owner}/{name}/pull/{number}")
    }

    /// Reads something that must be there.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let raw = self.send(Method::GET, path, None).await?;
        read(path, &raw.text)
    }

    /// Reads something that may be missing.
    pub(super) async fn get_optional<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a list page by page until it ends or `most` entries are there. The page is named by a
    /// number: an absolute link to the next one would lose the token on other hosts.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        most: usize,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let joined = if path.contains('?') { '&' } else { '?' };
        for page in 1.. {
            let path = format!("{path}{joined}per_page={PER_PAGE}&page={page}");
            let some = self.get::<Vec<T>>(&path).await?;
            let full = some.len() >= PER_PAGE;
            all.extend(some);
            if !full || all.len() >= most {
                break;
            }
        }
        all.truncate(most);
        Ok(all)
    }

    /// Changes something; `Null` sends no body. After [`GitHubError::OutcomeUnknown`] it may or may not be done.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<T> {
        let raw = self.send(method, path, (!body.is_null()).then_some(body)).await?;
        let text = if raw.text.trim().is_empty() { "null" } else { &raw.text };
        read(path, text)
    }

    /// Asks by GraphQL what REST cannot do; the query must be a mutation.
    pub(super) async fn mutate(&self, query: &str, variables: Value) -> Result<Value> {
        let body = json!({ "query": query, "variables": variables });
        let raw = self.send(Method::POST, GRAPHQL, Some(&body)).await?;
        let answer = read::<Value>(GRAPHQL, &raw.text)?;
        match answer.get("errors").and_then(Value::as_array) {
            Some(errors) if !errors.is_empty() => {
                let messages = errors.iter().filter_map(|error| error.get("message")?.as_str());
                Err(GitHubError::Query(messages.collect::<Vec<_>>().join(": ")))
            }
            _ => Ok(answer),
        }
    }

    /// The login of the account that opens pull requests and comments.
    pub async fn login(&self) -> Result<&str> {
        self.me.get_or_try_init(|| self.asked_who()).await.map(String::as_str)
    }

    async fn asked_who(&self) -> Result<String> {
        match &self.auth {
            Auth::Token(_) => Ok(self.get::<Account>("/user").await?.login),
            Auth::App(key) => {
                let jwt = key.jwt(self.now());
                let raw = self.exchange(&Method::GET, "/app", None, &jwt).await?;
                Ok(format!("{}[bot]", read::<App>("/app", &raw.text)?.slug))
            }
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<RawResponse> {
        let token = self.token().await?;
        if method == Method::GET {
            return self.with_renewed_token(&method, path, body, token).await;
        }
        let mut lane = self.lane.lock().await;
        let turn = rate_limit::turn(*lane, self.now());
        if turn.is_positive() {
            self.clock.sleep(turn).await;
        }
        let done = self.with_renewed_token(&method, path, body, token).await;
        *lane = Some(self.now());
        done
    }

    /// A token that the host no longer accepts is a refusal: nothing was done, so that even a
    /// write may come again with another one.
    async fn with_renewed_token(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        token: Credential,
    ) -> Result<RawResponse> {
        let first = self.exchange(method, path, body, &token).await;
        let refused = first.as_ref().err().and_then(GitHubError::status) == Some(401);
        if !refused || !matches!(self.auth, Auth::App(_)) {
            return first;
        }
        *self.cached_token.lock().await = None;
        let token = self.token().await?;
        self.exchange(method, path, body, &token).await
    }

    async fn token(&self) -> Result<Credential> {
        let key = match &self.auth {
            Auth::Token(token) => return Ok(token.clone()),
            Auth::App(key) => key,
        };
        let mut cached_token = self.cached_token.lock().await;
        if let Some(cached_token) = cached_token.as_ref()
            && cached_token.holds(self.now())
        {
            return Ok(cached_token.token.clone());
        }
        let jwt = key.jwt(self.now());
        let path = self.repo_path("installation");
        let raw = self.exchange(&Method::GET, &path, None, &jwt).await?;
        let id = read::<Installation>(&path, &raw.text)?.id;
        let path = format!("/app/installations/{id}/access_tokens");
        let wanted = json!({
            "repositories": [self.name],
            "permissions": { "contents": "write", "pull_requests": "write", "issues": "write", "metadata": "read" },
        });
        let raw = self.exchange(&Method::POST, &path, Some(&wanted), &jwt).await?;
        let got = CachedToken::new(read::<InstallationToken>(&path, &raw.text)?, self.now());
        let token = got.token.clone();
        *cached_token = Some(got);
        Ok(token)
    }

    /// One request, with the retries that [`rate_limit::decide`] asks for.
    async fn exchange(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        token: &Credential,
    ) -> Result<RawResponse> {
        // Asking for a token twice gives two tokens and changes nothing.
        let reads = method == Method::GET || path.ends_with("/access_tokens");
        let kind = if reads { RequestKind::Read } else { RequestKind::Write };
        for attempt in 0.. {
            let not_before = *self.deferred_until.lock().await;
            if self.now() < not_before {
                return Err(GitHubError::Deferred { not_before });
            }
            let raw = match method == Method::GET {
                true => self.read_once(path, token).await?,
                false => self.send_once(method, path, (body, None), token).await?,
            };
            let answer = raw.as_ref().map(answer);
            match (rate_limit::decide(kind, attempt, answer.as_ref(), self.now()), raw) {
                (RetryDecision::RetryAfter(wait), _) => self.clock.sleep(wait).await,
                (RetryDecision::Defer(not_before), _) => {
                    *self.deferred_until.lock().await = not_before;
                    return Err(GitHubError::Deferred { not_before });
                }
                (RetryDecision::Accept, Some(raw)) if (300..400).contains(&raw.status) => {
                    return Err(GitHubError::Moved { path: path.to_owned(), status: raw.status });
                }
                (RetryDecision::Accept, Some(raw)) => return Ok(raw),
                (RetryDecision::Fail, Some(raw)) => return Err(refused(method, path, &raw)),
                (RetryDecision::CheckState | RetryDecision::Accept | RetryDecision::Fail, _) => {
                    let (method, path) = (method.clone(), path.to_owned());
                    return Err(GitHubError::OutcomeUnknown { method, path });
                }
            }
        }
        unreachable!("every attempt but the last one decides to come again")
    }

    /// Reads what may have been read before: if the host says that it is the same, it sends it not again, and the
    /// request counts against no limit.
    async fn read_once(&self, path: &str, token: &Credential) -> Result<Option<RawResponse>> {
        let known = self.responses.lock().await.get(path);
        let etag = known.as_ref().map(|known| known.etag.clone());
        let raw = self.send_once(&Method::GET, path, (None, etag), token).await?;
        let Some(mut raw) = raw else { return Ok(None) };
        match known.filter(|_| raw.status == 304) {
            Some(known) => (raw.status, raw.text) = (200, known.text.to_string()),
            None if raw.status == 200 => {
                let etag = raw.headers.get(ETAG).cloned();
                self.responses.lock().await.keep(path, etag, &raw.text);
            }
            None => {}
        }
        Ok(Some(raw))
    }

    /// `None` means that the connection failed. With the tag of a response, the host may answer that it still holds.
    async fn send_once(
        &self,
        method: &Method,
        path: &str,
        (body, etag): (Option<&Value>, Option<HeaderValue>),
        token: &Credential,
    ) -> Result<Option<RawResponse>> {
        let mut bearer =
            HeaderValue::from_str(&format!("Bearer {}", token.reveal())).map_err(|_| {
                GitHubError::Query(
                    "the token contains line breaks or control characters".to_owned(),
                )
            })?;
        bearer.set_sensitive(true);
        let request = Request::builder()
            .method(method)
            .uri(self.full(path))
            .header(AUTHORIZATION, bearer)
            .header("accept", "application/vnd.github+json");
        let request = match etag {
            Some(etag) => request.header(IF_NONE_MATCH, etag),
            None => request,
        };
        let request = self.http.build_request(request, body).map_err(client)?;
        let Ok(response) = self.http.execute(request).await else { return Ok(None) };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = self.http.body_to_string(response).await.ok();
        Ok(text.map(|text| RawResponse { status, headers, text }))
    }

    /// An Enterprise server has REST below `/api/v3` and GraphQL at `/api/graphql`.
    fn full(&self, path: &str) -> String {
        let prefix = match path {
            GRAPHQL => self.prefix.strip_suffix("/v3").unwrap_or(&self.prefix),
            _ => &self.prefix,
        };
        format!("{prefix}{path}")
    }
}

const GRAPHQL: &str = "/graphql";

fn client(error: octocrab::Error) -> GitHubError {
    GitHubError::Client(Box::new(error))
}

fn read<T: DeserializeOwned>(path: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| odd(path, named(text, &error)))
}

pub(super) fn odd(path: &str, why: impl Into<String>) -> GitHubError {
    GitHubError::UnexpectedResponse { path: path.to_owned(), why: why.into() }
}

/// What is wrong with a response, with the name of the field where the error lacks it.
fn named(text: &str, error: &serde_json::Error) -> String {
    let message = error.to_string();
    let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len);
    let until = before.sum::<usize>() + error.column();
    let field = text
        .get(..until)
        .and_then(|read| read.rsplit_once("\":")?.0.rsplit_once('"'))
        .map(|(_, field)| field)
        .filter(|_| error.is_data() && !message.contains("field `"));
    field.map_or(message.clone(), |field| format!("{field}: {message}"))
}

fn answer(raw: &RawResponse) -> ResponseHead<'_> {
    let number = |name: &str| raw.headers.get(name)?.to_str().ok()?.trim().parse().ok();
    ResponseHead {
        status: raw.status,
        retry_after: number("retry-after"),
        remaining: number("x-ratelimit-remaining"),
        reset: number("x-ratelimit-reset"),
        text: &raw.text,
    }
}

fn refused(method: &Method, path: &str, raw: &RawResponse) -> GitHubError {
    let problem = serde_json::from_str::<ApiProblem>(&raw.text).unwrap_or_default();
    GitHubError::Refused {
        method: method.clone(),
        path: path.to_owned(),
        status: raw.status,
        message: problem.problem_text(),
    }
}

/// A name as part of a path: slashes stay, what means something in an address is encoded.
pub(super) fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests;
