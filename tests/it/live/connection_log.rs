//! What the log says when a daemon cannot do its work.

use tests::harness::discord::{FakeDiscord, Rebuff};

use super::daemon::Daemon;
use super::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

impl Daemon<'_> {
    /// Waits until the log holds these words.
    fn says(&mut self, sandbox: &Sandbox, words: &str) {
        let log = sandbox.path("daemon.log");
        self.wait_until(words, |_| std::fs::read_to_string(&log).unwrap().contains(words));
    }
}

#[test]
fn a_bot_without_a_server_says_how_to_invite_it() {
    let discord = FakeDiscord::start();
    let sandbox = Sandbox::new();
    sandbox.point_at(&discord, "");
    let mut daemon = sandbox.start();
    let invitation = format!("oauth2/authorize?client_id={}&scope=bot", discord.bot());
    daemon.says(&sandbox, &invitation);
    daemon.stop();
}

#[test]
fn an_unknown_server_id_is_named_beside_the_known_ones() {
    let fixture = DiscordFixture::new();
    let sandbox = Sandbox::new();
    sandbox.point_at(&fixture.discord, "guilds = ['42']");
    let mut daemon = sandbox.start();
    daemon.says(&sandbox, &format!("names 42, but the bot is only in {}", fixture.guild));
    daemon.stop();
}

#[test]
fn a_session_that_does_not_start_is_reported() {
    let discord = FakeDiscord::start();
    discord.guild("Pottery");
    discord.at_identify(Rebuff::Invalid(false), u32::MAX);
    let sandbox = Sandbox::new();
    sandbox.point_at(&discord, "");
    let mut daemon = sandbox.start();
    daemon.says(&sandbox, "not connected to Discord yet");
    daemon.stop();
}

#[test]
fn a_gateway_that_cannot_be_reached_differs_from_discord_being_down() {
    let fixture = DiscordFixture::new();
    fixture.discord.refuse_connections(true);
    let sandbox = Sandbox::new();
    sandbox.point_at(&fixture.discord, "");
    let mut daemon = sandbox.start();
    daemon.says(&sandbox, "no connection to its gateway can be opened");
    fixture.discord.refuse_connections(false);
    daemon.says(&sandbox, "connected to Discord; the bot is in 1 server(s)");
    daemon.stop();
}

#[test]
fn a_second_daemon_stands_by_and_takes_over() {
    let fixture = DiscordFixture::new();
    let sandbox = Sandbox::new();
    sandbox.point_at(&fixture.discord, "");
    let mut first = sandbox.start();
    first.settled(1);
    let mut second = sandbox.start();
    second.says(&sandbox, "standing by: another process is connected to Discord");
    first.stop();
    second.says(&sandbox, "took over the connection to Discord");
    second.stop();
}
