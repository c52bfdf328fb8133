//! The tasks of `run`: started, supervised, and stopped in an order that loses nothing.

mod index_task;
mod judge_task;
mod listener;
mod process;
mod proposal_task;
mod roles;
mod status_writer;
mod store_outage;
mod waiting;
mod webhook_deliveries;
mod write_hints;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use site::http::webhooks::WebhookReceiver;
use site::{FeedWatch, SiteWorkspaces};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use crate::clock;
use crate::ingest_queue::{IngestReceiver, ingest_queue};
use crate::logging::error_chain;
use crate::pipeline::{Intake, JudgeLeases, StoreAnalysis, release_ended, workspace_indexes};
use crate::process_limits::within_limits;
use index_task::IndexTask;
use judge_task::JudgeTask;
use listener::DiscordListener;
pub use process::Daemon;
use proposal_task::{ProposalMetrics, ProposalTask};
pub use roles::{ProcessRole, ProcessRoles};
use status_writer::{DaemonCounters, GatewayGauges, StatusWriter};
use waiting::{open_searchers, pause};
use webhook_deliveries::{GitHubWebhooks, keep_deliveries};
use write_hints::follow_hints;

/// How long all tasks together may take to stop.
const GRACE: Duration = Duration::from_secs(9);
/// Between two looks for processes that have ended without giving their leases back.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// The daemon's tasks. The first failure ends the daemon.
struct Tasks {
    failed: mpsc::Sender<anyhow::Error>,
}

impl Tasks {
    fn spawn(
        &self,
        task: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) -> AbortOnDrop {
        let failed = self.failed.clone();
        let mut one = JoinSet::new();
        one.spawn(async move {
            if let Err(error) = task.await {
                // The receiver is gone only when the daemon is ending anyway.
                let _ = failed.send(error).await;
            }
        });
        AbortOnDrop(one)
    }
}

/// What runs, in the order in which it is stopped. A part is `None` where the process has no such role.
struct RunningTasks {
    listener: Option<AbortOnDrop>,
    intake: Option<AbortOnDrop>,
    proposals: Option<AbortOnDrop>,
    judge: Option<AbortOnDrop>,
    index: Option<AbortOnDrop>,
    status_writer: AbortOnDrop,
    site: Option<AbortOnDrop>,
    /// These end with the daemon: leases are renewed, and those of ended processes given back, until the last.
    leases: Vec<AbortOnDrop>,
}

/// Tells tasks to stop.
struct StopSignals {
    listening: watch::Sender<bool>,
    tasks: watch::Sender<bool>,
    following: watch::Sender<bool>,
}

