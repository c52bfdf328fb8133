//! From talk to a page on a branch, and what happens when people touch it.

use indexer::store::{ReviewDecision, Store};
use jiff::{SignedDuration, Timestamp};
use rules::model::cluster::{Cluster, ClusterState};
use rules::time;

use crate::exports::{Talk, asked_three_times, write};
use crate::sandbox::{Sandbox, store_of};

const ANSWER: &str =
    "Delete the folder `data/index` and restart the agent; it builds the index again.";

fn due() -> (Sandbox, Talk) {
    due_in(Sandbox::new())
}

fn due_in(sandbox: Sandbox) -> (Sandbox, Talk) {
    sandbox.settle_in();
    let talk = asked_three_times(ANSWER);
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &talk.export())).code, 0);
    (sandbox, talk)
}

#[test]
fn a_due_question_gets_one_branch_with_one_commit() {
    let (sandbox, _) = due();
    let said = sandbox.stdout_of(&["propose"]);
    assert!(said.contains("opened"), "{said}");
    let branches = sandbox.branches();
    assert_eq!(branches.len(), 1);
    let docs = sandbox.docs();
    let commit = docs.find_commit(branches[0].1).unwrap();
    assert_eq!(commit.parent_count(), 1);
    let (path, page) = sandbox.pages().remove(0);
    assert!(path.starts_with("answers/how-"), "{path}");
    assert!(
        page.starts_with("# How ") && page.contains("Delete the folder `data/index`"),
        "{page}"
    );
    assert!(!page.contains("person_"), "a name is on the page:\n{page}");
    assert!(page.contains("Source: [question, ") && !page.contains("Asked by"), "{page}");
    assert_eq!(std::fs::read_dir(sandbox.path("data/proposals")).unwrap().count(), 1);

    assert!(sandbox.stdout_of(&["propose"]).contains("up to date"));
    assert_eq!(sandbox.branches(), branches);
}

#[test]
fn more_evidence_updates_the_same_branch() {
    let (sandbox, mut talk) = due();
    sandbox.stdout_of(&["propose"]);
    let before = sandbox.branches();
    talk.resolved(14, "How do I reset the vector index after changing an embedding model?", ANSWER);
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &talk.export())).code, 0);
    assert!(sandbox.stdout_of(&["propose"]).contains("updated"));
    let after = sandbox.branches();
    assert_eq!(after[0].0, before[0].0);
    assert_ne!(after[0].1, before[0].1);
    assert_eq!(after.len(), 1);
    assert_eq!(sandbox.docs().find_commit(after[0].1).unwrap().parent_count(), 1);
}

#[test]
fn a_persons_commit_makes_the_branch_theirs() {
    let (sandbox, mut talk) = due();
    sandbox.stdout_of(&["propose"]);
    let (name, ours) = sandbox.branches().remove(0);
    let docs = sandbox.docs();
    let parent = docs.find_commit(ours).unwrap();
    let person = git2::Signature::now("A maintainer", "m@example.org").unwrap();
    let theirs = docs
        .commit(Some(&name), &person, &person, "Say it better", &parent.tree().unwrap(), &[&parent])
        .unwrap();
    talk.resolved(14, "How do I reset the vector index after changing an embedding model?", ANSWER);
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &talk.export())).code, 0);
    assert!(sandbox.stdout_of(&["propose"]).contains("hands off"));
    assert_eq!(sandbox.branches(), [(name, theirs)]);
}

#[test]
fn a_deleted_branch_stays_deleted() {
    let (sandbox, _) = due();
    sandbox.stdout_of(&["propose"]);
    let (name, _) = sandbox.branches().remove(0);
    sandbox.docs().find_reference(&name).unwrap().delete().unwrap();
    assert!(sandbox.stdout_of(&["propose"]).contains("rejected"));
    assert_eq!(sandbox.json(&["clusters", "--json"])[0]["state"], "rejected");
    sandbox.stdout_of(&["propose"]);
    assert_eq!(sandbox.branches(), []);
}

#[test]
fn a_merged_page_belongs_to_people_and_its_answer_is_known() {
    let (sandbox, mut talk) = due();
    sandbox.stdout_of(&["propose"]);
    let (_, ours) = sandbox.branches().remove(0);
    let docs = sandbox.docs();
    docs.reference("refs/heads/main", ours, true, "merge").unwrap();
    assert!(sandbox.stdout_of(&["propose"]).contains("merged"));
    assert_eq!(sandbox.json(&["clusters", "--json"])[0]["state"], "known");
    let found = sandbox.json(&["search", "reset vector index", "--json"]);
    assert_eq!(found["answers"][0]["status"], "known");

    talk.resolved(14, "How do I reset the vector index after changing an embedding model?", ANSWER);
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &talk.export())).code, 0);
    sandbox.stdout_of(&["propose"]);
    assert_eq!(sandbox.docs().refname_to_id("refs/heads/main").unwrap(), ours);
}

