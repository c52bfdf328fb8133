//! Clusters that are due become drafts, drafts become proposals.

use std::collections::BTreeSet;

use docgen::forge::local::LocalForge;
use docgen::forge::{LocalHandsOff, LocalOutcome, LocalPush};
use docgen::page::draft::{Draft, DraftContext, DraftRefusal, build_draft, build_new_draft};
use docgen::page::near_duplicates::near_duplicates;
use docgen::pull_request::answer::PullRequestText;
use docgen::pull_request::limits::{
    HoldReason, ProposalCandidate, ProposalHistory, ProposalLimits, plan_openings,
};
use indexer::store::{Proposal as StoredProposal, ProposalState, Store, StoreError};
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::{MessageId, Millis};
use rules::page_score::PageScore;
use rules::support::over_share;

use super::local_review::{accepted_clusters, snoozed_proposals};
use super::tracked::MaintainerRequests;
use crate::pipeline::PipelineError;

/// The states of a question that has earned a page which people have not decided on.
pub const AWAITING_DECISION: [ClusterState; 3] =
    [ClusterState::Due, ClusterState::Drafted, ClusterState::Proposed];

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
    /// `known` is the proposal of the cluster, if there is one.
    fn of(cluster: Cluster, known: Option<&StoredProposal>, context: &DraftContext<'_>) -> Self {
        let cluster = cluster.into_core();
        let same =
            known.is_none_or(|known| requests(known).is_same_question(&messages_of(&cluster)));
        if !same {
            return Self { cluster, page: Err(DraftRefusal::SourcesGone) };
        }
        // A reviewer who asks for a page has decided that the question gets one.
        let asked_for = known.is_some_and(|known| requests(known).requested);
        let build = if asked_for { build_draft } else { build_new_draft };
        let page = build(&cluster, context).map(|draft| {
            let proposal = PullRequestText::new(&cluster, &draft, context);
            (draft, proposal)
        });
        Self { cluster, page }
    }
}

/// The page score of a cluster's core in percent.
pub(crate) fn percent(core: &Cluster) -> u8 {
    PageScore::of(core).map_or(0, |score| (score.probability * 100.0).round() as u8)
}

/// The questions and answers of a cluster.
pub(crate) fn messages_of(cluster: &Cluster) -> Vec<MessageId> {
    let messages = cluster.occurrences.iter().flat_map(|one| {
        let answers = one.answers.iter().map(|answer| answer.message);
        std::iter::once(one.question.message).chain(answers)
    });
    messages.collect()
}

/// Every cluster that is due or already on its way, with its page; what is over a person's share of the
/// due pages has none. Changes nothing.
pub async fn plan_local(
    store: &Store,
    context: &DraftContext<'_>,
) -> Result<Vec<LocalCandidate>, StoreError> {
    let accepted = accepted_clusters(store).await?;
    let asked_for = accepted.iter().map(|one| one.id.clone()).collect::<BTreeSet<_>>();
    let mut clusters = store.clusters_in(&AWAITING_DECISION).await?;
    clusters.retain(|one| !asked_for.contains(&one.id));
    clusters.extend(accepted);
    let edits = store.page_edits().await?;
    let mut considered = Vec::with_capacity(clusters.len());
    for mut cluster in clusters {
        store.add_named_people(&mut cluster).await?;
        let known = store.proposal(&cluster.id).await?;
        let context = DraftContext { edit: edits.get(&cluster.id), ..*context };
        considered.push(LocalCandidate::of(cluster, known.as_ref(), &context));
    }
    let cores = considered.iter().map(|one| &one.cluster).collect::<Vec<_>>();
    let mut held = over_share(&cores, context.rules.pages.person_share());
    held.retain(|id| !asked_for.contains(id));
    for one in considered.iter_mut().filter(|one| held.contains(&one.cluster.id)) {
        one.page = Err(DraftRefusal::Held(HoldReason::PersonShare.as_str()));
    }
    let mut by_age = considered.iter().filter(|one| one.page.is_ok()).collect::<Vec<_>>();
    by_age.sort_by_key(|one| (one.cluster.due_since, one.cluster.id.clone()));
    let drafts = by_age.iter().filter_map(|one| one.page.as_ref().ok());
    let repeats = near_duplicates(drafts.map(|(draft, _)| draft));
    let repeats = repeats.into_keys().filter(|id| !asked_for.contains(id)).collect::<BTreeSet<_>>();
    for one in considered.iter_mut().filter(|one| repeats.contains(&one.cluster.id)) {
        one.page = Err(DraftRefusal::Held(HoldReason::NearDuplicate.as_str()));
    }
    Ok(considered)
}

/// Holds back what a reviewer snoozed until a later time.
pub async fn hold_snoozed(
    store: &Store,
    considered: &mut [LocalCandidate],
    now: Millis,
) -> Result<(), StoreError> {
    let snoozed = snoozed_proposals(store, now).await?;
    for one in considered.iter_mut().filter(|one| one.page.is_ok() && !snoozed.is_empty()) {
        let bearer = store.proposal(&one.cluster.id).await?;
        if bearer.is_some_and(|row| snoozed.contains(&row.cluster)) {
            one.page = Err(DraftRefusal::Held("a reviewer snoozed it"));
        }
    }
    Ok(())
}

