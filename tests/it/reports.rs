//! Reports of the demo: read aloud, and counted again without the program.

mod labelled;

use regex::Regex;

use crate::sandbox::Sandbox;

/// A report without what differs from run to run: the names of helpers, which follow the salt of each data
/// directory, and the day of counting.
fn steady(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, instead) in [
        (r"[a-z]+\\?-[a-z]+\\?-\d{1,3}: ", "somebody: "),
        (r#""name": "[a-z]+-[a-z]+-\d{1,3}""#, r#""name": "somebody""#),
        (r#""as_of": "[0-9-]+""#, r#""as_of": "today""#),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, instead).into_owned();
    }
    text
}

const MONTH: [&str; 5] = ["--period", "month", "--until", "2025-01-31", "--json"];

#[test]
fn the_reports_of_the_demo_read_like_this_and_add_up() {
    let sandbox = Sandbox::new();
    sandbox.stdout_of(&["demo", "--no-serve", "--json"]);
    let briefing = sandbox.stdout_of(&[&["report", "briefing"][..], &MONTH[..4]].concat());
    insta::assert_snapshot!("briefing", steady(&briefing));
    let briefing = sandbox.stdout_of(&[&["report", "briefing"][..], &MONTH[..]].concat());
    insta::assert_snapshot!("briefing_json", steady(&briefing));
    let triage = ["report", "triage", "--days", "31", "--until", "2025-01-31"];
    insta::assert_snapshot!("triage", sandbox.stdout_of(&triage));
    let triage = sandbox.stdout_of(&[&triage[..], &["--json"]].concat());
    insta::assert_snapshot!("triage_json", triage);
    let html =
        sandbox.stdout_of(&[&["report", "briefing", "--format", "html"][..], &MONTH[..4]].concat());
    assert!(html.starts_with("<!doctype html>") && html.matches("data:image/svg").count() == 2);
    assert_adds_up(&sandbox);
}

/// Each number is the length of its list, and days add up to the week: nothing is counted twice, or not at all.
fn assert_adds_up(sandbox: &Sandbox) {
    const WEEK: [&str; 5] = ["--period", "week", "--until", "2025-01-19", "--json"];
    let week = sandbox.json(&[&["report", "briefing"][..], &WEEK[..]].concat());
    let mut days = [0; 4];
    for day in 13..=19 {
        let day = format!("2025-01-{day:02}");
        let report =
            sandbox.json(&["report", "briefing", "--period", "day", "--until", &day, "--json"]);
        for (sum, key) in days.iter_mut().zip(["asked", "answered", "confirmed", "open"]) {
            *sum += report["questions"][key].as_u64().unwrap();
        }
    }
    for (sum, key) in days.iter().zip(["asked", "answered", "confirmed", "open"]) {
        assert_eq!(week["questions"][key], *sum, "{key}");
        let list = [&["report", "questions", "--list", key][..], &WEEK[..]].concat();
        assert_eq!(sandbox.json(&list)["total"], *sum, "{key}");
    }
    // The exports end on different days, so that some channels fall silent; their counts agree.
    let status = sandbox.json(&["status", "--json"]);
    let mut alarms = status["health"]["alarms"].as_array().unwrap().iter();
    assert!(alarms.all(|alarm| alarm["kind"] != "contradiction"), "{status}");
}
