//! Answers that go wrong on demand.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::FakeGitHub;
use super::answer::Answer;
use super::log::{Request, fits};
use super::state::GitHubState;

/// An answer other than the true one.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// 403 for want of a permission.
    Forbidden,
    /// 403 with seconds to wait.
    ForbiddenFor(u64),
    /// 403 with no requests left until so many seconds from the service's now.
    PrimaryLimit(i64),
    /// 403 that speaks of a secondary rate limit, with or without seconds to wait.
    SecondaryLimit(Option<u64>),
    /// 429, with or without seconds to wait.
    TooMany(Option<u64>),
    /// 409.
    Conflict,
    /// 422: the owners allow no more pull requests by this account.
    PullCap,
    /// 401: the token is not taken any more.
    BadCredentials,
    /// 500, 502, 503 and the like, with an HTML page.
    Status(u16),
    /// Any other answer.
    Answer(u16, Value),
    /// The connection ends without an answer.
    Dropped,
    /// No answer until [`FakeGitHub::release`].
    Held,
    /// The answer breaks off in the middle, so that it is no JSON.
    Malformed,
    /// The true answer without these fields, wherever they stand.
    Without(&'static [&'static str]),
}

/// Which requests meet a fault, and when.
#[derive(Debug, Clone)]
pub struct Trouble {
    fault: Fault,
    method: String,
    path: String,
    after: bool,
    skip: usize,
    left: usize,
}

impl Trouble {
    /// The next request of a method (`*`: any) whose path matches (`*`: anything) meets the fault
    /// before it does anything.
    pub fn on(method: &str, path: &str, fault: Fault) -> Self {
        let after = matches!(fault, Fault::Malformed | Fault::Without(_));
        let (method, path) = (method.to_owned(), path.to_owned());
        Self { fault, method, path, after, skip: 0, left: 1 }
    }

    /// What was asked for is done, and only its answer goes wrong.
    #[must_use]
    pub fn after_the_effect(mut self) -> Self {
        self.after = true;
        self
    }

    /// So many requests pass first.
    #[must_use]
    pub fn skip(mut self, requests: usize) -> Self {
        self.skip = requests;
        self
    }

    /// So many requests meet it; `usize::MAX` for all.
    #[must_use]
    pub fn times(mut self, requests: usize) -> Self {
        self.left = requests;
        self
    }
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    scripted: Vec<Trouble>,
    /// Requests that wait for their release.
    pub(super) held: BTreeSet<u64>,
}

/// A fault that met a request, before or after its effect.
pub(super) struct Met {
    pub(super) fault: Fault,
    pub(super) after: bool,
}

impl Faults {
    pub(super) fn meet(&mut self, method: &str, path: &str) -> Option<Met> {
        let mut met = None;
        for one in &mut self.scripted {
            if !fits(&one.method, &one.path, method, path) {
                continue;
            }
            if one.skip > 0 {
                one.skip -= 1;
            } else if met.is_none() {
                one.left -= usize::from(one.left != usize::MAX);
                met = Some(Met { fault: one.fault.clone(), after: one.after });
            }
        }
        self.scripted.retain(|one| one.left > 0);
        met
    }
}

impl Fault {
    /// The answer in place of the true one; `None` if there is none.
    pub(super) fn answer(&self, state: &GitHubState, truth: Option<Answer>) -> Option<Answer> {
        const LIMITED: &str = "You have exceeded a secondary rate limit. Please wait a few minutes \
            before you try again.";
        let wait = |answer: Answer, seconds: Option<u64>| match seconds {
            Some(seconds) => answer.with("retry-after", seconds),
            None => answer,
        };
        Some(match self {
            Self::Forbidden => Answer::refusal(403, "Resource not accessible by integration"),
            Self::ForbiddenFor(seconds) => {
                wait(Answer::refusal(403, "Forbidden for the moment"), Some(*seconds))
            }
            Self::PrimaryLimit(seconds) => {
                exhausted(state.now() + SignedDuration::from_secs(*seconds))
            }
            Self::SecondaryLimit(seconds) => wait(Answer::refusal(403, LIMITED), *seconds),
            Self::TooMany(seconds) => wait(Answer::refusal(429, LIMITED), *seconds),
            Self::Conflict => Answer::refusal(409, "Conflict"),
            Self::PullCap => Answer::invalid_because(
                "PullRequest",
                "Pull request creation is limited: the maximum number of open pull requests by \
                 this user is reached",
            ),
            Self::BadCredentials => Answer::refusal(401, "Bad credentials"),
            Self::Status(status) => {
                let page = b"<html><body><h1>Unicorn!</h1></body></html>".to_vec();
                Answer { status: *status, ..Answer::raw("text/html", page) }
            }
            Self::Answer(status, body) => Answer::json(*status, body),
            Self::Malformed => {
                let mut answer = truth?;
                answer.body.truncate(answer.body.len() / 2);
                answer
            }
            Self::Without(fields) => {
                let mut answer = truth?;
                let mut body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
                trim(&mut body, fields);
                answer.body = body.to_string().into_bytes();
                answer
            }
            Self::Held => return truth,
            Self::Dropped => return None,
        })
    }
}

/// 403 of the hourly limit.
pub(super) fn exhausted(reset: Timestamp) -> Answer {
    Answer::refusal(403, "API rate limit exceeded for installation ID 1.")
        .with("x-ratelimit-remaining", 0)
        .with("x-ratelimit-reset", seconds(reset))
}

fn trim(value: &mut Value, fields: &[&str]) {
    match value {
        Value::Object(map) => {
            map.retain(|name, _| !fields.contains(&name.as_str()));
            map.values_mut().for_each(|inner| trim(inner, fields));
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| trim(inner, fields)),
        _ => {}
    }
}

impl FakeGitHub {
    /// Scripts a fault; of several that fit a request, the one scripted first meets it.
    pub fn trouble(&self, trouble: Trouble) {
        self.with(|state| state.faults.scripted.push(trouble));
    }

    /// The next request of a method to a path meets the fault before it does anything.
    pub fn fault(&self, method: &str, path: &str, fault: Fault) {
        self.trouble(Trouble::on(method, path, fault));
    }

    pub fn clear_faults(&self) {
        self.with(|state| state.faults.scripted.clear());
        self.release();
    }

    /// Lets the held requests go on.
    pub fn release(&self) {
        self.with(|state| state.faults.held.clear());
        self.gate().notify_waiters();
    }

    /// The request that is held, if there is one.
    pub fn held(&self) -> Option<Request> {
        self.look(|state| {
            let held = state.faults.held.first()?;
            state.log.requests.iter().find(|asked| asked.id == *held).cloned()
        })
    }

    /// Waits until a request is held.
    #[track_caller]
    pub fn wait_until_held(&self) {
        self.wait_until("a request is held", |state| !state.faults.held.is_empty());
    }

    /// How many requests an hour takes; the count begins again.
    pub fn rate_limit(&self, requests: u64) {
        self.with(|state| {
            (state.budget.limit, state.budget.used) = (requests, 0);
        });
    }
}

/// The first whole second that is not before this moment.
pub(super) fn seconds(at: Timestamp) -> i64 {
    (at + SignedDuration::from_millis(999)).as_second()
}

/// What the endpoint of limits tells.
pub(super) fn budget(state: &GitHubState) -> Value {
    let budget = &state.budget;
    json!({
        "limit": budget.limit, "used": budget.used, "remaining": budget.limit - budget.used,
        "reset": seconds(budget.reset),
    })
}
