//! Posts the briefing of each day or week to a channel, once.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indexer::store::Store;
use jiff::{SignedDuration, Timestamp};
use rules::config::ruleset::Ruleset;
use rules::model::ids::ChannelId;
use rules::publish::pseudonym::AuthorNaming;
use rules::report::period::{ReportPeriod, ReportSpan};
use serde_json::Value;
use site::reports::ReportSource;
use tokio::sync::watch;

use super::posting::{named_channel, quiet_message};
use crate::clock;
use crate::discord::briefing_message::{briefing_heading, briefing_message};
use crate::discord::catch_up::CatchUpGauge;
use crate::discord::rest::{RequestLane, RestClient, RestMethod};
use crate::logging::error_chain;

/// How often it is checked whether a period has ended.
const LOOK: Duration = Duration::from_secs(5);
/// How long it waits after a failure.
const AGAIN: Duration = Duration::from_secs(10 * 60);
/// Only one process posts at a time.
const LEASE: &str = "briefing";
const LEASE_LENGTH: SignedDuration = SignedDuration::from_mins(5);
/// The setting that names the period posted last.
const POSTED: &str = "briefing/posted";
/// Messages of the channel in which one that was posted and not noted is looked for.
const LOOKED_THROUGH: usize = 100;

pub(super) struct BriefingPoster {
    pub(super) store: Store,
    pub(super) rules: Arc<Ruleset>,
    pub(super) naming: AuthorNaming,
    pub(super) rest: RestClient,
    pub(super) catch_up: CatchUpGauge,
    pub(super) owner: String,
    /// Name or id of the channel.
    pub(super) channel: String,
    pub(super) span: ReportSpan,
    /// The address of the site.
    pub(super) origin: Option<String>,
    pub(super) stopping: watch::Receiver<bool>,
}

impl BriefingPoster {
    /// Posts until the stop. A failure is logged and tried again.
    pub(super) async fn run(mut self) {
        while !*self.stopping.borrow() {
            let wait = match self.post_if_due(clock::now()).await {
                Ok(()) => LOOK,
                Err(error) => {
                    tracing::warn!(error = %error_chain(&*error), "could not post the briefing");
                    AGAIN
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = self.stopping.changed() => {}
            }
        }
    }

    /// Posts the briefing of the latest whole period, unless it was posted or messages are still being read.
    async fn post_if_due(&self, now: Timestamp) -> anyhow::Result<()> {
        let Some(period) = ReportPeriod::latest_whole(self.span, now) else { return Ok(()) };
        let key = format!("{} {}", period.span.as_str(), period.last_day());
        if self.is_posted(&key).await? || !self.has_read_all().await? {
            return Ok(());
        }
        let lease_time = self.store.lease_time().await?;
        let lease = self.store.acquire_lease(LEASE, &self.owner, LEASE_LENGTH, lease_time).await?;
        if lease.is_none() {
            return Ok(());
        }
        let done = self.post_once(&period, &key, now).await;
        self.store.release_lease(LEASE, &self.owner).await?;
        done
    }

    async fn is_posted(&self, key: &str) -> anyhow::Result<bool> {
        Ok(self.store.setting(POSTED).await?.as_deref() == Some(key))
    }

    async fn has_read_all(&self) -> anyhow::Result<bool> {
        let caught_up = self.catch_up.progress().catch_ups_done_total > 0;
        Ok(caught_up && self.store.pending_channels().await?.is_empty())
    }

    /// With the lease: what another process posted, or this one before it ended, is not posted again.
    async fn post_once(
        &self,
        period: &ReportPeriod,
        key: &str,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        if self.is_posted(key).await? {
            return Ok(());
        }
        let channel = named_channel(&self.store, &self.channel, "briefing_in").await?;
        let heading = briefing_heading(&period.first_day(), &period.last_day());
        if !self.is_in_channel(channel, &heading).await? {
            let (store, rules, naming) = (&self.store, &*self.rules, &self.naming);
            let report = ReportSource { store, rules, naming }.briefing(period, now).await?;
            let content = briefing_message(&report, self.origin.as_deref());
            let body = quiet_message(&content, key);
            let path = format!("/channels/{channel}/messages");
            self.rest.send(RestMethod::Post, &path, Some(&body)).await?;
            tracing::info!(channel = channel.0, "posted the briefing of {}", period.last_day());
        }
        Ok(self.store.set(POSTED, key).await?)
    }

    /// Whether the bot's message with this heading is among the newest of the channel.
    async fn is_in_channel(&self, channel: ChannelId, heading: &str) -> anyhow::Result<bool> {
        let us = self.rest.get(RequestLane::Live, "/users/@me").await?;
        let us = us["id"].as_str().context("Discord did not say who the bot is")?;
        let path = format!("/channels/{channel}/messages?limit={LOOKED_THROUGH}");
        let newest = self.rest.get(RequestLane::Live, &path).await?;
        let begins = |message: &Value| {
            let first = message["content"].as_str().and_then(|text| text.lines().next());
            message["author"]["id"] == us && first == Some(heading)
        };
        Ok(newest.as_array().context("Discord returned no messages")?.iter().any(begins))
    }
}