/// A commit on the default branch that writes a file, or deletes it.
fn commit_on_main(docs: &git2::Repository, path: &str, text: Option<&str>) {
    commit_on(docs, "main", path, text);
}

fn commit_on(docs: &git2::Repository, branch: &str, path: &str, text: Option<&str>) {
    let name = format!("refs/heads/{branch}");
    let head = docs.find_reference(&name).unwrap().peel_to_commit().unwrap();
    let mut update = git2::build::TreeUpdateBuilder::new();
    match text {
        Some(text) => {
            update.upsert(path, docs.blob(text.as_bytes()).unwrap(), git2::FileMode::Blob)
        }
        None => update.remove(path),
    };
    let tree = update.create_updated(docs, &head.tree().unwrap()).unwrap();
    let tree = docs.find_tree(tree).unwrap();
    let person = git2::Signature::now("A maintainer", "m@example.org").unwrap();
    docs.commit(Some(&name), &person, &person, "Edit", &tree, &[&head]).unwrap();
}

#[test]
fn what_maintainers_make_of_a_merged_page_is_what_search_shows() {
    let (sandbox, _) = due();
    sandbox.stdout_of(&["propose"]);
    let (path, page) = sandbox.pages().remove(0);
    let docs = sandbox.docs();
    docs.reference("refs/heads/main", sandbox.branches()[0].1, true, "merge").unwrap();
    let edited =
        page.replace("Delete the folder `data/index`", "Stop it, then remove `data/index`");
    assert_ne!(edited, page);
    commit_on_main(&docs, &path, Some(&edited));
    sandbox.stdout_of(&["propose"]);
    let shown = || sandbox.json(&["search", "reset vector index", "--json"])["answers"][0].clone();
    assert!(shown()["answer"].as_str().unwrap().contains("Stop it, then remove"), "{}", shown());
    assert_eq!(shown()["status"], "known");

    commit_on_main(&docs, &path, Some(&edited.replace("Stop it, then", "Then")));
    sandbox.stdout_of(&["propose"]);
    assert!(!shown()["answer"].as_str().unwrap().contains("Stop it"), "{}", shown());

    commit_on_main(&docs, &path, None);
    sandbox.stdout_of(&["propose"]);
    assert_ne!(shown()["status"], "known", "{}", shown());
}

#[test]
fn a_killed_proposal_is_made_once() {
    let (rehearsal, _) = due();
    let steps = rehearsal.steps(&["propose"]);
    for step in [steps / 2, steps - 3, steps - 2, steps - 1, steps] {
        let (sandbox, _) = due();
        sandbox.kill_after(&["propose"], step);
        sandbox.stdout_of(&["propose"]);
        let branches = sandbox.branches();
        assert_eq!(branches.len(), 1, "killed at step {step} of {steps}");
        let docs = sandbox.docs();
        let commit = docs.find_commit(branches[0].1).unwrap().parent(0).unwrap();
        assert_eq!(commit.parent_count(), 0, "killed at step {step} of {steps}");
        assert!(sandbox.stdout_of(&["propose"]).contains("up to date"));
        assert_eq!(sandbox.branches(), branches);
    }
}

#[test]
fn two_commands_at_once_make_one_branch() {
    let (sandbox, _) = due();
    let both = std::thread::scope(|scope| {
        let run = || scope.spawn(|| sandbox.run(&["propose"]));
        [run(), run()].map(|one| one.join().unwrap())
    });
    let codes = both.each_ref().map(|ran| ran.code);
    assert_eq!(codes, [0, 0], "{}\n{}", both[0].stderr, both[1].stderr);
    let branches = sandbox.branches();
    assert_eq!(branches.len(), 1);
    let docs = sandbox.docs();
    let commit = docs.find_commit(branches[0].1).unwrap().parent(0).unwrap();
    assert_eq!(commit.parent_count(), 0);
    assert!(sandbox.stdout_of(&["propose"]).contains("up to date"));
    assert_eq!(sandbox.branches(), branches);
}

