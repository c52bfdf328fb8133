//! Proposing on GitHub, round by round: look, decide, do one thing, remember it.
//!
//! Invariant: a round may end anywhere, and another process may have had one meanwhile: the next finds
//! out by looking. What has to be done once is known by what stands on GitHub, not by what we believe.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use docgen::github::client::{GitHubClient, GitHubError};
use docgen::github::onboarding::OnboardingStage;
use docgen::github::reconcile::{
    DesiredPullRequest, ReconcileOutcome, ReconcileStep, execute, next_step, observe,
};
use docgen::page::draft::DraftContext;
use docgen::target::{DocsFolder, DocsTarget};
use indexer::store::{LeaseFence, Store, StoreError};
use rules::config::ruleset::Ruleset;
use rules::model::ids::Millis;
use rules::publish::pseudonym::AuthorNaming;
use tokio::sync::Mutex;

pub use crate::proposals::dashboard::clock_of;
use crate::proposals::opening::describe_outcome;
pub use crate::proposals::report::{RoundItem, RoundReport};
pub use crate::proposals::repository::RepositoryState;
pub use crate::proposals::tracked::TrackedProposal;
use crate::proposals::worklist::Worklist;

pub use crate::proposals::dry_run::DryRunItem;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::discord::interactions::handler::PAUSED;

/// Only one process proposes at a time.
const LEASE: &str = "forge";
/// A round that stands still for so long is another process's to go on with.
const LEASE_MS: i64 = 5 * 60 * Millis::SECOND;
/// GitHub asked for silence until then.
const NOT_BEFORE: &str = "forge/not-before";
/// A proposal takes a dozen; more means that two sides undo each other.
const MOST_STEPS: usize = 60;

/// Everything that proposing on GitHub needs.
pub struct ProposalReconciler {
    pub store: Store,
    pub github: GitHubClient,
    pub rules: Arc<Ruleset>,
    pub naming: AuthorNaming,
    /// What the operator decided; maintainers' settings stand above, the repository's files below.
    pub target: Option<DocsTarget>,
    pub folder: Option<DocsFolder>,
    /// Tells this process from others.
    pub owner: String,
    /// Pages of the documentation that were read, by blob.
    pub documents: Mutex<BTreeMap<String, String>>,
}

/// How a round ended.
#[derive(Debug)]
pub enum RoundOutcome {
    Done(RoundReport),
    /// Another process is at it.
    Busy,
    /// GitHub asked for silence until then.
    Parked(Millis),
}

#[derive(Debug, thiserror::Error)]
pub enum ProposingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    #[error("the repository is archived: nothing can be proposed there")]
    Archived,
    #[error("{branch} needed more than {MOST_STEPS} steps and was left as it stands")]
    Endless { branch: String },
    #[error("another process went on with the proposals")]
    TakenOver,
    #[error("what was stored of {branch} cannot be read")]
    Unreadable {
        branch: String,
        #[source]
        source: serde_json::Error,
    },
}

pub type Result<T> = std::result::Result<T, ProposingError>;

impl ProposingError {
    /// Whether the whole round has to end, instead of this one proposal.
    pub(in crate::proposals) fn ends_the_round(&self) -> bool {
        let waits =
            matches!(self, Self::GitHub(GitHubError::Parked { .. } | GitHubError::Moved { .. }));
        waits || matches!(self, Self::Store(_) | Self::TakenOver | Self::Archived)
    }
}

