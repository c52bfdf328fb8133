//! Merged pages: read back with people's edits, checked, corrected when an answer is outdated, removed
//! when no evidence is left.

use docgen::change::{FileChange, FileEdit};
use docgen::forge::error::ForgeError;
use docgen::forge::reconcile::{DesiredPullRequest, PullRequestPurpose, ReconcileOutcome};
use docgen::github::client::GitHubError;
use docgen::github::models::PullRequest;
use docgen::page::amend::{
    AmendedPage, Replacement, add_later_answer, own_part, remove_answer, rewrite_page,
};
use docgen::page::draft::{Draft, build_draft, page_title};
use docgen::page::read_back::{ReadPage, bears, parse_page};
use docgen::paths::is_page;
use docgen::pull_request::desired::{CorrectionReason, MergedPage};
use docgen::pull_request::marker;
use docgen::pull_request::marker::BodyMarker;
use docgen::site::moving;
use docgen::site::placing::replace_section;
use docgen::target::{DocsTarget, is_named_after};
use indexer::store::{LeaseFence, MergedAnswerRow, ProposalState};
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::{ClusterId, MessageId};
use rules::publish::anonymize::Participants;
use rules::similarity::CorpusStats;
use rules::staleness::{StalenessVerdict, check_staleness};

use super::due_pages::messages_of;
use super::error::Result;
use super::reconciler::ProposalReconciler;
use super::report::{RoundReport, describe_outcome};
use super::repository::RepositoryState;
use super::tracked::{CORRECTION_LABEL, TrackedProposal, purpose_name};
use super::worklist::{WorkItem, Worklist};

/// Files that are looked into for a page that moved.
const MOST_SEARCHED: usize = 300;

impl ProposalReconciler {
    /// Makes a merged page the known answer, with the edits of people; false if it is nowhere.
    pub(crate) async fn record_merged(
        &self,
        case: &TrackedProposal,
        (number, commit): (Option<u64>, Option<&str>),
        repository: &RepositoryState,
    ) -> Result<bool> {
        let (cluster, path) = (&case.row.cluster, &case.row.path);
        if let Some(text) = self.forge.merged_text(commit, &repository.base, path).await?
            && is_there(&text, cluster, repository.layout.target)
        {
            self.save_merged(case, path, number, &text, repository).await?;
            return Ok(true);
        }
        // People may have moved it on its way in, or its title was another one then.
        let Some((path, text)) = self.find_moved_page(cluster, path, repository).await? else {
            return Ok(false);
        };
        self.save_merged(case, &path, number, &text, repository).await?;
        Ok(true)
    }

