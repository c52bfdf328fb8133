//! Keeps every shard connected in exactly one process, and limits how often sessions are started.

use std::sync::Arc;
use std::time::Duration;

use indexer::store::{Store, StoreError};
use jiff::SignedDuration;
use rules::time;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::close_codes::{self, ShardLogEvent};
use super::connection_stats::{ConnectionStats, STANDING_BY};
use super::gateway_info::{GatewayInfo, SessionAdmission};
use super::health::{GatewayFatal, HealthAction, HealthEvent, HealthTimeouts};
use super::raw_event::DispatchEvent;
use super::session::{Session, SessionEnd, SessionSpec};
use super::shard_share::{RENEWAL, SHARD_LEASE, ShardShare};
use crate::clock;
use crate::config::SecretString;
use crate::discord::rest::{RefusedRequest, RestClient};
use crate::error_chain::error_chain;

/// Without a renewal for this long, the shard is released before another process may take it.
const LAST_RENEWAL: Duration = Duration::from_secs(10);
/// Discord requires 5 s between two new sessions of a bucket. Every session uses its own owner
/// name, so that none renews the lease of another.
const IDENTIFY_LEASE: SignedDuration = SignedDuration::from_millis(5_500);
/// How often a lease that another owner holds is requested again.
const STANDBY_INTERVAL: Duration = Duration::from_secs(2);
const TURN: Duration = Duration::from_millis(500);
/// How often the health of the connection is checked.
const HEALTH_CHECK: Duration = Duration::from_millis(500);
/// The longest pause between two requests for the gateway's address.
const LONGEST_ASK: Duration = Duration::from_secs(30);

pub(super) struct ShardSupervisor {
    pub(super) token: SecretString,
    pub(super) api_url: Option<String>,
    pub(super) limits: HealthTimeouts,
    pub(super) rest: RestClient,
    pub(super) store: Store,
    pub(super) owner: String,
    pub(super) out: mpsc::Sender<DispatchEvent>,
    pub(super) stats: ConnectionStats,
    pub(super) stop: Arc<watch::Sender<bool>>,
}

/// Why a shard is released.
enum ReleaseReason {
    Stopped,
    LeaseLost,
    /// Another process has less than its share.
    Surplus,
    GaveUp(GatewayFatal),
}

impl ShardSupervisor {
    /// Runs until stopped, or until one shard gives up.
    pub(super) async fn run(self) -> Result<(), GatewayFatal> {
        let mut stop = self.stop.subscribe();
        let info = tokio::select! {
            info = self.fetch_gateway_info() => info?,
            () = await_stop(&mut stop) => return Ok(()),
        };
        self.stats.split(info.shards);
        let share = ShardShare::new(self.store.clone(), self.owner.clone(), info.shards);
        tokio::select! {
            () = share.look() => {}
            () = await_stop(&mut stop) => return Ok(()),
        }
        let (supervisor, share) = (Arc::new(self), Arc::new(share));
        let mut shards = JoinSet::new();
        for shard in 0..info.shards {
            let span = tracing::info_span!("shard", shard);
            let run = Arc::clone(&supervisor).run_shard(shard, info.shards, Arc::clone(&share));
            shards.spawn(run.instrument(span));
        }
        tokio::select! {
            ended = supervisor.ended(shards) => ended,
            never = share.keep() => match never {},
        }
    }

    /// Waits for all shards; the end of one stops the others.
    async fn ended(
        &self,
        mut shards: JoinSet<Result<(), GatewayFatal>>,
    ) -> Result<(), GatewayFatal> {
        let mut ended = Ok(());
        while let Some(one) = shards.join_next().await {
            let one = one.unwrap_or_else(|error| Err(GatewayFatal::Broken(error_chain(&error))));
            self.stop.send_replace(true);
            ended = ended.and(one);
        }
        ended
    }

