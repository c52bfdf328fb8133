//! What reviewers decided about questions on the site. The grouping of questions follows at once; pull
//! requests follow with the next round of proposals.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::{ChannelId, ClusterId, MessageId, UserId};
use rules::model::page_edit::PageEdit;
use serde::{Deserialize, Serialize};

use super::proposal_rows::ProposalState;
use crate::store::clusters::cluster_rows::cluster_id;
use crate::store::engine::{self, Transaction};
use crate::store::operations::audit::insert_audit;
use crate::store::sql::SqlTime;
use crate::store::{AuditRow, Result, Store, from_json, to_json};

/// What a reviewer decides about a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ReviewDecision {
    /// It gets a pull request, whatever the limits say.
    Accept,
    /// It gets none.
    Reject {
        /// The state that its cluster had before.
        was: ClusterState,
    },
    /// Nothing is proposed or updated before a time.
    Snooze {
        #[serde(with = "rules::time::milliseconds")]
        until: Timestamp,
    },
    /// Its page is written in these words.
    Edit(PageEdit),
    /// It is the same as another question.
    Merge { question: MessageId, with: MessageId },
    /// Its occurrences are several questions.
    Split { questions: Vec<MessageId> },
}

/// A decision as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewDecisionRow {
    /// The number of its entry in the audit log.
    pub seq: i64,
    pub cluster: ClusterId,
    pub decision: ReviewDecision,
    /// The id of the reviewer's token.
    pub by: String,
    pub at: Timestamp,
    /// `None` while it waits for a round of proposals.
    pub applied: Option<Timestamp>,
    pub undone: Option<Timestamp>,
}

/// Why a decision can no longer be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UndoRefusal {
    #[error("it is taken back already")]
    Undone,
    #[error("its pull request is open; reject it, or close it on GitHub")]
    Opened,
    #[error("its page is merged")]
    Merged,
}

impl ReviewDecision {
    /// Its name in the audit log and in addresses.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject { .. } => "reject",
            Self::Snooze { .. } => "snooze",
            Self::Edit(_) => "edit",
            Self::Merge { .. } => "merge",
            Self::Split { .. } => "split",
        }
    }

    /// Whether a round of proposals has to follow it.
    fn waits_for_round(&self) -> bool {
        matches!(self, Self::Accept | Self::Reject { .. } | Self::Snooze { .. })
    }
}

impl ReviewDecisionRow {
    /// Whether it can be taken back while the proposal of its question is in a state.
    pub fn may_undo(
        &self,
        proposal: Option<ProposalState>,
    ) -> std::result::Result<(), UndoRefusal> {
        let accepted = self.decision == ReviewDecision::Accept;
        match proposal {
            _ if self.undone.is_some() => Err(UndoRefusal::Undone),
            Some(ProposalState::Open | ProposalState::HandsOff) if accepted => {
                Err(UndoRefusal::Opened)
            }
            Some(ProposalState::Merged) => Err(UndoRefusal::Merged),
            _ => Ok(()),
        }
    }
}

type Row = (i64, String, String, String, i64, Option<i64>, Option<i64>);

