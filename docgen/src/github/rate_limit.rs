//! What to do with a response: a pure decision, so that a limit is obeyed and nothing is sent twice.

use rules::model::ids::Millis;

/// Longer waits are not slept through: the caller stores the moment and comes back.
const LONGEST_WAIT: i64 = 10 * Millis::SECOND;
/// The host asks for a minute where a secondary limit names no time, and more with every repetition.
const DEFAULT_WAIT: i64 = 60 * Millis::SECOND;
const LONGEST_DEFAULT_WAIT: i64 = Millis::HOUR;
/// A host that fails this often in a row is left alone for a while.
const MOST_ATTEMPTS: u32 = 4;
/// The pause between two writes that the host asks for.
pub(crate) const BETWEEN_WRITES: i64 = Millis::SECOND;

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
    /// The same request again after so many milliseconds.
    RetryAfter(i64),
    /// No request at all before this moment, after a restart neither.
    Defer(Millis),
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
    now: Millis,
) -> RetryDecision {
    let Some(answer) = answer else { return failed(kind, attempt, now) };
    match answer.status {
        403 | 429 => match limit(attempt, answer, now) {
            Some(wait) if wait <= LONGEST_WAIT && attempt + 1 < MOST_ATTEMPTS => {
                RetryDecision::RetryAfter(wait)
            }
            Some(wait) => RetryDecision::Defer(Millis(now.0 + wait)),
            None => RetryDecision::Fail,
        },
        500.. => failed(kind, attempt, now),
        400.. => RetryDecision::Fail,
        _ => RetryDecision::Accept,
    }
}

fn failed(kind: RequestKind, attempt: u32, now: Millis) -> RetryDecision {
    if kind == RequestKind::Write {
        return RetryDecision::CheckState;
    }
    if attempt + 1 >= MOST_ATTEMPTS {
        return RetryDecision::Defer(Millis(now.0 + DEFAULT_WAIT));
    }
    // Several daemons that saw the same failure must not come back at the same moment.
    let jitter = now.0.rem_euclid(500);
    RetryDecision::RetryAfter((Millis::SECOND << attempt) + jitter)
}

/// How long to wait, if the answer is a limit at all.
fn limit(attempt: u32, answer: &ResponseHead<'_>, now: Millis) -> Option<i64> {
    if let Some(seconds) = answer.retry_after {
        return Some(seconds.clamp(1, 7 * 24 * 3_600) * Millis::SECOND);
    }
    if answer.remaining == Some(0) {
        let reset = answer.reset.map_or(0, |reset| reset.saturating_mul(Millis::SECOND) - now.0);
        // The host's clock may differ from this machine's by a second.
        return Some(reset.clamp(0, Millis::DAY) + Millis::SECOND);
    }
    let text = answer.text.to_ascii_lowercase();
    let named = ["secondary rate limit", "rate limit exceeded", "abuse"];
    let limited = answer.status == 429 || named.iter().any(|name| text.contains(name));
    limited.then(|| (DEFAULT_WAIT << attempt.min(6)).min(LONGEST_DEFAULT_WAIT))
}

/// How long a write has to wait for its turn behind the last one.
pub(crate) fn turn(last: Option<Millis>, now: Millis) -> i64 {
    last.map_or(0, |last| (last.0 + BETWEEN_WRITES - now.0).clamp(0, BETWEEN_WRITES))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000_000_000);

    fn answer(status: u16) -> ResponseHead<'static> {
        ResponseHead { status, ..ResponseHead::default() }
    }

    fn after(seconds: i64) -> RetryDecision {
        RetryDecision::Defer(Millis(NOW.0 + seconds * Millis::SECOND))
    }

    #[test]
    fn a_limit_is_obeyed_by_reads_and_writes_alike() {
        let retry_after =
            |status, retry_after| ResponseHead { retry_after: Some(retry_after), ..answer(status) };
        let spent = |reset| ResponseHead { remaining: Some(0), reset: Some(reset), ..answer(403) };
        let said = |status, text| ResponseHead { text, ..answer(status) };
        for (answer, expected) in [
            (retry_after(429, 2), RetryDecision::RetryAfter(2_000)),
            (retry_after(403, 30), after(30)),
            (retry_after(403, 0), RetryDecision::RetryAfter(1_000)),
            (spent(1_000_000 + 3_600), after(3_601)),
            (spent(1_000_000 - 50), RetryDecision::RetryAfter(1_000)),
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
            assert_eq!(decide(RequestKind::Read, 0, answer, NOW), RetryDecision::RetryAfter(1_000));
            assert_eq!(decide(RequestKind::Read, 2, answer, NOW), RetryDecision::RetryAfter(4_000));
            assert_eq!(decide(RequestKind::Read, 3, answer, NOW), after(60));
        }
        let later = Millis(NOW.0 + 77);
        assert_eq!(decide(RequestKind::Read, 0, None, later), RetryDecision::RetryAfter(1_077));
    }

    #[test]
    fn writes_are_a_second_apart() {
        for (last, expected) in [
            (None, 0),
            (Some(NOW), 1_000),
            (Some(Millis(NOW.0 - 400)), 600),
            (Some(Millis(NOW.0 - 5_000)), 0),
            (Some(Millis(NOW.0 + 90_000)), 1_000),
        ] {
            assert_eq!(turn(last, NOW), expected);
        }
    }
}
