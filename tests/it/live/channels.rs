//! Channels that open, close, change their names and go; threads and posts below them.

use rules::model::ids::{ChannelId, UserId};
use serde_json::Value;
use tests::harness::discord::{FakeDiscord, Kind, may};

use super::daemon::Daemon;
use super::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

/// Waits until the answers to a query have words, or no longer have them.
fn soon(daemon: &mut Daemon<'_>, sandbox: &Sandbox, query: &str, words: &str, there: bool) {
    daemon.wait_until(&format!("{words} is served: {there}"), |_| {
        sandbox.finds(query, words) == there && served(sandbox, query, words) == there
    });
}

/// Whether the site's API has words among its answers.
fn served(sandbox: &Sandbox, query: &str, words: &str) -> bool {
    sandbox.get(&format!("/api/v1/search?q={}", query.replace(' ', "+"))).contains(words)
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
    let everybody = discord.look(|state| state.channel(channel).guild.0);
    let denied = if open { 0 } else { may::READ_MESSAGE_HISTORY };
    discord.overwrite(channel, everybody, 0, denied);
}

#[test]
fn a_channel_out_of_sight_is_not_served_and_comes_back_complete() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    let places = WAYS.map(|(way, _, _)| discord.channel(fixture.guild, way));
    let solve = |asker, talk: &[[&str; 3]; 4]| {
        for (place, [question, _, answer]) in places.iter().zip(talk) {
            fixture.solve(*place, asker, question, answer);
        }
    };
    solve(fixture.asker, &BEFORE);
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    let before = messages(&daemon.settled(1));
    for [_, query, answer] in &BEFORE {
        soon(&mut daemon, &sandbox, query, answer, true);
    }

    WAYS.iter().zip(places).for_each(|((_, hide, _), place)| hide(discord, place));
    // Nothing tells of a channel that refuses; the next comparison notices.
    fixture.reread_all(&mut daemon);
    for [_, query, answer] in &BEFORE {
        soon(&mut daemon, &sandbox, query, answer, false);
    }
    let hidden = daemon.wait_until("they are hidden", |status| {
        status["live"]["channels_hidden"] == WAYS.len() && status["channels_pending"] == 0
    });
    assert_eq!(messages(&hidden), before, "nothing is deleted");
    assert_eq!(hidden["live"]["messages_deleted"], 0);
    assert_eq!(hidden["live"]["channels_deleted"], 0);
    let names = sandbox.json(&["clusters", "--all", "--json"]).to_string();
    assert!(!names.contains("___hidden___"), "{names}");

    let other = discord.person(fixture.guild, "otho");
    discord.without_events(|_| solve(other, &MEANWHILE));
    WAYS.iter().zip(places).for_each(|((_, _, show), place)| show(discord, place));
    fixture.reread_all(&mut daemon);
    for [_, query, answer] in BEFORE.iter().chain(&MEANWHILE) {
        soon(&mut daemon, &sandbox, query, answer, true);
    }
    let shown = daemon.settled(1);
    assert_eq!((messages(&shown), &shown["live"]["channels_hidden"]), (2 * before, &0.into()));
    daemon.stop();
    discord.assert_no_surprises();
}

#[test]
fn closing_and_opening_is_noticed_live_with_the_threads_below() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    fixture.solve(fixture.help, fixture.asker, "Why does my kiln squeak?", "Oil the kiln spindle.");
    let thread = discord.thread(fixture.help, Kind::PublicThread, fixture.asker, "wheels");
    let other = discord.person(fixture.guild, "otho");
    fixture.solve(thread, other, "Why does the wheel wobble?", "Shim the wheel bearing.");
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    daemon.settled(1);
    soon(&mut daemon, &sandbox, "kiln squeak", "Oil the kiln", true);
    for way in [FakeDiscord::hide, FakeDiscord::hide_by_name] {
        way(discord, fixture.help);
        soon(&mut daemon, &sandbox, "kiln squeak", "Oil the kiln", false);
        soon(&mut daemon, &sandbox, "wheel wobble", "Shim the wheel", false);
        discord.show(fixture.help);
        soon(&mut daemon, &sandbox, "kiln squeak", "Oil the kiln", true);
        soon(&mut daemon, &sandbox, "wheel wobble", "Shim the wheel", true);
    }
    discord.rename(fixture.help, "workshop");
    daemon.wait_until("the new name is shown", |_| {
        sandbox.get("/api/v1/search?q=kiln+squeak").contains("workshop")
    });
    daemon.stop();
    discord.assert_no_surprises();
}

#[test]
fn posts_get_solved_threads_come_back_and_deleted_ones_take_their_messages() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, helper, asker } = &fixture;
    let forum = discord.forum(*guild, "questions", &["Solved", "Glaze"]);
    let asks = "Why does my ash glaze crawl off the rim?";
    let post = discord.forum_post(forum, *asker, "Glaze crawls", asks, &["Glaze"]);
    discord.post(post, *helper, "Sieve the ash twice and bisque a little hotter.");
    let old = discord.thread(*help, Kind::PublicThread, *asker, "wheels");
    discord.post(old, *asker, "Why does the wheel wobble at speed?");
    discord.archive(old);
    let doomed = discord.thread(*help, Kind::PublicThread, *asker, "kilns");
    fixture.solve(doomed, *asker, "Why does my kiln squeak?", "Oil the kiln spindle.");
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    let certain = |status: &Value| status["resolutions_by_grade"]["certain"].as_u64().unwrap_or(0);
    assert_eq!(certain(&daemon.settled(1)), 0);

    discord.tag(post, &["Glaze", "Solved"]);
    daemon.wait_until("the tag settles the post", |status| certain(status) == 1);
    soon(&mut daemon, &sandbox, "ash glaze crawl", "Sieve the ash twice", true);
    let before = messages(&daemon.wait_until("it runs", |_| true));
    discord.delete_place(doomed);
    soon(&mut daemon, &sandbox, "kiln squeak", "Oil the kiln", false);
    daemon.wait_until("the thread took its messages", |status| messages(status) == before - 3);
    daemon.stop();

    discord.without_events(|discord| {
        discord.revive(old);
        let asked = discord.look(|state| *state.messages[&old].keys().next().unwrap());
        let answer = discord.post(old, *helper, "Shim the wheel bearing on the left.");
        discord.react(old, answer, *asker, "✅");
        assert!(asked < answer);
    });
    let mut daemon = sandbox.start();
    assert_eq!(messages(&daemon.settled(1)), before - 2);
    soon(&mut daemon, &sandbox, "wheel wobble", "Shim the wheel bearing", true);
    daemon.stop();
    discord.assert_no_surprises();
}

