//! Handles interactions: commands, menus, buttons, and suggestions under questions.
//!
//! Each interaction is parsed leniently, decided purely, and then carried out. Exactly one daemon
//! answers it, it is acknowledged within three seconds, and a repeated delivery is ignored.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use indexer::search::suggest::SuggestionModel;
use indexer::search::{SearchQuery, Searcher};
use indexer::store::{InteractionCounts, Store, Suggestion};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::cluster::Cluster;
use rules::model::ids::{ClusterId, GuildId};
use rules::model::workspace::WorkspaceId;
use rules::publish::presentation::presentable;
use rules::publish::pseudonym::AuthorNaming;
use serde_json::Value;

use crate::discord::interactions::decide::answers::{self, AnswerMatches};
use crate::discord::interactions::decide::suggestions::suggestion_reply;
use crate::discord::interactions::io::discord_api::InteractionApi;
use crate::discord::interactions::payload::command_definitions;
use crate::discord::interactions::payload::interaction::items;
use crate::discord::interactions::text::reply::MOST_CHOICES;
use crate::discord::rest::RestClient;

pub use crate::discord::interactions::decide::marking::MarkRefusal;
pub use crate::discord::interactions::decide::notices::{NUDGED_WITHIN, Nudge, announced, nudge};
pub use crate::discord::interactions::decide::operating::PAUSED;
pub use crate::discord::interactions::decide::suggestions::{OpenQuestion, known_answers, suggest};
pub use crate::discord::interactions::error::InteractionError;
pub use crate::discord::interactions::payload::interaction::{
    ApplicationId, InteractionParseError,
};

/// Answers interactions.
pub struct InteractionHandler {
    pub(in crate::discord::interactions) api: InteractionApi,
    pub(in crate::discord::interactions) store: Store,
    /// The index of each workspace.
    searchers: BTreeMap<WorkspaceId, FollowedSearcher>,
    pub(in crate::discord::interactions) rules: Arc<Ruleset>,
    pub(in crate::discord::interactions) naming: AuthorNaming,
    /// Identifies this process in claims.
    pub(in crate::discord::interactions) owner: String,
    pub(in crate::discord::interactions) application: ApplicationId,
    pub(in crate::discord::interactions) counts: InteractionCounters,
}

/// A searcher and the index cursor at its last reload.
#[derive(Clone)]
struct FollowedSearcher {
    searcher: Searcher,
    seen: Arc<AtomicI64>,
}

/// Counters of this process.
#[derive(Default)]
pub(in crate::discord::interactions) struct InteractionCounters {
    pub(in crate::discord::interactions) answered: AtomicU64,
    pub(in crate::discord::interactions) unreadable: AtomicU64,
    pub(in crate::discord::interactions) failed: AtomicU64,
}

impl InteractionHandler {
    /// `searchers` has one for each of the workspaces of `rules`, in their order.
    pub fn new(
        rest: RestClient,
        store: Store,
        searchers: Vec<Searcher>,
        rules: Arc<Ruleset>,
        naming: AuthorNaming,
        owner: String,
        application: ApplicationId,
    ) -> Self {
        let followed = |searcher| FollowedSearcher { searcher, seen: Arc::default() };
        let ids = rules.workspaces.all().into_iter().map(|(id, _)| id);
        Self {
            api: InteractionApi::new(rest, application),
            store,
            searchers: ids.zip(searchers.into_iter().map(followed)).collect(),
            rules,
            naming,
            owner,
            application,
            counts: InteractionCounters::default(),
        }
    }

    /// Registers the commands in a server, unless it has exactly these. Returns whether it did.
    pub async fn register_commands(&self, guild: GuildId) -> Result<bool, InteractionError> {
        let present = self.api.commands(guild).await?;
        let present = items(&present).cloned().collect::<Vec<_>>();
        if command_definitions::is_registered(&present) {
            return Ok(false);
        }
        self.api.set_commands(guild, &command_definitions::command_definitions().into()).await?;
        Ok(true)
    }

