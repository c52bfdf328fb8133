//! The state of the repository: where pages go, and what maintainers allow.

use docgen::github::git::CommitTree;
use docgen::github::onboarding::{
    self, OnboardingStage, OnboardingState, RepositorySettings, SETTINGS, SettingsError,
    SettingsRequest,
};
use docgen::pull_request::subject::Subject;
use docgen::site::layout::{SiteLayout, detect};
use rules::model::ids::Millis;

use super::error::{ProposingError, Result};
use super::reconciler::ProposalReconciler;

/// What a round reads from the repository.
pub struct RepositoryState {
    /// The default branch.
    pub base: String,
    pub files: CommitTree,
    pub layout: SiteLayout,
    pub stage: OnboardingStage,
}

impl RepositoryState {
    /// The maintainers' settings, with the lines of them that were not understood.
    pub fn settings(&self) -> Option<(&RepositorySettings, &[SettingsError])> {
        match &self.stage {
            OnboardingStage::On(settings, mistakes) => Some((settings, mistakes)),
            _ => None,
        }
    }
}

impl ProposalReconciler {
    /// Reads the repository; writes nothing.
    pub async fn load_repository(&self) -> Result<RepositoryState> {
        let repository = self.github.repository().await?;
        if repository.archived {
            return Err(ProposingError::Archived);
        }
        let base = repository.default_branch;
        let head = self
            .github
            .head(&base)
            .await?
            .ok_or_else(|| docgen::github::client::GitHubError::NoBranch(base.clone()))?;
        let files = self.github.files(&head).await?;
        let settings = self.github.text(&files, SETTINGS).await?;
        let request = match settings {
            Some(_) => None,
            None => self.request().await?,
        };
        let backfilling = self.store.live_counts().await?.channels_backfilling > 0;
        let told = settings.as_deref().map(RepositorySettings::read).map(|(settings, _)| settings);
        let layout = self.layout(&files, told.as_ref());
        let stage = onboarding::stage(&OnboardingState { settings, request, backfilling });
        Ok(RepositoryState { base, files, layout, stage })
    }

    /// The newest pull request with the settings.
    async fn request(&self) -> Result<Option<SettingsRequest>> {
        let newest = self.github.pulls_of(&Subject::Settings.branch()).await?.into_iter().next();
        Ok(newest.map(|pull| match (pull.is_open(), pull.is_merged()) {
            (true, _) => SettingsRequest::Open,
            (_, true) => SettingsRequest::Merged,
            _ => SettingsRequest::Closed(Millis(0)),
        }))
    }

    /// Maintainers' settings override the operator's, and both override detection.
    fn layout(&self, files: &CommitTree, settings: Option<&RepositorySettings>) -> SiteLayout {
        let mut layout = detect(files.paths());
        let target = settings.and_then(|settings| settings.target).or(self.target);
        if let Some(target) = target.filter(|target| *target != layout.target) {
            layout = SiteLayout { target, nav: None, ..layout };
        }
        let folder = settings.and_then(|settings| settings.folder.clone());
        if let Some(folder) = folder.or_else(|| self.folder.clone()) {
            layout.folder = folder;
        }
        layout
    }
}