impl Store {
    /// Records a decision with an entry in the audit log, then does what does not wait for a round of
    /// proposals. Where the process ends between, the next round does it. Words of a reviewer are kept as
    /// long as every message of the cluster is.
    pub async fn record_review(
        &self,
        cluster: &Cluster,
        decision: &ReviewDecision,
        by: &str,
        now: Timestamp,
    ) -> Result<i64> {
        let entry = audit_entry(decision.name(), &cluster.id, by, None, now);
        let sources =
            matches!(decision, ReviewDecision::Edit(_)).then(|| to_json(&sources(cluster)));
        let mut transaction = self.begin().await?;
        let seq = insert_audit(&mut transaction, &entry).await?;
        engine::query(
            "INSERT INTO review_decisions (seq, cluster, decision, by_token, at, sources) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(seq)
        .bind(cluster.id.as_str())
        .bind(to_json(decision))
        .bind(by)
        .bind(now.to_sql())
        .bind(sources)
        .execute(&mut transaction)
        .await?;
        transaction.commit().await?;
        self.begin_review(&cluster.id, decision, now).await?;
        if !decision.waits_for_round() {
            self.settle_review(seq, Some(now)).await?;
        }
        Ok(seq)
    }

    /// Takes a decision back, with an entry in the audit log; the caller asks [`ReviewDecisionRow::may_undo`].
    /// False if somebody else did. Where the process ends between, it can be taken back again.
    pub async fn undo_review(
        &self,
        row: &ReviewDecisionRow,
        by: &str,
        now: Timestamp,
    ) -> Result<bool> {
        self.revert_review(row, now).await?;
        let applied = row.decision.waits_for_round().then_some(row.applied).flatten();
        let mut transaction = self.begin().await?;
        let done = engine::query(
            "UPDATE review_decisions SET undone = $2, applied = $3 WHERE seq = $1 AND undone IS NULL",
        )
        .bind(row.seq)
        .bind(now.to_sql())
        .bind(applied.map(SqlTime::to_sql))
        .execute(&mut transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let what = format!("undo-{}", row.decision.name());
        let entry = audit_entry(&what, &row.cluster, by, Some(row.seq), now);
        insert_audit(&mut transaction, &entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// A decision by its number.
    pub async fn review_decision(&self, seq: i64) -> Result<Option<ReviewDecisionRow>> {
        let row = engine::query_as::<Row>(
            "SELECT seq, cluster, decision, by_token, at, applied, undone FROM review_decisions \
             WHERE seq = $1",
        )
        .bind(seq)
        .fetch_optional(&self.read)
        .await?;
        row.map(decision_row).transpose()
    }

    /// The latest decisions, the last first, at most `limit`.
    pub async fn review_decisions(&self, limit: u32) -> Result<Vec<ReviewDecisionRow>> {
        let rows = engine::query_as::<Row>(
            "SELECT seq, cluster, decision, by_token, at, applied, undone FROM review_decisions \
             ORDER BY seq DESC LIMIT $1",
        )
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(decision_row).collect()
    }

    /// The decisions that a round of proposals has to follow or to take back, in their order.
    pub async fn waiting_review_decisions(&self) -> Result<Vec<ReviewDecisionRow>> {
        let rows = engine::query_as::<Row>(
            "SELECT seq, cluster, decision, by_token, at, applied, undone FROM review_decisions \
             WHERE (applied IS NULL) = (undone IS NULL) ORDER BY seq",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(decision_row).collect()
    }

    /// Notes that a round of proposals followed a decision, or, with `None`, took it back.
    pub async fn settle_review(&self, seq: i64, applied: Option<Timestamp>) -> Result<()> {
        let mut transaction = self.begin().await?;
        engine::query("UPDATE review_decisions SET applied = $2 WHERE seq = $1")
            .bind(seq)
            .bind(applied.map(SqlTime::to_sql))
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// The words that reviewers chose for pages, by question: the latest that nobody took back.
    pub async fn page_edits(&self) -> Result<BTreeMap<ClusterId, PageEdit>> {
        let rows = engine::query_as::<(String, String)>(
            "SELECT cluster, decision FROM review_decisions \
             WHERE sources IS NOT NULL AND undone IS NULL ORDER BY seq",
        )
        .fetch_all(&self.read)
        .await?;
        let mut edits = BTreeMap::new();
        for (cluster, decision) in rows {
            if let ReviewDecision::Edit(edit) = from_json("a review decision", &decision)? {
                edits.insert(cluster_id(&cluster)?, edit);
            }
        }
        Ok(edits)
    }

    /// Does what does not wait for a round of proposals. Doing it again changes nothing.
    pub async fn begin_review(
        &self,
        cluster: &ClusterId,
        decision: &ReviewDecision,
        now: Timestamp,
    ) -> Result<()> {
        match decision {
            ReviewDecision::Accept | ReviewDecision::Snooze { .. } | ReviewDecision::Edit(_) => {
                Ok(())
            }
            ReviewDecision::Reject { .. } => self.set_state(cluster, ClusterState::Rejected).await,
            ReviewDecision::Merge { question, with } => {
                self.mark_duplicate(*question, *with, UserId(0), now).await
            }
            ReviewDecision::Split { questions } => self.mark_split(questions, now).await,
        }
    }

    async fn revert_review(&self, row: &ReviewDecisionRow, now: Timestamp) -> Result<()> {
        match &row.decision {
            ReviewDecision::Accept | ReviewDecision::Snooze { .. } | ReviewDecision::Edit(_) => {}
            ReviewDecision::Reject { was } => self.set_state(&row.cluster, *was).await?,
            ReviewDecision::Merge { question, .. } => {
                self.unmark_duplicate(*question, UserId(0), now).await?;
            }
            ReviewDecision::Split { questions } => self.unmark_split(questions).await?,
        }
        Ok(())
    }
}

fn audit_entry(
    what: &str,
    cluster: &ClusterId,
    by: &str,
    undoes: Option<i64>,
    at: Timestamp,
) -> AuditRow {
    let (what, target) = (format!("review-{what}"), format!("{cluster} {by}"));
    AuditRow { seq: 0, at, by: UserId(0), what, target, undoes }
}

/// The messages of a cluster, each with its channel.
fn sources(cluster: &Cluster) -> Vec<(ChannelId, MessageId)> {
    let of = |one: &rules::model::cluster::Occurrence| {
        let channel = one.channel;
        let messages = one.answers.iter().chain([&one.question]).map(|quote| quote.message);
        messages.map(|message| (channel, message)).collect::<Vec<_>>()
    };
    cluster.occurrences.iter().flat_map(of).collect()
}

/// Drops the words of reviewers that stand over messages which are no longer stored.
pub(in crate::store) async fn drop_orphaned_edits(connection: &mut Transaction) -> Result<bool> {
    let done = engine::query(
        "DELETE FROM review_decisions WHERE sources IS NOT NULL AND EXISTS (\
         SELECT 1 FROM json_each(sources) AS source WHERE NOT EXISTS (SELECT 1 FROM messages \
         WHERE channel = CAST(source.value ->> 0 AS INTEGER) \
         AND id = CAST(source.value ->> 1 AS INTEGER)))",
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

fn decision_row(
    (seq, cluster, decision, by, at, applied, undone): Row,
) -> Result<ReviewDecisionRow> {
    Ok(ReviewDecisionRow {
        seq,
        cluster: cluster_id(&cluster)?,
        decision: from_json("a review decision", &decision)?,
        by,
        at: Timestamp::from_sql(at),
        applied: applied.map(Timestamp::from_sql),
        undone: undone.map(Timestamp::from_sql),
    })
}
