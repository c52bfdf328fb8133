use jiff::{SignedDuration, Timestamp};
use rules::time;

use super::*;

fn at(milliseconds: i64) -> Timestamp {
    time::at_millisecond(milliseconds)
}

fn page(channel: u64) -> String {
    route("GET", &format!("/channels/{channel}/messages?limit=100"))
}

fn fine(limit: u32, remaining: u32, reset_after: i64) -> RateLimitHeaders {
    RateLimitHeaders {
        status: 200,
        bucket: Some("abc".to_owned()),
        limit: Some(limit.into()),
        remaining: Some(remaining.into()),
        reset_after: Some(SignedDuration::from_millis(reset_after)),
        ..RateLimitHeaders::default()
    }
}

fn refused(retry_after: Option<i64>, global: bool) -> RateLimitHeaders {
    let retry_after = retry_after.map(SignedDuration::from_millis);
    RateLimitHeaders { status: 429, retry_after, global, ..RateLimitHeaders::default() }
}

/// A request that is answered at once, if it may go.
fn go(
    limits: &mut RateLimiter,
    route: &str,
    lane: RequestLane,
    now: i64,
    said: &RateLimitHeaders,
) -> Result<(), Timestamp> {
    limits.try_acquire(route, lane, at(now))?;
    limits.record_response(route, said, at(now));
    Ok(())
}

/// How many requests go at a moment.
fn count(limits: &mut RateLimiter, route: &str, lane: RequestLane, now: i64) -> usize {
    (0..9).take_while(|_| limits.try_acquire(route, lane, at(now)).is_ok()).count()
}

#[test]
fn routes_are_distinguished_as_discord_does() {
    let check = |one: (&str, &str), other: (&str, &str), same: bool| {
        assert_eq!(route(one.0, one.1) == route(other.0, other.1), same, "{one:?}");
    };
    check(("GET", "/channels/1/messages?after=5"), ("GET", "/channels/1/messages"), true);
    check(("GET", "/channels/1/messages"), ("GET", "/channels/2/messages"), false);
    check(("GET", "/channels/1/messages/7"), ("GET", "/channels/1/messages/8"), true);
    check(("GET", "/channels/1/messages/7"), ("DELETE", "/channels/1/messages/7"), false);
    let reactions = "/channels/1/messages/7/reactions/a:5";
    check(("GET", reactions), ("GET", "/channels/1/messages/8/reactions/%E2%9C%85"), true);
    check(("POST", "/interactions/1/abc/callback"), ("POST", "/interactions/2/x/callback"), false);
    check(("POST", "/webhooks/1/abc"), ("POST", "/webhooks/1/abd"), false);
    check(("GET", "/guilds/3/members/7"), ("GET", "/guilds/3/members/8"), true);
    check(("GET", "/gateway/bot"), ("GET", "/gateway/bot"), true);
    check(("GET", ""), ("GET", "/gateway"), false);
}

#[test]
fn an_empty_bucket_waits_until_it_is_full_and_others_do_not() {
    let mut limits = RateLimiter::new(1.0);
    go(&mut limits, &page(1), RequestLane::Live, 0, &fine(5, 0, 700)).unwrap();
    assert_eq!(limits.try_acquire(&page(1), RequestLane::Live, at(100)), Err(at(700)));
    assert_eq!(limits.try_acquire(&page(2), RequestLane::Live, at(100)), Ok(()));
    assert_eq!(count(&mut limits, &page(1), RequestLane::Live, 700), 5);
}

#[test]
fn the_history_leaves_its_share_to_what_is_live() {
    let mut limits = RateLimiter::new(0.5);
    go(&mut limits, &page(1), RequestLane::History, 0, &fine(6, 5, 900)).unwrap();
    assert_eq!(count(&mut limits, &page(1), RequestLane::History, 10), 2);
    assert_eq!(count(&mut limits, &page(1), RequestLane::Live, 10), 3);
    // A bucket of one request is nobody's alone.
    let mut limits = RateLimiter::new(0.05);
    go(&mut limits, &page(1), RequestLane::History, 0, &fine(1, 1, 900)).unwrap();
    assert_eq!(count(&mut limits, &page(1), RequestLane::History, 10), 1);
}

#[test]
fn the_history_stands_back_while_something_live_waits() {
    let mut limits = RateLimiter::new(1.0);
    limits.live_waits(true);
    assert!(limits.try_acquire(&page(1), RequestLane::History, Timestamp::UNIX_EPOCH).is_err());
    assert_eq!(limits.try_acquire(&page(1), RequestLane::Live, Timestamp::UNIX_EPOCH), Ok(()));
    limits.live_waits(false);
    assert_eq!(limits.try_acquire(&page(1), RequestLane::History, Timestamp::UNIX_EPOCH), Ok(()));
}

