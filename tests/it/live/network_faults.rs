//! Discord in bad weather: refusals, silence, and more at once than can be stored.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tests::harness::discord::{ChannelId, Contact, Fault, Millis, Post};

use super::discord_fixture::{Scene, catch_ups_done, pulse};
use crate::world::World;

/// A month ago: beyond what is compared again at every start.
const LONG_AGO: i64 = 30 * 86_400_000;
const MINUTE: i64 = 60_000;
/// Where pages of messages come from.
const PAGES: &str = "/channels/*/messages";
/// More deletions than may wait to be stored.
const BURST: u64 = 13_000;

/// Lines that somebody said in a channel long ago.
fn talk(scene: &Scene, channel: ChannelId, lines: i64) {
    let begun = scene.discord.now().0 - LONG_AGO;
    scene.discord.say_nothing(|discord| {
        for line in 0..lines {
            let post = Post::new(channel, scene.asker, &format!("line {line}"));
            discord.say(post.at(Millis(begun + line * MINUTE)));
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
    let scene = Scene::new();
    let discord = &scene.discord;
    let wheel = discord.channel(scene.guild, "wheel");
    talk(&scene, scene.help, 250);
    talk(&scene, wheel, 120);
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
    let world = World::new();
    world.point_at(discord, "");
    let mut daemon = world.start();
    discord.wait_until("it listens", |world| world.hub.connected() == 1);
    discord.post(wheel, scene.asker, "Is anybody at the wheel?");
    scene.at_hand(&mut daemon);
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
    let scene = Scene::new();
    let discord = &scene.discord;
    let wheel = discord.channel(scene.guild, "wheel");
    talk(&scene, scene.help, 250);
    talk(&scene, wheel, 120);
    discord.fault(Fault::Stall, "GET", &pages_of(wheel), usize::MAX);
    let world = World::new();
    world.point_at(discord, "");
    let mut daemon = world.start();
    daemon.wait_until("one page is read, and the next does not come", |status| {
        messages(status) == 100
    });
    discord.post(scene.help, scene.asker, "Is anybody at the wheel?");
    daemon.wait_until("what happens live is not held up", |status| messages(status) == 101);
    daemon.stop();

    discord.clear_faults();
    let mut daemon = world.start();
    daemon.settled(1);
    let status = daemon.wait_until("all is read", |status| messages(status) == 371);
    assert_eq!(status["live"]["channels_backfilling"], 0);
    // The newest page, one after it, and two of what came before.
    let read = discord.count("GET", &pages_of(scene.help));
    assert!((3..=5).contains(&read), "{read} pages: what was read is not read again");
    daemon.stop();
    discord.assert_no_surprises();
}

#[test]
fn a_connection_that_died_without_a_word_is_noticed_and_loses_nothing() {
    let scene = Scene::new();
    let discord = &scene.discord;
    discord.heartbeat_every(Duration::from_millis(500));
    let world = World::new();
    world.point_at(discord, "");
    let mut daemon = world.start();
    daemon.settled(1);
    discord.post(scene.help, scene.asker, "Can you hear me?");
    daemon.wait_until("it hears", |status| messages(status) == 1);

    discord.zombie(true);
    discord.post(scene.help, scene.asker, "And now?");
    discord.wait_until("the silence is noticed", |world| {
        world.hub.count(|contact| matches!(contact, Contact::Left { .. })) == 1
    });
    discord.zombie(false);
    discord.post(scene.help, scene.helper, "Yes, again.");
    daemon.wait_until("nothing is lost", |status| messages(status) == 3);
    assert!(discord.look(|world| world.hub.identifies()) <= 2, "one session was lost");
    daemon.stop();
    discord.assert_no_surprises();
}

/// People are answered although Discord fails some requests.
#[test]
fn a_failed_request_that_somebody_waits_for_is_sent_again() {
    let scene = Scene::new();
    let Scene { discord, help, asker, .. } = &scene;
    let solved = scene.solve(*help, *asker, "Why does my kiln whistle?", "Oil the damper.");
    let world = World::new();
    world.point_at(discord, "");
    let mut daemon = world.start();
    scene.at_hand(&mut daemon);

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

/// Holds the store for writing until the returned connection begins to roll back.
fn hold(runtime: &tokio::runtime::Runtime, world: &World) -> SqliteConnection {
    let file = world.path("data/store.sqlite");
    runtime.block_on(async {
        let mut store = SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut store).await.unwrap();
        store
    })
}

#[test]
fn more_amid_the_history_than_can_wait_is_read_again_and_nothing_is_lost() {
    let scene = Scene::new();
    let Scene { discord, guild, help, asker, .. } = &scene;
    let wheel = discord.channel(*guild, "wheel");
    talk(&scene, *help, 50);
    talk(&scene, wheel, 250);
    discord.fault(Fault::Stall, "GET", &pages_of(wheel), usize::MAX);
    discord.leave_events_unchecked();
    let world = World::new();
    world.point_at(discord, "");
    let mut daemon = world.start();
    daemon.wait_until("history is being read", |status| messages(status) == 50);
    let read = discord.count("GET", &pages_of(*help));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = hold(&runtime, &world);
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
    discord.wait_until("all of it is heard", |world| {
        world.log.requests.iter().any(|one| one.path == path)
    });
    runtime.block_on(store.close()).unwrap();
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
