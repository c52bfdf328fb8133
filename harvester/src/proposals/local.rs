//! Clusters that are due become drafts, drafts become proposals.

use docgen::forge::local::LocalForge;
use docgen::forge::{LocalHandsOff, LocalOutcome, LocalPush};
use docgen::page::draft::{Draft, DraftContext, DraftRefusal, build_new_draft};
use docgen::pull_request::answer::PullRequestText;
use indexer::cluster::recluster::{ClusterSimilarity, corpus_stats};
use indexer::store::{Proposal as StoredProposal, ProposalState, Store, StoreError};
use rules::config::ruleset::Ruleset;
use rules::due::due;
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::Millis;
use rules::similarity::CorpusStats;

use crate::pipeline::PipelineError;

/// The occurrences of a cluster that a page stands on, with the page it would get, or why it gets none.
pub struct LocalCandidate {
    pub cluster: Cluster,
    pub page: Result<(Draft, PullRequestText), DraftRefusal>,
}

/// A page that went to the forge.
pub struct LocalProposal {
    pub cluster: Cluster,
    pub proposal: PullRequestText,
    pub draft: Draft,
    pub outcome: LocalOutcome,
}

impl LocalCandidate {
    fn of(cluster: Cluster, epoch: &CorpusStats, context: &DraftContext<'_>) -> Self {
        let cluster = core_cluster(cluster, epoch, context.rules);
        let page = build_new_draft(&cluster, context).map(|draft| {
            let proposal = PullRequestText::new(&cluster, &draft, context);
            (draft, proposal)
        });
        Self { cluster, page }
    }
}

/// A cluster without the occurrences that are not surely the same question: a page stands on the rest.
pub fn core_cluster(mut cluster: Cluster, epoch: &CorpusStats, rules: &Ruleset) -> Cluster {
    let kin = ClusterSimilarity::of(&cluster, epoch, &rules.same);
    let core = due(&cluster, &rules.pages, &kin).core;
    let mut at = 0..;
    cluster.occurrences.retain(|_| at.next().is_some_and(|at| core.contains(&at)));
    cluster
}

/// Every cluster that is due or already on its way, with its page. Changes nothing.
pub async fn plan_local(
    store: &Store,
    context: &DraftContext<'_>,
) -> Result<Vec<LocalCandidate>, StoreError> {
    let states = [ClusterState::Due, ClusterState::Drafted, ClusterState::Proposed];
    let clusters = store.clusters_in(&states).await?;
    let epoch = corpus_stats(store, &context.rules.same).await?;
    Ok(clusters.into_iter().map(|cluster| LocalCandidate::of(cluster, &epoch, context)).collect())
}

/// One cluster with its page, due or not. Changes nothing.
pub async fn consider_one(
    store: &Store,
    cluster: Cluster,
    context: &DraftContext<'_>,
) -> Result<LocalCandidate, StoreError> {
    let epoch = corpus_stats(store, &context.rules.same).await?;
    Ok(LocalCandidate::of(cluster, &epoch, context))
}

/// Brings a page to the forge and remembers what stands there. Doing it again with nothing new does
/// nothing. The index follows with the next catching up. `now` is the commit's time.
pub async fn propose_local(
    store: &Store,
    forge: &LocalForge,
    (cluster, draft, proposal): (Cluster, Draft, PullRequestText),
    now: Millis,
) -> Result<LocalProposal, PipelineError> {
    let known = store.proposal(&cluster.id).await?;
    let pushed = known
        .as_ref()
        .map(|known| LocalPush { head: known.head.clone(), digest: known.digest.clone() });
    let outcome = forge.propose(&proposal, &draft, pushed.as_ref(), now)?;
    let (state, stands) = match &outcome {
        LocalOutcome::Opened(stands)
        | LocalOutcome::Updated(stands)
        | LocalOutcome::UpToDate(stands) => {
            (ClusterState::Proposed, Some((ProposalState::Open, stands.clone())))
        }
        LocalOutcome::HandsOff(why) => {
            let stands = pushed.map(|pushed| (ProposalState::HandsOff, pushed));
            (after_hands_off(*why), stands)
        }
    };
    if let Some((state, LocalPush { head, digest })) = stands {
        let kept = StoredProposal {
            cluster: cluster.id.clone(),
            branch: proposal.branch.clone(),
            head,
            digest,
            title: proposal.title.clone(),
            path: draft.path().to_owned(),
            state,
            opened: known.as_ref().map_or(now, |known| known.opened),
            updated: now,
            purpose: "answer".to_owned(),
            number: None,
            ledger: "{}".to_owned(),
            wishes: "{}".to_owned(),
            note: None,
        };
        if known.is_none_or(|known| StoredProposal { updated: now, ..known } != kept) {
            store.upsert_proposal(&kept).await?;
        }
    }
    store.set_state(&cluster.id, state).await?;
    Ok(LocalProposal { cluster, proposal, draft, outcome })
}

/// What people did with a branch decides what becomes of its cluster.
fn after_hands_off(why: LocalHandsOff) -> ClusterState {
    match why {
        LocalHandsOff::Merged => ClusterState::Known,
        LocalHandsOff::Deleted => ClusterState::Rejected,
        LocalHandsOff::HumanCommit | LocalHandsOff::CheckedOut | LocalHandsOff::PathTaken => {
            ClusterState::Proposed
        }
    }
}
