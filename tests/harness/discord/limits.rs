//! Rate limits, and answers that go wrong on demand.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::FakeDiscord;

use super::rest::Answer;
use crate::harness::glob::matches;

/// An answer other than the true one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// 429 of the route, with the seconds to wait in the body and in the headers.
    RateLimited(f64),
    /// 429 of all routes.
    GlobalLimit(f64),
    /// 429 with an HTML page and no word of when to try again.
    Cloudflare,
    /// 500, 502, 503 and the like, with an HTML page.
    Status(u16),
    /// A page of text where JSON belongs, with status 200.
    Garbage,
    /// No answer until the faults are cleared.
    Stall,
}

#[derive(Debug)]
struct Scripted {
    fault: Fault,
    method: String,
    path: String,
    left: usize,
}

#[derive(Debug)]
pub struct Limits {
    per_route: (u32, Duration),
    global: Option<u32>,
    buckets: BTreeMap<String, Bucket>,
    all: Option<Bucket>,
    scripted: Vec<Scripted>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    used: u32,
    until: Instant,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_route: (10_000, Duration::from_secs(1)),
            global: None,
            buckets: BTreeMap::new(),
            all: None,
            scripted: Vec::new(),
        }
    }
}

/// What becomes of a request before it is looked at.
pub(super) enum Verdict {
    /// Goes on; the answer carries these headers.
    Pass(Vec<(&'static str, String)>),
    Refuse(Answer),
    Stall,
}

impl Limits {
    /// Judges a request of a bucket.
    pub(super) fn judge(&mut self, method: &str, path: &str, bucket: &str) -> Verdict {
        if let Some(fault) = self.scripted_for(method, path) {
            return fault.verdict(bucket);
        }
        if let Some(most) = self.global {
            let used = take(
                self.all.get_or_insert(Bucket::new(Duration::from_secs(1))),
                Duration::from_secs(1),
            );
            if used.used > most {
                return Fault::GlobalLimit(used.left()).verdict(bucket);
            }
        }
        let (most, window) = self.per_route;
        let used =
            take(self.buckets.entry(bucket.to_owned()).or_insert(Bucket::new(window)), window);
        if used.used > most {
            return Verdict::Refuse(limited(used.left(), false, bucket, most));
        }
        Verdict::Pass(headers(bucket, most, most - used.used, used.left()))
    }

    fn scripted_for(&mut self, method: &str, path: &str) -> Option<Fault> {
        let at = self.scripted.iter().position(|one| {
            (one.method == "*" || one.method == method) && matches(&one.path, path)
        })?;
        let one = &mut self.scripted[at];
        let fault = one.fault;
        one.left -= usize::from(one.left != usize::MAX);
        if one.left == 0 {
            self.scripted.remove(at);
        }
        Some(fault)
    }
}

impl Bucket {
    fn new(window: Duration) -> Self {
        Self { used: 0, until: Instant::now() + window }
    }

    /// Seconds until it is empty again.
    fn left(&self) -> f64 {
        self.until.saturating_duration_since(Instant::now()).as_secs_f64()
    }
}

fn take(bucket: &mut Bucket, window: Duration) -> Bucket {
    if bucket.until <= Instant::now() {
        *bucket = Bucket::new(window);
    }
    bucket.used += 1;
    *bucket
}

#[expect(
    clippy::disallowed_methods,
    reason = "the stand-in has the machine's clock, as Discord has its own"
)]
fn headers(bucket: &str, limit: u32, remaining: u32, after: f64) -> Vec<(&'static str, String)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    // Discord hashes the route and leaves the ids to the client.
    let hash = bucket.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(31) ^ u64::from(byte));
    vec![
        ("x-ratelimit-bucket", format!("{hash:016x}")),
        ("x-ratelimit-limit", limit.to_string()),
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-reset", format!("{:.3}", now + after)),
        ("x-ratelimit-reset-after", format!("{after:.3}")),
    ]
}

fn limited(after: f64, global: bool, bucket: &str, limit: u32) -> Answer {
    let body = json!({
        "message": "You are being rate limited.", "retry_after": after, "global": global, "code": 0,
    });
    let mut answer = Answer::json(429, body);
    answer.headers.push(("retry-after", format!("{}", after.ceil())));
    if global {
        answer.headers.push(("x-ratelimit-global", "true".into()));
        answer.headers.push(("x-ratelimit-scope", "global".into()));
    } else {
        answer.headers.extend(headers(bucket, limit, 0, after));
        answer.headers.push(("x-ratelimit-scope", "user".into()));
    }
    answer
}

impl Fault {
    fn verdict(self, bucket: &str) -> Verdict {
        Verdict::Refuse(match self {
            Self::RateLimited(after) => limited(after, false, bucket, 5),
            Self::GlobalLimit(after) => limited(after, true, bucket, 50),
            Self::Cloudflare => Answer::html(429, "<h1>error code: 1015</h1>"),
            Self::Status(status) => Answer::html(status, "<h1>An error occurred</h1>"),
            Self::Garbage => Answer::html(200, "<h1>Maintenance</h1>"),
            Self::Stall => return Verdict::Stall,
        })
    }
}

impl FakeDiscord {
    /// The next `times` requests of a method (`*`: any) whose path below `/api/v10` matches
    /// (`*`: anything) are answered with the fault; `usize::MAX` for ever.
    pub fn fault(&self, fault: Fault, method: &str, path: &str, times: usize) {
        let (method, path) = (method.to_owned(), path.to_owned());
        let scripted = Scripted { fault, method, path, left: times };
        self.with(|state| state.limits.scripted.push(scripted));
    }

    pub fn clear_faults(&self) {
        self.with(|state| state.limits.scripted.clear());
    }

    /// How many requests a route takes in a window before it answers 429.
    pub fn rate_limit(&self, requests: u32, window: Duration) {
        self.with(|state| {
            state.limits.per_route = (requests, window);
            state.limits.buckets.clear();
        });
    }

    /// How many requests all routes together take in a second before they answer 429.
    pub fn global_limit(&self, requests: Option<u32>) {
        self.with(|state| (state.limits.global, state.limits.all) = (requests, None));
    }
}
