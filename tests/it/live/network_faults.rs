//! Discord in bad weather: refusals, silence, and more at once than can be stored.

use std::time::Duration;

use jiff::SignedDuration;
use rules::time;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tests::harness::discord::{ChannelId, Contact, Fault, Post};

use super::discord_fixture::{DiscordFixture, catch_ups_done, pulse};
use crate::sandbox::Sandbox;
use crate::server_store;

/// A month ago: beyond what is compared again at every start.
const LONG_AGO: SignedDuration = time::days(30);
/// Where pages of messages come from.
const PAGES: &str = "/channels/*/messages";
/// More deletions than may wait to be stored.
const BURST: u64 = 13_000;

/// Lines that somebody said in a channel long ago.
fn talk(fixture: &DiscordFixture, channel: ChannelId, lines: i64) {
    let begun = fixture.discord.now() - LONG_AGO;
    fixture.discord.without_events(|discord| {
        for line in 0..lines {
            let post = Post::new(channel, fixture.asker, &format!("line {line}"));
            discord.send(post.at(begun + SignedDuration::from_mins(line)));
        }
    });
}

fn pages_of(channel: ChannelId) -> String {
    format!("/channels/{channel}/messages")
}

fn messages(status: &Value) -> u64 {
    status["messages"].as_u64().unwrap()
}

#[test]
fn refusals_lose_nothing_and_are_not_asked_for() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    let wheel = discord.channel(fixture.guild, "wheel");
    talk(&fixture, fixture.help, 250);
    talk(&fixture, wheel, 120);
    let weather = [
        (Fault::RateLimited(0.3), 2),
        (Fault::GlobalLimit(0.5), 1),
        (Fault::Cloudflare, 2),
        (Fault::Status(502), 1),
        (Fault::Garbage, 1),
    ];
    weather.iter().for_each(|(fault, times)| discord.fault(*fault, "GET", PAGES, *times));
    discord.fault(Fault::Garbage, "GET", "/applications/@me", 1);
    discord.rate_limit(5, Duration::from_millis(500));
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    discord.wait_until("it listens", |state| state.hub.connected() == 1);
    discord.post(wheel, fixture.asker, "Is anybody at the wheel?");
    fixture.at_hand(&mut daemon);
    daemon.wait_until("nothing is lost", |status| messages(status) == 371);
    daemon.stop();

    assert_eq!(discord.invalid_requests(), 5, "only those of the weather were refused");
    let asked = discord.requests();
    let refused = asked.iter().position(|one| one.status == 429 && one.path.ends_with("messages"));
    let [first, second, global] = [0, 1, 2].map(|later| {
        let mut all = asked.iter().enumerate().skip(refused.unwrap());
        all.by_ref().filter(|(_, one)| one.status == 429).nth(later).unwrap().0
    });
    for (at, wait, path) in [(first, 0.3, PAGES), (second, 0.3, PAGES), (global, 0.5, "*")] {
        let same = |path_of: &str| path == "*" || path_of == asked[at].path;
        let next = asked[at + 1..].iter().find(|one| same(&one.path)).unwrap();
        let waited = next.at - asked[at].at;
        assert!(waited >= Duration::from_secs_f64(wait), "{path} was asked after {waited:?}");
    }
    discord.assert_no_surprises();
}

#[test]
fn a_stop_amid_a_history_that_does_not_come_is_quick_and_the_next_start_goes_on() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    let wheel = discord.channel(fixture.guild, "wheel");
    talk(&fixture, fixture.help, 250);
    talk(&fixture, wheel, 120);
    discord.fault(Fault::Stall, "GET", &pages_of(wheel), usize::MAX);
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    daemon.wait_until("one page is read, and the next does not come", |status| {
        messages(status) == 100
    });
    discord.post(fixture.help, fixture.asker, "Is anybody at the wheel?");
    daemon.wait_until("what happens live is not held up", |status| messages(status) == 101);
    daemon.stop();

    discord.clear_faults();
    let mut daemon = sandbox.start();
    daemon.settled(1);
    let status = daemon.wait_until("all is read", |status| messages(status) == 371);
    assert_eq!(status["live"]["channels_backfilling"], 0);
    // The newest page, one after it, and two of what came before.
    let read = discord.count("GET", &pages_of(fixture.help));
    assert!((3..=5).contains(&read), "{read} pages: what was read is not read again");
    daemon.stop();
    discord.assert_no_surprises();
}

