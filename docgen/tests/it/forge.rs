use std::path::Path;

use docgen::forge::local::LocalForge;
use docgen::forge::{LocalHandsOff, LocalOutcome, LocalPush};
use docgen::page::draft::Draft;
use docgen::pull_request::answer::PullRequestText;
use docgen::target::DocsTarget;
use git2::{Oid, Repository, Signature, Time};
use rules::model::cluster::Cluster;
use rules::model::ids::Millis;
use tempfile::TempDir;

use crate::cluster_builder::{DraftFixture, START, cluster, occurrence};

const NOW: Millis = Millis(START + 30 * Millis::DAY);

/// A repository, and what people and we do to it.
struct Story {
    folder: TempDir,
    fixture: DraftFixture,
    cluster: Cluster,
}

impl Story {
    fn new() -> Self {
        let answer = "Run `lanternd reindex` and wait for it to end.";
        let exchanges =
            [("How do I rebuild the index?", answer), ("how can I rebuild it, the index?", answer)];
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            fixture: DraftFixture::new(DocsTarget::Markdown),
            cluster: cluster(&exchanges),
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("docs.git")
    }

    fn words(&self) -> std::path::PathBuf {
        self.folder.path().join("proposals")
    }

    fn repository(&self) -> Repository {
        Repository::open(self.path()).unwrap()
    }

    fn drafted(&self) -> (Draft, PullRequestText) {
        self.fixture.proposal(&self.cluster)
    }

    fn propose(&self, known: Option<&LocalPush>) -> LocalOutcome {
        let (draft, proposal) = self.drafted();
        let forge = LocalForge::open(&self.path(), &self.words()).unwrap();
        forge.propose(&proposal, &draft, known, NOW).unwrap()
    }

    fn open(&self) -> LocalPush {
        match self.propose(None) {
            LocalOutcome::Opened(pushed) => pushed,
            other => panic!("{other:?}"),
        }
    }

    fn hear_more(&mut self) {
        self.cluster.occurrences.push(occurrence(
            5,
            "Search finds nothing after the upgrade, how to rebuild the index?",
            "Run `lanternd reindex`, it takes a while.",
        ));
    }

    fn branch(&self) -> String {
        format!("refs/heads/answers/{}", self.cluster.id)
    }

    /// Everything that the repository and the folder of words hold.
    fn state(&self) -> Vec<String> {
        let repository = self.repository();
        let refs = repository.references().unwrap();
        let mut state = refs
            .map(|one| one.unwrap())
            .map(|one| format!("{:?} {:?}", one.name().unwrap(), one.target()))
            .collect::<Vec<_>>();
        let files = std::fs::read_dir(self.words()).unwrap().map(|file| file.unwrap().path());
        state.extend(
            files.map(|file| format!("{file:?} {}", std::fs::read_to_string(&file).unwrap())),
        );
        state.sort();
        state
    }

    /// Somebody else commits on top of a ref.
    fn commit_by_hand(&self, name: &str, path: &str, content: &str) -> Oid {
        let repository = self.repository();
        let parent = repository.find_reference(name).unwrap().peel_to_commit().unwrap();
        let blob = repository.blob(content.as_bytes()).unwrap();
        let tree = git2::build::TreeUpdateBuilder::new()
            .upsert(path, blob, git2::FileMode::Blob)
            .create_updated(&repository, &parent.tree().unwrap())
            .unwrap();
        let tree = repository.find_tree(tree).unwrap();
        let who = Signature::new("A Maintainer", "m@docs.invalid", &Time::new(1, 0)).unwrap();
        repository
            .commit(Some(name), &who, &who, parent.message().unwrap(), &tree, &[&parent])
            .unwrap()
    }
}

