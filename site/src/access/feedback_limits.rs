//! How often somebody may say something of answers. Who they are stays in memory, and only while it counts.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota};
use rules::model::ids::ClusterId;

/// Verdicts of one reader in a minute.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("10 is not 0");
/// One verdict of a reader about an answer counts in so long.
const PER_ANSWER: Duration = Duration::from_secs(24 * 60 * 60);
/// After so many verdicts, readers whose time has passed are forgotten.
const VERDICTS_PER_CLEANUP: usize = 256;

/// Whose verdicts are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum FeedbackSource {
    Address(IpAddr),
    /// The holders of a token.
    Token(String),
    /// The agent at the other end of standard input.
    Session,
}

impl fmt::Display for FeedbackSource {
    /// Without the address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(_) => f.write_str("a visitor"),
            Self::Token(id) => write!(f, "token {id}"),
            Self::Session => f.write_str("standard input"),
        }
    }
}

/// Why a verdict is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedbackRefusal {
    /// The same reader said something of this answer before.
    Repeated,
    TooMany,
}

pub(crate) struct FeedbackLimiter {
    sources: DefaultKeyedRateLimiter<FeedbackSource>,
    answers: DefaultKeyedRateLimiter<(FeedbackSource, ClusterId)>,
    verdicts: AtomicUsize,
}

impl Default for FeedbackLimiter {
    fn default() -> Self {
        let once = Quota::with_period(PER_ANSWER).expect("a day is not 0");
        Self {
            sources: DefaultKeyedRateLimiter::keyed(Quota::per_minute(PER_MINUTE)),
            answers: DefaultKeyedRateLimiter::keyed(once),
            verdicts: AtomicUsize::new(0),
        }
    }
}

impl FeedbackLimiter {
    pub(crate) fn take(
        &self,
        source: &FeedbackSource,
        answer: &ClusterId,
    ) -> Result<(), FeedbackRefusal> {
        if self.verdicts.fetch_add(1, Ordering::Relaxed).is_multiple_of(VERDICTS_PER_CLEANUP) {
            self.sources.retain_recent();
            self.answers.retain_recent();
        }
        self.sources.check_key(source).map_err(|_| FeedbackRefusal::TooMany)?;
        let about = (source.clone(), answer.clone());
        self.answers.check_key(&about).map_err(|_| FeedbackRefusal::Repeated)
    }
}

#[cfg(test)]
mod tests {
    use rules::model::ids::MessageId;

    use super::*;

    #[test]
    fn a_reader_counts_once_for_an_answer_and_seldom_for_many() {
        let limiter = FeedbackLimiter::default();
        let answer = |id| ClusterId::of_question(MessageId(id));
        let [one, other] = ["192.0.2.1", "192.0.2.2"]
            .map(|address| FeedbackSource::Address(address.parse().unwrap()));
        assert_eq!(limiter.take(&one, &answer(1)), Ok(()));
        assert_eq!(limiter.take(&one, &answer(1)), Err(FeedbackRefusal::Repeated));
        assert_eq!(limiter.take(&other, &answer(1)), Ok(()));
        let many = (2..20).filter(|id| limiter.take(&one, &answer(*id)).is_ok()).count();
        assert!(many <= 8, "{many}");
        assert_eq!(limiter.take(&one, &answer(50)), Err(FeedbackRefusal::TooMany));
    }
}
