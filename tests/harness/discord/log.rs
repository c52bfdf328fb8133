//! What was asked of the service, and what was wrong with it.

use std::time::Instant;

use serde_json::Value;

use super::FakeDiscord;
use crate::harness::glob::matches;

/// A request as it came, and how it was answered.
#[derive(Debug, Clone)]
pub struct Request {
    pub at: Instant,
    pub method: String,
    /// Below `/api/v10`.
    pub path: String,
    pub query: String,
    /// The path with names for its ids, as the OpenAPI description writes it; empty if unknown.
    pub route: &'static str,
    pub body: Option<Value>,
    pub status: u16,
}

#[derive(Debug, Default)]
pub struct Log {
    pub requests: Vec<Request>,
    /// Violations of the published schemas, and requests to paths that are not served.
    pub findings: Vec<String>,
}

impl FakeDiscord {
    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.with(|state| state.log.requests.clone())
    }

    /// How many requests of this method came to paths that match `path`, where `*` is anything.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.with(|state| {
            let asked = state.log.requests.iter();
            asked.filter(|asked| asked.method == method && matches(path, &asked.path)).count()
        })
    }

    /// Forgets the requests so far, so that a story can count from here.
    pub fn forget_requests(&self) {
        self.with(|state| state.log.requests.clear());
    }

    /// Requests that were answered 401, 403 or 429: too many ban an address.
    pub fn invalid_requests(&self) -> usize {
        self.with(|state| {
            let asked = state.log.requests.iter();
            asked.filter(|asked| matches!(asked.status, 401 | 403 | 429)).count()
        })
    }

    /// What went against the published schemas or to paths that are not served.
    pub fn findings(&self) -> Vec<String> {
        self.with(|state| state.log.findings.clone())
    }

    /// Fails the test if anything went against the published schemas or to an unknown path.
    #[track_caller]
    pub fn assert_no_surprises(&self) {
        let findings = self.findings();
        assert!(findings.is_empty(), "{} surprises:\n{}", findings.len(), findings.join("\n"));
    }
}
