//! The live connection: everything that Discord tells, in order, or the reason why not.
//!
//! serenity keeps the line and the session. What it does not do is done here: never believe that
//! nothing was lost, never ask for sessions without end, never look elsewhere for the gateway.

pub mod close_codes;
mod connection_stats;
mod gateway_info;
mod health;
mod raw_event;
mod session;
mod shard_supervisor;
mod translate;

use std::sync::Arc;
use std::time::Duration;

use indexer::store::Store;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub use connection_stats::{ConnectionStats, GapSet};
pub use health::GatewayFatal;
use health::HealthTimeouts;
pub use raw_event::{DispatchEvent, EventGap};
use shard_supervisor::ShardSupervisor;
pub use translate::{GatewayAction, translate};

use crate::config::SecretString;
use crate::discord::rest::RestClient;

/// How long stopping may take: goodbyes take two seconds, leases are given back after them.
const GRACE: Duration = Duration::from_secs(4);

/// The connection of this process: the shards that no other process holds.
pub struct Gateway {
    stop: Arc<watch::Sender<bool>>,
    keeper: JoinSet<Result<(), GatewayFatal>>,
    vitals: ConnectionStats,
}

impl Gateway {
    /// Starts connecting. `owner` tells this process from others on the same store. What is heard
    /// goes to `out` and never waits: if `out` is full the event is counted, and what it was about
    /// is told by [`ConnectionStats::take_gapped`].
    ///
    /// Needs the layer of [`closings`] in the process's subscriber to see loops and closings that
    /// serenity keeps to itself.
    pub fn start(
        token: SecretString,
        api_url: Option<String>,
        rest: RestClient,
        store: Store,
        owner: String,
        out: mpsc::Sender<DispatchEvent>,
    ) -> Self {
        let stop = Arc::new(watch::Sender::new(false));
        let vitals = ConnectionStats::default();
        let keeper = ShardSupervisor {
            token,
            api_url,
            limits: HealthTimeouts::default(),
            rest,
            store,
            owner,
            out,
            vitals: vitals.clone(),
            stop: Arc::clone(&stop),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(keeper.run());
        Self { stop, keeper: tasks, vitals }
    }

    /// The statistics of the connection, which outlive the gateway.
    pub fn vitals(&self) -> ConnectionStats {
        self.vitals.clone()
    }

    /// Waits until the connection is given up, and says why. Does not return otherwise.
    pub async fn ended(&mut self) -> GatewayFatal {
        match self.keeper.join_next().await {
            Some(Ok(Err(reason))) => reason,
            Some(Err(error)) => GatewayFatal::Broken(error.to_string()),
            Some(Ok(Ok(()))) | None => std::future::pending().await,
        }
    }

    /// Says goodbye to Discord and gives the shards back, within four seconds.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.keeper.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("the connection to Discord did not stop in time");
        }
    }
}
