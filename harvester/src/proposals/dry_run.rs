//! What a round would send, without sending it.

use std::collections::BTreeMap;

use docgen::change::FileChange;
use docgen::forge::reconcile::{DesiredPullRequest, PullRequestProgress};
use docgen::github::execute::opening;
use docgen::github::onboarding::{self, OnboardingStage};
use rules::model::ids::ClusterId;
use serde::Serialize;
use serde_json::Value;

use super::error::Result;
use super::guides::PlannedGuide;
use super::reconciler::ProposalReconciler;
use super::report::{ConsideredPage, RoundReport};
use super::repository::RepositoryState;
use super::worklist::WorkItem;

/// A placeholder for the hash of the commit that a real run creates.
const NEW_COMMIT: &str = "(the new commit)";

/// One question, with what would be sent for it.
#[derive(Debug, Serialize)]
pub struct DryRunItem {
    pub cluster: ClusterId,
    /// What would happen to it, or why nothing would.
    pub outcome: String,
    pub sent: Option<PullRequestPreview>,
}

/// A pull request as it would be sent to GitHub.
#[derive(Debug, Serialize)]
pub struct PullRequestPreview {
    pub commit_message: String,
    /// Each file's new content; `None` if it would be deleted.
    pub files: BTreeMap<String, Option<String>>,
    /// What the branch that it is merged into has of them.
    #[serde(skip)]
    pub before: BTreeMap<String, Option<String>>,
    /// The body of `POST pulls`.
    pub pull_request: Value,
    pub labels: Vec<String>,
    pub reviewers: Vec<String>,
    /// Changes that could not be placed.
    pub notes: Vec<String>,
}

impl ProposalReconciler {
    /// Every question with the page that the next round would propose, and the guides. Writes nothing.
    pub(crate) async fn considered_pages(
        &self,
    ) -> Result<(BTreeMap<ClusterId, ConsideredPage>, Vec<PlannedGuide>)> {
        let repository = self.load_repository().await?;
        let mut worklist = self.load_worklist(&repository).await?;
        let mut report = RoundReport::default();
        self.prepare(&mut worklist, &repository, &mut report).await?;
        let planned = self.planned(&worklist, &self.limits);
        for (cluster, why) in planned.waiting {
            let entry = worklist.entries.get_mut(&cluster).expect("a candidate is an entry");
            entry.page = Err(why.as_str().to_owned());
        }
        let guides = std::mem::take(&mut worklist.guides).into_values().collect();
        Ok((worklist.into_considered(), guides))
    }

