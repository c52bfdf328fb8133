//! The weekly pull request for proposals held back by limits.

use docgen::github::reconcile::{DesiredPullRequest, ReconcileOutcome};
use docgen::page::draft::Draft;
use docgen::pull_request::subject::{Subject, Week};
use indexer::store::LeaseFence;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rules::model::cluster::Cluster;
use rules::model::ids::{ClusterId, Millis};

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
        docket: &mut Worklist,
        ground: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let week = this_week(self.github.now());
        let subject = Subject::Batch(week);
        let (id, branch) = (subject.key(), subject.branch());
        let mut case = TrackedProposal::new_planned(&id, branch, self.github.now());
        case.wishes.members = members.to_vec();
        self.advance_batch((&mut case, week), docket, ground, fence, report).await
    }

    /// Updates the open batches. A question whose evidence was deleted leaves its batch.
    pub(crate) async fn advance_batches(
        &self,
        docket: &mut Worklist,
        ground: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let cases = docket.entries.values().filter_map(|entry| entry.case.clone());
        let open = cases.filter(|case| !case.wishes.members.is_empty() && !case.is_closed());
        let open = open.filter_map(|case| case.week().map(|week| (case, week)));
        for (mut case, week) in open.collect::<Vec<_>>() {
            self.advance_batch((&mut case, week), docket, ground, fence, report).await?;
        }
        Ok(())
    }

    async fn advance_batch(
        &self,
        (case, week): (&mut TrackedProposal, Week),
        docket: &mut Worklist,
        ground: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let pages = pages_of(&case.wishes.members, docket);
        let cluster = &case.row.cluster;
        let mut wanted = match pages.is_empty() {
            true => DesiredPullRequest::withdrawal(cluster, &case.row.branch, &ground.base),
            false => DesiredPullRequest::batch(week, &pages, &ground.layout, &ground.base),
        };
        let settings = ground.settings().map(|(settings, _)| settings);
        wanted.reviewers = settings.map(|told| told.reviewers.clone()).unwrap_or_default();
        if pages.len() < case.wishes.members.len() {
            case.allow_replace();
        }
        case.row.title.clone_from(&wanted.title);
        let outcome = self.reconcile_one(case, &wanted, fence).await?;
        self.save_outcome(case, &outcome).await?;
        for (cluster, draft) in &pages {
            self.save_member_state(case, cluster, draft, docket).await?;
            if let ReconcileOutcome::Merged { number, commit } = &outcome {
                let entry = &docket.entries[&cluster.id];
                let mut one = entry.case.clone().expect("a member was just noted");
                if !self.record_merged(&one, (*number, commit.as_deref()), ground).await? {
                    // A maintainer removed the page before the merge.
                    self.save_outcome(
                        &mut one,
                        &ReconcileOutcome::Rejected { number: Some(*number) },
                    )
                    .await?;
                }
            }
            let said = format!("in a batch: {}", describe_outcome(&outcome));
            report.tell(&cluster.id, said, case.ledger.number, draft.title());
        }
        Ok(())
    }

    /// A question of a batch has the batch's state.
    async fn save_member_state(
        &self,
        batch: &TrackedProposal,
        cluster: &Cluster,
        draft: &Draft,
        docket: &mut Worklist,
    ) -> Result<()> {
        let now = self.github.now();
        let entry = docket.entries.get_mut(&cluster.id).expect("a member is an entry");
        let fresh = || TrackedProposal::new_planned(&cluster.id, batch.row.branch.clone(), now);
        let evidence = entry.evidence();
        let one = entry.case.get_or_insert_with(fresh);
        one.wishes.record_sources(&evidence);
        one.row.state = batch.row.state;
        one.row.branch.clone_from(&batch.row.branch);
        one.row.note.clone_from(&batch.row.note);
        draft.path().clone_into(&mut one.row.path);
        draft.title().clone_into(&mut one.row.title);
        one.row.number = batch.ledger.number;
        Ok(self.store.upsert_proposal(&one.to_row(now)).await?)
    }
}

fn pages_of(members: &[ClusterId], docket: &Worklist) -> Vec<(Cluster, Draft)> {
    let pages = members.iter().filter_map(|id| {
        let entry = docket.entries.get(id)?;
        let page = entry.page.as_ref().ok()?;
        Some((entry.cluster.clone()?, page.draft.clone()))
    });
    pages.collect()
}

/// The week whose batch is due.
fn this_week(now: Millis) -> Week {
    let time = Timestamp::from_millisecond(now.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let week = time.to_zoned(TimeZone::UTC).date().iso_week_date();
    Week { year: week.year().unsigned_abs(), number: week.week().unsigned_abs() }
}
