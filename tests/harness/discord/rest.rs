//! REST v10: authentication, limits, routes and the record of every request.

mod form;
mod messages;
mod places;
mod replies;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, State, WebSocketUpgrade};
use axum::http::{HeaderMap, Request as HttpRequest, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::gateway::{Contact, socket};
use super::limits::Verdict;
use super::log::Request;
use super::state::DiscordState;
use super::{Service, schemas};
use form::Form;
pub(super) use form::Upload;

const PREFIX: &str = "/api/v10";
const LARGEST_BODY: usize = 1 << 20;
/// How often a request without an answer looks whether it may get one.
const STALL: Duration = Duration::from_millis(20);

/// A request on its way to the handler of its route.
pub(super) struct Call {
    ids: Vec<String>,
    query: BTreeMap<String, String>,
    body: Value,
    files: Vec<Upload>,
}

pub(super) struct Answer {
    status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    body: Said,
    /// Odd on purpose: the published schemas do not hold.
    odd: bool,
}

enum Said {
    Nothing,
    Json(Value),
    Html(&'static str),
}

type Handler = fn(&mut DiscordState, &Call) -> Answer;

/// Who may ask: the bot by its token, or anybody who knows the token in the path.
#[derive(Clone, Copy, PartialEq)]
enum Door {
    Bot,
    Open,
}

struct Route {
    method: &'static str,
    /// As the OpenAPI description writes it.
    path: &'static str,
    door: Door,
    handler: Handler,
}

const fn bot(method: &'static str, path: &'static str, handler: Handler) -> Route {
    Route { method, path, door: Door::Bot, handler }
}

const fn open(method: &'static str, path: &'static str, handler: Handler) -> Route {
    Route { method, path, door: Door::Open, handler }
}

/// Paths without ids come before those that would match them too.
const ROUTES: &[Route] = &[
    open("GET", "/gateway", places::gateway),
    bot("GET", "/gateway/bot", places::gateway_bot),
    bot("GET", "/users/@me", places::me),
    bot("GET", "/users/@me/guilds", places::my_guilds),
    bot("GET", "/users/{user_id}", places::user),
    bot("GET", "/applications/@me", places::application),
    bot("GET", "/oauth2/applications/@me", places::application),
    bot("GET", "/guilds/{guild_id}", places::guild),
    bot("GET", "/guilds/{guild_id}/channels", places::channels),
    bot("GET", "/guilds/{guild_id}/roles", places::roles),
    bot("GET", "/guilds/{guild_id}/members/{user_id}", places::member),
    bot("GET", "/guilds/{guild_id}/threads/active", places::active_threads),
    bot("GET", "/channels/{channel_id}", places::channel),
    bot("PATCH", "/channels/{channel_id}", places::change_channel),
    bot("GET", "/channels/{channel_id}/threads/archived/public", places::archived_threads),
    bot("GET", "/channels/{channel_id}/messages", messages::page),
    bot("POST", "/channels/{channel_id}/messages", messages::create),
    bot("GET", "/channels/{channel_id}/messages/{message_id}", messages::one),
    bot("PATCH", "/channels/{channel_id}/messages/{message_id}", messages::change),
    bot("DELETE", "/channels/{channel_id}/messages/{message_id}", messages::delete),
    bot(
        "GET",
        "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}",
        messages::who_reacted,
    ),
    bot(
        "PUT",
        "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me",
        messages::react,
    ),
    bot(
        "DELETE",
        "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me",
        messages::unreact,
    ),
    bot("GET", "/applications/{application_id}/commands", replies::commands),
    bot("PUT", "/applications/{application_id}/commands", replies::register),
    bot("GET", "/applications/{application_id}/guilds/{guild_id}/commands", replies::commands),
    bot("PUT", "/applications/{application_id}/guilds/{guild_id}/commands", replies::register),
    open("POST", "/interactions/{interaction_id}/{interaction_token}/callback", replies::callback),
    open("POST", "/webhooks/{webhook_id}/{webhook_token}", replies::follow_up),
    open("GET", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", replies::reply),
    open("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", replies::change),
    open("DELETE", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", replies::delete),
    open("GET", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", replies::reply),
    open("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", replies::change),
    open("DELETE", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", replies::delete),
];

/// Serves REST and the gateway until it is stopped.
pub(super) async fn serve(
    service: Arc<Service>,
    listener: std::net::TcpListener,
    stopped: oneshot::Receiver<()>,
) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let app = axum::Router::new().fallback(handle).with_state(service);
    tokio::select! {
        served = async { axum::serve(listener, app).await } => served.unwrap(),
        _ = stopped => {}
    }
}

async fn handle(State(service): State<Arc<Service>>, request: HttpRequest<Body>) -> Response {
    let (mut parts, body) = request.into_parts();
    if parts.headers.contains_key(header::UPGRADE) {
        if service.with(|state| state.hub.refuses()) {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        return match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => upgrade.on_upgrade(|socket| socket::serve(service, socket)),
            Err(refused) => refused.into_response(),
        };
    }
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let uri = parts.uri;
    let asked = Asked::new(parts.method.as_str(), uri.path(), uri.query(), &parts.headers, &body);
    loop {
        match service.with(|state| asked.answer(state, &service)) {
            Some(answer) => return answer.into_response(),
            None => tokio::time::sleep(STALL).await,
        }
    }
}

/// A request as it came.
struct Asked<'a> {
    method: &'a str,
    path: String,
    query: &'a str,
    authorised: Option<&'a str>,
    agent: Option<&'a str>,
    body: Result<Value, serde_json::Error>,
    files: Vec<Upload>,
    found: Option<(&'static Route, Vec<String>)>,
}

impl<'a> Asked<'a> {
    fn new(
        method: &'a str,
        path: &str,
        query: Option<&'a str>,
        headers: &'a HeaderMap,
        body: &[u8],
    ) -> Self {
        let path = path.strip_prefix(PREFIX).unwrap_or(path).to_owned();
        let Form { payload, files } = Form::read(headers, body);
        let none = payload.is_empty() && files.is_empty();
        let body = if none { Ok(Value::Null) } else { serde_json::from_slice(&payload) };
        let header_text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (authorised, agent) =
            (header_text(header::AUTHORIZATION), header_text(header::USER_AGENT));
        let found = ROUTES.iter().filter(|route| route.method == method);
        let found = found.filter_map(|route| Some((route, ids(route.path, &path)?))).next();
        Self {
            method,
            path,
            query: query.unwrap_or_default(),
            authorised,
            agent,
            body,
            files,
            found,
        }
    }

    /// The answer, on record; `None` while it is to wait.
    fn answer(&self, state: &mut DiscordState, service: &Service) -> Option<Answer> {
        let Some((route, ids)) = &self.found else {
            let what = format!("{} {} is not served", self.method, self.path);
            state.log.findings.push(what);
            return Some(self.on_record(state, Answer::error(404, 0, "404: Not Found")));
        };
        if !self.agent.is_some_and(|agent| agent.starts_with("DiscordBot (")) {
            let agent = self.agent.unwrap_or("nobody");
            let what = format!("{} {} by {agent}, no DiscordBot", self.method, self.path);
            state.log.findings.push(what);
        }
        let answer = match state.limits.judge(self.method, &self.path, &bucket(route, ids)) {
            Verdict::Stall => return None,
            Verdict::Refuse(answer) => answer,
            Verdict::Pass(headers) => {
                let mut answer = self.ask(state, service, route, ids);
                answer.headers.extend(headers);
                answer
            }
        };
        self.judge(state, route, &answer);
        Some(self.on_record(state, answer))
    }

    fn ask(
        &self,
        state: &mut DiscordState,
        service: &Service,
        route: &Route,
        ids: &[String],
    ) -> Answer {
        let token = self.authorised.and_then(|token| token.strip_prefix("Bot "));
        if route.door == Door::Bot && token != Some(&service.token) {
            return Answer::error(401, 0, "401: Unauthorized");
        }
        let Ok(body) = &self.body else {
            return Answer::error(400, 50109, "The request body contains invalid JSON.");
        };
        if matches!(self.method, "POST" | "PATCH") || !body.is_null() {
            let wrong = schemas::check_request(route.method, route.path, &checkable(body));
            let refused = !wrong.is_empty();
            state.log.findings.extend(wrong);
            if refused {
                return Answer::error(400, 50035, "Invalid Form Body");
            }
        }
        let query = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        let (ids, body, files) = (ids.to_vec(), body.clone(), self.files.clone());
        (route.handler)(state, &Call { ids, query, body, files })
    }

    fn judge(&self, state: &mut DiscordState, route: &Route, answer: &Answer) {
        let body = match &answer.body {
            _ if answer.odd => return,
            Said::Html(_) => return,
            Said::Nothing => &Value::Null,
            Said::Json(body) => body,
        };
        let wrong = schemas::check_answer(route.method, route.path, answer.status, body);
        state.log.findings.extend(wrong);
    }

    fn on_record(&self, state: &mut DiscordState, answer: Answer) -> Answer {
        state.log.requests.push(Request {
            at: Instant::now(),
            method: self.method.to_owned(),
            path: self.path.clone(),
            query: self.query.to_owned(),
            route: self.found.as_ref().map_or("", |(route, _)| route.path),
            body: self.body.as_ref().ok().filter(|body| !body.is_null()).cloned(),
            status: answer.status,
        });
        answer
    }
}

/// The description wants permissions as a number, the documentation as text: both are taken.
fn checkable(body: &Value) -> Value {
    let mut body = body.clone();
    for item in body.as_array_mut().into_iter().flatten() {
        let bits =
            item["default_member_permissions"].as_str().and_then(|bits| bits.parse::<u64>().ok());
        if let Some(bits) = bits {
            item["default_member_permissions"] = bits.into();
        }
    }
    body
}

/// What the route's places for ids hold, or `None` if the path is another.
fn ids(route: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (route.split('/'), path.split('/'));
    let mut ids = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(ids),
            (Some(wanted), Some(given)) if wanted.starts_with('{') => ids.push(decoded(given)),
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}

/// Discord counts by route and by the first id in it.
fn bucket(route: &Route, ids: &[String]) -> String {
    format!("{} {} {}", route.method, route.path, ids.first().map_or("", String::as_str))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => (bytes.push(byte), rest = &after[2..]).1,
            None => (bytes.push(*first), rest = after).1,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Call {
    /// The id in the route's place of this number; 0 for what is none.
    fn id(&self, at: usize) -> u64 {
        self.ids.get(at).and_then(|id| id.parse().ok()).unwrap_or(0)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.query.get(name)?.parse().ok()
    }

    /// `limit`, or why it cannot be one.
    fn limit(&self, usual: u64, most: u64) -> Result<usize, Answer> {
        match self.query.get("limit").map(|limit| limit.parse()) {
            None => Ok(usual as usize),
            Some(Ok(limit)) if (1..=most).contains(&limit) => Ok(limit as usize),
            Some(_) => Err(Answer::error(400, 50035, "Invalid Form Body")),
        }
    }
}

impl Answer {
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Said::Json(body), odd: false }
    }

    pub(super) fn html(status: u16, body: &'static str) -> Self {
        Self { status, headers: Vec::new(), body: Said::Html(body), odd: true }
    }

    pub(super) fn nothing() -> Self {
        Self { status: 204, headers: Vec::new(), body: Said::Nothing, odd: false }
    }

    /// Discord's own error codes are in the body.
    pub(super) fn error(status: u16, code: u32, message: &str) -> Self {
        Self::json(status, json!({ "code": code, "message": message }))
    }

    fn odd_if(mut self, odd: bool) -> Self {
        self.odd = odd;
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let response = match self.body {
            Said::Nothing => response.body(Body::empty()),
            Said::Json(body) => response
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
            Said::Html(body) => {
                response.header(header::CONTENT_TYPE, "text/html").body(Body::from(body))
            }
        };
        response.expect("status and headers are valid")
    }
}

impl super::gateway::Hub {
    fn refuses(&mut self) -> bool {
        if self.refusing {
            self.note(Contact::Refused);
        }
        self.refusing
    }
}