impl Daemon {
    /// Does what its roles are until `stop` completes or a task fails; then stops listening, stores and analyses
    /// what was received, and returns within ten seconds.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        let (failed, mut failures) = mpsc::channel(8);
        let signals = StopSignals {
            listening: watch::Sender::new(false),
            tasks: watch::Sender::new(false),
            following: watch::Sender::new(false),
        };
        tracing::info!(owner = self.owner(), roles = %self.roles, "daemon started");
        release_ended(&self.store, &self.data).await?;
        let running = self.start(&Tasks { failed }, &signals).await?;
        let ended = tokio::select! {
            () = stop => Ok(()),
            Some(error) = failures.recv() => Err(error),
        };
        if tokio::time::timeout(GRACE, running.stop(&signals)).await.is_err() {
            tracing::warn!("some tasks did not stop in time; the next start finishes their work");
        }
        match self.store.release_leases_of(self.process.owner()).await {
            Ok(_) => self.process.end(),
            Err(error) => {
                tracing::warn!(error = %error_chain(&error), "could not give the leases back");
            }
        }
        self.store.close().await;
        tracing::info!("daemon stopped");
        ended
    }

    async fn start(&self, tasks: &Tasks, signals: &StopSignals) -> anyhow::Result<RunningTasks> {
        let has = |role| self.roles.has(role);
        let stopping = || signals.tasks.subscribe();
        let counters = DaemonCounters::default();
        let [stored, judged, freed] = [const { Notify::const_new() }; 3].map(Arc::new);

        let metrics = ProposalMetrics::default();
        let proposals = match has(ProcessRole::Propose) {
            true => ProposalTask::open(self, metrics.clone(), stopping()).await?,
            false => None,
        };
        let proposals = proposals.map(|proposals| {
            tasks.spawn(async move {
                proposals.run().await;
                Ok(())
            })
        });
        let mut leases = vec![tasks.spawn(self.free_ended(Arc::clone(&freed)))];
        if self.store.is_on_server() {
            let woken = [Arc::clone(&stored), Arc::clone(&judged)];
            leases.push(tasks.spawn(follow_hints(self.store.clone(), woken)));
        }
        let judge = has(ProcessRole::Judge).then(|| {
            let held = JudgeLeases::new(self.store.clone(), self.owner(), freed);
            leases.push(tasks.spawn(keep_share(Arc::clone(&held))));
            let shared = (Arc::clone(&stored), Arc::clone(&judged), counters.clone());
            let task = self.judge_task(held, shared, stopping());
            tasks.spawn(async move { Ok(task.run().await?) })
        });
        let index = self.roles.follow_index(self.store.is_on_server()).then(|| {
            let task = IndexTask {
                store: self.store.clone(),
                rules: Arc::clone(&self.rules),
                data: self.data.clone(),
                judged,
                counters: counters.clone(),
                stopping: signals.following.subscribe(),
            };
            tasks.spawn(async move { Ok(task.run().await?) })
        });
        let (mut listener, mut intake, mut gauges) = (None, None, None);
        if has(ProcessRole::Gateway) {
            let (feed, deliveries) = ingest_queue();
            let queue = feed.gauge();
            intake = Some(tasks.spawn(self.take_in(deliveries, stored, counters.clone())));
            let discord = DiscordListener::new(self, feed)?;
            gauges = Some(GatewayGauges { queue, connection: Box::new(discord.connection()) });
            listener = Some(tasks.spawn(discord.run(signals.listening.subscribe())));
        }
        let status_writer = StatusWriter {
            store: self.store.clone(),
            owner: self.owner(),
            roles: self.roles.names(),
            counters,
            gateway: gauges,
            proposals: metrics,
            stopping: stopping(),
        };
        let status_writer = tasks.spawn(async move { Ok(status_writer.write().await?) });
        let webhooks = GitHubWebhooks::new(&self.config).filter(|_| has(ProcessRole::Site));
        let webhooks = webhooks.map(|(webhooks, deliveries)| {
            let (store, owner) = (self.store.clone(), self.owner());
            let keep = keep_deliveries(deliveries, store, owner, stopping());
            leases.push(tasks.spawn(async move {
                keep.await;
                Ok(())
            }));
            webhooks
        });
        let site = has(ProcessRole::Site).then(|| tasks.spawn(self.serve(webhooks, stopping())));
        Ok(RunningTasks { listener, intake, proposals, judge, index, status_writer, site, leases })
    }

    /// Stores what the listener sends.
    fn take_in(
        &self,
        deliveries: IngestReceiver,
        stored: Arc<Notify>,
        counters: DaemonCounters,
    ) -> impl Future<Output = anyhow::Result<()>> + Send + use<> {
        let intake = Intake::new(self.store.clone(), Arc::clone(&self.rules));
        async move {
            let record = |applied| {
                counters.stored(applied, clock::now());
                stored.notify_one();
            };
            Ok(intake.deliveries(deliveries, record).await?)
        }
    }

    fn judge_task(
        &self,
        leases: Arc<JudgeLeases>,
        (stored, judged, counters): (Arc<Notify>, Arc<Notify>, DaemonCounters),
        stopping: watch::Receiver<bool>,
    ) -> JudgeTask {
        let (store, rules) = (self.store.clone(), Arc::clone(&self.rules));
        JudgeTask {
            analysis: StoreAnalysis::new(store, rules, Arc::clone(&leases)),
            leases,
            retention: self.config.retention,
            encoder: self.encoder.clone(),
            stored,
            judged,
            counters,
            stopping,
        }
    }

    /// Gives back the leases of the processes of this data directory that were killed, until it is dropped: nobody
    /// has to wait until these run out.
    fn free_ended(
        &self,
        freed: Arc<Notify>,
    ) -> impl Future<Output = anyhow::Result<()>> + Send + use<> {
        let (store, data) = (self.store.clone(), self.data.clone());
        async move {
            loop {
                tokio::time::sleep(BETWEEN_LOOKS).await;
                match release_ended(&store, &data).await {
                    Ok(0) => {}
                    Ok(leases) => {
                        tracing::info!(leases, "another process ended; its leases are free");
                        freed.notify_one();
                    }
                    Err(error) => {
                        tracing::warn!(
                            error = %error_chain(&error),
                            "could not give back the leases of ended processes"
                        );
                    }
                }
            }
        }
    }

    /// Serves the site once there is an index and the address is free.
    fn serve(
        &self,
        webhooks: Option<GitHubWebhooks>,
        mut stopping: watch::Receiver<bool>,
    ) -> impl Future<Output = anyhow::Result<()>> + Send + use<> {
        let (store, naming) = (self.store.clone(), self.naming.clone());
        let (rules, encoder) = (Arc::clone(&self.rules), self.encoder.clone());
        let indexes = workspace_indexes(&self.data, &rules.workspaces);
        let address = self.config.listen.clone();
        let http = within_limits(&self.config.http);
        let (branding, visitors) = (self.config.branding.clone(), self.config.visitors.clone());
        async move {
            let opened = open_searchers(&indexes, encoder.as_ref(), &mut stopping).await;
            let Some(searchers) = opened else { return Ok(()) };
            let Some(listener) = bound(&address, &mut stopping).await else { return Ok(()) };
            tracing::info!("serving on http://{}", listener.local_addr()?);
            let watch = Arc::new(FeedWatch::new(store.clone(), searchers.clone(), clock::now));
            let receiver = webhooks.map(|webhooks| Arc::new(webhooks) as Arc<dyn WebhookReceiver>);
            let site = SiteWorkspaces::new(
                store,
                searchers,
                naming,
                rules,
                branding,
                visitors,
                clock::now,
            );
            let site = site.watched_by(Arc::clone(&watch));
            let lists = site.read_lists();
            let router = site::router(site, &http, receiver);
            let stop = async move {
                // An error means that the daemon has ended, which is a stop as well.
                let _ = stopping.wait_for(|stopping| *stopping).await;
            };
            let served = site::serve_watched(listener, router, &http, &watch, stop);
            let lists = async {
                lists.await;
                std::future::pending::<()>().await;
            };
            tokio::select! {
                served = served => served.context("the site failed"),
                () = lists => unreachable!("it never ends"),
            }
        }
    }
}

