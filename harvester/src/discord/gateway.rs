//! The live connection: every gateway event in order, or the reason why there are none.
//!
//! serenity handles the connection and the session. This module adds what it lacks: it assumes that
//! events may be lost, limits the number of sessions, and fixes the gateway's address.

pub mod close_codes;
mod connection_stats;
mod gateway_info;
mod health;
mod raw_event;
mod session;
mod shard_share;
mod shard_supervisor;
mod translate;

use std::sync::Arc;
use std::time::Duration;

use indexer::store::Store;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub use connection_stats::{CONNECTED, ConnectionStats, GapSet, NOT_OPENED, STANDING_BY};
pub use health::GatewayFatal;
use health::HealthTimeouts;
pub use raw_event::{DispatchEvent, EventGap};
use shard_supervisor::ShardSupervisor;
pub use translate::{GatewayAction, translate};

use crate::config::SecretString;
use crate::discord::rest::RestClient;
use crate::error_chain::error_chain;

/// How long stopping may take: closing takes two seconds, then leases are released.
const GRACE: Duration = Duration::from_secs(4);

/// The connection of this process: the shards that no other process holds.
pub struct Gateway {
    stop: Arc<watch::Sender<bool>>,
    supervisor: JoinSet<Result<(), GatewayFatal>>,
    stats: ConnectionStats,
}

impl Gateway {
    /// Starts connecting. `owner` identifies this process among others on the same store. Events go
    /// to `out` without waiting: if `out` is full the event is counted, and its subject is returned
    /// by [`ConnectionStats::take_gapped`].
    ///
    /// Needs [`close_codes::layer`] in the process's subscriber to detect resume loops and close
    /// codes that serenity only logs.
    pub fn start(
        token: SecretString,
        api_url: Option<String>,
        rest: RestClient,
        store: Store,
        owner: String,
        out: mpsc::Sender<DispatchEvent>,
    ) -> Self {
        let stop = Arc::new(watch::Sender::new(false));
        let stats = ConnectionStats::default();
        let supervisor = ShardSupervisor {
            token,
            api_url,
            limits: HealthTimeouts::default(),
            rest,
            store,
            owner,
            out,
            stats: stats.clone(),
            stop: Arc::clone(&stop),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(supervisor.run());
        Self { stop, supervisor: tasks, stats }
    }

    /// The statistics of the connection, which outlive the gateway.
    pub fn stats(&self) -> ConnectionStats {
        self.stats.clone()
    }

    /// Waits until the connection is given up, and returns why. Does not return otherwise.
    pub async fn ended(&mut self) -> GatewayFatal {
        match self.supervisor.join_next().await {
            Some(Ok(Err(reason))) => reason,
            Some(Err(error)) => GatewayFatal::Broken(error_chain(&error)),
            Some(Ok(Ok(()))) | None => std::future::pending().await,
        }
    }

    /// Closes the connection and releases the shards, within four seconds.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.supervisor.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("the connection to Discord did not stop in time");
        }
    }
}
