use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use docgen::forge::Forge;
use docgen::forge::local::LocalForge;
use docgen::forge::reconcile::{
    DesiredPullRequest, HandsOffReason, PullRequestProgress, ReconcileOutcome, next_step,
};
use docgen::github::client::ClientClock;
use docgen::page::draft::Draft;
use docgen::pull_request::answer::PullRequestText;
use docgen::site::layout::SiteLayout;
use docgen::target::DocsTarget;
use git2::{Oid, Repository, Signature, Time};
use jiff::{SignedDuration, Timestamp};
use rules::model::cluster::Cluster;
use tempfile::TempDir;

use crate::cluster_builder::{DraftFixture, cluster, occurrence};

/// Thirty days after the first question of a cluster.
const NOW: Timestamp = Timestamp::constant(1_740_830_400 + 30 * 86_400, 0);
/// A proposal in a local repository takes fewer steps.
const MOST_STEPS: usize = 12;

struct StoppedClock;

impl ClientClock for StoppedClock {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn sleep(&self, _: SignedDuration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

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

    fn forge(&self) -> Forge {
        Forge::Local(LocalForge::new(&self.path(), &self.words(), Arc::new(StoppedClock)))
    }

    fn wanted(&self) -> DesiredPullRequest {
        let (draft, proposal) = self.drafted();
        let plain = || SiteLayout::plain(self.fixture.target, self.fixture.folder.clone());
        let detected = LocalForge::detect_layout(&self.path()).unwrap().and_then(Result::ok);
        let layout =
            detected.filter(|layout| layout.target == self.fixture.target).unwrap_or_else(plain);
        let mut wanted = DesiredPullRequest::answer(&proposal, &draft, &layout, "main");
        wanted.makes_section(&layout);
        wanted
    }

    /// One step of a process that knows this progress.
    fn step(
        &self,
        wanted: &DesiredPullRequest,
        progress: &mut PullRequestProgress,
    ) -> Option<ReconcileOutcome> {
        let forge = self.forge();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let seen = forge.observe(wanted, progress).await.unwrap();
            let what = next_step(wanted, progress, &seen, forge.now());
            forge.execute(wanted, progress, (&seen, what)).await.unwrap()
        })
    }

    fn reconcile(
        &self,
        wanted: &DesiredPullRequest,
        progress: &mut PullRequestProgress,
    ) -> ReconcileOutcome {
        (0..MOST_STEPS).find_map(|_| self.step(wanted, progress)).expect("it comes to rest")
    }

    fn propose(&self, progress: &mut PullRequestProgress) -> ReconcileOutcome {
        self.reconcile(&self.wanted(), progress)
    }

    /// Proposes without any memory.
    fn propose_anew(&self) -> ReconcileOutcome {
        self.propose(&mut PullRequestProgress::default())
    }

    /// What is open, as its branch stands.
    #[track_caller]
    fn open(&self, progress: &mut PullRequestProgress) -> String {
        head(self.propose(progress))
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

/// What is wanted with the first evidence, and with more.
fn both_drafts() -> (DesiredPullRequest, DesiredPullRequest) {
    let mut story = Story::new();
    let first = story.wanted();
    story.hear_more();
    (first, story.wanted())
}

/// The head of what is open.
#[track_caller]
fn head(outcome: ReconcileOutcome) -> String {
    match outcome {
        ReconcileOutcome::Open { number: None, head, conflict: false, .. } => head,
        other => panic!("{other:?}"),
    }
}

fn hands_off(why: HandsOffReason) -> ReconcileOutcome {
    ReconcileOutcome::HandsOff { number: None, why }
}

fn fresh() -> PullRequestProgress {
    PullRequestProgress::default()
}

#[test]
fn a_first_proposal_makes_repository_branch_commit_and_words() {
    let story = Story::new();
    let pushed = story.open(&mut fresh());
    let (draft, proposal) = story.drafted();
    let repository = story.repository();
    assert_eq!(repository.head().unwrap().name().unwrap(), "refs/heads/main");
    let commit = repository.find_reference(&story.branch()).unwrap().peel_to_commit().unwrap();
    assert_eq!(commit.id().to_string(), pushed);
    assert_eq!(commit.time().seconds(), NOW.as_second());
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
    let mut progress = fresh();
    let pushed = story.open(&mut progress);
    let before = story.state();
    assert_eq!(story.open(&mut progress), pushed);
    assert_eq!(head(story.propose_anew()), pushed, "it is known by what its commit says");
    assert_eq!(story.state(), before);
}

#[test]
fn more_evidence_replaces_our_commit_on_the_current_base() {
    let mut story = Story::new();
    let mut progress = fresh();
    let pushed = story.open(&mut progress);
    let base = story.commit_by_hand("refs/heads/main", "README.md", "Docs");
    assert_eq!(story.open(&mut progress), pushed);
    story.hear_more();
    let updated = story.open(&mut progress);
    let commit =
        story.repository().find_reference(&story.branch()).unwrap().peel_to_commit().unwrap().id();
    assert_eq!(commit.to_string(), updated);
    assert_ne!(updated, pushed);
    assert_eq!(story.repository().find_commit(commit).unwrap().parent_id(0).unwrap(), base);
}

#[test]
fn a_human_commit_ends_the_updates() {
    let mut story = Story::new();
    let mut progress = fresh();
    story.open(&mut progress);
    story.commit_by_hand(&story.branch(), "answers/notes.md", "mine");
    story.hear_more();
    let before = story.state();
    for mut known in [progress, fresh()] {
        assert_eq!(story.propose(&mut known), hands_off(HandsOffReason::HumanCommit));
    }
    assert_eq!(story.state(), before);
}

#[test]
fn a_deleted_branch_is_a_rejection_unless_asked_again() {
    let story = Story::new();
    let mut progress = fresh();
    story.open(&mut progress);
    story.repository().find_reference(&story.branch()).unwrap().delete().unwrap();
    assert_eq!(story.propose(&mut progress), ReconcileOutcome::Rejected { number: None });
    head(story.propose_anew());
}

#[test]
fn a_process_that_ends_between_any_two_steps_leaves_nothing_to_mend() {
    let (first, second) = both_drafts();
    let steps = {
        let (story, mut progress) = (Story::new(), fresh());
        (1..).find(|_| story.step(&first, &mut progress).is_some()).unwrap()
    };
    assert_eq!(steps, 5, "first commit, commit, branch, text, rest");
    for (update, done) in
        [false, true].into_iter().flat_map(|one| (0..steps).map(move |at| (one, at)))
    {
        // What it did last may have been stored, or not.
        for stored in [false, true] {
            let (story, mut progress) = (Story::new(), fresh());
            let wanted = if update { &second } else { &first };
            if update {
                story.reconcile(&first, &mut progress);
            }
            let mut known = progress.clone();
            for _ in 0..done {
                known = progress.clone();
                story.step(wanted, &mut progress);
            }
            let mut next = if stored { progress } else { known };
            let pushed = head(story.reconcile(wanted, &mut next));
            let repository = story.repository();
            let branches = repository.branches(None).unwrap().count();
            assert_eq!(branches, 2, "{update} {done} {stored}");
            let commit = repository.find_commit(Oid::from_str(&pushed).unwrap()).unwrap();
            assert_eq!(commit.parent(0).unwrap().parent_count(), 0, "{update} {done} {stored}");
            let words = story.words().join(format!("{}.md", story.cluster.id));
            let words = std::fs::read_to_string(words).unwrap();
            assert!(words.starts_with(&wanted.title) && words.ends_with(&wanted.body));
            let before = story.state();
            assert_eq!(head(story.reconcile(wanted, &mut next)), pushed);
            assert_eq!(story.state(), before);
        }
    }
}

/// Each sees what the other has just done, in any order of six steps.
#[test]
fn two_processes_that_propose_at_once_come_to_the_same_branch() {
    let (first, second) = both_drafts();
    for turns in 0..64_u32 {
        let story = Story::new();
        let mut both = [fresh(), fresh()];
        for wanted in [&first, &second] {
            for turn in 0..6 {
                story.step(wanted, &mut both[(turns >> turn & 1) as usize]);
            }
            let heads = both.each_mut().map(|one| head(story.reconcile(wanted, one)));
            assert_eq!(heads[0], heads[1], "{turns:b}");
            let branch = story.repository().refname_to_id(&story.branch()).unwrap();
            assert_eq!(branch.to_string(), heads[0], "{turns:b}");
        }
    }
}

#[test]
fn what_a_person_does_between_look_and_step_stays() {
    let mut story = Story::new();
    let mut progress = fresh();
    story.open(&mut progress);
    story.hear_more();
    let (forge, wanted) = (story.forge(), story.wanted());
    // Until the new commit is made, which no branch shows yet.
    story.step(&wanted, &mut progress);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let seen = forge.observe(&wanted, &progress).await.unwrap();
        let what = next_step(&wanted, &progress, &seen, NOW);
        assert_eq!(what.name(), "move-branch");
        let theirs = story.commit_by_hand(&story.branch(), "answers/notes.md", "mine");
        forge.execute(&wanted, &mut progress, (&seen, what)).await.unwrap();
        assert_eq!(story.repository().refname_to_id(&story.branch()).unwrap(), theirs);
    });
    assert_eq!(story.propose(&mut progress), hands_off(HandsOffReason::HumanCommit));
}

