//! Writes to askers, in the channels selected for that: whether an answer helped, and where a page is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use indexer::store::{AuthorCache, NoticeKind, Store, StoredExchange, read_verdict};
use jiff::{SignedDuration, Timestamp};
use rules::config::ruleset::Ruleset;
use rules::config::scope::names;
use rules::model::ids::{ChannelId, MessageId};
use rules::model::message::Channel;
use rules::time;
use tokio::sync::watch;

use crate::clock;
use crate::config::NoticeConfig;
use crate::discord::interactions::handler::{
    InteractionError, InteractionHandler, NUDGED_WITHIN, announced, nudge,
};
use crate::logging::error_chain;
use crate::pipeline::read_links;

/// How often the questions and pages are looked at.
const LOOK: Duration = Duration::from_secs(10);
/// A conversation that went on for longer than this before it fell silent gets no nudge.
const LONGEST_TALK: SignedDuration = time::days(1);
/// Only the newest pages are announced.
const NEWEST_PAGES: u32 = 50;

pub(super) struct AskerNotifier {
    pub(super) store: Store,
    pub(super) handler: Arc<InteractionHandler>,
    pub(super) rules: Arc<Ruleset>,
    pub(super) settings: NoticeConfig,
    pub(super) stopping: watch::Receiver<bool>,
}

impl AskerNotifier {
    /// Writes to askers until the stop. A failure is logged, and the asker is not written to again.
    pub(super) async fn run(mut self) {
        let NoticeConfig { nudge_in, announce_in, .. } = &self.settings;
        let wanted = !nudge_in.is_empty() || !announce_in.is_empty();
        while wanted && !*self.stopping.borrow() {
            if let Err(error) = self.look().await {
                tracing::warn!(error = %error_chain(&error), "could not write to an asker");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = self.stopping.changed() => {}
            }
        }
    }

    async fn look(&self) -> Result<(), InteractionError> {
        if self.handler.is_paused().await? {
            return Ok(());
        }
        let stored = self.store.channels().await?;
        let read = stored.into_iter().filter(|one| !one.hidden && !one.gone);
        let read = read.map(|one| one.channel).filter(|one| self.rules.scope.covers(one).is_ok());
        let channels = read.map(|one| (one.id, one)).collect::<BTreeMap<_, _>>();
        let now = clock::now();
        self.nudge_askers(&channels, now).await?;
        self.announce_pages(&channels, now).await
    }

    async fn nudge_askers(
        &self,
        channels: &BTreeMap<ChannelId, Channel>,
        now: Timestamp,
    ) -> Result<(), InteractionError> {
        let NoticeConfig { nudge_in, nudge_after, .. } = &self.settings;
        if nudge_in.is_empty() {
            return Ok(());
        }
        let newest = time::minus(now, *nudge_after);
        let oldest = time::minus(newest, NUDGED_WITHIN + LONGEST_TALK);
        let range = [oldest, newest].map(MessageId::min_at);
        for exchange in self.store.asked_between(range[0], range[1]).await? {
            if is_wanted(nudge_in, channels.get(&exchange.channel)) {
                self.consider(&exchange, now).await?;
            }
        }
        Ok(())
    }

    async fn consider(
        &self,
        exchange: &StoredExchange,
        now: Timestamp,
    ) -> Result<(), InteractionError> {
        let Ok(verdict) = read_verdict(&exchange.verdict) else {
            return Ok(());
        };
        let Some(conversation) = self.store.conversation(exchange.conversation).await? else {
            return Ok(());
        };
        let Some(last) = read_links(&conversation)?.iter().map(|link| link.message).max() else {
            return Ok(());
        };
        let place = (exchange.channel, last);
        let Some(nudge) = nudge(&verdict, place, self.settings.nudge_after, now) else {
            return Ok(());
        };
        if self.store.has_notice(NoticeKind::Nudge, nudge.question).await? {
            return Ok(());
        }
        let mut authors = AuthorCache::default();
        let asked =
            self.store.messages_with(nudge.channel, &[nudge.question], &mut authors).await?;
        let (text, by_program) =
            asked.first().map_or(("", false), |one| (one.text.as_str(), one.author.bot));
        if !by_program {
            self.handler.nudge(&nudge, text, now).await?;
        }
        Ok(())
    }

    async fn announce_pages(
        &self,
        channels: &BTreeMap<ChannelId, Channel>,
        now: Timestamp,
    ) -> Result<(), InteractionError> {
        let patterns = &self.settings.announce_in;
        if patterns.is_empty() {
            return Ok(());
        }
        let merged = self.store.merged_answer_clusters(NEWEST_PAGES).await?;
        for cluster in self.store.clusters_with(&merged).await? {
            for occurrence in announced(&cluster, now) {
                let question = occurrence.question.message;
                if is_wanted(patterns, channels.get(&occurrence.channel))
                    && !self.store.has_notice(NoticeKind::Page, question).await?
                {
                    self.handler.announce(&cluster.id, occurrence, now).await?;
                }
            }
        }
        Ok(())
    }
}

fn is_wanted(patterns: &[String], channel: Option<&Channel>) -> bool {
    channel.is_some_and(|channel| patterns.iter().any(|pattern| names(pattern, channel)))
}
