//! How often each token may ask, and what its responses say of that.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

type TokenBucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// A bucket for each token that was used, of which there are few.
#[derive(Default)]
pub(crate) struct TokenLimits(Mutex<HashMap<String, Arc<TokenBucket>>>);

/// What a token has left, as draft-ietf-httpapi-ratelimit-headers names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimitState {
    /// Requests in a minute.
    limit: u32,
    remaining: u32,
    /// Until all of them are there again.
    reset: Duration,
}

impl TokenLimits {
    /// Takes one request of a token; without any left, tells how long until the next, too.
    pub(crate) fn take(
        &self,
        token: &str,
        per_minute: NonZeroU32,
    ) -> Result<RateLimitState, (RateLimitState, Duration)> {
        let bucket = {
            let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = || {
                let quota = Quota::per_minute(per_minute);
                Arc::new(RateLimiter::direct(quota).with_middleware::<StateInformationMiddleware>())
            };
            Arc::clone(buckets.entry(token.to_owned()).or_insert_with(fresh))
        };
        match bucket.check() {
            Ok(state) => Ok(RateLimitState::of(per_minute, state.remaining_burst_capacity())),
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                Err((RateLimitState::of(per_minute, 0), wait))
            }
        }
    }
}

impl RateLimitState {
    fn of(per_minute: NonZeroU32, remaining: u32) -> Self {
        let used = per_minute.get().saturating_sub(remaining);
        let reset = Duration::from_secs(60) * used / per_minute.get();
        Self { limit: per_minute.get(), remaining, reset }
    }

    pub(crate) fn write_to(self, headers: &mut HeaderMap) {
        let Self { limit, remaining, reset } = self;
        headers.insert(LIMIT, HeaderValue::from(limit));
        headers.insert(REMAINING, HeaderValue::from(remaining));
        headers.insert(RESET, HeaderValue::from(reset.as_millis().div_ceil(1_000) as u64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_its_own_minute() {
        let limits = TokenLimits::default();
        let two = NonZeroU32::new(2).unwrap();
        let first = limits.take("a", two).unwrap();
        assert_eq!((first.limit, first.remaining, first.reset), (2, 1, Duration::from_secs(30)));
        limits.take("a", two).unwrap();
        let (state, wait) = limits.take("a", two).unwrap_err();
        assert_eq!((state.remaining, state.reset), (0, Duration::from_secs(60)));
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(30));
        assert!(limits.take("b", two).is_ok());
        let mut headers = HeaderMap::new();
        first.write_to(&mut headers);
        assert_eq!(headers["ratelimit-reset"], "30");
    }
}
