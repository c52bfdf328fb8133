//! From an empty directory to settings, by flags and by answers.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use tests::harness::discord::FakeDiscord;

use crate::exports::{asked_three_times, write};
use crate::live::discord_fixture::Scene;
use crate::world::{Ran, World};

const ANSWER: &str = "Delete the folder `data/index` and restart the agent.";

impl World {
    /// Runs `init` as an operator of this fake server would, with the token in the environment.
    fn init_live(&self, discord: &FakeDiscord, token: &str, more: &[&str]) -> Ran {
        let arguments = ["init", "--yes", "--source", "live", "--listen", "127.0.0.1:0"];
        let mut command = self.command(&[&arguments[..], more].concat());
        command.env("HARVESTER__DISCORD__TOKEN", token);
        command.env("HARVESTER__DISCORD__API_URL", discord.url());
        Ran::of(command.output().unwrap())
    }

    /// Runs a command that reads these lines.
    fn answering(&self, arguments: &[&str], lines: &str) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        Ran::of(child.wait_with_output().unwrap())
    }
}

#[test]
fn exports_lead_to_a_first_proposal() {
    let world = World::new();
    let docs = world.path("data/docs.git");
    let said = world.well(&[
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
        let mode = world.data().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let export = write(&world.path("help.json"), &asked_three_times(ANSWER).export());
    assert_eq!(world.import(&export).code, 0);
    assert!(world.well(&["propose"]).contains("opened"));
    assert_eq!(world.branches().len(), 1);
    let again = world.run(&["init", "--yes"]);
    assert_eq!(again.code, 1);
    assert!(again.complained.contains("exists and is not changed"), "{}", again.complained);
}

#[test]
fn a_live_server_is_looked_at_and_then_read() {
    let scene = Scene::new();
    let (discord, world) = (&scene.discord, World::new());
    scene.solve(scene.help, scene.asker, "How do I glaze a bowl twice?", "Wait a day between.");
    let ran = world.init_live(
        discord,
        discord.token(),
        &["--consent", "server-public", "--trust", "Helper"],
    );
    assert_eq!(ran.code, 0, "{}", ran.complained);
    for part in ["Message Content Intent is enabled", "Server Pottery", "#help", "run"] {
        assert!(ran.said.contains(part), "{part} is not in\n{}", ran.said);
    }
    assert!(!ran.said.contains(discord.token()), "the token is printed");
    let mode = world.data().join("token").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut daemon = world.start();
    daemon.settled(1);
    assert!(world.finds("glaze a bowl twice", "Wait a day"));
    daemon.stop();
    let unknown = World::new().init_live(discord, discord.token(), &["--trust", "Wizard"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.complained.contains("the server has: Helper"), "{}", unknown.complained);
}

#[test]
fn a_token_that_is_none_is_refused_before_anything_is_written() {
    let discord = FakeDiscord::start();
    for (token, code, part) in [
        ("another.token.entirely", 78, "Bot page"),
        ("123456789012345678", 1, "application or server id"),
    ] {
        let world = World::new();
        let ran = world.init_live(&discord, token, &[]);
        assert_eq!(ran.code, code, "{}", ran.complained);
        assert!(ran.complained.contains(part), "{}", ran.complained);
        assert!(!ran.complained.contains(token), "the token is printed");
        assert!(!world.data().exists());
    }
    let ran = World::new().run(&["init", "--yes", "--source", "live"]);
    assert_eq!(ran.code, 2);
    assert!(ran.complained.contains("--token-file"), "{}", ran.complained);
}

#[test]
fn every_question_can_be_answered_and_says_what_follows() {
    let world = World::new();
    let ran = world.answering(&["init"], "1\nask\nHelper, Moderator\n1\n\n");
    assert_eq!(ran.code, 0, "{}", ran.complained);
    for part in ["nothing is quoted or drafted", "needs no token", "What may be quoted"] {
        assert!(ran.complained.contains(part), "{part} is not in\n{}", ran.complained);
    }
    let scope = std::fs::read_to_string(world.data().join("rules/scope.toml")).unwrap();
    assert!(scope.contains("\nmode = \"ask\"\n"), "{scope}");
    assert!(scope.contains("roles = [\"Helper\", \"Moderator\"]"), "{scope}");
    let shown = world.well(&["config", "show"]);
    for part in ["rules.directory            \"rules\"  (settings file)", "(flag)", "scope.toml"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let unanswered = World::new().answering(&["init"], "1\n");
    assert_eq!(unanswered.code, 2, "{}", unanswered.complained);
}

#[test]
fn the_example_of_the_settings_loads() {
    let world = World::new();
    let example = world.well(&["config", "example"]);
    let file = world.write("example.toml", &example);
    let shown = world.json(&["config", "show", "--json", "--config", file.to_str().unwrap()]);
    let set = shown["settings"].as_array().unwrap();
    assert!(set.iter().all(|one| one["origin"] == "default"), "{shown:#}");
}
