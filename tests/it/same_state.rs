//! The same history gives the same state, whichever way it comes.

use std::path::PathBuf;

use serde_json::Value;

use crate::exports::{bundled, part, write};
use crate::sandbox::{Sandbox, State};
use tests::seeded_rng::SeededRng;

/// Real talk of two communities, short enough for a test in a debug build.
pub(crate) fn talk() -> [(&'static str, Value); 2] {
    [
        ("coders", part(&bundled("demo-eliza/coders.json"), 0..300)),
        ("support", part(&bundled("demo-ubuntu/support.json"), 0..200)),
    ]
}

const MESSAGES: usize = 500;

/// The state that importing everything at once gives.
pub(crate) fn whole() -> (Sandbox, State) {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.import(&exported(&sandbox)).code, 0);
    let state = sandbox.state();
    (sandbox, state)
}

/// Writes every export whole; returns their folder.
fn exported(sandbox: &Sandbox) -> PathBuf {
    for (name, export) in talk() {
        write(&sandbox.path(&format!("exports/{name}.json")), &export);
    }
    sandbox.path("exports")
}

fn count(export: &Value) -> usize {
    export["messages"].as_array().unwrap().len()
}

#[test]
fn importing_twice_changes_nothing_and_says_so() {
    let (sandbox, state) = whole();
    let again = sandbox.import(&sandbox.path("exports"));
    assert_eq!(again.code, 0);
    let nothing = format!("Nothing new: all {MESSAGES} messages in 2 file(s) were already stored.");
    assert!(again.stdout.contains(&nothing), "{}", again.stdout);
    assert_eq!(sandbox.state(), state);
}

#[test]
fn reversed_exports_give_the_same_state() {
    let (_, state) = whole();
    let sandbox = Sandbox::new();
    for (name, export) in talk().iter().rev() {
        let reversed = part(export, (0..count(export)).rev());
        let file = write(&sandbox.path(&format!("{name}.json")), &reversed);
        assert_eq!(sandbox.import(&file).code, 0);
    }
    assert_eq!(sandbox.state(), state);
}

#[test]
fn partitions_in_any_order_give_the_same_state() {
    let (_, state) = whole();
    for seed in [7, 8] {
        let sandbox = Sandbox::new();
        let mut files = partitions(&sandbox);
        SeededRng::new(seed).shuffle(&mut files);
        for file in &files {
            assert_eq!(sandbox.import(file).code, 0);
        }
        assert_eq!(sandbox.state(), state, "the order was {files:?}");
    }
    let together = Sandbox::new();
    partitions(&together);
    assert_eq!(together.import(&together.path("parts")).code, 0);
    assert_eq!(together.state(), state);
}

/// Writes every export in parts of 100 messages, named as the exporter names them.
fn partitions(sandbox: &Sandbox) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for (name, export) in talk() {
        for (number, start) in (0..count(&export)).step_by(100).enumerate() {
            let suffix =
                if number == 0 { String::new() } else { format!(" [part {}]", number + 1) };
            let path = sandbox.path(&format!("parts/{name}{suffix}.json"));
            files.push(write(&path, &part(&export, start..start + 100)));
        }
    }
    files
}

#[test]
fn interleaved_partitions_give_the_same_state() {
    let (_, state) = whole();
    let sandbox = Sandbox::new();
    for offset in [2, 0, 1] {
        for (name, export) in talk() {
            let every_third = part(&export, (offset..count(&export)).step_by(3));
            write(&sandbox.path(&format!("third-{offset}/{name}.json")), &every_third);
        }
        assert_eq!(sandbox.import(&sandbox.path(&format!("third-{offset}"))).code, 0);
    }
    assert_eq!(sandbox.state(), state);
}

#[test]
fn a_newer_export_wins_whenever_it_is_imported() {
    let [(_, older), _] = talk();
    let mut newer = older.clone();
    newer["exportedAt"] = "2099-01-01T00:00:00+00:00".into();
    newer["messages"][40]["content"] = "How do I teach my agent to whistle?".into();
    newer["messages"][40]["timestampEdited"] = "2098-01-01T00:00:00+00:00".into();
    newer["messages"][41]["reactions"] = serde_json::json!([]);

    let forth = Sandbox::new();
    assert_eq!(forth.import(&write(&forth.path("older.json"), &older)).code, 0);
    let updated = forth.import(&write(&forth.path("newer.json"), &newer));
    assert!(updated.stdout.contains("0 messages added, 1 updated"), "{}", updated.stdout);

    let back = Sandbox::new();
    assert_eq!(back.import(&write(&back.path("newer.json"), &newer)).code, 0);
    let late = back.import(&write(&back.path("older.json"), &older));
    assert!(late.stdout.contains("Nothing new"), "{}", late.stdout);
    assert_eq!(back.state(), forth.state());
}

/// A kill comes when the program has logged a number of its steps; ten such numbers, from
/// every eighth of the work and two from its very end, where the index is committed.
#[test]
fn ten_kills_lose_and_double_nothing() {
    let (_, state) = whole();
    let rehearsal = Sandbox::new();
    let steps = rehearsal.steps(&["import", exported(&rehearsal).to_str().unwrap()]);
    let mut dice = SeededRng::new(42);
    let eighth = steps / 8;
    let mut points = (0..8).map(|at| at * eighth + 1 + dice.roll(eighth)).collect::<Vec<_>>();
    points.extend([steps - 1, steps]);
    for point in points {
        let sandbox = Sandbox::new();
        let exports = exported(&sandbox);
        let import = ["import", exports.to_str().unwrap()];
        let killed = sandbox.kill_after(&import, point);
        // What is logged waits in a pipe of at most 64 KB: at the end the program may be faster.
        assert!(killed || point > steps / 2, "not killed at step {point} of {steps}");
        sandbox.kill_after(&import, point / 2);
        assert_eq!(sandbox.run(&import).code, 0);
        assert_eq!(sandbox.state(), state, "killed at step {point} of {steps}");
    }
}

#[test]
fn what_a_killed_import_left_is_finished_by_whatever_runs_next() {
    let sandbox = Sandbox::new();
    let exports = exported(&sandbox);
    assert!(sandbox.kill_after(&["import", exports.to_str().unwrap()], 120));
    let seen = sandbox.json(&["status", "--json"]);
    assert_eq!(seen["channels_pending"], 0);
    assert!(sandbox.stdout_of(&["doctor"]).contains("holds all"));
}

/// What the nightly run does with thousands of seeds.
#[test]
fn invented_histories_end_the_same_in_any_order() {
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_orders"))
        .args(["--runs", "12", "--seed", "13"])
        .output()
        .unwrap();
    assert!(program.status.success(), "{}", String::from_utf8_lossy(&program.stdout));
}
