//! Brings the clusters to the fixed point: a function of the set of occurrences, not of their arrival.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rules::config::ruleset::Ruleset;
use rules::due::{PairwiseSimilarity, due};
use rules::model::cluster::{Cluster, ClusterState, Occurrence};
use rules::model::ids::{ChannelId, ClusterId, MessageId, Millis};
use rules::similarity::{
    CorpusStats, QaSignature, QaText, SimilarityRules, answers_agree, pair_score,
};

use crate::cluster::grouping::{GroupingItem, apply_duplicates, group_items};
use crate::cluster::splitting::apply_splits;
use crate::cluster::workspace_partition::WorkspacePartition;
use crate::store::{ClusterSummary, OccurrenceRow, RegroupPlan, Result, Store};

/// What settling did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReclusterSummary {
    pub moved: usize,
    pub changed: usize,
}

/// Groups all occurrences again and stores what differs. `now` starts the clock of clusters that
/// become due. Questions that people tied together end in one cluster, whatever their likeness. Unless
/// `forced`, does nothing while no occurrence or tie came, changed or went.
pub async fn recluster(
    store: &Store,
    rules: &Arc<Ruleset>,
    now: Millis,
    forced: bool,
) -> Result<ReclusterSummary> {
    if !forced && !store.needs_recluster().await? {
        return Ok(ReclusterSummary::default());
    }
    store.begin_recluster().await?;
    let occurrences = store.occurrences().await?;
    let existing = store.cluster_summaries().await?;
    let borne = store.published_ids().await?;
    let told =
        ManualGrouping { ties: store.duplicate_marks().await?, apart: store.split_marks().await? };
    let parents = store.thread_parents().await?;
    let rules = Arc::clone(rules);
    let planned = tokio::task::spawn_blocking(move || {
        let known = ExistingClusters::of(&existing, &borne);
        plan_regroup(occurrences, &known, &told, &parents, &rules, now)
    });
    let regrouped = planned.await.expect("planning neither panics nor is cancelled");
    store.save_regroup(&regrouped).await?;
    Ok(ReclusterSummary { moved: regrouped.moved.len(), changed: regrouped.changed.len() })
}

/// The words of an occurrence as sameness looks at them.
pub fn qa_text(occurrence: &Occurrence) -> QaText<'_> {
    QaText { question: &occurrence.question.text, answer: &occurrence.best_answer().text }
}

/// How the occurrences of a cluster stand to each other in the words of one epoch.
pub struct ClusterSimilarity<'r> {
    signatures: Vec<QaSignature>,
    rules: &'r SimilarityRules,
}

