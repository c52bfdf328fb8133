//! Export files that are cut short, malformed, or something else.

use serde_json::{Value, json};

use crate::exports::{bundled, part, write};
use crate::world::{State, World};

const MESSAGES: usize = 200;

fn talk() -> Value {
    part(&bundled("demo-eliza/coders.json"), 0..MESSAGES)
}

fn whole() -> State {
    let world = World::new();
    assert_eq!(world.import(&write(&world.path("coders.json"), &talk())).code, 0);
    world.state()
}

fn kept(world: &World) -> Value {
    world.json(&["status", "--json"])["messages"].clone()
}

#[test]
fn a_truncated_export_keeps_what_came_before_and_mends() {
    let whole = whole();
    let text = serde_json::to_string_pretty(&talk()).unwrap();
    for cut in [text.len() / 3, text.len() * 2 / 3, text.len() - 2] {
        let world = World::new();
        let file = world.path("coders.json");
        std::fs::write(&file, &text.as_bytes()[..cut]).unwrap();
        let ran = world.import(&file);
        assert_eq!(ran.code, 1);
        for part in ["coders.json", &format!("byte {cut}")] {
            assert!(ran.complained.contains(part), "{part} is not in {}", ran.complained);
        }
        let before = String::from_utf8_lossy(&text.as_bytes()[..cut]);
        assert_eq!(kept(&world), before.matches("\n    }").count(), "cut at byte {cut}");

        std::fs::write(&file, &text).unwrap();
        assert_eq!(world.import(&file).code, 0);
        assert_eq!(world.state(), whole, "cut at byte {cut}");
    }
}

#[test]
fn garbage_in_the_middle_keeps_what_came_before_and_mends() {
    let world = World::new();
    let text = serde_json::to_string_pretty(&talk()).unwrap();
    let middle = (text.len() / 2..).find(|at| text.is_char_boundary(*at)).unwrap();
    let at = middle + text[middle..].find("\"content\":").unwrap();
    let file = world.write("coders.json", &format!("{}<<oops>>{}", &text[..at], &text[at..]));
    let ran = world.import(&file);
    assert_eq!(ran.code, 1);
    assert!(ran.complained.contains(&format!("byte {at}")), "{at}: {}", ran.complained);
    assert_eq!(kept(&world), text[..at].matches("\n    }").count());

    world.write("coders.json", &text);
    assert_eq!(world.import(&file).code, 0);
    assert_eq!(world.state(), whole());
}

#[test]
fn malformed_messages_are_told_and_the_others_kept() {
    let world = World::new();
    let mut export = talk();
    export["messages"][50].as_object_mut().unwrap().remove("author");
    export["messages"][60]["id"] = "12x4".into();
    export["messages"][70]["timestamp"] = "yesterday".into();
    export["messages"][80]["content"] = json!({ "text": "hello" });
    export["messages"][90] = "not a message".into();
    let ran = world.import(&write(&world.path("coders.json"), &export));
    assert_eq!(ran.code, 1);
    for field in ["author", "id", "timestamp", "content", "not an object"] {
        assert!(ran.complained.contains(field), "{field} is not in {}", ran.complained);
    }
    let told = ran.complained.matches("coders.json: the message at byte ").count();
    assert_eq!(told, 5, "{}", ran.complained);
    assert_eq!(kept(&world), MESSAGES - 5);

    assert_eq!(world.import(&write(&world.path("coders.json"), &talk())).code, 0);
    assert_eq!(world.state(), whole());
}

#[test]
fn one_broken_file_does_not_keep_the_others_out() {
    let world = World::new();
    let text = serde_json::to_string_pretty(&bundled("demo-ubuntu/support.json")).unwrap();
    world.write("exports/a.json", &text[..text.len() / 100]);
    write(&world.path("exports/b.json"), &talk());
    let ran = world.import(&world.path("exports"));
    assert_eq!(ran.code, 1);
    assert!(ran.complained.contains("a.json") && !ran.complained.contains("b.json"));
    assert!(kept(&world).as_u64().unwrap() > MESSAGES as u64);
}

#[test]
fn another_kind_of_file_is_an_error_and_no_empty_report() {
    for text in ["", "[]", "{}", "{\"messages\": []}", "<html></html>"] {
        let world = World::new();
        let ran = world.import(&world.write("other.json", text));
        assert_eq!(ran.code, 1, "{text:?}: {}", ran.said);
        assert!(ran.complained.contains("other.json"), "{text:?}: {}", ran.complained);
    }
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

/// The first thing that a newcomer with a wrong file meets: what is wrong, where, and what to do.
#[test]
fn odd_inputs_keep_their_error_texts() {
    let deep = format!("{{\"guild\": {}{}}}", "[".repeat(2_000), "]".repeat(2_000));
    let mut cut = serde_json::to_string_pretty(&talk()).unwrap();
    cut.truncate(3_000);
    let inputs = [
        ("empty.json", String::new()),
        ("list.json", "[]".to_owned()),
        ("object.json", "{}".to_owned()),
        ("no-channel.json", "{\"guild\": {\"id\": \"1\"}, \"messages\": []}".to_owned()),
        ("page.json", "<html></html>".to_owned()),
        ("deep.json", deep),
        ("cut.json", cut),
        ("binary.json", "\u{0}\u{1}\u{2}".to_owned()),
    ];
    let mut told = String::new();
    for (name, text) in inputs {
        let world = World::new();
        told.push_str(&complaint(&world, &world.write(name, &text)));
    }
    let world = World::new();
    std::fs::create_dir_all(world.path("nothing-here")).unwrap();
    told.push_str(&complaint(&world, &world.path("nothing-here")));
    told.push_str(&complaint(&world, &world.path("missing.json")));
    insta::assert_snapshot!(told);
}

/// What importing a path says, without where the test runs.
fn complaint(world: &World, path: &std::path::Path) -> String {
    let ran = world.import(path);
    let folder = world.path("").display().to_string();
    let said = format!("{}{}", ran.said, ran.complained).replace(&folder, "");
    format!("{} -> {}\n{said}\n", path.file_name().unwrap().display(), ran.code)
}
