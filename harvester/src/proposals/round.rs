//! One proposal round: load everything, apply maintainers' requests, reconcile each proposal.

use docgen::forge::Forge;
use docgen::github::client::GitHubError;
use docgen::github::onboarding::OnboardingStage;
use indexer::store::{LeaseFence, StoreError};
use jiff::Timestamp;
use tokio::time::sleep;

use super::error::{ProposingError, Result};
use super::reconciler::{LEASE, NOT_BEFORE, ProposalReconciler, deferred_until};
use super::report::{RoundReport, WaitReason, describe_outcome};
use super::repository::RepositoryState;
use super::worklist::Worklist;
use crate::discord::interactions::handler::PAUSED;

/// How often the lease is renewed before it would expire.
const RENEWALS: u32 = 3;

/// How a round ended.
#[derive(Debug)]
pub enum RoundOutcome {
    Done(RoundReport),
    /// Another process is running one.
    Busy,
    /// GitHub is rate-limiting or unreachable; requests wait until then.
    Deferred(Timestamp),
}

impl ProposalReconciler {
    /// Runs one round: brings every proposal as far as it goes now.
    pub async fn round(&self) -> Result<RoundOutcome> {
        self.exclusively(async |round, fence| round.run_exclusive(fence).await).await
    }

    /// Does something while no other process proposes. What it is given stores nothing once one does.
    async fn exclusively(
        &self,
        run: impl AsyncFnOnce(&Self, LeaseFence) -> Result<RoundReport>,
    ) -> Result<RoundOutcome> {
        let now = self.now();
        if let Some(until) = deferred_until(&self.store).await?.filter(|until| *until > now) {
            return Ok(RoundOutcome::Deferred(until));
        }
        let (length, lease_time) = (self.lease_length(), self.lease_time().await?);
        let lease = self.store.acquire_lease(LEASE, &self.owner, length, lease_time).await?;
        let Some(fence) = lease else {
            return Ok(RoundOutcome::Busy);
        };
        let (round, pause) = (self.under(fence), self.lease_length().unsigned_abs() / RENEWALS);
        let done =
            run_renewing(run(&round, fence), || self.renew_lease(fence), || sleep(pause)).await;
        self.store.release_lease(LEASE, &self.owner).await?;
        match done {
            Ok(report) => Ok(RoundOutcome::Done(report)),
            Err(ProposingError::GitHub(GitHubError::Deferred { not_before })) => {
                self.store.set_time(NOT_BEFORE, not_before).await?;
                Ok(RoundOutcome::Deferred(not_before))
            }
            Err(ProposingError::TakenOver | ProposingError::Store(StoreError::LeaseLost(_))) => {
                tracing::warn!("lost the proposal lease to another process; standing by");
                Ok(RoundOutcome::Busy)
            }
            Err(error) => Err(error),
        }
    }

    /// Releases the lease of an interrupted round, so that another process can start at once.
    pub async fn release_round(&self) -> Result<()> {
        Ok(self.store.release_lease(LEASE, &self.owner).await?)
    }

    /// A round under the lease.
    async fn run_exclusive(&self, fence: LeaseFence) -> Result<RoundReport> {
        if let Forge::Local(local) = &*self.forge {
            local.make_repository()?;
        }
        let repository = self.load_repository().await?;
        let mut worklist = self.load_worklist(&repository).await?;
        let mut report = RoundReport::default();
        self.redact_closed_pulls(&mut worklist, &mut report).await?;
        match &repository.stage {
            OnboardingStage::On(_, mistakes) => {
                report.stage = "proposals are enabled".to_owned();
                report.notes.extend(mistakes.iter().map(ToString::to_string));
                self.run_enabled(&repository, &mut worklist, fence, &mut report).await?;
            }
            OnboardingStage::DryRun => {
                "history is still being read; nothing is opened before that is done"
                    .clone_into(&mut report.stage)
            }
            OnboardingStage::Off => "maintainers disabled proposals".clone_into(&mut report.stage),
            OnboardingStage::Introduce if worklist.is_idle() => {
                "no page is due yet".clone_into(&mut report.stage);
            }
            OnboardingStage::Introduce | OnboardingStage::Waiting => {
                let outcome = self.propose_settings(&repository, &worklist, fence).await?;
                report.stage =
                    format!("the pull request with the settings is {}", describe_outcome(&outcome));
            }
        }
        self.drop_superseded()?;
        report.considered = worklist.into_considered();
        Ok(report)
    }

