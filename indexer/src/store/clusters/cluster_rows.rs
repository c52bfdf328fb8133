//! Clusters, their occurrences, and where ids that are no more lead.

use std::collections::BTreeMap;

use rules::model::cluster::{Cluster, ClusterState, MergedAnswer, Occurrence};
use rules::model::ids::{ClusterId, MessageId, Millis};
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::store::{MAX_BINDS, Result, Store, StoreError, from_json, placeholders};

/// An occurrence as settling sees it.
#[derive(Debug)]
pub struct OccurrenceRow {
    pub occurrence: Occurrence,
    /// Where the last settling put it.
    pub cluster: Option<ClusterId>,
    /// Whether its words or signals changed since.
    pub dirty: bool,
}

/// A cluster without its occurrences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSummary {
    pub id: ClusterId,
    pub state: ClusterState,
    pub size: usize,
    pub askers: usize,
    pub centre: MessageId,
    pub due_since: Option<Millis>,
}

/// What settling decided, to be stored in one transaction.
#[derive(Debug, Default)]
pub struct RegroupPlan {
    /// Occurrences that move, by their questions, with their cluster.
    pub moved: Vec<(MessageId, ClusterId)>,
    /// Clusters that are new or whose row changes.
    pub clusters: Vec<ClusterSummary>,
    /// Clusters that are no more, with the cluster where their ids lead from here on, if any.
    pub gone: Vec<(ClusterId, Option<ClusterId>)>,
    /// Clusters whose documents must be written again; the gone ones are added by the store.
    pub changed: Vec<ClusterId>,
}

type SummaryRow = (String, String, i64, i64, i64, Option<i64>);

