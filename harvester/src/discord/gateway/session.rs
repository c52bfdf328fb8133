//! One client of one shard, on a thread of its own.
//!
//! serenity spawns a task for each event. Only on a single-threaded runtime do these run in the
//! order in which the events arrived, as long as the handler does not wait before it forwards them.
//! A separate runtime also ends serenity reliably: its tasks end with it, whatever they do.

use std::sync::Arc;
use std::time::Duration;

use serenity::async_trait;
use serenity::client::{Context, RawEventHandler};
use serenity::futures::StreamExt as _;
use serenity::gateway::{GatewayError, ShardManager, ShardManagerOptions};
use serenity::http::HttpBuilder;
use serenity::model::event::Event;
use serenity::model::gateway::GatewayIntents;
use serenity::model::id::ShardId;
use serenity::prelude::TypeMap;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, RwLock, mpsc, oneshot};

use super::connection_stats::ConnectionStats;
use super::health::{GatewayFatal, HealthEvent};
use super::raw_event::DispatchEvent;
use crate::clock;
use crate::config::SecretString;
use crate::error_chain::error_chain;

/// How often heartbeat acknowledgements are checked.
const LOOK: Duration = Duration::from_millis(250);
/// How long closing the connection may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// GUILDS, GUILD_MESSAGES, GUILD_MESSAGE_REACTIONS and MESSAGE_CONTENT: 34305.
const INTENTS: GatewayIntents = GatewayIntents::GUILDS
    .union(GatewayIntents::GUILD_MESSAGES)
    .union(GatewayIntents::GUILD_MESSAGE_REACTIONS)
    .union(GatewayIntents::MESSAGE_CONTENT);

/// What a session needs.
pub(super) struct SessionSpec {
    pub(super) token: SecretString,
    /// The gateway's address. serenity must not look it up: it would fall back to Discord's.
    pub(super) url: String,
    pub(super) shard: u32,
    pub(super) shards: u32,
    pub(super) out: mpsc::Sender<DispatchEvent>,
    pub(super) stats: ConnectionStats,
}

/// How a session ended without being stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SessionEnd {
    GaveUp(GatewayFatal),
    /// For an unknown reason.
    Lost,
}

/// A running session. Dropping it cuts the connection at once.
pub(super) struct Session {
    goodbye: oneshot::Sender<()>,
    end: oneshot::Receiver<Option<SessionEnd>>,
    over: bool,
}

impl Session {
    pub(super) fn start(spec: SessionSpec) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (goodbye, leave) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        std::thread::Builder::new().name(format!("gateway-{}", spec.shard)).spawn(move || {
            let how = runtime.block_on(connection(spec, leave));
            runtime.shutdown_background();
            // No receiver is left if the session was dropped.
            let _ = ended.send(how);
        })?;
        Ok(Self { goodbye, end, over: false })
    }

    /// Waits until the session ends by itself. Must not be called again after it returned.
    pub(super) async fn ended(&mut self) -> SessionEnd {
        let end = (&mut self.end).await;
        self.over = true;
        end.ok().flatten().unwrap_or(SessionEnd::Lost)
    }

    /// Closes the connection and waits until it is closed, a little over two seconds at most:
    /// serenity may wait for ever for a peer that is gone, and its thread is then abandoned.
    pub(super) async fn close(self) {
        if self.over {
            return;
        }
        // An error means that it has already ended.
        let _ = self.goodbye.send(());
        if tokio::time::timeout(CLOSE_TIMEOUT + 2 * LOOK, self.end).await.is_err() {
            tracing::warn!("the connection to Discord did not close in time; abandoning it");
        }
    }
}

/// Runs the connection until it is stopped (then `None`) or ends by itself.
async fn connection(spec: SessionSpec, leave: oneshot::Receiver<()>) -> Option<SessionEnd> {
    let forwarder =
        Arc::new(RawEventForwarder { shard: spec.shard, out: spec.out, stats: spec.stats });
    // No request is made through this client: shards take the token from it.
    let http = HttpBuilder::new(&spec.token.0).build();
    let (manager, mut result) = ShardManager::new(ShardManagerOptions {
        data: Arc::new(RwLock::new(TypeMap::new())),
        event_handlers: Vec::new(),
        raw_event_handlers: vec![Arc::clone(&forwarder) as Arc<dyn RawEventHandler>],
        shard_index: spec.shard,
        shard_init: 1,
        shard_total: spec.shards,
        ws_url: Arc::new(Mutex::new(spec.url)),
        http: Arc::new(http),
        intents: INTENTS,
        presence: None,
    });
    if let Err(error) = manager.initialize() {
        return Some(SessionEnd::GaveUp(GatewayFatal::Broken(error_chain(&error))));
    }
    tokio::select! {
        result = result.next() => Some(match result {
            Some(Err(error)) => SessionEnd::from(&error),
            Some(Ok(())) | None => SessionEnd::Lost,
        }),
        () = forwarder.look(&manager) => None,
        request = leave => {
            if request.is_ok() {
                // A timeout is fine: Discord notices a cut connection as well.
                let _ = tokio::time::timeout(CLOSE_TIMEOUT, manager.shutdown_all()).await;
            }
            None
        }
    }
}

impl From<&GatewayError> for SessionEnd {
    fn from(error: &GatewayError) -> Self {
        Self::GaveUp(match error {
            GatewayError::InvalidAuthentication => GatewayFatal::Token,
            GatewayError::InvalidGatewayIntents => GatewayFatal::Intents,
            GatewayError::DisallowedGatewayIntents => GatewayFatal::MessageContent,
            _ => return Self::Lost,
        })
    }
}

/// Forwards every event of one shard.
struct RawEventForwarder {
    shard: u32,
    out: mpsc::Sender<DispatchEvent>,
    stats: ConnectionStats,
}

impl RawEventForwarder {
    fn forward(&self, event: &Event) {
        let dispatch = DispatchEvent::new(self.shard, event, clock::now());
        self.stats.record_event(&dispatch);
        // There is no receiver while the daemon stops; the next start reads what is missed.
        if let Err(TrySendError::Full(dispatch)) = self.out.try_send(dispatch) {
            self.stats.record_gap(dispatch.gap());
        }
    }

    /// Records heartbeat acknowledgements, for ever: serenity only reports the latest latency.
    async fn look(&self, manager: &ShardManager) {
        let mut look = tokio::time::interval(LOOK);
        let mut last = None;
        loop {
            look.tick().await;
            let runners = manager.runners.lock().await;
            let latency = runners.get(&ShardId(self.shard)).and_then(|runner| runner.latency);
            if latency.is_some() && latency != last {
                self.stats.record(self.shard, HealthEvent::Ack, clock::now());
            }
            last = latency;
        }
    }
}

#[async_trait]
impl RawEventHandler for RawEventForwarder {
    async fn raw_event(&self, _: Context, event: Event) {
        self.forward(&event);
    }
}
