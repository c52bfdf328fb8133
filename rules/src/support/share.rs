//! How many of all due pages one person may stand behind.

use std::collections::{BTreeMap, BTreeSet};

use super::is_trusted;
use crate::model::cluster::{Cluster, ClusterState};
use crate::model::ids::{ClusterId, UserId};

/// The most pages of one person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShareRules {
    /// Of all due pages, 0 to below 1.
    pub share: f32,
    /// So many are fine whatever the share: a small community has few pages.
    pub pages: usize,
}

/// The due pages that must wait because one person already stands behind as many as allowed.
///
/// A page is a person's if they asked or answered at least half of its occurrences and no trusted
/// person answered there. `clusters` are those that are due or on their way; pages that people have
/// seen count but never wait. The earliest due go first. The share is of the others' pages, so that a
/// flood of one person's pages does not raise its own limit.
pub fn over_share(clusters: &[&Cluster], rules: ShareRules) -> BTreeSet<ClusterId> {
    let mut owned = BTreeMap::<UserId, Vec<&Cluster>>::new();
    for cluster in clusters {
        for person in owners(cluster) {
            owned.entry(person).or_default().push(cluster);
        }
    }
    let mut waiting = BTreeSet::new();
    for mut pages in owned.into_values() {
        let others = clusters.len() - pages.len();
        let allowed = (rules.share / (1.0 - rules.share) * others as f32) as usize;
        let waits = |one: &Cluster| matches!(one.state, ClusterState::Due | ClusterState::Drafted);
        pages.sort_by_key(|one| (waits(one), one.due_since, one.id.clone()));
        let over = pages.into_iter().skip(allowed.max(rules.pages)).filter(|one| waits(one));
        waiting.extend(over.map(|one| one.id.clone()));
    }
    waiting
}

/// The people who asked or answered at least half of a page's occurrences.
fn owners(cluster: &Cluster) -> Vec<UserId> {
    if cluster.occurrences.iter().any(is_trusted) {
        return Vec::new();
    }
    let mut taking_part = BTreeMap::<UserId, usize>::new();
    for one in &cluster.occurrences {
        for person in BTreeSet::from([one.question.author, one.best_answer().author]) {
            *taking_part.entry(person).or_default() += 1;
        }
    }
    let half = cluster.occurrences.len().div_ceil(2);
    taking_part.into_iter().filter(|(_, count)| *count >= half).map(|(person, _)| person).collect()
}