/// Holds pages back for which no branch may open now. `open` is how many may wait for review at once, and
/// so also how many may open in a day. Branches that are open already are still updated.
pub async fn hold_over_limits(
    store: &Store,
    considered: &mut [LocalCandidate],
    open: usize,
    now: Millis,
) -> Result<(), StoreError> {
    let mut history = ProposalHistory::default();
    let mut seen = BTreeSet::new();
    for row in store.proposals().await? {
        // What is only remembered has no branch yet; what a reviewer asked for passes the limits.
        if row.state != ProposalState::Planned {
            history.open += usize::from(row.state == ProposalState::Open);
            history.opened.push(row.opened);
        } else if !requests(&row).requested {
            continue;
        }
        seen.insert(row.cluster);
    }
    let fresh = considered.iter().filter(|one| one.page.is_ok() && !seen.contains(&one.cluster.id));
    let candidates = fresh.map(|one| ProposalCandidate {
        cluster: one.cluster.id.clone(),
        due_since: one.cluster.due_since.unwrap_or(now),
        occurrences: one.cluster.times_resolved(),
        score: percent(&one.cluster),
        fact: false,
        requested: false,
        batch: false,
        held: None,
    });
    let limits = ProposalLimits { open, per_day: open, per_hour: open, batch: 0 };
    let plan = plan_openings(&candidates.collect::<Vec<_>>(), &history, &limits, now);
    for (cluster, why) in plan.waiting {
        for one in considered.iter_mut().filter(|one| one.cluster.id == cluster) {
            one.page = Err(DraftRefusal::Held(why.as_str()));
        }
    }
    Ok(())
}

/// One cluster with its page, due or not. Changes nothing.
pub async fn consider_one(
    store: &Store,
    mut cluster: Cluster,
    context: &DraftContext<'_>,
) -> Result<LocalCandidate, StoreError> {
    store.add_named_people(&mut cluster).await?;
    let known = store.proposal(&cluster.id).await?;
    let edits = store.page_edits().await?;
    let context = DraftContext { edit: edits.get(&cluster.id), ..*context };
    Ok(LocalCandidate::of(cluster, known.as_ref(), &context))
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
    // A branch that this program took back may be made again.
    let is_there = |state| !matches!(state, ProposalState::Withdrawn | ProposalState::Planned);
    let stands = known.as_ref().filter(|known| is_there(known.state));
    let pushed = stands.map(pushed_head);
    let mut requests = known.as_ref().map(requests).unwrap_or_default();
    requests.record_sources(&messages_of(&cluster));
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
            progress: "{}".to_owned(),
            requests: serde_json::to_string(&requests).expect("plain values are JSON"),
            note: None,
        };
        if known.is_none_or(|known| StoredProposal { updated: now, ..known } != kept) {
            store.upsert_proposal(&kept).await?;
        }
    }
    store.set_state(&cluster.id, state).await?;
    Ok(LocalProposal { cluster, proposal, draft, outcome })
}

/// Brings branches up to date that quote deleted messages: a page is written again from what is left, a branch
/// without a page goes, and so do the objects that only it had. Opens nothing.
pub async fn follow_deletions(
    store: &Store,
    forge: &LocalForge,
    context: &DraftContext<'_>,
    now: Millis,
) -> Result<(), PipelineError> {
    let mut considered = plan_local(store, context).await?;
    for mut row in store.proposals().await? {
        // The store empties the title in the transaction in which a message goes.
        if !row.title.is_empty() || row.number.is_some() || row.state != ProposalState::Open {
            continue;
        }
        let at = considered.iter().position(|one| one.cluster.id == row.cluster);
        let page = at.map(|at| considered.swap_remove(at));
        if let Some(LocalCandidate { cluster, page: Ok((draft, proposal)) }) = page {
            propose_local(store, forge, (cluster, draft, proposal), now).await?;
        } else if forge.withdraw(&row.cluster, &row.branch, &pushed_head(&row), now)? {
            row.state = ProposalState::Withdrawn;
            row.updated = now;
            store.upsert_proposal(&row).await?;
            if store.cluster(&row.cluster).await?.is_some() {
                store.set_state(&row.cluster, ClusterState::Watching).await?;
            }
        }
    }
    let packed = forge.drop_superseded()?;
    if packed > 0 {
        tracing::warn!(
            packed,
            "replaced text is left in packs of the docs repository; run `git gc --prune=now` there"
        );
    }
    Ok(())
}

fn pushed_head(row: &StoredProposal) -> LocalPush {
    LocalPush { head: row.head.clone(), digest: row.digest.clone() }
}

/// What is remembered of a proposal; nothing where an older version kept nothing that can be read.
fn requests(row: &StoredProposal) -> MaintainerRequests {
    serde_json::from_str(&row.requests).unwrap_or_default()
}

/// What people did with a branch decides what becomes of its cluster.
fn after_hands_off(why: LocalHandsOff) -> ClusterState {
    match why {
        LocalHandsOff::Merged => ClusterState::Merged,
        LocalHandsOff::Deleted => ClusterState::Rejected,
        LocalHandsOff::HumanCommit | LocalHandsOff::CheckedOut | LocalHandsOff::PathTaken => {
            ClusterState::Proposed
        }
    }
}
