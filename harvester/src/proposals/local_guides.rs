//! Guides in a local docs repository: a branch for each.

use std::collections::BTreeSet;

use docgen::forge::local::LocalForge;
use docgen::forge::{LocalOutcome, LocalPush};
use docgen::page::draft::DraftContext;
use docgen::page::guide::GuideDraft;
use docgen::pull_request::limits::{
    HoldReason, ProposalCandidate, ProposalHistory, ProposalLimits, plan_openings,
};
use docgen::pull_request::subject::Subject;
use indexer::store::{Proposal, ProposalState, Store, StoreError};
use rules::model::ids::{ClusterId, Millis};

use super::guides::{PlannedGuide, gone_messages, guide_name, plan_guides};
use super::local::LocalCandidate;
use super::tracked::MaintainerRequests;
use crate::pipeline::PipelineError;

/// What became of a guide.
pub struct LocalGuide {
    pub id: ClusterId,
    pub name: String,
    pub branch: String,
    /// The page with what was done, or why there is none.
    pub page: Result<(GuideDraft, LocalOutcome), String>,
}

/// What planning local guides needs beside the store.
pub struct LocalGuideContext<'c> {
    pub draft: DraftContext<'c>,
    /// The folder of the site's pages: empty, or ending in `/`.
    pub root: String,
    /// The questions that may get a page.
    pub proposable: BTreeSet<ClusterId>,
}

impl<'c> LocalGuideContext<'c> {
    /// For a repository whose questions were considered, before the limits hold any back.
    pub fn new(draft: DraftContext<'c>, root: String, considered: &[LocalCandidate]) -> Self {
        let proposable = considered.iter().filter(|one| one.page.is_ok());
        let proposable = proposable.map(|one| one.cluster.id.clone()).collect();
        Self { draft, root, proposable }
    }

    /// The guides that the rules propose. Changes nothing.
    pub async fn plan(&self, store: &Store, now: Millis) -> Result<Vec<PlannedGuide>, StoreError> {
        let guides = plan_guides(store, &self.draft, &self.root, &self.proposable, now).await?;
        Ok(guides.into_values().collect())
    }
}

/// Brings every guide to its branch; one without answers, or that the rules do not propose any more, loses its
/// branch. New ones open while fewer than `open` branches wait for review. Doing it again with nothing new
/// does nothing.
pub async fn propose_guides(
    store: &Store,
    forge: &LocalForge,
    context: &LocalGuideContext<'_>,
    open: usize,
    now: Millis,
) -> Result<Vec<LocalGuide>, PipelineError> {
    let mut done = Vec::new();
    for guide in context.plan(store, now).await? {
        let subject = Subject::Guide(guide.name.clone());
        let (id, branch) = (subject.key(), subject.branch());
        let known = store.proposal(&id).await?;
        let page = match guide.page {
            Err(why) => {
                withdraw(store, forge, known, now).await?;
                Err(why)
            }
            Ok(page) => match (is_new(known.as_ref()), hold_reason(store, &id, open, now).await?) {
                (true, Some(why)) => Err(why.as_str().to_owned()),
                _ => {
                    let outcome = propose_guide(store, forge, &page, known, now).await?;
                    Ok((page, outcome))
                }
            },
        };
        done.push(LocalGuide { id, name: guide.name, branch, page });
    }
    let declared = done.iter().map(|one| one.id.clone()).collect::<BTreeSet<_>>();
    for row in store.proposals().await? {
        if guide_name(&row.branch).is_some() && !declared.contains(&row.cluster) {
            withdraw(store, forge, Some(row), now).await?;
        }
    }
    Ok(done)
}

/// Brings the branches of guides up to date that show deleted messages. Opens nothing.
pub async fn follow_guide_deletions(
    store: &Store,
    forge: &LocalForge,
    context: &LocalGuideContext<'_>,
    now: Millis,
) -> Result<(), PipelineError> {
    let mut quoting = Vec::new();
    for row in store.proposals().await? {
        let is_open = guide_name(&row.branch).is_some() && row.state == ProposalState::Open;
        if is_open && !gone_messages(store, &requests(&row).evidence).await?.is_empty() {
            quoting.push(row);
        }
    }
    if quoting.is_empty() {
        return Ok(());
    }
    let mut guides = context.plan(store, now).await?;
    for row in quoting {
        let name = guide_name(&row.branch);
        let at = guides.iter().position(|guide| Some(&guide.name) == name.as_ref());
        match at.map(|at| guides.swap_remove(at).page) {
            Some(Ok(page)) => drop(propose_guide(store, forge, &page, Some(row), now).await?),
            _ => withdraw(store, forge, Some(row), now).await?,
        }
    }
    Ok(())
}

