//! Warns moderators of messages that contradict a fact, once for each message.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexer::store::Store;
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::ids::{ChannelId, GuildId, MessageId, permalink};
use rules::model::message::Message;
use rules::report::contradictions::rival_values;
use tokio::sync::{mpsc, watch};

use super::posting::{named_channel, quiet_message};
use crate::clock;
use crate::discord::interactions::text::escape::inert;
use crate::discord::rest::{RestClient, RestMethod};
use crate::logging::error_chain;

/// Warnings that wait to be posted; of a flood the rest is dropped.
const QUEUED: usize = 64;
/// UTF-16 units of a fact's name and value.
const LONGEST: usize = 200;

/// A message that contradicts facts. Its words are not kept: what it says may be a trap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FactWarning {
    pub(super) server: GuildId,
    pub(super) channel: ChannelId,
    pub(super) message: MessageId,
    /// Keys and values of the facts.
    pub(super) facts: BTreeSet<(String, String)>,
}

/// Where live messages are checked.
pub(super) struct FactWatch {
    rules: Arc<Ruleset>,
    warnings: mpsc::Sender<FactWarning>,
}

pub(super) struct FactWarner {
    pub(super) store: Store,
    pub(super) rest: RestClient,
    pub(super) owner: String,
    /// Name or id of the channel.
    pub(super) channel: String,
    pub(super) stopping: watch::Receiver<bool>,
    warnings: mpsc::Receiver<FactWarning>,
}

impl FactWarning {
    /// `None` where a message contradicts no fact. Programs are not checked.
    fn of(message: &Message, server: GuildId, rules: &Ruleset) -> Option<Self> {
        if message.author.bot {
            return None;
        }
        let at = message.edited.unwrap_or(message.sent);
        let rivals = rival_values(&message.text, at, rules).into_iter();
        let facts = rivals.map(|rival| (rival.fact.key.clone(), rival.fact.value.clone()));
        let facts = facts.collect::<BTreeSet<_>>();
        let (channel, message) = (message.channel, message.id);
        (!facts.is_empty()).then_some(Self { server, channel, message, facts })
    }

    /// The message for moderators: the facts and a link, and nothing of what was said.
    fn text(&self) -> String {
        let facts = self.facts.iter().map(|(key, value)| {
            format!("{}, which is {}", inert(key, LONGEST), inert(value, LONGEST))
        });
        format!(
            "⚠️ A message contradicts {}: <{}>",
            facts.collect::<Vec<_>>().join("; "),
            permalink(self.server, self.channel, self.message)
        )
    }
}

impl FactWatch {
    /// Queues a warning if a live message contradicts a fact. Never waits.
    pub(super) fn check(&self, message: &Message, server: GuildId) {
        let Some(warning) = FactWarning::of(message, server, &self.rules) else { return };
        if self.warnings.try_send(warning).is_err() {
            tracing::warn!("too many messages contradict facts; dropped one warning to moderators");
        }
    }
}

impl FactWarner {
    pub(super) fn new(
        (store, rest, rules): (Store, RestClient, Arc<Ruleset>),
        owner: String,
        channel: String,
        stopping: watch::Receiver<bool>,
    ) -> (Self, FactWatch) {
        let (sender, warnings) = mpsc::channel(QUEUED);
        let warner = Self { store, rest, owner, channel, stopping, warnings };
        (warner, FactWatch { rules, warnings: sender })
    }

    /// Posts warnings until the stop. One that cannot be posted is logged and dropped.
    pub(super) async fn run(mut self) {
        loop {
            let warning = tokio::select! {
                _ = self.stopping.wait_for(|stopping| *stopping) => return,
                warning = self.warnings.recv() => warning,
            };
            let Some(warning) = warning else { return };
            if let Err(error) = self.post_once(&warning, clock::now()).await {
                tracing::warn!(error = %error_chain(&*error), "could not post a warning to moderators");
            }
        }
    }

    async fn post_once(&self, warning: &FactWarning, now: Timestamp) -> anyhow::Result<()> {
        let channel = named_channel(&self.store, &self.channel, "warn_in").await?;
        let key = format!("fact/{}", warning.message);
        if channel == warning.channel || !self.store.claim_once(&key, &self.owner, now).await? {
            return Ok(());
        }
        let path = format!("/channels/{channel}/messages");
        let body = quiet_message(&warning.text(), &warning.message.to_string());
        self.rest.send(RestMethod::Post, &path, Some(&body)).await?;
        Ok(())
    }
}
