//! Processes beside each other, and how each of them ends.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use indexer::store::WriteLock;

use crate::same_state::whole;
use crate::sandbox::Sandbox;

const READING: [&[&str]; 5] = [
    &["status", "--json"],
    &["clusters", "--all", "--json"],
    &["search", "twitter"],
    &["draft"],
    &["doctor"],
];

#[test]
fn a_second_process_reads_but_does_not_write() {
    let (sandbox, _) = whole();
    sandbox.settle_in();
    let state = sandbox.state();
    let lock = WriteLock::take(&sandbox.data()).unwrap();
    let exports = sandbox.path("exports");
    for writing in [&["import", exports.to_str().unwrap()][..], &["reindex"]] {
        let ran = sandbox.run(writing);
        assert_eq!(ran.code, 1, "{writing:?}");
        let why = &ran.stderr;
        assert!(why.contains("in use by another harvester process"), "{writing:?}: {why}");
    }
    for reading in READING {
        sandbox.stdout_of(reading);
    }
    assert_eq!(sandbox.state(), state);
    drop(lock);
    assert_eq!(sandbox.import(&exports).code, 0);
}

#[test]
fn what_another_process_has_not_finished_can_be_read_so_far() {
    let (whole, _) = whole();
    let exports = whole.path("exports");
    let sandbox = Sandbox::new();
    assert!(sandbox.kill_after(&["import", exports.to_str().unwrap()], 120));
    let lock = WriteLock::take(&sandbox.data()).unwrap();
    for reading in READING {
        sandbox.stdout_of(reading);
    }
    let so_far = sandbox.json(&["status", "--json"]);
    drop(lock);
    assert_eq!(sandbox.import(&exports).code, 0);
    assert_ne!(sandbox.json(&["status", "--json"]), so_far);
}

#[test]
fn wrong_use_differs_from_failure() {
    let sandbox = Sandbox::new();
    let wrong: [&[&str]; 6] = [
        &[],
        &["import"],
        &["harvest"],
        &["search"],
        &["clusters", "show", "not an id"],
        &["search", "--limit", "many", "words"],
    ];
    for arguments in wrong {
        assert_eq!(sandbox.run(arguments).code, 2, "{arguments:?}");
    }
    let failed: [&[&str]; 4] = [
        &["import", "missing.json"],
        &["search", "anything"],
        &["status"],
        &["doctor", "--rules", "missing"],
    ];
    for arguments in failed {
        assert_eq!(sandbox.run(arguments).code, 1, "{arguments:?}");
    }
    let misconfigured = ["status", "--config", "missing.toml"];
    assert_eq!(sandbox.run(&misconfigured).code, 78);
    for arguments in [&["--help"][..], &["--version"], &["completions", "bash"]] {
        assert!(!sandbox.stdout_of(arguments).is_empty());
    }
    assert!(!sandbox.data().exists(), "something was written");
}

#[test]
fn a_reader_that_stops_listening_is_no_error() {
    let (sandbox, _) = whole();
    let mut child = sandbox
        .command(&["clusters", "--all"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    let complained = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && complained.is_empty(), "{complained}");
}