/// A repository in which people wrote these files.
fn docs_with(sandbox: &Sandbox, files: &[(&str, &str)]) {
    let docs = git2::Repository::init_bare(sandbox.path("data/docs.git")).unwrap();
    let person = git2::Signature::now("A maintainer", "m@example.org").unwrap();
    let mut update = git2::build::TreeUpdateBuilder::new();
    for (path, text) in files {
        update.upsert(*path, docs.blob(text.as_bytes()).unwrap(), git2::FileMode::Blob);
    }
    let empty = docs.find_tree(docs.treebuilder(None).unwrap().write().unwrap()).unwrap();
    let tree = docs.find_tree(update.create_updated(&docs, &empty).unwrap()).unwrap();
    docs.commit(Some("refs/heads/main"), &person, &person, "Write", &tree, &[]).unwrap();
}

#[test]
fn what_the_documentation_answers_already_gets_no_second_page() {
    let (sandbox, _) = due();
    let theirs =
        format!("# How do I reset the vector index after changing the model?\n\n{ANSWER}\n");
    docs_with(&sandbox, &[("guide/index-reset.md", &theirs)]);
    sandbox.stdout_of(&["propose"]);
    let changed = sandbox.pages();
    assert!(changed.iter().all(|(path, _)| path == "guide/index-reset.md"), "{changed:#?}");
}

#[test]
fn a_wording_that_a_maintainer_put_in_by_hand_is_merged() {
    let (sandbox, _) = due();
    let guide = "guide/index-reset.md";
    let theirs =
        format!("# How do I reset the vector index after changing the model?\n\n{ANSWER}\n");
    docs_with(&sandbox, &[(guide, &theirs)]);
    assert!(sandbox.stdout_of(&["propose"]).contains("opened"));
    let (path, extended) = sandbox.pages().remove(0);
    assert_eq!(path, guide);
    assert!(extended.starts_with(theirs.trim()) && extended.len() > theirs.len(), "{extended}");
    commit_on_main(&sandbox.docs(), guide, Some(&extended));
    let said = sandbox.stdout_of(&["propose"]);
    assert!(said.contains("merged"), "{said}");
    assert_eq!(sandbox.json(&["clusters", "--json"])[0]["state"], "known");
}

#[test]
fn the_kind_of_site_decides_where_a_page_goes() {
    let (sandbox, _) = due();
    let nav = "site_name: Harbor\nnav:\n  - Start: index.md\n";
    docs_with(&sandbox, &[("mkdocs.yml", nav), ("docs/index.md", "# Start\n")]);
    let planned = sandbox.json(&["propose", "--dry-run", "--json"]);
    let path = planned[0]["path"].as_str().unwrap().to_owned();
    assert!(path.starts_with("docs/answers/how-"), "{path}");
    assert!(sandbox.stdout_of(&["propose"]).contains("opened"));
    let changed = sandbox.pages();
    let text = |path: &str| &changed.iter().find(|(other, _)| other == path).unwrap().1;
    assert_eq!(text(&path), planned[0]["page"].as_str().unwrap());
    assert!(text("mkdocs.yml").contains(path.strip_prefix("docs/").unwrap()), "{changed:#?}");
    assert!(text("docs/answers/index.md").starts_with("# Answers"), "{changed:#?}");
}

/// As if the kill came after the branch was made and before the store knew.
#[test]
fn a_branch_that_the_store_does_not_remember_is_found_again() {
    let (sandbox, _) = due_in(Sandbox::with_file());
    let [store, copy] = [sandbox.path("data/store.sqlite"), sandbox.path("before.sqlite")];
    std::fs::copy(&store, &copy).unwrap();
    sandbox.stdout_of(&["propose"]);
    let branches = sandbox.branches();
    std::fs::copy(&copy, &store).unwrap();
    assert!(sandbox.stdout_of(&["propose"]).contains("up to date"));
    assert_eq!(sandbox.branches(), branches);
    assert_eq!(sandbox.json(&["status", "--json"])["proposals"], 1);
}

#[test]
fn forgetting_drops_branches_and_the_objects_that_only_they_had() {
    let (sandbox, _) = due();
    sandbox.stdout_of(&["propose"]);
    let (_, first) = sandbox.branches().remove(0);
    sandbox.stdout_of(&["forget", "11"]);
    let (_, second) = sandbox.branches().remove(0);
    assert_ne!(first, second, "the page is written again without the words");
    let has = |id| sandbox.docs().odb().unwrap().exists(id);
    assert!(!has(first) && has(second));
    let main = sandbox.docs().refname_to_id("refs/heads/main").unwrap();
    sandbox.stdout_of(&["forget", "900"]);
    assert_eq!(sandbox.branches(), [], "nobody is left who answered");
    assert!(!has(second) && has(main));
    sandbox.stdout_of(&["propose"]);
    assert_eq!(sandbox.branches(), []);
}

