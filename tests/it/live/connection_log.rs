//! What the log says when a daemon cannot do its work.

use tests::harness::discord::{FakeDiscord, Rebuff};

use super::daemon::Daemon;
use super::discord_fixture::Scene;
use crate::world::World;

impl Daemon<'_> {
    /// Waits until the log holds these words.
    fn says(&mut self, world: &World, words: &str) {
        let log = world.path("daemon.log");
        self.wait_until(words, |_| std::fs::read_to_string(&log).unwrap().contains(words));
    }
}

#[test]
fn a_bot_without_a_server_says_how_to_invite_it() {
    let discord = FakeDiscord::start();
    let world = World::new();
    world.point_at(&discord, "");
    let mut daemon = world.start();
    let invitation = format!("oauth2/authorize?client_id={}&scope=bot", discord.bot());
    daemon.says(&world, &invitation);
    daemon.stop();
}

#[test]
fn an_unknown_server_id_is_named_beside_the_known_ones() {
    let scene = Scene::new();
    let world = World::new();
    world.point_at(&scene.discord, "guilds = ['42']");
    let mut daemon = world.start();
    daemon.says(&world, &format!("names 42, but the bot is only in {}", scene.guild));
    daemon.stop();
}

#[test]
fn a_session_that_does_not_start_is_reported() {
    let discord = FakeDiscord::start();
    discord.guild("Pottery");
    discord.at_identify(Rebuff::Invalid(false), u32::MAX);
    let world = World::new();
    world.point_at(&discord, "");
    let mut daemon = world.start();
    daemon.says(&world, "not connected to Discord yet");
    daemon.stop();
}

#[test]
fn a_gateway_that_cannot_be_reached_differs_from_discord_being_down() {
    let scene = Scene::new();
    scene.discord.refuse_connections(true);
    let world = World::new();
    world.point_at(&scene.discord, "");
    let mut daemon = world.start();
    daemon.says(&world, "no connection to its gateway can be opened");
    scene.discord.refuse_connections(false);
    daemon.says(&world, "connected to Discord; the bot is in 1 server(s)");
    daemon.stop();
}

#[test]
fn a_second_daemon_stands_by_and_takes_over() {
    let scene = Scene::new();
    let world = World::new();
    world.point_at(&scene.discord, "");
    let mut first = world.start();
    first.settled(1);
    let mut second = world.start();
    second.says(&world, "standing by: another process is connected to Discord");
    first.stop();
    second.says(&world, "took over the connection to Discord");
    second.stop();
}