#[test]
fn a_connection_that_died_without_a_word_is_noticed_and_loses_nothing() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    discord.heartbeat_every(Duration::from_millis(500));
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    daemon.settled(1);
    discord.post(fixture.help, fixture.asker, "Can you hear me?");
    daemon.wait_until("it hears", |status| messages(status) == 1);

    discord.zombie(true);
    discord.post(fixture.help, fixture.asker, "And now?");
    discord.wait_until("the silence is noticed", |state| {
        state.hub.count(|contact| matches!(contact, Contact::Left { .. })) == 1
    });
    discord.zombie(false);
    discord.post(fixture.help, fixture.helper, "Yes, again.");
    daemon.wait_until("nothing is lost", |status| messages(status) == 3);
    assert!(discord.look(|state| state.hub.identifies()) <= 2, "one session was lost");
    daemon.stop();
    discord.assert_no_surprises();
}

/// People are answered although Discord fails some requests.
#[test]
fn a_failed_request_that_somebody_waits_for_is_sent_again() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, help, asker, .. } = &fixture;
    let solved = fixture.solve(*help, *asker, "Why does my kiln whistle?", "Oil the damper.");
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);

    let reply = "/webhooks/*/messages/@original";
    for (fault, method, path) in [
        (Fault::RateLimited(0.3), "POST", "/interactions/*/callback"),
        (Fault::Status(502), "POST", "/interactions/*/callback"),
        (Fault::GlobalLimit(0.3), "PATCH", reply),
        (Fault::Status(503), "PATCH", reply),
        (Fault::Status(502), "PUT", "/channels/*/reactions/*"),
    ] {
        discord.fault(fault, method, path, 1);
    }
    let marked = discord.reply(discord.menu(*asker, *help, solved.answer, "Mark as answer"));
    assert!(marked.text.starts_with("Marked as the answer"), "{marked:?}");
    assert!(!marked.text.contains("may not react"), "{marked:?}");
    daemon.wait_until("it is marked once", |status| status["live"]["marks"] == 1);
    daemon.stop();
    assert_eq!(discord.invalid_requests(), 2);
    discord.assert_no_surprises();
}

/// A connection that holds the store for writing until it closes.
enum Writing {
    File(SqliteConnection),
    Server(PgConnection),
}

impl Writing {
    async fn begin(sandbox: &Sandbox) -> Self {
        if let Some(url) = sandbox.store_url() {
            return Self::Server(server_store::hold(&url).await);
        }
        let file = sandbox.path("data/store.sqlite");
        let mut store = SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut store).await.unwrap();
        Self::File(store)
    }

    async fn end(self) {
        match self {
            Self::File(store) => store.close().await.unwrap(),
            Self::Server(store) => store.close().await.unwrap(),
        }
    }
}

#[test]
fn more_amid_the_history_than_can_wait_is_read_again_and_nothing_is_lost() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, asker, .. } = &fixture;
    let wheel = discord.channel(*guild, "wheel");
    talk(&fixture, *help, 50);
    talk(&fixture, wheel, 250);
    discord.fault(Fault::Stall, "GET", &pages_of(wheel), usize::MAX);
    discord.leave_events_unchecked();
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    daemon.wait_until("history is being read", |status| messages(status) == 50);
    let read = discord.count("GET", &pages_of(*help));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let writing = runtime.block_on(Writing::begin(&sandbox));
    for nothing in 1..=BURST {
        let d = json!({ "id": nothing.to_string(), "channel_id": wheel, "guild_id": guild });
        discord.emit_raw(*guild, "MESSAGE_DELETE", d);
    }
    for line in 0..20 {
        discord.post(*help, *asker, &format!("line {line}"));
    }
    let last = discord.post(*help, *asker, "Is it over?");
    // Of a change that says nothing more it asks at once what there is now.
    let d = json!({ "id": last, "channel_id": help, "guild_id": guild });
    discord.emit_raw(*guild, "MESSAGE_UPDATE", d);
    let path = format!("/channels/{help}/messages/{last}");
    discord.wait_until("all of it is heard", |state| {
        state.log.requests.iter().any(|one| one.path == path)
    });
    runtime.block_on(writing.end());
    discord.clear_faults();

    let status = daemon.wait_until("nothing is lost", |status| {
        messages(status) == 321
            && catch_ups_done(status) >= 2
            && status["live"]["channels_gapped"] == 0
            && status["behind"] == false
    });
    let stored = status["live"]["messages_deleted"].as_u64().unwrap();
    assert!(stored < BURST, "there was room for all {stored} deletions");
    assert_eq!(pulse(&status)["discord"]["gateway"]["lost_by_full_queue"], 0);
    assert!(discord.count("GET", &pages_of(*help)) > read, "what was lost is read");
    daemon.stop();
    discord.assert_no_surprises();
}