#[test]
fn forgetting_asks_before_it_deletes_what_people_wrote_and_can_be_taken_back() {
    let (sandbox, talk) = due();
    sandbox.stdout_of(&["draft"]);
    let page = sandbox.json(&["draft", "--json"])[0]["path"].as_str().unwrap().to_owned();
    let page = sandbox.path("data/drafts").join(page);
    let edited = format!("{}\nMore.\n", std::fs::read_to_string(&page).unwrap());
    std::fs::write(&page, &edited).unwrap();
    let messages = sandbox.json(&["status", "--json"])["messages"].clone();
    let asked = sandbox.run(&["forget", "11"]);
    assert!(asked.code == 1 && asked.stderr.contains("edited by hand"), "{}", asked.stderr);
    assert_eq!(std::fs::read_to_string(&page).unwrap(), edited);
    assert_eq!(sandbox.json(&["status", "--json"])["messages"], messages, "nothing was erased");
    sandbox.stdout_of(&["forget", "11", "--yes"]);
    assert!(!page.exists());
    sandbox.stdout_of(&["draft"]);
    sandbox.stdout_of(&["forget", "12"]);

    sandbox.stdout_of(&["unforget", "11"]);
    assert_eq!(sandbox.run(&["unforget", "11"]).code, 1);
    assert_eq!(sandbox.import(&write(&sandbox.path("again.json"), &talk.export())).code, 0);
    let back = sandbox.json(&["status", "--json"])["messages"].as_u64().unwrap();
    assert_eq!(back, messages.as_u64().unwrap() - 2, "the one stays forgotten");
}

#[test]
fn nothing_is_drafted_without_consent() {
    let (sandbox, _) = due();
    sandbox.write("data/rules/scope.toml", "[trust]\nroles = ['Helper']\n");
    for command in [&["propose", "--dry-run"][..], &["propose"], &["draft"]] {
        let said = sandbox.stdout_of(command);
        assert!(said.contains("consent.mode in scope.toml"), "{command:?}: {said}");
        assert!(!said.contains("Delete the folder"), "{command:?}: {said}");
    }
    assert_eq!(sandbox.branches(), []);
    assert!(!sandbox.path("data/drafts").exists());
}

#[test]
fn a_channels_topic_may_give_the_consent() {
    let (sandbox, talk) = due();
    let scope = "[trust]\nroles = ['Helper']\n[consent]\nmode = 'topic-sentence'\n\
                 topic_sentence = 'Answers here are published.'\n";
    sandbox.write("data/rules/scope.toml", scope);
    let said = sandbox.stdout_of(&["propose"]);
    assert!(said.contains("rejected"), "{said}");
    assert_eq!(sandbox.branches(), []);

    let mut export = talk.export();
    export["channel"]["topic"] = "Be kind. Answers here are published.".into();
    export["exportedAt"] = "2025-03-02T00:00:00+00:00".into();
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &export)).code, 0);
    assert!(sandbox.stdout_of(&["propose"]).contains("opened"));
}

#[test]
fn proposing_without_a_repository_says_which_setting_names_one() {
    let (sandbox, _) = due();
    sandbox.write("data/harvester.toml", "[rules]\ndirectory = 'rules'\n");
    let ran = sandbox.run(&["propose"]);
    assert_eq!(ran.code, 1);
    let why = &ran.stderr;
    assert!(why.contains("repository") && why.contains("[forge]"), "{why}");
}

#[test]
fn pages_for_mintlify_have_front_matter() {
    let (sandbox, _) = due();
    let settings = "[rules]\ndirectory = 'rules'\n[docs]\ntarget = 'mintlify'\nfolder = 'faq'\n\
                    [forge]\nrepository = 'docs.git'\n";
    sandbox.write("data/harvester.toml", settings);
    assert!(sandbox.stdout_of(&["propose"]).contains("opened"));
    let pages = sandbox.pages();
    assert!(pages[0].0.starts_with("faq/") && pages[0].0.ends_with(".mdx"), "{}", pages[0].0);
    assert!(pages[0].1.starts_with("---\ntitle: "), "{}", pages[0].1);
}

