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
    let sandbox = Sandbox::with_file();
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

#[test]
fn the_reports_of_the_demo_read_like_this_in_korean() {
    let sandbox = Sandbox::with_file();
    sandbox.stdout_of(&["demo", "--no-serve", "--json"]);
    let guide = "title = '시작하기'\nintro = '처음 오신 분이 먼저 읽을 내용입니다.'\n\
        [[step]]\ntitle = '설치'\nwords = ['설치', 'install*', 'model*']\nmost = 3\n\
        [[step]]\ntitle = '그 밖에'\nwords = ['기타']\n";
    sandbox.write("data/rules/guides/start.toml", guide);
    let korean = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        let output = command.env("HARVESTER__SITE__LANGUAGE", "ko").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let briefing = korean(&[&["report", "briefing"][..], &MONTH[..4]].concat());
    insta::assert_snapshot!("briefing_ko", steady(&briefing));
    let triage = ["report", "triage", "--days", "31", "--until", "2025-01-31"];
    insta::assert_snapshot!("triage_ko", korean(&triage));
    let json = korean(&[&["report", "briefing"][..], &MONTH[..]].concat());
    let json = serde_json::from_str::<serde_json::Value>(&json).unwrap();
    assert_eq!(json["figures"][0]["label"], "올라온 질문");
    let json = korean(&[&triage[..], &["--json"]].concat());
    assert!(json.contains("\"next_step\": \"답하거나 재현할"), "{json}");
    let html = korean(&[&["report", "briefing", "--format", "html"][..], &MONTH[..4]].concat());
    assert!(html.contains("<html lang=\"ko\">") && html.contains("도와주는 사람들"), "{html}");
    let guide = sandbox.stdout_of(&["guide", "시작하기"]);
    insta::assert_snapshot!("guide_ko", guide);
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
