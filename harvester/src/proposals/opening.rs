//! Pull requests for new pages: updated, and opened within the limits.

use std::collections::{BTreeMap, BTreeSet};

use docgen::forge::reconcile::{DesiredPullRequest, ReconcileOutcome};
use docgen::github::models::PullRequest;
use docgen::github::{onboarding, status_comment};
use docgen::page::draft::Draft;
use docgen::page::near_duplicates::near_duplicates;
use docgen::pull_request::limits::{
    HoldReason, OpeningPlan, ProposalCandidate, ProposalHistory, ProposalLimits, plan_openings,
};
use docgen::pull_request::subject::Subject;
use indexer::store::{LeaseFence, ProposalState};
use jiff::Timestamp;
use rules::model::cluster::ClusterState;
use rules::model::ids::{ClusterId, MessageId};
use rules::support::over_share;

use super::due_pages::percent;
use super::error::Result;
use super::guides::gone_messages;
use super::reconciler::ProposalReconciler;
use super::report::{PageOutcome, RoundReport, WaitReason, describe_outcome};
use super::repository::RepositoryState;
use super::tracked::{CORRECTION_LABEL, TrackedProposal};
use super::worklist::{WorkItem, Worklist, is_for_a_page};
use crate::logging::error_chain;

/// Questions that the pull request with the settings names.
const FIRST: usize = 5;

impl ProposalReconciler {
    /// Opens the pull request with the settings, or checks its state.
    pub(crate) async fn propose_settings(
        &self,
        repository: &RepositoryState,
        worklist: &Worklist,
        fence: LeaseFence,
    ) -> Result<ReconcileOutcome> {
        let first = worklist.entries.values().filter(|entry| entry.page.is_ok());
        let first = first.map(WorkItem::question).take(FIRST).collect::<Vec<_>>();
        let wanted = onboarding::wanted(repository.place(), &repository.base, &first);
        let row = self.store.proposal(&wanted.cluster).await?;
        let mut case = match row {
            Some(row) => TrackedProposal::of(row)?,
            None => TrackedProposal::new_planned(
                &wanted.cluster,
                Subject::Settings.branch(),
                self.now(),
            ),
        };
        case.row.title.clone_from(&wanted.title);
        let outcome = self.reconcile_one(&mut case, &wanted, fence).await?;
        self.save_outcome(&mut case, &outcome).await?;
        Ok(outcome)
    }

    /// Marks the settings proposal as merged once the settings are in the repository.
    pub(crate) async fn close_settings(&self) -> Result<()> {
        let Some(mut row) = self.store.proposal(&Subject::Settings.key()).await? else {
            return Ok(());
        };
        if row.branch != Subject::Settings.branch() || row.state == ProposalState::Merged {
            return Ok(());
        }
        row.state = ProposalState::Merged;
        row.updated = self.now();
        Ok(self.store.upsert_proposal(&row).await?)
    }

    /// Updates all open proposals.
    pub(crate) async fn advance_open(
        &self,
        worklist: &mut Worklist,
        repository: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        for entry in worklist.entries.values_mut() {
            let Some(case) = &entry.case else {
                let pulls = self.pulls_for(entry).await?;
                let answers =
                    |pull: &&PullRequest| pull.is_merged() && !pull.has_label(CORRECTION_LABEL);
                match pulls.iter().find(answers) {
                    Some(pull) => self.rediscover_merged(entry, pull.number, repository).await?,
                    None if pulls.is_empty() => {}
                    None => self.advance_one(entry, repository, fence, report).await?,
                }
                continue;
            };
            let begun = case.is_begun();
            let withdrawn = case.row.state == ProposalState::Withdrawn;
            let goes_on = case.is_open() || begun && !withdrawn && !case.is_closed();
            let wanted_again = case.is_closed() && case.requests.requested_again;
            if !is_for_a_page(case) || case.is_batch() || !(goes_on || wanted_again) {
                continue;
            }
            if case.is_snoozed(self.now()) && self.may_stay_snoozed(case, entry).await? {
                continue;
            }
            self.advance_one(entry, repository, fence, report).await?;
        }
        Ok(())
    }

