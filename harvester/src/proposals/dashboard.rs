//! The dashboard: one issue that shows the state of every question.

use docgen::github::dashboard::{
    DashboardIssue, DashboardItem, DashboardSection, DashboardTotals, render_dashboard,
};
use docgen::pull_request::limits::{DeadlineInput, DeadlineStatus, deadline_status};
use indexer::store::{Proposal, ProposalState};
use jiff::{SignedDuration, Timestamp};
use rules::model::ids::ClusterId;
use rules::time;

use super::error::Result;
use super::reconciler::ProposalReconciler;
use super::report::RoundReport;
use super::tracked::TrackedProposal;
use super::worklist::{WorkItem, Worklist};

/// The period of the dashboard's totals.
const MONTH: SignedDuration = time::days(30);

impl ProposalReconciler {
    /// The dashboard, if there is one.
    pub(crate) async fn dashboard(&self) -> Result<Option<DashboardIssue>> {
        match self.forge.github() {
            Some(github) => Ok(github.dashboard().await?),
            None => Ok(None),
        }
    }

    /// Updates the dashboard, where there are issues. A closed one stays closed.
    pub(crate) async fn publish_dashboard(
        &self,
        worklist: &Worklist,
        found: Option<&DashboardIssue>,
        report: &mut RoundReport,
    ) -> Result<()> {
        let Some(github) = self.forge.github() else { return Ok(()) };
        let rows = worklist.entries.iter().filter_map(|(id, entry)| self.row(id, entry));
        let mut rows = rows.collect::<Vec<_>>();
        for row in rows.iter().filter(|row| row.place != DashboardSection::Candidate) {
            *report.deadlines.entry(row.deadline).or_default() += 1;
        }
        rows.extend(self.rows_to_verify(worklist).await?);
        rows.extend(self.rows_to_improve(worklist).await?);
        if rows.is_empty() && found.is_none() {
            return Ok(());
        }
        let counts = self.store.counts().await?;
        let backlog = counts.conversations_by_status.get("open").copied().unwrap_or_default();
        let month = time::minus(self.now(), MONTH);
        let (asked, answered) = self.store.answered_counts_since(month, time::days(1)).await?;
        let (asked, answered) = (asked as usize, answered as usize);
        let figures = DashboardTotals { backlog: backlog as usize, asked, answered };
        github.update_dashboard(found, &render_dashboard(&rows, &figures)).await?;
        Ok(())
    }

    fn row(&self, id: &ClusterId, entry: &WorkItem) -> Option<DashboardItem> {
        let Some(case) = &entry.case else { return candidate_row(id, entry) };
        let now = self.now();
        let Some(place) = place(case, now) else { return candidate_row(id, entry) };
        let due_since = entry.cluster.as_ref().and_then(|cluster| cluster.due_since);
        let allowed = self.rules.pages.time_to_propose();
        let progress = DeadlineInput {
            due_since: due_since.unwrap_or(case.row.opened),
            drafted: entry.page.is_ok(),
            offered: Some(case.row.opened),
        };
        Some(DashboardItem {
            cluster: id.clone(),
            place,
            question: Some(entry.question())
                .filter(|words| !words.is_empty())
                .unwrap_or_else(|| "a question whose messages were deleted".to_owned()),
            occurrences: entry.cluster.as_ref().map_or(0, |cluster| cluster.times_answered()),
            pull: case.progress.number.or(case.row.number),
            deadline: deadline_status(&progress, allowed, now),
            due_by: due_since.map(|since| self.rules.pages.deadline(since)),
            note: case.row.note.clone(),
        })
    }
}

/// The row of a question that has no proposal and waits for more evidence or for somebody to ask for it;
/// one without a page has none.
fn candidate_row(id: &ClusterId, entry: &WorkItem) -> Option<DashboardItem> {
    let cluster = entry.cluster.as_ref().filter(|_| entry.is_candidate() && entry.page.is_ok())?;
    Some(DashboardItem {
        cluster: id.clone(),
        place: DashboardSection::Candidate,
        question: entry.question(),
        occurrences: cluster.times_answered(),
        pull: None,
        deadline: DeadlineStatus::Met,
        due_by: None,
        note: None,
    })
}

/// The section of a proposal; `None` if it is finished.
fn place(case: &TrackedProposal, now: Timestamp) -> Option<DashboardSection> {
    if case.is_snoozed(now) {
        return Some(DashboardSection::Snoozed);
    }
    Some(match case.row.state {
        ProposalState::Held => DashboardSection::Held,
        ProposalState::Open => DashboardSection::Open,
        ProposalState::HandsOff => DashboardSection::HandsOff,
        ProposalState::Rejected => DashboardSection::Rejected,
        ProposalState::Planned | ProposalState::Failed if case.row.note.is_some() => {
            DashboardSection::Failed
        }
        _ => return None,
    })
}

/// The deadline status of a stored proposal; `allowed` is the whole time.
pub fn deadline_status_of(
    proposal: &Proposal,
    due_since: Option<Timestamp>,
    allowed: SignedDuration,
    now: Timestamp,
) -> DeadlineStatus {
    let offered = (proposal.state != ProposalState::Planned).then_some(proposal.opened);
    let due_since = due_since.unwrap_or(proposal.opened);
    deadline_status(&DeadlineInput { due_since, drafted: true, offered }, allowed, now)
}