    /// Runs one shard whenever no other process does.
    async fn run_shard(
        self: Arc<Self>,
        shard: u32,
        shards: u32,
        share: Arc<ShardShare>,
    ) -> Result<(), GatewayFatal> {
        let lease = format!("shard/{shard}/{shards}");
        let mut stop = self.stop.subscribe();
        loop {
            self.stats.stage(shard, STANDING_BY);
            tokio::select! {
                () = self.await_shard(shard, &lease, &share) => {}
                () = await_stop(&mut stop) => return Ok(()),
            }
            let mut session = None;
            let left = tokio::select! {
                () = await_stop(&mut stop) => ReleaseReason::Stopped,
                reason = self.lease_ended(shard, &lease, &share) => reason,
                reason = self.hold(shard, shards, &mut session) => ReleaseReason::GaveUp(reason),
            };
            if let Some(session) = session {
                session.close().await;
            }
            self.release(&lease).await;
            share.give_back(shard);
            match left {
                ReleaseReason::Stopped => return Ok(()),
                ReleaseReason::GaveUp(reason) => return Err(reason),
                ReleaseReason::Surplus => {
                    tracing::info!("leaves the shard to a process that has fewer");
                }
                ReleaseReason::LeaseLost => {
                    tracing::warn!("lost the shard lease to another process; standing by");
                }
            }
        }
    }

    /// Keeps a shard connected until it has to be given up. The running session is in `slot`.
    async fn hold(&self, shard: u32, shards: u32, slot: &mut Option<Session>) -> GatewayFatal {
        self.stats.watch(shard, self.limits, clock::now());
        for attempt in 0_u64.. {
            self.stats.stage(shard, "waiting for a session");
            let info = match self.admission().await {
                Ok(info) => info,
                Err(reason) => return reason,
            };
            let bucket = format!("identify/{}", shard % info.buckets);
            let turn = format!("{}/{shard}/{attempt}", self.owner);
            self.await_lease(&bucket, &turn, IDENTIFY_LEASE, TURN).await;

            let health_events = close_codes::listen();
            self.stats.record(shard, HealthEvent::Started, clock::now());
            let session = match Session::start(self.spec(shard, shards, info.url)) {
                Ok(session) => slot.insert(session),
                Err(error) => return GatewayFatal::Broken(error_chain(&error)),
            };
            let pause = match self.watch(shard, session, health_events).await {
                Ok(pause) => pause,
                Err(reason) => return reason,
            };
            // Dropped without closing, which would wait for a peer that is gone.
            *slot = None;
            let pause_ms = time::whole_milliseconds(pause);
            tracing::warn!(pause_ms, "reconnecting to Discord");
            self.stats.stage(shard, "pausing");
            tokio::time::sleep(pause.unsigned_abs()).await;
        }
        unreachable!("attempts never end")
    }

    fn spec(&self, shard: u32, shards: u32, url: String) -> SessionSpec {
        let (token, out) = (self.token.clone(), self.out.clone());
        SessionSpec { token, url, shard, shards, out, stats: self.stats.clone() }
    }

    /// Checks the connection until a new one is due, after the returned pause.
    async fn watch(
        &self,
        shard: u32,
        session: &mut Session,
        mut health_events: broadcast::Receiver<ShardLogEvent>,
    ) -> Result<SignedDuration, GatewayFatal> {
        let mut health_check = tokio::time::interval(HEALTH_CHECK);
        loop {
            tokio::select! {
                health_event = health_events.recv() => self.record_health(shard, health_event),
                end = session.ended() => return match end {
                    SessionEnd::GaveUp(reason) => Err(reason),
                    SessionEnd::Lost => Ok(self.stats.restart(shard, clock::now())),
                },
                _ = health_check.tick() => {}
            }
            match self.stats.verdict(shard, clock::now()) {
                HealthAction::Keep => {}
                HealthAction::Restart(pause) => return Ok(pause),
                HealthAction::Stop(reason) => return Err(reason),
            }
        }
    }

    fn record_health(&self, shard: u32, logged: Result<ShardLogEvent, RecvError>) {
        match logged {
            Ok(logged) if logged.shard == shard => {
                self.stats.record(shard, logged.event, logged.at)
            }
            Ok(_) => {}
            // Only a resume loop produces this many events.
            Err(missed) => {
                let RecvError::Lagged(missed) = missed else { return };
                for _ in 0..missed.min(1 + self.limits.resumes as u64) {
                    self.stats.record(shard, HealthEvent::Resume, clock::now());
                }
            }
        }
    }

