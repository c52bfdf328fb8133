//! Every question that maintainers have before them, or may get, with the page that it would get.

use std::collections::BTreeMap;
use std::sync::Arc;

use docgen::forge::reconcile::{DesiredPullRequest, PullRequestPurpose};
use docgen::github::onboarding::RepositorySettings;
use docgen::page::draft::{Draft, DraftContext, DraftRefusal, build_draft, build_new_draft};
use docgen::pull_request::answer::PullRequestText;
use docgen::pull_request::subject::Subject;
use docgen::site::docs_tree::{DocsTree, ExistingCoverage, SectionRef};
use docgen::site::placing::coverage_change;
use docgen::target::DocsFolder;
use indexer::cluster::cluster_similarity::ClusterSimilarity;
use indexer::cluster::texts::corpus_stats;
use indexer::store::ProposalState;
use jiff::Timestamp;
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::{ClusterId, MessageId};
use rules::model::page_edit::PageEdit;
use rules::similarity::CorpusStats;

use super::due_pages::messages_of;
use super::error::Result;
use super::guides::{PlannedGuide, guide_name};
use super::reconciler::ProposalReconciler;
use super::report::{ConsideredPage, PageOutcome, WaitReason};
use super::repository::RepositoryState;
use super::tracked::{MaintainerRequests, TrackedProposal, purpose_name};

/// All questions of a round, by the id that their proposals bear.
pub(crate) struct Worklist {
    pub(crate) entries: BTreeMap<ClusterId, WorkItem>,
    /// The guides, by the ids that their proposals bear.
    pub(crate) guides: BTreeMap<ClusterId, PlannedGuide>,
    pub(crate) epoch: Arc<CorpusStats>,
    /// What maintainers turned down: what is surely the same question stays away too.
    rejected: Vec<Cluster>,
}

/// One question.
pub(crate) struct WorkItem {
    /// Its occurrences that are surely the same question; `None` if nothing is left of it.
    pub(crate) cluster: Option<Cluster>,
    /// The page that it would get, or why it gets none.
    pub(crate) page: std::result::Result<PlannedPage, String>,
    /// What the documentation says to it already.
    pub(crate) existing: ExistingCoverage,
    /// Sections that a reviewer should look at.
    pub(crate) nearest: Vec<SectionRef>,
    pub(crate) case: Option<TrackedProposal>,
    /// What the round did for it.
    pub(crate) outcome: Option<PageOutcome>,
    /// Why the round did nothing for a page with which nothing is wrong.
    pub(crate) waits: Option<WaitReason>,
}

pub(crate) struct PlannedPage {
    pub(crate) draft: Draft,
    pub(crate) proposal: PullRequestText,
}

impl WorkItem {
    /// A question that gets no page because nothing is left to stand on.
    pub(super) fn without_page(reason: &str, case: Option<TrackedProposal>) -> Self {
        let (page, existing) = (Err(reason.to_owned()), ExistingCoverage::None);
        let nearest = Vec::new();
        Self { cluster: None, page, existing, nearest, case, outcome: None, waits: None }
    }

    /// Whether only its page score keeps it from being proposed, and nobody has asked for it.
    pub(crate) fn is_candidate(&self) -> bool {
        let state = self.cluster.as_ref().map(|cluster| cluster.state);
        let untouched = self.case.as_ref().is_none_or(TrackedProposal::is_untouched);
        untouched && state == Some(ClusterState::Candidate)
    }

    /// Its proposal; a planned one where none is stored yet.
    pub(crate) fn planned_case(&mut self, id: &ClusterId, now: Timestamp) -> &mut TrackedProposal {
        let planned = || {
            let branch = Subject::Answer(id.clone()).branch();
            TrackedProposal::new_planned(id, branch, now)
        };
        self.case.get_or_insert_with(planned)
    }

    /// The question, as far as it may be shown.
    pub(crate) fn question(&self) -> String {
        match (&self.page, &self.case) {
            (Ok(page), _) => page.draft.title().to_owned(),
            (Err(_), Some(case)) => case.row.title.clone(),
            (Err(_), None) => String::new(),
        }
    }

    /// The file that its page is in, or goes to.
    pub(crate) fn path(&self) -> Option<&str> {
        let own = self.page.as_ref().ok().map(|page| page.draft.path());
        self.existing.path().or(own)
    }