#[test]
fn a_branch_that_quotes_what_was_deleted_goes_with_its_text() {
    let story = Story::new();
    let mut progress = fresh();
    let pushed = story.open(&mut progress);
    let gone = DesiredPullRequest::withdrawal(
        &story.cluster.id,
        &format!("answers/{}", story.cluster.id),
        "main",
    );
    let forge = story.forge();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let outcome = runtime.block_on(async {
        loop {
            let seen = forge.observe(&gone, &progress).await.unwrap();
            let what = next_step(&gone, &progress, &seen, NOW);
            let done = forge.execute(&gone, &mut progress, (&seen, what)).await.unwrap();
            if let Some(outcome) = done {
                break outcome;
            }
        }
    });
    assert_eq!(outcome, ReconcileOutcome::Withdrawn);
    let Forge::Local(local) = &forge else { panic!("it is local") };
    assert_eq!(local.drop_superseded().unwrap(), 0);
    let repository = story.repository();
    assert!(repository.refname_to_id(&story.branch()).is_err());
    assert!(!repository.odb().unwrap().exists(Oid::from_str(&pushed).unwrap()));
    assert_eq!(std::fs::read_dir(story.words()).unwrap().count(), 0);
    head(story.propose(&mut progress));
}

#[test]
fn a_merged_page_belongs_to_people() {
    let mut story = Story::new();
    let mut progress = fresh();
    story.open(&mut progress);
    let (draft, _) = story.drafted();
    story.commit_by_hand("refs/heads/main", draft.path(), draft.page());
    story.hear_more();
    let merged = ReconcileOutcome::Merged { number: None, commit: None };
    assert_eq!(story.propose(&mut progress), merged);
    assert_eq!(story.propose_anew(), merged);
}

