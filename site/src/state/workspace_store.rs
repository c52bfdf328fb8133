//! The store as one workspace sees it: what belongs to another is not there.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexer::cluster::texts::corpus_stats;
use indexer::store::{
    AnswerChange, AuditRow, ChannelProgress, DemandKind, DemandRow, FeedbackCounts,
    FeedbackVerdict, IndexChange, ProposalState, Result, ReviewDecision, ReviewDecisionRow,
    SearchOutcome, Store, StoreCounts, StoredChannel, StoredExchange,
};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::{ChannelId, ClusterId, GuildId, MessageId, UserId};
use rules::model::page_edit::PageEdit;
use rules::model::workspace::{ChannelPlace, WorkspaceId};
use rules::similarity::{CorpusStats, QaMeaning};

use crate::pages::version_validity::AnswerChecks;

/// Clusters that are read at once.
const BATCH: usize = 200;

/// A channel that is in scope, and neither hidden nor gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenChannel {
    pub(crate) name: String,
    pub(crate) server: GuildId,
}

pub(crate) type OpenChannels = Arc<BTreeMap<ChannelId, OpenChannel>>;

/// The only way from a handler to the store.
pub(crate) struct WorkspaceStore {
    store: Store,
    rules: Arc<Ruleset>,
    workspace: WorkspaceId,
    name: String,
}

impl WorkspaceStore {
    pub(super) fn new(
        store: Store,
        rules: Arc<Ruleset>,
        (workspace, name): (WorkspaceId, &str),
    ) -> Self {
        Self { store, rules, workspace, name: name.to_owned() }
    }

    /// The newest change of the whole store, by which a reader finds out that it is behind. Not for visitors.
    pub(crate) async fn newest_change(&self) -> Result<i64> {
        self.store.newest_change().await
    }

    /// The ids of all clusters, also of other workspaces, to read them. Not for visitors.
    pub(super) async fn cluster_ids(&self) -> Result<Vec<ClusterId>> {
        self.store.cluster_ids().await
    }

    /// Changes of the whole store, to read what changed. Not for visitors.
    pub(super) async fn changes_after(&self, seq: i64, limit: u32) -> Result<Vec<IndexChange>> {
        self.store.changes_after(seq, limit).await
    }

    /// The changes of this workspace among the next `limit` of all, and the place after these; `None` where
    /// there are none.
    pub(crate) async fn answer_changes_after(
        &self,
        seq: i64,
        limit: u32,
    ) -> Result<Option<(Vec<AnswerChange>, i64)>> {
        let mut changes = self.store.answer_changes_after(seq, limit).await?;
        let Some(last) = changes.last().map(|change| change.seq) else { return Ok(None) };
        let workspaces = &self.rules.workspaces;
        if workspaces.is_divided() {
            let home = |change: &AnswerChange| workspaces.of_all(change.places.iter().copied());
            changes.retain(|change| home(change) == Some(self.workspace));
        }
        Ok(Some((changes, last)))
    }

    /// The clusters with exactly these ids, in their order; others are left out.
    pub(crate) async fn clusters_with(&self, ids: &[ClusterId]) -> Result<Vec<Cluster>> {
        let clusters = self.store.clusters_with(ids).await?;
        self.store.within(clusters, &self.rules.workspaces, self.workspace).await
    }

    /// A cluster by its id, or by one that leads to it.
    pub(crate) async fn cluster(&self, id: &ClusterId) -> Result<Option<Cluster>> {
        let found = self.store.cluster(id).await?.into_iter().collect();
        Ok(self.store.within(found, &self.rules.workspaces, self.workspace).await?.pop())
    }

    /// The clusters whose answers were merged last, newest first, at most `limit`.
    pub(crate) async fn merged_answer_clusters(&self, limit: u32) -> Result<Vec<ClusterId>> {
        if !self.rules.workspaces.is_divided() {
            return self.store.merged_answer_clusters(limit).await;
        }
        let all = self.store.merged_answer_clusters(u32::MAX).await?;
        let mut own = Vec::new();
        for ids in all.chunks(BATCH) {
            own.extend(self.clusters_with(ids).await?.into_iter().map(|cluster| cluster.id));
            if own.len() >= limit as usize {
                break;
            }
        }
        own.truncate(limit as usize);
        Ok(own)
    }