    /// Looks at the documentation, or, where it is not known where pages go, keeps every new one back.
    pub(crate) async fn prepare(
        &self,
        worklist: &mut Worklist,
        repository: &RepositoryState,
        report: &mut RoundReport,
    ) -> Result<()> {
        match &repository.unknown {
            None => self.match_existing_docs(worklist, repository).await,
            Some(unknown) => {
                report.stage = unknown.to_string();
                worklist.hold_new_pages(&report.stage);
                Ok(())
            }
        }
    }

    async fn run_enabled(
        &self,
        repository: &RepositoryState,
        worklist: &mut Worklist,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        self.prepare(worklist, repository, report).await?;
        self.close_settings().await?;
        self.read_releases(report).await?;
        let dashboard = self.dashboard().await?;
        if self.process_feedback(worklist, dashboard.as_ref(), repository).await? {
            *worklist = self.load_worklist(repository).await?;
            self.prepare(worklist, repository, report).await?;
        }
        self.read_issues(worklist, report).await?;
        self.revise_merged(worklist, repository, fence, report).await?;
        self.advance_open(worklist, repository, fence, report).await?;
        self.advance_batches(worklist, repository, fence, report).await?;
        self.advance_guides(worklist, repository, fence, report).await?;
        let stopped = self.opening_stopped().await?;
        if stopped.is_none() {
            self.open_allowed(worklist, repository, fence, report).await?;
        }
        self.note_waits(worklist, stopped);
        let dashboard = self.dashboard().await?;
        self.publish_dashboard(worklist, dashboard.as_ref(), report).await
    }

    /// Why no proposal may be opened at all now.
    async fn opening_stopped(&self) -> Result<Option<WaitReason>> {
        // Messages that are not analysed yet may add evidence, or remove it.
        if !self.store.pending_channels().await?.is_empty() {
            return Ok(Some(WaitReason::Unanalysed));
        }
        let paused = self.store.setting(PAUSED).await?;
        Ok(paused.map(|_| WaitReason::Paused))
    }

    /// Brings the branches of a local repository up to date that quote deleted messages: a page is written again
    /// from what is left, a branch without a page goes, and so do the objects that only it had. Opens nothing.
    /// On GitHub the next round does that.
    pub async fn follow_deletions(&self) -> Result<RoundOutcome> {
        self.exclusively(async |round, fence| {
            let repository = round.load_repository().await?;
            let mut worklist = round.load_worklist(&repository).await?;
            let mut report = RoundReport::default();
            round.advance_quoting_guides(&mut worklist, &repository, fence, &mut report).await?;
            // The store empties the title in the transaction in which a message goes.
            worklist.entries.retain(|_, entry| {
                entry.case.as_ref().is_some_and(|case| case.row.title.is_empty())
            });
            round.prepare(&mut worklist, &repository, &mut report).await?;
            round.advance_open(&mut worklist, &repository, fence, &mut report).await?;
            round.drop_superseded()?;
            Ok(report)
        })
        .await
    }

    /// Removes what was replaced from a local repository; git would keep it.
    fn drop_superseded(&self) -> Result<()> {
        let Forge::Local(local) = &*self.forge else { return Ok(()) };
        let packed = local.drop_superseded()?;
        if packed > 0 {
            tracing::warn!(
                packed,
                "replaced text is left in packs of the docs repository; run `git gc --prune=now` there"
            );
        }
        Ok(())
    }
}

/// Does something and meanwhile renews what it has to hold, after each pause. Where that is lost, it ends early.
async fn run_renewing<T, R, P>(
    work: impl Future<Output = Result<T>>,
    renew: impl Fn() -> R,
    pause: impl Fn() -> P,
) -> Result<T>
where
    R: Future<Output = Result<()>>,
    P: Future<Output = ()>,
{
    let lost = async {
        loop {
            pause().await;
            if let Err(error) = renew().await {
                break error;
            }
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        error = lost => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn a_round_that_takes_long_keeps_its_lease() {
        let renewals = Cell::new(0);
        let long = async {
            while renewals.get() < 5 {
                yield_now().await;
            }
            Ok("done")
        };
        let renew = || {
            renewals.set(renewals.get() + 1);
            std::future::ready(Ok(()))
        };
        assert_eq!(run_renewing(long, renew, yield_now).await.unwrap(), "done");
    }

    #[tokio::test]
    async fn a_round_ends_where_another_process_has_taken_its_lease() {
        let endless = std::future::pending::<Result<()>>();
        let lost = || std::future::ready(Err(ProposingError::TakenOver));
        let ended = run_renewing(endless, lost, yield_now).await;
        assert!(matches!(ended, Err(ProposingError::TakenOver)), "{ended:?}");
    }
}
