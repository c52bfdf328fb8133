//! Deleted quotes leave the pull requests that are closed or merged.

use docgen::github::execute::redact_closed;
use docgen::github::status_comment;

use super::error::Result;
use super::reconciler::ProposalReconciler;
use super::report::RoundReport;
use super::tracked::TrackedProposal;
use super::worklist::Worklist;

impl ProposalReconciler {
    /// Looks for proposals that stand on deleted messages, and takes the quotes out of what is no longer open.
    /// The store empties the title of a proposal in the transaction in which a message of its question goes.
    pub(crate) async fn redact_closed_pulls(
        &self,
        worklist: &mut Worklist,
        report: &mut RoundReport,
    ) -> Result<()> {
        let cases = worklist.entries.values_mut().filter_map(|entry| entry.case.as_mut());
        for case in cases.filter(|case| case.row.title.is_empty()) {
            match self.redact_pulls_of(case).await {
                Err(error) if error.ends_the_round() => return Err(error),
                Err(error) => report.notes.push(format!("{}: {error}", case.row.branch)),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    pub(super) async fn redact_pulls_of(&self, case: &mut TrackedProposal) -> Result<()> {
        let requests = &case.requests;
        let quoted = requests.sources.iter().chain(&requests.evidence);
        let quoted = quoted.filter(|one| !requests.redacted.contains(one)).copied();
        let gone = self.gone_of(&quoted.collect::<Vec<_>>()).await?;
        if gone.is_empty() {
            return Ok(());
        }
        if let Some(github) = self.forge.github() {
            for pull in github.pulls_of(&case.row.branch).await? {
                if !pull.is_open() {
                    redact_closed(github, &pull).await?;
                    let text = status_comment::evidence_deleted();
                    let (number, cluster) = (pull.number, &case.row.cluster);
                    github.replace_status_comment(number, cluster, &text).await?;
                }
            }
        }
        case.requests.redacted.extend(gone);
        Ok(self.store.upsert_proposal(&case.to_row(self.now())).await?)
    }
}
