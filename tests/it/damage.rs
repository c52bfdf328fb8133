//! Export files that are cut short, malformed, or something else.

use serde_json::{Value, json};

use crate::exports::{bundled, part, write};
use crate::sandbox::{Sandbox, State};

const MESSAGES: usize = 200;

fn talk() -> Value {
    part(&bundled("demo-eliza/coders.json"), 0..MESSAGES)
}

fn whole() -> State {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.import(&write(&sandbox.path("coders.json"), &talk())).code, 0);
    sandbox.state()
}

fn kept(sandbox: &Sandbox) -> Value {
    sandbox.json(&["status", "--json"])["messages"].clone()
}

#[test]
fn a_truncated_export_keeps_what_came_before_and_mends() {
    let whole = whole();
    let text = serde_json::to_string_pretty(&talk()).unwrap();
    for cut in [text.len() / 3, text.len() * 2 / 3, text.len() - 2] {
        let sandbox = Sandbox::new();
        let file = sandbox.path("coders.json");
        std::fs::write(&file, &text.as_bytes()[..cut]).unwrap();
        let ran = sandbox.import(&file);
        assert_eq!(ran.code, 1);
        for part in ["coders.json", &format!("byte {cut}")] {
            assert!(ran.stderr.contains(part), "{part} is not in {}", ran.stderr);
        }
        let before = String::from_utf8_lossy(&text.as_bytes()[..cut]);
        assert_eq!(kept(&sandbox), before.matches("\n    }").count(), "cut at byte {cut}");

        std::fs::write(&file, &text).unwrap();
        assert_eq!(sandbox.import(&file).code, 0);
        assert_eq!(sandbox.state(), whole, "cut at byte {cut}");
    }
}

#[test]
fn garbage_in_the_middle_keeps_what_came_before_and_mends() {
    let sandbox = Sandbox::new();
    let text = serde_json::to_string_pretty(&talk()).unwrap();
    let middle = (text.len() / 2..).find(|at| text.is_char_boundary(*at)).unwrap();
    let at = middle + text[middle..].find("\"content\":").unwrap();
    let file = sandbox.write("coders.json", &format!("{}<<oops>>{}", &text[..at], &text[at..]));
    let ran = sandbox.import(&file);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains(&format!("byte {at}")), "{at}: {}", ran.stderr);
    assert_eq!(kept(&sandbox), text[..at].matches("\n    }").count());

    sandbox.write("coders.json", &text);
    assert_eq!(sandbox.import(&file).code, 0);
    assert_eq!(sandbox.state(), whole());
}

#[test]
fn malformed_messages_are_reported_and_the_others_kept() {
    let sandbox = Sandbox::new();
    let mut export = talk();
    export["messages"][50].as_object_mut().unwrap().remove("author");
    export["messages"][60]["id"] = "12x4".into();
    export["messages"][70]["timestamp"] = "yesterday".into();
    export["messages"][80]["content"] = json!({ "text": "hello" });
    export["messages"][90] = "not a message".into();
    let ran = sandbox.import(&write(&sandbox.path("coders.json"), &export));
    assert_eq!(ran.code, 1);
    for field in ["author", "id", "timestamp", "content", "not an object"] {
        assert!(ran.stderr.contains(field), "{field} is not in {}", ran.stderr);
    }
    let reported = ran.stderr.matches("coders.json: the message at byte ").count();
    assert_eq!(reported, 5, "{}", ran.stderr);
    assert_eq!(kept(&sandbox), MESSAGES - 5);

    assert_eq!(sandbox.import(&write(&sandbox.path("coders.json"), &talk())).code, 0);
    assert_eq!(sandbox.state(), whole());
}

#[test]
fn one_broken_file_does_not_keep_the_others_out() {
    let sandbox = Sandbox::new();
    let text = serde_json::to_string_pretty(&bundled("demo-ubuntu/support.json")).unwrap();
    sandbox.write("exports/a.json", &text[..text.len() / 100]);
    write(&sandbox.path("exports/b.json"), &talk());
    let ran = sandbox.import(&sandbox.path("exports"));
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("a.json") && !ran.stderr.contains("b.json"));
    assert!(kept(&sandbox).as_u64().unwrap() > MESSAGES as u64);
}

#[test]
fn another_kind_of_file_is_an_error_and_no_empty_report() {
    for text in ["", "[]", "{}", "{\"messages\": []}", "<html></html>"] {
        let sandbox = Sandbox::new();
        let ran = sandbox.import(&sandbox.write("other.json", text));
        assert_eq!(ran.code, 1, "{text:?}: {}", ran.stdout);
        assert!(ran.stderr.contains("other.json"), "{text:?}: {}", ran.stderr);
    }
}

#[test]
fn an_unknown_message_type_is_kept_and_counted() {
    let sandbox = Sandbox::new();
    let mut export = talk();
    export["messages"][100]["type"] = "4711".into();
    let ran = sandbox.import(&write(&sandbox.path("coders.json"), &export));
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("4711"), "{}", ran.stdout);
    assert_eq!(sandbox.json(&["status", "--json"])["messages_by_kind"]["other"], 1);
}

/// The first thing that a newcomer with a wrong file meets: what is wrong with it, and what to do.
#[test]
fn odd_inputs_keep_their_error_texts() {
    const NO_EXPORT: &str = "is not a DiscordChatExporter JSON export: ";
    let no_channel = "{\"guild\": {\"id\": \"1\"}, \"messages\": []}";
    let deep = format!("{{\"x\": {}", "[".repeat(2_000));
    for (name, text, expected) in [
        (
            "empty.json",
            "",
            "the file is empty. No message before it was imported; export the channel again and \
             import that file too, no message is stored twice",
        ),
        ("list.json", "[]", "it does not begin with `{`"),
        ("page.json", "<html></html>", "it does not begin with `{`"),
        ("object.json", "{}", "it has no `messages`"),
        ("settings.json", "{\"a\": 1}", "it has no `messages`"),
        ("channel.json", no_channel, "`guild` and `channel` do not come before `messages`"),
        ("deep.json", &deep, "deep.json"),
    ] {
        let sandbox = Sandbox::new();
        let ran = sandbox.import(&sandbox.write(name, text));
        assert_eq!(ran.code, 1, "{name}: {}", ran.stdout);
        let kind = if expected.starts_with("it ") { NO_EXPORT } else { name };
        for part in [name, kind, expected] {
            assert!(ran.stderr.contains(part), "{part} is not in {}", ran.stderr);
        }
    }
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path("nothing-here")).unwrap();
    let ran = sandbox.import(&sandbox.path("nothing-here"));
    let expected = format!("nothing-here {NO_EXPORT}the folder holds no `.json` file that is one");
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    let ran = sandbox.import(&sandbox.path("missing.json"));
    assert!(ran.stderr.contains("error: cannot open "), "{}", ran.stderr);
    assert_eq!(ran.code, 1);
}
