//! Channels that open, close, change their names and go; threads and posts below them.

use rules::model::ids::{ChannelId, UserId};
use serde_json::Value;
use tests::harness::discord::{FakeDiscord, Kind, may};

use super::daemon::Daemon;
use super::discord_fixture::Scene;
use crate::world::World;

/// Waits until the answers to a query have words, or no longer have them.
fn soon(daemon: &mut Daemon<'_>, world: &World, query: &str, words: &str, there: bool) {
    daemon.wait_until(&format!("{words} is served: {there}"), |_| {
        world.finds(query, words) == there && served(world, query, words) == there
    });
}

/// Whether the site's API has words among its answers.
fn served(world: &World, query: &str, words: &str) -> bool {
    world.get(&format!("/api/v1/search?q={}", query.replace(' ', "+"))).contains(words)
}

fn messages(status: &Value) -> u64 {
    status["messages"].as_u64().unwrap()
}

/// What is asked in each channel before it goes out of sight, and what meanwhile: a question, what
/// finds it, and its answer.
const BEFORE: [[&str; 3]; 4] = [
    ["Why does my kiln squeak so?", "kiln squeak", "Oil the spindle below the lid."],
    ["How do I centre clay on the wheel?", "centre clay wheel", "Press low with both thumbs."],
    ["Where can I buy cobalt carbonate?", "buy cobalt carbonate", "The chemist in Elm Street."],
    ["Which cone fits a porcelain slip?", "cone porcelain slip", "Cone ten in reduction."],
];
const MEANWHILE: [[&str; 3]; 4] = [
    ["How do I clean a crusty ladle?", "clean crusty ladle", "Soak it in vinegar overnight."],
    ["Why does raku turn green?", "raku turn green", "Copper meets air too early."],
    ["What does a pugmill cost?", "pugmill cost", "Two months of wages, used."],
    ["How can I pack bowls for the post?", "pack bowls post", "Straw and two boxes."],
];

