//! Background tasks that events start: replies to interactions, rereads of messages, registration of
//! commands, catch-ups.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rules::model::ids::{ChannelId, GuildId, MessageId};
use serde_json::Value;
use tokio::task::{AbortHandle, JoinSet};
use tracing::Instrument as _;

use crate::discord::catch_up::{CatchUp, PageStop};
use crate::discord::interactions::handler::InteractionHandler;
use crate::ingest_queue::IngestQueue;
use crate::logging::error_chain;

/// How long tasks may continue after the stop.
const GRACE: Duration = Duration::from_secs(2);

/// The tasks of one listener; dropping it aborts them.
pub(super) struct ListenerTasks {
    catch_up: CatchUp,
    feed: IngestQueue,
    small: JoinSet<()>,
    catch_ups: JoinSet<()>,
    /// The running catch-up of each server.
    running: BTreeMap<GuildId, AbortHandle>,
    /// Servers whose catch-up must run once more after that.
    again: BTreeSet<GuildId>,
}

impl ListenerTasks {
    pub(super) fn new(catch_up: CatchUp, feed: IngestQueue) -> Self {
        Self {
            catch_up,
            feed,
            small: JoinSet::new(),
            catch_ups: JoinSet::new(),
            running: BTreeMap::new(),
            again: BTreeSet::new(),
        }
    }

    pub(super) fn answer(&mut self, handler: &Arc<InteractionHandler>, interaction: Value) {
        let handler = Arc::clone(handler);
        self.small.spawn(async move { handler.answer(&interaction).await });
    }

    pub(super) fn register(&mut self, handler: &Arc<InteractionHandler>, guild: GuildId) {
        let handler = Arc::clone(handler);
        self.small.spawn(async move {
            match handler.register_commands(guild).await {
                Ok(true) => tracing::info!(guild = guild.0, "slash commands registered"),
                Ok(false) => {}
                Err(error) => tracing::warn!(
                    error = %error_chain(&error),
                    guild = guild.0,
                    "could not register the slash commands"
                ),
            }
        });
    }

    /// Rereads one message, or stores its deletion.
    pub(super) fn reread(&mut self, channel: ChannelId, message: MessageId) {
        let (catch_up, feed) = (self.catch_up.clone(), self.feed.clone());
        self.attempt("could not reread a message", channel, async move {
            let delivery = catch_up.reread(channel, message).await?;
            Ok(feed.push_history(delivery).await?)
        });
    }

    /// Applies a channel's change to its archived threads.
    pub(super) fn tell_below(&mut self, guild: GuildId, channel: ChannelId) {
        let catch_up = self.catch_up.clone();
        self.attempt("could not update the archived threads of a channel", channel, async move {
            catch_up.propagate_to_threads(guild, channel).await
        });
    }

    fn attempt(
        &mut self,
        failed: &'static str,
        channel: ChannelId,
        work: impl Future<Output = Result<(), PageStop>> + Send + 'static,
    ) {
        self.small.spawn(async move {
            match work.await {
                Ok(()) | Err(PageStop::Stopped(_)) => {}
                Err(error) => {
                    tracing::warn!(error = %error_chain(&error), channel = channel.0, "{failed}");
                }
            }
        });
    }

    /// Starts a server's catch-up; one that is running starts over.
    pub(super) fn catch_up(&mut self, guild: GuildId) {
        let catch_up = self.catch_up.clone();
        let work = async move {
            match catch_up.run(guild).await {
                Ok(()) | Err(PageStop::Stopped(_)) => {}
                Err(error) => tracing::warn!(error = %error_chain(&error), "catch-up failed"),
            }
        };
        let span = tracing::info_span!("catch_up", guild = guild.0);
        let task = self.catch_ups.spawn(work.instrument(span));
        if let Some(before) = self.running.insert(guild, task) {
            before.abort();
        }
    }

    /// Requests one more catch-up of a server after the running one.
    pub(super) fn catch_up_again(&mut self, guild: GuildId) {
        self.again.insert(guild);
    }

    /// Starts waiting catch-ups and drops finished tasks.
    pub(super) fn poll(&mut self) {
        while self.small.try_join_next().is_some() {}
        while self.catch_ups.try_join_next().is_some() {}
        self.running.retain(|_, task| !task.is_finished());
        for guild in std::mem::take(&mut self.again) {
            if self.running.contains_key(&guild) {
                self.again.insert(guild);
            } else {
                self.catch_up(guild);
            }
        }
    }

    /// Aborts the catch-ups, and waits a moment for the other tasks.
    pub(super) async fn finish(mut self) {
        self.catch_ups.abort_all();
        let rest = async { while self.small.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, rest).await.is_err() {
            tracing::warn!("the stop interrupted a request");
        }
    }
}
