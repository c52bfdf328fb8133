//! What the doctor says of set-ups that are broken in one way each.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::exports::{Talk, asked_three_times, write};
use crate::live::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

const RULES: &str = "[rules]\ndirectory = 'rules'\n";
const SCOPE: &str = "[trust]\nroles = ['Helper']\n[consent]\nmode = 'server-public'\n";

/// An installation with a token, beside the server that it reads.
struct CheckedInstallation {
    discord: DiscordFixture,
    sandbox: Sandbox,
}

impl CheckedInstallation {
    fn healthy() -> Self {
        let installation = Self { discord: DiscordFixture::new(), sandbox: Sandbox::new() };
        installation.scope(SCOPE);
        installation.token(installation.discord.discord.token());
        installation.settings("");
        let export = asked_three_times("Delete data/index and start again.").export();
        assert_eq!(
            installation.sandbox.import(&write(&installation.sandbox.path("e.json"), &export)).code,
            0
        );
        installation
    }

    fn scope(&self, text: &str) {
        self.sandbox.write("data/rules/scope.toml", text);
    }

    fn token(&self, token: &str) {
        let file = self.sandbox.write("data/token", token);
        std::fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
    }

    /// The settings with these lines after those of Discord.
    fn settings(&self, more: &str) {
        let api_url = self.discord.discord.url();
        let discord = format!("[discord]\ntoken_file = 'token'\napi_url = '{api_url}'\n");
        self.sandbox.write("data/harvester.toml", &format!("{RULES}{discord}{more}"));
    }

    /// What is not in order, a line each, without what differs from run to run.
    fn findings(&self) -> String {
        let ran = self.sandbox.run(&["doctor", "--json"]);
        let findings = serde_json::from_str::<Value>(&ran.stdout).unwrap();
        let mut text = String::new();
        for one in findings.as_array().unwrap() {
            let field = |name: &str| one[name].as_str().unwrap().to_owned();
            // How full the disk of the machine is, is not the story's.
            if field("level") != "ok" && field("what") != "disk space" {
                let says = field("says").replace('\n', " ");
                // How far the clock is behind grows shorter every minute.
                let is_count = |word: &str| field("what") == "clock" && word.parse::<u64>().is_ok();
                let says = says.split(' ').map(|word| if is_count(word) { "N" } else { word });
                let says = says.collect::<Vec<_>>().join(" ");
                writeln!(text, "  {}: {}: {says}", field("level"), field("what")).unwrap();
            }
        }
        let is_wrong = text.contains("  wrong: ");
        assert_eq!(ran.code, i32::from(is_wrong), "{text}");
        let folder = self.sandbox.data().display().to_string();
        text.replace(&folder, "DATA").replace(&self.discord.discord.url(), "DISCORD")
    }
}

/// What is broken, and how.
type BrokenSetup = (&'static str, fn(&CheckedInstallation));

const BROKEN: [BrokenSetup; 16] = [
    ("nothing", |_| {}),
    ("no consent is chosen", |all| all.scope("[trust]\nroles = ['Helper']\n")),
    ("nobody has the trusted role", |all| {
        all.scope("[trust]\nroles = ['Wizard']\n[consent]\nmode = 'server-public'\n");
    }),
    ("a pattern matches no channel", |all| {
        all.scope(&format!("[channels]\ninclude = ['support-*']\n{SCOPE}"));
    }),
    ("the token is refused", |all| all.token("another.token.entirely")),
    ("the intent is missing", |all| {
        all.discord.discord.spoil_state(|state| state.message_content = false);
    }),
    ("the bot is in no server", |all| all.discord.discord.lose_guild(all.discord.guild, false)),
    ("a server is named where the bot is not", |all| {
        let text = std::fs::read_to_string(all.sandbox.path("data/harvester.toml")).unwrap();
        all.sandbox.write("data/harvester.toml", &format!("{text}guilds = ['5']\n"));
    }),
    ("nobody may read the channel", |all| all.discord.discord.hide(all.discord.help)),
    ("others may read the token", |all| {
        let file = all.sandbox.path("data/token");
        std::fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
    }),
    ("no account is set for GitHub", |all| all.settings("[forge]\ngithub = 'harbor/docs'\n")),
    ("the repository is not there yet", |all| all.settings("[forge]\nrepository = 'docs.git'\n")),
    ("the site is reached unencrypted", |all| {
        all.settings("[site]\nurl = 'http://answers.example.org'\n");
    }),
    ("the site is open without a proxy", |all| all.settings("[site]\nlisten = '0.0.0.0:80'\n")),
    ("the index is of another version", |all| {
        all.sandbox.write("data/index/meta.json", "{\"version\":0}");
    }),
    ("the clock is behind", |all| {
        let mut talk = Talk::in_channel(20_000);
        talk.resolved(7, "How do I fire a kiln twice?", "Wait until it is cold.");
        let file = write(&all.sandbox.path("later.json"), &talk.export());
        assert_eq!(all.sandbox.import(&file).code, 0);
    }),
];

#[test]
fn each_broken_set_up_has_its_level_and_advice() {
    let mut text = String::new();
    for (what, break_it) in BROKEN {
        let installation = CheckedInstallation::healthy();
        break_it(&installation);
        writeln!(text, "{what}\n{}", installation.findings()).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_mistake_in_the_settings_is_named_with_its_file_and_key() {
    let sandbox = Sandbox::new();
    sandbox.write("data/harvester.toml", "[site]\nlistens = '127.0.0.1:80'\n");
    let ran = sandbox.run(&["doctor"]);
    assert_eq!(ran.code, 1);
    for part in ["wrong", "harvester.toml", "listens"] {
        assert!(ran.stdout.contains(part), "{part} is not in\n{}", ran.stdout);
    }
}