/// How a channel may be taken from sight, and how it comes back.
type Way = (&'static str, fn(&FakeDiscord, ChannelId), fn(&FakeDiscord, ChannelId));

const WAYS: [Way; 4] = [
    ("obfuscated", FakeDiscord::hide, FakeDiscord::show),
    ("private", FakeDiscord::hide_by_name, FakeDiscord::show),
    (
        "forbidden",
        |discord, channel| discord.forbid(channel, true),
        |discord, channel| {
            discord.forbid(channel, false);
        },
    ),
    (
        "without history",
        |discord, channel| history(discord, channel, false),
        |discord, channel| {
            history(discord, channel, true);
        },
    ),
];

/// Whether everybody may read what was said before.
fn history(discord: &FakeDiscord, channel: ChannelId, open: bool) {
    let everybody = discord.look(|world| world.channel(channel).guild.0);
    let denied = if open { 0 } else { may::READ_MESSAGE_HISTORY };
    discord.overwrite(channel, everybody, 0, denied);
}

#[test]
fn a_channel_out_of_sight_is_not_served_and_comes_back_complete() {
    let scene = Scene::new();
    let discord = &scene.discord;
    let places = WAYS.map(|(way, _, _)| discord.channel(scene.guild, way));
    let solve = |asker, talk: &[[&str; 3]; 4]| {
        for (place, [question, _, answer]) in places.iter().zip(talk) {
            scene.solve(*place, asker, question, answer);
        }
    };
    solve(scene.asker, &BEFORE);
    let world = World::new();
    world.point_at(discord, "");
    let mut daemon = world.start();
    let before = messages(&daemon.settled(1));
    for [_, query, answer] in &BEFORE {
        soon(&mut daemon, &world, query, answer, true);
    }

    WAYS.iter().zip(places).for_each(|((_, hide, _), place)| hide(discord, place));
    // Nothing tells of a channel that refuses; the next comparison notices.
    scene.reread_all(&mut daemon);
    for [_, query, answer] in &BEFORE {
        soon(&mut daemon, &world, query, answer, false);
    }
    let hidden = daemon.wait_until("they are hidden", |status| {
        status["live"]["channels_hidden"] == WAYS.len() && status["channels_pending"] == 0
    });
    assert_eq!(messages(&hidden), before, "nothing is deleted");
    assert_eq!(hidden["live"]["messages_deleted"], 0);
    assert_eq!(hidden["live"]["channels_deleted"], 0);
    let names = world.json(&["clusters", "--all", "--json"]).to_string();
    assert!(!names.contains("___hidden___"), "{names}");

    let other = discord.person(scene.guild, "otho");
    discord.say_nothing(|_| solve(other, &MEANWHILE));
    WAYS.iter().zip(places).for_each(|((_, _, show), place)| show(discord, place));
    scene.reread_all(&mut daemon);
    for [_, query, answer] in BEFORE.iter().chain(&MEANWHILE) {
        soon(&mut daemon, &world, query, answer, true);
    }
    let shown = daemon.settled(1);
    assert_eq!((messages(&shown), &shown["live"]["channels_hidden"]), (2 * before, &0.into()));
    daemon.stop();
    discord.assert_no_surprises();
}

#[test]
fn closing_and_opening_is_noticed_live_with_the_threads_below() {
    let scene = Scene::new();
    let discord = &scene.discord;
    scene.solve(scene.help, scene.asker, "Why does my kiln squeak?", "Oil the kiln spindle.");
    let thread = discord.thread(scene.help, Kind::PublicThread, scene.asker, "wheels");
    let other = discord.person(scene.guild, "otho");
    scene.solve(thread, other, "Why does the wheel wobble?", "Shim the wheel bearing.");
    let world = World::new();
    world.point_at(discord, "");
    let mut daemon = world.start();
    daemon.settled(1);
    soon(&mut daemon, &world, "kiln squeak", "Oil the kiln", true);
    for way in [FakeDiscord::hide, FakeDiscord::hide_by_name] {
        way(discord, scene.help);
        soon(&mut daemon, &world, "kiln squeak", "Oil the kiln", false);
        soon(&mut daemon, &world, "wheel wobble", "Shim the wheel", false);
        discord.show(scene.help);
        soon(&mut daemon, &world, "kiln squeak", "Oil the kiln", true);
        soon(&mut daemon, &world, "wheel wobble", "Shim the wheel", true);
    }
    discord.rename(scene.help, "workshop");
    daemon.wait_until("the new name is shown", |_| {
        world.get("/api/v1/search?q=kiln+squeak").contains("workshop")
    });
    daemon.stop();
    discord.assert_no_surprises();
}

#[test]
fn posts_get_solved_threads_come_back_and_deleted_ones_take_their_messages() {
    let scene = Scene::new();
    let Scene { discord, guild, help, helper, asker } = &scene;
    let forum = discord.forum(*guild, "questions", &["Solved", "Glaze"]);
    let asks = "Why does my ash glaze crawl off the rim?";
    let post = discord.forum_post(forum, *asker, "Glaze crawls", asks, &["Glaze"]);
    discord.post(post, *helper, "Sieve the ash twice and bisque a little hotter.");
    let old = discord.thread(*help, Kind::PublicThread, *asker, "wheels");
    discord.post(old, *asker, "Why does the wheel wobble at speed?");
    discord.archive(old);
    let doomed = discord.thread(*help, Kind::PublicThread, *asker, "kilns");
    scene.solve(doomed, *asker, "Why does my kiln squeak?", "Oil the kiln spindle.");
    let world = World::new();
    world.point_at(discord, "");
    let mut daemon = world.start();
    let certain = |status: &Value| status["resolutions_by_grade"]["certain"].as_u64().unwrap_or(0);
    assert_eq!(certain(&daemon.settled(1)), 0);

    discord.tag(post, &["Glaze", "Solved"]);
    daemon.wait_until("the tag settles the post", |status| certain(status) == 1);
    soon(&mut daemon, &world, "ash glaze crawl", "Sieve the ash twice", true);
    let before = messages(&daemon.wait_until("it runs", |_| true));
    discord.delete_place(doomed);
    soon(&mut daemon, &world, "kiln squeak", "Oil the kiln", false);
    daemon.wait_until("the thread took its messages", |status| messages(status) == before - 3);
    daemon.stop();

    discord.say_nothing(|discord| {
        discord.revive(old);
        let asked = discord.look(|world| *world.messages[&old].keys().next().unwrap());
        let answer = discord.post(old, *helper, "Shim the wheel bearing on the left.");
        discord.react(old, answer, *asker, "✅");
        assert!(asked < answer);
    });
    let mut daemon = world.start();
    assert_eq!(messages(&daemon.settled(1)), before - 2);
    soon(&mut daemon, &world, "wheel wobble", "Shim the wheel bearing", true);
    daemon.stop();
    discord.assert_no_surprises();
}

/// A channel that only a role may see, which the bot has too.
fn gated(discord: &FakeDiscord, scene: &Scene, role: u64) -> ChannelId {
    let gate = discord.channel(scene.guild, "members");
    let own = discord.look(|world| world.guild(scene.guild).members[&world.bot].roles[0].0);
    discord.overwrite(gate, own, may::VIEW_CHANNEL | may::READ_MESSAGE_HISTORY, 0);
    discord.overwrite(gate, role, may::VIEW_CHANNEL, 0);
    discord.overwrite(gate, scene.guild.0, 0, may::VIEW_CHANNEL);
    gate
}

#[test]
fn a_role_that_everybody_gets_opens_a_gate_only_if_the_operator_says_so() {
    let scene = Scene::new();
    let discord = &scene.discord;
    let verified = discord.role(scene.guild, "Verified", 0);
    let gate = gated(discord, &scene, verified.0);
    let read = format!("/channels/{gate}/messages*");
    scene.solve(gate, scene.asker, "Why does my kiln squeak?", "Oil the kiln spindle.");
    let other = discord.person(scene.guild, "otho");
    scene.solve(scene.help, other, "Why does the wheel wobble?", "Shim the wheel bearing.");

    let strict = World::new();
    strict.point_at(discord, "");
    let mut daemon = strict.start();
    assert_eq!(messages(&daemon.settled(1)), 3);
    discord.post(gate, scene.asker, "And now it hums, why is that?");
    discord.post(scene.help, other, "By the way, thanks again.");
    daemon.wait_until("the open channel is heard", |status| messages(status) == 4);
    assert_eq!(discord.count("GET", &read), 0, "what not everybody may read is not asked for");
    daemon.stop();

    let world = World::new();
    world.point_at(discord, "everybody = ['Verified']");
    let mut daemon = world.start();
    assert_eq!(messages(&daemon.settled(1)), 8);
    soon(&mut daemon, &world, "kiln squeak", "Oil the kiln", true);
    discord.overwrite(gate, verified.0, 0, may::VIEW_CHANNEL);
    soon(&mut daemon, &world, "kiln squeak", "Oil the kiln", false);
    discord.overwrite(gate, verified.0, may::VIEW_CHANNEL, 0);
    soon(&mut daemon, &world, "kiln squeak", "Oil the kiln", true);
    daemon.stop();
    discord.assert_no_surprises();
}

#[test]
fn excluded_channels_are_never_asked_for_messages() {
    let scene = Scene::new();
    let Scene { discord, guild, asker, .. } = &scene;
    let staff = discord.channel(*guild, "staff-only");
    let forum = discord.forum(*guild, "staff-questions", &["Solved"]);
    let aside = discord.thread(staff, Kind::PublicThread, *asker, "aside");
    let old = discord.thread(staff, Kind::PublicThread, *asker, "old aside");
    let post = discord.forum_post(forum, *asker, "Pay", "Why is the pay late?", &[]);
    for place in [staff, aside, old, post] {
        discord.post(place, *asker, "Why is the pay late again?");
    }
    discord.archive(old);
    scene.solve(scene.help, *asker, "Why does my kiln squeak?", "Oil the kiln spindle.");
    let world = World::new();
    world.point_at(discord, "");
    let rules = "[channels]\nexclude = ['staff-*']\n[trust]\nroles = ['Helper']\n\
                 [consent]\nmode = 'server-public'\n";
    world.write("data/rules/scope.toml", rules);
    let mut daemon = world.start();
    assert_eq!(messages(&daemon.settled(1)), 3);
    let live = [staff, aside, post].map(|place| (place, say(discord, place, *asker)));
    live.iter().for_each(|(place, message)| discord.edit(*place, *message, "Never mind the pay."));
    discord.post(scene.help, *asker, "Thanks again for that!");
    daemon.wait_until("the open channel is heard", |status| messages(status) == 4);
    scene.reread_all(&mut daemon);
    assert_eq!(messages(&daemon.settled(1)), 4);
    for place in [staff, forum, aside, old, post] {
        assert_eq!(discord.count("GET", &format!("/channels/{place}/messages*")), 0, "{place}");
        assert_eq!(discord.count("GET", &format!("/channels/{place}/threads*")), 0, "{place}");
    }
    daemon.stop();
    assert!(world.traces(&["the pay"], &[]).is_empty(), "{:?}", world.traces(&["the pay"], &[]));
    discord.assert_no_surprises();
}

fn say(discord: &FakeDiscord, place: ChannelId, by: UserId) -> tests::harness::discord::MessageId {
    discord.post(place, by, "Why is the pay late a third time?")
}

/// How often Discord was asked for pages of messages, and for lists of archived threads.
fn pages_and_lists(discord: &FakeDiscord) -> (usize, usize) {
    let lists = discord.count("GET", "/channels/*/threads/archived/public");
    (discord.count("GET", "/channels/*/messages"), lists)
}

#[test]
fn a_new_thread_is_read_without_the_rest_of_the_server() {
    let scene = Scene::new();
    let discord = &scene.discord;
    for name in 0..30 {
        let place = discord.channel(scene.guild, &format!("bench-{name}"));
        discord.post(place, scene.asker, "Good morning to all.");
    }
    let world = World::new();
    world.point_at(discord, "");
    let mut daemon = world.start();
    let before = messages(&daemon.settled(1));
    let (pages, lists) = pages_and_lists(discord);
    for name in 0..5 {
        let thread =
            discord.thread(scene.help, Kind::PublicThread, scene.asker, &format!("post {name}"));
        discord.post(thread, scene.asker, "Why does my bowl crack in the bisque?");
    }
    daemon.wait_until("the threads are read", |status| {
        messages(status) == before + 5 && status["channels_pending"] == 0
    });
    let (more_pages, more_lists) = pages_and_lists(discord);
    assert!(more_pages - pages <= 2 * 5, "{} pages for five threads", more_pages - pages);
    assert_eq!(more_lists, lists, "the archive of every channel was listed again");
    daemon.stop();
    discord.assert_no_surprises();
}