    /// The messages that a page stands on.
    pub(crate) fn evidence(&self) -> Vec<MessageId> {
        self.cluster.as_ref().map(messages_of).unwrap_or_default()
    }
}

impl Worklist {
    /// Whether no question has a page that could be proposed.
    pub(crate) fn is_idle(&self) -> bool {
        self.entries.values().all(|entry| entry.page.is_err())
    }

    /// Every question that still has occurrences, with its page.
    pub(crate) fn into_considered(self) -> BTreeMap<ClusterId, ConsideredPage> {
        let considered = self.entries.into_iter().filter_map(|(id, entry)| {
            let held = entry.case.filter(|case| case.row.state == ProposalState::Held);
            let waits = entry.waits.map(|why| why.as_str().to_owned());
            let page = match (entry.page, held.and_then(|case| case.row.note).or(waits)) {
                (Ok(_), Some(why)) => Err(why),
                (Ok(page), None) => Ok((page.draft, page.proposal)),
                (Err(why), _) => Err(why),
            };
            let (cluster, outcome) = (entry.cluster?, entry.outcome);
            Some((id, ConsideredPage { cluster, page, outcome }))
        });
        considered.collect()
    }

    /// Keeps every page back that maintainers have not seen.
    pub(crate) fn hold_new_pages(&mut self, why: &str) {
        for entry in self.entries.values_mut() {
            let begun = entry.case.as_ref().is_some_and(TrackedProposal::was_offered);
            if !begun && entry.page.is_ok() {
                entry.page = Err(why.to_owned());
            }
        }
    }

    /// Whether maintainers turned down what is surely the same question.
    pub(crate) fn is_like_a_rejected_one(
        &self,
        cluster: &Cluster,
        proposer: &ProposalReconciler,
    ) -> bool {
        self.rejected.iter().filter(|other| other.id != cluster.id).any(|other| {
            let of = |cluster: &Cluster| {
                let representative = |one: &&rules::model::cluster::Occurrence| {
                    one.question.message == cluster.representative
                };
                cluster
                    .occurrences
                    .iter()
                    .find(representative)
                    .or(cluster.occurrences.first())
                    .cloned()
            };
            let both = of(cluster).into_iter().chain(of(other)).collect::<Vec<_>>();
            let both = Cluster { occurrences: both, ..other.clone() };
            // By words: that maintainers turned something down is said of what they read.
            let similarity =
                ClusterSimilarity::of(&both, &BTreeMap::new(), &self.epoch, &proposer.rules.same);
            both.occurrences.len() == 2
                && proposer
                    .rules
                    .pages
                    .is_same(rules::due::PairwiseSimilarity::question_similarity(&similarity, 0, 1))
        })
    }
}

impl ProposalReconciler {
    pub(crate) async fn load_worklist(&self, repository: &RepositoryState) -> Result<Worklist> {
        let epoch = corpus_stats(&self.store, &self.rules.same).await?;
        let edits = self.store.page_edits().await?;
        let mut entries = BTreeMap::new();
        for row in self.store.proposals().await? {
            if row.branch == Subject::Settings.branch() {
                continue;
            }
            let id = row.cluster.clone();
            let mut cluster = self.cluster_of(&id).await?;
            if let Some(cluster) = &mut cluster {
                self.store.add_named_people(cluster).await?;
            }
            let case = Some(TrackedProposal::of(row)?);
            let entry = self.entry(cluster, case, edits.get(&id), repository);
            entries.insert(id, entry);
        }
        let states = [
            ClusterState::Candidate,
            ClusterState::Due,
            ClusterState::Drafted,
            ClusterState::Proposed,
        ];
        for mut cluster in self.store.clusters_in(&states).await? {
            self.store.add_named_people(&mut cluster).await?;
            if self.store.proposal(&cluster.id).await?.is_none() {
                let id = cluster.id.clone();
                let entry = self.entry(Some(cluster), None, edits.get(&id), repository);
                entries.insert(id, entry);
            }
        }
        let rejected = self.store.clusters_in(&[ClusterState::Rejected]).await?;
        let guides = self.load_guides(&mut entries, repository).await?;
        Ok(Worklist { entries, guides, epoch, rejected })
    }

