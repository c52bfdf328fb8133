//! What must not be kept is not kept; what must not be published is refused.

use std::path::Path;

use crate::exports::{Talk, asked_three_times, write};
use crate::sandbox::Sandbox;

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

/// Secrets as people paste them into questions, answers and forwards.
const SECRETS: [&str; 5] = [
    concat!("ghp_", "0123456789abcdefABCDEF0123456789abcd"),
    "first.last@some-provider.net",
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    concat!("MTIzNDU2Nzg5MDEyMzQ1Njc4", ".GxYz12.", "abcdefghijklmnopqrstuvwxyz0123456789AB"),
    "hunter2-but-longer",
];

fn talk_with_secrets() -> Talk {
    let [token, address, words, bot, password] = SECRETS;
    let answer = format!(
        "Delete the folder `data/index`, log in with `postgres://bot:{password}@db/agent`, set \
         `TOKEN={bot}` and restart the agent; write to {address} if it does not help."
    );
    let mut talk = asked_three_times(&answer);
    talk.say(21, None, &format!("my token is {token} does it work?"), None);
    talk.say(22, None, &format!("is this a good seed phrase: {words}"), None);
    talk.say(22, None, words, None);
    talk.forward(23, &format!("this one was {token}, write to {address}"));
    talk
}

#[test]
fn secrets_never_reach_the_disk_the_log_or_the_terminal() {
    let sandbox = Sandbox::new();
    sandbox.settle_in();
    let file = write(&sandbox.path("help.json"), &talk_with_secrets().export());
    let commands: [&[&str]; 8] = [
        &["import", file.to_str().unwrap()],
        &["status", "--json"],
        &["clusters", "--all", "--json"],
        &["search", "token", "seed", "reset", "vector", "index"],
        &["draft", "--json"],
        &["propose", "--dry-run"],
        &["propose"],
        &["doctor"],
    ];
    for command in commands {
        let output = sandbox.command(command).env("RUST_LOG", "trace").output().unwrap();
        assert!(output.status.success(), "{command:?}");
        for output in [output.stdout, output.stderr] {
            let output = String::from_utf8(output).unwrap();
            let leaked = SECRETS.iter().find(|secret| output.contains(**secret));
            assert_eq!(leaked, None, "printed by {command:?}");
        }
        assert_eq!(holding(&sandbox.data(), &SECRETS), Vec::<String>::new(), "after {command:?}");
    }
    assert!(sandbox.stdout_of(&["search", "vector index"]).contains("[redacted: e-mail address]"));
}

#[test]
fn nothing_that_people_say_is_logged() {
    let sandbox = Sandbox::new();
    let mut talk = Talk::in_channel(5);
    talk.resolved(11, "How do I tame the zorblattification?", "Unplug the quuxinator first.");
    let file = write(&sandbox.path("help.json"), &talk.export());
    let import = sandbox
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

/// What no page may hold unless it is listed, why, and the list of facts.toml that allows it.
const UNLISTED: [(&str, &str, &str); 5] = [
    ("0x52908400098527886E0F7030069857D2E4169EE7", "a contract address", "addresses"),
    ("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU", "a contract address", "addresses"),
    ("https://discord.gg/abcDEF12", "an invite", "invites"),
    ("https://bit.ly/3abcdEf", "a shortened link", "links"),
    ("https://ko-fi.com/somebody", "a payment link", "links"),
];

#[test]
fn only_what_people_listed_may_stand_in_the_docs() {
    for (value, why, list) in UNLISTED {
        let sandbox = Sandbox::new();
        sandbox.settle_in();
        let answer = format!("Send the reset request to {value} and restart the agent afterwards.");
        let export = asked_three_times(&answer).export();
        assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &export)).code, 0);
        let said = sandbox.stdout_of(&["propose"]);
        for part in ["rejected", why, "facts.toml"] {
            assert!(said.contains(part), "{part} is not printed of {value}: {said}");
        }
        assert_eq!(sandbox.branches(), []);
        // Nothing was proposed, so that the folder may not be there.
        let proposals = sandbox.path("data/proposals");
        assert!(!proposals.exists() || holding(&proposals, &[value]).is_empty(), "{value}");

        let listed = value.trim_start_matches("https://");
        sandbox.write("data/rules/facts.toml", &format!("{list} = ['{listed}']\n"));
        assert!(sandbox.stdout_of(&["propose"]).contains("opened"), "{value}");
        assert_eq!(sandbox.branches().len(), 1);
    }
}

#[test]
fn private_talk_is_not_read() {
    let sandbox = Sandbox::new();
    let mut export = asked_three_times("Restart it.").export();
    export["channel"]["type"] = "DirectTextChat".into();
    let ran = sandbox.import(&write(&sandbox.path("direct.json"), &export));
    assert!(ran.stdout.contains("out of scope"), "{}", ran.stdout);
    assert_eq!(sandbox.json(&["status", "--json"])["messages"], 0);
}

#[test]
fn excluded_channels_are_not_read() {
    let sandbox = Sandbox::new();
    sandbox.settle_in();
    sandbox.write("data/rules/scope.toml", "[channels]\nexclude = ['help-*']\n");
    let export = asked_three_times("Restart it.").export();
    let ran = sandbox.import(&write(&sandbox.path("help.json"), &export));
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("out of scope"), "{}", ran.stdout);
    assert_eq!(sandbox.json(&["status", "--json"])["messages"], 0);
    assert_eq!(holding(&sandbox.data(), &["reset the vector index"]), Vec::<String>::new());
}
