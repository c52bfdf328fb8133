//! From an empty directory to settings, by flags and by answers.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use tests::harness::discord::FakeDiscord;

use crate::exports::{asked_three_times, write};
use crate::live::discord_fixture::DiscordFixture;
use crate::sandbox::{CommandOutput, Sandbox};

const ANSWER: &str = "Delete the folder `data/index` and restart the agent.";

impl Sandbox {
    /// Runs `init` as an operator of this fake server would, with the token in the environment.
    fn init_live(&self, discord: &FakeDiscord, token: &str, more: &[&str]) -> CommandOutput {
        let arguments = ["init", "--yes", "--source", "live", "--listen", "127.0.0.1:0"];
        let mut command = self.command(&[&arguments[..], more].concat());
        command.env("HARVESTER__DISCORD__TOKEN", token);
        command.env("HARVESTER__DISCORD__API_URL", discord.url());
        CommandOutput::of(command.output().unwrap())
    }

    /// Runs a command that reads these lines.
    fn answering(&self, arguments: &[&str], lines: &str) -> CommandOutput {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        CommandOutput::of(child.wait_with_output().unwrap())
    }
}

#[test]
fn exports_lead_to_a_first_proposal() {
    let sandbox = Sandbox::new();
    let docs = sandbox.path("data/docs.git");
    let said = sandbox.stdout_of(&[
        "init",
        "--yes",
        "--source",
        "exports",
        "--consent",
        "server-public",
        "--trust",
        "Helper",
        "--docs",
        docs.to_str().unwrap(),
    ]);
    assert!(said.contains("import PATH") && said.contains("--data"), "{said}");
    for name in ["harvester.toml", "rules/scope.toml"] {
        let mode = sandbox.data().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let export = write(&sandbox.path("help.json"), &asked_three_times(ANSWER).export());
    assert_eq!(sandbox.import(&export).code, 0);
    assert!(sandbox.stdout_of(&["propose"]).contains("opened"));
    assert_eq!(sandbox.branches().len(), 1);
    let again = sandbox.run(&["init", "--yes"]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("exists and is not changed"), "{}", again.stderr);
}

#[test]
fn a_live_server_is_looked_at_and_then_read() {
    let fixture = DiscordFixture::new();
    let (discord, sandbox) = (&fixture.discord, Sandbox::new());
    fixture.solve(
        fixture.help,
        fixture.asker,
        "How do I glaze a bowl twice?",
        "Wait a day between.",
    );
    let ran = sandbox.init_live(
        discord,
        discord.token(),
        &["--consent", "server-public", "--trust", "Helper"],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for part in ["Message Content Intent is enabled", "Server Pottery", "#help", "run"] {
        assert!(ran.stdout.contains(part), "{part} is not in\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains(discord.token()), "the token is printed");
    let mode = sandbox.data().join("token").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut daemon = sandbox.start();
    daemon.settled(1);
    assert!(sandbox.finds("glaze a bowl twice", "Wait a day"));
    assert!(sandbox.get("/?q=glaze+a+bowl+twice").contains("Wait a day between."));
    let found = sandbox.get("/api/v1/search?q=glaze+a+bowl+twice");
    assert!(found.contains("Wait a day between."), "{found}");
    daemon.stop();
    let unknown = Sandbox::new().init_live(discord, discord.token(), &["--trust", "Wizard"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.stderr.contains("the server has: Helper"), "{}", unknown.stderr);
}

#[test]
fn a_token_that_is_none_is_refused_before_anything_is_written() {
    let discord = FakeDiscord::start();
    for (token, code, part) in [
        ("another.token.entirely", 78, "Bot page"),
        ("123456789012345678", 1, "application or server id"),
    ] {
        let sandbox = Sandbox::new();
        let ran = sandbox.init_live(&discord, token, &[]);
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
        assert!(!ran.stderr.contains(token), "the token is printed");
        assert!(!sandbox.data().exists());
    }
    let ran = Sandbox::new().run(&["init", "--yes", "--source", "live"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--token-file"), "{}", ran.stderr);
}

#[test]
fn every_question_can_be_answered_and_says_what_follows() {
    let sandbox = Sandbox::new();
    let ran = sandbox.answering(&["init"], "1\nask\nHelper, Moderator\n1\n\n");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for part in ["nothing is quoted or drafted", "needs no token", "What may be quoted"] {
        assert!(ran.stderr.contains(part), "{part} is not in\n{}", ran.stderr);
    }
    let scope = std::fs::read_to_string(sandbox.data().join("rules/scope.toml")).unwrap();
    assert!(scope.contains("\nmode = \"ask\"\n"), "{scope}");
    assert!(scope.contains("roles = [\"Helper\", \"Moderator\"]"), "{scope}");
    let shown = sandbox.stdout_of(&["config", "show"]);
    for part in ["rules.directory            \"rules\"  (settings file)", "(flag)", "scope.toml"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let unanswered = Sandbox::new().answering(&["init"], "1\n");
    assert_eq!(unanswered.code, 2, "{}", unanswered.stderr);
}

#[test]
fn the_example_of_the_settings_loads() {
    let sandbox = Sandbox::new();
    let example = sandbox.stdout_of(&["config", "example"]);
    let file = sandbox.write("example.toml", &example);
    let shown = sandbox.json(&["config", "show", "--json", "--config", file.to_str().unwrap()]);
    let set = shown["settings"].as_array().unwrap();
    assert!(set.iter().all(|one| one["origin"] == "default"), "{shown:#}");
}
