//! The REST API: who asks, what for, how it is answered, and the record of it.

mod apps;
mod contents;
mod gitdata;
mod graphql;
mod issues;
mod pulls;
mod repos;
mod reviews;
mod routes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request as HttpRequest};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use ring::digest;
use serde_json::Value;
use tokio::sync::oneshot;

use super::Service;
use super::answer::{Answer, Outcome};
use super::apps::Actor;
use super::faults::{Fault, exhausted, seconds};
use super::git::hex;
use super::log::{Request, is_write};
use super::state::{GitHubState, Issue};

const LARGEST_BODY: usize = 30 << 20;

/// A request on its way to the handler of its route.
struct Call {
    /// Without `/api/v3`.
    path: String,
    params: BTreeMap<&'static str, String>,
    query: BTreeMap<String, String>,
    body: Value,
    accept: String,
    actor: Actor,
    /// The repository that the path names; 0 if it names none.
    repo: u64,
}

/// What came in, before anything is looked at.
struct Arrival {
    id: u64,
    method: String,
    path: String,
    /// `/api/v3` or nothing.
    prefix: &'static str,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

pub(super) async fn serve(
    service: Arc<Service>,
    listener: std::net::TcpListener,
    stopped: oneshot::Receiver<()>,
) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let router = Router::new().fallback(answer).with_state(service);
    tokio::select! {
        served = axum::serve(listener, router) => served.unwrap(),
        _ = stopped => {}
    }
}

/// Notes the end of a write, also when the asker goes away before the answer.
struct Writing(Arc<Service>);

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.with(|state| state.log.writing -= 1);
    }
}

