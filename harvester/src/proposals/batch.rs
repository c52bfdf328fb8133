//! The weekly pull request for proposals held back by limits.

use docgen::forge::reconcile::{DesiredPullRequest, ReconcileOutcome};
use docgen::page::draft::Draft;
use docgen::pull_request::subject::{Subject, Week};
use indexer::store::LeaseFence;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rules::model::cluster::Cluster;
use rules::model::ids::ClusterId;

use super::error::Result;
use super::reconciler::ProposalReconciler;
use super::report::{RoundReport, describe_outcome};
use super::repository::RepositoryState;
use super::tracked::TrackedProposal;
use super::worklist::Worklist;

impl ProposalReconciler {
    /// Opens this week's pull request for several questions.
    pub(crate) async fn open_batch(
        &self,
        members: &[ClusterId],
        worklist: &mut Worklist,
        repository: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let week = this_week(self.now());
        let subject = Subject::Batch(week);
        let (id, branch) = (subject.key(), subject.branch());
        let mut case = TrackedProposal::new_planned(&id, branch, self.now());
        case.requests.members = members.to_vec();
        self.advance_batch((&mut case, week), worklist, repository, fence, report).await
    }

    /// Updates the open batches. A question whose evidence was deleted leaves its batch.
    pub(crate) async fn advance_batches(
        &self,
        worklist: &mut Worklist,
        repository: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let cases = worklist.entries.values().filter_map(|entry| entry.case.clone());
        let open = cases.filter(|case| !case.requests.members.is_empty() && !case.is_closed());
        let open = open.filter_map(|case| case.week().map(|week| (case, week)));
        for (mut case, week) in open.collect::<Vec<_>>() {
            self.advance_batch((&mut case, week), worklist, repository, fence, report).await?;
        }
        Ok(())
    }

    async fn advance_batch(
        &self,
        (case, week): (&mut TrackedProposal, Week),
        worklist: &mut Worklist,
        repository: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let pages = pages_of(&case.requests.members, worklist);
        let cluster = &case.row.cluster;
        let mut wanted = match pages.is_empty() {
            true => DesiredPullRequest::withdrawal(cluster, &case.row.branch, &repository.base),
            false => DesiredPullRequest::batch(week, &pages, &repository.layout, &repository.base),
        };
        let settings = repository.settings().map(|(settings, _)| settings);
        wanted.reviewers = settings.map(|settings| settings.reviewers.clone()).unwrap_or_default();
        if pages.len() < case.requests.members.len() {
            case.allow_replace();
        }
        case.row.title.clone_from(&wanted.title);
        let outcome = self.reconcile_one(case, &wanted, fence).await?;
        self.save_outcome(case, &outcome).await?;
        for (cluster, draft) in &pages {
            self.save_member_state(case, cluster, draft, worklist).await?;
            if let ReconcileOutcome::Merged { number, commit } = &outcome {
                let entry = &worklist.entries[&cluster.id];
                let mut one = entry.case.clone().expect("a member was just noted");
                if !self.record_merged(&one, (*number, commit.as_deref()), repository).await? {
                    // A maintainer removed the page before the merge.
                    self.save_outcome(&mut one, &ReconcileOutcome::Rejected { number: *number })
                        .await?;
                }
            }
            let said = format!("in a batch: {}", describe_outcome(&outcome));
            report.add_line(&cluster.id, said, case.progress.number, draft.title());
        }
        Ok(())
    }

    /// A question of a batch has the batch's state.
    async fn save_member_state(
        &self,
        batch: &TrackedProposal,
        cluster: &Cluster,
        draft: &Draft,
        worklist: &mut Worklist,
    ) -> Result<()> {
        let now = self.now();
        let entry = worklist.entries.get_mut(&cluster.id).expect("a member is an entry");
        let fresh = || TrackedProposal::new_planned(&cluster.id, batch.row.branch.clone(), now);
        let evidence = entry.evidence();
        let one = entry.case.get_or_insert_with(fresh);
        one.requests.record_sources(&evidence);
        one.row.state = batch.row.state;
        one.row.branch.clone_from(&batch.row.branch);
        one.row.note.clone_from(&batch.row.note);
        draft.path().clone_into(&mut one.row.path);
        draft.title().clone_into(&mut one.row.title);
        one.row.number = batch.progress.number;
        Ok(self.store.upsert_proposal(&one.to_row(now)).await?)
    }
}

fn pages_of(members: &[ClusterId], worklist: &Worklist) -> Vec<(Cluster, Draft)> {
    let pages = members.iter().filter_map(|id| {
        let entry = worklist.entries.get(id)?;
        let page = entry.page.as_ref().ok()?;
        Some((entry.cluster.clone()?, page.draft.clone()))
    });
    pages.collect()
}

/// The week whose batch is due.
fn this_week(now: Timestamp) -> Week {
    let week = now.to_zoned(TimeZone::UTC).date().iso_week_date();
    Week { year: week.year().unsigned_abs(), number: week.week().unsigned_abs() }
}