#[test]
fn a_first_proposal_makes_repository_branch_commit_and_words() {
    let story = Story::new();
    let pushed = story.open();
    let (draft, proposal) = story.drafted();
    let repository = story.repository();
    assert_eq!(repository.head().unwrap().name().unwrap(), "refs/heads/main");
    let commit = repository.find_reference(&story.branch()).unwrap().peel_to_commit().unwrap();
    assert_eq!(commit.id().to_string(), pushed.head);
    assert_eq!(commit.time().seconds(), NOW.0 / 1_000);
    assert_eq!(commit.parent_id(0).unwrap(), repository.head().unwrap().target().unwrap());
    let entry = commit.tree().unwrap().get_path(Path::new(draft.path())).unwrap();
    assert_eq!(repository.find_blob(entry.id()).unwrap().content(), draft.page().as_bytes());
    let message = commit.message().unwrap();
    assert_eq!(
        message,
        format!(
            "{}\n\nAnswer-Cluster: {}\nAnswer-Digest: {}\n",
            proposal.title,
            story.cluster.id,
            draft.digest()
        )
    );
    let words =
        std::fs::read_to_string(story.words().join(format!("{}.md", story.cluster.id))).unwrap();
    assert_eq!(words, format!("{}\n\n{}", proposal.title, proposal.body));
}

#[test]
fn proposing_again_changes_nothing() {
    let story = Story::new();
    let pushed = story.open();
    let before = story.state();
    assert_eq!(story.propose(Some(&pushed)), LocalOutcome::UpToDate(pushed.clone()));
    assert_eq!(story.propose(None), LocalOutcome::UpToDate(pushed));
    assert_eq!(story.state(), before);
}

#[test]
fn more_evidence_replaces_our_commit_on_the_current_base() {
    let mut story = Story::new();
    let pushed = story.open();
    let base = story.commit_by_hand("refs/heads/main", "README.md", "Docs");
    assert_eq!(story.propose(Some(&pushed)), LocalOutcome::UpToDate(pushed.clone()));
    story.hear_more();
    let LocalOutcome::Updated(updated) = story.propose(Some(&pushed)) else {
        panic!("not updated")
    };
    let commit =
        story.repository().find_reference(&story.branch()).unwrap().peel_to_commit().unwrap().id();
    assert_eq!(commit.to_string(), updated.head);
    assert_eq!(story.repository().find_commit(commit).unwrap().parent_id(0).unwrap(), base);
}

#[test]
fn a_human_commit_ends_the_updates() {
    let mut story = Story::new();
    let pushed = story.open();
    story.commit_by_hand(&story.branch(), "answers/notes.md", "mine");
    story.hear_more();
    let before = story.state();
    for known in [Some(&pushed), None] {
        assert_eq!(story.propose(known), LocalOutcome::HandsOff(LocalHandsOff::HumanCommit));
    }
    assert_eq!(story.state(), before);
}

#[test]
fn a_deleted_branch_is_a_rejection_unless_asked_again() {
    let story = Story::new();
    let pushed = story.open();
    story.repository().find_reference(&story.branch()).unwrap().delete().unwrap();
    assert_eq!(story.propose(Some(&pushed)), LocalOutcome::HandsOff(LocalHandsOff::Deleted));
    assert!(matches!(story.propose(None), LocalOutcome::Opened(_)));
}

#[test]
fn a_kill_between_commit_and_branch_leaves_nothing_to_mend() {
    let mut story = Story::new();
    let pushed = story.open();
    // The commit object exists, the branch does not: as if we were killed in between.
    story.repository().find_reference(&story.branch()).unwrap().delete().unwrap();
    std::fs::remove_file(story.words().join(format!("{}.md", story.cluster.id))).unwrap();
    assert_eq!(story.open(), pushed);
    // The branch moved, but nobody remembers the new head.
    story.hear_more();
    let LocalOutcome::Updated(updated) = story.propose(Some(&pushed)) else {
        panic!("not updated")
    };
    let words = story.words().join(format!("{}.md", story.cluster.id));
    std::fs::remove_file(&words).unwrap();
    assert_eq!(story.propose(Some(&pushed)), LocalOutcome::UpToDate(updated));
    assert!(words.exists());
}

#[test]
fn a_merged_page_belongs_to_people() {
    let mut story = Story::new();
    let pushed = story.open();
    let (draft, _) = story.drafted();
    story.commit_by_hand("refs/heads/main", draft.path(), draft.page());
    story.hear_more();
    assert_eq!(story.propose(Some(&pushed)), LocalOutcome::HandsOff(LocalHandsOff::Merged));
}