async fn answer(State(service): State<Arc<Service>>, request: HttpRequest<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.unwrap_or_default().to_vec();
    let whole = parts.uri.path();
    let (prefix, path) = match whole.strip_prefix("/api/v3") {
        Some(rest) if rest.starts_with('/') && rest != "/graphql" => ("/api/v3", rest),
        _ => ("", whole),
    };
    let mut arrival = Arrival {
        id: 0,
        method: parts.method.to_string(),
        path: path.to_owned(),
        prefix,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let met = service.with(|state| arrive(state, &mut arrival));
    let _writing = is_write(&arrival.method, &arrival.path).then(|| Writing(service.clone()));
    let before = met.as_ref().is_some_and(|met| !met.after);
    let holds = |wanted: bool| {
        let held = met.as_ref().is_some_and(|met| met.fault == Fault::Held);
        held && before == wanted
    };
    if holds(true) {
        hold(&service, arrival.id).await;
    }
    let goes_on = met.as_ref().is_none_or(|met| met.after || met.fault == Fault::Held);
    let truth = goes_on.then(|| {
        service.with(|state| {
            if holds(false) {
                state.faults.held.insert(arrival.id);
            }
            respond(state, &arrival)
        })
    });
    if holds(false) {
        hold(&service, arrival.id).await;
    }
    let answer = service.with(|state| {
        let answer = match &met {
            Some(met) => met.fault.answer(state, truth),
            None => truth,
        };
        let answer = answer.map(|answer| finish(state, &arrival, answer));
        let asked = state.log.requests.iter_mut().find(|asked| asked.id == arrival.id);
        if let (Some(asked), Some(answer)) = (asked, &answer) {
            asked.status = answer.status;
        }
        answer
    });
    match answer {
        Some(answer) => sent(answer),
        // The connection's task ends here, and the connection with it.
        None => std::panic::resume_unwind(Box::new("the connection is dropped")),
    }
}

/// Records a request, and looks whether a fault meets it.
fn arrive(state: &mut GitHubState, arrival: &mut Arrival) -> Option<super::faults::Met> {
    arrival.id = state.next_id();
    let met = state.faults.meet(&arrival.method, &arrival.path);
    let authorization = arrival.headers.get("authorization").and_then(|value| value.to_str().ok());
    let actor = state.access.actor(authorization, state.now());
    let time = state.now();
    state.log.requests.push(Request {
        id: arrival.id,
        at: Instant::now(),
        time,
        method: arrival.method.clone(),
        path: arrival.path.clone(),
        query: arrival.query.clone(),
        body: serde_json::from_slice(&arrival.body).ok(),
        by: actor.map(|actor| actor.login()).unwrap_or_default(),
        status: 0,
        spoiled: met.is_some(),
    });
    if is_write(&arrival.method, &arrival.path) {
        state.log.writing += 1;
        state.log.most_writing = state.log.most_writing.max(state.log.writing);
    }
    if met.as_ref().is_some_and(|met| met.fault == Fault::Held && !met.after) {
        state.faults.held.insert(arrival.id);
    }
    met
}

/// Waits for the release.
async fn hold(service: &Service, id: u64) {
    loop {
        let released = service.gate.notified();
        tokio::pin!(released);
        released.as_mut().enable();
        if !service.with(|state| state.faults.held.contains(&id)) {
            return;
        }
        released.await;
    }
}

/// The true answer.
fn respond(state: &mut GitHubState, arrival: &Arrival) -> Answer {
    route(state, arrival).unwrap_or_else(|refusal| refusal)
}

fn route(state: &mut GitHubState, arrival: &Arrival) -> Outcome {
    let header = |name: &str| arrival.headers.get(name).and_then(|value| value.to_str().ok());
    if header("user-agent").is_none() {
        surprise(state, arrival, "has no user agent");
        return Err(Answer::refusal(403, "Request forbidden by administrative rules."));
    }
    let actor = state.access.actor(header("authorization"), state.now())?;
    charge(state, arrival)?;
    let path = by_number(state, &arrival.path);
    let Some((route, params)) = routes::find(&arrival.method, &path) else {
        surprise(state, arrival, "is unknown");
        return Err(Answer::not_found());
    };
    let mut repo = 0;
    if let (Some(owner), Some(name)) = (params.get("owner"), params.get("repo")) {
        let full_name = format!("{owner}/{name}");
        repo = state.repo_id(&full_name).ok_or_else(Answer::not_found)?;
        let of = &state.repos[&repo];
        if of.full_name().to_lowercase() != full_name.to_lowercase() {
            let rest = path.splitn(5, '/').nth(4).map(|rest| format!("/{rest}"));
            return Ok(moved(state, arrival, repo, &rest.unwrap_or_default()));
        }
    }
    state.allow(&actor, route.need, state.repos.get(&repo))?;
    let body = match arrival.body.as_slice() {
        [] => Value::Null,
        body => serde_json::from_slice(body)
            .map_err(|_| Answer::refusal(400, "Problems parsing JSON"))?,
    };
    let call = Call {
        path,
        params,
        query: query(&arrival.query),
        body,
        accept: header("accept").unwrap_or_default().to_owned(),
        actor,
        repo,
    };
    (route.handler)(state, &call)
}

/// Takes a request from the hour's budget.
fn charge(state: &mut GitHubState, arrival: &Arrival) -> Outcome<()> {
    let now = state.now();
    if state.budget.reset <= now {
        (state.budget.reset, state.budget.used) = (now + SignedDuration::from_hours(1), 0);
    }
    if arrival.path == "/rate_limit" {
        return Ok(());
    }
    if state.budget.used >= state.budget.limit {
        return Err(exhausted(state.budget.reset));
    }
    state.budget.used += 1;
    Ok(())
}

/// `/repositories/7/pulls` is `/repos/owner/name/pulls`.
fn by_number(state: &GitHubState, path: &str) -> String {
    let found = path.strip_prefix("/repositories/").and_then(|rest| {
        let (id, rest) = rest.split_once('/').map_or((rest, ""), |(id, rest)| (id, rest));
        let of = state.repos.get(&id.parse().ok()?)?;
        Some(format!("/repos/{}/{rest}", of.full_name()))
    });
    found.map_or_else(|| path.to_owned(), |path| path.trim_end_matches('/').to_owned())
}

/// The repository has another name.
fn moved(state: &GitHubState, arrival: &Arrival, repo: u64, rest: &str) -> Answer {
    let query = if arrival.query.is_empty() { "" } else { "?" };
    let url = format!(
        "{}{}/repositories/{repo}{rest}{query}{}",
        state.url, arrival.prefix, arrival.query
    );
    let (status, message) = match arrival.method.as_str() {
        "GET" => (301, "Moved Permanently"),
        _ => (307, "Temporary Redirect"),
    };
    let body = serde_json::json!({ "message": message, "url": url });
    Answer::json(status, &body).with("location", url)
}

fn surprise(state: &mut GitHubState, arrival: &Arrival, what: &str) {
    let message = format!("{} {}{} {what}", arrival.method, arrival.prefix, arrival.path);
    state.log.surprises.push(message);
}

/// Adds what every answer carries; an answer that the asker knows is 304.
fn finish(state: &mut GitHubState, arrival: &Arrival, mut answer: Answer) -> Answer {
    if arrival.method == "GET" && answer.status == 200 {
        let tag = hex(digest::digest(&digest::SHA256, &answer.body).as_ref());
        let tag = format!("W/\"{tag}\"");
        let known = arrival.headers.get("if-none-match").and_then(|known| known.to_str().ok());
        if known.is_some_and(|known| known.contains(tag.trim_start_matches("W/"))) {
            answer = Answer { headers: answer.headers, ..Answer::empty(304) };
            state.budget.used = state.budget.used.saturating_sub(1);
        }
        answer = answer.with("etag", tag);
    }
    let budget = &state.budget;
    let left = budget.limit.saturating_sub(budget.used);
    for (name, value) in [
        ("x-ratelimit-limit", budget.limit.to_string()),
        ("x-ratelimit-remaining", left.to_string()),
        ("x-ratelimit-used", budget.used.to_string()),
        ("x-ratelimit-reset", seconds(budget.reset).to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
        ("x-github-request-id", format!("FA4E:{:X}", arrival.id)),
    ] {
        if !answer.headers.iter().any(|(known, _)| *known == name) {
            answer = answer.with(name, value);
        }
    }
    answer
}

fn sent(answer: Answer) -> Response {
    let mut response = Response::builder().status(answer.status);
    if answer.status != 204 && answer.status != 304 {
        response = response.header("content-type", answer.kind);
    }
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}

fn query(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(name, value)| (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " "))))
        .collect()
}