/// Whether no branch of it is there or was there.
fn is_new(known: Option<&Proposal>) -> bool {
    known.is_none_or(|known| known.state == ProposalState::Withdrawn)
}

/// What a new branch waits for.
async fn hold_reason(
    store: &Store,
    id: &ClusterId,
    open: usize,
    now: Millis,
) -> Result<Option<HoldReason>, StoreError> {
    let mut history = ProposalHistory::default();
    for row in store.proposals().await?.iter().filter(|row| !row.head.is_empty()) {
        history.open += usize::from(row.state == ProposalState::Open);
        history.opened.push(row.opened);
    }
    let candidate = ProposalCandidate {
        cluster: id.clone(),
        due_since: now,
        occurrences: 0,
        score: 0,
        fact: true,
        requested: false,
        batch: false,
        held: None,
    };
    let limits = ProposalLimits { open, per_day: open, per_hour: open, batch: 0 };
    let plan = plan_openings(&[candidate], &history, &limits, now);
    Ok(plan.waiting.first().map(|(_, why)| *why))
}

async fn propose_guide(
    store: &Store,
    forge: &LocalForge,
    page: &GuideDraft,
    known: Option<Proposal>,
    now: Millis,
) -> Result<LocalOutcome, PipelineError> {
    let draft = page.draft();
    let text = page.pull_request_text();
    // A branch that this program took back may be made again.
    let stands = known.as_ref().filter(|known| known.state != ProposalState::Withdrawn);
    let pushed = stands.map(pushed_head);
    let outcome = forge.propose(&text, draft, pushed.as_ref(), now)?;
    let (state, LocalPush { head, digest }) = match (&outcome, pushed) {
        (
            LocalOutcome::Opened(stands)
            | LocalOutcome::Updated(stands)
            | LocalOutcome::UpToDate(stands),
            _,
        ) => (ProposalState::Open, stands.clone()),
        (LocalOutcome::HandsOff(_), Some(pushed)) => (ProposalState::HandsOff, pushed),
        (LocalOutcome::HandsOff(_), None) => return Ok(outcome),
    };
    let mut requests = known.as_ref().map(requests).unwrap_or_default();
    // A branch of people may still hold the earlier ones.
    if state == ProposalState::Open {
        requests.evidence = page.evidence().to_vec();
        requests.record_sources(page.evidence());
    }
    let row = Proposal {
        cluster: draft.cluster().clone(),
        branch: text.branch,
        head,
        digest,
        title: text.title,
        path: draft.path().to_owned(),
        state,
        opened: known.as_ref().map_or(now, |known| known.opened),
        updated: now,
        purpose: "answer".to_owned(),
        number: None,
        progress: "{}".to_owned(),
        requests: serde_json::to_string(&requests).expect("plain values are JSON"),
        note: None,
    };
    if known.is_none_or(|known| Proposal { updated: now, ..known } != row) {
        store.upsert_proposal(&row).await?;
    }
    Ok(outcome)
}

/// Deletes the branch of a guide that is open, unless people made it theirs.
async fn withdraw(
    store: &Store,
    forge: &LocalForge,
    known: Option<Proposal>,
    now: Millis,
) -> Result<(), PipelineError> {
    let Some(mut row) = known.filter(|row| row.state == ProposalState::Open) else { return Ok(()) };
    row.state = match forge.withdraw(&row.cluster, &row.branch, &pushed_head(&row), now)? {
        true => ProposalState::Withdrawn,
        false => ProposalState::HandsOff,
    };
    row.updated = now;
    Ok(store.upsert_proposal(&row).await?)
}

fn pushed_head(row: &Proposal) -> LocalPush {
    LocalPush { head: row.head.clone(), digest: row.digest.clone() }
}

/// What is remembered of a guide; nothing where it cannot be read.
fn requests(row: &Proposal) -> MaintainerRequests {
    serde_json::from_str(&row.requests).unwrap_or_default()
}