#[test]
fn a_page_of_another_question_is_not_overwritten() {
    let story = Story::new();
    let (draft, _) = story.drafted();
    story.open();
    story.commit_by_hand("refs/heads/main", draft.path(), "# Written by hand");
    assert_eq!(story.propose(None), LocalOutcome::HandsOff(LocalHandsOff::PathTaken));
}

#[test]
fn a_working_tree_keeps_its_head_files_and_checked_out_branch() {
    let mut story = Story::new();
    let mut options = git2::RepositoryInitOptions::new();
    let repository =
        Repository::init_opts(story.path(), options.initial_head("main").external_template(false))
            .unwrap();
    std::fs::write(story.path().join("draft.txt"), "unsaved").unwrap();
    let pushed = story.open();
    assert_eq!(
        repository.find_reference("HEAD").unwrap().symbolic_target().unwrap(),
        Some("refs/heads/main")
    );
    assert!(!story.path().join("answers").exists());
    repository.set_head(&story.branch()).unwrap();
    story.hear_more();
    let before = story.state();
    assert_eq!(story.propose(Some(&pushed)), LocalOutcome::HandsOff(LocalHandsOff::CheckedOut));
    assert_eq!(story.state(), before);
    assert_eq!(std::fs::read_to_string(story.path().join("draft.txt")).unwrap(), "unsaved");
}

#[test]
fn a_file_of_answers_gets_one_more_and_keeps_the_others() {
    let mut story = Story::new();
    story.fixture = DraftFixture::new(DocsTarget::Faq);
    let LocalOutcome::Opened(pushed) = story.propose(None) else { panic!("it was not opened") };
    let repository = story.repository();
    let read = |head: &str| {
        let tree = repository.find_commit(Oid::from_str(head).unwrap()).unwrap().tree().unwrap();
        let blob = tree.get_path(Path::new("answers.md")).unwrap().id();
        String::from_utf8(repository.find_blob(blob).unwrap().content().to_vec()).unwrap()
    };
    let file = read(&pushed.head);
    assert!(file.starts_with("# Frequently asked questions\n\n<!-- answer-harvester:start -->\n"));
    assert!(file.ends_with("-->\n\n<!-- answer-harvester:end -->\n"));
    assert!(
        file.contains("<a id=\"answer-qrs\"></a>\n\n## ") && file.contains("\nSource: [question, ")
    );
}

#[test]
fn a_site_in_a_local_repository_gets_the_section_and_lists_the_page() {
    let mut story = Story::new();
    story.fixture = DraftFixture::new(DocsTarget::MkDocs);
    story.fixture.folder = "docs/answers".parse().unwrap();
    // The first proposal makes the repository and its default branch.
    story.open();
    let nav = "site_name: Lantern\nnav:\n  - Home: index.md\n";
    story.commit_by_hand("refs/heads/main", "mkdocs.yml", nav);
    story.commit_by_hand("refs/heads/main", "docs/index.md", "# Lantern\n");
    story.repository().find_reference(&story.branch()).unwrap().delete().unwrap();
    let pushed = story.open();
    let repository = story.repository();
    let head = repository.find_commit(Oid::from_str(&pushed.head).unwrap()).unwrap();
    let tree = head.tree().unwrap();
    let read = |path: &str| {
        let blob = tree.get_path(Path::new(path)).unwrap().id();
        String::from_utf8(repository.find_blob(blob).unwrap().content().to_vec()).unwrap()
    };
    let (draft, _) = story.drafted();
    assert_eq!(read(draft.path()), draft.page());
    assert!(read("docs/answers/index.md").starts_with("# Answers\n"));
    let listed = read("mkdocs.yml");
    assert!(listed.starts_with(nav) && listed.contains("- Answers:"), "{listed}");
    let page = draft.path().strip_prefix("docs/").unwrap();
    assert!(listed.contains(page), "{listed}");
}
