//! Merged pages that do not help: their questions are asked as often as before. Maintainers are asked to improve them.

use std::collections::{BTreeMap, BTreeSet};

use docgen::github::dashboard::{DashboardItem, DashboardSection};
use docgen::pull_request::limits::DeadlineStatus;
use jiff::{SignedDuration, Timestamp};
use rules::model::ids::ClusterId;
use rules::report::deflection::DeflectionCounts;
use rules::time;
use site::reports::ReportSource;
use site::reports::page_effects::PageEffect;

use super::error::Result;
use super::needing_work::PagesNeedingWork;
use super::reconciler::ProposalReconciler;
use super::worklist::Worklist;

/// Askings of two months are counted: that is done once a day.
const BETWEEN_COUNTS: SignedDuration = SignedDuration::from_hours(24);
/// Days for which a page rests that somebody says to have improved: so many days after it are measured.
const REST_DAYS: i64 = 60;

impl ProposalReconciler {
    /// The rows of the merged answers that do not help yet, of those nobody has improved lately.
    pub(crate) async fn rows_to_improve(&self, worklist: &Worklist) -> Result<Vec<DashboardItem>> {
        let (now, checks) = (self.now(), self.store.checked_answers().await?);
        let notes = self.pages_needing_work(now).await?;
        let rests = |id: &ClusterId| {
            checks.get(id).is_some_and(|at| now.duration_since(*at) < time::days(REST_DAYS))
        };
        let rows = worklist.entries.iter().filter_map(|(id, entry)| {
            let cluster = entry.cluster.as_ref().filter(|one| one.has_merged_answer())?;
            let ids = BTreeSet::from([id, &cluster.id]);
            let note = ids.iter().find_map(|id| notes.get(*id))?;
            (!ids.iter().any(|id| rests(id))).then(|| DashboardItem {
                cluster: id.clone(),
                place: DashboardSection::Improve,
                question: entry.question(),
                occurrences: cluster.times_answered(),
                pull: entry.case.as_ref().and_then(|case| case.progress.number),
                deadline: DeadlineStatus::Met,
                due_by: None,
                note: Some(note.clone()),
            })
        });
        Ok(rows.collect())
    }

    async fn pages_needing_work(&self, now: Timestamp) -> Result<BTreeMap<ClusterId, String>> {
        let mut kept = self.needing_work.lock().await;
        if let Some(known) = &*kept
            && (SignedDuration::ZERO..BETWEEN_COUNTS).contains(&now.duration_since(known.found))
        {
            return Ok(known.notes.clone());
        }
        let source = ReportSource { store: &self.store, rules: &self.rules, naming: &self.naming };
        let pages = source.page_effects(now).await?.pages.into_iter();
        let notes = pages.filter(|page| page.needs_work).map(|page| {
            let note = note(&page);
            (page.question.id, note)
        });
        let notes = notes.collect::<BTreeMap<_, _>>();
        *kept = Some(PagesNeedingWork { found: now, notes: notes.clone() });
        Ok(notes)
    }
}

/// "asked 20 times in the 60 days before the merge and 19 times in 60 days after it".
fn note(page: &PageEffect) -> String {
    let DeflectionCounts { asked_before, asked_after, .. } = page.counts;
    format!(
        "asked {asked_before} times in the {} days before the merge and {asked_after} times in {} days after it",
        page.days_before, page.days_after
    )
}