#[test]
fn fifty_requests_a_second_and_the_history_its_share_of_them() {
    let mut limits = RateLimiter::new(0.5);
    let mut went = |lane, now: i64| {
        let routes = (0..99).map(|place| page(now as u64 * 1_000 + place));
        routes.take_while(|route| limits.try_acquire(route, lane, at(now)).is_ok()).count()
    };
    assert_eq!(went(RequestLane::History, 1), 25);
    assert_eq!(went(RequestLane::Live, 2), 25);
    assert_eq!(went(RequestLane::History, 900), 0);
    assert_eq!(went(RequestLane::Live, 1_001), 25);
    assert_eq!(went(RequestLane::History, 1_002), 25);
}

#[test]
fn a_429_is_waited_out() {
    let mut limits = RateLimiter::new(1.0);
    go(&mut limits, &page(1), RequestLane::Live, 0, &refused(Some(1_500), false)).unwrap();
    assert_eq!(
        limits.try_acquire(&page(1), RequestLane::Live, Timestamp::UNIX_EPOCH),
        Err(at(1_500))
    );
    go(&mut limits, &page(2), RequestLane::Live, 0, &refused(Some(400), true)).unwrap();
    assert_eq!(limits.try_acquire(&page(3), RequestLane::Live, at(100)), Err(at(400)));
    assert_eq!(limits.try_acquire(&page(3), RequestLane::Live, at(400)), Ok(()));
}

#[test]
fn a_429_without_a_word_is_waited_out_longer_each_time() {
    let mut limits = RateLimiter::new(1.0);
    let mut now = 0;
    let mut pauses = Vec::new();
    for _ in 0..12 {
        go(&mut limits, &page(1), RequestLane::Live, now, &refused(None, false)).unwrap();
        let again = limits.try_acquire(&page(2), RequestLane::Live, at(now)).unwrap_err();
        pauses.push(again.duration_since(at(now)).as_secs());
        now = again.as_millisecond();
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    go(&mut limits, &page(1), RequestLane::Live, now, &fine(5, 4, 100)).unwrap();
    go(&mut limits, &page(1), RequestLane::Live, now, &refused(None, false)).unwrap();
    let again = limits.try_acquire(&page(1), RequestLane::Live, at(now));
    assert_eq!(again, Err(at(now + 1_000)));
}

#[test]
fn too_many_refusals_stop_the_history_first_and_then_everything() {
    let mut limits = RateLimiter::new(1.0);
    let forbidden = RateLimitHeaders { status: 403, ..RateLimitHeaders::default() };
    let mut now = 0;
    let mut refusals = |limits: &mut RateLimiter, lane| {
        let mut count = 0;
        while go(limits, &page(1), lane, now, &forbidden).is_ok() {
            count += 1;
            now += 20;
        }
        (count, now)
    };
    assert_eq!(refusals(&mut limits, RequestLane::History).0, 5_000);
    let (count, now) = refusals(&mut limits, RequestLane::Live);
    assert_eq!(count, 4_000);
    assert_eq!(
        limits.try_acquire(&page(1), RequestLane::Live, at(now)),
        Err(Timestamp::UNIX_EPOCH + INVALID_WINDOW)
    );
}

#[test]
fn answers_that_overtake_each_other_never_fill_a_bucket() {
    let mut limits = RateLimiter::new(1.0);
    go(&mut limits, &page(1), RequestLane::Live, 0, &fine(3, 2, 900)).unwrap();
    assert_eq!(count(&mut limits, &page(1), RequestLane::Live, 1), 2);
    limits.record_response(&page(1), &fine(3, 0, 800), at(5));
    limits.record_response(&page(1), &fine(3, 1, 799), at(6));
    assert!(limits.try_acquire(&page(1), RequestLane::Live, at(7)).is_err());
}

#[test]
fn forgets_what_is_idle() {
    let mut limits = RateLimiter::new(1.0);
    for number in 0..REMEMBERED as i64 * 2 {
        let route = route("POST", &format!("/interactions/{number}/token/callback"));
        go(&mut limits, &route, RequestLane::Live, number * 100, &fine(5, 4, 50)).unwrap();
    }
    assert!(limits.buckets.len() <= REMEMBERED + 1);
}
