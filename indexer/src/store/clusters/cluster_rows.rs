//! Clusters, their occurrences, and where ids that are no more lead.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rules::model::cluster::{Cluster, ClusterState, MergedAnswer, Occurrence};
use rules::model::ids::{ClusterId, MessageId};
use sqlx::AssertSqlSafe;

use super::likeness::{cluster_list, id_list};
use crate::store::engine::{self, Transaction};
use crate::store::judging::stored_occurrence::read_occurrence;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, Store, StoreError, placeholders};

/// An occurrence as settling sees it.
#[derive(Debug)]
pub struct OccurrenceRow {
    pub occurrence: Occurrence,
    /// Where the last settling put it.
    pub cluster: Option<ClusterId>,
}

/// A cluster without its occurrences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSummary {
    pub id: ClusterId,
    pub state: ClusterState,
    /// How many occurrences it holds.
    pub size: usize,
    /// The questions of those that do not count.
    pub outside_core: BTreeSet<MessageId>,
    /// How often its question was resolved: the others.
    pub times: usize,
    pub askers: usize,
    pub representative: MessageId,
    pub due_since: Option<Timestamp>,
}

/// What settling decided, to be stored in one transaction.
#[derive(Debug, Default)]
pub struct RegroupPlan {
    /// Occurrences that move, by their questions, with their cluster.
    pub moved: Vec<(MessageId, ClusterId)>,
    /// Clusters that are new or whose row changes.
    pub clusters: Vec<ClusterSummary>,
    /// Clusters that were grouped again after they lost an occurrence, and whose rows stay as they are.
    pub unchanged: Vec<ClusterId>,
    /// Clusters that are no more, with the cluster where their ids lead from here on, if any.
    pub gone: Vec<(ClusterId, Option<ClusterId>)>,
    /// Clusters whose documents must be written again; the gone ones are added by the store.
    pub changed: Vec<ClusterId>,
    /// The regions that were grouped, by their first texts.
    pub regions: BTreeMap<MessageId, BTreeSet<MessageId>>,
}

type SummaryRow = (String, String, i64, i64, i64, i64, Option<i64>);

