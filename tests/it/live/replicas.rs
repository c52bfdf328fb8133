//! Processes with data directories of their own, as on several machines, beside one PostgreSQL server. Nothing is asked
//! where `HARVESTER_TEST_STORE` names no server, or PostgreSQL is not installed.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::harness::discord::FakeDiscord;
use tests::harness::postgres::PostgresServer;

use super::catching_up::state;
use super::daemon::Daemon;
use super::discord_fixture::{DiscordFixture, Solved};
use super::roles::{has_caught_up, shares, with_role};
use crate::sandbox::Sandbox;

/// How long something may take that processes do by themselves.
const PATIENCE: Duration = Duration::from_secs(60);
const WORD: &str = "quetzalcoatlus";
const RARE: [&str; 2] =
    ["Why does my quetzalcoatlus crack?", "Dry the figure for two days before firing."];
const TEAPOT: [&str; 2] =
    ["How do I glaze the inside of a teapot?", "Pour the glaze in, turn it, and pour it out."];
const WHEEL: [&str; 2] = ["Why does my wheel wobble?", "Shim the bearing on the left."];

pub(super) fn server() -> Option<PostgresServer> {
    std::env::var_os("HARVESTER_TEST_STORE").and_then(|_| PostgresServer::start())
}

/// A data directory of its own, and the process that runs there.
pub(super) struct Machine {
    pub(super) sandbox: Sandbox,
}

impl Machine {
    pub(super) fn new(server: &PostgresServer, discord: &FakeDiscord) -> Self {
        Self::of(Sandbox::on(&server.url()), discord)
    }

    pub(super) fn of(sandbox: Sandbox, discord: &FakeDiscord) -> Self {
        sandbox.point_at(discord, "");
        Self { sandbox }
    }

    pub(super) fn run(&self, roles: &str) -> Daemon<'_> {
        self.sandbox.start_only(roles, "daemon")
    }

    /// The response of its site.
    fn get(&self, path: &str) -> String {
        let host = self.sandbox.site();
        let mut stream = TcpStream::connect(&host).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Waits until a search on its site finds the word, or until it finds it no more.
    #[track_caller]
    fn wait_until(&self, finds: bool, word: &str) {
        let begun = Instant::now();
        loop {
            let found = self.get(&format!("/api/v1/search?q={word}"));
            if found.starts_with("HTTP/1.1 200") && found_title(&found, word) == finds {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "never: {word}\n{found}\n{}", daemon_log(self));
        }
    }
}

/// A question and its answer, on a day of their own.
pub(super) fn solve(fixture: &DiscordFixture, [question, answer]: [&str; 2]) -> Solved {
    fixture.discord.advance(Duration::from_secs(86_400));
    fixture.solve(fixture.help, fixture.asker, question, answer)
}

/// The state that one process comes to that reads everything now.
pub(super) fn alone(discord: &FakeDiscord) -> crate::sandbox::State {
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    daemon.settled(1);
    daemon.stop();
    state(&sandbox)
}

#[test]
fn every_replica_follows_and_forgets_on_its_own() {
    let Some(server) = server() else { return };
    let fixture = DiscordFixture::new();
    let machine = || Machine::new(&server, &fixture.discord);
    let (gateway, judge, replicas) = (machine(), machine(), [machine(), machine()]);
    let mut listening = gateway.run("gateway");
    let judging = judge.run("judge");
    let mut serving = replicas.each_ref().map(|replica| replica.run("site"));
    let solved = solve(&fixture, RARE);
    solve(&fixture, TEAPOT);
    listening.wait_until("both are judged", |status| {
        has_caught_up(status, 1) && status["conversations_by_status"]["resolved"] == 2
    });
    for (replica, daemon) in replicas.iter().zip(&mut serving) {
        daemon.wait_until("it serves", |_| daemon_log(replica).contains("serving on http://"));
        replica.wait_until(true, WORD);
    }
    assert!(!judge.sandbox.path("data/index").exists(), "who only judges needs no index");

    let DiscordFixture { discord, help, .. } = &fixture;
    for message in [solved.question, solved.answer, solved.thanks] {
        discord.delete(*help, message);
    }
    for (replica, daemon) in replicas.iter().zip(&mut serving) {
        replica.wait_until(false, WORD);
        daemon.forgets(&replica.sandbox, &[WORD], &[solved.question.0]);
    }
    replicas.iter().for_each(|replica| replica.wait_until(true, "teapot"));
    listening.wait_until("all is judged", |status| status["behind"] == false);
    listening.stop();
    judging.stop();
    serving.into_iter().for_each(Daemon::stop);
    assert_eq!(state(&replicas[0].sandbox), alone(discord));
    discord.assert_no_surprises();
}

/// Whether a title of the results has the word.
fn found_title(response: &str, word: &str) -> bool {
    response.lines().any(|line| line.contains("\"title\":") && line.contains(word))
}

pub(super) fn daemon_log(machine: &Machine) -> String {
    std::fs::read_to_string(machine.sandbox.path("daemon.log")).unwrap()
}

#[test]
fn a_judge_on_another_machine_takes_over_from_one_that_is_paused() {
    let Some(server) = server() else { return };
    let fixture = DiscordFixture::new();
    let machine = || Machine::new(&server, &fixture.discord);
    let (gateway, one, two) = (machine(), machine(), machine());
    let mut listening = gateway.run("gateway");
    let mut paused = one.run("judge");
    paused.wait_until("the first has everything", |status| shares(status) == [64]);
    let mut other = two.run("judge");
    listening.wait_until("they share", |status| shares(status) == [32, 32]);
    paused.signal("-STOP");
    solve(&fixture, TEAPOT);
    solve(&fixture, RARE);
    listening.wait_until("the other takes over", |status| {
        status["conversations_by_status"]["resolved"] == 2
            && status["behind"] == false
            && with_role(status, "judge").any(|one| one["leads"] == true)
    });
    paused.signal("-CONT");
    let lost = "to another process; what was not stored is left to it";
    paused.wait_until("it notices", |_| daemon_log(&one).matches(lost).count() == 1);
    other.wait_until("they share again", |status| shares(status) == [32, 32]);
    listening.stop();
    paused.stop();
    other.stop();
    assert_eq!(state(&gateway.sandbox), alone(&fixture.discord));
    fixture.discord.assert_no_surprises();
}

#[test]
fn a_restart_of_the_database_and_cut_connections_lose_nothing() {
    let Some(server) = server() else { return };
    let fixture = DiscordFixture::new();
    let machine = || Machine::new(&server, &fixture.discord);
    let (work, site) = (machine(), machine());
    let mut working = work.run("gateway,judge");
    let mut serving = site.run("site");
    solve(&fixture, TEAPOT);
    let resolved = |status: &Value, count: u64| {
        status["conversations_by_status"]["resolved"] == count && status["behind"] == false
    };
    working.wait_until("the first is judged", |status| {
        has_caught_up(status, 1) && resolved(status, 1)
    });
    serving.wait_until("it serves", |_| daemon_log(&site).contains("serving on http://"));
    server.cut_connections();
    solve(&fixture, WHEEL);
    working.wait_until("what comes then is judged", |status| resolved(status, 2));
    server.stop();
    solve(&fixture, RARE);
    server.resume();
    working.wait_until("what came meanwhile is judged", |status| resolved(status, 3));
    site.wait_until(true, WORD);
    working.stop();
    serving.stop();
    assert_eq!(state(&site.sandbox), alone(&fixture.discord));
    fixture.discord.assert_no_surprises();
}
