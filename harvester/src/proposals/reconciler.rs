//! Reconciles one pull request on GitHub with the desired one: observe, decide, take one step, store it.
//!
//! Invariant: a process may end anywhere, and another one may have continued meanwhile: the next run
//! finds out by observing GitHub, not by trusting what is stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use docgen::github::client::GitHubClient;
use docgen::github::execute::{execute, observe};
use docgen::github::reconcile::{DesiredPullRequest, ReconcileOutcome, ReconcileStep, next_step};
use docgen::page::draft::DraftContext;
use docgen::target::{DocsFolder, DocsTarget};
use indexer::store::{LeaseFence, Store, StoreError};
use rules::config::ruleset::Ruleset;
use rules::model::ids::Millis;
use rules::model::page_edit::PageEdit;
use rules::publish::pseudonym::AuthorNaming;
use tokio::sync::Mutex;

use super::error::{ProposingError, Result};
use super::tracked::TrackedProposal;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::logging::error_chain;

/// Only one process proposes at a time.
pub(in crate::proposals) const LEASE: &str = "forge";
/// The lease of a round that makes no progress expires after this time.
pub(in crate::proposals) const LEASE_MS: i64 = 5 * 60 * Millis::SECOND;
/// The setting that holds the time before which GitHub must not be called.
pub(in crate::proposals) const NOT_BEFORE: &str = "forge/not-before";
/// A proposal takes a dozen steps; more means that two sides undo each other.
const MOST_STEPS: usize = 60;

/// Everything that proposing on GitHub needs.
pub struct ProposalReconciler {
    pub store: Store,
    pub github: GitHubClient,
    pub rules: Arc<Ruleset>,
    pub naming: AuthorNaming,
    /// The operator's choice; maintainers' settings override it, and it overrides detection.
    pub target: Option<DocsTarget>,
    pub folder: Option<DocsFolder>,
    /// Identifies this process.
    pub owner: String,
    /// Pages of the documentation that were read, by blob.
    pub documents: Mutex<BTreeMap<String, String>>,
    /// The repositories whose releases are read.
    pub releases: Vec<String>,
}

impl ProposalReconciler {
    /// Built from the settings; `None` if proposals do not go to GitHub.
    pub async fn open(
        config: &Config,
        rules: Arc<Ruleset>,
        store: Store,
        naming: AuthorNaming,
        owner: String,
    ) -> anyhow::Result<Option<Self>> {
        let Some(forge) = &config.forge.github else { return Ok(None) };
        let auth = forge.who.auth().context("the App's private key cannot be used")?;
        let auth = auth.context(
            "no GitHub account is set; set `token_file`, or `app_id` and \
             `private_key_file`, in [forge] of the settings file",
        )?;
        let deferred = deferred_until(&store).await?;
        let clock = Arc::new(SystemClock);
        let github = GitHubClient::new(&forge.api_url, &forge.repository, auth, clock, deferred)?;
        let (target, folder) = (config.target, config.folder.clone());
        let (documents, releases) = (Mutex::default(), forge.releases.clone());
        Ok(Some(Self { store, github, rules, naming, target, folder, owner, documents, releases }))
    }

    /// Takes steps until nothing is left to do for one pull request. Each step is stored before it is
    /// taken, and again with its result.
    #[tracing::instrument(name = "proposal", skip_all, fields(cluster = %case.row.cluster))]
    pub(in crate::proposals) async fn reconcile_one(
        &self,
        case: &mut TrackedProposal,
        wanted: &DesiredPullRequest,
        fence: LeaseFence,
    ) -> Result<ReconcileOutcome> {
        wanted.check()?;
        for _ in 0..MOST_STEPS {
            self.renew_lease(fence).await?;
            let seen = observe(&self.github, wanted, &case.progress).await?;
            let wanted = case.apply_requests(wanted, &seen);
            let what = next_step(&wanted, &case.progress, &seen, self.github.now());
            let name = what.name();
            if let ReconcileStep::Done(outcome) = &what {
                let outcome = outcome.clone();
                execute(&self.github, &wanted, &mut case.progress, (&seen, what)).await?;
                return Ok(outcome);
            }
            let cluster = case.row.cluster.clone();
            let seq = self.store.begin_step(&cluster, name, self.github.now()).await?;
            let taken = execute(&self.github, &wanted, &mut case.progress, (&seen, what)).await;
            let result = match &taken {
                Ok(_) => "done".to_owned(),
                Err(error) => error_chain(error).to_string(),
            };
            let now = self.github.now();
            self.store.end_step(seq, &result, &case.to_row(now), now).await?;
            taken?;
        }
        Err(ProposingError::Endless { branch: wanted.branch.clone(), steps: MOST_STEPS })
    }

    /// Renews the lease; stops a process that has lost it.
    async fn renew_lease(&self, fence: LeaseFence) -> Result<()> {
        let now = self.github.now();
        match self.store.acquire_lease(LEASE, &self.owner, LEASE_MS, now).await? {
            Some(held) if held == fence => Ok(()),
            _ => Err(ProposingError::TakenOver),
        }
    }

    /// What pages of one layout look like.
    pub(in crate::proposals) fn context<'c>(
        &'c self,
        target: DocsTarget,
        folder: &'c DocsFolder,
        path: Option<&'c str>,
        edit: Option<&'c PageEdit>,
    ) -> DraftContext<'c> {
        let (rules, naming) = (&*self.rules, &self.naming);
        let version = env!("CARGO_PKG_VERSION");
        DraftContext { target, folder, path, edit, rules, naming, version }
    }
}

/// Until when requests to GitHub must wait, if they must.
pub(in crate::proposals) async fn deferred_until(
    store: &Store,
) -> std::result::Result<Option<Millis>, StoreError> {
    let stored = store.setting(NOT_BEFORE).await?;
    Ok(stored.and_then(|at| at.parse().ok()).map(Millis))
}
