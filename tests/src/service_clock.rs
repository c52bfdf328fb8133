//! The clock of the stand-in for GitHub, as the client's clock.

use std::pin::Pin;
use std::sync::Arc;

use docgen::github::client::ClientClock;
use jiff::{SignedDuration, Timestamp};

use crate::harness::github::FakeGitHub;

/// Waiting moves the service's clock ahead.
pub struct ServiceClock(pub Arc<FakeGitHub>);

impl ClientClock for ServiceClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, length: SignedDuration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.advance(length);
        Box::pin(std::future::ready(()))
    }
}
