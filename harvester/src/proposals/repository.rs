//! The state of the repository: where pages go, and what maintainers allow.

use docgen::forge::Forge;
use docgen::forge::commits::CommitTree;
use docgen::github::client::{GitHubClient, GitHubError};
use docgen::github::onboarding::{
    self, OnboardingStage, OnboardingState, RepositorySettings, SETTINGS, SettingsError,
    SettingsRequest,
};
use docgen::pull_request::subject::Subject;
use docgen::site::detection::detect;
use docgen::site::generator::UnknownPlace;
use docgen::site::layout::SiteLayout;
use docgen::target::DocsTarget;
use jiff::Timestamp;

use super::error::{ProposingError, Result};
use super::reconciler::ProposalReconciler;

/// What a round reads from the repository.
pub struct RepositoryState {
    /// The default branch.
    pub base: String,
    /// The address of the repository for people; empty if the host tells none.
    web: String,
    pub files: CommitTree,
    pub layout: SiteLayout,
    /// Why it is not known where pages go: nothing new is proposed, and `layout` is a stand-in.
    pub unknown: Option<UnknownPlace>,
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

    /// The address that the paths of pages are relative to, or nothing.
    pub(crate) fn pages_url(&self) -> String {
        match self.web.is_empty() {
            true => String::new(),
            false => format!("{}/blob/{}/", self.web, self.base),
        }
    }

    /// Where pages go, if that is known.
    pub fn place(&self) -> std::result::Result<&SiteLayout, &UnknownPlace> {
        self.unknown.as_ref().map_or(Ok(&self.layout), Err)
    }
}

impl ProposalReconciler {
    /// Reads the repository; writes nothing.
    pub async fn load_repository(&self) -> Result<RepositoryState> {
        let (base, web) = self.base_branch().await?;
        let head = match (self.forge.head(&base).await?, self.forge.github()) {
            (Some(head), _) => head,
            (None, Some(_)) => return Err(GitHubError::NoBranch(base).into()),
            // The first proposal begins a new repository.
            (None, None) => String::new(),
        };
        let files = self.forge.files(&head).await?;
        let texts = self.forge.read_settings(&files, &mut *self.documents.lock().await).await?;
        let detected = detect(files.paths(), |path| texts.get(path).cloned());
        let (stage, own_settings) = match self.forge.github() {
            Some(github) => self.stage(github, &files).await?,
            None => (self.operators_stage(), None),
        };
        let (layout, unknown) = self.layout(detected, own_settings.as_ref());
        Ok(RepositoryState { base, web, files, layout, unknown, stage })
    }

    /// The default branch, with the address of the repository for people.
    async fn base_branch(&self) -> Result<(String, String)> {
        match &*self.forge {
            Forge::Local(local) => Ok((local.base_branch()?, String::new())),
            Forge::GitHub(github) => {
                let repository = github.repository().await?;
                match repository.archived {
                    true => Err(ProposingError::Archived),
                    false => Ok((repository.default_branch, repository.html_url)),
                }
            }
        }
    }

    /// What maintainers allow, with their settings.
    async fn stage(
        &self,
        github: &GitHubClient,
        files: &CommitTree,
    ) -> Result<(OnboardingStage, Option<RepositorySettings>)> {
        let settings = github.text(files, SETTINGS).await?;
        let request = match settings {
            Some(_) => None,
            None => request(github).await?,
        };
        let backfilling = self.store.live_counts().await?.channels_backfilling > 0;
        let own_settings =
            settings.as_deref().map(RepositorySettings::read).map(|(settings, _)| settings);
        let stage = onboarding::stage(&OnboardingState { settings, request, backfilling });
        Ok((stage, own_settings))
    }

    /// Who names a repository on this machine in the settings turns proposals on.
    fn operators_stage(&self) -> OnboardingStage {
        let limits = self.limits;
        OnboardingStage::On(
            RepositorySettings { limits, ..RepositorySettings::default() },
            Vec::new(),
        )
    }

    /// Maintainers' settings override the operator's, and both override detection.
    fn layout(
        &self,
        detected: std::result::Result<SiteLayout, UnknownPlace>,
        settings: Option<&RepositorySettings>,
    ) -> (SiteLayout, Option<UnknownPlace>) {
        let target = settings.and_then(|settings| settings.target).or(self.target);
        let folder = settings.and_then(|settings| settings.folder.clone());
        let folder = folder.or_else(|| self.folder.clone());
        let (mut layout, unknown) = match detected {
            Ok(layout) => (layout, None),
            Err(unknown) => {
                let place = folder.clone().unwrap_or_default();
                let layout = SiteLayout::plain(target.unwrap_or(DocsTarget::Markdown), place);
                (layout, folder.is_none().then_some(unknown))
            }
        };
        if let Some(target) = target.filter(|target| *target != layout.target) {
            layout = SiteLayout { target, nav: None, section: None, ..layout };
        }
        if let Some(folder) = folder {
            layout.folder = folder;
        }
        layout.section_title = settings.and_then(|settings| settings.section.clone());
        (layout, unknown)
    }
}

/// The newest pull request with the settings.
async fn request(github: &GitHubClient) -> Result<Option<SettingsRequest>> {
    let newest = github.pulls_of(&Subject::Settings.branch()).await?.into_iter().next();
    Ok(newest.map(|pull| match (pull.is_open(), pull.is_merged()) {
        (true, _) => SettingsRequest::Open,
        (_, true) => SettingsRequest::Merged,
        _ => SettingsRequest::Closed(Timestamp::UNIX_EPOCH),
    }))
}
