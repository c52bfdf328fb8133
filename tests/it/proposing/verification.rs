//! After a release, what was merged before it is checked again.

use rules::time;
use tests::harness::github::How;

use super::proposal_fixture::{DOCS, ProposalFixture, asked};
use crate::exports::Talk;
use crate::sandbox::Sandbox;
use crate::serve::Served;

/// Where the project is released.
const PROJECT: &str = "harbor/relay";
const HEADING: &str = "Reviewed answers to check again";

/// The answers that have to be checked again, with why.
fn to_verify(sandbox: &Sandbox) -> Vec<(String, String)> {
    let report = sandbox.json(&["report", "verify", "--json"]);
    let due = report["due"].as_array().unwrap().iter();
    let text = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap().to_owned();
    due.map(|one| (text(one, "url"), text(one, "why"))).collect()
}

#[test]
fn a_release_asks_for_another_look_and_a_tick_says_that_the_answer_holds() {
    let mut fixture = ProposalFixture::eager(asked(1));
    fixture.github.set_now(fixture.github.now() - time::days(9));
    fixture.github.repo(PROJECT, &[("README.md", "# Relay\n")]);
    fixture.releases = vec![PROJECT.to_owned(), "harbor/no-such-repository".to_owned()];
    fixture.github.publish_release(PROJECT, "v1.6.0");
    fixture.days(1);
    let notes = fixture.round().notes;
    assert!(notes.contains(&"harbor/relay has released v1.6.0".to_owned()), "{notes:?}");
    let failure = "cannot read the releases of harbor/no-such-repository";
    assert!(notes.iter().any(|note| note.starts_with(failure)), "{notes:?}");
    fixture.mina().merge(fixture.about("vector index").number, How::Squash);
    fixture.days(1);
    fixture.round();
    assert_eq!(to_verify(&fixture.sandbox), []);

    // Neither a trial nor a patch asks for anything.
    fixture.github.publish_release(PROJECT, "v1.7.0-rc.1");
    fixture.github.publish_release(PROJECT, "v1.6.1");
    fixture.days(1);
    fixture.round();
    assert_eq!(to_verify(&fixture.sandbox), []);
    assert!(!fixture.dashboard().contains(HEADING), "{}", fixture.dashboard());

    fixture.github.publish_release(PROJECT, "v1.7.0");
    fixture.days(1);
    fixture.round();
    let why = "confirmed for v1.6.0, not re-checked since v1.7.0";
    let due = to_verify(&fixture.sandbox);
    assert_eq!(due.iter().map(|(_, why)| why.as_str()).collect::<Vec<_>>(), [why]);
    let briefing = fixture.sandbox.stdout_of(&["report", "briefing", "--until", &yesterday()]);
    assert!(briefing.contains(why), "{briefing}");
    let board = fixture.dashboard();
    let listed = board.split_once(HEADING).expect("the dashboard lists it").1;
    let row = listed.lines().find(|line| line.contains(why)).expect("with the reason");
    let page = |words: &str| {
        let served = Served::start(&fixture.sandbox);
        let (status, page) = served.get(&due[0].0);
        assert_eq!(status, 200);
        assert!(page.contains(words), "{words} is not in {page}");
        let (_, json) = served.get(&format!("{}.json", due[0].0));
        json
    };
    let json = page("Confirmed for v1.6.0, not re-checked since v1.7.0");
    assert!(json.contains("\"unchecked_since\":\"v1.7.0\""), "{json}");

    let board = fixture.github.issues(DOCS).first().map(|board| board.number).unwrap();
    fixture.mina().tick(board, &row[6..]);
    fixture.days(1);
    fixture.round();
    assert_eq!(to_verify(&fixture.sandbox), []);
    assert!(!fixture.dashboard().contains(HEADING), "{}", fixture.dashboard());
    let json = page("Confirmed for v1.7.0");
    assert!(json.contains("\"confirmed_for\":\"v1.7.0\""), "{json}");
    fixture.assert_polite();
}

#[test]
fn an_operator_records_a_release_and_checks_an_answer_on_the_command_line() {
    let fixture = ProposalFixture::eager(asked(1));
    fixture.github.set_now(fixture.github.now() - time::days(9));
    fixture.round();
    fixture.mina().merge(fixture.about("vector index").number, How::Squash);
    fixture.days(1);
    fixture.round();
    let sandbox = &fixture.sandbox;
    sandbox.stdout_of(&["release", "v2.0.0"]);
    assert_eq!(sandbox.json(&["release", "--json"]).as_array().unwrap().len(), 1);
    let report = sandbox.json(&["report", "verify", "--json"]);
    assert_eq!(report["due"][0]["why"], "not re-checked since v2.0.0");
    let id = report["due"][0]["id"].as_str().unwrap().to_owned();
    assert!(sandbox.stdout_of(&["report", "verify"]).contains(&id));
    let after = sandbox.json(&["report", "verify", "--checked", &id, "--json"]);
    assert_eq!(after["due"], serde_json::json!([]));
    sandbox.stdout_of(&["release", "v2.0.0", "--forget"]);
    assert_eq!(sandbox.json(&["release", "--json"]), serde_json::json!([]));
    let wrong = sandbox.run(&["release", "latest"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
}

#[test]
fn advice_that_stands_on_an_issue_is_checked_again_when_that_closes() {
    let mut talk = Talk::in_channel(5);
    let answer = "Pin the relay to v1.6.5 in `relay.toml` until #1 is fixed, and restart it.";
    for (asker, question) in [
        (11, "How do I stop the relay from dropping uploads?"),
        (12, "How can I stop the relay from dropping uploads?"),
        (13, "How do I stop the relay dropping uploads?"),
    ] {
        talk.resolved(asker, question, answer);
    }
    let mut fixture = ProposalFixture::eager(talk);
    fixture.github.set_now(fixture.github.now() - time::days(9));
    fixture.github.repo(PROJECT, &[("README.md", "# Relay\n")]);
    fixture.github.member(PROJECT, "mina", tests::harness::github::Role::Write);
    fixture.github.publish_release(PROJECT, "v1.6.5");
    fixture.releases = vec![PROJECT.to_owned()];
    let issue = fixture.github.acting("mina", PROJECT).open_issue("Uploads are dropped", "");
    assert_eq!(issue, 1);
    fixture.days(1);
    fixture.round();
    fixture.mina().merge(fixture.about("dropping uploads").number, How::Squash);
    for _ in 0..2 {
        fixture.days(1);
        fixture.round();
        assert_eq!(to_verify(&fixture.sandbox), []);
    }
    fixture.github.acting("mina", PROJECT).close(issue);
    fixture.days(1);
    let notes = fixture.round().notes;
    assert!(notes.contains(&"harbor/relay#1 is closed".to_owned()), "{notes:?}");
    let due = to_verify(&fixture.sandbox);
    let [(_, why)] = &due[..] else { panic!("{due:?}") };
    assert!(why.starts_with("it holds until harbor/relay#1 is closed"), "{why}");
    let board = fixture.dashboard();
    let row = board.lines().find(|line| line.contains("it holds until")).expect("with the reason");
    let number = fixture.github.issues(DOCS).first().map(|board| board.number).unwrap();
    fixture.mina().tick(number, &row[6..]);
    fixture.days(1);
    fixture.round();
    assert_eq!(to_verify(&fixture.sandbox), [], "a maintainer looked at it");
}

/// The last whole day.
fn yesterday() -> String {
    let now = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    now.strftime("%Y-%m-%d").to_string()
}
