//! Whether the indexes are new enough to be shown: what was deleted must not come back because an index, or the
//! connection to the store, hangs.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexer::search::Searcher;
use indexer::store::Store;
use jiff::{SignedDuration, Timestamp};

use crate::http::error::{HttpError, error_chain};

/// So old may be what is shown: within this time deleted text is promised to be gone.
pub const MOST_BEHIND: SignedDuration = SignedDuration::from_secs(60);
/// How often it is looked how far the feed is.
const OBSERVE_INTERVAL: Duration = Duration::from_secs(1);
/// How long the store may take to say how far its feed is.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);
/// When visitors who were turned away should come back.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Compares the indexes of a site with the store's feed.
pub struct FeedWatch {
    store: Store,
    searchers: Vec<Searcher>,
    clock: fn() -> Timestamp,
    lag: Mutex<FeedLag>,
    /// Held during an observation: one is enough for all who wait for it.
    observing: tokio::sync::Mutex<()>,
}

/// How far the indexes are behind.
#[derive(Debug, Default)]
struct FeedLag {
    /// Positions of the feed that the indexes do not have yet, each with a time at which it was the newest; the
    /// oldest first.
    awaited: VecDeque<(Timestamp, i64)>,
    /// The indexes have everything that was in the feed by then.
    current_at: Option<Timestamp>,
    is_unreachable: bool,
}

impl FeedWatch {
    /// `searchers` are those of the site, which are reloaded elsewhere.
    pub fn new(store: Store, searchers: Vec<Searcher>, clock: fn() -> Timestamp) -> Self {
        let (lag, observing) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { store, searchers, clock, lag, observing }
    }

    /// Looks every second how far the feed and the indexes are, until it is dropped.
    pub async fn keep_observing(&self) -> Infallible {
        loop {
            self.observe().await;
            tokio::time::sleep(OBSERVE_INTERVAL).await;
        }
    }

    /// Looks how far the feed and the indexes are.
    pub async fn observe(&self) {
        let now = (self.clock)();
        // Read first: what comes in between counts at the next look.
        let newest = tokio::time::timeout(STORE_TIMEOUT, self.store.newest_change()).await;
        let newest = match newest {
            Ok(Ok(newest)) => Some(newest),
            Ok(Err(error)) => {
                tracing::warn!(error = %error_chain(&error), "cannot read the change feed");
                None
            }
            Err(_) => {
                tracing::warn!("the store does not say how far its change feed is");
                None
            }
        };
        let searchers = self.searchers.clone();
        let indexed = tokio::task::spawn_blocking(move || {
            searchers.iter().map(Searcher::cursor).min().flatten()
        });
        let indexed = indexed.await.unwrap_or_default();
        self.lag().note(now, newest, indexed);
    }

    /// Fails while what the indexes show may be older than [`MOST_BEHIND`].
    pub(crate) async fn check(&self) -> Result<(), HttpError> {
        if self.lag().refusal((self.clock)()).is_none() {
            return Ok(());
        }
        let _one = self.observing.lock().await;
        if self.lag().refusal((self.clock)()).is_some() {
            self.observe().await;
        }
        match self.lag().refusal((self.clock)()) {
            None => Ok(()),
            Some(message) => Err(HttpError::out_of_date(message, RETRY_AFTER)),
        }
    }

    fn lag(&self) -> MutexGuard<'_, FeedLag> {
        self.lag.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FeedLag {
    /// Notes the `newest` position of the feed, unless the store does not tell it, and the one that all indexes have.
    fn note(&mut self, now: Timestamp, newest: Option<i64>, indexed: Option<i64>) {
        self.is_unreachable = newest.is_none();
        self.awaited.extend(newest.map(|newest| (now, newest)));
        while let Some((at, _)) = self.awaited.pop_front_if(|(_, seq)| indexed >= Some(*seq)) {
            self.current_at = Some(at);
        }
        // An index that comes this far later is too old all the same.
        while self.awaited.pop_front_if(|(at, _)| now.duration_since(*at) > MOST_BEHIND).is_some() {
        }
    }

    /// Why nothing may be shown, if that is so.
    fn refusal(&self, now: Timestamp) -> Option<&'static str> {
        let is_current = self.current_at.is_some_and(|at| now.duration_since(at) <= MOST_BEHIND);
        match (is_current, self.is_unreachable) {
            (true, _) => None,
            (false, true) => Some("the store cannot be reached, and answers may be out of date"),
            (false, false) => Some(
                "the search index is more than a minute behind; answers are shown again once it has caught up",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000 + second).unwrap()
    }

    fn shows(lag: &FeedLag, second: i64) -> bool {
        lag.refusal(at(second)).is_none()
    }

    #[test]
    fn an_index_that_follows_is_shown_however_much_comes() {
        let mut lag = FeedLag::default();
        assert!(!shows(&lag, 0), "nothing is known yet");
        for second in 0..200 {
            lag.note(at(second), Some(10 * second), Some(10 * second - 300));
            assert_eq!(shows(&lag, second), second >= 30, "{second}");
        }
        assert!(lag.awaited.len() <= 61, "{}", lag.awaited.len());
    }

    #[test]
    fn an_index_that_hangs_is_shown_for_a_minute_and_again_once_it_has_caught_up() {
        let mut lag = FeedLag::default();
        lag.note(at(0), Some(5), Some(5));
        for second in 1..=100 {
            lag.note(at(second), Some(6), Some(5));
        }
        assert!(shows(&lag, 60) && !shows(&lag, 61));
        lag.note(at(101), Some(6), Some(6));
        assert!(shows(&lag, 101));
    }

    #[test]
    fn without_the_store_nothing_is_shown_after_a_minute() {
        let mut lag = FeedLag::default();
        lag.note(at(0), Some(5), Some(5));
        lag.note(at(30), None, Some(5));
        assert!(shows(&lag, 60));
        assert!(lag.refusal(at(61)).unwrap().starts_with("the store cannot be reached"));
        lag.note(at(90), Some(5), Some(5));
        assert!(shows(&lag, 90));
    }

    #[test]
    fn an_index_that_is_built_anew_is_not_shown_before_it_is_whole() {
        let mut lag = FeedLag::default();
        lag.note(at(0), Some(5), None);
        assert!(!shows(&lag, 0));
        lag.note(at(1), Some(5), Some(5));
        assert!(shows(&lag, 1));
    }
}