impl<'r> ClusterSimilarity<'r> {
    pub fn of(cluster: &Cluster, epoch: &CorpusStats, rules: &'r SimilarityRules) -> Self {
        let signatures = cluster.occurrences.iter().map(|one| epoch.signature(&qa_text(one)));
        Self { signatures: signatures.collect(), rules }
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

/// The word statistics of everything that is stored.
pub async fn corpus_stats(store: &Store, rules: &SimilarityRules) -> Result<CorpusStats> {
    let all = store.occurrences().await?;
    Ok(CorpusStats::of(all.iter().map(|one| qa_text(&one.occurrence)), rules))
}

/// What settling finds of clusters.
struct ExistingClusters<'k> {
    existing: &'k [ClusterSummary],
    /// Ids on branches and pages.
    borne: &'k BTreeMap<ClusterId, Option<ClusterState>>,
    /// Ids that people have seen: no other group of questions may get one.
    published: BTreeSet<&'k ClusterId>,
    /// Those of them whose clusters are no more.
    dormant: BTreeSet<&'k ClusterId>,
}

impl<'k> ExistingClusters<'k> {
    fn of(
        existing: &'k [ClusterSummary],
        borne: &'k BTreeMap<ClusterId, Option<ClusterState>>,
    ) -> Self {
        let seen = |one: &&ClusterSummary| {
            !matches!(one.state, ClusterState::Watching | ClusterState::Due)
        };
        let ids = existing.iter().map(|one| &one.id).collect::<BTreeSet<_>>();
        let published = existing.iter().filter(seen).map(|one| &one.id).chain(borne.keys());
        let dormant = borne.keys().filter(|id| !ids.contains(id));
        Self { existing, borne, published: published.collect(), dormant: dormant.collect() }
    }
}

/// What people said of questions: it stands above likeness, and a tie above a split.
struct ManualGrouping {
    ties: Vec<(MessageId, MessageId)>,
    apart: BTreeSet<MessageId>,
}

fn split(
    groups: Vec<Vec<usize>>,
    items: &[GroupingItem<'_>],
    told: &ManualGrouping,
    epoch: &CorpusStats,
    rules: &Ruleset,
) -> Vec<Vec<usize>> {
    if told.apart.is_empty() {
        return groups;
    }
    let signatures = items.iter().map(|item| epoch.signature(&item.asked)).collect();
    let kin = ClusterSimilarity { signatures, rules: &rules.same };
    apply_splits(groups, items, &told.apart, &kin, |alike| rules.pages.is_same(alike))
}

fn plan_regroup(
    occurrences: Vec<OccurrenceRow>,
    all: &ExistingClusters<'_>,
    told: &ManualGrouping,
    parents: &BTreeMap<ChannelId, ChannelId>,
    rules: &Ruleset,
    now: Millis,
) -> RegroupPlan {
    let items = occurrences
        .iter()
        .map(|one| GroupingItem {
            id: one.occurrence.question.message,
            asked: qa_text(&one.occurrence),
        })
        .collect::<Vec<_>>();
    let epoch = CorpusStats::of(items.iter().map(|item| item.asked), &rules.same);
    let partition = WorkspacePartition::of(&occurrences, &rules.workspaces, parents);
    let groups = partition.group(&items, |own| group_items(own, &rules.same));
    let groups = split(groups, &items, told, &epoch, rules);
    let groups = apply_duplicates(groups, &items, &partition.within(&items, &told.ties));
    let names = name(&groups, &occurrences, all);
    let mut known = all.existing.iter().map(|one| (&one.id, one)).collect::<BTreeMap<_, _>>();
    let mut regrouped = RegroupPlan::default();
    let mut heirs = SuccessorIds::default();
    let earliest = groups.iter().map(|members| items[members[0]].id).collect::<Vec<_>>();
    let mut occurrences = occurrences.into_iter().map(Some).collect::<Vec<_>>();
    for ((members, id), centre) in groups.iter().zip(names).zip(earliest) {
        let mut changed = false;
        let mut cluster = Cluster {
            id,
            state: ClusterState::Watching,
            occurrences: Vec::new(),
            centre,
            due_since: None,
            canon: None,
        };
        for at in members {
            let one = occurrences[*at].take().expect("an occurrence is in one group");
            if one.cluster.as_ref() != Some(&cluster.id) {
                regrouped.moved.push((one.occurrence.question.message, cluster.id.clone()));
                changed = true;
            }
            changed |= one.dirty;
            heirs.note(one.cluster, &cluster.id);
            cluster.occurrences.push(one.occurrence);
        }
        let before = known.remove(&cluster.id);
        let seen = before.map(|row| row.state).or(all.borne.get(&cluster.id).copied().flatten());
        let after = judge(&cluster, before, seen, rules, &epoch, now);
        if before != Some(&after) {
            changed = true;
            regrouped.clusters.push(after);
        }
        if changed {
            regrouped.changed.push(cluster.id);
        }
    }
    regrouped.gone = known.into_keys().map(|id| (id.clone(), heirs.of(id))).collect();
    regrouped
}

/// The row of a cluster: how large it is, and whether a page is due. What people have `seen` keeps its
/// state whatever the count says.
fn judge(
    cluster: &Cluster,
    before: Option<&ClusterSummary>,
    seen: Option<ClusterState>,
    rules: &Ruleset,
    epoch: &CorpusStats,
    now: Millis,
) -> ClusterSummary {
    let verdict = due(cluster, &rules.pages, &ClusterSimilarity::of(cluster, epoch, &rules.same));
    let since = before.and_then(|row| row.due_since);
    let due_since = verdict.due.then(|| since.unwrap_or(now));
    let state = match seen {
        Some(seen) if !matches!(seen, ClusterState::Watching | ClusterState::Due) => seen,
        _ if verdict.due => ClusterState::Due,
        _ => ClusterState::Watching,
    };
    ClusterSummary {
        id: cluster.id.clone(),
        state,
        size: cluster.occurrences.len(),
        askers: cluster.asker_count(),
        centre: cluster.occurrences[verdict.centre].question.message,
        due_since: if state == ClusterState::Watching { None } else { due_since.or(since) },
    }
}

/// A cluster is named by its earliest question, unless it holds most of a cluster that people have
/// seen: then it keeps that cluster's name. So does one that holds the question which gave its name to
/// a cluster that is no more. No two clusters get one name.
fn name(
    groups: &[Vec<usize>],
    occurrences: &[OccurrenceRow],
    known: &ExistingClusters<'_>,
) -> Vec<ClusterId> {
    let ExistingClusters { published, dormant, .. } = known;
    let mut claims = Vec::new();
    for (at, members) in groups.iter().enumerate() {
        let mut shares = BTreeMap::<ClusterId, usize>::new();
        for member in members {
            let OccurrenceRow { occurrence, cluster, .. } = &occurrences[*member];
            if let Some(id) = cluster.as_ref().filter(|id| published.contains(id)) {
                *shares.entry(id.clone()).or_default() += 1;
            }
            let own = ClusterId::of_question(occurrence.question.message);
            if dormant.contains(&own) {
                shares.entry(own).or_default();
            }
        }
        claims.extend(shares.into_iter().map(|(id, share)| (Reverse(share), id, at)));
    }
    claims.sort();
    let mut names = vec![None; groups.len()];
    let mut taken = BTreeSet::new();
    for (_, id, at) in claims {
        if names[at].is_none() && taken.insert(id.clone()) {
            names[at] = Some(id.clone());
        }
    }
    for (members, name) in groups.iter().zip(&mut names) {
        name.get_or_insert_with(|| own_name(members, occurrences, published, &mut taken));
    }
    names.into_iter().map(|name| name.expect("every group was named")).collect()
}

/// The name of the earliest question that no published cluster bears. Where all are borne (its
/// cluster was split, and another part kept the name), the ids after the question serve: no other
/// message has them.
fn own_name(
    members: &[usize],
    occurrences: &[OccurrenceRow],
    published: &BTreeSet<&ClusterId>,
    taken: &mut BTreeSet<ClusterId>,
) -> ClusterId {
    let question = |at: usize| occurrences[at].occurrence.question.message;
    let first = question(members[0]).0;
    let own = members.iter().map(|at| question(*at));
    let spare = (1..).map(|step| MessageId(first + step));
    own.chain(spare)
        .map(ClusterId::of_question)
        .find(|id| !published.contains(id) && taken.insert(id.clone()))
        .expect("spare ids do not end")
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