#[test]
fn a_rehearsal_writes_nothing() {
    let (sandbox, _) = due();
    let said = sandbox.stdout_of(&["propose", "--dry-run"]);
    assert!(said.contains("==== branch answers/q") && said.contains("+# How "), "{said}");
    let whole = sandbox.stdout_of(&["propose", "--dry-run", "--full"]);
    assert!(whole.contains("\n# How ") && !whole.contains("\n+# How "), "{whole}");
    assert!(!sandbox.path("data/docs.git").exists());
}

const OUTLINE: &str = "title = 'First steps'\npropose = true\n\
    [[step]]\ntitle = 'The index'\nwords = ['vector index']\n";
const GUIDE: &str = "answers/guide-first-steps";

fn head_of_guide(sandbox: &Sandbox) -> Option<git2::Oid> {
    let branches = sandbox.branches().into_iter();
    branches.filter(|(name, _)| name.ends_with(GUIDE)).map(|(_, head)| head).next()
}

#[test]
fn a_declared_guide_gets_one_branch_and_loses_what_is_forgotten() {
    let (sandbox, _) = due();
    sandbox.write("data/rules/guides/first-steps.toml", OUTLINE);
    let said = sandbox.stdout_of(&["propose"]);
    assert!(said.contains("First steps"), "{said}");
    let first = head_of_guide(&sandbox).expect("a branch of its own");
    let pages = sandbox.pages();
    let (path, page) = pages.iter().find(|(path, _)| path.contains("first-steps")).unwrap();
    assert_eq!(path, "answers/first-steps.md");
    assert!(page.starts_with("# First steps\n") && page.contains("vector index"), "{page}");
    sandbox.stdout_of(&["propose"]);
    assert_eq!((head_of_guide(&sandbox), sandbox.branches().len()), (Some(first), 2));

    for user in ["11", "12", "13", "900"] {
        sandbox.stdout_of(&["forget", user]);
    }
    assert_eq!(sandbox.branches(), []);
    assert!(!sandbox.docs().odb().unwrap().exists(first), "nor do objects hold it");
    sandbox.stdout_of(&["propose"]);
    assert_eq!(sandbox.branches(), []);
}

#[test]
fn a_guide_that_is_not_declared_any_more_loses_its_branch_unless_people_have_it() {
    for theirs in [false, true] {
        let (sandbox, _) = due();
        sandbox.write("data/rules/guides/first-steps.toml", OUTLINE);
        sandbox.stdout_of(&["propose"]);
        let ours = head_of_guide(&sandbox).unwrap();
        if theirs {
            commit_on(&sandbox.docs(), GUIDE, "answers/first-steps.md", Some("Mine.\n"));
        }
        sandbox.write(
            "data/rules/guides/first-steps.toml",
            &OUTLINE.replace("propose = true", "propose = false"),
        );
        sandbox.stdout_of(&["propose"]);
        sandbox.stdout_of(&["propose"]);
        let left = head_of_guide(&sandbox);
        assert_eq!(left.is_some(), theirs);
        assert_ne!(left, Some(ours));
    }
}

/// What a reviewer does in the store of a sandbox.
fn in_store<T>(sandbox: &Sandbox, act: impl AsyncFnOnce(&Store, Cluster, Timestamp) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open_shared(store_of(&sandbox.path("data"))).await.unwrap();
        let cluster = store.clusters(3, 1).await.unwrap().pop().expect("one question");
        let now = time::whole_millisecond(Timestamp::now());
        let done = act(&store, cluster, now).await;
        store.close().await;
        done
    })
}

#[test]
fn a_reviewers_snooze_holds_a_page_of_a_local_repository_until_it_is_taken_back() {
    let (sandbox, _) = due();
    let seq = in_store(&sandbox, async |store, cluster, now| {
        let decision = ReviewDecision::Snooze { until: now + time::days(30) };
        store.record_review(&cluster, &decision, "token a", now).await.unwrap()
    });
    for _ in 0..2 {
        let said = sandbox.stdout_of(&["propose"]);
        assert!(said.contains("snoozed"), "{said}");
        assert_eq!(sandbox.branches(), []);
    }
    in_store(&sandbox, async |store, _, now| {
        let row = store.review_decision(seq).await.unwrap().unwrap();
        assert!(store.undo_review(&row, "token a", now).await.unwrap());
    });
    sandbox.stdout_of(&["propose"]);
    assert_eq!(sandbox.branches().len(), 1);
}

