//! Small work that an event sets going: answers, messages read again, commands registered, servers
//! caught up with.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rules::model::ids::{ChannelId, GuildId, MessageId};
use serde_json::Value;
use tokio::task::{AbortHandle, JoinSet};

use crate::discord::catch_up::{CatchUp, PageStop};
use crate::discord::interactions::handler::InteractionHandler;
use crate::ingest_queue::IngestQueue;

/// How long errands may go on once the stop is known.
const GRACE: Duration = Duration::from_secs(2);

/// The tasks of one listener; what is still running when it is dropped ends.
pub(super) struct ListenerTasks {
    catch_up: CatchUp,
    feed: IngestQueue,
    small: JoinSet<()>,
    catch_ups: JoinSet<()>,
    /// Catching up with each server, one at a time.
    running: BTreeMap<GuildId, AbortHandle>,
    /// Servers to catch up with again once that is done.
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

    pub(super) fn answer(&mut self, desk: &Arc<InteractionHandler>, interaction: Value) {
        let desk = Arc::clone(desk);
        self.small.spawn(async move { desk.answer(&interaction).await });
    }

    pub(super) fn register(&mut self, desk: &Arc<InteractionHandler>, guild: GuildId) {
        let desk = Arc::clone(desk);
        self.small.spawn(async move {
            match desk.register_commands(guild).await {
                Ok(true) => tracing::info!(guild = guild.0, "registered the commands"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, guild = guild.0, "commands not registered"),
            }
        });
    }

    /// Reads one message again, or finds it deleted.
    pub(super) fn reread(&mut self, channel: ChannelId, message: MessageId) {
        let (catch_up, feed) = (self.catch_up.clone(), self.feed.clone());
        self.attempt("a message could not be read again", channel, async move {
            let delivery = catch_up.reread(channel, message).await?;
            Ok(feed.push_history(delivery).await?)
        });
    }

    /// Tells archived threads what became of their channel.
    pub(super) fn tell_below(&mut self, guild: GuildId, channel: ChannelId) {
        let catch_up = self.catch_up.clone();
        self.attempt("old threads were not told", channel, async move {
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
                Err(error) => tracing::warn!(%error, channel = channel.0, "{failed}"),
            }
        });
    }

    /// Starts to catch up with a server; what was under way begins anew.
    pub(super) fn catch_up(&mut self, guild: GuildId) {
        let catch_up = self.catch_up.clone();
        let task = self.catch_ups.spawn(async move {
            match catch_up.run(guild).await {
                Ok(()) | Err(PageStop::Stopped(_)) => {}
                Err(error) => tracing::warn!(%error, guild = guild.0, "catching up broke off"),
            }
        });
        if let Some(before) = self.running.insert(guild, task) {
            before.abort();
        }
    }

    /// Has a server caught up with once more, after what is under way.
    pub(super) fn catch_up_again(&mut self, guild: GuildId) {
        self.again.insert(guild);
    }

    /// Starts what waited, and lets go of what has ended.
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

    /// Ends catching up, and lets the rest finish for a moment.
    pub(super) async fn finish(mut self) {
        self.catch_ups.abort_all();
        let rest = async { while self.small.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, rest).await.is_err() {
            tracing::warn!("somebody's request was cut short by the stop");
        }
    }
}
