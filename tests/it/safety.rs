//! What must not be kept is not kept; what must not be published is refused.

use std::path::Path;

use crate::exports::{Talk, asked_three_times, write};
use crate::world::World;

/// Every file below a folder that holds one of the texts, in the clear.
fn holding(folder: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, texts));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for text in texts {
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(format!("{text} in {}", path.display()));
            }
        }
    }
    found
}

#[test]
fn secrets_never_reach_the_disk_or_the_log() {
    let world = World::new();
    let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let secrets =
        ["ghp_0123456789abcdefABCDEF0123456789abcd", "first.last@some-provider.net", words];
    let mut talk = Talk::in_channel(5);
    talk.say(11, None, &format!("my token is {} does it work?", secrets[0]), None);
    talk.say(12, None, &format!("write me at {}", secrets[1]), None);
    talk.say(11, None, &format!("seed phrase: {words}"), None);
    let file = write(&world.path("help.json"), &talk.export());
    let import = world
        .command(&["import", file.to_str().unwrap()])
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    assert!(import.status.success());
    world.well(&["search", "token"]);
    assert_eq!(holding(&world.data(), &secrets), Vec::<String>::new());
    let log = String::from_utf8_lossy(&import.stderr);
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn nothing_that_people_say_is_logged() {
    let world = World::new();
    let mut talk = Talk::in_channel(5);
    talk.resolved(11, "How do I tame the zorblattification?", "Unplug the quuxinator first.");
    let file = write(&world.path("help.json"), &talk.export());
    let import = world
        .command(&["import", file.to_str().unwrap()])
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&import.stderr).to_lowercase();
    assert!(
        import.status.success() && !log.contains("zorblatt") && !log.contains("quuxinator"),
        "{log}"
    );
}

#[test]
fn an_address_that_nobody_listed_keeps_an_answer_off_the_docs() {
    for unlisted in [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "https://discord.gg/abcDEF12",
        "https://bit.ly/3abcdEf",
    ] {
        let world = World::new();
        world.settle_in();
        let answer =
            format!("Send the reset request to {unlisted} and restart the agent afterwards.");
        let export = asked_three_times(&answer).export();
        assert_eq!(world.import(&write(&world.path("help.json"), &export)).code, 0);
        let said = world.well(&["propose"]);
        assert!(said.contains("refused") && said.contains("facts.toml"), "{unlisted}: {said}");
        assert_eq!(world.branches(), []);
    }
}

#[test]
fn an_address_that_people_listed_may_be_published() {
    let world = World::new();
    world.settle_in();
    let address = "0x52908400098527886E0F7030069857D2E4169EE7";
    world.write("data/rules/facts.toml", &format!("addresses = ['{address}']\n"));
    let answer = format!("Send the reset request to {address} and restart the agent afterwards.");
    let export = asked_three_times(&answer).export();
    assert_eq!(world.import(&write(&world.path("help.json"), &export)).code, 0);
    assert!(world.well(&["propose"]).contains("opened"));
}

#[test]
fn private_talk_is_not_read() {
    let world = World::new();
    let mut export = asked_three_times("Restart it.").export();
    export["channel"]["type"] = "DirectTextChat".into();
    let ran = world.import(&write(&world.path("direct.json"), &export));
    assert!(ran.said.contains("out of scope"), "{}", ran.said);
    assert_eq!(world.json(&["status", "--json"])["messages"], 0);
}