impl Store {
    /// Whether any occurrence, tie or split came, changed or went since the last settling, or was not
    /// followed to the end.
    pub async fn needs_recluster(&self) -> Result<bool> {
        Ok(engine::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM occurrences WHERE dirty <> 0) \
             OR EXISTS (SELECT 1 FROM question_texts WHERE gone <> 0) \
             OR EXISTS (SELECT 1 FROM clusters WHERE shrunk <> 0) \
             OR EXISTS (SELECT 1 FROM duplicate_marks WHERE dirty <> 0) \
             OR EXISTS (SELECT 1 FROM split_marks WHERE dirty <> 0) \
             OR EXISTS (SELECT 1 FROM asked_texts WHERE stale <> 0) \
             OR EXISTS (SELECT 1 FROM asked_texts WHERE epoch < (SELECT number FROM corpus_epoch))",
        )
        .fetch_one(&self.read)
        .await?)
    }

    /// Stores what settling decided and feeds the index with it.
    pub async fn save_regroup(&self, regrouped: &RegroupPlan) -> Result<()> {
        let mut transaction = self.begin().await?;
        move_occurrences(&mut transaction, &regrouped.moved).await?;
        for cluster in &regrouped.clusters {
            upsert_cluster(&mut transaction, cluster).await?;
            delete_redirect(&mut transaction, &cluster.id).await?;
        }
        for (id, successor) in &regrouped.gone {
            delete_cluster(&mut transaction, id).await?;
            if let Some(successor) = successor {
                redirect(&mut transaction, id, successor).await?;
            }
            add_change(&mut transaction, id).await?;
        }
        for id in &regrouped.changed {
            add_change(&mut transaction, id).await?;
        }
        for id in &regrouped.unchanged {
            settle_cluster(&mut transaction, id).await?;
        }
        settle_regions(&mut transaction, &regrouped.regions).await?;
        Ok(transaction.commit().await?)
    }

    /// A cluster by its id, or by one that leads to it: the answer carries the current id.
    pub async fn cluster(&self, id: &ClusterId) -> Result<Option<Cluster>> {
        let current = self.current_id(id).await?;
        Ok(self.clusters_with(std::slice::from_ref(&current)).await?.pop())
    }

    /// Clusters whose question was resolved at least `min_times`, the most frequent first, at most `limit`.
    pub async fn clusters(&self, min_times: usize, limit: usize) -> Result<Vec<Cluster>> {
        let ids = engine::query_scalar::<String>(
            "SELECT id FROM clusters WHERE times >= $1 ORDER BY times DESC, askers DESC, id LIMIT $2",
        )
        .bind(min_times as i64)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.read)
        .await?;
        let ids = ids.iter().map(|id| cluster_id(id)).collect::<Result<Vec<_>>>()?;
        self.clusters_with(&ids).await
    }

    /// The clusters in one of these states, the most frequent first.
    pub async fn clusters_in(&self, states: &[ClusterState]) -> Result<Vec<Cluster>> {
        let states = states.iter().map(|state| state.as_str().to_owned());
        let ids = engine::query_scalar::<String>(
            "SELECT id FROM clusters WHERE state IN (SELECT value FROM json_each($1)) \
             ORDER BY times DESC, askers DESC, id",
        )
        .bind(states.collect::<Vec<_>>())
        .fetch_all(&self.read)
        .await?;
        let ids = ids.iter().map(|id| cluster_id(id)).collect::<Result<Vec<_>>>()?;
        self.clusters_with(&ids).await
    }

    /// The clusters with exactly these ids, in their order; ids that are no more are left out.
    pub async fn clusters_with(&self, ids: &[ClusterId]) -> Result<Vec<Cluster>> {
        let mut found = Vec::new();
        for ids in ids.chunks(MAX_BINDS) {
            let mut occurrences = self.occurrences_of(ids).await?;
            let mut summaries = self.summaries_of(&ids.iter().cloned().collect()).await?;
            let mut merged_answers = self.merged_answers_of(ids).await?;
            for id in ids {
                let Some(row) = summaries.remove(id) else { continue };
                if let Some(occurrences) = occurrences.remove(id) {
                    let merged_answer = merged_answers.remove(id);
                    found.push(Cluster {
                        id: row.id,
                        state: shown_state(row.state, merged_answer.as_ref()),
                        occurrences,
                        outside_core: row.outside_core,
                        representative: row.representative,
                        due_since: row.due_since,
                        merged_answer: merged_answer.flatten(),
                    });
                }
            }
        }
        Ok(found)
    }

    /// Every cluster without its occurrences, by id.
    #[cfg(test)]
    pub(crate) async fn cluster_summaries(&self) -> Result<Vec<ClusterSummary>> {
        let ids = self.cluster_ids().await?;
        Ok(self.summaries_of(&ids.into_iter().collect()).await?.into_values().collect())
    }

    /// How many occurrences the clusters say that they hold.
    pub async fn clustered_occurrences(&self) -> Result<u64> {
        let sum = engine::query_scalar::<i64>(
            "SELECT CAST(COALESCE(SUM(size), 0) AS INTEGER) FROM clusters",
        )
        .fetch_one(&self.read)
        .await?;
        Ok(sum as u64)
    }

    /// Every cluster id, in order.
    pub async fn cluster_ids(&self) -> Result<Vec<ClusterId>> {
        let ids = engine::query_scalar::<String>("SELECT id FROM clusters ORDER BY id")
            .fetch_all(&self.read)
            .await?;
        ids.iter().map(|id| cluster_id(id)).collect()
    }

    /// Moves a cluster to another state and has the index follow.
    pub async fn set_state(&self, id: &ClusterId, state: ClusterState) -> Result<()> {
        let mut transaction = self.begin().await?;
        let changed = engine::query("UPDATE clusters SET state = $2 WHERE id = $1 AND state <> $2")
            .bind(id.as_str())
            .bind(state.as_str())
            .execute(&mut transaction)
            .await?;
        if changed.rows_affected() > 0 {
            add_change(&mut transaction, id).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn current_id(&self, id: &ClusterId) -> Result<ClusterId> {
        let successor =
            engine::query_scalar::<String>("SELECT cluster FROM redirects WHERE old = $1")
                .bind(id.as_str())
                .fetch_optional(&self.read)
                .await?;
        successor.as_deref().map_or_else(|| Ok(id.clone()), cluster_id)
    }

    async fn occurrences_of(
        &self,
        ids: &[ClusterId],
    ) -> Result<BTreeMap<ClusterId, Vec<Occurrence>>> {
        let sql = format!(
            "SELECT cluster, body FROM occurrences WHERE cluster IN {} \
             ORDER BY cluster, question",
            placeholders(1, ids.len())
        );
        let mut query = engine::query_as::<(String, String)>(AssertSqlSafe(sql));
        for id in ids {
            query = query.bind(id.as_str());
        }
        let mut found = BTreeMap::<ClusterId, Vec<Occurrence>>::new();
        for (cluster, body) in query.fetch_all(&self.read).await? {
            let occurrence = read_occurrence(&body)?;
            found.entry(cluster_id(&cluster)?).or_default().push(occurrence);
        }
        Ok(found)
    }

    /// The clusters with these ids, without their occurrences.
    pub(crate) async fn summaries_of(
        &self,
        ids: &BTreeSet<ClusterId>,
    ) -> Result<BTreeMap<ClusterId, ClusterSummary>> {
        let rows = engine::query_as::<SummaryRow>(
            "SELECT id, state, size, times, askers, representative, due_since FROM clusters \
             WHERE id IN (SELECT value FROM json_each($1))",
        );
        let rows = rows.bind(cluster_list(ids.iter())).fetch_all(&self.read).await?;
        let mut outside = self.outside_cores_of(ids).await?;
        let summaries = rows.into_iter().map(|row| {
            let mut one = summary(row)?;
            one.outside_core = outside.remove(&one.id).unwrap_or_default();
            Ok((one.id.clone(), one))
        });
        summaries.collect()
    }

    /// The questions of clusters that do not count.
    async fn outside_cores_of(
        &self,
        ids: &BTreeSet<ClusterId>,
    ) -> Result<BTreeMap<ClusterId, BTreeSet<MessageId>>> {
        let sql = "SELECT cluster, question FROM occurrences \
                   WHERE cluster IN (SELECT value FROM json_each($1)) AND outside_core <> 0";
        let rows = engine::query_as::<(String, i64)>(sql).bind(cluster_list(ids.iter()));
        let mut found = BTreeMap::<_, BTreeSet<_>>::new();
        for (cluster, question) in rows.fetch_all(&self.read).await? {
            found.entry(cluster_id(&cluster)?).or_default().insert(MessageId::from_sql(question));
        }
        Ok(found)
    }
}

/// While the merged answer of a known cluster may not be served, no maintainer stands behind what can
/// be shown: a page of it is on its way again.
fn shown_state(state: ClusterState, merged_answer: Option<&Option<MergedAnswer>>) -> ClusterState {
    match (state, merged_answer) {
        (ClusterState::Merged, Some(None)) => ClusterState::Proposed,
        _ => state,
    }
}

async fn move_occurrences(
    connection: &mut Transaction,
    moved: &[(MessageId, ClusterId)],
) -> Result<()> {
    let mut questions = BTreeMap::<_, Vec<i64>>::new();
    for (question, cluster) in moved {
        questions.entry(cluster).or_default().push(question.to_sql());
    }
    for (cluster, questions) in questions {
        engine::query(
            "UPDATE occurrences SET cluster = $2, outside_core = FALSE \
             WHERE question IN (SELECT value FROM json_each($1))",
        )
        .bind(questions)
        .bind(cluster.as_str())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn upsert_cluster(connection: &mut Transaction, cluster: &ClusterSummary) -> Result<()> {
    let ClusterSummary { id, state, size, outside_core, times, askers, representative, due_since } =
        cluster;
    engine::query(
        "INSERT INTO clusters (id, state, size, times, askers, representative, due_since) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (id) DO UPDATE SET state = CASE WHEN clusters.state IN ('watching', 'candidate', 'due') \
         THEN excluded.state ELSE clusters.state END, size = excluded.size, \
         times = excluded.times, askers = excluded.askers, representative = excluded.representative, \
         due_since = excluded.due_since, shrunk = 0",
    )
    .bind(id.as_str())
    .bind(state.as_str())
    .bind(*size as i64)
    .bind(*times as i64)
    .bind(*askers as i64)
    .bind(representative.to_sql())
    .bind(due_since.map(SqlTime::to_sql))
    .execute(&mut *connection)
    .await?;
    engine::query(
        "UPDATE occurrences SET outside_core = NOT outside_core WHERE cluster = $1 \
         AND outside_core <> (question IN (SELECT value FROM json_each($2)))",
    )
    .bind(id.as_str())
    .bind(id_list(outside_core.iter().copied()))
    .execute(&mut *connection)
    .await?;
    engine::query(
        "INSERT INTO cluster_places (cluster, channel) \
         SELECT $1, channel FROM occurrences WHERE question = $2 \
         ON CONFLICT (cluster) DO UPDATE SET channel = excluded.channel",
    )
    .bind(id.as_str())
    .bind(representative.to_sql())
    .execute(connection)
    .await?;
    Ok(())
}

async fn delete_cluster(connection: &mut Transaction, id: &ClusterId) -> Result<()> {
    engine::query("DELETE FROM clusters WHERE id = $1")
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn delete_redirect(connection: &mut Transaction, old: &ClusterId) -> Result<()> {
    engine::query("DELETE FROM redirects WHERE old = $1")
        .bind(old.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Leads `old`, and whatever led there, to `successor`.
async fn redirect(
    connection: &mut Transaction,
    old: &ClusterId,
    successor: &ClusterId,
) -> Result<()> {
    engine::query("UPDATE redirects SET cluster = $2 WHERE cluster = $1")
        .bind(old.as_str())
        .bind(successor.as_str())
        .execute(&mut *connection)
        .await?;
    engine::query(
        "INSERT INTO redirects (old, cluster) VALUES ($1, $2) \
         ON CONFLICT (old) DO UPDATE SET cluster = excluded.cluster",
    )
    .bind(old.as_str())
    .bind(successor.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::store) async fn add_change(
    connection: &mut Transaction,
    id: &ClusterId,
) -> Result<()> {
    engine::query("INSERT INTO index_changes (cluster, at) VALUES ($1, unixepoch() * 1000)")
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that a cluster that lost an occurrence was grouped again.
async fn settle_cluster(connection: &mut Transaction, id: &ClusterId) -> Result<()> {
    engine::query("UPDATE clusters SET shrunk = 0 WHERE id = $1 AND shrunk <> 0")
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes the region of each text, whose clusters are made.
async fn settle_regions(
    connection: &mut Transaction,
    regions: &BTreeMap<MessageId, BTreeSet<MessageId>>,
) -> Result<()> {
    let members = regions.iter().flat_map(|(first, members)| {
        members.iter().map(move |text| format!("[{},{}]", text.0, first.0))
    });
    let list = format!("[{}]", members.collect::<Vec<_>>().join(","));
    let sql = "UPDATE asked_texts SET region = CAST(members.value ->> 1 AS INTEGER), stale = 0 \
               FROM json_each($1) AS members WHERE first = CAST(members.value ->> 0 AS INTEGER) \
               AND (stale <> 0 OR region IS DISTINCT FROM CAST(members.value ->> 1 AS INTEGER))";
    engine::query(sql).bind(list).execute(connection).await?;
    Ok(())
}

pub(in crate::store) fn cluster_id(text: &str) -> Result<ClusterId> {
    text.parse::<ClusterId>()
        .map_err(|source| StoreError::Unreadable { what: "a cluster id", source: source.into() })
}

pub(super) fn parse_state(state: &str) -> Result<ClusterState> {
    ClusterState::parse(state).ok_or_else(|| StoreError::Unreadable {
        what: "a cluster state",
        source: format!("{state:?} is no state").into(),
    })
}

fn summary(
    (id, state, size, times, askers, representative, due_since): SummaryRow,
) -> Result<ClusterSummary> {
    Ok(ClusterSummary {
        id: cluster_id(&id)?,
        state: parse_state(&state)?,
        size: size as usize,
        outside_core: BTreeSet::new(),
        times: times as usize,
        askers: askers as usize,
        representative: MessageId::from_sql(representative),
        due_since: due_since.map(Timestamp::from_sql),
    })
}