    /// A page that is not at its path any more, by its marker; first among those of its name.
    pub(super) async fn find_moved_page(
        &self,
        cluster: &ClusterId,
        path: &str,
        repository: &RepositoryState,
    ) -> Result<Option<(String, String)>> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_named = |other: &str| other.rsplit('/').next() == Some(name);
        let mut pages = repository.files.paths().filter(|other| is_page(other)).collect::<Vec<_>>();
        let folder = format!("{}/", repository.layout.folder);
        pages.sort_by_key(|other| (!is_named(other), !other.starts_with(&folder)));
        for other in pages.into_iter().take(MOST_SEARCHED) {
            if let Some(text) = self.forge.text(&repository.files, other).await?
                && bears(&text, cluster)
            {
                return Ok(Some((other.to_owned(), text)));
            }
        }
        Ok(None)
    }

    async fn save_merged(
        &self,
        case: &TrackedProposal,
        path: &str,
        number: Option<u64>,
        text: &str,
        repository: &RepositoryState,
    ) -> Result<()> {
        // In a page that maintainers wrote, only the answer's own part is read.
        let cluster = &case.row.cluster;
        let own = own_part(text, cluster).filter(|_| case.requests.extends).unwrap_or(text);
        let Some(page) = parse_page(cluster, own, repository.layout.target) else { return Ok(()) };
        let ReadPage { mut title, answer, evidence, digest } = page;
        if title.is_empty() {
            title.clone_from(&case.row.title);
        }
        let before = self.store.merged_answer(cluster).await?;
        let same = before.as_ref().filter(|one| one.digest == digest && !one.answer.is_empty());
        let merged = MergedAnswerRow {
            cluster: cluster.clone(),
            number: number.or(before.as_ref().and_then(|one| one.number)),
            path: path.to_owned(),
            link: self.forge.link(&repository.base, path),
            title,
            answer,
            merged: same.map_or(self.now(), |one| one.merged),
            digest,
            evidence,
        };
        Ok(self.store.upsert_merged_answer(&merged).await?)
    }

    /// Looks at every merged page: what people changed is learnt, what lost its source or its truth
    /// gets a pull request.
    pub(crate) async fn revise_merged(
        &self,
        worklist: &mut Worklist,
        repository: &RepositoryState,
        fence: LeaseFence,
        report: &mut RoundReport,
    ) -> Result<()> {
        let Worklist { entries, epoch, .. } = worklist;
        let epoch: &CorpusStats = epoch;
        for merged in self.store.merged_answers().await? {
            let Some(entry) = entries.get_mut(&merged.cluster) else { continue };
            if entry.case.as_ref().is_some_and(|case| case.is_snoozed(self.now())) {
                continue;
            }
            let done = self.revise_page(entry, &merged, (repository, epoch), fence).await;
            match done {
                Ok(None) => {}
                Ok(Some(outcome)) => {
                    let number = entry.case.as_ref().and_then(|case| case.progress.number);
                    report.add_line(&merged.cluster, outcome, number, &merged.title);
                }
                Err(error) if error.ends_the_round() => return Err(error),
                Err(error) => {
                    report.add_line(&merged.cluster, format!("failed: {error}"), None, "")
                }
            }
        }
        Ok(())
    }

    async fn revise_page(
        &self,
        entry: &mut WorkItem,
        merged: &MergedAnswerRow,
        (repository, epoch): (&RepositoryState, &CorpusStats),
        fence: LeaseFence,
    ) -> Result<Option<String>> {
        let mut merged = merged.clone();
        // Where it was moved to on a maintainer's word, readers find only the way at its old place.
        if let Some(to) = entry.case.as_ref().and_then(|case| case.requests.page.as_ref())
            && let Some(text) = self.forge.text(&repository.files, to).await?
            && is_there(&text, &merged.cluster, repository.layout.target)
        {
            merged.path.clone_from(to);
        }
        let text = match self.forge.text(&repository.files, &merged.path).await? {
            Some(text) if is_there(&text, &merged.cluster, repository.layout.target) => text,
            _ => match self.find_moved_page(&merged.cluster, &merged.path, repository).await? {
                Some((path, text)) => {
                    merged.path = path;
                    text
                }
                None => return self.mark_removed(entry, &merged).await.map(Some),
            },
        };
        let merged = &merged;
        let page = parse_page(&merged.cluster, &text, repository.layout.target);
        let mut gone = self.store.deleted_evidence(&merged.cluster).await?;
        gone.retain(|one| page.as_ref().is_none_or(|page| page.evidence.contains(one)));
        let is_about_sources = !gone.is_empty();
        if let Some(case) = entry.case.as_ref().filter(|_| gone.is_empty()) {
            self.save_merged(case, &merged.path, None, &text, repository).await?;
        }
        // What was judged is the page as it stood before.
        let is_new = !is_about_sources && page.is_some_and(|page| page.digest != merged.digest);
        let mending = match is_new {
            true => None,
            false => {
                self.needed_correction(entry, merged, (&text, gone), (repository, epoch)).await?
            }
        };
        let case = entry.case.as_mut().expect("what was merged was proposed");
        let pending =
            case.is_open() && case.row.purpose != purpose_name(PullRequestPurpose::Answer);
        let wanted = match mending {
            Some(wanted) => wanted,
            // It was merged, or nobody needs it any more.
            None if pending => {
                DesiredPullRequest::withdrawal(&merged.cluster, &case.row.branch, &repository.base)
            }
            None => return Ok(None),
        };
        let closed = case.row.state == ProposalState::Rejected && !case.requests.requested_again;
        if closed && !is_about_sources {
            return Ok(None);
        }
        if wanted.purpose != PullRequestPurpose::Withdrawal {
            case.row.purpose = purpose_name(wanted.purpose).to_owned();
        }
        // From then on the page is looked for at the place where it goes.
        case.requests.page = moved_to(&wanted, &merged.path).or(case.requests.page.take());
        if case.is_batch() {
            // From here on the page goes its own way.
            *case = TrackedProposal {
                row: case.row.clone(),
                ..TrackedProposal::new_planned(
                    &merged.cluster,
                    wanted.branch.clone(),
                    case.row.opened,
                )
            };
            case.row.branch.clone_from(&wanted.branch);
        }
        let outcome = self.reconcile_one(case, &wanted, fence).await?;
        self.note_mending(case, &outcome, (repository, &merged.path)).await?;
        Ok(Some(format!("{}: {}", purpose_name(wanted.purpose), describe_outcome(&outcome))))
    }

    /// The pull request that a merged page needs, if any.
    async fn needed_correction(
        &self,
        entry: &WorkItem,
        merged: &MergedAnswerRow,
        (text, gone): (&str, Vec<MessageId>),
        (repository, epoch): (&RepositoryState, &CorpusStats),
    ) -> Result<Option<DesiredPullRequest>> {
        let page = MergedPage {
            cluster: &merged.cluster,
            path: &merged.path,
            layout: &repository.layout,
            base: &repository.base,
        };
        // A page is known by its evidence: what else the cluster holds is another question.
        let is_its_own = |cluster: &&Cluster| {
            let now = messages_of(cluster);
            merged.evidence.is_empty() || merged.evidence.iter().any(|one| now.contains(one))
        };
        let Some(cluster) = entry.cluster.as_ref().filter(is_its_own) else {
            return Ok(match gone.len() {
                0 => None,
                messages => self.removal(entry, &page, text, messages),
            });
        };
        let core = (0..cluster.occurrences.len()).collect::<Vec<_>>();
        let (same, truth) = (&self.rules.same, &self.rules.truth);
        let (why, mended) = match check_staleness(cluster, &core, &gone, epoch, same, truth) {
            StalenessVerdict::Current => {
                return self.requested_move(entry, (merged, text), &page, repository).await;
            }
            StalenessVerdict::EvidenceDeleted { evidence } => {
                let Some(draft) = self.regenerate(cluster, merged, repository) else {
                    return Ok(self.removal(entry, &page, text, evidence.len()));
                };
                let ours = self.ours(entry, merged).await?;
                let Some(after) = put(entry, &draft, text) else { return Ok(None) };
                let before =
                    ours.as_deref().zip(ours.as_deref().and_then(|ours| put(entry, &draft, ours)));
                let before = before.as_ref().map(|(before, after)| Replacement { before, after });
                let mended =
                    rewrite_page(before, Replacement { before: text, after: &after }, &evidence);
                let why = CorrectionReason::EvidenceDeleted { messages: evidence.len() };
                let AmendedPage { text: mended, lossy } = mended;
                let wanted = DesiredPullRequest::correction(&page, (text, &mended), &why, lossy);
                let titles = [Some(text), ours.as_deref()].into_iter().flatten();
                let titles =
                    titles.map(|text| title_of(text, merged, repository)).collect::<Vec<_>>();
                let new = NewTitle { entry, merged, cluster, titles: &titles, text: &mended };
                return self.retitled(wanted, new, &page, repository).await.map(Some);
            }
            StalenessVerdict::Newer { version, by } => {
                let (known, later) = (&merged.answer, &cluster.occurrences[by]);
                let mended = self.with_later(cluster, by, text, repository);
                (CorrectionReason::Newer { version, known, later }, mended)
            }
            StalenessVerdict::Contradicted { by } => {
                let (known, later) = (&merged.answer, &cluster.occurrences[by]);
                let mended = self.with_later(cluster, by, text, repository);
                (CorrectionReason::Contradicted { known, later }, mended)
            }
        };
        Ok(mended.map(|AmendedPage { text: mended, lossy }| {
            DesiredPullRequest::correction(&page, (text, &mended), &why, lossy)
        }))
    }

    /// A correction that also changes the address of the page and its entry in the navigation, where they are
    /// made of words that were deleted.
    async fn retitled(
        &self,
        wanted: DesiredPullRequest,
        new: NewTitle<'_>,
        page: &MergedPage<'_>,
        repository: &RepositoryState,
    ) -> Result<DesiredPullRequest> {
        let NewTitle { entry, merged, cluster, titles, text } = new;
        let people = Participants::of(cluster, &self.naming);
        let context = self.context(repository.layout.target, &repository.layout.folder, None, None);
        let drafted = page_title(cluster, &context);
        let lost = titles
            .iter()
            .filter(|title| !people.has_title(cluster, title) && drafted.as_ref() != Some(*title));
        let lost = lost.collect::<Vec<_>>();
        if lost.is_empty() || is_part(entry) || repository.layout.target == DocsTarget::Faq {
            return Ok(wanted);
        }
        let named = lost.iter().any(|title| is_named_after(&merged.path, title, &merged.cluster));
        let to = self.address_of(cluster, merged, repository).filter(|_| named);
        let chosen = entry.case.as_ref().and_then(|case| case.requests.page.as_ref());
        let ours = |to: &String| chosen.is_none_or(|page| *page == merged.path || page == to);
        let to = to.filter(ours).unwrap_or_else(|| merged.path.clone());
        let settings = self.redirects(repository).await?;
        let title = title_of(text, merged, repository);
        Ok(wanted.retitled(page, (&to, &title), text, settings.as_deref()))
    }

    /// The path that a page's title makes today, in the folder of the page; `None` where another file is.
    fn address_of(
        &self,
        cluster: &Cluster,
        merged: &MergedAnswerRow,
        repository: &RepositoryState,
    ) -> Option<String> {
        let context = self.context(repository.layout.target, &repository.layout.folder, None, None);
        let draft = build_draft(cluster, &context).ok()?;
        let name = draft.path().rsplit('/').next().unwrap_or_default();
        let folder = merged.path.rfind('/').map_or("", |at| &merged.path[..=at]);
        let to = format!("{folder}{name}");
        (!repository.files.paths().any(|path| path == to)).then_some(to)
    }

    /// The settings of the site in which redirects stand.
    async fn redirects(&self, repository: &RepositoryState) -> Result<Option<String>> {
        match moving::redirect_file(&repository.layout) {
            Some(path) => Ok(self.forge.text(&repository.files, &path).await?),
            None => Ok(None),
        }
    }

    /// The page at the place where a maintainer wants it, with a way there from its old place.
    async fn requested_move(
        &self,
        entry: &WorkItem,
        (merged, text): (&MergedAnswerRow, &str),
        page: &MergedPage<'_>,
        repository: &RepositoryState,
    ) -> Result<Option<DesiredPullRequest>> {
        let to = entry.case.as_ref().and_then(|case| case.requests.page.as_deref());
        let stays = is_part(entry) || repository.layout.target == DocsTarget::Faq;
        let Some(to) = to.filter(|to| *to != merged.path && !stays) else { return Ok(None) };
        let settings = self.redirects(repository).await?;
        Ok(Some(DesiredPullRequest::moved(page, (to, &merged.title), text, settings.as_deref())))
    }

    /// A page is deleted; an answer in a page of other people's is taken out of it.
    fn removal(
        &self,
        entry: &WorkItem,
        page: &MergedPage<'_>,
        text: &str,
        messages: usize,
    ) -> Option<DesiredPullRequest> {
        let mut wanted = DesiredPullRequest::removal(page, messages);
        if is_part(entry) {
            let rest = remove_answer(text, page.cluster)?;
            let edit = FileEdit::Replace { seen: marker::hash(text), text: rest };
            wanted.changes = vec![FileChange::Edit { path: page.path.to_owned(), edit }];
        }
        Some(wanted)
    }

    /// The page as it would be written today, where it stands; `None` if nothing is left to say.
    fn regenerate(
        &self,
        cluster: &Cluster,
        merged: &MergedAnswerRow,
        repository: &RepositoryState,
    ) -> Option<Draft> {
        let folder = &repository.layout.folder;
        let context = self.context(repository.layout.target, folder, Some(&merged.path), None);
        build_draft(cluster, &context).ok()
    }

    /// The page with a later answer added; `None` if that answer cannot stand on a page.
    fn with_later(
        &self,
        cluster: &Cluster,
        by: usize,
        text: &str,
        repository: &RepositoryState,
    ) -> Option<AmendedPage> {
        let mut alone = cluster.clone();
        alone.occurrences = vec![cluster.occurrences[by].clone()];
        alone.representative = alone.occurrences[0].question.message;
        let context = self.context(repository.layout.target, &repository.layout.folder, None, None);
        let later = build_draft(&alone, &context).ok()?;
        let text = add_later_answer(text, &cluster.id, &later)?;
        Some(AmendedPage { text, lossy: false })
    }

    /// The page as generated, before people changed and merged it: the markers of merged pull requests
    /// name the last generated commits, and GitHub keeps those.
    async fn ours(&self, entry: &WorkItem, merged: &MergedAnswerRow) -> Result<Option<String>> {
        let Some(case) = &entry.case else { return Ok(None) };
        let pulls = self.forge.pulls_of(&case.row.branch).await?;
        // One that mended the page holds words of people.
        let answers = |pull: &PullRequest| pull.is_merged() && !pull.has_label(CORRECTION_LABEL);
        let pull = match (pulls.into_iter().find(answers), merged.number) {
            (Some(pull), _) => Some(pull),
            (None, Some(number)) => self.github()?.pull(number).await?,
            (None, None) => None,
        };
        let marker = pull.and_then(|pull| BodyMarker::read(pull.body()));
        let Some(head) = marker.map(|marker| marker.head).filter(|head| !head.is_empty()) else {
            return Ok(None);
        };
        let files = match self.forge.files(&head).await {
            Err(ForgeError::GitHub(GitHubError::Refused { .. })) => return Ok(None),
            files => files?,
        };
        for path in [&merged.path, &case.row.path] {
            if let Some(text) = self.forge.text(&files, path).await? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    async fn note_mending(
        &self,
        case: &mut TrackedProposal,
        outcome: &ReconcileOutcome,
        (repository, path): (&RepositoryState, &str),
    ) -> Result<()> {
        case.row.state = match outcome {
            ReconcileOutcome::Open { .. } => ProposalState::Open,
            ReconcileOutcome::HandsOff { .. } => ProposalState::HandsOff,
            ReconcileOutcome::Rejected { .. } | ReconcileOutcome::Superseded { .. } => {
                ProposalState::Rejected
            }
            // The page stands as it is.
            ReconcileOutcome::Withdrawn
            | ReconcileOutcome::Merged { .. }
            | ReconcileOutcome::Nothing => ProposalState::Merged,
        };
        case.requests.requested_again &= matches!(outcome, ReconcileOutcome::Rejected { .. });
        case.row.note = match outcome {
            ReconcileOutcome::HandsOff { why, .. } => Some(why.to_string()),
            ReconcileOutcome::Rejected { .. } => {
                Some("maintainers left the page as it is".to_owned())
            }
            _ => None,
        };
        if let (ReconcileOutcome::Merged { .. }, "correction") =
            (outcome, case.row.purpose.as_str())
            && let Some(head) = self.forge.head(&repository.base).await?
        {
            let files = self.forge.files(&head).await?;
            if let Some(text) = self.forge.text(&files, path).await? {
                self.save_merged(case, path, None, &text, repository).await?;
            }
        }
        Ok(self.store.upsert_proposal(&case.to_row(self.now())).await?)
    }

    /// The page is not there any more: people removed it, or merged the pull request that removes it.
    async fn mark_removed(&self, entry: &mut WorkItem, merged: &MergedAnswerRow) -> Result<String> {
        self.store.delete_merged_answer(&merged.cluster).await?;
        if let Some(case) = &mut entry.case {
            self.retire_case(case).await?;
        }
        Ok(PAGE_GONE.to_owned())
    }

    /// What was merged and is on no page any more.
    pub(crate) async fn retire_case(&self, case: &mut TrackedProposal) -> Result<()> {
        case.row.state = ProposalState::Superseded;
        case.row.purpose = purpose_name(PullRequestPurpose::Removal).to_owned();
        case.row.title.clear();
        case.row.note = Some(PAGE_GONE.to_owned());
        self.store.upsert_proposal(&case.to_row(self.now())).await?;
        if self.store.cluster(&case.row.cluster).await?.is_some() {
            self.store.set_state(&case.row.cluster, ClusterState::Retired).await?;
        }
        Ok(())
    }
}

/// A page that is written again without what was deleted, with the titles that it had.
struct NewTitle<'p> {
    entry: &'p WorkItem,
    merged: &'p MergedAnswerRow,
    cluster: &'p Cluster,
    titles: &'p [String],
    text: &'p str,
}

