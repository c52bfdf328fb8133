//! From talk to a page on a branch, and what happens when people touch it.

use crate::exports::{Talk, asked_three_times, write};
use crate::world::World;

const ANSWER: &str =
    "Delete the folder `data/index` and restart the agent; it builds the index again.";

fn due() -> (World, Talk) {
    let world = World::new();
    world.settle_in();
    let talk = asked_three_times(ANSWER);
    assert_eq!(world.import(&write(&world.path("help.json"), &talk.export())).code, 0);
    (world, talk)
}

#[test]
fn a_due_question_gets_one_branch_with_one_commit() {
    let (world, _) = due();
    let said = world.well(&["propose"]);
    assert!(said.contains("opened"), "{said}");
    let branches = world.branches();
    assert_eq!(branches.len(), 1);
    let docs = world.docs();
    let commit = docs.find_commit(branches[0].1).unwrap();
    assert_eq!(commit.parent_count(), 1);
    let (path, page) = world.pages().remove(0);
    assert!(path.starts_with("answers/how-"), "{path}");
    assert!(
        page.starts_with("# How ") && page.contains("Delete the folder `data/index`"),
        "{page}"
    );
    assert!(!page.contains("person_"), "a name is on the page:\n{page}");
    assert!(page.contains("Source: [question, ") && !page.contains("Asked by"), "{page}");
    assert_eq!(std::fs::read_dir(world.path("data/proposals")).unwrap().count(), 1);

    assert!(world.well(&["propose"]).contains("up to date"));
    assert_eq!(world.branches(), branches);
}

#[test]
fn more_evidence_updates_the_same_branch() {
    let (world, mut talk) = due();
    world.well(&["propose"]);
    let before = world.branches();
    talk.resolved(14, "How do I reset the vector index after changing an embedding model?", ANSWER);
    assert_eq!(world.import(&write(&world.path("help.json"), &talk.export())).code, 0);
    assert!(world.well(&["propose"]).contains("updated"));
    let after = world.branches();
    assert_eq!(after[0].0, before[0].0);
    assert_ne!(after[0].1, before[0].1);
    assert_eq!(after.len(), 1);
    assert_eq!(world.docs().find_commit(after[0].1).unwrap().parent_count(), 1);
}

#[test]
fn a_persons_commit_makes_the_branch_theirs() {
    let (world, mut talk) = due();
    world.well(&["propose"]);
    let (name, ours) = world.branches().remove(0);
    let docs = world.docs();
    let parent = docs.find_commit(ours).unwrap();
    let person = git2::Signature::now("A maintainer", "m@example.org").unwrap();
    let theirs = docs
        .commit(Some(&name), &person, &person, "Say it better", &parent.tree().unwrap(), &[&parent])
        .unwrap();
    talk.resolved(14, "How do I reset the vector index after changing an embedding model?", ANSWER);
    assert_eq!(world.import(&write(&world.path("help.json"), &talk.export())).code, 0);
    assert!(world.well(&["propose"]).contains("hands off"));
    assert_eq!(world.branches(), [(name, theirs)]);
}

#[test]
fn a_deleted_branch_stays_deleted() {
    let (world, _) = due();
    world.well(&["propose"]);
    let (name, _) = world.branches().remove(0);
    world.docs().find_reference(&name).unwrap().delete().unwrap();
    assert!(world.well(&["propose"]).contains("rejected"));
    assert_eq!(world.json(&["clusters", "--json"])[0]["state"], "rejected");
    world.well(&["propose"]);
    assert_eq!(world.branches(), []);
}

#[test]
fn a_merged_page_belongs_to_people_and_its_answer_is_known() {
    let (world, mut talk) = due();
    world.well(&["propose"]);
    let (_, ours) = world.branches().remove(0);
    let docs = world.docs();
    docs.reference("refs/heads/main", ours, true, "merge").unwrap();
    assert!(world.well(&["propose"]).contains("merged"));
    assert_eq!(world.json(&["clusters", "--json"])[0]["state"], "known");
    let found = world.json(&["search", "reset vector index", "--json"]);
    assert_eq!(found["answers"][0]["status"], "known");

    talk.resolved(14, "How do I reset the vector index after changing an embedding model?", ANSWER);
    assert_eq!(world.import(&write(&world.path("help.json"), &talk.export())).code, 0);
    world.well(&["propose"]);
    assert_eq!(world.docs().refname_to_id("refs/heads/main").unwrap(), ours);
}