    /// Whether nothing happened to a snoozed proposal that is seen at once: it is still open, and nothing that
    /// it quotes was deleted.
    async fn may_stay_snoozed(&self, case: &TrackedProposal, entry: &WorkItem) -> Result<bool> {
        let evidence = entry.evidence();
        if case.requests.evidence.iter().any(|one| !evidence.contains(one)) {
            return Ok(false);
        }
        if !self.forge.capabilities().pull_requests {
            return Ok(self.forge.head(&case.row.branch).await?.is_some());
        }
        Ok(self.forge.pulls_of(&case.row.branch).await?.iter().any(PullRequest::is_open))
    }

    /// The pull requests for a question of which nothing is stored: the limits do not apply to what
    /// maintainers have already seen.
    async fn pulls_for(&self, entry: &WorkItem) -> Result<Vec<PullRequest>> {
        match &entry.page {
            Ok(page) => Ok(self.forge.pulls_of(&page.proposal.branch).await?),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Knows a merged page again of which nothing is stored, as it stands.
    async fn rediscover_merged(
        &self,
        entry: &mut WorkItem,
        number: u64,
        repository: &RepositoryState,
    ) -> Result<()> {
        let Ok(page) = &entry.page else { return Ok(()) };
        let branch = page.proposal.branch.clone();
        let mut case = TrackedProposal::new_planned(page.draft.cluster(), branch, self.now());
        page.draft.path().clone_into(&mut case.row.path);
        case.row.number = Some(number);
        if self.record_merged(&case, (Some(number), None), repository).await? {
            self.save_outcome(
                &mut case,
                &ReconcileOutcome::Merged { number: Some(number), commit: None },
            )
            .await?;
        } else {
            self.retire_case(&mut case).await?;
        }
        entry.case = Some(case);
        Ok(())
    }

    /// Opens what the limits allow now, oldest and most asked in turns; stores why the others wait.
    pub(crate) async fn open_allowed(
        &self,
        worklist: &mut Worklist,
        repository: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let limits = repository.settings().map(|(settings, _)| settings.limits).unwrap_or_default();
        let planned = self.planned(worklist, &limits);
        self.drop_expired_holds(worklist, &planned).await?;
        for cluster in &planned.open {
            if worklist.guides.contains_key(cluster) {
                self.open_guide(cluster, worklist, repository, fence, report).await?;
                continue;
            }
            let entry = worklist.entries.get_mut(cluster).expect("a candidate is an entry");
            self.advance_one(entry, repository, fence, report).await?;
        }
        for (cluster, why) in &planned.waiting {
            if worklist.guides.contains_key(cluster) {
                self.hold_guide(cluster, worklist, why.as_str(), report).await?;
                continue;
            }
            let entry = worklist.entries.get_mut(cluster).expect("a candidate is an entry");
            self.record_hold(entry, why.as_str()).await?;
            report.add_line(cluster, why.as_str(), None, &entry.question());
        }
        if !planned.batch.is_empty() {
            self.open_batch(&planned.batch, worklist, repository, fence, report).await?;
        }
        Ok(())
    }

    /// Held proposals that are no longer due leave the dashboard.
    async fn drop_expired_holds(
        &self,
        worklist: &mut Worklist,
        planned: &OpeningPlan,
    ) -> Result<()> {
        let waiting = planned.waiting.iter().map(|(cluster, _)| cluster);
        let waits = waiting.chain(&planned.open).chain(&planned.batch).collect::<BTreeSet<_>>();
        for (cluster, entry) in &mut worklist.entries {
            let Some(case) = &mut entry.case else { continue };
            if case.row.state == ProposalState::Held && !waits.contains(cluster) {
                case.row.state = ProposalState::Planned;
                case.row.note = None;
                self.store.upsert_proposal(&case.to_row(self.now())).await?;
            }
        }
        Ok(())
    }

    /// What would open now, and what waits. Changes nothing.
    pub(crate) fn planned(&self, worklist: &Worklist, limits: &ProposalLimits) -> OpeningPlan {
        let now = self.now();
        let earned = worklist.entries.values().filter(|entry| !entry.is_candidate());
        let clusters = earned.filter_map(|entry| entry.cluster.as_ref());
        let over_share = over_share(&clusters.collect::<Vec<_>>(), self.rules.pages.person_share());
        let repeats = repeats(worklist);
        let mut candidates = Vec::new();
        let mut history = ProposalHistory::default();
        for (id, entry) in &worklist.entries {
            let case = entry.case.as_ref();
            let single = case.filter(|case| !case.is_member_of_batch());
            history.open += usize::from(single.is_some_and(TrackedProposal::is_open));
            let merged = |case: &TrackedProposal| case.row.state == ProposalState::Merged;
            history.merged += usize::from(single.is_some_and(merged));
            let opened = case.and_then(|case| case.progress.opened);
            history.opened.extend(opened);
            if let (true, Some(at)) = (case.is_some_and(TrackedProposal::is_batch), opened) {
                history.last_batch = history.last_batch.max(Some(at));
            }
            if let Some(mut candidate) = self.candidate(id, entry, worklist, now) {
                candidate.held = if over_share.contains(id) {
                    Some(HoldReason::PersonShare)
                } else {
                    repeats.contains_key(id).then_some(HoldReason::NearDuplicate)
                };
                candidates.push(candidate);
            }
        }
        candidates.extend(self.guide_candidates(worklist));
        plan_openings(&candidates, &history, limits, now)
    }

    fn candidate(
        &self,
        id: &ClusterId,
        entry: &WorkItem,
        worklist: &Worklist,
        now: Timestamp,
    ) -> Option<ProposalCandidate> {
        let (Some(cluster), Ok(page)) = (&entry.cluster, &entry.page) else { return None };
        let case = entry.case.as_ref();
        let waits = case.is_none_or(|case| {
            let begun = case.is_begun();
            let state = case.row.state;
            let fresh = matches!(state, ProposalState::Planned | ProposalState::Held) && !begun;
            let withdrawn = state == ProposalState::Withdrawn;
            (fresh || withdrawn) && is_for_a_page(case) && !case.is_snoozed(now)
        });
        let requested = case.is_some_and(|case| case.requests.requested);
        let due = !matches!(
            cluster.state,
            ClusterState::Watching | ClusterState::Candidate | ClusterState::Retired
        );
        if !waits
            || !requested && !due
            || !requested && worklist.is_like_a_rejected_one(cluster, self)
        {
            return None;
        }
        Some(ProposalCandidate {
            cluster: id.clone(),
            due_since: cluster.due_since.unwrap_or(now),
            occurrences: cluster.times_answered(),
            score: percent(cluster),
            fact: self.states_a_fact(&page.draft),
            requested,
            batch: case.is_some_and(|case| case.requests.batch),
            held: None,
        })
    }

    /// Notes why each page waits that the round did nothing for; `stopped` is why nothing may open at all.
    pub(crate) fn note_waits(&self, worklist: &mut Worklist, stopped: Option<WaitReason>) {
        let idle = worklist.entries.iter().filter(|(_, entry)| entry.outcome.is_none());
        let waits = idle.filter_map(|(id, entry)| {
            Some((id.clone(), self.wait_reason(entry, worklist).or(stopped)?))
        });
        for (id, why) in waits.collect::<Vec<_>>() {
            worklist.entries.get_mut(&id).expect("it was listed").waits = Some(why);
        }
    }

    /// What keeps one question from being proposed, whatever the limits are.
    fn wait_reason(&self, entry: &WorkItem, worklist: &Worklist) -> Option<WaitReason> {
        let case = entry.case.as_ref();
        if case.is_some_and(|case| case.is_snoozed(self.now())) {
            return Some(WaitReason::Snoozed);
        }
        if case.is_some_and(|case| case.is_closed() || !is_for_a_page(case)) {
            return Some(WaitReason::Decided);
        }
        let requested = case.is_some_and(|case| case.requests.requested);
        let cluster = entry.cluster.as_ref().filter(|_| !requested)?;
        worklist.is_like_a_rejected_one(cluster, self).then_some(WaitReason::LikeRejected)
    }

    /// Whether a page contains a listed address or invite: then it is proposed alone. Listed links are only
    /// hosts that may be linked.
    fn states_a_fact(&self, draft: &Draft) -> bool {
        let facts = &self.rules.facts;
        let values = facts.addresses.iter().chain(&facts.invites);
        values.into_iter().any(|value| draft.page().contains(value.as_str()))
    }

    /// Reconciles one pull request. A failure is stored as the proposal's note.
    async fn advance_one(
        &self,
        entry: &mut WorkItem,
        repository: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let evidence = entry.evidence();
        let wanted = self.wanted_of(entry, repository);
        let question = entry.question();
        let path = entry.path().unwrap_or_default().to_owned();
        let extends = entry.existing.path().is_some();
        let case = entry.case.get_or_insert_with(|| {
            TrackedProposal::new_planned(&wanted.cluster, wanted.branch.clone(), self.now())
        });
        if let Ok(page) = &entry.page {
            case.row.title = page.draft.title().to_owned();
            if case.progress.pushed.is_none() {
                case.row.path.clone_from(&path);
                case.requests.extends = extends;
            }
        }
        // Words whose message is gone may not wait for tomorrow, and stay in no title or body.
        let left = case.requests.evidence_left_out(&evidence);
        let lost = self.are_gone(&left).await?;
        if !left.is_empty() {
            case.allow_replace();
            case.requests.anew = true;
        }
        case.requests.add_evidence(&evidence);
        let before = case.progress.pushed.as_ref().map(|pushed| pushed.head.clone());
        let mut done = self.reconcile_one(case, &wanted, fence).await;
        if let (true, Ok(ReconcileOutcome::HandsOff { number: Some(_), .. })) = (lost, &done) {
            let gone =
                DesiredPullRequest::withdrawal(&wanted.cluster, &wanted.branch, &repository.base);
            done = self.reconcile_one(case, &gone, fence).await;
        }
        let outcome = match done {
            Ok(outcome) => {
                let stands = case.progress.pushed.as_ref();
                if stands.is_some_and(|pushed| pushed.digest == wanted.digest) {
                    case.requests.evidence = evidence;
                    case.row.path = path;
                    case.requests.extends = extends;
                }
                self.save_outcome(case, &outcome).await?;
                entry.outcome =
                    Some(PageOutcome::of(&outcome, case.branch_change(before.as_ref())));
                if let ReconcileOutcome::Merged { number, commit } = &outcome
                    && !self.record_merged(case, (*number, commit.as_deref()), repository).await?
                {
                    self.retire_case(case).await?;
                }
                let draft = entry.page.as_ref().ok().map(|page| &page.draft);
                self.comment_for_humans(case, &outcome, draft.filter(|_| !lost)).await?;
                describe_outcome(&outcome)
            }
            Err(error) if error.ends_the_round() => return Err(error),
            Err(error) => {
                case.row.note = Some(error.to_string());
                self.store.upsert_proposal(&case.to_row(self.now())).await?;
                entry.outcome = Some(PageOutcome::Failed(error_chain(&error).to_string()));
                format!("failed: {error}")
            }
        };
        report.add_line(&case.row.cluster, outcome, case.progress.number, &question);
        Ok(())
    }

    /// Whether any of the messages may not be shown any more.
    pub(super) async fn are_gone(&self, messages: &[MessageId]) -> Result<bool> {
        Ok(!self.gone_of(messages).await?.is_empty())
    }

    /// Those of the messages that may not be shown any more.
    pub(crate) async fn gone_of(&self, messages: &[MessageId]) -> Result<Vec<MessageId>> {
        Ok(gone_messages(&self.store, messages).await?)
    }

    /// The desired pull request; a withdrawal for an entry without a page.
    fn wanted_of(&self, entry: &WorkItem, repository: &RepositoryState) -> DesiredPullRequest {
        match (&entry.page, &entry.case) {
            (Ok(page), case) if !case.as_ref().is_some_and(|case| case.requests.batch) => {
                self.desired_pull_request(entry, page, repository)
            }
            (_, Some(case)) => DesiredPullRequest::withdrawal(
                &case.row.cluster,
                &case.row.branch,
                &repository.base,
            ),
            (Ok(page), None) => self.desired_pull_request(entry, page, repository),
            (Err(_), None) => unreachable!("what was never proposed is not taken back"),
        }
    }

    /// Stores a proposal's outcome, and updates the state of its cluster.
    pub(crate) async fn save_outcome(
        &self,
        case: &mut TrackedProposal,
        outcome: &ReconcileOutcome,
    ) -> Result<()> {
        let now = self.now();
        let (state, cluster, note) = match outcome {
            ReconcileOutcome::Open { conflict, .. } => {
                case.requests.recreate = None;
                case.requests.anew = false;
                let note = conflict.then(|| "it conflicts with its base".to_owned());
                (ProposalState::Open, Some(ClusterState::Proposed), note)
            }
            ReconcileOutcome::HandsOff { why, .. } => {
                (ProposalState::HandsOff, Some(ClusterState::Proposed), Some(why.to_string()))
            }
            ReconcileOutcome::Rejected { .. } => {
                (ProposalState::Rejected, Some(ClusterState::Rejected), None)
            }
            ReconcileOutcome::Superseded { .. } => {
                (ProposalState::Superseded, Some(ClusterState::Rejected), None)
            }
            ReconcileOutcome::Withdrawn => {
                case.requests.evidence.clear();
                case.row.title.clear();
                let batched = case.requests.batch;
                let state = if batched { ClusterState::Due } else { ClusterState::Watching };
                (ProposalState::Withdrawn, Some(state), None)
            }
            ReconcileOutcome::Merged { .. } | ReconcileOutcome::Nothing => {
                (ProposalState::Merged, Some(ClusterState::Merged), None)
            }
        };
        case.row.state = state;
        case.row.note = note;
        // What was asked is answered; what is closed later is closed again.
        case.requests.requested_again &= matches!(outcome, ReconcileOutcome::Rejected { .. });
        case.requests.requested = false;
        self.store.upsert_proposal(&case.to_row(now)).await?;
        let members = case.requests.members.iter().chain([&case.row.cluster]);
        for id in members {
            if let Some(cluster) = cluster
                && self.store.cluster(id).await?.is_some()
            {
                self.store.set_state(id, cluster).await?;
            }
        }
        Ok(())
    }

    /// Comments on a pull request that maintainers have taken over.
    async fn comment_for_humans(
        &self,
        case: &TrackedProposal,
        outcome: &ReconcileOutcome,
        draft: Option<&Draft>,
    ) -> Result<()> {
        let (ReconcileOutcome::HandsOff { number: Some(number), why }, Some(github)) =
            (outcome, self.forge.github())
        else {
            return Ok(());
        };
        let text = match draft {
            Some(_) => status_comment::hands_off(&why.to_string(), draft),
            None => status_comment::evidence_deleted(),
        };
        Ok(github.upsert_status_comment(*number, &case.row.cluster, &text).await?)
    }

    /// Stores why a proposal waits, so that the dashboard shows it.
    async fn record_hold(&self, entry: &mut WorkItem, why: &str) -> Result<()> {
        let now = self.now();
        let Ok(page) = &entry.page else { return Ok(()) };
        let cluster = page.draft.cluster();
        let branch = page.proposal.branch.clone();
        let case =
            entry.case.get_or_insert_with(|| TrackedProposal::new_planned(cluster, branch, now));
        case.row.state = ProposalState::Held;
        case.row.title = page.draft.title().to_owned();
        page.draft.path().clone_into(&mut case.row.path);
        case.row.note = Some(why.to_owned());
        Ok(self.store.upsert_proposal(&case.to_row(now)).await?)
    }
}

/// The pages that say nearly the same as one that is open or has been due for longer.
fn repeats(worklist: &Worklist) -> BTreeMap<ClusterId, ClusterId> {
    let undecided = worklist.entries.values().filter(|entry| {
        let state = entry.case.as_ref().map_or(ProposalState::Planned, |case| case.row.state);
        let waits = matches!(
            state,
            ProposalState::Planned
                | ProposalState::Held
                | ProposalState::Open
                | ProposalState::HandsOff
        );
        waits && !entry.is_candidate()
    });
    let mut pages = undecided
        .filter_map(|entry| {
            let is_open = entry.case.as_ref().is_some_and(TrackedProposal::is_open);
            let since = entry.cluster.as_ref().and_then(|cluster| cluster.due_since);
            Some((!is_open, since, &entry.page.as_ref().ok()?.draft))
        })
        .collect::<Vec<_>>();
    pages.sort_by_key(|(fresh, since, draft)| (*fresh, *since, draft.cluster().clone()));
    near_duplicates(pages.into_iter().map(|(.., draft)| draft))
}