    /// Requests the gateway's address until a new session may be started.
    async fn admission(&self) -> Result<GatewayInfo, GatewayFatal> {
        loop {
            let info = self.fetch_gateway_info().await?;
            match info.admission() {
                SessionAdmission::Go => return Ok(info),
                SessionAdmission::Refuse(wait) => {
                    return Err(GatewayFatal::NoSessionsLeft(wait.as_secs()));
                }
                SessionAdmission::Wait(wait) => {
                    let seconds = wait.as_secs();
                    tracing::warn!(seconds, "Discord session limit nearly reached; waiting");
                    tokio::time::sleep(wait.max(SignedDuration::from_secs(1)).unsigned_abs()).await;
                }
            }
        }
    }

    /// Requests the gateway's address, retrying for as long as a dead connection would be kept.
    async fn fetch_gateway_info(&self) -> Result<GatewayInfo, GatewayFatal> {
        let until = time::plus(clock::now(), self.limits.dead);
        let mut pause = Duration::from_secs(1);
        loop {
            let error = match self.rest.gateway_bot().await {
                Ok(answer) => {
                    let read = GatewayInfo::parse(&answer, self.api_url.as_deref());
                    return read.map_err(GatewayFatal::NoGateway);
                }
                Err(error) if error.unauthorized() => return Err(GatewayFatal::Token),
                Err(error) if !error.passes() => {
                    let refusal = RefusedRequest { request: "GET /gateway/bot", source: error };
                    return Err(GatewayFatal::Refused(error_chain(&refusal)));
                }
                Err(error) => error_chain(&error),
            };
            if clock::now() >= until {
                return Err(GatewayFatal::NoGateway(error));
            }
            // The daemon reports the outage once a minute.
            tracing::debug!(error, "GET /gateway/bot failed; retrying");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_ASK);
        }
    }

    /// Waits until this process holds the lease of a shard, as one of its share.
    async fn await_shard(&self, shard: u32, lease: &str, share: &ShardShare) {
        loop {
            if share.has_room() {
                self.await_lease(lease, &self.owner, SHARD_LEASE, STANDBY_INTERVAL).await;
                if share.take(shard) {
                    return;
                }
                // Another shard came first.
                self.release(lease).await;
            }
            tokio::time::sleep(STANDBY_INTERVAL).await;
        }
    }

    async fn release(&self, lease: &str) {
        if let Err(error) = self.store.release_lease(lease, &self.owner).await {
            let error = error_chain(&error);
            tracing::warn!(error, "could not release the shard lease");
        }
    }

    /// Waits until this process holds the lease.
    async fn await_lease(&self, lease: &str, owner: &str, ttl: SignedDuration, again: Duration) {
        loop {
            match self.acquire(lease, owner, ttl).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    let error = error_chain(&error);
                    tracing::warn!(error, lease, "could not acquire the lease");
                }
            }
            tokio::time::sleep(again).await;
        }
    }

    /// Renews the lease until another process holds it or should, or it cannot be renewed. A store that does not answer
    /// cannot keep the shard connected for longer than the lease lasts.
    async fn lease_ended(&self, shard: u32, lease: &str, share: &ShardShare) -> ReleaseReason {
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(RENEWAL).await;
            if share.is_surplus(shard) {
                return ReleaseReason::Surplus;
            }
            let begun = Instant::now();
            let renewal = self.acquire(lease, &self.owner, SHARD_LEASE);
            match tokio::time::timeout_at(renewed + LAST_RENEWAL, renewal).await {
                Ok(Ok(true)) => renewed = begun,
                Ok(Ok(false)) => return ReleaseReason::LeaseLost,
                Ok(Err(error)) => {
                    let error = error_chain(&error);
                    tracing::warn!(error, lease, "could not renew the lease");
                }
                Err(_) => {
                    tracing::warn!(lease, "the store did not renew the lease in time");
                    return ReleaseReason::LeaseLost;
                }
            }
        }
    }

    async fn acquire(
        &self,
        lease: &str,
        owner: &str,
        ttl: SignedDuration,
    ) -> Result<bool, StoreError> {
        let now = self.store.lease_time().await?;
        Ok(self.store.acquire_lease(lease, owner, ttl, now).await?.is_some())
    }
}

/// Waits for the signal to stop.
async fn await_stop(stop: &mut watch::Receiver<bool>) {
    // The sender lives as long as the supervisor.
    let _ = stop.wait_for(|stop| *stop).await;
}