impl Store {
    /// Whether any occurrence, tie or split came, changed or went since the last settling.
    pub async fn needs_recluster(&self) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM occurrences WHERE dirty <> 0) \
             OR EXISTS (SELECT 1 FROM clusters WHERE shrunk <> 0) \
             OR EXISTS (SELECT 1 FROM duplicate_marks WHERE dirty <> 0) \
             OR EXISTS (SELECT 1 FROM split_marks WHERE dirty <> 0)",
        )
        .fetch_one(&self.read)
        .await?)
    }

    /// Notes that what changed so far is being settled: [`Store::save_regroup`] clears these notes, and
    /// leaves those of what changes meanwhile.
    pub async fn begin_recluster(&self) -> Result<()> {
        let mut transaction = self.begin().await?;
        begin_dirty(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Every occurrence, by question.
    pub async fn occurrences(&self) -> Result<Vec<OccurrenceRow>> {
        let rows = sqlx::query_as::<_, (String, Option<String>, bool)>(
            "SELECT body, cluster, dirty <> 0 FROM occurrences ORDER BY question",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter()
            .map(|(body, cluster, dirty)| {
                Ok(OccurrenceRow {
                    occurrence: from_json("an occurrence", &body)?,
                    cluster: cluster.as_deref().map(cluster_id).transpose()?,
                    dirty,
                })
            })
            .collect()
    }

    /// Every cluster without its occurrences, by id.
    pub async fn cluster_summaries(&self) -> Result<Vec<ClusterSummary>> {
        let rows = sqlx::query_as::<_, SummaryRow>(
            "SELECT id, state, size, askers, representative, due_since FROM clusters ORDER BY id",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(summary).collect()
    }

    /// Stores what settling decided and feeds the index with it.
    pub async fn save_regroup(&self, regrouped: &RegroupPlan) -> Result<()> {
        let mut transaction = self.begin().await?;
        for (question, cluster) in &regrouped.moved {
            move_occurrence(&mut transaction, *question, cluster).await?;
        }
        for cluster in &regrouped.clusters {
            upsert_cluster(&mut transaction, cluster).await?;
            delete_redirect(&mut transaction, &cluster.id).await?;
        }
        for (id, heir) in &regrouped.gone {
            delete_cluster(&mut transaction, id).await?;
            if let Some(heir) = heir {
                redirect(&mut transaction, id, heir).await?;
            }
            add_change(&mut transaction, id).await?;
        }
        for id in &regrouped.changed {
            add_change(&mut transaction, id).await?;
        }
        clear_dirty(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// A cluster by its id, or by one that leads to it: the answer carries the current id.
    pub async fn cluster(&self, id: &ClusterId) -> Result<Option<Cluster>> {
        let current = self.current_id(id).await?;
        Ok(self.clusters_with(std::slice::from_ref(&current)).await?.pop())
    }

    /// Clusters of at least `min_occurrences`, most occurrences first, at most `limit`.
    pub async fn clusters(&self, min_occurrences: usize, limit: usize) -> Result<Vec<Cluster>> {
        let ids = sqlx::query_scalar::<_, String>(
            "SELECT id FROM clusters WHERE size >= $1 ORDER BY size DESC, askers DESC, id LIMIT $2",
        )
        .bind(min_occurrences as i64)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.read)
        .await?;
        let ids = ids.iter().map(|id| cluster_id(id)).collect::<Result<Vec<_>>>()?;
        self.clusters_with(&ids).await
    }

    /// The clusters in one of these states, most occurrences first.
    pub async fn clusters_in(&self, states: &[ClusterState]) -> Result<Vec<Cluster>> {
        let mut rows = self.cluster_summaries().await?;
        rows.retain(|row| states.contains(&row.state));
        rows.sort_by(|a, b| (b.size, b.askers, &a.id).cmp(&(a.size, a.askers, &b.id)));
        let ids = rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
        self.clusters_with(&ids).await
    }

    /// The clusters with exactly these ids, in their order; ids that are no more are left out.
    pub async fn clusters_with(&self, ids: &[ClusterId]) -> Result<Vec<Cluster>> {
        let mut found = Vec::new();
        for ids in ids.chunks(MAX_BINDS) {
            let mut occurrences = self.occurrences_of(ids).await?;
            let mut summaries = self.summaries_of(ids).await?;
            let mut canons = self.merged_answers_of(ids).await?;
            for id in ids {
                let Some(ClusterSummary { id, state, centre, due_since, .. }) =
                    summaries.remove(id)
                else {
                    continue;
                };
                if let Some(occurrences) = occurrences.remove(&id) {
                    let canon = canons.remove(&id);
                    let state = shown_state(state, canon.as_ref());
                    let canon = canon.flatten();
                    found.push(Cluster { id, state, occurrences, centre, due_since, canon });
                }
            }
        }
        Ok(found)
    }

    /// Every cluster id, in order.
    pub async fn cluster_ids(&self) -> Result<Vec<ClusterId>> {
        let ids = sqlx::query_scalar::<_, String>("SELECT id FROM clusters ORDER BY id")
            .fetch_all(&self.read)
            .await?;
        ids.iter().map(|id| cluster_id(id)).collect()
    }

    /// Moves a cluster to another state and has the index follow.
    pub async fn set_state(&self, id: &ClusterId, state: ClusterState) -> Result<()> {
        let mut transaction = self.begin().await?;
        let changed = sqlx::query("UPDATE clusters SET state = $2 WHERE id = $1 AND state <> $2")
            .bind(id.as_str())
            .bind(state.as_str())
            .execute(&mut *transaction)
            .await?;
        if changed.rows_affected() > 0 {
            add_change(&mut transaction, id).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn current_id(&self, id: &ClusterId) -> Result<ClusterId> {
        let heir = sqlx::query_scalar::<_, String>("SELECT cluster FROM redirects WHERE old = $1")
            .bind(id.as_str())
            .fetch_optional(&self.read)
            .await?;
        heir.as_deref().map_or_else(|| Ok(id.clone()), cluster_id)
    }

    async fn occurrences_of(
        &self,
        ids: &[ClusterId],
    ) -> Result<BTreeMap<ClusterId, Vec<Occurrence>>> {
        let sql = format!(
            "SELECT cluster, body FROM occurrences WHERE cluster IN {} \
             ORDER BY cluster, question",
            placeholders(1, 1, ids.len())
        );
        let mut query = sqlx::query_as::<_, (String, String)>(AssertSqlSafe(sql));
        for id in ids {
            query = query.bind(id.as_str());
        }
        let mut found = BTreeMap::<ClusterId, Vec<Occurrence>>::new();
        for (cluster, body) in query.fetch_all(&self.read).await? {
            let occurrence = from_json("an occurrence", &body)?;
            found.entry(cluster_id(&cluster)?).or_default().push(occurrence);
        }
        Ok(found)
    }

    async fn summaries_of(&self, ids: &[ClusterId]) -> Result<BTreeMap<ClusterId, ClusterSummary>> {
        let sql = format!(
            "SELECT id, state, size, askers, representative, due_since FROM clusters WHERE id IN {}",
            placeholders(1, 1, ids.len())
        );
        let mut query = sqlx::query_as::<_, SummaryRow>(AssertSqlSafe(sql));
        for id in ids {
            query = query.bind(id.as_str());
        }
        let rows = query.fetch_all(&self.read).await?;
        rows.into_iter().map(|row| summary(row).map(|one| (one.id.clone(), one))).collect()
    }
}

/// While the merged answer of a known cluster may not be served, no maintainer stands behind what can
/// be shown: a page of it is on its way again.
fn shown_state(state: ClusterState, canon: Option<&Option<MergedAnswer>>) -> ClusterState {
    match (state, canon) {
        (ClusterState::Known, Some(None)) => ClusterState::Proposed,
        _ => state,
    }
}

async fn move_occurrence(
    connection: &mut SqliteConnection,
    question: MessageId,
    cluster: &ClusterId,
) -> Result<()> {
    sqlx::query("UPDATE occurrences SET cluster = $2 WHERE question = $1")
        .bind(question.0 as i64)
        .bind(cluster.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn upsert_cluster(connection: &mut SqliteConnection, cluster: &ClusterSummary) -> Result<()> {
    let ClusterSummary { id, state, size, askers, centre, due_since } = cluster;
    sqlx::query(
        "INSERT INTO clusters (id, state, size, askers, representative, due_since) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO UPDATE SET state = CASE WHEN clusters.state IN ('watching', 'due') \
         THEN excluded.state ELSE clusters.state END, size = excluded.size, \
         askers = excluded.askers, representative = excluded.representative, \
         due_since = excluded.due_since",
    )
    .bind(id.as_str())
    .bind(state.as_str())
    .bind(*size as i64)
    .bind(*askers as i64)
    .bind(centre.0 as i64)
    .bind(due_since.map(|since| since.0))
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO cluster_places (cluster, channel) \
         SELECT $1, channel FROM occurrences WHERE question = $2 \
         ON CONFLICT (cluster) DO UPDATE SET channel = excluded.channel",
    )
    .bind(id.as_str())
    .bind(centre.0 as i64)
    .execute(connection)
    .await?;
    Ok(())
}

async fn delete_cluster(connection: &mut SqliteConnection, id: &ClusterId) -> Result<()> {
    sqlx::query("DELETE FROM clusters WHERE id = $1").bind(id.as_str()).execute(connection).await?;
    Ok(())
}

async fn delete_redirect(connection: &mut SqliteConnection, old: &ClusterId) -> Result<()> {
    sqlx::query("DELETE FROM redirects WHERE old = $1")
        .bind(old.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Leads `old`, and whatever led there, to `heir`.
async fn redirect(
    connection: &mut SqliteConnection,
    old: &ClusterId,
    heir: &ClusterId,
) -> Result<()> {
    sqlx::query("UPDATE redirects SET cluster = $2 WHERE cluster = $1")
        .bind(old.as_str())
        .bind(heir.as_str())
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO redirects (old, cluster) VALUES ($1, $2) \
         ON CONFLICT (old) DO UPDATE SET cluster = excluded.cluster",
    )
    .bind(old.as_str())
    .bind(heir.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

pub(in crate::store) async fn add_change(
    connection: &mut SqliteConnection,
    id: &ClusterId,
) -> Result<()> {
    sqlx::query("INSERT INTO index_changes (cluster, at) VALUES ($1, unixepoch() * 1000)")
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// The columns that record changes, by table: 1 after a change, 2 while a reclustering that includes
/// it runs, 0 afterwards.
const DIRTY_COLUMNS: [(&str, &str); 4] = [
    ("occurrences", "dirty"),
    ("clusters", "shrunk"),
    ("duplicate_marks", "dirty"),
    ("split_marks", "dirty"),
];

async fn begin_dirty(connection: &mut SqliteConnection) -> Result<()> {
    for (table, column) in DIRTY_COLUMNS {
        let sql = format!("UPDATE {table} SET {column} = 2 WHERE {column} = 1");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn clear_dirty(connection: &mut SqliteConnection) -> Result<()> {
    for (table, column) in DIRTY_COLUMNS {
        let sql = format!("UPDATE {table} SET {column} = 0 WHERE {column} = 2");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(in crate::store) fn cluster_id(text: &str) -> Result<ClusterId> {
    text.parse::<ClusterId>()
        .map_err(|source| StoreError::Unreadable { what: "a cluster id", source: source.into() })
}

fn summary((id, state, size, askers, centre, due_since): SummaryRow) -> Result<ClusterSummary> {
    let known = ClusterState::parse(&state).ok_or_else(|| StoreError::Unreadable {
        what: "a cluster state",
        source: format!("{state:?} is no state").into(),
    })?;
    Ok(ClusterSummary {
        id: cluster_id(&id)?,
        state: known,
        size: size as usize,
        askers: askers as usize,
        centre: MessageId(centre as u64),
        due_since: due_since.map(Millis),
    })
}
