//! The index is derived: whatever happens to it, the next command has it again.

use std::path::Path;

use crate::exports::{asked_three_times, write};
use crate::sandbox::Sandbox;

fn harvested() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.settle_in();
    let export = asked_three_times("Delete data/index and start again.").export();
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &export)).code, 0);
    sandbox
}

#[test]
fn a_lost_index_is_built_again() {
    let sandbox = harvested();
    let found = sandbox.stdout_of(&["search", "reset vector index", "--json"]);
    std::fs::remove_dir_all(sandbox.data().join("index")).unwrap();
    assert_eq!(sandbox.stdout_of(&["search", "reset vector index", "--json"]), found);
    assert!(sandbox.stdout_of(&["doctor"]).contains("holds all"));
}

#[test]
fn a_damaged_index_is_built_again() {
    let segment = |folder: &Path, ending: &str| {
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files
            .into_iter()
            .find(|path| path.extension().is_some_and(|found| found == ending))
            .unwrap()
    };
    type Damage<'d> = &'d dyn Fn(&Path);
    let damages: [(&str, Damage<'_>); 5] = [
        ("every file is garbage", &|index| {
            for entry in std::fs::read_dir(index).unwrap() {
                std::fs::write(entry.unwrap().path(), "garbage").unwrap();
            }
        }),
        ("meta.json is lost", &|index| std::fs::remove_file(index.join("meta.json")).unwrap()),
        ("meta.json is cut", &|index| std::fs::write(index.join("meta.json"), "{").unwrap()),
        ("the documents are lost", &|index| {
            std::fs::remove_file(segment(index, "store")).unwrap();
        }),
        ("the terms are cut", &|index| std::fs::write(segment(index, "term"), "").unwrap()),
    ];
    for (what, damage) in damages {
        let sandbox = harvested();
        let state = sandbox.state();
        damage(&sandbox.data().join("index"));
        let ran = sandbox.run(&["search", "reset vector index"]);
        assert_eq!(ran.code, 0, "{what}: {}", ran.stderr);
        assert!(ran.stdout.contains("Delete data/index"), "{what}: {}", ran.stdout);
        assert!(sandbox.stdout_of(&["doctor"]).contains("holds all"), "{what}");
        assert_eq!(sandbox.state(), state, "{what}");
        assert!(sandbox.stdout_of(&["reindex"]).contains("Index rebuilt: 1 answers"), "{what}");
        assert_eq!(sandbox.state(), state, "{what}");
    }
}

#[test]
fn a_file_in_the_place_of_the_index_is_left_alone_and_reported() {
    let sandbox = harvested();
    let index = sandbox.data().join("index");
    std::fs::remove_dir_all(&index).unwrap();
    std::fs::write(&index, "somebody's own").unwrap();
    let ran = sandbox.run(&["search", "reset vector index"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains(index.to_str().unwrap()), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(&index).unwrap(), "somebody's own");
}

#[test]
fn an_index_put_back_from_a_copy_catches_up() {
    let sandbox = Sandbox::new();
    let mut talk = asked_three_times("Delete data/index and start again.");
    let file = write(&sandbox.path("help.json"), &talk.export());
    assert_eq!(sandbox.import(&file).code, 0);
    let [index, copy] = [sandbox.data().join("index"), sandbox.path("copy")];
    copy_folder(&index, &copy);

    talk.resolved(15, "Why does the scheduler wake up twice?", "Set `jitter = 0` in the plan.");
    assert_eq!(sandbox.import(&write(&file, &talk.export())).code, 0);
    let state = sandbox.state();
    std::fs::remove_dir_all(&index).unwrap();
    copy_folder(&copy, &index);
    assert!(sandbox.stdout_of(&["search", "scheduler wakes twice"]).contains("jitter"));
    assert_eq!(sandbox.state(), state);
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn one_question_in_three_wordings_is_one_answer() {
    let sandbox = harvested();
    let clusters = sandbox.json(&["clusters", "--json"]);
    assert_eq!(clusters.as_array().unwrap().len(), 1);
    assert_eq!(clusters[0]["occurrences"], 3);
    assert_eq!(clusters[0]["state"], "due");
    let id = clusters[0]["id"].as_str().unwrap();
    let shown = sandbox.stdout_of(&["clusters", "show", id]);
    for why in ["A page is due", "the asker", "the questions share"] {
        assert!(shown.contains(why), "{why} is not in\n{shown}");
    }
}

#[test]
fn every_mistake_of_the_rules_is_reported_at_once() {
    let sandbox = harvested();
    sandbox.write("rules/pages.toml", "[due]\nmore_than = 'many'\n");
    sandbox.write("rules/scope.toml", "[consent]\nmode = 'maybe'\n[trusted]\n");
    let rules = sandbox.path("rules");
    let ran = sandbox.run(&["doctor", "--rules", rules.to_str().unwrap()]);
    assert_eq!(ran.code, 1);
    for part in [
        "pages.toml: due.more_than",
        "scope.toml: consent.mode",
        "\"server-public\"",
        "scope.toml: trusted",
    ] {
        assert!(ran.stdout.contains(part), "{part} is not in\n{}", ran.stdout);
    }
}

#[test]
fn other_rules_judge_what_is_stored_anew() {
    let sandbox = harvested();
    sandbox.write("rules/pages.toml", "[due]\nmore_than = 5\n");
    let rules = sandbox.path("rules");
    let clusters = sandbox.json(&["clusters", "--json", "--rules", rules.to_str().unwrap()]);
    assert_eq!(clusters[0]["state"], "watching");
    assert_eq!(sandbox.json(&["clusters", "--json"])[0]["state"], "due");
}