    /// Looks where the documentation asks the same already: there the answer is added, instead of a
    /// second page. What it answers to the letter needs no proposal.
    pub(crate) async fn match_existing_docs(
        &self,
        worklist: &mut Worklist,
        repository: &RepositoryState,
    ) -> Result<()> {
        let is_new = |entry: &WorkItem| {
            let merged = entry.case.as_ref().is_some_and(|case| !is_for_a_page(case));
            entry.page.is_ok() && !merged
        };
        if !worklist.entries.values().any(is_new) {
            return Ok(());
        }
        let mut seen = self.documents.lock().await;
        let is_page = |path: &str| repository.layout.is_page(path);
        let documents = self.forge.read_docs(&repository.files, is_page, &mut seen).await?;
        drop(seen);
        let documents = documents.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let texts = documents.collect::<BTreeMap<_, _>>();
        let tree = DocsTree::read(texts.iter().map(|(path, text)| (*path, *text)), &self.rules);
        for entry in worklist.entries.values_mut().filter(|entry| is_new(entry)) {
            let Ok(page) = &entry.page else { continue };
            let compared = tree.compare_draft(&page.draft, &self.rules);
            let chosen = entry.case.as_ref().and_then(|case| case.requests.page.clone());
            if let Some(path) = chosen {
                if is_foreign(&path, entry, &texts) {
                    let mut nearest = compared.nearest.into_iter();
                    let section = nearest.find(|section| section.path == path);
                    let headings = section.map(|section| section.headings).unwrap_or_default();
                    entry.existing = ExistingCoverage::Page { path, headings };
                }
                continue;
            }
            entry.nearest = compared.nearest;
            let existing = compared.coverage;
            let begun = entry.case.as_ref().is_some_and(TrackedProposal::was_offered);
            let says_all = coverage_change(&page.draft, &existing).is_none();
            let extends = entry.case.as_ref().is_some_and(|case| case.requests.extends);
            match existing.path() {
                Some(path) if says_all && !begun => {
                    entry.page = Err(format!("{path} answers it already"));
                }
                Some(_) if says_all && extends => {
                    entry.existing = existing.before_adding(page.draft.title());
                }
                Some(_) if says_all => {}
                _ => entry.existing = existing,
            }
        }
        Ok(())
    }

    /// A cluster under the id of its proposal. One that went into another proposal's cluster
    /// is gone.
    async fn cluster_of(&self, id: &ClusterId) -> Result<Option<Cluster>> {
        let Some(cluster) = self.store.cluster(id).await? else { return Ok(None) };
        if cluster.id == *id {
            return Ok(Some(cluster));
        }
        let bearer = self.store.proposal(&cluster.id).await?;
        let is_ours = bearer.is_some_and(|row| row.cluster == *id);
        Ok(is_ours.then(|| Cluster { id: id.clone(), ..cluster }))
    }

    fn entry(
        &self,
        cluster: Option<Cluster>,
        case: Option<TrackedProposal>,
        edit: Option<&PageEdit>,
        repository: &RepositoryState,
    ) -> WorkItem {
        let Some(cluster) = cluster else {
            return WorkItem::without_page("nothing is left of the question", case);
        };
        let mut cluster = cluster.into_core();
        let requests = case.as_ref().map(|case| case.requests.clone()).unwrap_or_default();
        if !requests.is_same_question(&messages_of(&cluster)) {
            return WorkItem::without_page("the messages that its page stood on are gone", case);
        }
        if let Some(language) = &requests.lang {
            keep_language(&mut cluster, language);
        }
        let begun = case.as_ref().is_some_and(TrackedProposal::was_offered);
        let build = if begun || requests.requested { build_draft } else { build_new_draft };
        let page = self.page(&cluster, repository, (&requests, edit), build);
        WorkItem {
            cluster: Some(cluster),
            page,
            existing: ExistingCoverage::None,
            nearest: Vec::new(),
            case,
            outcome: None,
            waits: None,
        }
    }