/// A channel that only a role may see, which the bot has too.
fn gated(discord: &FakeDiscord, fixture: &DiscordFixture, role: u64) -> ChannelId {
    let gate = discord.channel(fixture.guild, "members");
    let own = discord.look(|state| state.guild(fixture.guild).members[&state.bot].roles[0].0);
    discord.overwrite(gate, own, may::VIEW_CHANNEL | may::READ_MESSAGE_HISTORY, 0);
    discord.overwrite(gate, role, may::VIEW_CHANNEL, 0);
    discord.overwrite(gate, fixture.guild.0, 0, may::VIEW_CHANNEL);
    gate
}

#[test]
fn a_role_that_everybody_gets_opens_a_gate_only_if_the_operator_says_so() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    let verified = discord.role(fixture.guild, "Verified", 0);
    let gate = gated(discord, &fixture, verified.0);
    let read = format!("/channels/{gate}/messages*");
    fixture.solve(gate, fixture.asker, "Why does my kiln squeak?", "Oil the kiln spindle.");
    let other = discord.person(fixture.guild, "otho");
    fixture.solve(fixture.help, other, "Why does the wheel wobble?", "Shim the wheel bearing.");

    let strict = Sandbox::new();
    strict.point_at(discord, "");
    let mut daemon = strict.start();
    assert_eq!(messages(&daemon.settled(1)), 3);
    discord.post(gate, fixture.asker, "And now it hums, why is that?");
    discord.post(fixture.help, other, "By the way, thanks again.");
    daemon.wait_until("the open channel is heard", |status| messages(status) == 4);
    assert_eq!(discord.count("GET", &read), 0, "what not everybody may read is not asked for");
    daemon.stop();

    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "everybody = ['Verified']");
    let mut daemon = sandbox.start();
    assert_eq!(messages(&daemon.settled(1)), 8);
    soon(&mut daemon, &sandbox, "kiln squeak", "Oil the kiln", true);
    discord.overwrite(gate, verified.0, 0, may::VIEW_CHANNEL);
    soon(&mut daemon, &sandbox, "kiln squeak", "Oil the kiln", false);
    discord.overwrite(gate, verified.0, may::VIEW_CHANNEL, 0);
    soon(&mut daemon, &sandbox, "kiln squeak", "Oil the kiln", true);
    daemon.stop();
    discord.assert_no_surprises();
}

#[test]
fn excluded_channels_are_never_asked_for_messages() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, asker, .. } = &fixture;
    let staff = discord.channel(*guild, "staff-only");
    let forum = discord.forum(*guild, "staff-questions", &["Solved"]);
    let aside = discord.thread(staff, Kind::PublicThread, *asker, "aside");
    let old = discord.thread(staff, Kind::PublicThread, *asker, "old aside");
    let post = discord.forum_post(forum, *asker, "Pay", "Why is the pay late?", &[]);
    for place in [staff, aside, old, post] {
        discord.post(place, *asker, "Why is the pay late again?");
    }
    discord.archive(old);
    fixture.solve(fixture.help, *asker, "Why does my kiln squeak?", "Oil the kiln spindle.");
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let rules = "[channels]\nexclude = ['staff-*']\n[trust]\nroles = ['Helper']\n\
                 [consent]\nmode = 'server-public'\n";
    sandbox.write("data/rules/scope.toml", rules);
    let mut daemon = sandbox.start();
    assert_eq!(messages(&daemon.settled(1)), 3);
    let live = [staff, aside, post].map(|place| (place, say(discord, place, *asker)));
    live.iter().for_each(|(place, message)| discord.edit(*place, *message, "Never mind the pay."));
    discord.post(fixture.help, *asker, "Thanks again for that!");
    daemon.wait_until("the open channel is heard", |status| messages(status) == 4);
    fixture.reread_all(&mut daemon);
    assert_eq!(messages(&daemon.settled(1)), 4);
    for place in [staff, forum, aside, old, post] {
        assert_eq!(discord.count("GET", &format!("/channels/{place}/messages*")), 0, "{place}");
        assert_eq!(discord.count("GET", &format!("/channels/{place}/threads*")), 0, "{place}");
    }
    daemon.stop();
    assert!(
        sandbox.traces(&["the pay"], &[]).is_empty(),
        "{:?}",
        sandbox.traces(&["the pay"], &[])
    );
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
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    for name in 0..30 {
        let place = discord.channel(fixture.guild, &format!("bench-{name}"));
        discord.post(place, fixture.asker, "Good morning to all.");
    }
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    let before = messages(&daemon.settled(1));
    let (pages, lists) = pages_and_lists(discord);
    for name in 0..5 {
        let thread = discord.thread(
            fixture.help,
            Kind::PublicThread,
            fixture.asker,
            &format!("post {name}"),
        );
        discord.post(thread, fixture.asker, "Why does my bowl crack in the bisque?");
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
