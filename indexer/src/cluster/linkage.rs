//! Average linkage over sparse links, and the guard that keeps clusters tight.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use rules::similarity::{QaSignature, SimilarityRules, pair_score};

use super::candidates::ScoredPair;

/// So many members of a cluster are compared, spread evenly; a mean of 16 times 16 pairs is sure
/// to a few hundredths.
const MOST_COMPARED: usize = 16;

/// Parts all positions of `signatures` into clusters; members ascend.
pub(crate) fn clusters(
    signatures: &[&QaSignature],
    links: &[ScoredPair],
    rules: &SimilarityRules,
) -> Vec<Vec<usize>> {
    let mut linkage = Linkage::new(signatures, links, rules);
    while linkage.join_nearest() {}
    let mut parts = Vec::new();
    for cluster in linkage.clusters.into_iter().flatten() {
        evict_outliers(cluster.members, signatures, rules, &mut parts);
    }
    parts
}

struct Linkage<'a> {
    signatures: &'a [&'a QaSignature],
    rules: &'a SimilarityRules,
    /// By number; a joined cluster leaves its place empty and gets the next number.
    clusters: Vec<Option<LinkageCluster>>,
    pairs: BinaryHeap<JoinCandidate>,
}

struct LinkageCluster {
    members: Vec<usize>,
    /// The sum of scores between its members and those of each linked cluster.
    near: BTreeMap<usize, f32>,
}

/// Two clusters that may be joined. A pair is stale once one of them is gone.
#[derive(Debug, PartialEq)]
struct JoinCandidate {
    mean: f32,
    numbers: (usize, usize),
}

impl Eq for JoinCandidate {}

impl Ord for JoinCandidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.mean.total_cmp(&other.mean).then_with(|| other.numbers.cmp(&self.numbers))
    }
}

impl PartialOrd for JoinCandidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Linkage<'a> {
    fn new(
        signatures: &'a [&'a QaSignature],
        links: &[ScoredPair],
        rules: &'a SimilarityRules,
    ) -> Self {
        let alone = |member| Some(LinkageCluster { members: vec![member], near: BTreeMap::new() });
        let mut clusters = (0..signatures.len()).map(alone).collect::<Vec<_>>();
        let mut pairs = BinaryHeap::new();
        for ScoredPair { later, earlier, score } in links {
            for (one, other) in [(later, earlier), (earlier, later)] {
                let cluster = clusters[*one].as_mut().expect("every cluster of one is there");
                cluster.near.insert(*other, *score);
            }
            if *score >= rules.threshold(1) {
                pairs.push(JoinCandidate { mean: *score, numbers: (*earlier, *later) });
            }
        }
        Self { signatures, rules, clusters, pairs }
    }

    /// Joins the two clusters with the highest mean score; false if none reaches the threshold.
    fn join_nearest(&mut self) -> bool {
        while let Some(JoinCandidate { numbers: (a, b), .. }) = self.pairs.pop() {
            if self.clusters[a].is_some() && self.clusters[b].is_some() {
                self.join(a, b);
                return true;
            }
        }
        false
    }

    fn join(&mut self, a: usize, b: usize) {
        let (one, other) = (self.take(a), self.take(b));
        let number = self.clusters.len();
        let mut near = BTreeMap::new();
        for neighbour in one.near.keys().chain(other.near.keys()) {
            if *neighbour == a || *neighbour == b || near.contains_key(neighbour) {
                continue;
            }
            let members =
                &self.clusters[*neighbour].as_ref().expect("neighbours are kept up").members;
            let sum = |of: &LinkageCluster| match of.near.get(neighbour) {
                Some(sum) => *sum,
                None => self.sum(&of.members, members),
            };
            near.insert(*neighbour, sum(&one) + sum(&other));
        }
        let mut members = [one.members, other.members].concat();
        members.sort_unstable();
        for (neighbour, sum) in &near {
            let cluster = self.clusters[*neighbour].as_mut().expect("neighbours are kept up");
            cluster.near.remove(&a);
            cluster.near.remove(&b);
            cluster.near.insert(number, *sum);
            let pairs = members.len() * cluster.members.len();
            let mean = sum / pairs as f32;
            if mean >= self.rules.threshold(pairs) {
                self.pairs.push(JoinCandidate { mean, numbers: (*neighbour, number) });
            }
        }
        self.clusters.push(Some(LinkageCluster { members, near }));
    }

    fn take(&mut self, number: usize) -> LinkageCluster {
        self.clusters[number].take().expect("a pair is joined only while both are there")
    }

    /// The sum of scores between two lists, estimated from a spread where they are long.
    fn sum(&self, one: &[usize], other: &[usize]) -> f32 {
        let (left, right) = (spread(one), spread(other));
        let mut sum = 0.0;
        for a in &left {
            for b in &right {
                sum += pair_score(self.signatures[*a], self.signatures[*b], self.rules);
            }
        }
        sum * (one.len() * other.len()) as f32 / (left.len() * right.len()) as f32
    }
}

/// At most [`MOST_COMPARED`] of `members`, evenly spread, the first among them.
fn spread(members: &[usize]) -> Vec<usize> {
    let step = members.len().div_ceil(MOST_COMPARED).max(1);
    members.iter().copied().step_by(step).collect()
}

/// Puts out the member with the lowest mean score to the others, until all reach the cohesion that
/// the rules ask for. What is put out stays alone.
fn evict_outliers(
    mut members: Vec<usize>,
    signatures: &[&QaSignature],
    rules: &SimilarityRules,
    parts: &mut Vec<Vec<usize>>,
) {
    while members.len() > 2 {
        let others = spread(&members);
        let mean = |member: usize| {
            let compared = others.iter().filter(|other| **other != member).collect::<Vec<_>>();
            let sum = compared
                .iter()
                .map(|other| pair_score(signatures[member], signatures[**other], rules));
            sum.sum::<f32>() / compared.len().max(1) as f32
        };
        let means = members.iter().map(|member| mean(*member)).enumerate();
        let lowest = means.min_by(|a, b| a.1.total_cmp(&b.1)).expect("more than two members");
        if lowest.1 >= rules.cohesion() {
            break;
        }
        parts.push(vec![members.remove(lowest.0)]);
    }
    parts.push(members);
}
