//! When a request may be sent: the limits in Discord's headers, and stricter ones of this client.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rules::time;

/// Requests per second over all routes. [Discord: Rate Limits, Global Rate Limit]
const GLOBAL: usize = 50;
/// Discord bans an IP address after 10,000 responses of 401, 403 or 429 in ten minutes.
const INVALID_WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// How many of them stop the history, and how many stop everything, until they are older.
const INVALID_HISTORY: usize = 5_000;
const INVALID_LIVE: usize = 9_000;
/// The first and the longest pause after a 429 without a duration.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(1);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// How long history requests wait before they try again.
const HISTORY_YIELD: SignedDuration = SignedDuration::from_millis(50);
/// Buckets that are kept before idle ones are dropped.
const REMEMBERED: usize = 2_000;

/// The priority of a request: live requests go before history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestLane {
    Live,
    History,
}

/// The rate-limit headers of a response.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RateLimitHeaders {
    pub(super) status: u16,
    pub(super) bucket: Option<String>,
    pub(super) limit: Option<f64>,
    pub(super) remaining: Option<f64>,
    pub(super) reset_after: Option<SignedDuration>,
    pub(super) retry_after: Option<SignedDuration>,
    /// Whether a 429 applies to all routes.
    pub(super) global: bool,
}

/// A route as Discord counts it: the method, the path without its ids, and, after a space, the
/// server, channel or webhook in it, each of which has its own limit.
pub(super) fn route(method: &str, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut parts = path.split('/').skip(1).collect::<Vec<_>>();
    let majors = match parts.first() {
        Some(&("channels" | "guilds")) => 1,
        Some(&("webhooks" | "interactions")) => 2,
        _ => 0,
    };
    let until = parts.len().min(1 + majors);
    let major = parts.drain(until.min(1)..until).collect::<Vec<_>>().join("/");
    let mut shape = method.to_owned();
    let mut before = "";
    for part in parts {
        let varies = before == "reactions" || part.bytes().all(|byte| byte.is_ascii_digit());
        shape.push('/');
        shape.push_str(if varies { "*" } else { part });
        before = part;
    }
    format!("{shape} {major}")
}

/// The state of all limits.
#[derive(Debug)]
pub(super) struct RateLimiter {
    share: f64,
    /// By Discord's bucket name and the major id; by route until that name is known.
    buckets: BTreeMap<String, RateBucket>,
    /// Discord's bucket names, by the shape of the route.
    names: BTreeMap<String, String>,
    /// When the requests of the last second were sent, and in which lane.
    recent: VecDeque<(Timestamp, RequestLane)>,
    invalid: VecDeque<Timestamp>,
    /// No request is sent before.
    blocked: Timestamp,
    /// 429s in a row without a duration.
    unexplained: u32,
    live_waiting: u32,
}

#[derive(Debug, Default)]
struct RateBucket {
    limit: u32,
    remaining: u32,
    /// When it is full again.
    reset: Timestamp,
    /// No request is sent before.
    blocked: Timestamp,
}

impl RateLimiter {
    /// `share` is the part of every limit that history may use.
    pub(super) fn new(share: f64) -> Self {
        Self {
            share: share.clamp(0.01, 1.0),
            buckets: BTreeMap::new(),
            names: BTreeMap::new(),
            recent: VecDeque::new(),
            invalid: VecDeque::new(),
            blocked: Timestamp::UNIX_EPOCH,
            unexplained: 0,
            live_waiting: 0,
        }
    }

    /// Whether a request may be sent now; if so it is counted. If not, the time to try again.
    pub(super) fn try_acquire(
        &mut self,
        route: &str,
        lane: RequestLane,
        now: Timestamp,
    ) -> Result<(), Timestamp> {
        self.all(lane, now)?;
        let key = self.key(route);
        if let Some(bucket) = self.buckets.get_mut(&key) {
            bucket.try_take(lane, self.share, now)?;
        }
        self.recent.push_back((now, lane));
        Ok(())
    }

    /// Records that a live request starts or stops waiting: history requests wait meanwhile.
    pub(super) fn live_waits(&mut self, waits: bool) {
        let change = if waits { u32::checked_add } else { u32::checked_sub };
        self.live_waiting = change(self.live_waiting, 1).unwrap_or_default();
    }

