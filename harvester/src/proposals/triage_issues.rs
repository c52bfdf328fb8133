//! Recurring open questions as issues of the repository, where an operator asks for that.

use docgen::github::code_owners::{PLACES, owners_of};
use docgen::github::triage_issues::{OpenQuestionGroup, TriageIssueAction, decide, title};
use indexer::store::LeaseFence;
use serde::Serialize;
use site::reports::triage::{TriageGroup, TriageReport};

use super::error::{ProposingError, Result};
use super::reconciler::{LEASE, LEASE_LENGTH, ProposalReconciler};
use super::repository::RepositoryState;

/// New issues of one run at most; what is left comes with the next one.
const MOST_OPENED: usize = 10;

/// What became of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TriageIssueLine {
    pub number: u64,
    /// "opened", "updated" or "left as it is".
    pub outcome: &'static str,
    pub title: String,
}

impl ProposalReconciler {
    /// Opens or updates one issue for each group of a report, while no other process writes to the repository.
    /// `None` while one does.
    pub async fn open_triage_issues(
        &self,
        report: &TriageReport,
    ) -> Result<Option<Vec<TriageIssueLine>>> {
        let now = self.lease_time().await?;
        let Some(fence) = self.store.acquire_lease(LEASE, &self.owner, LEASE_LENGTH, now).await?
        else {
            return Ok(None);
        };
        let done = self.under(fence).write_triage_issues(report, fence).await;
        self.store.release_lease(LEASE, &self.owner).await?;
        done.map(Some)
    }

    async fn write_triage_issues(
        &self,
        report: &TriageReport,
        fence: LeaseFence,
    ) -> Result<Vec<TriageIssueLine>> {
        let repository = self.load_repository().await?;
        let owners = self.code_owners(&repository).await?;
        let found = self.github()?.triage_issues().await?;
        let (mut lines, mut opened) = (Vec::new(), 0);
        for group in &report.groups {
            let wanted = self.open_question_group(group, &repository, owners.as_deref());
            let (action, body) = decide(&wanted, &found);
            opened += usize::from(action == TriageIssueAction::Create);
            if action == TriageIssueAction::Create && opened > MOST_OPENED {
                continue;
            }
            if !self.store.still_holds(LEASE, fence, self.lease_time().await?).await? {
                return Err(ProposingError::TakenOver);
            }
            let number = self.github()?.write_triage_issue(&wanted, action, &body).await?;
            let outcome = match action {
                TriageIssueAction::Create => "opened",
                TriageIssueAction::Edit(_) => "updated",
                TriageIssueAction::Leave(_) => "left as it is",
            };
            lines.push(TriageIssueLine { number, outcome, title: title(&wanted) });
        }
        Ok(lines)
    }

    /// The text of the file of owners, if the repository has one.
    async fn code_owners(&self, repository: &RepositoryState) -> Result<Option<String>> {
        for place in PLACES {
            if let Some(text) = self.forge.text(&repository.files, place).await? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// A group as an issue. Its owners are the topic's reviewers, or else the owners of the folder that a page on
    /// it would go to.
    fn open_question_group(
        &self,
        group: &TriageGroup,
        repository: &RepositoryState,
        code_owners: Option<&str>,
    ) -> OpenQuestionGroup {
        let impact = &group.impact;
        let owners = match (group.owners.is_empty(), code_owners) {
            (true, Some(file)) => {
                let mut topics = self.rules.topics.all().iter();
                let topic = topics.find(|one| Some(&one.name) == group.component.as_ref());
                let folder = topic.and_then(|topic| topic.folder.as_deref());
                let folder = folder.map(|folder| format!("/{folder}")).unwrap_or_default();
                owners_of(file, &format!("{}{folder}/page.md", repository.layout.folder))
            }
            _ => group.owners.clone(),
        };
        let mut facts = vec![
            format!("Status: {}", group.status.as_str()),
            format!(
                "Impact: {} people asked {} times, {} to {}; {}",
                impact.askers, impact.occurrences, group.first_day, group.last_day, group.trend
            ),
        ];
        if impact.blocking > 0 {
            facts.push(format!(
                "Does not work at all: said in {} of {}",
                impact.blocking, impact.occurrences
            ));
        }
        facts.push(format!("Next step: {}", group.next_step));
        OpenQuestionGroup {
            questions: group.messages.clone(),
            title: group.title.clone(),
            priority: format!("{} ({} points)", impact.priority.as_str(), impact.points),
            facts,
            versions: group.versions.clone(),
            errors: group.errors.clone(),
            owners,
            links: group.questions.clone(),
        }
    }
}