    fn page(
        &self,
        cluster: &Cluster,
        repository: &RepositoryState,
        (requests, edit): (&MaintainerRequests, Option<&PageEdit>),
        build: fn(&Cluster, &DraftContext<'_>) -> std::result::Result<Draft, DraftRefusal>,
    ) -> std::result::Result<PlannedPage, String> {
        if cluster.occurrences.is_empty() {
            return Err("nothing is left of the question".to_owned());
        }
        let folder = self.folder_of(cluster, repository);
        let path = requests.page.as_deref();
        let context = self.context(repository.layout.target, &folder, path, edit);
        let draft = build(cluster, &context).map_err(|refusal| refusal.to_string())?;
        let proposal = PullRequestText::new(cluster, &draft, &context);
        Ok(PlannedPage { draft, proposal })
    }

    /// Pages of a topic have a folder of their own; where many answers are in one file, that is the file.
    fn folder_of(&self, cluster: &Cluster, repository: &RepositoryState) -> DocsFolder {
        let folder = &repository.layout.folder;
        let topic = self.rules.topics.of(cluster).and_then(|topic| topic.folder.as_deref());
        match topic {
            Some(topic) => format!("{folder}/{topic}").parse().unwrap_or_else(|_| folder.clone()),
            None => folder.clone(),
        }
    }

    /// The pull request that an entry's page wants.
    pub(crate) fn desired_pull_request(
        &self,
        entry: &WorkItem,
        page: &PlannedPage,
        repository: &RepositoryState,
    ) -> DesiredPullRequest {
        let settings =
            repository.settings().map(|(settings, _)| settings.clone()).unwrap_or_default();
        let mut wanted = DesiredPullRequest::answer(
            &page.proposal,
            &page.draft,
            &repository.layout,
            &repository.base,
        );
        if let Some(case) = &entry.case {
            wanted.branch.clone_from(&case.row.branch);
        }
        if !self.forge.capabilities().pull_requests {
            wanted.makes_section(&repository.layout);
        }
        if let Some(addition) = coverage_change(&page.draft, &entry.existing) {
            wanted.extends(addition, &page.draft);
        }
        wanted.shows_nearest(&page.draft, &entry.nearest, &repository.pages_url());
        wanted.reviewers = self.reviewers(entry, repository, &settings);
        if !settings.labels {
            wanted.labels.clear();
        }
        wanted
    }

    /// GitHub asks code owners by itself; without any, the topic's people are asked, or else the
    /// settings' ones.
    fn reviewers(
        &self,
        entry: &WorkItem,
        repository: &RepositoryState,
        settings: &RepositorySettings,
    ) -> Vec<String> {
        let owners = ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"];
        if repository.files.paths().any(|path| owners.contains(&path)) {
            return Vec::new();
        }
        let topic = entry.cluster.as_ref().and_then(|cluster| self.rules.topics.of(cluster));
        match topic.map(|topic| &topic.reviewers).filter(|reviewers| !reviewers.is_empty()) {
            Some(reviewers) => reviewers.clone(),
            None => settings.reviewers.clone(),
        }
    }
}

/// Whether a page is in the repository already and is not this question's own.
fn is_foreign(path: &str, entry: &WorkItem, texts: &BTreeMap<&str, &str>) -> bool {
    let Ok(page) = &entry.page else { return false };
    let anchor = format!("<a id=\"answer-{}\"", page.draft.cluster());
    texts.get(path).is_some_and(|text| !text.contains(&anchor))
}

/// Keeps occurrences whose question is written in a language, recognised by its letters; where none is, all
/// stay.
fn keep_language(cluster: &mut Cluster, language: &str) {
    let fits = |text: &str| is_korean(text) == language.starts_with("ko");
    if cluster.occurrences.iter().any(|one| fits(&one.question.text)) {
        cluster.occurrences.retain(|one| fits(&one.question.text));
        let central =
            cluster.occurrences.iter().any(|one| one.question.message == cluster.representative);
        if !central {
            cluster.representative = cluster.occurrences[0].question.message;
        }
    }
}

/// Whether a text is written in Korean, recognised by its letters.
pub(crate) fn is_korean(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

/// Whether an entry's proposal is for a page of its own with an answer, and not to mend or remove one.
pub(crate) fn is_for_a_page(case: &TrackedProposal) -> bool {
    let state = case.row.state;
    case.row.purpose == purpose_name(PullRequestPurpose::Answer)
        && state != ProposalState::Merged
        && guide_name(&case.row.branch).is_none()
}