impl ProposalReconciler {
    /// A proposer as the settings say; `None` where proposals do not go to GitHub.
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
            "no account on GitHub to propose as; set `token_file`, or `app_id` and \
             `private_key_file`, in [forge] of the settings file",
        )?;
        let parked = parked_until(&store).await?;
        let clock = Arc::new(SystemClock);
        let github = GitHubClient::new(&forge.api_url, &forge.repository, auth, clock, parked)?;
        let (target, folder) = (config.target, config.folder.clone());
        let documents = Mutex::default();
        Ok(Some(Self { store, github, rules, naming, target, folder, owner, documents }))
    }

    /// Looks at everything once and brings it on as far as it goes now.
    pub async fn round(&self) -> Result<RoundOutcome> {
        let now = self.github.now();
        if let Some(until) = parked_until(&self.store).await?.filter(|until| *until > now) {
            return Ok(RoundOutcome::Parked(until));
        }
        let Some(fence) = self.store.acquire_lease(LEASE, &self.owner, LEASE_MS, now).await? else {
            return Ok(RoundOutcome::Busy);
        };
        let done = self.run_exclusive(fence).await;
        self.store.release_lease(LEASE, &self.owner).await?;
        match done {
            Ok(report) => Ok(RoundOutcome::Done(report)),
            Err(ProposingError::GitHub(GitHubError::Parked { not_before })) => {
                self.store.set(NOT_BEFORE, &not_before.0.to_string()).await?;
                Ok(RoundOutcome::Parked(not_before))
            }
            Err(ProposingError::TakenOver) => Ok(RoundOutcome::Busy),
            Err(error) => Err(error),
        }
    }

    /// Lets another process have the next round at once, where one was cut short.
    pub async fn release_round(&self) -> Result<()> {
        Ok(self.store.release_lease(LEASE, &self.owner).await?)
    }

    /// A round that no other process has at the same time.
    async fn run_exclusive(&self, fence: LeaseFence) -> Result<RoundReport> {
        let ground = self.load_repository().await?;
        let mut docket = self.load_worklist(&ground).await?;
        let mut report = RoundReport::default();
        match &ground.stage {
            OnboardingStage::On(_, mistakes) => {
                report.stage = "proposals are switched on".to_owned();
                report.notes.extend(mistakes.iter().map(ToString::to_string));
                self.run_enabled(&ground, &mut docket, fence, &mut report).await?;
            }
            OnboardingStage::DryRun => "history is still being read; nothing is opened before"
                .clone_into(&mut report.stage),
            OnboardingStage::Off => {
                "maintainers switched proposals off".clone_into(&mut report.stage)
            }
            OnboardingStage::Introduce if docket.is_idle() => {
                "no page is due yet".clone_into(&mut report.stage);
            }
            OnboardingStage::Introduce | OnboardingStage::Waiting => {
                let outcome = self.propose_settings(&ground, &docket, fence).await?;
                report.stage =
                    format!("the pull request with the settings is {}", describe_outcome(&outcome));
            }
        }
        Ok(report)
    }

    async fn run_enabled(
        &self,
        ground: &RepositoryState,
        docket: &mut Worklist,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        self.match_existing_docs(docket, ground).await?;
        self.close_settings().await?;
        let dashboard = self.github.dashboard().await?;
        if self.process_feedback(docket, dashboard.as_ref()).await? {
            *docket = self.load_worklist(ground).await?;
            self.match_existing_docs(docket, ground).await?;
        }
        self.revise_merged(docket, ground, fence, report).await?;
        self.advance_open(docket, ground, fence, report).await?;
        self.advance_batches(docket, ground, fence, report).await?;
        // What is not judged yet may be more evidence, or less.
        let judged = self.store.pending_channels().await?.is_empty();
        if judged && self.store.setting(PAUSED).await?.is_none() {
            self.open_allowed(docket, ground, fence, report).await?;
        }
        let dashboard = self.github.dashboard().await?;
        self.publish_dashboard(docket, dashboard.as_ref(), report).await
    }

    /// Steps until nothing is left to do for one pull request. Each step is written down before it is
    /// taken, and again with what came of it.
    #[tracing::instrument(name = "proposal", skip_all, fields(cluster = %case.row.cluster))]
    pub(in crate::proposals) async fn reconcile_one(
        &self,
        case: &mut TrackedProposal,
        wanted: &DesiredPullRequest,
        fence: LeaseFence,
    ) -> Result<ReconcileOutcome> {
        for _ in 0..MOST_STEPS {
            self.renew_lease(fence).await?;
            let seen = observe(&self.github, wanted, &case.ledger).await?;
            let wanted = case.apply_requests(wanted, &seen);
            let what = next_step(&wanted, &case.ledger, &seen, self.github.now());
            let name = what.name();
            if let ReconcileStep::Rest(outcome) = &what {
                let outcome = outcome.clone();
                execute(&self.github, &wanted, &mut case.ledger, (&seen, what)).await?;
                return Ok(outcome);
            }
            let cluster = case.row.cluster.clone();
            let seq = self.store.begin_step(&cluster, name, self.github.now()).await?;
            let taken = execute(&self.github, &wanted, &mut case.ledger, (&seen, what)).await;
            let told = match &taken {
                Ok(_) => "done".to_owned(),
                Err(error) => error.to_string(),
            };
            let now = self.github.now();
            self.store.end_step(seq, &told, &case.to_row(now), now).await?;
            taken?;
        }
        Err(ProposingError::Endless { branch: wanted.branch.clone() })
    }

    /// Renews the lease; what an earlier holder does late is stopped here.
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
    ) -> DraftContext<'c> {
        let (rules, naming) = (&*self.rules, &self.naming);
        DraftContext { target, folder, path, rules, naming, version: env!("CARGO_PKG_VERSION") }
    }
}

/// Until when GitHub asked for silence, if it did.
async fn parked_until(store: &Store) -> std::result::Result<Option<Millis>, StoreError> {
    let told = store.setting(NOT_BEFORE).await?;
    Ok(told.and_then(|at| at.parse().ok()).map(Millis))
}
