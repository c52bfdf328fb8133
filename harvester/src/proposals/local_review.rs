//! What reviewers decided on the site, brought to the branches of a local docs repository.

use std::collections::BTreeSet;

use docgen::pull_request::subject::Subject;
use indexer::store::{Proposal, ReviewDecision, ReviewDecisionRow, Store, StoreError};
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::{ClusterId, Millis};

use super::tracked::{MaintainerRequests, TrackedProposal};

/// Follows the decisions since the last time, and takes back what reviewers took back. Doing it again
/// changes nothing.
pub async fn follow_review_decisions(store: &Store, now: Millis) -> Result<(), StoreError> {
    for row in store.waiting_review_decisions().await? {
        if row.undone.is_none() {
            store.begin_review(&row.cluster, &row.decision, row.at).await?;
        }
        remember(store, &row, now).await?;
        store.settle_review(row.seq, row.undone.is_none().then_some(now)).await?;
    }
    Ok(())
}

/// Keeps a decision with the proposal of its question.
async fn remember(store: &Store, row: &ReviewDecisionRow, now: Millis) -> Result<(), StoreError> {
    let known = store.proposal(&row.cluster).await?;
    let mut requests = known.as_ref().map(requests).unwrap_or_default();
    let stands = row.undone.is_none();
    match &row.decision {
        ReviewDecision::Accept => requests.requested = stands,
        ReviewDecision::Snooze { until } => {
            requests.snoozed_until = stands.then_some(*until);
        }
        ReviewDecision::Reject { .. }
        | ReviewDecision::Edit(_)
        | ReviewDecision::Merge { .. }
        | ReviewDecision::Split { .. } => return Ok(()),
    }
    let kept = known.unwrap_or_else(|| planned(&row.cluster, now));
    let requests = serde_json::to_string(&requests).expect("plain values are JSON");
    store.upsert_proposal(&Proposal { requests, updated: now, ..kept }).await
}

/// A proposal of which nothing is there yet.
fn planned(cluster: &ClusterId, now: Millis) -> Proposal {
    let branch = Subject::Answer(cluster.clone()).branch();
    TrackedProposal::new_planned(cluster, branch, now).to_row(now)
}

/// The questions whose page a reviewer asked for, by the ids of their clusters.
pub(super) async fn accepted_clusters(store: &Store) -> Result<Vec<Cluster>, StoreError> {
    let rows = store.proposals().await?;
    let mut clusters = Vec::new();
    for row in rows.iter().filter(|row| requests(row).requested) {
        let cluster = store.cluster(&row.cluster).await?;
        let undecided = |cluster: &Cluster| {
            !matches!(cluster.state, ClusterState::Rejected | ClusterState::Merged)
        };
        clusters.extend(cluster.filter(undecided));
    }
    Ok(clusters)
}

/// The proposals that a reviewer snoozed until a later time.
pub(super) async fn snoozed_proposals(
    store: &Store,
    now: Millis,
) -> Result<BTreeSet<ClusterId>, StoreError> {
    let later = |row: &Proposal| requests(row).snoozed_until.is_some_and(|until| now < until);
    let rows = store.proposals().await?.into_iter().filter(later);
    Ok(rows.map(|row| row.cluster).collect())
}

/// What is remembered of a proposal; nothing where an older version kept nothing that can be read.
fn requests(row: &Proposal) -> MaintainerRequests {
    serde_json::from_str(&row.requests).unwrap_or_default()
}
