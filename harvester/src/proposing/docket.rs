//! Every question that maintainers have before them, or may get, with the page that it would get.

use std::collections::BTreeMap;

use docgen::docs_tree::{Existing, Tree, change};
use docgen::draft::{Draft, draft};
use docgen::github::ensure::{Purpose, Wanted};
use docgen::github::onboarding::{BRANCH, Settings};
use docgen::proposal::Proposal;
use docgen::target::Folder;
use indexer::settle::{Kin, epoch};
use indexer::store::ProposalState;
use rules::cluster::{Cluster, ClusterState};
use rules::ids::{ClusterId, MessageId};
use rules::same::Epoch;

use super::case::{Case, Wishes, purpose};
use super::ground::Ground;
use super::{Proposer, Result};
use crate::pipeline::core;

/// All questions of a round, by the id that their proposals bear.
pub(super) struct Docket {
    pub(super) entries: BTreeMap<ClusterId, Entry>,
    pub(super) epoch: Epoch,
    /// What maintainers turned down: what is surely the same question stays away too.
    rejected: Vec<Cluster>,
}

/// One question.
pub(super) struct Entry {
    /// Its occurrences that are surely the same question; `None` if nothing is left of it.
    pub(super) cluster: Option<Cluster>,
    /// The page that it would get, or why it gets none.
    pub(super) page: std::result::Result<Page, String>,
    /// What the documentation says to it already.
    pub(super) existing: Existing,
    pub(super) case: Option<Case>,
}

pub(super) struct Page {
    pub(super) draft: Draft,
    pub(super) proposal: Proposal,
}

impl Entry {
    /// The question, as far as it may be shown.
    pub(super) fn question(&self) -> String {
        match (&self.page, &self.case) {
            (Ok(page), _) => page.draft.title().to_owned(),
            (Err(_), Some(case)) => case.row.title.clone(),
            (Err(_), None) => String::new(),
        }
    }

    /// The file that its page is in, or goes to.
    pub(super) fn path(&self) -> Option<&str> {
        let own = self.page.as_ref().ok().map(|page| page.draft.path());
        self.existing.path().or(own)
    }

    /// The messages that a page stands on.
    pub(super) fn evidence(&self) -> Vec<MessageId> {
        let occurrences = self.cluster.iter().flat_map(|cluster| &cluster.occurrences);
        let messages = occurrences.flat_map(|one| {
            let answers = one.answers.iter().map(|answer| answer.message);
            std::iter::once(one.question.message).chain(answers)
        });
        messages.collect()
    }
}

impl Docket {
    /// Whether no question has a page that could be proposed.
    pub(super) fn is_idle(&self) -> bool {
        self.entries.values().all(|entry| entry.page.is_err())
    }

    /// Whether maintainers turned down what is surely the same question.
    pub(super) fn is_like_a_rejected_one(&self, cluster: &Cluster, proposer: &Proposer) -> bool {
        self.rejected.iter().filter(|other| other.id != cluster.id).any(|other| {
            let of = |cluster: &Cluster| {
                let centre =
                    |one: &&rules::cluster::Occurrence| one.question.message == cluster.centre;
                cluster.occurrences.iter().find(centre).or(cluster.occurrences.first()).cloned()
            };
            let both = of(cluster).into_iter().chain(of(other)).collect::<Vec<_>>();
            let both = Cluster { occurrences: both, ..other.clone() };
            let kin = Kin::of(&both, &self.epoch, &proposer.rules.same);
            both.occurrences.len() == 2
                && proposer.rules.pages.is_same(rules::due::Kinship::alike(&kin, 0, 1))
        })
    }
}

impl Proposer {
    pub(super) async fn docket(&self, ground: &Ground) -> Result<Docket> {
        let epoch = epoch(&self.store, &self.rules.same).await?;
        let mut entries = BTreeMap::new();
        for row in self.store.proposals().await? {
            if row.branch == BRANCH {
                continue;
            }
            let id = row.cluster.clone();
            let cluster = self.cluster_of(&id).await?;
            let entry = self.entry(cluster, Some(Case::of(row)?), ground, &epoch);
            entries.insert(id, entry);
        }
        let states = [ClusterState::Due, ClusterState::Drafted, ClusterState::Proposed];
        for cluster in self.store.clusters_in(&states).await? {
            if self.store.proposal(&cluster.id).await?.is_none() {
                let id = cluster.id.clone();
                entries.insert(id, self.entry(Some(cluster), None, ground, &epoch));
            }
        }
        let rejected = self.store.clusters_in(&[ClusterState::Rejected]).await?;
        Ok(Docket { entries, epoch, rejected })
    }

