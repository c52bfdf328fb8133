//! The program and GitHub: what it finds wrong, what it would send, and what the daemon does by itself.

use std::time::Duration;

use serde_json::Value;
use tests::harness::github::{FakeGitHub, How, Issue, Role, Rules};

use crate::exports::{asked_three_times, write};
use crate::live::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

const DOCS: &str = "harbor/docs";
const ANSWER: &str = "Delete the folder `data/index` and restart the agent; it builds it again.";
const SECRET: &str = "listen-well";
/// Two writes are a second apart when they are sent; on the way they may come a little closer.
const BETWEEN_WRITES: Duration = Duration::from_millis(900);

/// A repository with a MkDocs site, a writer, and the token of the account that proposes.
fn github() -> (FakeGitHub, String) {
    let github = FakeGitHub::start();
    let files = [
        ("mkdocs.yml", "site_name: Harbor\nnav:\n  - Start: index.md\n"),
        ("docs/index.md", "# Start\n"),
    ];
    github.repo(DOCS, &files);
    github.member(DOCS, "mina", Role::Write);
    github.member(DOCS, "harvester-app", Role::Write);
    let token = github.personal_token("harvester-app", &[]);
    (github, token)
}

fn settings(github: &FakeGitHub, token: &str) -> String {
    format!(
        "[forge]\ngithub = '{DOCS}'\napi_url = '{}'\ntoken = '{token}'\nwebhook_secret = '{SECRET}'\n",
        github.url()
    )
}

/// A sandbox in which a question was resolved three times.
fn due(github: &FakeGitHub, token: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.settle_in();
    let settings = format!("[rules]\ndirectory = 'rules'\n{}", settings(github, token));
    sandbox.write("data/harvester.toml", &settings);
    let talk = asked_three_times(ANSWER);
    assert_eq!(sandbox.import(&write(&sandbox.path("help.json"), &talk.export())).code, 0);
    sandbox
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let (github, token) = github();
    let sandbox = due(&github, &token);
    let ran = sandbox.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    for part in [
        "go to harbor/docs on GitHub",
        "proposals are opened by harvester-app",
        "harbor/docs is writable",
        "main is not protected",
        "add a ruleset",
        "found a site built by MkDocs: pages go into docs/answers, listed in mkdocs.yml",
    ] {
        assert!(ran.stdout.contains(part), "{part} is not in:\n{}", ran.stdout);
    }
    let rules = Rules { approvals: Some(1), ..Rules::default() };
    github.protect(DOCS, "main", rules);
    assert_eq!(sandbox.run(&["doctor"]).code, 0, "{}", sandbox.run(&["doctor"]).stdout);

    let signed = Rules { signed_commits: true, ..rules };
    github.protect(DOCS, "main", signed);
    let said = sandbox.run(&["doctor"]).stdout;
    assert!(said.contains("main requires signed commits"), "{said}");
    let weak = github.personal_token("sol", &[("metadata", "read"), ("contents", "read")]);
    sandbox.write("data/harvester.toml", &settings(&github, &weak));
    let ran = sandbox.run(&["doctor"]);
    assert!(ran.code == 1 && ran.stdout.contains("Contents"), "{}", ran.stdout);
    sandbox.write("data/harvester.toml", &settings(&github, "made-up"));
    let ran = sandbox.run(&["doctor"]);
    assert!(ran.code == 1 && ran.stdout.contains("create a new one"), "{}", ran.stdout);
    assert_eq!(github.pulls(DOCS).len(), 0);
}