    /// The channels of this workspace.
    pub(crate) async fn channels(&self) -> Result<Vec<StoredChannel>> {
        let mut channels = self.store.channels().await?;
        channels.retain(|one| {
            let channel = &one.channel;
            let parent = channel.parent.filter(|_| channel.kind.is_thread());
            let place = ChannelPlace { server: channel.guild, channel: channel.id, parent };
            self.rules.workspaces.of(place) == Some(self.workspace)
        });
        Ok(channels)
    }

    /// The names of servers, also of other workspaces: to name those that are shown.
    pub(crate) async fn server_names(&self) -> Result<BTreeMap<GuildId, String>> {
        self.store.server_names().await
    }

    /// How far the channels of this workspace are read.
    pub(crate) async fn channel_progress(
        &self,
        channels: &OpenChannels,
    ) -> Result<Vec<ChannelProgress>> {
        let mut progress = self.store.channel_progress().await?;
        if self.rules.workspaces.is_divided() {
            progress.retain(|one| channels.contains_key(&one.channel));
        }
        Ok(progress)
    }

    /// The open questions in these channels, which are those of this workspace, by id.
    pub(crate) async fn unanswered_since(
        &self,
        from: MessageId,
        channels: &OpenChannels,
    ) -> Result<Vec<StoredExchange>> {
        let mut open = self.store.unanswered_since(from).await?;
        open.retain(|one| channels.contains_key(&one.channel));
        Ok(open)
    }

    /// The whole store; `None` where this workspace is only a part of it.
    pub(crate) fn whole(&self) -> Option<&Store> {
        (!self.rules.workspaces.is_divided()).then_some(&self.store)
    }

    /// Counts of everything that is stored; `None` where this workspace is only a part of that.
    pub(crate) async fn counts(&self) -> Result<Option<StoreCounts>> {
        match self.rules.workspaces.is_divided() {
            true => Ok(None),
            false => self.store.counts().await.map(Some),
        }
    }

    /// Whether feedback and searches can be counted.
    pub(crate) fn is_writable(&self) -> bool {
        self.store.is_writable()
    }

    /// What is known beside the answer of this cluster that tells whether it still holds.
    pub(crate) async fn answer_checks(&self, cluster: &Cluster) -> Result<AnswerChecks> {
        Ok(AnswerChecks {
            releases: self.store.releases().await?,
            closed_issues: self.store.closed_issues().await?,
            checked: self.store.checked_answer(&cluster.id).await?,
        })
    }

    /// What readers said of a cluster of this workspace.
    pub(crate) async fn feedback(&self, cluster: &Cluster) -> Result<FeedbackCounts> {
        self.store.feedback(&cluster.id).await
    }

    /// Counts what a reader says of a cluster of this workspace.
    pub(crate) async fn add_feedback(
        &self,
        cluster: &Cluster,
        verdict: FeedbackVerdict,
        now: Timestamp,
    ) -> Result<()> {
        self.store.add_feedback(&cluster.id, verdict, now).await
    }

    /// Ties a question of this workspace to another one of it, and enters that in the audit log.
    pub(crate) async fn mark_same(
        &self,
        question: MessageId,
        with: MessageId,
        by: &str,
        now: Timestamp,
    ) -> Result<()> {
        self.store.mark_duplicate(question, with, UserId(0), now).await?;
        self.audit("same-question", format!("{question} {with} {by}"), now).await
    }

    /// Takes such a tie back; false if there is none.
    pub(crate) async fn unmark_same(
        &self,
        question: MessageId,
        by: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let done = self.store.unmark_duplicate(question, UserId(0), now).await?;
        if done {
            self.audit("undo-same-question", format!("{question} {by}"), now).await?;
        }
        Ok(done)
    }