/// A commit on the default branch that writes a file, or deletes it.
fn commit_on_main(docs: &git2::Repository, path: &str, text: Option<&str>) {
    let head = docs.find_reference("refs/heads/main").unwrap().peel_to_commit().unwrap();
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
    docs.commit(Some("refs/heads/main"), &person, &person, "Edit", &tree, &[&head]).unwrap();
}

#[test]
fn what_maintainers_make_of_a_merged_page_is_what_search_shows() {
    let (world, _) = due();
    world.well(&["propose"]);
    let (path, page) = world.pages().remove(0);
    let docs = world.docs();
    docs.reference("refs/heads/main", world.branches()[0].1, true, "merge").unwrap();
    let edited =
        page.replace("Delete the folder `data/index`", "Stop it, then remove `data/index`");
    assert_ne!(edited, page);
    commit_on_main(&docs, &path, Some(&edited));
    world.well(&["propose"]);
    let shown = || world.json(&["search", "reset vector index", "--json"])["answers"][0].clone();
    assert!(shown()["answer"].as_str().unwrap().contains("Stop it, then remove"), "{}", shown());
    assert_eq!(shown()["status"], "known");

    commit_on_main(&docs, &path, Some(&edited.replace("Stop it, then", "Then")));
    world.well(&["propose"]);
    assert!(!shown()["answer"].as_str().unwrap().contains("Stop it"), "{}", shown());

    commit_on_main(&docs, &path, None);
    world.well(&["propose"]);
    assert_ne!(shown()["status"], "known", "{}", shown());
}

#[test]
fn a_killed_proposal_is_made_once() {
    let (rehearsal, _) = due();
    let steps = rehearsal.steps(&["propose"]);
    for step in [steps / 2, steps - 3, steps - 2, steps - 1, steps] {
        let (world, _) = due();
        world.kill_after(&["propose"], step);
        world.well(&["propose"]);
        let branches = world.branches();
        assert_eq!(branches.len(), 1, "killed at step {step} of {steps}");
        let docs = world.docs();
        let commit = docs.find_commit(branches[0].1).unwrap().parent(0).unwrap();
        assert_eq!(commit.parent_count(), 0, "killed at step {step} of {steps}");
        assert!(world.well(&["propose"]).contains("up to date"));
        assert_eq!(world.branches(), branches);
    }
}

/// As if the kill came after the branch was made and before the store knew.
#[test]
fn a_branch_that_the_store_does_not_remember_is_found_again() {
    let (world, _) = due();
    let [store, copy] = [world.path("data/store.sqlite"), world.path("before.sqlite")];
    std::fs::copy(&store, &copy).unwrap();
    world.well(&["propose"]);
    let branches = world.branches();
    std::fs::copy(&copy, &store).unwrap();
    assert!(world.well(&["propose"]).contains("up to date"));
    assert_eq!(world.branches(), branches);
    assert_eq!(world.json(&["status", "--json"])["proposals"], 1);
}

#[test]
fn forgetting_drops_branches_and_the_objects_that_only_they_had() {
    let (world, _) = due();
    world.well(&["propose"]);
    let (_, first) = world.branches().remove(0);
    world.well(&["forget", "11"]);
    let (_, second) = world.branches().remove(0);
    assert_ne!(first, second, "the page is written again without the words");
    let has = |id| world.docs().odb().unwrap().exists(id);
    assert!(!has(first) && has(second));
    let main = world.docs().refname_to_id("refs/heads/main").unwrap();
    world.well(&["forget", "900"]);
    assert_eq!(world.branches(), [], "nobody is left who answered");
    assert!(!has(second) && has(main));
    world.well(&["propose"]);
    assert_eq!(world.branches(), []);
}

