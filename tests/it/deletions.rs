//! Deletion for operators who only have exports.

use serde_json::{Value, json};

use crate::exports::{Talk, asked_three_times, part, write};
use crate::sandbox::Sandbox;

const ANSWER: &str = "Delete the folder `data/index` and restart the agent.";

/// An export made on a day of March.
fn exported(mut export: Value, day: u32) -> Value {
    export["exportedAt"] = json!(format!("2025-03-{day:02}T00:00:00+00:00"));
    export
}

/// A talk of many, and its export without one message.
fn talk_and_later() -> (Talk, Value, Value) {
    let mut talk = asked_three_times(ANSWER);
    talk.say(21, None, "the passphrase of my cat is miaow", None);
    let all = exported(talk.export(), 2);
    let last = talk.ids().len() - 1;
    let later = exported(part(&talk.export(), 0..last), 3);
    (talk, all, later)
}

fn messages(sandbox: &Sandbox) -> u64 {
    sandbox.json(&["status", "--json"])["messages"].as_u64().unwrap()
}

#[test]
fn a_newer_whole_export_deletes_what_it_lacks() {
    let (talk, all, later) = talk_and_later();
    let count = talk.ids().len() as u64;
    for newer_first in [false, true] {
        let sandbox = Sandbox::new();
        sandbox.settle_in();
        let [older, newer] = [("all.json", &all), ("later.json", &later)]
            .map(|(name, export)| write(&sandbox.path(name), export).display().to_string());
        let order = if newer_first { [&newer, &older] } else { [&older, &newer] };
        sandbox.stdout_of(&["import", order[0]]);
        let import = sandbox.run(&["import", order[1]]);
        assert!(import.stderr.contains("1 of 10 stored messages are missing"), "{}", import.stderr);
        assert_eq!(messages(&sandbox), count, "nobody agreed");
        let output = sandbox.stdout_of(&["import", order[1], "--accept-deletions"]);
        assert!(output.contains("Deleted 1 message(s)"), "{output}");
        assert_eq!(messages(&sandbox), count - 1);
        sandbox.stdout_of(&["import", &older, "--accept-deletions"]);
        assert_eq!(messages(&sandbox), count - 1, "an older export brings nothing back");
    }
}

#[test]
fn a_truncated_export_deletes_nothing_unless_forced() {
    let (talk, all, _) = talk_and_later();
    let sandbox = Sandbox::new();
    sandbox.settle_in();
    let all = write(&sandbox.path("all.json"), &all).display().to_string();
    sandbox.stdout_of(&["import", &all]);
    let cut = exported(part(&talk.export(), 0..5), 3);
    let cut = write(&sandbox.path("cut.json"), &cut).display().to_string();
    let import = sandbox.run(&["import", &cut, "--accept-deletions"]);
    assert!(import.code == 1 && import.stderr.contains("more than 20 %"), "{}", import.stderr);
    assert_eq!(messages(&sandbox), 10);
    sandbox.stdout_of(&["import", &cut, "--force-deletions"]);
    assert_eq!(messages(&sandbox), 5);
}
