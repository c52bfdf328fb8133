//! What reviewers decided on the site, brought to the pull requests.

use indexer::store::{ProposalState, ReviewDecision, ReviewDecisionRow};
use rules::model::ids::ClusterId;

use super::error::Result;
use super::reconciler::ProposalReconciler;
use super::worklist::{WorkItem, Worklist};

impl ProposalReconciler {
    /// Follows the decisions since the last round, and takes back what reviewers took back; returns whether
    /// there were any, so that pages may have changed. Doing it again changes nothing.
    pub(crate) async fn process_review_decisions(&self, worklist: &mut Worklist) -> Result<bool> {
        let waiting = self.store.waiting_review_decisions().await?;
        for row in &waiting {
            if row.undone.is_none() {
                self.store.begin_review(&row.cluster, &row.decision, row.at).await?;
            }
            let bearer = self.store.proposal(&row.cluster).await?;
            let id = bearer.map_or_else(|| row.cluster.clone(), |proposal| proposal.cluster);
            // Without an entry nothing was begun: its state alone keeps it from being proposed.
            if let Some(entry) = worklist.entries.get_mut(&id) {
                match row.undone {
                    None => self.follow_decision(&id, entry, row).await?,
                    Some(_) => self.revert_decision(entry, row).await?,
                }
            }
            let applied = row.undone.is_none().then(|| self.now());
            self.store.settle_review(row.seq, applied).await?;
        }
        Ok(!waiting.is_empty())
    }

    async fn follow_decision(
        &self,
        id: &ClusterId,
        entry: &mut WorkItem,
        row: &ReviewDecisionRow,
    ) -> Result<()> {
        let now = self.now();
        match &row.decision {
            ReviewDecision::Accept => return self.request_page(id, entry).await,
            ReviewDecision::Reject { .. } => {
                let Some(case) = &mut entry.case else { return Ok(()) };
                self.close(case).await?;
            }
            ReviewDecision::Snooze { until } => entry.planned_case(id, now).snooze(*until),
            ReviewDecision::Edit(_)
            | ReviewDecision::Merge { .. }
            | ReviewDecision::Split { .. } => {}
        }
        self.keep_case(entry).await
    }

    async fn revert_decision(&self, entry: &mut WorkItem, row: &ReviewDecisionRow) -> Result<()> {
        let Some(case) = &mut entry.case else { return Ok(()) };
        match &row.decision {
            ReviewDecision::Accept => {
                case.requests.requested = false;
                case.requests.requested_again = false;
            }
            ReviewDecision::Reject { .. } if case.progress.number.is_some() => {
                case.requests.requested_again = true;
            }
            ReviewDecision::Reject { .. } => case.row.state = ProposalState::Planned,
            ReviewDecision::Snooze { .. } => case.requests.snoozed_until = None,
            ReviewDecision::Edit(_)
            | ReviewDecision::Merge { .. }
            | ReviewDecision::Split { .. } => {}
        }
        self.keep_case(entry).await
    }

    async fn keep_case(&self, entry: &WorkItem) -> Result<()> {
        let Some(case) = &entry.case else { return Ok(()) };
        Ok(self.store.upsert_proposal(&case.to_row(self.now())).await?)
    }
}
