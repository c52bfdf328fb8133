//! Brings the clusters to the fixed point: a function of the set of occurrences, not of their arrival.
//!
//! What changed is followed through the graph of likeness, and only the neighbourhoods that it touches
//! are grouped again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::due::{PairwiseSimilarity, due};
use rules::model::cluster::{Cluster, ClusterState, Occurrence};
use rules::model::ids::{ClusterId, MessageId};
use rules::model::workspace::WorkspaceId;
use rules::similarity::{
    CorpusStats, QaMeaning, QaSignature, SimilarityRules, answers_agree, pair_score,
};

use crate::cluster::graph::read_signature;
use crate::cluster::grouping::{
    DistinctText, GroupingItem, apply_duplicates, group_region, qa_text,
};
use crate::cluster::naming::{KnownClusters, name, possible_ids};
use crate::cluster::scope::RegroupScope;
use crate::cluster::splitting::apply_splits;
use crate::cluster::texts::{corpus_stats, update_graph};
use crate::cluster::workspace_partition::WorkspacePartition;
use crate::store::{ClusterSummary, OccurrenceRow, RegroupPlan, Result, Store};

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
        let scope = RegroupScope::around(store, texts, clusters).await?;
        let plan = plan_scope(store, scope, rules, now).await?;
        store.save_regroup(&plan).await?;
        summary += ReclusterSummary::of(&plan);
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
    let epoch = corpus_stats(store, &rules.same).await?;
    let weighed = occurrences.iter().map(|one| epoch.signature(&qa_text(&one.occurrence)));
    let signatures = weighed.map(Arc::new).collect::<Vec<_>>();
    let questions = occurrences.iter().map(|one| one.occurrence.question.message).collect();
    let known = known_clusters(store, &BTreeSet::new(), &questions).await?;
    let alone = (0..occurrences.len()).map(|at| vec![at]).collect();
    let plan = plan_regroup(alone, occurrences, &signatures, &known, rules, now);
    store.save_regroup(&plan).await?;
    Ok(ReclusterSummary::of(&plan))
}

/// What is known of the ids of `clusters`, and of those that groups of `questions` may get.
async fn known_clusters(
    store: &Store,
    clusters: &BTreeSet<ClusterId>,
    questions: &BTreeSet<MessageId>,
) -> Result<KnownClusters> {
    let mut ids = possible_ids(questions.iter().copied()).collect::<BTreeSet<_>>();
    ids.extend(clusters.iter().cloned());
    let published = store.published_among(&ids).await?;
    let mut existing = store.summaries_of(&ids).await?;
    let elsewhere = existing.keys().filter(|id| !clusters.contains(id)).cloned();
    let elsewhere = elsewhere.collect::<BTreeSet<_>>();
    existing.retain(|id, _| clusters.contains(id));
    Ok(KnownClusters { existing, published, elsewhere })
}

/// Loads what belongs to a neighbourhood, and groups it.
async fn plan_scope(
    store: &Store,
    scope: RegroupScope,
    rules: &Arc<Ruleset>,
    now: Timestamp,
) -> Result<RegroupPlan> {
    let questions = scope.questions.keys().copied().collect::<BTreeSet<_>>();
    let occurrences = store.occurrences_asked(&questions).await?;
    let mut signatures = HashMap::new();
    let texts = scope.regions.values().flatten().copied().collect();
    for (text, bytes) in store.signatures_of(&texts).await? {
        signatures.insert(text, Arc::new(read_signature(&bytes)?));
    }
    let manual = ManualGrouping {
        ties: store.duplicate_marks_of(&questions).await?,
        apart: store.split_marks_of(&questions).await?,
    };
    let known = known_clusters(store, &scope.clusters, &questions).await?;
    let partition = WorkspacePartition::of(store, &occurrences, &rules.workspaces).await?;
    let rules = Arc::clone(rules);
    let planned = tokio::task::spawn_blocking(move || {
        let neighbourhood = ScopeOccurrences::new(&scope, &occurrences, &signatures, partition);
        let groups = neighbourhood.groups(&manual, &rules);
        let signatures = neighbourhood.signatures;
        let plan = plan_regroup(groups, occurrences, &signatures, &known, &rules, now);
        RegroupPlan { regions: scope.regions, ..plan }
    });
    Ok(planned.await.expect("planning neither panics nor is cancelled"))
}

