//! At most so many requests from one address.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::http::client::ClientOrigin;
use crate::http::error::HttpError;
use crate::http::settings::RequestRate;

/// After so many requests, addresses with a full bucket are forgotten.
const REQUESTS_PER_CLEANUP: usize = 4_096;

/// A token bucket for each address.
pub(crate) struct AddressLimiter {
    buckets: DefaultKeyedRateLimiter<IpAddr>,
    requests: AtomicUsize,
}

impl AddressLimiter {
    pub(crate) fn new(rate: RequestRate) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self { buckets: DefaultKeyedRateLimiter::keyed(quota), requests: AtomicUsize::new(0) }
    }

    /// Takes a token of the address; without one, tells how long until the next.
    fn take(&self, address: IpAddr) -> Result<(), Duration> {
        if self.requests.fetch_add(1, Ordering::Relaxed).is_multiple_of(REQUESTS_PER_CLEANUP) {
            self.buckets.retain_recent();
        }
        let taken = self.buckets.check_key(&bucket(address));
        taken.map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }
}

/// The address whose bucket counts: all addresses of one IPv6 subscriber, a /64, share one.
pub(crate) fn bucket(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let subscriber = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(subscriber))
        }
    }
}

/// Answers 429 to an address that asks too often.
pub(crate) async fn rate_limited(
    State(limiter): State<Arc<AddressLimiter>>,
    Extension(origin): Extension<ClientOrigin>,
    request: Request,
    next: Next,
) -> Response {
    match limiter.take(origin.address) {
        Ok(()) => next.run(request).await,
        Err(wait) => HttpError::too_many_requests(wait).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn each_address_has_a_bucket() {
        let slow = RequestRate { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(3).unwrap() };
        let limiter = AddressLimiter::new(slow);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        for _ in 0..3 {
            assert!(limiter.take(one).is_ok());
        }
        let wait = limiter.take(one).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
        assert!(limiter.take(other).is_ok());
    }

    #[test]
    fn a_subscriber_has_one_bucket() {
        let [one, same, other] = ["2001:db8:0:7::1", "2001:db8:0:7:ffff::", "2001:db8:0:8::1"]
            .map(|text| bucket(text.parse().unwrap()));
        assert_eq!(one, same);
        assert_ne!(one, other);
    }
}