    /// Counts since the start.
    pub fn counts(&self) -> InteractionCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        InteractionCounts {
            interactions_answered_total: read(&self.counts.answered),
            interactions_unreadable_total: read(&self.counts.unreadable),
            interactions_failed_total: read(&self.counts.failed),
        }
    }

    /// Whether suggestions and proposals are paused.
    pub async fn is_paused(&self) -> Result<bool, InteractionError> {
        Ok(self.store.setting(PAUSED).await?.is_some())
    }

    /// Posts one suggestion under a recent question that has a known answer, once per question;
    /// returns whether it did. The caller checks that suggestions are enabled in the channel.
    pub async fn hint(
        &self,
        asked: &OpenQuestion<'_>,
        known: &SuggestionModel,
        now: Timestamp,
    ) -> Result<bool, InteractionError> {
        let Some(fitting) = suggest(asked, known, now) else { return Ok(false) };
        let workspace = self.store.workspace_of(asked.channel, &self.rules.workspaces).await?;
        let cluster = self.cluster_in(&fitting.cluster, workspace).await?;
        let hint = cluster.and_then(|cluster| suggestion_reply(asked, &cluster, &self.naming));
        let Some(hint) = hint else { return Ok(false) };
        let unwanted = self.is_paused().await? || self.store.opt_outs().await?.covers(asked.asker);
        if unwanted {
            return Ok(false);
        }
        let suggestion = Suggestion {
            question: asked.question,
            channel: asked.channel,
            cluster: fitting.cluster,
            confidence: fitting.confidence,
            at: now,
            posted: None,
            helped: None,
        };
        if !self.store.suggest(&suggestion).await? {
            return Ok(false);
        }
        if let Some(posted) = self.api.reply_to(asked.channel, asked.question, &hint).await? {
            self.store.suggestion_posted(asked.question, posted).await?;
        }
        Ok(true)
    }

    /// A cluster as replies show it.
    pub(in crate::discord::interactions) fn presentable(&self, cluster: &Cluster) -> Cluster {
        presentable(cluster, &self.rules.safety, &self.rules.facts)
    }

    /// A cluster of a workspace, as replies show it.
    pub(in crate::discord::interactions) async fn cluster_in(
        &self,
        id: &ClusterId,
        workspace: Option<WorkspaceId>,
    ) -> Result<Option<Cluster>, InteractionError> {
        let Some(workspace) = workspace else { return Ok(None) };
        let found = self.store.cluster(id).await?.into_iter().collect();
        let own = self.store.within(found, &self.rules.workspaces, workspace).await?;
        Ok(own.first().map(|cluster| self.presentable(cluster)))
    }

    pub(in crate::discord::interactions) async fn choices(
        &self,
        text: &str,
        workspace: Option<WorkspaceId>,
    ) -> Result<Value, InteractionError> {
        if text.trim().is_empty() {
            return Ok(Value::Array(Vec::new()));
        }
        let found = self.search(text, MOST_CHOICES, workspace).await?;
        Ok(answers::choices(&found.clusters, &self.naming))
    }

    /// The best matching clusters in their current state.
    pub(in crate::discord::interactions) async fn search(
        &self,
        text: &str,
        limit: usize,
        workspace: Option<WorkspaceId>,
    ) -> Result<AnswerMatches, InteractionError> {
        let query = SearchQuery { text: text.to_owned(), limit, ..SearchQuery::default() };
        self.matches(query, workspace).await
    }

    /// The clusters that are most like a question, best first, however far behind the best one.
    pub(in crate::discord::interactions) async fn similar(
        &self,
        text: &str,
        limit: usize,
        workspace: Option<WorkspaceId>,
    ) -> Result<AnswerMatches, InteractionError> {
        let text = text.to_owned();
        let query = SearchQuery { text, limit, keep_distant: true, ..SearchQuery::default() };
        self.matches(query, workspace).await
    }

    async fn matches(
        &self,
        query: SearchQuery,
        workspace: Option<WorkspaceId>,
    ) -> Result<AnswerMatches, InteractionError> {
        let followed = workspace.and_then(|id| Some((id, self.searchers.get(&id)?.clone())));
        let Some((workspace, FollowedSearcher { searcher, seen })) = followed else {
            return Ok(AnswerMatches { clusters: Vec::new(), nearest_only: false });
        };
        let hits = tokio::task::spawn_blocking(move || {
            catch_up(&searcher, &seen);
            searcher.search(&query)
        });
        let hits = hits.await.map_err(|_| InteractionError::Broken)??;
        let ids = hits.hits.into_iter().map(|hit| hit.cluster).collect::<Vec<_>>();
        let clusters = self.store.clusters_with(&ids).await?;
        let clusters = self.store.within(clusters, &self.rules.workspaces, workspace).await?;
        let clusters = clusters.iter().map(|cluster| self.presentable(cluster)).collect();
        Ok(AnswerMatches { clusters, nearest_only: hits.nearest_only })
    }
}

/// Reloads the searcher after a commit. While the index is being rebuilt, the old one stays in use.
fn catch_up(searcher: &Searcher, seen: &AtomicI64) {
    let Some(committed) = searcher.cursor() else { return };
    if seen.load(Ordering::Relaxed) != committed && searcher.reload().is_ok() {
        seen.store(committed, Ordering::Relaxed);
    }
}