/// The title of a page as its readers see it; empty where none is left.
fn title_of(text: &str, merged: &MergedAnswerRow, repository: &RepositoryState) -> String {
    let page = parse_page(&merged.cluster, text, repository.layout.target);
    page.map(|page| page.title).unwrap_or_default()
}

/// The path of a page that a pull request writes at another place.
fn moved_to(wanted: &DesiredPullRequest, from: &str) -> Option<String> {
    wanted.changes.iter().find_map(|change| match change {
        FileChange::Write { path, .. } if path != from => Some(path.clone()),
        _ => None,
    })
}

const PAGE_GONE: &str = "the page is gone from the repository";

/// Whether the file of a page still holds it: a file of its own does even where people removed the markers.
fn is_there(text: &str, cluster: &ClusterId, target: DocsTarget) -> bool {
    target != DocsTarget::Faq || bears(text, cluster)
}

/// Whether the answer is a part of a page that other people wrote.
fn is_part(entry: &WorkItem) -> bool {
    entry.case.as_ref().is_some_and(|case| case.requests.extends)
}

/// A file with the answer written anew where it stands.
fn put(entry: &WorkItem, draft: &Draft, file: &str) -> Option<String> {
    if !is_part(entry) {
        return draft.file(Some(file)).ok();
    }
    let mended = replace_section(draft).apply(Some(file)).ok()?;
    Some(mended.unwrap_or_else(|| file.to_owned()))
}
