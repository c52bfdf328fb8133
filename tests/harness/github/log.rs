//! What was asked of the service.

use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;

use super::FakeGitHub;
use crate::harness::glob::matches;

/// A request as it came, and how it was answered.
#[derive(Debug, Clone)]
pub struct Request {
    pub id: u64,
    pub at: Instant,
    /// By the service's clock.
    pub time: Timestamp,
    pub method: String,
    /// Without `/api/v3`.
    pub path: String,
    pub query: String,
    pub body: Option<Value>,
    /// Whose token it carried; empty without a valid one.
    pub by: String,
    /// 0 until it is answered, and for ever if its answer was lost.
    pub status: u16,
    /// A scripted fault met it.
    pub spoiled: bool,
}

impl Request {
    /// It wants to change something; asking for a token does not count.
    pub fn is_write(&self) -> bool {
        is_write(&self.method, &self.path)
    }
}

#[derive(Debug, Default)]
pub struct Log {
    pub requests: Vec<Request>,
    /// Requests that the real service would not know.
    pub surprises: Vec<String>,
    /// Writes that came and have no answer yet, and whose askers are still there.
    pub writing: usize,
    pub(super) most_writing: usize,
}

impl FakeGitHub {
    /// Every request so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        self.look(|state| state.log.requests.clone())
    }

    /// How many requests of this method (`*`: any) came to paths that match, where `*` is anything.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.look(|state| {
            let asked = state.log.requests.iter();
            asked.filter(|asked| fits(method, path, &asked.method, &asked.path)).count()
        })
    }

    /// How many requests wanted to change something; asking for a token does not count.
    pub fn writes(&self) -> usize {
        self.look(|state| {
            let asked = state.log.requests.iter();
            asked.filter(|asked| asked.is_write()).count()
        })
    }

    /// The most writes that were under way at the same time.
    pub fn most_writes_at_once(&self) -> usize {
        self.look(|state| state.log.most_writing)
    }

    /// Forgets the requests so far, so that a story can count from here.
    pub fn forget_requests(&self) {
        self.with(|state| state.log.requests.clear());
    }

    /// Requests to paths or with bodies that the real service would not know.
    pub fn surprises(&self) -> Vec<String> {
        self.look(|state| state.log.surprises.clone())
    }

    #[track_caller]
    pub fn assert_no_surprises(&self) {
        let surprises = self.surprises();
        assert!(surprises.is_empty(), "{} surprises:\n{}", surprises.len(), surprises.join("\n"));
    }
}

pub(super) fn is_write(method: &str, path: &str) -> bool {
    method != "GET" && !path.ends_with("/access_tokens")
}

pub(super) fn fits(method: &str, pattern: &str, asked: &str, path: &str) -> bool {
    (method == "*" || method == asked) && matches(pattern, path)
}