    /// What the next round would open, and what would wait, and why. Writes nothing.
    pub async fn dry_run(&self) -> Result<(String, Vec<DryRunItem>)> {
        let repository = self.load_repository().await?;
        let mut worklist = self.load_worklist(&repository).await?;
        self.match_existing_docs(&mut worklist, &repository).await?;
        let (stage, opens) = match &repository.stage {
            OnboardingStage::DryRun => {
                ("history is still being read; nothing is opened before that is done", false)
            }
            OnboardingStage::Introduce => ("the pull request with the settings comes first", false),
            OnboardingStage::Waiting => {
                ("the pull request with the settings is not merged yet", false)
            }
            OnboardingStage::Off => ("maintainers disabled proposals", false),
            OnboardingStage::On(..) if repository.unknown.is_some() => {
                ("cannot tell where pages go: set `[docs] folder`", false)
            }
            OnboardingStage::On(..) => ("proposals are enabled", true),
        };
        let mut rehearsed = Vec::new();
        if matches!(repository.stage, OnboardingStage::Introduce) {
            let entries = worklist.entries.values().filter(|entry| entry.page.is_ok());
            let first = entries.map(WorkItem::question).collect::<Vec<_>>();
            let wanted = onboarding::wanted(repository.place(), &repository.base, &first);
            let outcome = "would open now".to_owned();
            let sent = Some(self.sent(&wanted, &repository).await?);
            rehearsed.push(DryRunItem { cluster: wanted.cluster, outcome, sent });
        }
        let limits = repository.settings().map(|(settings, _)| settings.limits).unwrap_or_default();
        let planned = self.planned(&worklist, &limits);
        for (id, entry) in &worklist.entries {
            if let Some(guide) = worklist.guides.get(id) {
                let opens = opens && planned.open.contains(id);
                rehearsed.push(self.rehearse_guide(id, guide, opens, &repository).await?);
                continue;
            }
            let Ok(page) = &entry.page else {
                let outcome = format!("rejected: {}", entry.page.as_ref().err().expect("no page"));
                rehearsed.push(DryRunItem { cluster: id.clone(), outcome, sent: None });
                continue;
            };
            let waits = planned.waiting.iter().find(|(cluster, _)| cluster == id);
            let outcome = match (waits, &entry.case) {
                (Some((_, why)), _) => why.as_str().to_owned(),
                _ if planned.open.contains(id) && opens => "would open now".to_owned(),
                _ if planned.batch.contains(id) && opens => "would go into a batch".to_owned(),
                (_, Some(case)) if case.was_offered() => {
                    format!("stands as {}", case.row.state.as_str())
                }
                _ => "would come later".to_owned(),
            };
            let wanted = self.desired_pull_request(entry, page, &repository);
            if let Err(error) = wanted.check() {
                let outcome = format!("rejected: {error}");
                rehearsed.push(DryRunItem { cluster: id.clone(), outcome, sent: None });
                continue;
            }
            let sent = Some(self.sent(&wanted, &repository).await?);
            rehearsed.push(DryRunItem { cluster: id.clone(), outcome, sent });
        }
        Ok((stage.to_owned(), rehearsed))
    }

    async fn rehearse_guide(
        &self,
        id: &ClusterId,
        guide: &PlannedGuide,
        opens: bool,
        repository: &RepositoryState,
    ) -> Result<DryRunItem> {
        let page = match &guide.page {
            Ok(page) => page,
            Err(why) => {
                let outcome = format!("rejected: {why}");
                return Ok(DryRunItem { cluster: id.clone(), outcome, sent: None });
            }
        };
        let outcome = if opens { "would open now" } else { "would come later" };
        let wanted = page.pull_request(&repository.layout, &repository.base);
        let sent = Some(self.sent(&wanted, repository).await?);
        Ok(DryRunItem { cluster: id.clone(), outcome: outcome.to_owned(), sent })
    }

    async fn sent(
        &self,
        wanted: &DesiredPullRequest,
        repository: &RepositoryState,
    ) -> Result<PullRequestPreview> {
        let (mut files, mut notes) = (BTreeMap::<String, Option<String>>::new(), Vec::new());
        for change in &wanted.changes {
            let path = change.path().to_owned();
            match change {
                FileChange::Write { text, .. } => drop(files.insert(path, Some(text.clone()))),
                FileChange::Delete { .. } => drop(files.insert(path, None)),
                FileChange::Edit { edit, .. } => {
                    let old = match files.get(&path) {
                        Some(text) => text.clone(),
                        None => self.forge.text(&repository.files, &path).await?,
                    };
                    match edit.apply(old.as_deref()) {
                        Ok(Some(text)) => drop(files.insert(path, Some(text))),
                        Ok(None) => {}
                        Err(unplaced) => notes.push(format!("{path}: {unplaced}")),
                    }
                }
            }
        }
        let mut before = BTreeMap::new();
        for path in files.keys() {
            before.insert(path.clone(), self.forge.text(&repository.files, path).await?);
        }
        Ok(PullRequestPreview {
            before,
            commit_message: wanted.message.clone(),
            files,
            pull_request: opening(
                wanted,
                &PullRequestProgress::default(),
                (NEW_COMMIT, &wanted.digest),
            ),
            labels: wanted.labels.clone(),
            reviewers: wanted.reviewers.clone(),
            notes,
        })
    }
}
