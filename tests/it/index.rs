//! The index is derived: whatever happens to it, the next command has it again.

use crate::exports::{asked_three_times, write};
use crate::world::World;

fn harvested() -> World {
    let world = World::new();
    let export = asked_three_times("Delete data/index and start again.").export();
    assert_eq!(world.import(&write(&world.path("help.json"), &export)).code, 0);
    world
}

#[test]
fn a_lost_index_is_built_again() {
    let world = harvested();
    let found = world.well(&["search", "reset vector index", "--json"]);
    std::fs::remove_dir_all(world.data().join("index")).unwrap();
    assert_eq!(world.well(&["search", "reset vector index", "--json"]), found);
    assert!(world.well(&["check"]).contains("holds all"));
}

#[test]
fn a_damaged_index_is_built_again() {
    let world = harvested();
    let found = world.well(&["search", "reset vector index", "--json"]);
    for entry in std::fs::read_dir(world.data().join("index")).unwrap() {
        std::fs::write(entry.unwrap().path(), "garbage").unwrap();
    }
    assert_eq!(world.well(&["search", "reset vector index", "--json"]), found);
    assert!(world.well(&["reindex"]).contains("answers can be found"));
    assert_eq!(world.well(&["search", "reset vector index", "--json"]), found);
}

#[test]
fn one_question_in_three_wordings_is_one_answer() {
    let world = harvested();
    let clusters = world.json(&["clusters", "--json"]);
    assert_eq!(clusters.as_array().unwrap().len(), 1);
    assert_eq!(clusters[0]["occurrences"], 3);
    assert_eq!(clusters[0]["state"], "due");
    let id = clusters[0]["id"].as_str().unwrap();
    let shown = world.well(&["clusters", "show", id]);
    for why in ["A page is due", "the asker", "the questions share"] {
        assert!(shown.contains(why), "{why} is not in\n{shown}");
    }
}

#[test]
fn every_mistake_of_the_rules_is_told_at_once() {
    let world = harvested();
    world.write("rules/pages.toml", "[due]\nmore_than = 'many'\n");
    world.write("rules/scope.toml", "[consent]\nmode = 'maybe'\n[trusted]\n");
    let rules = world.path("rules");
    let ran = world.run(&["check", "--rules", rules.to_str().unwrap()]);
    assert_eq!(ran.code, 1);
    for part in [
        "pages.toml: due.more_than",
        "scope.toml: consent.mode",
        "\"server-public\"",
        "scope.toml: trusted",
    ] {
        assert!(ran.said.contains(part), "{part} is not in\n{}", ran.said);
    }
}

#[test]
fn other_rules_judge_what_is_stored_anew() {
    let world = harvested();
    world.write("rules/pages.toml", "[due]\nmore_than = 5\n");
    let rules = world.path("rules");
    let clusters = world.json(&["clusters", "--json", "--rules", rules.to_str().unwrap()]);
    assert_eq!(clusters[0]["state"], "watching");
    assert_eq!(world.json(&["clusters", "--json"])[0]["state"], "due");
}