#[test]
fn a_page_that_was_taken_over_without_its_marks_is_merged() {
    for branch_stays in [true, false] {
        let story = Story::new();
        let mut progress = fresh();
        story.open(&mut progress);
        let (draft, _) = story.drafted();
        let bare = draft.page().lines().filter(|line| !line.contains("answer-"));
        let bare = format!("{}\n\nSee also the manual.\n", bare.collect::<Vec<_>>().join("\n"));
        assert!(!bare.contains(story.cluster.id.as_str()));
        story.commit_by_hand("refs/heads/main", draft.path(), &bare);
        if !branch_stays {
            story.repository().find_reference(&story.branch()).unwrap().delete().unwrap();
        }
        let merged = ReconcileOutcome::Merged { number: None, commit: None };
        assert_eq!(story.propose(&mut progress), merged, "{branch_stays}");
    }
}

#[test]
fn a_page_of_another_question_is_not_overwritten() {
    let story = Story::new();
    let (draft, _) = story.drafted();
    story.open(&mut fresh());
    story.commit_by_hand("refs/heads/main", draft.path(), "# Written by hand");
    assert_eq!(story.propose_anew(), hands_off(HandsOffReason::PathTaken));
}

#[test]
fn a_working_tree_keeps_its_head_files_and_checked_out_branch() {
    let mut story = Story::new();
    let mut options = git2::RepositoryInitOptions::new();
    let repository =
        Repository::init_opts(story.path(), options.initial_head("main").external_template(false))
            .unwrap();
    std::fs::write(story.path().join("draft.txt"), "unsaved").unwrap();
    let mut progress = fresh();
    story.open(&mut progress);
    assert_eq!(
        repository.find_reference("HEAD").unwrap().symbolic_target().unwrap(),
        Some("refs/heads/main")
    );
    assert!(!story.path().join("answers").exists());
    repository.set_head(&story.branch()).unwrap();
    story.hear_more();
    let before = story.state();
    assert_eq!(story.propose(&mut progress), hands_off(HandsOffReason::CheckedOut));
    assert_eq!(story.state(), before);
    assert_eq!(std::fs::read_to_string(story.path().join("draft.txt")).unwrap(), "unsaved");
}

#[test]
fn a_file_of_answers_gets_one_more_and_keeps_the_others() {
    let mut story = Story::new();
    story.fixture = DraftFixture::new(DocsTarget::Faq);
    let pushed = story.open(&mut fresh());
    let repository = story.repository();
    let read = |head: &str| {
        let tree = repository.find_commit(Oid::from_str(head).unwrap()).unwrap().tree().unwrap();
        let blob = tree.get_path(Path::new("answers.md")).unwrap().id();
        String::from_utf8(repository.find_blob(blob).unwrap().content().to_vec()).unwrap()
    };
    let file = read(&pushed);
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
    story.open(&mut fresh());
    let nav = "site_name: Lantern\nnav:\n  - Home: index.md\n";
    story.commit_by_hand("refs/heads/main", "mkdocs.yml", nav);
    story.commit_by_hand("refs/heads/main", "docs/index.md", "# Lantern\n");
    story.repository().find_reference(&story.branch()).unwrap().delete().unwrap();
    let pushed = story.open(&mut fresh());
    let repository = story.repository();
    let head = repository.find_commit(Oid::from_str(&pushed).unwrap()).unwrap();
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
