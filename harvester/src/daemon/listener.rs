//! The Discord part of the daemon: gateway events go to the ingest queue, interactions to their
//! handler, and every new session is followed by a catch-up.

mod briefing_poster;
mod connection_report;
mod dispatch;
mod fact_warner;
mod notifier;
mod posting;
mod suggester;
mod tasks;

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use indexer::encoder::SentenceEncoder;
use indexer::store::{DiscordStatus, Store};
use rules::config::ruleset::Ruleset;
use rules::publish::pseudonym::AuthorNaming;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::process::Daemon;
use super::waiting::{open_searchers, pause};
use crate::clock;
use crate::config::{DiscordConfig, SecretString};
use crate::discord::catch_up::{CatchUp, CatchUpGauge, CatchUpScope};
use crate::discord::gateway::{ConnectionStats, Gateway};
use crate::discord::interactions::handler::{ApplicationId, InteractionHandler};
use crate::discord::rest::{RefusedRequest, RequestLane, RestClient};
use crate::ingest_queue::IngestQueue;
use crate::logging::error_chain;
use crate::pipeline::workspace_indexes;
use briefing_poster::BriefingPoster;
use connection_report::{ConnectionReport, ConnectionView};
use dispatch::GatewayDispatcher;
use fact_warner::{FactWarner, FactWatch};
use notifier::AskerNotifier;
use suggester::Suggester;

/// Gateway events waiting to be handled, at most.
const QUEUED_EVENTS: usize = 20_000;
/// How often gaps are checked.
const TICK: Duration = Duration::from_millis(500);

pub(super) struct DiscordListener {
    token: SecretString,
    settings: DiscordConfig,
    rest: RestClient,
    store: Store,
    rules: Arc<Ruleset>,
    naming: AuthorNaming,
    owner: String,
    indexes: Vec<PathBuf>,
    /// Replies find what the site finds.
    encoder: Option<Arc<SentenceEncoder>>,
    /// The address of the site.
    origin: Option<String>,
    feed: IngestQueue,
    seen: Arc<SharedConnection>,
}

/// The parts of the status of the connection, each set when it starts.
#[derive(Default)]
struct SharedConnection {
    stats: OnceLock<ConnectionStats>,
    catch_up: OnceLock<CatchUpGauge>,
    handler: OnceLock<Arc<InteractionHandler>>,
}

impl DiscordListener {
    pub(super) fn new(daemon: &Daemon, feed: IngestQueue) -> anyhow::Result<Self> {
        let settings = daemon.config.discord.clone();
        let token = settings.token.clone().context("no Discord token is set")?;
        let rest = RestClient::new(&token, settings.api_url.as_deref(), settings.rate_share)?;
        Ok(Self {
            token,
            settings,
            rest,
            store: daemon.store.clone(),
            rules: Arc::clone(&daemon.rules),
            naming: daemon.naming.clone(),
            owner: daemon.owner(),
            indexes: workspace_indexes(&daemon.data, &daemon.rules.workspaces),
            encoder: daemon.encoder.clone(),
            origin: daemon.config.branding.url.as_ref().map(ToString::to_string),
            feed,
            seen: Arc::default(),
        })
    }

    /// Reads the status of the connection, also while the listener runs and after it ended.
    pub(super) fn connection(&self) -> impl Fn() -> DiscordStatus + Send + Sync + use<> {
        let (seen, rest) = (Arc::clone(&self.seen), self.rest.clone());
        move || DiscordStatus {
            gateway: seen.stats.get().map(ConnectionStats::status),
            requests: rest.calls(),
            catch_up: seen.catch_up.get().map(CatchUpGauge::progress),
            interactions: seen.handler.get().map(|handler| handler.counts()),
        }
    }

