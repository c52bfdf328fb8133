//! What a neighbourhood comes to: its groups, their ids, and the rows of those that may have changed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::due::due;
use rules::model::cluster::{Cluster, ClusterState, Occurrence};
use rules::model::ids::{ClusterId, MessageId};
use rules::model::workspace::WorkspaceId;
use rules::similarity::QaSignature;

use crate::cluster::cluster_similarity::ClusterSimilarity;
use crate::cluster::graph::read_signature;
use crate::cluster::grouping::{DistinctText, apply_duplicates, group_region, qa_text};
use crate::cluster::naming::{KnownClusters, name, spare_ids};
use crate::cluster::regions::LikenessGraph;
use crate::cluster::scope::RegroupScope;
use crate::cluster::splitting::apply_splits;
use crate::cluster::texts::corpus_stats;
use crate::cluster::workspace_partition::WorkspacePartition;
use crate::store::{
    ClusterOutline, ClusterSummary, OccurrenceRow, PlacedQuestion, RegroupPlan, Result, Store,
};

type Signatures = HashMap<MessageId, Arc<QaSignature>>;

/// Groups a neighbourhood. Only groups with a question that changed, or of others than before, are judged.
pub(crate) async fn plan_scope(
    store: &Store,
    scope: RegroupScope,
    rules: &Arc<Ruleset>,
    now: Timestamp,
) -> Result<RegroupPlan> {
    let RegroupScope { graph, regions, questions, clusters, .. } = scope;
    let ids = questions.keys().copied().collect::<BTreeSet<_>>();
    let placed = questions.into_values().collect::<Vec<_>>();
    let mut signatures = Signatures::new();
    for (text, bytes) in store.signatures_of(&regions.values().flatten().copied().collect()).await?
    {
        signatures.insert(text, Arc::new(read_signature(&bytes)?));
    }
    let marks = ManualGrouping {
        ties: store.duplicate_marks_of(&ids).await?,
        apart: store.split_marks_of(&ids).await?,
    };
    let known = known_clusters(store, clusters, &ids).await?;
    let partition = WorkspacePartition::of(store, &placed, &rules.workspaces).await?;
    let by = Arc::clone(rules);
    let grouped = tokio::task::spawn_blocking(move || {
        let scope = ScopeQuestions::new(&placed, &signatures, partition);
        let groups = scope.groups(regions.values(), &graph, &marks, &by);
        let names = name(&groups, &placed, &known);
        let groups = groups.into_iter().zip(names).collect();
        Grouped { groups, placed, signatures, known, regions }
    });
    let grouped = grouped.await.expect("grouping neither panics nor is cancelled");
    grouped.plan(store, rules, now).await
}

/// Gives each of these occurrences a cluster of its own.
pub(crate) async fn plan_alone(
    store: &Store,
    occurrences: Vec<OccurrenceRow>,
    rules: &Arc<Ruleset>,
    now: Timestamp,
) -> Result<RegroupPlan> {
    let epoch = corpus_stats(store, &rules.same).await?;
    let (mut placed, mut signatures) = (Vec::new(), Signatures::new());
    for OccurrenceRow { occurrence, cluster } in occurrences {
        let question = occurrence.question.message;
        signatures.insert(question, Arc::new(epoch.signature(&qa_text(&occurrence))));
        placed.push(PlacedQuestion { question, text: question, cluster, changed: true });
    }
    let questions = placed.iter().map(|one| one.question).collect();
    let known = known_clusters(store, BTreeMap::new(), &questions).await?;
    let groups = (0..placed.len()).map(|at| vec![at]).collect::<Vec<_>>();
    let names = name(&groups, &placed, &known);
    let groups = groups.into_iter().zip(names).collect();
    let grouped = Grouped { groups, placed, signatures, known, regions: BTreeMap::new() };
    grouped.plan(store, rules, now).await
}

/// What is known of the ids of `clusters`, and of those that groups of `questions` may get.
async fn known_clusters(
    store: &Store,
    clusters: BTreeMap<ClusterId, ClusterOutline>,
    questions: &BTreeSet<MessageId>,
) -> Result<KnownClusters> {
    let ids = questions.iter().map(|question| ClusterId::of_question(*question));
    let ids = ids.chain(clusters.keys().cloned()).collect();
    let published = store.published_among(&ids).await?;
    let mut known = KnownClusters { existing: clusters, published, elsewhere: BTreeSet::new() };
    known.elsewhere = clusters_elsewhere(store, ids, &known).await?;
    let spares = spare_ids(questions.iter().copied(), &known);
    known.published.extend(store.published_among(&spares).await?);
    let taken = clusters_elsewhere(store, spares, &known).await?;
    known.elsewhere.extend(taken);
    Ok(known)
}

