//! The clock of the stand-in for GitHub, as the client's clock.

use std::pin::Pin;
use std::sync::Arc;

use docgen::github::client::ClientClock;
use rules::model::ids::Millis;

use crate::harness::github::FakeGitHub;

/// Waiting moves the service's clock ahead.
pub struct ServiceClock(pub Arc<FakeGitHub>);

impl ClientClock for ServiceClock {
    fn now(&self) -> Millis {
        self.0.now()
    }

    fn sleep(&self, millis: i64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.advance(millis);
        Box::pin(std::future::ready(()))
    }
}