    /// The questions that reviewers decide about, the earliest deadline first, then the most frequent.
    pub(crate) async fn review_clusters(&self) -> Result<Vec<Cluster>> {
        let states = [
            ClusterState::Candidate,
            ClusterState::Due,
            ClusterState::Drafted,
            ClusterState::Proposed,
        ];
        let found = self.store.clusters_in(&states).await?;
        let mut own = self.store.within(found, &self.rules.workspaces, self.workspace).await?;
        own.sort_by_key(|cluster| {
            let is_candidate = cluster.state == ClusterState::Candidate;
            (is_candidate, cluster.due_since.filter(|_| !is_candidate))
        });
        Ok(own)
    }

    /// The state of the proposal of a cluster of this workspace.
    pub(crate) async fn proposal_state(&self, cluster: &Cluster) -> Result<Option<ProposalState>> {
        Ok(self.store.proposal(&cluster.id).await?.map(|proposal| proposal.state))
    }

    /// The word statistics by which the questions of a cluster are compared.
    pub(crate) async fn corpus_stats(&self) -> Result<Arc<CorpusStats>> {
        corpus_stats(&self.store, &self.rules.same).await
    }

    /// What the questions of a cluster of this workspace mean, as far as it is known.
    pub(crate) async fn meanings_of(
        &self,
        cluster: &Cluster,
    ) -> Result<BTreeMap<MessageId, QaMeaning>> {
        self.store.meanings_of(cluster).await
    }

    /// The words that reviewers chose for pages.
    pub(crate) async fn page_edits(&self) -> Result<BTreeMap<ClusterId, PageEdit>> {
        self.store.page_edits().await
    }

    /// The latest decisions about clusters of this workspace, the last first, with the states of their
    /// proposals; of the latest `limit` of all workspaces.
    pub(crate) async fn review_decisions(
        &self,
        limit: u32,
    ) -> Result<Vec<(ReviewDecisionRow, Cluster, Option<ProposalState>)>> {
        let mut own = Vec::new();
        for row in self.store.review_decisions(limit).await? {
            let Some(cluster) = self.cluster(&row.cluster).await? else { continue };
            let state = self.proposal_state(&cluster).await?;
            own.push((row, cluster, state));
        }
        Ok(own)
    }

    /// Writes down what a reviewer decided about a cluster of this workspace.
    pub(crate) async fn record_review(
        &self,
        cluster: &Cluster,
        decision: &ReviewDecision,
        by: &str,
        now: Timestamp,
    ) -> Result<i64> {
        self.store.record_review(cluster, decision, by, now).await
    }

    /// A decision about a cluster of this workspace, with the state of its proposal.
    pub(crate) async fn review_decision(
        &self,
        seq: i64,
    ) -> Result<Option<(ReviewDecisionRow, Option<ProposalState>)>> {
        let Some(row) = self.store.review_decision(seq).await? else { return Ok(None) };
        let Some(cluster) = self.cluster(&row.cluster).await? else { return Ok(None) };
        let state = self.proposal_state(&cluster).await?;
        Ok(Some((row, state)))
    }

    /// Takes a decision of this workspace back; false if somebody else did.
    pub(crate) async fn undo_review(
        &self,
        row: &ReviewDecisionRow,
        by: &str,
        now: Timestamp,
    ) -> Result<bool> {
        self.store.undo_review(row, by, now).await
    }

    async fn audit(&self, what: &str, target: String, at: Timestamp) -> Result<()> {
        let (what, by, undoes) = (what.to_owned(), UserId(0), None);
        self.store.audit(&AuditRow { seq: 0, at, by, what, target, undoes }).await?;
        Ok(())
    }

    pub(super) async fn record_search(
        &self,
        searched: (DemandKind, &str, &str),
        outcome: SearchOutcome,
        now: Timestamp,
    ) -> Result<()> {
        self.store.record_search(&self.name, searched, outcome, now).await
    }

    pub(super) async fn record_opened(&self, key: &str) -> Result<()> {
        self.store.record_opened(&self.name, key).await
    }

    /// What visitors of this workspace look for and do not find.
    pub(crate) async fn search_demand(&self, limit: u32) -> Result<Vec<DemandRow>> {
        self.store.search_demand(&self.name, limit).await
    }
}