    /// Records the headers of a response.
    pub(super) fn record_response(
        &mut self,
        route: &str,
        headers: &RateLimitHeaders,
        now: Timestamp,
    ) {
        if matches!(headers.status, 401 | 403 | 429) {
            self.invalid.push_back(now);
        }
        if let Some(name) = &headers.bucket {
            self.names.insert(shape(route).to_owned(), name.clone());
        }
        let bucket = self.buckets.entry(self.key(route)).or_default();
        bucket.update(headers, now);
        match (headers.status, headers.retry_after) {
            (429, Some(wait)) if headers.global => {
                self.blocked = self.blocked.max(time::plus(now, wait))
            }
            (429, Some(wait)) => bucket.blocked = bucket.blocked.max(time::plus(now, wait)),
            (429, None) => {
                let pause = (FIRST_PAUSE * (1 << self.unexplained.min(16))).min(LONGEST_PAUSE);
                self.unexplained += 1;
                self.blocked = self.blocked.max(time::plus(now, pause));
            }
            _ => self.unexplained = 0,
        }
        if self.buckets.len() > REMEMBERED {
            self.buckets.retain(|_, bucket| bucket.reset.max(bucket.blocked) > now);
        }
    }

    fn key(&self, route: &str) -> String {
        let shape = shape(route);
        match self.names.get(shape) {
            Some(name) => format!("{name}{}", &route[shape.len()..]),
            None => route.to_owned(),
        }
    }

    /// The limits over all routes.
    fn all(&mut self, lane: RequestLane, now: Timestamp) -> Result<(), Timestamp> {
        if now < self.blocked {
            return Err(self.blocked);
        }
        if lane == RequestLane::History && self.live_waiting > 0 {
            return Err(time::plus(now, HISTORY_YIELD));
        }
        while self.invalid.front().is_some_and(|at| time::plus(*at, INVALID_WINDOW) <= now) {
            self.invalid.pop_front();
        }
        let most = if lane == RequestLane::Live { INVALID_LIVE } else { INVALID_HISTORY };
        if let Some(at) = self.invalid.len().checked_sub(most).map(|place| self.invalid[place]) {
            return Err(time::plus(at, INVALID_WINDOW));
        }
        while self
            .recent
            .front()
            .is_some_and(|(at, _)| time::plus(*at, SignedDuration::from_secs(1)) <= now)
        {
            self.recent.pop_front();
        }
        let most = ((GLOBAL as f64 * self.share) as usize).max(1);
        let history = self.recent.iter().filter(|(_, lane)| *lane == RequestLane::History);
        let first = match lane {
            _ if self.recent.len() >= GLOBAL => self.recent.front(),
            RequestLane::History if history.clone().count() >= most => history.clone().next(),
            RequestLane::Live | RequestLane::History => None,
        };
        first.map_or(Ok(()), |(at, _)| Err(time::plus(*at, SignedDuration::from_secs(1))))
    }
}

impl RateBucket {
    /// Counts one more request, if it is allowed.
    fn try_take(&mut self, lane: RequestLane, share: f64, now: Timestamp) -> Result<(), Timestamp> {
        if now < self.blocked {
            return Err(self.blocked);
        }
        if self.limit == 0 {
            return Ok(());
        }
        if self.reset <= now {
            // A new window begins; the next response contains its end.
            self.remaining = self.limit;
            self.reset = time::plus(now, SignedDuration::from_secs(1));
        }
        let kept = match lane {
            RequestLane::Live => 0,
            RequestLane::History => {
                ((f64::from(self.limit) * (1.0 - share)) as u32).min(self.limit - 1)
            }
        };
        if self.remaining <= kept {
            return Err(self.reset);
        }
        self.remaining -= 1;
        Ok(())
    }

    fn update(&mut self, headers: &RateLimitHeaders, now: Timestamp) {
        let RateLimitHeaders {
            limit: Some(limit),
            remaining: Some(remaining),
            reset_after: Some(after),
            ..
        } = *headers
        else {
            return;
        };
        let first = self.limit == 0;
        self.limit = (limit as u32).max(1);
        // Responses may arrive out of order, and do not count requests in flight.
        self.remaining = if first || self.reset <= now {
            remaining as u32
        } else {
            self.remaining.min(remaining as u32)
        };
        self.reset = time::plus(now, after);
    }
}

/// A route without its major id.
fn shape(route: &str) -> &str {
    route.split(' ').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
