//! The tasks of `run`: started, supervised, and stopped in an order that loses nothing.

mod leader;
mod listener;
mod process;
mod proposal_task;
mod status_writer;
mod waiting;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use site::SiteWorkspaces;
use site::http::webhooks::WebhookReceiver;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use crate::clock;
use crate::ingest_queue::ingest_queue;
use crate::logging::error_chain;
use crate::pipeline::{Intake, workspace_indexes};
use crate::process_limits::within_limits;
use leader::IndexLeader;
use listener::DiscordListener;
pub use process::Daemon;
use proposal_task::{GitHubWebhooks, ProposalMetrics, ProposalTask};
use status_writer::{DaemonCounters, StatusWriter};
use waiting::{open_searchers, pause};

/// How long all tasks together may take to stop.
const GRACE: Duration = Duration::from_secs(9);

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

impl Daemon {
    /// Runs until `stop` completes or a task fails; then stops listening, stores and analyses what was
    /// received, and returns within ten seconds.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        let (feed, deliveries) = ingest_queue();
        let (stop_listening, listening) = watch::channel(false);
        let (stop_tasks, stopping) = watch::channel(false);
        let (failed, mut failures) = mpsc::channel(8);
        let tasks = Tasks { failed };
        let stored = Arc::new(Notify::new());
        let counters = DaemonCounters::default();
        tracing::info!(owner = self.owner, "daemon started");

        let (webhooks, deliveries_due) = GitHubWebhooks::new(&self.config);
        let scrubbed = Arc::new(Notify::new());
        let proposal_metrics = ProposalMetrics::default();
        let shared = (Arc::clone(&scrubbed), proposal_metrics.clone());
        let proposals = ProposalTask::open(&self, deliveries_due, shared, stopping.clone()).await?;
        let proposals = proposals.map(|proposals| {
            tasks.spawn(async move {
                proposals.run().await;
                Ok(())
            })
        });

        let index_leader =
            self.run_indexing((Arc::clone(&stored), scrubbed), counters.clone(), stopping.clone());
        let index_leader = tasks.spawn(index_leader);
        let intake = Intake::new(self.store.clone(), Arc::clone(&self.rules));
        let counted = counters.clone();
        let intake = tasks.spawn(async move {
            let record = |applied| {
                counted.stored(applied, clock::now());
                stored.notify_one();
            };
            Ok(intake.deliveries(deliveries, record).await?)
        });
        let queue = feed.gauge();
        let listener = DiscordListener::new(&self, feed)?;
        let status_writer = StatusWriter {
            store: self.store.clone(),
            owner: self.owner.clone(),
            counters,
            queue,
            connection: listener.connection(),
            proposals: proposal_metrics,
            stopping: stopping.clone(),
        };
        let status_writer = tasks.spawn(async move { Ok(status_writer.write().await?) });
        let listener = tasks.spawn(listener.run(listening));
        let site = tasks.spawn(self.serve(webhooks, stopping));

        let ended = tokio::select! {
            () = stop => Ok(()),
            Some(error) = failures.recv() => Err(error),
        };
        let shutdown = async {
            let _ = stop_listening.send(true);
            listener.joined().await;
            // The listener held the sending end of the queue: what it sent is stored now.
            intake.joined().await;
            let _ = stop_tasks.send(true);
            if let Some(proposals) = proposals {
                proposals.joined().await;
            }
            index_leader.joined().await;
            status_writer.joined().await;
            site.joined().await;
        };
        if tokio::time::timeout(GRACE, shutdown).await.is_err() {
            tracing::warn!("some tasks did not stop in time; the next start finishes their work");
        }
        self.store.close().await;
        tracing::info!("daemon stopped");
        ended
    }

    fn run_indexing(
        &self,
        (stored, scrubbed): (Arc<Notify>, Arc<Notify>),
        counters: DaemonCounters,
        stopping: watch::Receiver<bool>,
    ) -> impl Future<Output = anyhow::Result<()>> + Send + use<> {
        let index_leader = IndexLeader {
            store: self.store.clone(),
            rules: Arc::clone(&self.rules),
            data: self.data.clone(),
            retention: self.config.retention,
            encoder: self.encoder.clone(),
            stored,
            scrubbed,
            counters,
            stopping,
        };
        async move { Ok(index_leader.run().await?) }
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
            let router = site::router(site, &http, receiver);
            let stop = async move {
                // An error means that the daemon has ended, which is a stop as well.
                let _ = stopping.wait_for(|stopping| *stopping).await;
            };
            site::serve(listener, router, &http, stop).await.context("the site failed")
        }
    }
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