/// The occurrences of some whole regions.
struct ScopeOccurrences<'s> {
    scope: &'s RegroupScope,
    items: Vec<GroupingItem<'s>>,
    /// By item.
    signatures: Vec<Arc<QaSignature>>,
    /// By workspace: what is asked in one has no part in the groups of another.
    texts: BTreeMap<Option<WorkspaceId>, BTreeMap<MessageId, DistinctText>>,
    partition: WorkspacePartition,
}

impl<'s> ScopeOccurrences<'s> {
    fn new(
        scope: &'s RegroupScope,
        occurrences: &'s [OccurrenceRow],
        weighed: &HashMap<MessageId, Arc<QaSignature>>,
        partition: WorkspacePartition,
    ) -> Self {
        let (mut items, mut signatures) = (Vec::new(), Vec::new());
        let mut texts = BTreeMap::<_, BTreeMap<MessageId, DistinctText>>::new();
        for OccurrenceRow { occurrence, .. } in occurrences {
            let id = occurrence.question.message;
            let first = scope.questions[&id].text;
            let signature = &weighed[&first];
            let new =
                || DistinctText { first, signature: Arc::clone(signature), items: Vec::new() };
            let own = texts.entry(partition.home(items.len())).or_default();
            own.entry(first).or_insert_with(new).items.push(items.len());
            signatures.push(Arc::clone(signature));
            items.push(GroupingItem { id, asked: qa_text(occurrence), meaning: None });
        }
        Self { scope, items, signatures, texts, partition }
    }

    fn groups(&self, manual: &ManualGrouping, rules: &Ruleset) -> Vec<Vec<usize>> {
        let mut groups = Vec::new();
        for region in self.scope.regions.values() {
            for texts in self.texts.values() {
                let members = region.iter().filter_map(|text| texts.get(text));
                let members = members.collect::<Vec<_>>();
                groups.extend(group_region(&members, &self.scope.graph, &rules.same));
            }
        }
        let similarity =
            ClusterSimilarity { signatures: self.signatures.clone(), rules: &rules.same };
        let is_same = |alike| rules.pages.is_same(alike);
        let groups = apply_splits(groups, &self.items, &manual.apart, &similarity, is_same);
        let ties = self.partition.within(&self.items, &manual.ties);
        apply_duplicates(groups, &self.items, &ties)
    }
}

/// How the occurrences of a cluster stand to each other in the words of one epoch.
pub struct ClusterSimilarity<'r> {
    signatures: Vec<Arc<QaSignature>>,
    rules: &'r SimilarityRules,
}

impl<'r> ClusterSimilarity<'r> {
    /// `meanings` by question; an occurrence that is not there is compared by its words.
    pub fn of(
        cluster: &Cluster,
        meanings: &BTreeMap<MessageId, QaMeaning>,
        epoch: &CorpusStats,
        rules: &'r SimilarityRules,
    ) -> Self {
        let signature = |one: &Occurrence| {
            let meaning = meanings.get(&one.question.message).cloned().unwrap_or_default();
            Arc::new(epoch.signature(&qa_text(one)).with_meaning(meaning))
        };
        Self { signatures: cluster.occurrences.iter().map(signature).collect(), rules }
    }
}

impl PairwiseSimilarity for ClusterSimilarity<'_> {
    fn question_similarity(&self, one: usize, other: usize) -> f32 {
        pair_score(&self.signatures[one], &self.signatures[other], self.rules)
    }

    fn agree(&self, one: usize, other: usize) -> bool {
        answers_agree(&self.signatures[one], &self.signatures[other], self.rules)
    }
}

/// What people said of questions: it stands above likeness, and a tie above a split.
struct ManualGrouping {
    ties: Vec<(MessageId, MessageId)>,
    apart: BTreeSet<MessageId>,
}