/// Those of some ids that clusters have which stay as they are.
async fn clusters_elsewhere(
    store: &Store,
    mut ids: BTreeSet<ClusterId>,
    known: &KnownClusters,
) -> Result<BTreeSet<ClusterId>> {
    ids.retain(|id| !known.existing.contains_key(id));
    Ok(store.outlines_of(&ids).await?.into_keys().collect())
}

/// What people said of questions: it stands above likeness, and a tie above a split.
struct ManualGrouping {
    ties: Vec<(MessageId, MessageId)>,
    apart: BTreeSet<MessageId>,
}

/// The questions of some whole regions.
struct ScopeQuestions {
    /// By position.
    questions: Vec<MessageId>,
    signatures: Vec<Arc<QaSignature>>,
    /// By workspace: what is asked in one has no part in the groups of another.
    texts: BTreeMap<Option<WorkspaceId>, BTreeMap<MessageId, DistinctText>>,
    partition: WorkspacePartition,
}

impl ScopeQuestions {
    fn new(placed: &[PlacedQuestion], weighed: &Signatures, partition: WorkspacePartition) -> Self {
        let mut texts = BTreeMap::<_, BTreeMap<MessageId, DistinctText>>::new();
        for (at, PlacedQuestion { text: first, .. }) in placed.iter().enumerate() {
            let new = || DistinctText {
                first: *first,
                signature: Arc::clone(&weighed[first]),
                items: Vec::new(),
            };
            let own = texts.entry(partition.home(at)).or_default();
            own.entry(*first).or_insert_with(new).items.push(at);
        }
        let questions = placed.iter().map(|one| one.question).collect();
        let signatures = placed.iter().map(|one| Arc::clone(&weighed[&one.text])).collect();
        Self { questions, signatures, texts, partition }
    }

    fn groups<'r>(
        self,
        regions: impl Iterator<Item = &'r BTreeSet<MessageId>>,
        graph: &LikenessGraph,
        marks: &ManualGrouping,
        rules: &Ruleset,
    ) -> Vec<Vec<usize>> {
        let mut groups = Vec::new();
        for region in regions {
            for texts in self.texts.values() {
                let members = region.iter().filter_map(|text| texts.get(text));
                let members = members.collect::<Vec<_>>();
                groups.extend(group_region(&members, graph, &rules.same));
            }
        }
        let similarity = ClusterSimilarity::new(self.signatures, &rules.same);
        let is_same = |alike| rules.pages.is_same(alike);
        let groups = apply_splits(groups, &self.questions, &marks.apart, &similarity, is_same);
        let ties = self.partition.within(&self.questions, &marks.ties);
        apply_duplicates(groups, &self.questions, &ties)
    }
}

/// The groups of a neighbourhood with their ids; members are positions in `placed`.
struct Grouped {
    groups: Vec<(Vec<usize>, ClusterId)>,
    placed: Vec<PlacedQuestion>,
    signatures: Signatures,
    known: KnownClusters,
    regions: BTreeMap<MessageId, BTreeSet<MessageId>>,
}

impl Grouped {
    async fn plan(
        mut self,
        store: &Store,
        rules: &Arc<Ruleset>,
        now: Timestamp,
    ) -> Result<RegroupPlan> {
        let groups = std::mem::take(&mut self.groups);
        let (settled, affected) =
            groups.into_iter().partition::<Vec<_>, _>(|(members, id)| self.is_settled(members, id));
        let questions = affected.iter().flat_map(|(members, _)| members);
        let questions = questions.map(|at| self.placed[*at].question).collect();
        let occurrences = store.occurrences_asked(&questions).await?;
        let ids = affected.iter().map(|(_, id)| id).cloned().collect();
        let before = store.summaries_of(&ids).await?;
        let rules = Arc::clone(rules);
        let planned = tokio::task::spawn_blocking(move || {
            let judging =
                GroupJudging { placed: &self.placed, known: &self.known, rules: &rules, now };
            let mut plan = judging.plan(&affected, occurrences, &before, &self.signatures);
            self.finish(&mut plan, settled);
            plan
        });
        Ok(planned.await.expect("planning neither panics nor is cancelled"))
    }

    /// Whether a group is a stored cluster of which nothing changed since it was judged.
    fn is_settled(&self, members: &[usize], id: &ClusterId) -> bool {
        let is_there = |at: &usize| {
            let PlacedQuestion { cluster, changed, .. } = &self.placed[*at];
            !changed && cluster.as_ref() == Some(id)
        };
        let size = self.known.existing.get(id).map(|outline| outline.size);
        size == Some(members.len()) && members.iter().all(is_there)
    }

