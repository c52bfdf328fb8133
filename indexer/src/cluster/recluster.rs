//! Brings the clusters to the fixed point: a function of the set of occurrences, not of their arrival.
//!
//! What changed is followed through the graph of likeness, and only the neighbourhoods that it touches
//! are grouped again.

use std::sync::Arc;

use jiff::Timestamp;
use rules::config::ruleset::Ruleset;

use crate::cluster::planning::{plan_alone, plan_scope};
use crate::cluster::scope::RegroupScope;
use crate::cluster::texts::update_graph;
use crate::store::{RegroupPlan, Result, Store};

/// So many changed texts are grouped in one transaction, with what is around them.
const AT_ONCE: u32 = 256;

/// What settling did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReclusterSummary {
    pub moved: usize,
    pub changed: usize,
}

impl ReclusterSummary {
    fn of(plan: &RegroupPlan) -> Self {
        Self { moved: plan.moved.len(), changed: plan.changed.len() }
    }
}

impl std::ops::AddAssign for ReclusterSummary {
    fn add_assign(&mut self, other: Self) {
        self.moved += other.moved;
        self.changed += other.changed;
    }
}

/// Groups again what changed since the last time, and stores what differs. `now` starts the clock of
/// clusters that become due. Questions that people tied together end in one cluster, whatever their
/// likeness. Unless `forced`, which follows other rules too, does nothing while no occurrence or tie
/// came, changed or went.
pub async fn recluster(
    store: &Store,
    rules: &Arc<Ruleset>,
    now: Timestamp,
    forced: bool,
) -> Result<ReclusterSummary> {
    let (summary, _) = recluster_some(store, rules, now, forced, usize::MAX).await?;
    Ok(summary)
}

/// The same in at most so many batches, and whether all is done. What is left stays as it was grouped
/// before; what is new and left is alone until its turn comes.
pub async fn recluster_some(
    store: &Store,
    rules: &Arc<Ruleset>,
    now: Timestamp,
    forced: bool,
    batches: usize,
) -> Result<(ReclusterSummary, bool)> {
    let mut summary = ReclusterSummary::default();
    if !forced && !store.needs_recluster().await? {
        return Ok((summary, true));
    }
    if !update_graph(store, rules, batches).await? {
        summary += place_alone(store, rules, now).await?;
        return Ok((summary, false));
    }
    for _ in 0..batches {
        let texts = store.stale_texts(AT_ONCE).await?;
        let clusters = store.shrunk_clusters(AT_ONCE).await?;
        if texts.is_empty() && clusters.is_empty() {
            return Ok((summary, true));
        }
        let is_last = texts.len().max(clusters.len()) < AT_ONCE as usize;
        let scope = RegroupScope::around(store, texts, clusters).await?;
        let plan = plan_scope(store, scope, rules, now).await?;
        store.save_regroup(&plan).await?;
        summary += ReclusterSummary::of(&plan);
        if is_last {
            return Ok((summary, true));
        }
    }
    Ok((summary, false))
}

/// Gives new occurrences clusters of their own, so that they can be found.
async fn place_alone(
    store: &Store,
    rules: &Arc<Ruleset>,
    now: Timestamp,
) -> Result<ReclusterSummary> {
    let occurrences = store.unplaced_occurrences(AT_ONCE).await?;
    if occurrences.is_empty() {
        return Ok(ReclusterSummary::default());
    }
    let plan = plan_alone(store, occurrences, rules, now).await?;
    store.save_regroup(&plan).await?;
    Ok(ReclusterSummary::of(&plan))
}
