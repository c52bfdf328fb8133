//! The pull requests of guides: one for each, updated while it is open, brought up to date after its merge.

use std::collections::{BTreeMap, BTreeSet};

use docgen::forge::reconcile::{DesiredPullRequest, PullRequestPurpose, ReconcileOutcome};
use docgen::github::status_comment;
use docgen::page::evidence::cited;
use docgen::page::guide::{GuideChange, GuideDraft};
use docgen::pull_request::desired::MergedPage;
use docgen::pull_request::guide::MergedGuide;
use docgen::pull_request::limits::ProposalCandidate;
use docgen::pull_request::subject::Subject;
use indexer::store::{LeaseFence, ProposalState};
use rules::model::ids::ClusterId;

use super::error::Result;
use super::guides::{OutdatedGuide, PlannedGuide, guide_name, plan_guides};
use super::reconciler::ProposalReconciler;
use super::report::{RoundReport, describe_outcome};
use super::repository::RepositoryState;
use super::tracked::{TrackedProposal, purpose_name};
use super::worklist::{WorkItem, Worklist};

/// What a guide that is not declared any more, or that has no answer left, is kept with.
const NOT_DECLARED: &str = "the rules do not propose this guide any more";

impl ProposalReconciler {
    /// Plans the guides of a round; each has an entry, so that maintainers command it as any other proposal.
    pub(super) async fn load_guides(
        &self,
        entries: &mut BTreeMap<ClusterId, WorkItem>,
        repository: &RepositoryState,
    ) -> Result<BTreeMap<ClusterId, PlannedGuide>> {
        let layout = &repository.layout;
        let context = self.context(layout.target, &layout.folder, None, None);
        let proposable = entries.iter().filter(|(_, entry)| entry.page.is_ok());
        let proposable = proposable.map(|(id, _)| id.clone()).collect::<BTreeSet<_>>();
        let now = self.now();
        let mut gaps = self.guide_gaps.lock().await;
        let mut guides =
            plan_guides(&self.store, &context, &layout.root, &proposable, &mut gaps, now).await?;
        for (id, entry) in &*entries {
            let name = entry.case.as_ref().and_then(|case| guide_name(&case.row.branch));
            if let Some(name) = name.filter(|_| !guides.contains_key(id)) {
                let page = Err(NOT_DECLARED.to_owned());
                guides.insert(id.clone(), PlannedGuide { name, page, outdated: None });
            }
        }
        for id in guides.keys() {
            entries.entry(id.clone()).or_insert_with(|| WorkItem::without_page("a guide", None));
        }
        Ok(guides)
    }

