//! Reconciles one proposal with the desired one: observe, decide, take one step, store it.
//!
//! Invariant: a process may end anywhere, and another one may have continued meanwhile: the next run
//! finds out by observing the forge, not by trusting what is stored.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use docgen::forge::Forge;
use docgen::forge::local::LocalForge;
use docgen::forge::reconcile::{DesiredPullRequest, ReconcileOutcome, ReconcileStep, next_step};
use docgen::github::client::GitHubClient;
use docgen::page::draft::DraftContext;
use docgen::pull_request::limits::ProposalLimits;
use docgen::target::{DocsFolder, DocsTarget};
use indexer::store::{HeldLease, LeaseFence, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use rules::config::ruleset::Ruleset;
use rules::model::page_edit::PageEdit;
use rules::publish::pseudonym::AuthorNaming;
use rules::time;
use site::reports::guide_gaps::GuideGaps;
use tokio::sync::Mutex;

use super::error::{ProposingError, Result};
use super::needing_work::PagesNeedingWork;
use super::tracked::TrackedProposal;
use crate::clock::{self, SystemClock};
use crate::config::Config;
use crate::logging::error_chain;

/// Only one process proposes at a time.
pub(in crate::proposals) const LEASE: &str = "forge";
/// The lease expires this long after the process ended that held it: a round renews it.
pub(in crate::proposals) const LEASE_LENGTH: SignedDuration = SignedDuration::from_mins(5);
/// On this machine somebody waits for the command.
pub(crate) const LOCAL_LEASE_LENGTH: SignedDuration = SignedDuration::from_secs(5);
/// The setting that holds the time before which GitHub must not be called.
pub(in crate::proposals) const NOT_BEFORE: &str = "forge/not-before";
/// A proposal takes a dozen steps; more means that two sides undo each other.
const MOST_STEPS: usize = 60;

/// Everything that proposing needs.
#[derive(Clone)]
pub struct ProposalReconciler {
    pub store: Store,
    pub forge: Arc<Forge>,
    pub rules: Arc<Ruleset>,
    pub naming: AuthorNaming,
    /// The operator's choice; maintainers' settings override it, and it overrides detection.
    pub target: Option<DocsTarget>,
    pub folder: Option<DocsFolder>,
    /// Identifies this process.
    pub owner: String,
    /// Pages of the documentation that were read, by blob.
    pub documents: Arc<Mutex<BTreeMap<String, String>>>,
    /// The open questions of the guides, as they were last found.
    pub guide_gaps: Arc<Mutex<Option<GuideGaps>>>,
    /// The pages that need work, as they were last found.
    pub needing_work: Arc<Mutex<Option<PagesNeedingWork>>>,
    /// The repositories whose releases are read.
    pub releases: Vec<String>,
    /// The limits of a repository that has no settings of its own.
    pub limits: ProposalLimits,
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
        Ok(Some(Self {
            store,
            forge: Arc::new(Forge::GitHub(Box::new(github))),
            rules,
            naming,
            target: config.target,
            folder: config.folder.clone(),
            owner,
            documents: Arc::default(),
            guide_gaps: Arc::default(),
            needing_work: Arc::default(),
            releases: forge.releases.clone(),
            limits: ProposalLimits::default(),
        }))
    }

    /// Built from the settings; `None` if proposals do not go to a repository on this machine. `proposals` is
    /// the folder for titles and bodies.
    pub fn open_local(
        config: &Config,
        proposals: &Path,
        rules: Arc<Ruleset>,
        (store, naming): (Store, AuthorNaming),
        owner: String,
    ) -> Option<Self> {
        let repository = config.forge.repository.as_deref()?;
        let open = config.forge.open;
        let forge = LocalForge::new(repository, proposals, Arc::new(SystemClock));
        Some(Self {
            store,
            forge: Arc::new(Forge::Local(forge)),
            rules,
            naming,
            target: config.target,
            folder: config.folder.clone(),
            owner,
            documents: Arc::default(),
            guide_gaps: Arc::default(),
            needing_work: Arc::default(),
            releases: Vec::new(),
            limits: ProposalLimits { open, per_day: open, per_hour: open, batch: 0 },
        })
    }

    pub(in crate::proposals) fn now(&self) -> Timestamp {
        self.forge.now()
    }

    /// The time by which the lease is measured: as far ahead of the forge's clock as the store's clock is of this machine's.
    pub(in crate::proposals) async fn lease_time(&self) -> Result<Timestamp> {
        let ahead = self.store.lease_time().await?.duration_since(clock::now());
        // Reading both takes a moment, which is no difference between them.
        Ok(time::plus(self.now(), SignedDuration::from_secs(ahead.as_secs())))
    }

    /// For what only GitHub has and nothing but GitHub is asked for.
    pub(in crate::proposals) fn github(&self) -> Result<&GitHubClient> {
        self.forge.github().ok_or(ProposingError::NotOnGitHub)
    }

    /// How long after the end of a process another one may take over.
    pub(in crate::proposals) fn lease_length(&self) -> SignedDuration {
        match *self.forge {
            Forge::GitHub(_) => LEASE_LENGTH,
            Forge::Local(_) => LOCAL_LEASE_LENGTH,
        }
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
            let seen = self.forge.observe(wanted, &case.progress).await?;
            let wanted = case.apply_requests(wanted, &seen);
            let what = next_step(&wanted, &case.progress, &seen, self.now());
            let name = what.name();
            if let ReconcileStep::Done(outcome) = &what {
                let outcome = outcome.clone();
                self.forge.execute(&wanted, &mut case.progress, (&seen, what)).await?;
                return Ok(outcome);
            }
            let cluster = case.row.cluster.clone();
            let seq = self.store.begin_step(&cluster, name, self.now()).await?;
            let taken = self.forge.execute(&wanted, &mut case.progress, (&seen, what)).await;
            let result = match &taken {
                Ok(_) => "done".to_owned(),
                Err(error) => error_chain(error).to_string(),
            };
            let now = self.now();
            self.store.end_step(seq, &result, &case.to_row(now), now).await?;
            taken?;
        }
        Err(ProposingError::Endless { branch: wanted.branch.clone(), steps: MOST_STEPS })
    }

    /// The same for what is done under the lease with this fence: nothing is stored once it is lost.
    pub(in crate::proposals) fn under(&self, fence: LeaseFence) -> Self {
        let lease = HeldLease { name: LEASE.to_owned(), fence };
        Self { store: self.store.under(lease), ..self.clone() }
    }

    /// Renews the lease; stops a process that has lost it.
    pub(in crate::proposals) async fn renew_lease(&self, fence: LeaseFence) -> Result<()> {
        let now = self.lease_time().await?;
        match self.store.acquire_lease(LEASE, &self.owner, self.lease_length(), now).await? {
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
) -> std::result::Result<Option<Timestamp>, StoreError> {
    store.setting_time(NOT_BEFORE).await
}
