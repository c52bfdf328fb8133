//! Communities that share an installation.

use serde_json::Value;

use crate::exports::{asked_three_times, asked_three_times_in, write};
use crate::sandbox::Sandbox;
use crate::serve::Served;

const SETTINGS: &str = "[rules]\ndirectory = 'rules'\n[forge]\nrepository = 'docs.git'\n";
const DIVISION: &str = "[site]\nworkspace = 'one'\n[[workspace]]\nname = 'one'\nservers = ['1']\n\
    [[workspace]]\nname = 'two'\nservers = ['2']\n";

/// The same question, answered otherwise in each of two servers.
fn two_communities() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.settle_in();
    sandbox.write("data/harvester.toml", &format!("{SETTINGS}{DIVISION}"));
    let one = asked_three_times("Delete data/index and start again.").export();
    let mut two = asked_three_times_in(6, "Run the zanzibar tool, which resets it.").export();
    two["guild"]["id"] = "2".into();
    for (name, export) in [("one.json", one), ("two.json", two)] {
        assert_eq!(sandbox.import(&write(&sandbox.path(name), &export)).code, 0);
    }
    sandbox
}

/// How often each cluster was resolved.
/// How many questions each cluster joins, counted or not.
fn sizes(sandbox: &Sandbox) -> Vec<usize> {
    let listed = sandbox.json(&["clusters", "--json"]);
    let listed = listed.as_array().unwrap().iter();
    listed.map(|one: &Value| one["questions"].as_array().unwrap().len()).collect()
}

#[test]
fn two_communities_see_nothing_of_each_other() {
    let sandbox = two_communities();
    assert_eq!(sizes(&sandbox), [3, 3]);
    let token = sandbox.stdout_of(&["token", "create", "for two", "--workspace", "two"]);
    let served = Served::start(&sandbox);
    let search = "/api/v1/search?q=reset+the+vector+index";
    let (status, shown) = served.get(search);
    assert!(
        status == 200 && shown.contains("data/index") && !shown.contains("zanzibar"),
        "{shown}"
    );
    let bearer = format!("Authorization: Bearer {}\r\n", token.trim());
    let (status, shown) = served.get_with(search, &bearer);
    assert!(
        status == 200 && shown.contains("zanzibar") && !shown.contains("data/index"),
        "{shown}"
    );
    let listed = sandbox.stdout_of(&["token", "list"]);
    assert!(listed.contains("for two: search:read") && !listed.contains(token.trim()), "{listed}");
    let id = listed.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    sandbox.stdout_of(&["token", "revoke", &id]);
    assert_eq!(served.get_with(search, &bearer).0, 401);
}

#[test]
fn another_division_groups_and_indexes_anew() {
    let sandbox = two_communities();
    assert_eq!(sizes(&sandbox), [3, 3]);
    let former = sandbox.data().join("index-workspaces");
    assert!(former.is_dir());
    sandbox.write("data/harvester.toml", SETTINGS);
    assert_eq!(sizes(&sandbox), [6]);
    assert!(!former.exists());
}

#[test]
fn a_division_that_says_not_what_visitors_see_is_refused() {
    let sandbox = two_communities();
    let divided = DIVISION.replace("[site]\nworkspace = 'one'\n", "");
    sandbox.write("data/harvester.toml", &format!("{SETTINGS}{divided}"));
    let ran = sandbox.run(&["status"]);
    assert_eq!(ran.code, 78);
    assert!(ran.stderr.contains("site.workspace"), "{}", ran.stderr);
}
