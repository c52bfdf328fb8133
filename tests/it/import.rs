//! The same history gives the same state, whichever way it comes.

use std::io::{BufRead, BufReader};

use serde_json::Value;

use crate::exports::{bundled, part, write};
use crate::world::World;

/// Real talk, short enough for a test in a debug build.
fn talk() -> Value {
    part(&bundled("demo-eliza/coders.json"), 0..400)
}

fn whole() -> (World, (String, String)) {
    let world = World::new();
    let file = write(&world.path("coders.json"), &talk());
    assert_eq!(world.import(&file).code, 0);
    let state = world.state();
    (world, state)
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.roll(at + 1));
        }
    }
}

#[test]
fn importing_twice_changes_nothing_and_says_so() {
    let (world, state) = whole();
    let again = world.import(&world.path("coders.json"));
    assert_eq!(again.code, 0);
    assert!(again.said.contains("Nothing new: all 400 messages"), "{}", again.said);
    assert_eq!(world.state(), state);
}

#[test]
fn a_reversed_export_gives_the_same_state() {
    let (_, state) = whole();
    let world = World::new();
    let export = talk();
    let count = export["messages"].as_array().unwrap().len();
    let file = write(&world.path("reversed.json"), &part(&export, (0..count).rev()));
    assert_eq!(world.import(&file).code, 0);
    assert_eq!(world.state(), state);
}

#[test]
fn partitions_in_any_order_give_the_same_state() {
    let (_, state) = whole();
    let export = talk();
    let mut dice = Dice(7);
    let world = World::new();
    let mut parts = (0..5)
        .map(|number| {
            let name = format!("parts/coders [part {}].json", number + 1);
            write(&world.path(&name), &part(&export, number * 80..(number + 1) * 80))
        })
        .collect::<Vec<_>>();
    dice.shuffle(&mut parts);
    for file in &parts {
        assert_eq!(world.import(file).code, 0);
    }
    assert_eq!(world.state(), state);

    let together = World::new();
    assert_eq!(together.import(&world.path("parts")).code, 0);
    assert_eq!(together.state(), state);
}

#[test]
fn interleaved_partitions_give_the_same_state() {
    let (_, state) = whole();
    let export = talk();
    let world = World::new();
    for offset in [2, 0, 1] {
        let file = write(
            &world.path(&format!("every-third-{offset}.json")),
            &part(&export, (offset..400).step_by(3)),
        );
        assert_eq!(world.import(&file).code, 0);
    }
    assert_eq!(world.state(), state);
}

#[test]
fn kills_lose_and_double_nothing() {
    let export = bundled("demo-eliza/coders.json");
    let calm = World::new();
    let file = write(&calm.path("coders.json"), &export);
    assert_eq!(calm.import(&file).code, 0);
    let state = calm.state();

    let world = World::new();
    let file = write(&world.path("coders.json"), &export);
    let mut dice = Dice(42);
    for _ in 0..10 {
        let mut child = world.start(&["import", file.to_str().unwrap()]);
        busy_wait(&mut dice);
        // A process that ended before is no less of a case.
        let _ = child.kill();
        child.wait().unwrap();
    }
    assert_eq!(world.import(&file).code, 0);
    assert_eq!(world.state(), state);
}

/// Lets another process run for a moment that differs from call to call: as long as some work takes
/// here, so that slow machines kill no earlier than fast ones.
fn busy_wait(dice: &mut Dice) {
    let mut work = 0_u64;
    for step in 0..(1 + dice.roll(40)) as u64 * 1_000_000 {
        work = std::hint::black_box(work.wrapping_mul(31).wrapping_add(step));
    }
}

#[test]
fn a_truncated_export_keeps_what_came_before_and_mends() {
    let world = World::new();
    let text = serde_json::to_string_pretty(&talk()).unwrap();
    let at = text.len() * 2 / 3;
    let cut = (at..).find(|at| text.is_char_boundary(*at)).unwrap();
    let file = world.write("coders.json", &text[..cut]);
    let ran = world.import(&file);
    assert_eq!(ran.code, 1);
    assert!(
        ran.complained.contains("coders.json") && ran.complained.contains(&format!("byte {cut}")),
        "{}",
        ran.complained
    );
    let kept = world.json(&["status", "--json"])["messages"].as_u64().unwrap();
    assert!((200..400).contains(&kept), "{kept}");

    world.write("coders.json", &text);
    assert_eq!(world.import(&file).code, 0);
    assert_eq!(world.state(), whole().1);
}

#[test]
fn a_message_without_an_author_fails_the_import_but_not_the_others() {
    let world = World::new();
    let mut export = talk();
    export["messages"][100].as_object_mut().unwrap().remove("author");
    let ran = world.import(&write(&world.path("coders.json"), &export));
    assert_eq!(ran.code, 1);
    assert!(ran.complained.contains("author"), "{}", ran.complained);
    assert_eq!(world.json(&["status", "--json"])["messages"], 399);
}

#[test]
fn an_unknown_message_type_is_kept_and_counted() {
    let world = World::new();
    let mut export = talk();
    export["messages"][100]["type"] = "4711".into();
    let ran = world.import(&write(&world.path("coders.json"), &export));
    assert_eq!(ran.code, 0);
    assert!(ran.said.contains("4711"), "{}", ran.said);
    assert_eq!(world.json(&["status", "--json"])["messages_by_kind"]["other"], 1);
}

#[test]
fn a_second_process_reads_but_does_not_write() {
    let (world, state) = whole();
    let lock = indexer::store::WriteLock::take(&world.data()).unwrap();
    let ran = world.import(&world.path("coders.json"));
    assert_eq!(ran.code, 1);
    assert!(ran.complained.contains("in use by another harvester process"), "{}", ran.complained);
    assert_eq!(world.state(), state);
    assert!(world.well(&["search", "twitter"]).contains("discord.com"));
    drop(lock);
    assert_eq!(world.import(&world.path("coders.json")).code, 0);
}

#[test]
fn wrong_use_is_told_from_failure() {
    let world = World::new();
    assert_eq!(world.run(&["import"]).code, 2);
    assert_eq!(world.run(&["harvest"]).code, 2);
    assert_eq!(world.run(&["clusters", "show", "not an id"]).code, 2);
    assert_eq!(world.run(&["import", "missing.json"]).code, 1);
    assert_eq!(world.run(&["search", "anything"]).code, 1);
}

#[test]
fn a_reader_that_stops_listening_is_no_error() {
    let (world, _) = whole();
    let mut child = world
        .command(&["clusters", "--all"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    let complained = String::from_utf8(output.stderr).unwrap();
    assert!(!complained.contains("panicked"), "{complained}");
}
