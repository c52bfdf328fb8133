//! Clusters that are due become drafts, drafts become proposals.

use docgen::draft::{Context, Draft, Refusal, draft};
use docgen::forge::local::LocalForge;
use docgen::forge::{Outcome, Pushed, Why};
use docgen::proposal::Proposal;
use indexer::settle::{Kin, epoch};
use indexer::store::{Proposal as StoredProposal, ProposalState, Store, StoreError};
use rules::cluster::{Cluster, ClusterState};
use rules::due::due;
use rules::ids::Millis;
use rules::ruleset::Ruleset;
use rules::same::Epoch;

use super::PipelineError;

/// The occurrences of a cluster that a page stands on, with the page it would get, or why it gets none.
pub struct Considered {
    pub cluster: Cluster,
    pub page: Result<(Draft, Proposal), Refusal>,
}

/// A page that went to the forge.
pub struct Proposed {
    pub cluster: Cluster,
    pub proposal: Proposal,
    pub draft: Draft,
    pub outcome: Outcome,
}

impl Considered {
    fn of(cluster: Cluster, epoch: &Epoch, context: &Context<'_>) -> Self {
        let cluster = core(cluster, epoch, context.rules);
        let page = draft(&cluster, context).map(|draft| {
            let proposal = Proposal::new(&cluster, &draft, context);
            (draft, proposal)
        });
        Self { cluster, page }
    }
}

/// A cluster without the occurrences that are not surely the same question: a page stands on the rest.
pub fn core(mut cluster: Cluster, epoch: &Epoch, rules: &Ruleset) -> Cluster {
    let kin = Kin::of(&cluster, epoch, &rules.same);
    let core = due(&cluster, &rules.pages, &kin).core;
    let mut at = 0..;
    cluster.occurrences.retain(|_| at.next().is_some_and(|at| core.contains(&at)));
    cluster
}

/// Every cluster that is due or already on its way, with its page. Changes nothing.
pub async fn consider(store: &Store, context: &Context<'_>) -> Result<Vec<Considered>, StoreError> {
    let states = [ClusterState::Due, ClusterState::Drafted, ClusterState::Proposed];
    let clusters = store.clusters_in(&states).await?;
    let epoch = epoch(store, &context.rules.same).await?;
    Ok(clusters.into_iter().map(|cluster| Considered::of(cluster, &epoch, context)).collect())
}

/// One cluster with its page, due or not. Changes nothing.
pub async fn consider_one(
    store: &Store,
    cluster: Cluster,
    context: &Context<'_>,
) -> Result<Considered, StoreError> {
    let epoch = epoch(store, &context.rules.same).await?;
    Ok(Considered::of(cluster, &epoch, context))
}

/// Brings a page to the forge and remembers what stands there. Doing it again with nothing new does
/// nothing. The index follows with the next catching up. `now` is the commit's time.
pub async fn propose(
    store: &Store,
    forge: &LocalForge,
    (cluster, draft, proposal): (Cluster, Draft, Proposal),
    now: Millis,
) -> Result<Proposed, PipelineError> {
    let known = store.proposal(&cluster.id).await?;
    let pushed = known
        .as_ref()
        .map(|known| Pushed { head: known.head.clone(), digest: known.digest.clone() });
    let outcome = forge.propose(&proposal, &draft, pushed.as_ref(), now)?;
    let (state, stands) = match &outcome {
        Outcome::Opened(stands) | Outcome::Updated(stands) | Outcome::UpToDate(stands) => {
            (ClusterState::Proposed, Some((ProposalState::Open, stands.clone())))
        }
        Outcome::HandsOff(why) => {
            let stands = pushed.map(|pushed| (ProposalState::HandsOff, pushed));
            (after_hands_off(*why), stands)
        }
    };
    if let Some((state, Pushed { head, digest })) = stands {
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
            store.keep_proposal(&kept).await?;
        }
    }
    store.set_state(&cluster.id, state).await?;
    Ok(Proposed { cluster, proposal, draft, outcome })
}

/// What people did with a branch decides what becomes of its cluster.
fn after_hands_off(why: Why) -> ClusterState {
    match why {
        Why::Merged => ClusterState::Known,
        Why::Deleted => ClusterState::Rejected,
        Why::HumanCommit | Why::CheckedOut | Why::PathTaken => ClusterState::Proposed,
    }
}
