//! The repository as it is: where pages go, and what maintainers allow.

use docgen::github::git::Files;
use docgen::github::onboarding::{self, BRANCH, Mistake, Request, SETTINGS, Seen, Settings, Stage};
use docgen::layout::{Layout, detect};
use rules::ids::Millis;

use super::{Proposer, ProposingError, Result};

/// What a round stands on.
pub struct Ground {
    /// The default branch.
    pub base: String,
    pub files: Files,
    pub layout: Layout,
    pub stage: Stage,
}

impl Ground {
    /// The maintainers' settings, with the lines of them that were not understood.
    pub fn settings(&self) -> Option<(&Settings, &[Mistake])> {
        match &self.stage {
            Stage::On(settings, mistakes) => Some((settings, mistakes)),
            _ => None,
        }
    }
}

impl Proposer {
    /// Looks at the repository; writes nothing.
    pub async fn ground(&self) -> Result<Ground> {
        let repository = self.github.repository().await?;
        if repository.archived {
            return Err(ProposingError::Archived);
        }
        let base = repository.default_branch;
        let head = self
            .github
            .head(&base)
            .await?
            .ok_or_else(|| docgen::github::transport::GitHubError::NoBranch(base.clone()))?;
        let files = self.github.files(&head).await?;
        let settings = self.github.text(&files, SETTINGS).await?;
        let request = match settings {
            Some(_) => None,
            None => self.request().await?,
        };
        let backfilling = self.store.live_counts().await?.channels_backfilling > 0;
        let told = settings.as_deref().map(Settings::read).map(|(settings, _)| settings);
        let layout = self.layout(&files, told.as_ref());
        let stage = onboarding::stage(&Seen { settings, request, backfilling });
        Ok(Ground { base, files, layout, stage })
    }

    /// The newest pull request of ours that brings the settings.
    async fn request(&self) -> Result<Option<Request>> {
        let newest = self.github.pulls_of(BRANCH).await?.into_iter().next();
        Ok(newest.map(|pull| match (pull.is_open(), pull.is_merged()) {
            (true, _) => Request::Open,
            (_, true) => Request::Merged,
            _ => Request::Closed(Millis(0)),
        }))
    }

    /// Maintainers decide before the operator, and both before what the files tell.
    fn layout(&self, files: &Files, settings: Option<&Settings>) -> Layout {
        let mut layout = detect(files.paths());
        let target = settings.and_then(|settings| settings.target).or(self.target);
        if let Some(target) = target.filter(|target| *target != layout.target) {
            layout = Layout { target, nav: None, ..layout };
        }
        let folder = settings.and_then(|settings| settings.folder.clone());
        if let Some(folder) = folder.or_else(|| self.folder.clone()) {
            layout.folder = folder;
        }
        layout
    }
}