#[test]
fn forgetting_asks_before_it_deletes_what_people_wrote_and_can_be_taken_back() {
    let (world, talk) = due();
    world.well(&["draft"]);
    let page = world.json(&["draft", "--json"])[0]["path"].as_str().unwrap().to_owned();
    let page = world.path("data/drafts").join(page);
    let edited = format!("{}\nMore.\n", std::fs::read_to_string(&page).unwrap());
    std::fs::write(&page, &edited).unwrap();
    let messages = world.json(&["status", "--json"])["messages"].clone();
    let asked = world.run(&["forget", "11"]);
    assert!(asked.code == 1 && asked.complained.contains("edited by hand"), "{}", asked.complained);
    assert_eq!(std::fs::read_to_string(&page).unwrap(), edited);
    assert_eq!(world.json(&["status", "--json"])["messages"], messages, "nothing was erased");
    world.well(&["forget", "11", "--yes"]);
    assert!(!page.exists());
    world.well(&["draft"]);
    world.well(&["forget", "12"]);

    world.well(&["unforget", "11"]);
    assert_eq!(world.run(&["unforget", "11"]).code, 1);
    assert_eq!(world.import(&write(&world.path("again.json"), &talk.export())).code, 0);
    let back = world.json(&["status", "--json"])["messages"].as_u64().unwrap();
    assert_eq!(back, messages.as_u64().unwrap() - 2, "the one stays forgotten");
}

#[test]
fn nothing_is_drafted_without_consent() {
    let (world, _) = due();
    world.write("data/rules/scope.toml", "[trust]\nroles = ['Helper']\n");
    for command in [&["propose", "--dry-run"][..], &["propose"], &["draft"]] {
        let said = world.well(command);
        assert!(said.contains("consent.mode in scope.toml"), "{command:?}: {said}");
        assert!(!said.contains("Delete the folder"), "{command:?}: {said}");
    }
    assert_eq!(world.branches(), []);
    assert!(!world.path("data/drafts").exists());
}

#[test]
fn a_channels_topic_may_give_the_consent() {
    let (world, talk) = due();
    let scope = "[trust]\nroles = ['Helper']\n[consent]\nmode = 'topic-sentence'\n\
                 topic_sentence = 'Answers here are published.'\n";
    world.write("data/rules/scope.toml", scope);
    let said = world.well(&["propose"]);
    assert!(said.contains("rejected"), "{said}");
    assert_eq!(world.branches(), []);

    let mut export = talk.export();
    export["channel"]["topic"] = "Be kind. Answers here are published.".into();
    export["exportedAt"] = "2025-03-02T00:00:00+00:00".into();
    assert_eq!(world.import(&write(&world.path("help.json"), &export)).code, 0);
    assert!(world.well(&["propose"]).contains("opened"));
}

#[test]
fn proposing_without_a_repository_says_which_setting_names_one() {
    let (world, _) = due();
    world.write("data/harvester.toml", "[rules]\ndirectory = 'rules'\n");
    let ran = world.run(&["propose"]);
    assert_eq!(ran.code, 1);
    let why = &ran.complained;
    assert!(why.contains("repository") && why.contains("[forge]"), "{why}");
}

#[test]
fn pages_for_mintlify_have_front_matter() {
    let (world, _) = due();
    let settings = "[rules]\ndirectory = 'rules'\n[docs]\ntarget = 'mintlify'\nfolder = 'faq'\n\
                    [forge]\nrepository = 'docs.git'\n";
    world.write("data/harvester.toml", settings);
    assert!(world.well(&["propose"]).contains("opened"));
    let pages = world.pages();
    assert!(pages[0].0.starts_with("faq/") && pages[0].0.ends_with(".mdx"), "{}", pages[0].0);
    assert!(pages[0].1.starts_with("---\ntitle: "), "{}", pages[0].1);
}

#[test]
fn a_rehearsal_writes_nothing() {
    let (world, _) = due();
    let said = world.well(&["propose", "--dry-run"]);
    assert!(said.contains("==== branch answers/q") && said.contains("+# How "), "{said}");
    let whole = world.well(&["propose", "--dry-run", "--full"]);
    assert!(whole.contains("\n# How ") && !whole.contains("\n+# How "), "{whole}");
    assert!(!world.path("data/docs.git").exists());
}