    /// Looks where the documentation asks the same already: there the answer is added, instead of a
    /// second page. What it answers to the letter needs no proposal.
    pub(super) async fn look_around(&self, docket: &mut Docket, ground: &Ground) -> Result<()> {
        let is_new = |entry: &Entry| {
            let merged = entry.case.as_ref().is_some_and(|case| !is_for_a_page(case));
            entry.page.is_ok() && !merged
        };
        if !docket.entries.values().any(is_new) {
            return Ok(());
        }
        let mut seen = self.documents.lock().await;
        let documents = self.github.documents(&ground.files, &mut seen).await?;
        drop(seen);
        let documents = documents.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let tree = Tree::read(documents, &self.rules);
        for entry in docket.entries.values_mut().filter(|entry| is_new(entry)) {
            let Ok(page) = &entry.page else { continue };
            let existing = tree.find(&page.draft, &self.rules);
            let begun = entry.case.as_ref().is_some_and(|case| case.ledger.number.is_some());
            let says_all = change(&page.draft, &existing).is_none();
            match existing.path() {
                Some(path) if says_all && !begun => {
                    entry.page = Err(format!("{path} answers it already"));
                }
                Some(_) if says_all => {}
                _ => entry.existing = existing,
            }
        }
        Ok(())
    }

    /// A cluster under the id that its proposal bears. One that went into another proposal's cluster
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
        case: Option<Case>,
        ground: &Ground,
        epoch: &Epoch,
    ) -> Entry {
        let Some(cluster) = cluster else {
            let page = Err("nothing is left of the question".to_owned());
            return Entry { cluster: None, page, existing: Existing::None, case };
        };
        let mut cluster = core(cluster, epoch, &self.rules);
        let wishes = case.as_ref().map(|case| case.wishes.clone()).unwrap_or_default();
        if let Some(language) = &wishes.lang {
            keep_language(&mut cluster, language);
        }
        let page = self.page(&cluster, ground, &wishes);
        Entry { cluster: Some(cluster), page, existing: Existing::None, case }
    }

    fn page(
        &self,
        cluster: &Cluster,
        ground: &Ground,
        wishes: &Wishes,
    ) -> std::result::Result<Page, String> {
        if cluster.occurrences.is_empty() {
            return Err("nothing is left of the question".to_owned());
        }
        let folder = self.folder_of(cluster, ground);
        let context = self.context(ground.layout.target, &folder, wishes.page.as_deref());
        let draft = draft(cluster, &context).map_err(|refusal| refusal.to_string())?;
        let proposal = Proposal::new(cluster, &draft, &context);
        Ok(Page { draft, proposal })
    }

    /// Pages of a topic have a folder of their own, unless all answers are in one file.
    fn folder_of(&self, cluster: &Cluster, ground: &Ground) -> Folder {
        let folder = &ground.layout.folder;
        let topic = self.rules.topics.of(cluster).and_then(|topic| topic.folder.as_deref());
        match topic {
            Some(topic) if ground.layout.target != docgen::target::Target::Faq => {
                format!("{folder}/{topic}").parse().unwrap_or_else(|_| folder.clone())
            }
            _ => folder.clone(),
        }
    }

    /// The pull request that an entry's page wants.
    pub(super) fn wanted(&self, entry: &Entry, page: &Page, ground: &Ground) -> Wanted {
        let settings = ground.settings().map(|(settings, _)| settings.clone()).unwrap_or_default();
        let mut wanted = Wanted::answer(&page.proposal, &page.draft, &ground.layout, &ground.base);
        if let Some(case) = &entry.case {
            wanted.branch.clone_from(&case.row.branch);
        }
        if let Some(addition) = change(&page.draft, &entry.existing) {
            wanted.extends(addition, &page.draft);
        }
        wanted.reviewers = self.reviewers(entry, ground, &settings);
        if !settings.labels {
            wanted.labels.clear();
        }
        wanted
    }

    /// GitHub asks code owners by itself; without any, the topic's people are asked, or else the
    /// settings' ones.
    fn reviewers(&self, entry: &Entry, ground: &Ground, settings: &Settings) -> Vec<String> {
        let owners = ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"];
        if ground.files.paths().any(|path| owners.contains(&path)) {
            return Vec::new();
        }
        let topic = entry.cluster.as_ref().and_then(|cluster| self.rules.topics.of(cluster));
        match topic.map(|topic| &topic.reviewers).filter(|reviewers| !reviewers.is_empty()) {
            Some(reviewers) => reviewers.clone(),
            None => settings.reviewers.clone(),
        }
    }
}

/// Keeps occurrences whose question is written in a language, told by its letters; where none is, all
/// stay.
fn keep_language(cluster: &mut Cluster, language: &str) {
    let korean = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
    let fits = |text: &str| korean(text) == (language == "ko");
    if cluster.occurrences.iter().any(|one| fits(&one.question.text)) {
        cluster.occurrences.retain(|one| fits(&one.question.text));
        let central = cluster.occurrences.iter().any(|one| one.question.message == cluster.centre);
        if !central {
            cluster.centre = cluster.occurrences[0].question.message;
        }
    }
}

/// Whether an entry's proposal is for a page of its own, and not to mend or remove one.
pub(super) fn is_for_a_page(case: &Case) -> bool {
    let state = case.row.state;
    case.row.purpose == purpose(Purpose::Answer) && state != ProposalState::Merged
}
