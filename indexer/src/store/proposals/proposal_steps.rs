//! The steps of proposals: written before each is taken, and again with what came of it.

use jiff::{SignedDuration, Timestamp};
use rules::model::ids::ClusterId;
use rules::time;
use serde::Serialize;

use super::proposal_rows::{Proposal, keep};
use crate::store::clusters::cluster_rows::cluster_id;
use crate::store::engine::{self, Transaction};
use crate::store::sql::SqlTime;
use crate::store::{Result, Store};

/// One step of a cluster's proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProposalStep {
    pub seq: i64,
    pub cluster: ClusterId,
    pub step: String,
    #[serde(with = "rules::time::milliseconds")]
    pub begun: Timestamp,
    /// `None` while it is under way, and for ever where the process ended before the step did.
    #[serde(with = "rules::time::milliseconds::optional")]
    pub ended: Option<Timestamp>,
    pub outcome: Option<String>,
}

/// How long ended steps are kept.
const KEPT: SignedDuration = time::days(30);

type Row = (i64, String, String, i64, Option<i64>, Option<String>);

impl Store {
    /// Writes down that a step is about to be taken; returns its number.
    pub async fn begin_step(&self, cluster: &ClusterId, step: &str, now: Timestamp) -> Result<i64> {
        let mut transaction = self.begin().await?;
        let seq = engine::query_scalar(
            "INSERT INTO proposal_steps (cluster, step, begun) VALUES ($1, $2, $3) RETURNING seq",
        )
        .bind(cluster.as_str())
        .bind(step)
        .bind(now.to_sql())
        .fetch_one(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(seq)
    }

    /// Writes down what came of a step, together with the proposal as it stands after it. Steps that
    /// ended long ago are dropped.
    pub async fn end_step(
        &self,
        seq: i64,
        outcome: &str,
        proposal: &Proposal,
        now: Timestamp,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        end(&mut transaction, seq, outcome, now).await?;
        keep(&mut transaction, proposal).await?;
        prune(&mut transaction, time::minus(now, KEPT)).await?;
        Ok(transaction.commit().await?)
    }

    /// The steps of one cluster that are kept, in their order.
    pub async fn steps_of(&self, cluster: &ClusterId) -> Result<Vec<ProposalStep>> {
        let rows = engine::query_as::<Row>(
            "SELECT seq, cluster, step, begun, ended, outcome FROM proposal_steps WHERE cluster = $1 \
             ORDER BY seq",
        )
        .bind(cluster.as_str())
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(step).collect()
    }

    /// The steps of all clusters that did not end, in their order.
    pub async fn unended_steps(&self) -> Result<Vec<ProposalStep>> {
        let rows = engine::query_as::<Row>(
            "SELECT seq, cluster, step, begun, ended, outcome FROM proposal_steps WHERE ended IS NULL \
             ORDER BY seq",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(step).collect()
    }
}

async fn end(connection: &mut Transaction, seq: i64, outcome: &str, now: Timestamp) -> Result<()> {
    engine::query("UPDATE proposal_steps SET ended = $2, outcome = $3 WHERE seq = $1")
        .bind(seq)
        .bind(now.to_sql())
        .bind(outcome)
        .execute(connection)
        .await?;
    Ok(())
}

async fn prune(connection: &mut Transaction, before: Timestamp) -> Result<()> {
    engine::query("DELETE FROM proposal_steps WHERE ended < $1")
        .bind(before.to_sql())
        .execute(connection)
        .await?;
    Ok(())
}

fn step((seq, cluster, step, begun, ended, outcome): Row) -> Result<ProposalStep> {
    Ok(ProposalStep {
        seq,
        cluster: cluster_id(&cluster)?,
        step,
        begun: Timestamp::from_sql(begun),
        ended: ended.map(Timestamp::from_sql),
        outcome,
    })
}