impl RunningTasks {
    /// Stops all in an order that loses nothing, and waits for each.
    async fn stop(self, signals: &StopSignals) {
        signals.listening.send_replace(true);
        joined(self.listener).await;
        // The listener held the sending end of the queue: what it sent is stored now.
        joined(self.intake).await;
        signals.tasks.send_replace(true);
        joined(self.proposals).await;
        joined(self.judge).await;
        // What was judged last is in the feed now.
        signals.following.send_replace(true);
        joined(self.index).await;
        joined(Some(self.status_writer)).await;
        joined(self.site).await;
        drop(self.leases);
    }
}

async fn joined(task: Option<AbortOnDrop>) {
    if let Some(task) = task {
        task.joined().await;
    }
}

async fn keep_share(leases: Arc<JudgeLeases>) -> anyhow::Result<()> {
    leases.keep_share().await;
    Ok(())
}

/// One task; it ends at the latest when this is dropped.
struct AbortOnDrop(JoinSet<()>);

impl AbortOnDrop {
    /// Waits for its end. A panic has already been printed on standard error.
    async fn joined(mut self) {
        while let Some(ended) = self.0.join_next().await {
            if let Err(error) = ended {
                tracing::error!(error = %error_chain(&error), "a daemon task panicked");
            }
        }
    }
}

/// Binds the site's address. While another process has it, warns once and retries.
async fn bound(address: &str, stopping: &mut watch::Receiver<bool>) -> Option<TcpListener> {
    let mut warned = false;
    while !*stopping.borrow() {
        match TcpListener::bind(address).await {
            Ok(listener) => return Some(listener),
            Err(error) if !warned => {
                warned = true;
                tracing::warn!(error = %error_chain(&error), "cannot listen on {address}; retrying");
            }
            Err(_) => {}
        }
        pause(stopping).await;
    }
    None
}