    /// Follows what became of every guide: open pull requests are updated, merged pages checked.
    pub(crate) async fn advance_guides(
        &self,
        worklist: &mut Worklist,
        repository: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let Worklist { entries, guides, .. } = worklist;
        for (id, guide) in guides {
            let entry = entries.get_mut(id).expect("each guide is an entry");
            match self.advance_guide(entry, guide, repository, fence).await {
                Ok(None) => {}
                Ok(Some(outcome)) => report_guide(report, id, guide, entry, outcome),
                Err(error) if error.ends_the_round() => return Err(error),
                Err(error) => {
                    report_guide(report, id, guide, entry, format!("failed: {error}"));
                    if let Some(case) = &mut entry.case {
                        case.row.note = Some(error.to_string());
                        self.store.upsert_proposal(&case.to_row(self.now())).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The same for those alone that show deleted messages. Opens nothing.
    pub(super) async fn advance_quoting_guides(
        &self,
        worklist: &mut Worklist,
        repository: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let mut quoting = BTreeSet::new();
        for id in worklist.guides.keys() {
            let case = worklist.entries.get(id).and_then(|entry| entry.case.as_ref());
            let evidence = case.map(|case| case.requests.evidence.as_slice()).unwrap_or_default();
            if self.are_gone(evidence).await? {
                quoting.insert(id.clone());
            }
        }
        worklist.guides.retain(|id, _| quoting.contains(id));
        self.advance_guides(worklist, repository, fence, report).await
    }

    async fn advance_guide(
        &self,
        entry: &mut WorkItem,
        guide: &mut PlannedGuide,
        repository: &RepositoryState,
        fence: LeaseFence,
    ) -> Result<Option<String>> {
        let Some(case) = &mut entry.case else {
            return self.rediscover_guide(entry, guide, repository, fence).await;
        };
        self.redact_pulls_of(case).await?;
        let lost = self.are_gone(&case.requests.evidence).await?;
        if case.is_snoozed(self.now()) && !lost {
            return Ok(None);
        }
        let is_new = case.row.purpose == purpose_name(PullRequestPurpose::Answer)
            && case.row.state != ProposalState::Merged;
        if !is_new {
            return self.revise_guide(case, guide, lost, repository, fence).await;
        }
        let begun = case.is_begun();
        let withdrawn = case.row.state == ProposalState::Withdrawn;
        let goes_on = case.is_open() || begun && !withdrawn && !case.is_closed();
        let wanted_again = case.is_closed() && case.requests.requested_again;
        if !goes_on && !wanted_again {
            return Ok(None);
        }
        self.propose_guide(case, guide, repository, fence).await.map(Some)
    }

    /// Brings the pull request that adds a guide as far as it goes now.
    async fn propose_guide(
        &self,
        case: &mut TrackedProposal,
        guide: &PlannedGuide,
        repository: &RepositoryState,
        fence: LeaseFence,
    ) -> Result<String> {
        let wanted = match &guide.page {
            Ok(page) => {
                case.row.title = page.draft().title().to_owned();
                if case.progress.pushed.is_none() {
                    page.draft().path().clone_into(&mut case.row.path);
                }
                let mut wanted = page.pull_request(&repository.layout, &repository.base);
                if !self.forge.capabilities().pull_requests {
                    wanted.makes_section(&repository.layout);
                }
                self.for_reviewers(wanted, repository)
            }
            Err(_) => self.guide_withdrawal(case, repository),
        };
        let page = guide.page.as_ref().ok();
        let outcome = self.drive_guide(case, &wanted, page, repository, fence).await?;
        self.save_outcome(case, &outcome).await?;
        Ok(describe_outcome(&outcome))
    }

    /// The steps of one pull request. Words whose message is gone may not wait for tomorrow, and stay in no title
    /// or body, also where people took over.
    async fn drive_guide(
        &self,
        case: &mut TrackedProposal,
        wanted: &DesiredPullRequest,
        page: Option<&GuideDraft>,
        repository: &RepositoryState,
        fence: LeaseFence,
    ) -> Result<ReconcileOutcome> {
        let evidence = page.map(|page| page.evidence().to_vec()).unwrap_or_default();
        let lost = self.are_gone(&case.requests.evidence_left_out(&evidence)).await?;
        if lost {
            case.allow_replace();
            case.requests.anew = true;
        }
        case.requests.add_evidence(&evidence);
        let mut outcome = self.reconcile_one(case, wanted, fence).await?;
        let is_answer = wanted.purpose == PullRequestPurpose::Answer;
        if lost
            && is_answer
            && matches!(outcome, ReconcileOutcome::HandsOff { number: Some(_), .. })
        {
            let gone = self.guide_withdrawal(case, repository);
            outcome = self.reconcile_one(case, &gone, fence).await?;
        }
        let stands = case.progress.pushed.as_ref();
        // A merged page stands on what it stood on until its change is merged too.
        let is_merged = matches!(outcome, ReconcileOutcome::Merged { .. });
        if (is_answer && stands.is_some_and(|pushed| pushed.digest == wanted.digest))
            || (is_merged && wanted.purpose == PullRequestPurpose::Correction)
        {
            case.requests.evidence = evidence;
        }
        if let (ReconcileOutcome::HandsOff { number: Some(number), why }, Some(github)) =
            (&outcome, self.forge.github())
        {
            let text = match lost {
                true => status_comment::evidence_deleted(),
                false => status_comment::hands_off(&why.to_string(), None),
            };
            github.upsert_status_comment(*number, &case.row.cluster, &text).await?;
        }
        Ok(outcome)
    }

    /// A merged guide: what lost its source gets a pull request at once, other answers wait for their turn.
    async fn revise_guide(
        &self,
        case: &mut TrackedProposal,
        guide: &mut PlannedGuide,
        lost: bool,
        repository: &RepositoryState,
        fence: LeaseFence,
    ) -> Result<Option<String>> {
        // What maintainers took off the default branch is theirs.
        if case.row.state == ProposalState::Superseded {
            return Ok(None);
        }
        let Some((path, text)) = self.merged_guide(case, repository).await? else {
            self.retire_case(case).await?;
            return Ok(Some("the page is gone from the repository".to_owned()));
        };
        let pending =
            case.is_open() && case.row.purpose != purpose_name(PullRequestPurpose::Answer);
        let closed = case.row.state == ProposalState::Rejected && !case.requests.requested_again;
        if closed && !lost {
            return Ok(None);
        }
        let page = guide.page.as_ref();
        let wanted = match (page, page.map(|page| page.compare(&text))) {
            (Ok(page), Ok(change)) => {
                let is_current = text.replace("\r\n", "\n") == page.draft().page();
                if is_current && lost {
                    case.requests.evidence = page.evidence().to_vec();
                    self.store.upsert_proposal(&case.to_row(self.now())).await?;
                }
                let edited = change == GuideChange::EditedByPeople;
                let merged = MergedGuide { path: &path, text: &text, edited };
                let urgent = lost && !is_current;
                let goes_on = pending && change == GuideChange::Answers;
                if change == GuideChange::Answers && !urgent && !pending {
                    guide.outdated = Some(OutdatedGuide { path, text });
                    return Ok(None);
                }
                (urgent || goes_on).then(|| page.update(&merged, &repository.base))
            }
            (Err(_), _) if lost => {
                let (cluster, layout) = (&case.row.cluster, &repository.layout);
                let merged = MergedPage { cluster, path: &path, layout, base: &repository.base };
                let removal = DesiredPullRequest::removal(&merged, case.requests.evidence.len());
                Some(DesiredPullRequest { branch: case.row.branch.clone(), ..removal })
            }
            _ => None,
        };
        let wanted = match wanted {
            Some(wanted) => wanted,
            // It was merged, or nobody needs it any more.
            None if pending => self.guide_withdrawal(case, repository),
            None => return Ok(None),
        };
        self.mend_guide(case, guide, &wanted, repository, fence).await.map(Some)
    }

    /// The steps of a pull request that changes or removes a merged guide.
    async fn mend_guide(
        &self,
        case: &mut TrackedProposal,
        guide: &PlannedGuide,
        wanted: &DesiredPullRequest,
        repository: &RepositoryState,
        fence: LeaseFence,
    ) -> Result<String> {
        if wanted.purpose != PullRequestPurpose::Withdrawal {
            case.row.purpose = purpose_name(wanted.purpose).to_owned();
        }
        let wanted = &self.for_reviewers(wanted.clone(), repository);
        let page = guide.page.as_ref().ok();
        let outcome = self.drive_guide(case, wanted, page, repository, fence).await?;
        (case.row.state, case.row.note) = match &outcome {
            ReconcileOutcome::Open { .. } => (ProposalState::Open, None),
            ReconcileOutcome::HandsOff { why, .. } => {
                (ProposalState::HandsOff, Some(why.to_string()))
            }
            ReconcileOutcome::Rejected { .. } | ReconcileOutcome::Superseded { .. } => {
                let note = "maintainers left the page as it is".to_owned();
                (ProposalState::Rejected, Some(note))
            }
            // The page stands as it is.
            ReconcileOutcome::Withdrawn
            | ReconcileOutcome::Merged { .. }
            | ReconcileOutcome::Nothing => (ProposalState::Merged, None),
        };
        if matches!(outcome, ReconcileOutcome::Open { .. }) {
            case.requests.recreate = None;
            case.requests.anew = false;
        }
        case.requests.requested = false;
        case.requests.requested_again &= matches!(outcome, ReconcileOutcome::Rejected { .. });
        self.store.upsert_proposal(&case.to_row(self.now())).await?;
        Ok(format!("{}: {}", purpose_name(wanted.purpose), describe_outcome(&outcome)))
    }

    /// The page of a guide on the default branch, with its path; people may have moved it.
    async fn merged_guide(
        &self,
        case: &TrackedProposal,
        repository: &RepositoryState,
    ) -> Result<Option<(String, String)>> {
        let path = &case.row.path;
        match self.forge.text(&repository.files, path).await? {
            Some(text) => Ok(Some((path.clone(), text))),
            None => self.find_moved_page(&case.row.cluster, path, repository).await,
        }
    }

    /// Finds a guide again of which nothing is stored: the limits do not apply to what maintainers have seen.
    async fn rediscover_guide(
        &self,
        entry: &mut WorkItem,
        guide: &PlannedGuide,
        repository: &RepositoryState,
        fence: LeaseFence,
    ) -> Result<Option<String>> {
        let Ok(page) = &guide.page else { return Ok(None) };
        let pulls = self.forge.pulls_of(&page.branch()).await?;
        let Some(newest) = pulls.first() else { return Ok(None) };
        let case = entry.case.insert(self.planned_guide(&guide.name));
        if newest.is_open() || !pulls.iter().any(|pull| pull.is_merged()) {
            return self.propose_guide(case, guide, repository, fence).await.map(Some);
        }
        page.draft().path().clone_into(&mut case.row.path);
        page.draft().title().clone_into(&mut case.row.title);
        case.row.number = Some(newest.number);
        let Some((path, text)) = self.merged_guide(case, repository).await? else {
            self.retire_case(case).await?;
            return Ok(None);
        };
        case.row.path = path;
        case.row.state = ProposalState::Merged;
        case.requests.evidence = cited(&text);
        case.requests.record_sources(&cited(&text));
        self.store.upsert_proposal(&case.to_row(self.now())).await?;
        Ok(Some("merged".to_owned()))
    }

    /// The guides that could open a pull request, for the limits.
    pub(super) fn guide_candidates<'w>(
        &self,
        worklist: &'w Worklist,
    ) -> impl Iterator<Item = ProposalCandidate> + 'w {
        let now = self.now();
        let guides = worklist.guides.iter().filter(move |(id, guide)| {
            let case = worklist.entries.get(*id).and_then(|entry| entry.case.as_ref());
            let waits = case.is_none_or(|case| {
                let begun = case.is_begun();
                let state = case.row.state;
                let fresh = matches!(state, ProposalState::Planned | ProposalState::Held) && !begun;
                let outdated = guide.outdated.is_some();
                (fresh || outdated || state == ProposalState::Withdrawn) && !case.is_snoozed(now)
            });
            waits && guide.page.is_ok()
        });
        guides.map(move |(id, _)| {
            let case = worklist.entries.get(id).and_then(|entry| entry.case.as_ref());
            ProposalCandidate {
                cluster: id.clone(),
                due_since: case.map_or(now, |case| case.row.opened),
                occurrences: 0,
                score: 0,
                // A guide is no answer for a batch.
                fact: true,
                requested: case.is_some_and(|case| case.requests.requested),
                batch: false,
                held: None,
            }
        })
    }

    /// Opens the pull request of a guide, for its first page or for a merged one whose answers are others now.
    pub(super) async fn open_guide(
        &self,
        id: &ClusterId,
        worklist: &mut Worklist,
        repository: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let Worklist { entries, guides, .. } = worklist;
        let entry = entries.get_mut(id).expect("each guide is an entry");
        let guide = &guides[id];
        let planned = || self.planned_guide(&guide.name);
        let case = entry.case.get_or_insert_with(planned);
        let done = match (&guide.outdated, &guide.page) {
            (Some(OutdatedGuide { path, text }), Ok(page)) => {
                let merged = MergedGuide { path, text, edited: false };
                let wanted = page.update(&merged, &repository.base);
                self.mend_guide(case, guide, &wanted, repository, fence).await
            }
            _ => self.propose_guide(case, guide, repository, fence).await,
        };
        let outcome = match done {
            Ok(outcome) => outcome,
            Err(error) if error.ends_the_round() => return Err(error),
            Err(error) => {
                case.row.note = Some(error.to_string());
                self.store.upsert_proposal(&case.to_row(self.now())).await?;
                format!("failed: {error}")
            }
        };
        report_guide(report, id, guide, entry, outcome);
        Ok(())
    }

    /// Stores why a guide waits, so that the dashboard shows it. One that is merged stays so.
    pub(super) async fn hold_guide(
        &self,
        id: &ClusterId,
        worklist: &mut Worklist,
        why: &str,
        report: &mut RoundReport,
    ) -> Result<()> {
        let Worklist { entries, guides, .. } = worklist;
        let entry = entries.get_mut(id).expect("each guide is an entry");
        let guide = &guides[id];
        if let (Ok(page), None) = (&guide.page, &guide.outdated) {
            let planned = || self.planned_guide(&guide.name);
            let case = entry.case.get_or_insert_with(planned);
            case.row.state = ProposalState::Held;
            page.draft().title().clone_into(&mut case.row.title);
            page.draft().path().clone_into(&mut case.row.path);
            case.row.note = Some(why.to_owned());
            self.store.upsert_proposal(&case.to_row(self.now())).await?;
        }
        report_guide(report, id, guide, entry, why.to_owned());
        Ok(())
    }

    fn planned_guide(&self, name: &str) -> TrackedProposal {
        let subject = Subject::Guide(name.to_owned());
        TrackedProposal::new_planned(&subject.key(), subject.branch(), self.now())
    }

    fn guide_withdrawal(
        &self,
        case: &TrackedProposal,
        repository: &RepositoryState,
    ) -> DesiredPullRequest {
        DesiredPullRequest::withdrawal(&case.row.cluster, &case.row.branch, &repository.base)
    }

    /// The people of the settings review guides; labels are theirs to switch off.
    fn for_reviewers(
        &self,
        wanted: DesiredPullRequest,
        repository: &RepositoryState,
    ) -> DesiredPullRequest {
        let settings = repository.settings().map(|(settings, _)| settings.clone());
        let settings = settings.unwrap_or_default();
        let labels = if settings.labels { wanted.labels.clone() } else { Vec::new() };
        DesiredPullRequest { labels, reviewers: settings.reviewers, ..wanted }
    }
}

fn report_guide(
    report: &mut RoundReport,
    id: &ClusterId,
    guide: &PlannedGuide,
    entry: &WorkItem,
    outcome: String,
) {
    let number = entry.case.as_ref().and_then(|case| case.progress.number);
    let title = guide.page.as_ref().map_or(guide.name.as_str(), |page| page.draft().title());
    report.add_line(id, outcome, number, title);
    report.guides.extend(report.lines.last().cloned());
}