    /// Listens until the stop; fails when Discord refuses the connection for good.
    pub(super) async fn run(self, mut stopping: watch::Receiver<bool>) -> anyhow::Result<()> {
        let reach = CatchUpScope {
            history_days: self.settings.history_days,
            reconcile_days: self.settings.reconcile_days,
        };
        let catch_up = CatchUp::new(
            self.rest.clone(),
            self.store.clone(),
            Arc::clone(&self.rules),
            self.feed.clone(),
            reach,
        );
        let catch_up = catch_up.await?;
        let _ = self.seen.catch_up.set(catch_up.gauge());
        let mut briefings = JoinSet::new();
        if let Some(poster) = self.briefing_poster(catch_up.gauge(), stopping.clone()) {
            briefings.spawn(poster.run());
        }
        let facts = self.fact_warner(stopping.clone()).map(|(warner, watch)| {
            briefings.spawn(warner.run());
            watch
        });
        let (out, mut event) = mpsc::channel(QUEUED_EVENTS);
        let mut gateway = Gateway::start(
            self.token.clone(),
            self.settings.api_url.clone(),
            self.rest.clone(),
            self.store.clone(),
            self.owner.clone(),
            out,
        );
        let _ = self.seen.stats.set(gateway.stats());
        let mut dispatcher =
            GatewayDispatcher::new(&self.settings, &self.rules, self.feed.clone(), catch_up, facts);
        let mut handlers = JoinSet::new();
        handlers.spawn(self.build_handler(stopping.clone()));
        let mut hints = JoinSet::new();
        let hints_stop = stopping.clone();
        let mut tick = tokio::time::interval(TICK);
        let mut report = ConnectionReport::default();
        let ended = loop {
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => break Ok(()),
                gave_up = gateway.ended() => break Err(gave_up.into()),
                Some(handler) = handlers.join_next() => {
                    if let Some(handler) = handler.context("a task panicked")?? {
                        let _ = self.seen.handler.set(Arc::clone(&handler));
                        hints.spawn(self.hints(&handler, hints_stop.clone()).run());
                        hints.spawn(self.notices(&handler, hints_stop.clone()).run());
                        dispatcher.attach_handler(handler);
                    }
                }
                Some(event) = event.recv() => dispatcher.handle_event(event),
                _ = tick.tick() => {
                    dispatcher.poll_gaps(gateway.stats().take_gapped());
                    self.print_connection(&mut report, &dispatcher);
                }
            }
        };
        gateway.stop().await;
        // Events received before the stop are still handled.
        while let Ok(event) = event.try_recv() {
            dispatcher.handle_event(event);
        }
        dispatcher.finish().await;
        ended
    }

    /// Prints the lines about the connection that are due.
    fn print_connection(&self, report: &mut ConnectionReport, dispatcher: &GatewayDispatcher) {
        let DiscordStatus { gateway, catch_up, .. } = self.connection()();
        let view = ConnectionView {
            stages: gateway.into_iter().flat_map(|gateway| gateway.stages.into_values()).collect(),
            outage: self.rest.outage(),
            servers: dispatcher.servers(),
            application: dispatcher.application(),
            wanted: self.settings.guilds.clone(),
            catch_up: catch_up.unwrap_or_default(),
        };
        for line in report.lines(&view, clock::now()) {
            match line.warning {
                true => tracing::warn!("{}", line.text),
                false => tracing::info!("{}", line.text),
            }
        }
    }

    /// `None` where no channel is set.
    fn briefing_poster(
        &self,
        catch_up: CatchUpGauge,
        stopping: watch::Receiver<bool>,
    ) -> Option<BriefingPoster> {
        let channel = self.settings.briefing_in.clone()?;
        Some(BriefingPoster {
            store: self.store.clone(),
            rules: Arc::clone(&self.rules),
            naming: self.naming.clone(),
            rest: self.rest.clone(),
            catch_up,
            owner: self.owner.clone(),
            channel,
            span: self.settings.briefing,
            origin: self.origin.clone(),
            stopping,
        })
    }

    /// `None` where no channel is set.
    fn fact_warner(&self, stopping: watch::Receiver<bool>) -> Option<(FactWarner, FactWatch)> {
        let channel = self.settings.warn_in.clone()?;
        let parts = (self.store.clone(), self.rest.clone(), Arc::clone(&self.rules));
        Some(FactWarner::new(parts, self.owner.clone(), channel, stopping))
    }

    fn hints(
        &self,
        handler: &Arc<InteractionHandler>,
        stopping: watch::Receiver<bool>,
    ) -> Suggester {
        Suggester {
            store: self.store.clone(),
            handler: Arc::clone(handler),
            wanted: self.settings.suggest_in.clone(),
            stopping,
        }
    }

    fn notices(
        &self,
        handler: &Arc<InteractionHandler>,
        stopping: watch::Receiver<bool>,
    ) -> AskerNotifier {
        AskerNotifier {
            store: self.store.clone(),
            handler: Arc::clone(handler),
            rules: Arc::clone(&self.rules),
            settings: self.settings.notices.clone(),
            stopping,
        }
    }

    /// The interaction handler, once there is an index to search; `None` if the stop came first.
    fn build_handler(
        &self,
        mut stopping: watch::Receiver<bool>,
    ) -> impl Future<Output = anyhow::Result<Option<Arc<InteractionHandler>>>> + Send + use<> {
        let (rest, store, indexes) = (self.rest.clone(), self.store.clone(), self.indexes.clone());
        let (rules, naming) = (Arc::clone(&self.rules), self.naming.clone());
        let (owner, encoder) = (self.owner.clone(), self.encoder.clone());
        async move {
            let opened = open_searchers(&indexes, encoder.as_ref(), &mut stopping).await;
            let Some(searchers) = opened else { return Ok(None) };
            let us = loop {
                match rest.get(RequestLane::Live, "/applications/@me").await {
                    Ok(us) => break us,
                    Err(source) if !source.passes() => {
                        let request = "GET /applications/@me";
                        return Err(RefusedRequest { request, source }.into());
                    }
                    Err(error) => {
                        tracing::warn!(
                            error = %error_chain(&error),
                            "slash commands are not ready yet"
                        );
                    }
                }
                pause(&mut stopping).await;
                if *stopping.borrow() {
                    return Ok(None);
                }
            };
            let id = us["id"].as_str().and_then(|id| id.parse().ok());
            let id = id.context("Discord returned no application id for the bot")?;
            let handler = InteractionHandler::new(
                rest,
                store,
                searchers,
                rules,
                naming,
                owner,
                ApplicationId(id),
            );
            Ok(Some(Arc::new(handler)))
        }
    }
}
