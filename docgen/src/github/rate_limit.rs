//! What to do with a response: a pure decision, so that a limit is obeyed and nothing is sent twice.

use jiff::{SignedDuration, Timestamp};
use rules::time;

/// Longer waits are not slept through: the caller stores the moment and comes back.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(10);
/// The host asks for a minute where a secondary limit names no time, and more with every repetition.
const DEFAULT_WAIT: SignedDuration = SignedDuration::from_mins(1);
const LONGEST_DEFAULT_WAIT: SignedDuration = SignedDuration::from_hours(1);
/// A host that fails this often in a row is left alone for a while.
const MOST_ATTEMPTS: u32 = 4;
/// The pause between two writes that the host asks for.
pub(crate) const BETWEEN_WRITES: SignedDuration = SignedDuration::from_secs(1);

/// Whether a request changes something over there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    Read,
    Write,
}

/// What a rate limit is recognised by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseHead<'a> {
    pub status: u16,
    /// `Retry-After` in seconds.
    pub retry_after: Option<i64>,
    /// `X-RateLimit-Remaining`.
    pub remaining: Option<i64>,
    /// `X-RateLimit-Reset` in seconds since 1970.
    pub reset: Option<i64>,
    pub text: &'a str,
}

/// What comes next for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryDecision {
    /// It was done, or nothing is there: the caller reads the answer.
    Accept,
    /// Refused for a reason that waiting does not change.
    Fail,
    /// The same request again after this time.
    RetryAfter(SignedDuration),
    /// No request at all before this moment, after a restart neither.
    Defer(Timestamp),
    /// A write with an unknown outcome: read the state before writing again.
    CheckState,
}

/// Decides on an answer; `None` means that the connection failed. `attempt` counts from 0. A limit is
/// a refusal, so that even a write may come again after it; a server's failure tells nothing of a
/// write, which therefore is never sent again without a look.
pub fn decide(
    kind: RequestKind,
    attempt: u32,
    answer: Option<&ResponseHead<'_>>,
    now: Timestamp,
) -> RetryDecision {
    let Some(answer) = answer else { return failed(kind, attempt, now) };
    match answer.status {
        403 | 429 => match limit(attempt, answer, now) {
            Some(wait) if wait <= LONGEST_WAIT && attempt + 1 < MOST_ATTEMPTS => {
                RetryDecision::RetryAfter(wait)
            }
            Some(wait) => RetryDecision::Defer(time::plus(now, wait)),
            None => RetryDecision::Fail,
        },
        500.. => failed(kind, attempt, now),
        400.. => RetryDecision::Fail,
        _ => RetryDecision::Accept,
    }
}

fn failed(kind: RequestKind, attempt: u32, now: Timestamp) -> RetryDecision {
    if kind == RequestKind::Write {
        return RetryDecision::CheckState;
    }
    if attempt + 1 >= MOST_ATTEMPTS {
        return RetryDecision::Defer(time::plus(now, DEFAULT_WAIT));
    }
    // Several daemons that saw the same failure must not come back at the same moment.
    let jitter = SignedDuration::from_millis(now.as_millisecond().rem_euclid(500));
    RetryDecision::RetryAfter(SignedDuration::from_secs(1 << attempt) + jitter)
}

/// How long to wait, if the answer is a limit at all.
fn limit(attempt: u32, answer: &ResponseHead<'_>, now: Timestamp) -> Option<SignedDuration> {
    if let Some(seconds) = answer.retry_after {
        return Some(SignedDuration::from_secs(seconds.clamp(1, 7 * 24 * 3_600)));
    }
    if answer.remaining == Some(0) {
        let reset = answer.reset.map_or(SignedDuration::ZERO, |reset| {
            SignedDuration::from_secs(reset).saturating_sub(now.as_duration())
        });
        // The host's clock may differ from this machine's by a second.
        return Some(
            reset.clamp(SignedDuration::ZERO, time::days(1)) + SignedDuration::from_secs(1),
        );
    }
    let text = answer.text.to_ascii_lowercase();
    let named = ["secondary rate limit", "rate limit exceeded", "abuse"];
    let limited = answer.status == 429 || named.iter().any(|name| text.contains(name));
    limited.then(|| (DEFAULT_WAIT * (1 << attempt.min(6))).min(LONGEST_DEFAULT_WAIT))
}

