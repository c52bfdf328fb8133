//! Releases of the project, and issues on which answers stand: read from GitHub, they ask for another look at
//! reviewed answers.

use std::collections::{BTreeMap, BTreeSet};

use docgen::github::dashboard::{DashboardItem, DashboardSection};
use docgen::pull_request::limits::DeadlineStatus;
use indexer::store::{IssueRecord, ProposalState};
use jiff::{SignedDuration, Timestamp};
use rules::model::ids::ClusterId;
use rules::verification::advisories::IssueName;
use rules::verification::{
    AnswerConfirmation, VerificationVerdict, check_verification, only_project,
};

use super::error::{ProposingError, Result};
use super::reconciler::ProposalReconciler;
use super::report::RoundReport;
use super::worklist::{WorkItem, Worklist};
use crate::logging::error_chain;

/// The setting that holds when the releases were last read.
const READ: &str = "forge/releases-read";
/// Releases are rare.
const BETWEEN_READS: SignedDuration = SignedDuration::from_hours(1);
/// Issues that are read in one round at most.
const ISSUES_PER_ROUND: usize = 10;

impl ProposalReconciler {
    /// Records the releases of the repositories that the settings name, once an hour. A repository that cannot be
    /// read does not stop the round.
    pub(crate) async fn read_releases(&self, report: &mut RoundReport) -> Result<()> {
        let now = self.now();
        let last = self.store.setting_time(READ).await?;
        if self.releases.is_empty()
            || last.is_some_and(|last| now.duration_since(last) < BETWEEN_READS)
        {
            return Ok(());
        }
        for repository in &self.releases {
            let found = self.github()?.releases(repository).await.map_err(ProposingError::from);
            let found = match found {
                Err(error) if error.ends_the_round() => return Err(error),
                Err(error) => {
                    let chain = error_chain(&error);
                    report.notes.push(format!("cannot read the releases of {repository}: {chain}"));
                    continue;
                }
                Ok(found) => found,
            };
            for release in &found {
                if self.store.record_release(release).await? {
                    report.notes.push(format!("{repository} has released {}", release.version));
                }
            }
        }
        Ok(self.store.set_time(READ, now).await?)
    }

    /// Reads the issues on which merged answers stand and that were open when they were last read: those that
    /// were not read for the longest time, a few in a round. One that cannot be read does not stop the round.
    pub(crate) async fn read_issues(
        &self,
        worklist: &Worklist,
        report: &mut RoundReport,
    ) -> Result<()> {
        let Some(github) = self.forge.github() else { return Ok(()) };
        let now = self.now();
        let known = self.store.issues().await?;
        let releases = self.store.releases().await?;
        let until = &self.rules.verification.until;
        let merged = worklist.entries.values().filter_map(merged_cluster);
        let named = merged.flat_map(|cluster| {
            let answer = AnswerConfirmation::of(cluster, None);
            until.issues(&answer.texts, only_project(&releases))
        });
        let last_read = |issue: &IssueName| known.get(issue).map(|record| record.read);
        let is_open = |issue: &IssueName| {
            let record = known.get(issue);
            record.is_none_or(|one| {
                one.closed.is_none() && now.duration_since(one.read) >= BETWEEN_READS
            })
        };
        let mut waiting =
            named.filter(is_open).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
        waiting.sort_by_key(last_read);
        for issue in waiting.iter().take(ISSUES_PER_ROUND) {
            let closed = match github.issue_closed(issue).await.map_err(ProposingError::from) {
                Err(error) if error.ends_the_round() => return Err(error),
                Err(error) => {
                    report.notes.push(format!("cannot read {issue}: {}", error_chain(&error)));
                    None
                }
                Ok(closed) => closed,
            };
            if closed.is_some() {
                report.notes.push(format!("{issue} is closed"));
            }
            self.store.record_issue(issue, IssueRecord { read: now, closed }).await?;
        }
        Ok(())
    }

    /// The rows of the merged answers that have to be checked again.
    pub(crate) async fn rows_to_verify(&self, worklist: &Worklist) -> Result<Vec<DashboardItem>> {
        let (releases, checks) =
            (self.store.releases().await?, self.store.checked_answers().await?);
        let closed = self.store.closed_issues().await?;
        let rows = worklist.entries.iter().filter_map(|(id, entry)| {
            let cluster = merged_cluster(entry)?;
            let policy = &self.rules.verification;
            let answer = AnswerConfirmation::of(cluster, checked(&checks, id, &cluster.id))
                .with_issues(policy, &releases, &closed);
            let verdict = check_verification(&answer, &releases, policy, self.now());
            verdict.is_due().then(|| row(id, entry, &verdict))
        });
        Ok(rows.collect())
    }
}

/// The latest check of an answer under one of its ids.
fn checked(
    checks: &BTreeMap<ClusterId, Timestamp>,
    proposed: &ClusterId,
    cluster: &ClusterId,
) -> Option<Timestamp> {
    checks.get(proposed).max(checks.get(cluster)).copied()
}

fn merged_cluster(entry: &WorkItem) -> Option<&rules::model::cluster::Cluster> {
    let state = entry.case.as_ref().map(|case| case.row.state);
    let cluster = entry.cluster.as_ref().filter(|_| state == Some(ProposalState::Merged));
    cluster.filter(|cluster| cluster.merged_answer.is_some())
}

fn row(id: &ClusterId, entry: &WorkItem, verdict: &VerificationVerdict) -> DashboardItem {
    DashboardItem {
        cluster: id.clone(),
        place: DashboardSection::Verify,
        question: entry.question(),
        occurrences: entry.cluster.as_ref().map_or(0, |cluster| cluster.times_answered()),
        pull: entry.case.as_ref().and_then(|case| case.progress.number),
        deadline: DeadlineStatus::Met,
        due_by: None,
        note: Some(verdict.describe()),
    }
}
