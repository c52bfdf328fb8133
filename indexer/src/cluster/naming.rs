//! Which id each group of questions gets.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rules::model::cluster::ClusterState;
use rules::model::ids::{ClusterId, MessageId};

use crate::store::{ClusterOutline, PlacedQuestion};

/// So many ids after each question are looked up, for a question whose own id is taken.
const SPARE_IDS: u64 = 16;

/// What is known of the ids that may be given.
pub(crate) struct KnownClusters {
    /// The clusters that are made again.
    pub(crate) existing: BTreeMap<ClusterId, ClusterOutline>,
    /// Ids on branches and pages.
    pub(crate) published: BTreeMap<ClusterId, Option<ClusterState>>,
    /// Ids of clusters that stay as they are.
    pub(crate) elsewhere: BTreeSet<ClusterId>,
}

impl KnownClusters {
    /// Whether people have seen an id: no other group of questions may get it.
    fn is_seen(&self, id: &ClusterId) -> bool {
        let seen = |one: &ClusterOutline| !one.state.is_undecided();
        self.published.contains_key(id) || self.existing.get(id).is_some_and(seen)
    }
}

/// The ids after questions whose own ids are taken, which groups of them may get instead. `questions` ascend.
pub(crate) fn spare_ids(
    questions: impl Iterator<Item = MessageId>,
    known: &KnownClusters,
) -> BTreeSet<ClusterId> {
    let (mut spares, mut last) = (BTreeSet::new(), None);
    for question in questions {
        let own = ClusterId::of_question(question);
        let is_spare = last.is_some_and(|last| question.0 <= last);
        if is_spare || known.is_seen(&own) || known.elsewhere.contains(&own) {
            spares.extend((1..=SPARE_IDS).map(|step| spare(question, step)));
            last = Some(question.0.saturating_add(SPARE_IDS));
        }
    }
    spares
}

fn spare(question: MessageId, step: u64) -> ClusterId {
    ClusterId::of_question(MessageId(question.0.saturating_add(step)))
}

/// A cluster is named by its earliest question, unless it holds most of a cluster that people have
/// seen: then it keeps that cluster's name. So does one that holds the question which gave its name to
/// a page whose cluster is no more. No two clusters get one name.
pub(crate) fn name(
    groups: &[Vec<usize>],
    placed: &[PlacedQuestion],
    known: &KnownClusters,
) -> Vec<ClusterId> {
    let mut claims = Vec::new();
    for (at, members) in groups.iter().enumerate() {
        let mut shares = BTreeMap::<ClusterId, usize>::new();
        for member in members {
            let PlacedQuestion { question, cluster, .. } = &placed[*member];
            if let Some(id) = cluster.as_ref().filter(|id| known.is_seen(id)) {
                *shares.entry(id.clone()).or_default() += 1;
            }
            let own = ClusterId::of_question(*question);
            if known.published.contains_key(&own) && !known.elsewhere.contains(&own) {
                shares.entry(own).or_default();
            }
        }
        claims.extend(shares.into_iter().map(|(id, share)| (Reverse(share), id, at)));
    }
    claims.sort();
    let mut names = vec![None; groups.len()];
    let mut taken = known.elsewhere.clone();
    for (_, id, at) in claims {
        if names[at].is_none() && taken.insert(id.clone()) {
            names[at] = Some(id);
        }
    }
    for (members, name) in groups.iter().zip(&mut names) {
        name.get_or_insert_with(|| own_name(members, placed, known, &mut taken));
    }
    names.into_iter().map(|name| name.expect("every group was named")).collect()
}

/// The name of the earliest question that names no cluster which people have seen. Where all are taken
/// (its cluster was split, and another part kept the name), the ids after the question serve: no other
/// message has them.
fn own_name(
    members: &[usize],
    placed: &[PlacedQuestion],
    known: &KnownClusters,
    taken: &mut BTreeSet<ClusterId>,
) -> ClusterId {
    let question = |at: usize| placed[at].question;
    let own = members.iter().map(|at| spare(question(*at), 0));
    let spares = (1..).map(|step| spare(question(members[0]), step));
    own.chain(spares)
        .find(|id| !known.is_seen(id) && taken.insert(id.clone()))
        .expect("spare ids do not end")
}