/// How long a write has to wait for its turn behind the last one.
pub(crate) fn turn(last: Option<Timestamp>, now: Timestamp) -> SignedDuration {
    last.map_or(SignedDuration::ZERO, |last| {
        let rest = BETWEEN_WRITES - now.duration_since(last);
        rest.clamp(SignedDuration::ZERO, BETWEEN_WRITES)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_000_000, 0);

    fn answer(status: u16) -> ResponseHead<'static> {
        ResponseHead { status, ..ResponseHead::default() }
    }

    fn retry(milliseconds: i64) -> RetryDecision {
        RetryDecision::RetryAfter(SignedDuration::from_millis(milliseconds))
    }

    fn after(seconds: i64) -> RetryDecision {
        RetryDecision::Defer(NOW + SignedDuration::from_secs(seconds))
    }

    #[test]
    fn a_limit_is_obeyed_by_reads_and_writes_alike() {
        let retry_after =
            |status, retry_after| ResponseHead { retry_after: Some(retry_after), ..answer(status) };
        let spent = |reset| ResponseHead { remaining: Some(0), reset: Some(reset), ..answer(403) };
        let said = |status, text| ResponseHead { text, ..answer(status) };
        for (answer, expected) in [
            (retry_after(429, 2), retry(2_000)),
            (retry_after(403, 30), after(30)),
            (retry_after(403, 0), retry(1_000)),
            (spent(1_000_000 + 3_600), after(3_601)),
            (spent(1_000_000 - 50), retry(1_000)),
            (said(403, "You have exceeded a secondary rate limit."), after(60)),
            (said(403, "You have triggered an abuse detection mechanism."), after(60)),
            (said(403, "Resource not accessible by integration"), RetryDecision::Fail),
            (said(429, ""), after(60)),
            (said(404, "rate limit exceeded"), RetryDecision::Fail),
            (said(422, "abuse"), RetryDecision::Fail),
            (said(201, ""), RetryDecision::Accept),
            (said(301, ""), RetryDecision::Accept),
            (ResponseHead { remaining: Some(0), ..said(200, "") }, RetryDecision::Accept),
        ] {
            for kind in [RequestKind::Read, RequestKind::Write] {
                assert_eq!(decide(kind, 0, Some(&answer), NOW), expected, "{kind:?} {answer:?}");
            }
        }
    }

    #[test]
    fn a_limit_without_a_time_waits_longer_every_time() {
        let bare = answer(429);
        let waits = (0..8).map(|attempt| decide(RequestKind::Write, attempt, Some(&bare), NOW));
        let expected = [60, 120, 240, 480, 960, 1_920, 3_600, 3_600].map(after);
        assert_eq!(waits.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn after_a_failure_reads_come_again_and_writes_look_first() {
        for answer in [None, Some(answer(500)), Some(answer(502)), Some(answer(504))] {
            let answer = answer.as_ref();
            assert_eq!(decide(RequestKind::Write, 0, answer, NOW), RetryDecision::CheckState);
            assert_eq!(decide(RequestKind::Read, 0, answer, NOW), retry(1_000));
            assert_eq!(decide(RequestKind::Read, 2, answer, NOW), retry(4_000));
            assert_eq!(decide(RequestKind::Read, 3, answer, NOW), after(60));
        }
        let later = NOW + SignedDuration::from_millis(77);
        assert_eq!(decide(RequestKind::Read, 0, None, later), retry(1_077));
    }

    #[test]
    fn writes_are_a_second_apart() {
        for (last, expected) in [
            (None, 0),
            (Some(NOW), 1_000),
            (Some(NOW - SignedDuration::from_millis(400)), 600),
            (Some(NOW - SignedDuration::from_secs(5)), 0),
            (Some(NOW + SignedDuration::from_secs(90)), 1_000),
        ] {
            assert_eq!(turn(last, NOW), SignedDuration::from_millis(expected));
        }
    }
}