#[test]
fn a_page_that_waits_says_why() {
    let (sandbox, mut talk) = due();
    in_store(&sandbox, async |store, _, now| {
        store.set_time("paused", now).await.unwrap();
    });
    let said = sandbox.stdout_of(&["propose"]);
    assert!(said.contains("proposals are paused") && !said.contains("analysed"), "{said}");
    in_store(&sandbox, async |store, _, _| store.unset("paused").await.unwrap());
    sandbox.stdout_of(&["propose"]);

    let (name, _) = sandbox.branches().remove(0);
    sandbox.docs().find_reference(&name).unwrap().delete().unwrap();
    assert!(sandbox.stdout_of(&["propose"]).contains("counts as rejected"));
    talk.resolved(14, "How do I reset the vector index after changing an embedding model?", ANSWER);
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &talk.export())).code, 0);
    let said = sandbox.stdout_of(&["propose"]);
    assert!(said.contains("No page is due"), "{said}");
}

#[test]
fn a_snoozed_page_of_a_local_repository_comes_at_its_date() {
    let (sandbox, _) = due();
    in_store(&sandbox, async |store, cluster, now| {
        let decision = ReviewDecision::Snooze { until: now - SignedDuration::from_millis(1) };
        store.record_review(&cluster, &decision, "token a", now).await.unwrap()
    });
    sandbox.stdout_of(&["propose"]);
    assert_eq!(sandbox.branches().len(), 1);
}

#[test]
fn a_reviewer_accepts_a_candidate_into_a_local_repository() {
    let sandbox = Sandbox::new();
    sandbox.settle_in();
    sandbox.write("data/rules/pages.toml", "[score]\nleast = 0.999\n");
    let talk = asked_three_times(ANSWER);
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &talk.export())).code, 0);
    assert!(sandbox.stdout_of(&["propose"]).contains("No page is due"));
    assert_eq!(sandbox.branches(), []);
    in_store(&sandbox, async |store, cluster, now| {
        assert_eq!(cluster.state, ClusterState::Candidate);
        store.record_review(&cluster, &ReviewDecision::Accept, "token a", now).await.unwrap()
    });
    let said = sandbox.stdout_of(&["propose"]);
    assert!(said.contains("opened"), "{said}");
    let branches = sandbox.branches();
    assert_eq!(branches.len(), 1);
    assert!(sandbox.stdout_of(&["propose"]).contains("up to date"));
    assert_eq!(sandbox.branches(), branches);
    let waiting =
        in_store(&sandbox, async |store, _, _| store.waiting_review_decisions().await.unwrap());
    assert!(waiting.is_empty(), "{waiting:?}");
}

#[test]
fn a_merged_guide_of_a_local_repository_is_kept_true_on_its_branch() {
    let (sandbox, mut talk) = due();
    let outline = format!("{OUTLINE}[[step]]\ntitle = 'The gateway'\nwords = ['certificate']\n");
    sandbox.write("data/rules/guides/first-steps.toml", &outline);
    sandbox.stdout_of(&["propose"]);
    let merged = head_of_guide(&sandbox).unwrap();
    sandbox.docs().reference("refs/heads/main", merged, true, "merge").unwrap();
    sandbox.stdout_of(&["propose"]);
    for (asker, question) in [
        (21, "How do I renew the TLS certificate of the gateway?"),
        (22, "How can I renew the TLS certificate of the gateway?"),
        (23, "How do I renew the gateway TLS certificate?"),
    ] {
        let answer = "Run `gatectl cert renew` on the gateway host; it reloads within a minute.";
        talk.resolved(asker, question, answer);
    }
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &talk.export())).code, 0);
    sandbox.stdout_of(&["propose"]);
    let update = head_of_guide(&sandbox).expect("its branch is there again");
    assert_ne!(update, merged);
    let docs = sandbox.docs();
    let tree = docs.find_commit(update).unwrap().tree().unwrap();
    let entry = tree.get_path(std::path::Path::new("answers/first-steps.md")).unwrap();
    let page = docs.find_blob(entry.id()).unwrap().content().to_vec();
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("TLS certificate") && page.contains("vector index"), "{page}");
    docs.reference("refs/heads/main", update, true, "merge").unwrap();
    sandbox.stdout_of(&["propose"]);
    sandbox.stdout_of(&["propose"]);
    let left = head_of_guide(&sandbox);
    assert!(left.is_none() || left == Some(update), "nothing is left to propose");
}
