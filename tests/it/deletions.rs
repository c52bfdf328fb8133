//! Deletion for operators who only have exports.

use serde_json::{Value, json};

use crate::exports::{Talk, asked_three_times, part, write};
use crate::world::World;

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

fn messages(world: &World) -> u64 {
    world.json(&["status", "--json"])["messages"].as_u64().unwrap()
}

#[test]
fn a_newer_whole_export_deletes_what_it_lacks() {
    let (talk, all, later) = talk_and_later();
    let count = talk.ids().len() as u64;
    for newer_first in [false, true] {
        let world = World::new();
        world.settle_in();
        let [older, newer] = [("all.json", &all), ("later.json", &later)]
            .map(|(name, export)| write(&world.path(name), export).display().to_string());
        let order = if newer_first { [&newer, &older] } else { [&older, &newer] };
        world.well(&["import", order[0]]);
        let import = world.run(&["import", order[1]]);
        assert!(
            import.complained.contains("1 of 10 stored messages are missing"),
            "{}",
            import.complained
        );
        assert_eq!(messages(&world), count, "nobody agreed");
        let output = world.well(&["import", order[1], "--accept-deletions"]);
        assert!(output.contains("Deleted 1 message(s)"), "{output}");
        assert_eq!(messages(&world), count - 1);
        world.well(&["import", &older, "--accept-deletions"]);
        assert_eq!(messages(&world), count - 1, "an older export brings nothing back");
    }
}

#[test]
fn a_truncated_export_deletes_nothing_unless_forced() {
    let (talk, all, _) = talk_and_later();
    let world = World::new();
    world.settle_in();
    let all = write(&world.path("all.json"), &all).display().to_string();
    world.well(&["import", &all]);
    let cut = exported(part(&talk.export(), 0..5), 3);
    let cut = write(&world.path("cut.json"), &cut).display().to_string();
    let import = world.run(&["import", &cut, "--accept-deletions"]);
    assert!(
        import.code == 1 && import.complained.contains("more than 20 %"),
        "{}",
        import.complained
    );
    assert_eq!(messages(&world), 10);
    world.well(&["import", &cut, "--force-deletions"]);
    assert_eq!(messages(&world), 5);
}
