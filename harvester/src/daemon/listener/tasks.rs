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
    /// Channels that came into sight and are not read yet.
    shown: BTreeSet<(GuildId, ChannelId)>,
    /// Channels whose archived threads have to be updated.
    changed: BTreeSet<(GuildId, ChannelId)>,
    /// At most one task that reads and updates such channels; it ends with the servers in which it failed.
    single: JoinSet<BTreeSet<GuildId>>,
}

/// With more channels than this that come into sight at once, the whole server is caught up with.
const MOST_SINGLE: usize = 100;

impl ListenerTasks {
    pub(super) fn new(catch_up: CatchUp, feed: IngestQueue) -> Self {
        Self {
            catch_up,
            feed,
            small: JoinSet::new(),
            catch_ups: JoinSet::new(),
            running: BTreeMap::new(),
            again: BTreeSet::new(),
            shown: BTreeSet::new(),
            changed: BTreeSet::new(),
            single: JoinSet::new(),
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

    /// Requests that a channel's change is applied to its archived threads.
    pub(super) fn update_archived(&mut self, guild: GuildId, channel: ChannelId) {
        self.changed.insert((guild, channel));
    }

    /// Requests that a channel that came into sight is read.
    pub(super) fn read_channel(&mut self, guild: GuildId, channel: ChannelId) {
        self.shown.insert((guild, channel));
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
        while let Some(failed) = self.single.try_join_next() {
            self.again.extend(failed.into_iter().flatten());
        }
        self.start_single();
        self.running.retain(|_, task| !task.is_finished());
        for guild in std::mem::take(&mut self.again) {
            if self.running.contains_key(&guild) {
                self.again.insert(guild);
            } else {
                self.catch_up(guild);
            }
        }
    }

    /// Starts the task for single channels, if there are some and it does not run.
    fn start_single(&mut self) {
        if !self.single.is_empty() || (self.shown.is_empty() && self.changed.is_empty()) {
            return;
        }
        let (shown, changed) = (std::mem::take(&mut self.shown), std::mem::take(&mut self.changed));
        let mut by_guild = BTreeMap::<_, Vec<_>>::new();
        shown.into_iter().for_each(|(guild, one)| by_guild.entry(guild).or_default().push(one));
        let many = by_guild.extract_if(.., |_, all| all.len() > MOST_SINGLE);
        self.again.extend(many.map(|(guild, _)| guild));
        let catch_up = self.catch_up.clone();
        self.single.spawn(async move {
            let mut failed = BTreeSet::new();
            for (guild, channel) in changed {
                let done = catch_up.propagate_to_threads(guild, channel).await;
                note_failure(done, (guild, channel), &mut failed);
            }
            for (guild, channel) in by_guild
                .into_iter()
                .flat_map(|(guild, all)| all.into_iter().map(move |one| (guild, one)))
            {
                let done = catch_up.run_channel(guild, channel).await;
                note_failure(done, (guild, channel), &mut failed);
            }
            failed
        });
    }

    /// Aborts the catch-ups, and waits a moment for the other tasks.
    pub(super) async fn finish(mut self) {
        self.catch_ups.abort_all();
        self.single.abort_all();
        let rest = async { while self.small.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, rest).await.is_err() {
            tracing::warn!("the stop interrupted a request");
        }
    }
}

/// What cannot be read on its own is read with its whole server.
fn note_failure(
    done: Result<(), PageStop>,
    (guild, channel): (GuildId, ChannelId),
    failed: &mut BTreeSet<GuildId>,
) {
    match done {
        Ok(()) | Err(PageStop::Stopped(_)) => {}
        Err(error) => {
            tracing::warn!(
                error = %error_chain(&error),
                guild = guild.0,
                channel = channel.0,
                "could not read a channel"
            );
            failed.insert(guild);
        }
    }
}