/// Resolves `%2F` and the like.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let code = code.and_then(|two| u8::from_str_radix(two, 16).ok());
        let (byte, left) = match (first, code) {
            (b'%', Some(byte)) => (byte, &after[2..]),
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Call {
    fn by(&self) -> String {
        self.actor.login()
    }

    /// A part of the path.
    fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    fn id(&self, name: &str) -> Outcome<u64> {
        self.param(name).parse().map_err(|_| Answer::not_found())
    }

    /// The issue or pull request that the path names.
    fn number(&self, state: &GitHubState) -> Outcome<u64> {
        let number = self.id("number")?;
        let known = state.repos[&self.repo].issues.contains_key(&number);
        known.then_some(number).ok_or_else(Answer::not_found)
    }

    /// The pull request that the path names.
    fn pull(&self, state: &GitHubState) -> Outcome<u64> {
        let number = self.number(state)?;
        let is_pull = state.issue(self.repo, number).pull.is_some();
        is_pull.then_some(number).ok_or_else(Answer::not_found)
    }

    fn asked(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// A field of the body; `None` if it is absent or no text.
    fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    /// A field of the body that must be there.
    fn need(&self, resource: &str, name: &str) -> Outcome<&str> {
        self.text(name).ok_or_else(|| Answer::invalid(resource, name, "missing_field"))
    }

    fn flag(&self, name: &str) -> bool {
        self.body.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    fn names(&self, name: &str) -> Option<Vec<String>> {
        let list = self.body.get(name)?.as_array()?;
        let named = list.iter().filter_map(|one| one.as_str().or_else(|| one["name"].as_str()));
        Some(named.map(str::to_owned).collect())
    }

    /// The page of a list that was asked for, with links to the others.
    fn page(&self, state: &GitHubState, all: Vec<Value>) -> Outcome {
        let size = self.asked("per_page").parse().unwrap_or(30_usize).clamp(1, 100);
        let page = self.asked("page").parse().unwrap_or(1_usize).max(1);
        let last = all.len().div_ceil(size).max(1);
        let some = all.into_iter().skip((page - 1) * size).take(size).collect::<Vec<_>>();
        let link = |page: usize, rel: &str| {
            let others = self.query.iter().filter(|(name, _)| *name != "page");
            let others = others.map(|(name, value)| format!("{name}={value}&")).collect::<String>();
            format!("<{}{}?{others}page={page}>; rel=\"{rel}\"", state.url, self.path)
        };
        let answer = Answer::json(200, &Value::Array(some));
        if page >= last {
            return Ok(answer);
        }
        Ok(answer.with("link", format!("{}, {}", link(page + 1, "next"), link(last, "last"))))
    }

    /// Puts issues in the order that was asked for.
    fn sort(&self, issues: &mut [&Issue], usual: &str) {
        let by_update = self.asked("sort") == "updated";
        issues.sort_by_key(|issue| {
            (if by_update { issue.updated } else { issue.created }, issue.number)
        });
        let direction = match self.asked("direction") {
            "" => usual,
            direction => direction,
        };
        if direction == "desc" {
            issues.reverse();
        }
    }

    /// Whether something changed after the moment that was asked for, in whole seconds.
    fn is_since(&self, at: Timestamp) -> bool {
        let since = self.asked("since").parse::<Timestamp>();
        !since.is_ok_and(|since| at.as_second() < since.as_second())
    }
}
