//! The pages of the clusters that are due, as commands show them.

use docgen::page::draft::{Draft, DraftContext, DraftRefusal, build_new_draft};
use docgen::page::near_duplicates::near_duplicates;
use docgen::pull_request::answer::PullRequestText;
use docgen::pull_request::limits::HoldReason;
use indexer::store::{Proposal as StoredProposal, Store, StoreError};
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::MessageId;
use rules::page_score::PageScore;
use rules::support::over_share;

use super::tracked::MaintainerRequests;

/// The states of a question that has earned a page which people have not decided on.
pub(crate) const AWAITING_DECISION: [ClusterState; 3] =
    [ClusterState::Due, ClusterState::Drafted, ClusterState::Proposed];

/// The occurrences of a cluster that a page stands on, with the page it would get, or why it gets none.
pub(crate) struct DuePage {
    pub(crate) cluster: Cluster,
    pub(crate) page: Result<(Draft, PullRequestText), DraftRefusal>,
}

impl DuePage {
    /// `known` is the proposal of the cluster, if there is one.
    fn of(cluster: Cluster, known: Option<&StoredProposal>, context: &DraftContext<'_>) -> Self {
        let cluster = cluster.into_core();
        let same =
            known.is_none_or(|known| requests(known).is_same_question(&messages_of(&cluster)));
        if !same {
            return Self { cluster, page: Err(DraftRefusal::SourcesGone) };
        }
        let page = build_new_draft(&cluster, context).map(|draft| {
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
pub(crate) async fn plan_due_pages(
    store: &Store,
    context: &DraftContext<'_>,
) -> Result<Vec<DuePage>, StoreError> {
    let clusters = store.clusters_in(&AWAITING_DECISION).await?;
    let edits = store.page_edits().await?;
    let mut considered = Vec::with_capacity(clusters.len());
    for mut cluster in clusters {
        store.add_named_people(&mut cluster).await?;
        let known = store.proposal(&cluster.id).await?;
        let context = DraftContext { edit: edits.get(&cluster.id), ..*context };
        considered.push(DuePage::of(cluster, known.as_ref(), &context));
    }
    let cores = considered.iter().map(|one| &one.cluster).collect::<Vec<_>>();
    let held = over_share(&cores, context.rules.pages.person_share());
    for one in considered.iter_mut().filter(|one| held.contains(&one.cluster.id)) {
        one.page = Err(DraftRefusal::Held(HoldReason::PersonShare.as_str()));
    }
    let mut by_age = considered.iter().filter(|one| one.page.is_ok()).collect::<Vec<_>>();
    by_age.sort_by_key(|one| (one.cluster.due_since, one.cluster.id.clone()));
    let drafts = by_age.iter().filter_map(|one| one.page.as_ref().ok());
    let repeats = near_duplicates(drafts.map(|(draft, _)| draft));
    for one in considered.iter_mut().filter(|one| repeats.contains_key(&one.cluster.id)) {
        one.page = Err(DraftRefusal::Held(HoldReason::NearDuplicate.as_str()));
    }
    Ok(considered)
}

/// One cluster with its page, due or not. Changes nothing.
pub(crate) async fn consider_page(
    store: &Store,
    mut cluster: Cluster,
    context: &DraftContext<'_>,
) -> Result<DuePage, StoreError> {
    store.add_named_people(&mut cluster).await?;
    let known = store.proposal(&cluster.id).await?;
    let edits = store.page_edits().await?;
    let context = DraftContext { edit: edits.get(&cluster.id), ..*context };
    Ok(DuePage::of(cluster, known.as_ref(), &context))
}

/// What is remembered of a proposal; nothing where an older version kept nothing that can be read.
fn requests(row: &StoredProposal) -> MaintainerRequests {
    serde_json::from_str(&row.requests).unwrap_or_default()
}