    /// Adds what becomes of the clusters that were not judged.
    fn finish(self, plan: &mut RegroupPlan, settled: Vec<(Vec<usize>, ClusterId)>) {
        let existing = &self.known.existing;
        plan.unchanged.extend(settled.iter().map(|(_, id)| id.clone()));
        let mut named = plan.unchanged.iter().collect::<BTreeSet<_>>();
        named.extend(plan.clusters.iter().map(|row| &row.id));
        let gone = existing.keys().filter(|id| !named.contains(id)).cloned().collect::<Vec<_>>();
        let moves =
            plan.moved.iter().map(|(question, id)| (*question, id)).collect::<HashMap<_, _>>();
        let mut successors = SuccessorIds::default();
        for PlacedQuestion { question, cluster, .. } in &self.placed {
            if let (Some(before), Some(after)) = (cluster, moves.get(question)) {
                successors.note(before, after);
            }
        }
        plan.gone = gone.into_iter().map(|id| (id.clone(), successors.of(&id))).collect();
        plan.unchanged.retain(|id| existing.get(id).is_some_and(|outline| outline.shrunk));
        plan.regions = self.regions;
    }
}

struct GroupJudging<'g> {
    placed: &'g [PlacedQuestion],
    known: &'g KnownClusters,
    rules: &'g Ruleset,
    now: Timestamp,
}

impl GroupJudging<'_> {
    /// Judges groups. What is no more is left out.
    fn plan(
        &self,
        groups: &[(Vec<usize>, ClusterId)],
        occurrences: Vec<OccurrenceRow>,
        before: &BTreeMap<ClusterId, ClusterSummary>,
        signatures: &Signatures,
    ) -> RegroupPlan {
        let asked = |row: OccurrenceRow| (row.occurrence.question.message, row.occurrence);
        let mut occurrences = occurrences.into_iter().map(asked).collect::<HashMap<_, _>>();
        let mut plan = RegroupPlan::default();
        for (members, id) in groups {
            let members = members.iter().map(|at| &self.placed[*at]);
            let known = members.filter_map(|one| Some((one, occurrences.remove(&one.question)?)));
            let (members, occurrences) = known.unzip::<_, _, Vec<_>, Vec<_>>();
            if occurrences.is_empty() {
                continue;
            }
            let moved = members.iter().filter(|one| one.cluster.as_ref() != Some(id));
            let moved = moved.map(|one| (one.question, id.clone())).collect::<Vec<_>>();
            let weighed = members.iter().map(|one| Arc::clone(&signatures[&one.text])).collect();
            let similarity = ClusterSimilarity::new(weighed, &self.rules.same);
            let before = before.get(id).filter(|_| self.known.existing.contains_key(id));
            let after = self.judge(id, occurrences, before, &similarity);
            if !moved.is_empty() || before != Some(&after) {
                plan.changed.push(id.clone());
            }
            match before == Some(&after) {
                true => plan.unchanged.push(id.clone()),
                false => plan.clusters.push(after),
            }
            plan.moved.extend(moved);
        }
        plan
    }

    /// The row of a cluster: how large it is, and whether a page is due. What people have seen keeps its state
    /// whatever the count says.
    fn judge(
        &self,
        id: &ClusterId,
        occurrences: Vec<Occurrence>,
        before: Option<&ClusterSummary>,
        similarity: &ClusterSimilarity<'_>,
    ) -> ClusterSummary {
        let published = || self.known.published.get(id).copied().flatten();
        let seen = before.map(|row| row.state).or_else(published);
        let mut cluster = Cluster {
            id: id.clone(),
            state: seen.unwrap_or(ClusterState::Watching),
            representative: occurrences[0].question.message,
            occurrences,
            outside_core: BTreeSet::new(),
            due_since: before.and_then(|row| row.due_since),
            merged_answer: None,
        };
        let verdict = due(&cluster, &self.rules.pages, similarity, self.now);
        let outside = cluster.occurrences.iter().enumerate();
        let outside = outside.filter(|(at, _)| !verdict.core.contains(at));
        cluster.outside_core = outside.map(|(_, one)| one.question.message).collect();
        let since = cluster.due_since;
        let due_since = verdict.due.then(|| since.unwrap_or(self.now));
        let state = match seen {
            Some(seen) if !seen.is_undecided() => seen,
            _ if verdict.due => ClusterState::Due,
            _ if verdict.candidate => ClusterState::Candidate,
            _ => ClusterState::Watching,
        };
        ClusterSummary {
            id: id.clone(),
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
}

/// Where the occurrences of each former cluster went.
#[derive(Default)]
struct SuccessorIds<'p> {
    shares: HashMap<&'p ClusterId, BTreeMap<&'p ClusterId, usize>>,
}

impl<'p> SuccessorIds<'p> {
    fn note(&mut self, before: &'p ClusterId, after: &'p ClusterId) {
        *self.shares.entry(before).or_default().entry(after).or_default() += 1;
    }

    /// The cluster that got most of them; the earliest name of several.
    fn of(&self, before: &ClusterId) -> Option<ClusterId> {
        let shares = self.shares.get(before)?;
        let most = shares.iter().max_by_key(|(id, share)| (**share, Reverse(**id)));
        most.map(|(id, _)| (*id).clone())
    }
}