#[test]
fn a_dry_run_prints_what_would_be_sent_and_sends_nothing() {
    let (github, token) = github();
    let sandbox = due(&github, &token);
    let said = sandbox.stdout_of(&["propose", "--dry-run"]);
    for part in ["the pull request with the settings comes first", "answer-harvester.yml"] {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
    assert_eq!(github.writes(), 0);

    sandbox.stdout_of(&["propose"]);
    let number = github.pulls(DOCS)[0].number;
    github.acting("mina", DOCS).merge(number, How::Squash);
    github.forget_requests();
    let rehearsed = sandbox.json(&["propose", "--dry-run", "--json"]);
    assert_eq!(github.writes(), 0);
    let sent = &rehearsed["questions"][0]["sent"];
    sandbox.stdout_of(&["propose"]);
    let pull = github.pulls(DOCS).remove(1);
    assert_eq!(sent["pull_request"]["title"], pull.title);
    let without_head = |body: &str| {
        let (first, rest) = body.split_once('\n').unwrap();
        let fields = first
            .split(' ')
            .filter(|field| !field.starts_with("head=") && !field.starts_with("rev="));
        (fields.map(str::to_owned).collect::<Vec<_>>(), rest.to_owned())
    };
    let rehearsed_body = sent["pull_request"]["body"].as_str().unwrap();
    let rehearsed_body = rehearsed_body.replace("head=(the new commit)", "head=x");
    assert_eq!(without_head(&rehearsed_body), without_head(&pull.body));
    for (path, text) in sent["files"].as_object().unwrap() {
        let there = github.file(DOCS, pull.branch(), path);
        assert_eq!(there.as_deref(), text.as_str(), "{path}");
    }
    let commits = github.commits(DOCS, pull.branch());
    assert_eq!(sent["commit_message"], commits.last().unwrap().message);
    let listed = sandbox.json(&["proposals", "--json"]);
    assert_eq!((&listed[1]["state"], &listed[1]["clock"]), (&"open".into(), &"met".into()));
    github.assert_no_surprises();
}

#[test]
fn the_daemon_proposes_by_itself_and_hears_of_a_merge() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, .. } = &fixture;
    for (name, question) in [
        ("asta", "How do I reset the vector index after changing the embedding model?"),
        ("bero", "How can I reset the vector index after I change the embedding model?"),
        ("cora", "How do I reset the vector index when the embedding model changes?"),
    ] {
        discord.advance(Duration::from_secs(3_600));
        fixture.solve(*help, discord.person(*guild, name), question, ANSWER);
    }
    let (github, token) = github();
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let before = std::fs::read_to_string(sandbox.path("data/harvester.toml")).unwrap();
    sandbox.write("data/harvester.toml", &format!("{before}{}", settings(&github, &token)));
    let mut daemon = sandbox.start();
    daemon.settled(1);
    let ready = |one: &Issue, branch: &str| {
        one.pull.is_some() && one.branch().starts_with(branch) && !one.is_draft()
    };
    github.wait_until("the settings are proposed", |state| {
        state.repo(DOCS).issues.values().any(|one| ready(one, "answers/configure"))
    });
    let site = sandbox.site();
    github.webhooks_to(&format!("http://{site}/webhooks/github"), SECRET);
    let mina = github.acting("mina", DOCS);
    mina.merge(github.pulls(DOCS)[0].number, How::Squash);
    github.wait_until("the page is proposed and ready", |state| {
        state.repo(DOCS).issues.values().any(|one| ready(one, "answers/q"))
    });
    let number = github.pulls(DOCS)[1].number;
    mina.merge(number, How::Squash);
    let known = |status: &Value| status["clusters_by_state"]["known"] == 1;
    daemon.wait_until("the answer is known", known);
    let last = github.deliveries().last().unwrap().id;
    github.deliver_forged(last);
    let answers = github.deliveries().into_iter().find(|one| one.id == last).unwrap().answers;
    assert_eq!(answers.last(), Some(&401));
    daemon.stop();
    let writes = github.requests().into_iter().filter(|asked| asked.is_write());
    let times = writes.map(|asked| asked.at).collect::<Vec<_>>();
    let near = times.windows(2).filter(|two| two[1] - two[0] < BETWEEN_WRITES).count();
    assert_eq!(near, 0, "writes came too fast: {times:?}");
    github.assert_no_surprises();
    discord.assert_no_surprises();
}