fn plan_regroup(
    groups: Vec<Vec<usize>>,
    occurrences: Vec<OccurrenceRow>,
    signatures: &[Arc<QaSignature>],
    known: &KnownClusters,
    rules: &Ruleset,
    now: Timestamp,
) -> RegroupPlan {
    let names = name(&groups, &occurrences, known);
    let mut left = known.existing.keys().collect::<BTreeSet<_>>();
    let mut regrouped = RegroupPlan::default();
    let mut successors = SuccessorIds::default();
    let mut occurrences = occurrences.into_iter().map(Some).collect::<Vec<_>>();
    for (members, id) in groups.iter().zip(names) {
        let mut changed = false;
        let mut cluster = Cluster {
            id,
            state: ClusterState::Watching,
            occurrences: Vec::new(),
            outside_core: BTreeSet::new(),
            representative: MessageId(0),
            due_since: None,
            merged_answer: None,
        };
        for at in members {
            let one = occurrences[*at].take().expect("an occurrence is in one group");
            if one.cluster.as_ref() != Some(&cluster.id) {
                regrouped.moved.push((one.occurrence.question.message, cluster.id.clone()));
                changed = true;
            }
            successors.note(one.cluster, &cluster.id);
            cluster.occurrences.push(one.occurrence);
        }
        cluster.representative = cluster.occurrences[0].question.message;
        let published = || known.published.get(&cluster.id).copied().flatten();
        let before = known.existing.get(&cluster.id);
        let seen = before.map(|row| row.state).or_else(published);
        cluster.state = seen.unwrap_or(cluster.state);
        let weighed = members.iter().map(|at| Arc::clone(&signatures[*at])).collect();
        let similarity = ClusterSimilarity { signatures: weighed, rules: &rules.same };
        let after = judge(&mut cluster, before, seen, &similarity, rules, now);
        left.remove(&cluster.id);
        if before != Some(&after) {
            changed = true;
            regrouped.clusters.push(after);
        } else {
            regrouped.unchanged.push(cluster.id.clone());
        }
        if changed {
            regrouped.changed.push(cluster.id);
        }
    }
    regrouped.gone = left.into_iter().map(|id| (id.clone(), successors.of(id))).collect();
    regrouped
}

/// The row of a cluster: how large it is, and whether a page is due. What people have `seen` keeps its
/// state whatever the count says.
fn judge(
    cluster: &mut Cluster,
    before: Option<&ClusterSummary>,
    seen: Option<ClusterState>,
    similarity: &ClusterSimilarity<'_>,
    rules: &Ruleset,
    now: Timestamp,
) -> ClusterSummary {
    let verdict = due(cluster, &rules.pages, similarity);
    let outside =
        cluster.occurrences.iter().enumerate().filter(|(at, _)| !verdict.core.contains(at));
    cluster.outside_core = outside.map(|(_, one)| one.question.message).collect();
    let since = before.and_then(|row| row.due_since);
    let due_since = verdict.due.then(|| since.unwrap_or(now));
    let state = match seen {
        Some(seen) if !seen.is_undecided() => seen,
        _ if verdict.due => ClusterState::Due,
        _ if verdict.candidate => ClusterState::Candidate,
        _ => ClusterState::Watching,
    };
    ClusterSummary {
        id: cluster.id.clone(),
        state,
        size: cluster.occurrences.len(),
        outside_core: cluster.outside_core.clone(),
        times: cluster.times_answered(),
        askers: cluster.asker_count(),
        representative: cluster.occurrences[verdict.representative].question.message,
        due_since: match state {
            ClusterState::Watching | ClusterState::Candidate => None,
            _ => due_since.or(since),
        },
    }
}

/// Where the occurrences of each former cluster went.
#[derive(Default)]
struct SuccessorIds {
    shares: HashMap<ClusterId, BTreeMap<ClusterId, usize>>,
}

impl SuccessorIds {
    fn note(&mut self, before: Option<ClusterId>, after: &ClusterId) {
        if let Some(before) = before {
            *self.shares.entry(before).or_default().entry(after.clone()).or_default() += 1;
        }
    }

    /// The cluster that got most of them; the earliest name of several.
    fn of(&self, before: &ClusterId) -> Option<ClusterId> {
        let shares = self.shares.get(before)?;
        shares.iter().max_by_key(|(id, share)| (**share, Reverse(*id))).map(|(id, _)| id.clone())
    }
}
