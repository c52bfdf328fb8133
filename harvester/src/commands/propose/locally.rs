//! `propose`, where proposals are branches of a repository on this machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use docgen::page::draft::Draft;
use docgen::pull_request::answer::PullRequestText;
use indexer::store::{Store, StoreError};
use rules::model::cluster::Cluster;
use rules::model::ids::ClusterId;
use tokio::time::{Instant, sleep};

use crate::clock;
use crate::commands::{GlobalArgs, LoadedSettings};
use crate::pipeline::PROPOSALS;
use crate::proposals::due_pages::AWAITING_DECISION;
use crate::proposals::guides::PlannedGuide;
use crate::proposals::reconciler::LOCAL_LEASE_LENGTH;
use crate::proposals::{
    ConsideredPage, PageOutcome, ProposalReconciler, ProposingError, RoundItem, RoundOutcome,
    RoundReport,
};

/// How soon it is looked again whether the other process is done.
const BETWEEN_TRIES: Duration = Duration::from_millis(100);
/// A process that ended without a word holds the lease for a while; a living one may need more than that.
const PATIENCE: Duration = LOCAL_LEASE_LENGTH.unsigned_abs().saturating_mul(4);

/// The outcome of proposing.
pub(in crate::commands) struct ProposeSummary {
    pub(in crate::commands) proposed: Vec<ProposedPage>,
    pub(in crate::commands) refused: Vec<(Cluster, String)>,
    /// What became of the guides that the rules propose.
    pub(in crate::commands) guides: Vec<RoundItem>,
}

/// A page that stands on a branch.
pub(in crate::commands) struct ProposedPage {
    pub(in crate::commands) cluster: Cluster,
    pub(in crate::commands) draft: Draft,
    pub(in crate::commands) proposal: PullRequestText,
    pub(in crate::commands) outcome: PageOutcome,
}

/// Proposes every page that is due.
pub(in crate::commands) async fn propose(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    store: &Store,
) -> anyhow::Result<ProposeSummary> {
    let proposer = proposer(options, settings, store).await?;
    let due = due(store).await?;
    let RoundReport { mut considered, guides, stage, .. } =
        when_free(async || proposer.round().await).await?;
    let mut summary = ProposeSummary { proposed: Vec::new(), refused: Vec::new(), guides };
    for ConsideredPage { cluster, page, outcome } in in_order(due, &mut considered) {
        match (page, outcome) {
            (Ok((draft, proposal)), Some(outcome)) => {
                summary.proposed.push(ProposedPage { cluster, draft, proposal, outcome });
            }
            (Ok(_), None) => summary.refused.push((cluster, format!("not now: {stage}"))),
            (Err(why), _) => summary.refused.push((cluster, why)),
        }
    }
    Ok(summary)
}

/// The pages that are due, and the guides, as they would be proposed. Writes nothing.
pub(super) async fn considered_pages(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    store: &Store,
) -> anyhow::Result<(Vec<ConsideredPage>, Vec<PlannedGuide>)> {
    let proposer = proposer(options, settings, store).await?;
    let (mut considered, guides) = proposer.considered_pages().await?;
    Ok((in_order(due(store).await?, &mut considered), guides))
}

/// Takes what was deleted from the branches.
pub(in crate::commands) async fn follow_deletions(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    store: &Store,
) -> anyhow::Result<()> {
    let proposer = proposer(options, settings, store).await?;
    when_free(async || proposer.follow_deletions().await).await.map(drop)
}

async fn proposer(
    options: &GlobalArgs,
    settings: &LoadedSettings,
    store: &Store,
) -> anyhow::Result<ProposalReconciler> {
    let naming = settings.naming(store).await?;
    let owner = clock::fresh_name().context("cannot read random numbers from the system")?;
    let (rules, proposals) = (Arc::clone(&settings.rules), options.data.join(PROPOSALS));
    let stored = (store.clone(), naming);
    let proposer =
        ProposalReconciler::open_local(&settings.config, &proposals, rules, stored, owner);
    proposer.context(
        "no repository to propose to; set `repository` or `github` in [forge] of the settings file",
    )
}

/// Waits while another process proposes.
async fn when_free(
    run: impl AsyncFn() -> Result<RoundOutcome, ProposingError>,
) -> anyhow::Result<RoundReport> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match run().await? {
            RoundOutcome::Done(report) => return Ok(report),
            RoundOutcome::Busy | RoundOutcome::Deferred(_) if Instant::now() < deadline => {
                sleep(BETWEEN_TRIES).await;
            }
            RoundOutcome::Busy | RoundOutcome::Deferred(_) => {
                bail!("another process is running a proposal round; try again in a minute")
            }
        }
    }
}

/// What is due, the most asked first, by the ids that its proposals bear.
async fn due(store: &Store) -> Result<Vec<ClusterId>, StoreError> {
    let mut due = Vec::new();
    for cluster in store.clusters_in(&AWAITING_DECISION).await? {
        let bearer = store.proposal(&cluster.id).await?;
        due.push(bearer.map_or(cluster.id, |proposal| proposal.cluster));
    }
    Ok(due)
}

/// The pages that are due, and after them those for which something was done nevertheless.
fn in_order(
    due: Vec<ClusterId>,
    considered: &mut BTreeMap<ClusterId, ConsideredPage>,
) -> Vec<ConsideredPage> {
    let mut pages = due.iter().filter_map(|id| considered.remove(id)).collect::<Vec<_>>();
    let others = std::mem::take(considered).into_values();
    pages.extend(others.filter(|page| page.page.is_ok() && page.outcome.is_some()));
    pages
}
