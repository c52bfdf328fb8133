//! What happened while nobody listened is found, at a price that is known.

use jiff::SignedDuration;
use tests::harness::discord::{ChannelId, FakeDiscord, Kind, MessageId, Post};

use super::catching_up::state;
use super::discord_fixture::{DiscordFixture, catch_ups_done, pulse};
use crate::sandbox::Sandbox;

/// Questions in the channel, each with its answer.
const QUESTIONS: usize = 130;
/// Who asks them: the last of them, to which people react, each somebody else.
const ASKERS: usize = 13 + REACTIONS;
const EDITS: usize = 50;
const DELETIONS: usize = 50;
const REACTIONS: usize = 20;
const TAGS: usize = 5;
const REVIVED: usize = 3;

/// What people have, and what is the matter with it: each pair is one question.
const THINGS: [&str; 10] =
    ["kiln", "wheel", "sieve", "pugmill", "damper", "burner", "mould", "shelf", "trowel", "pump"];
const TROUBLES: [&str; 13] = [
    "leak oil",
    "crack at cone six",
    "smell of sulphur",
    "jam overnight",
    "hum so loudly",
    "rust near the hinge",
    "warp in winter",
    "trip the fuse",
    "drift to the left",
    "shed paint",
    "stall under load",
    "whistle when hot",
    "stick to glaze",
];

/// Messages on a page of Discord's.
const PAGE: usize = 100;

/// What every start asks once: the way to the gateway, the application, and the commands.
const TO_START: usize = 3;

/// The server before the daemon goes away: what was asked and answered in the channel, the posts of
/// a forum, and threads that are archived.
struct Before {
    fixture: DiscordFixture,
    talk: Vec<(MessageId, MessageId)>,
    posts: Vec<ChannelId>,
    threads: Vec<ChannelId>,
}

impl Before {
    fn new() -> Self {
        let fixture = DiscordFixture::new();
        let DiscordFixture { discord, guild, help, .. } = &fixture;
        let forum = discord.forum(*guild, "questions", &["Solved", "Glaze"]);
        let (talk, posts, threads) = discord.without_events(|_| {
            let posts = (0..TAGS).map(|number| post(&fixture, forum, number)).collect();
            let threads = (0..REVIVED).map(|number| thread(&fixture, *help, number)).collect();
            (talk(&fixture), posts, threads)
        });
        Self { fixture, talk, posts, threads }
    }
}

/// Days of questions and answers, of which nobody says whether they helped.
fn talk(fixture: &DiscordFixture) -> Vec<(MessageId, MessageId)> {
    let DiscordFixture { discord, guild, help, helper, .. } = fixture;
    let askers = (0..ASKERS).map(|number| discord.person(*guild, &format!("potter {number}")));
    let askers = askers.collect::<Vec<_>>();
    let begun = discord.now() - SignedDuration::from_hours(QUESTIONS as i64);
    let said = (0..QUESTIONS as i64).map(|number| {
        let at = begun + SignedDuration::from_hours(number);
        let (thing, trouble) = matter(number as usize);
        let asks = format!("Why does my {thing} {trouble}?");
        let late = (number as usize + REACTIONS).checked_sub(QUESTIONS);
        let asker = askers[late.map_or(number as usize % TROUBLES.len(), |late| ASKERS - 1 - late)];
        let asked = discord.send(Post::new(*help, asker, &asks).at(at));
        let answer = format!("Loosen the bolt behind the {thing} and turn it {number} times.");
        let answer = Post::new(*help, *helper, &answer).reply_to(asked);
        (asked, discord.send(answer.at(at + SignedDuration::from_mins(1))))
    });
    said.collect()
}

/// What the question of a number is about.
fn matter(number: usize) -> (&'static str, &'static str) {
    (THINGS[number / TROUBLES.len()], TROUBLES[number % TROUBLES.len()])
}

fn post(fixture: &DiscordFixture, forum: ChannelId, number: usize) -> ChannelId {
    let asks = format!("Why does shelf number {number} warp at cone ten?");
    let title = format!("Shelf {number} warps");
    let post = fixture.discord.forum_post(forum, fixture.asker, &title, &asks, &["Glaze"]);
    fixture.discord.post(post, fixture.helper, &format!("Put a second prop below shelf {number}."));
    post
}

fn thread(fixture: &DiscordFixture, help: ChannelId, number: usize) -> ChannelId {
    let discord = &fixture.discord;
    let thread =
        discord.thread(help, Kind::PublicThread, fixture.asker, &format!("wheel {number}"));
    discord.post(thread, fixture.asker, &format!("How do I true wheel number {number}?"));
    discord.archive(thread);
    thread
}

/// All of it while nobody listens.
fn meanwhile(before: &Before, discord: &FakeDiscord) {
    let Before { fixture, talk, posts, threads } = before;
    let DiscordFixture { help, helper, .. } = fixture;
    for (number, (_, answer)) in talk[..EDITS].iter().enumerate() {
        let (thing, _) = matter(number);
        let better = format!("Tighten the strap below the {thing} and wait {number} minutes.");
        discord.edit(*help, *answer, &better);
    }
    for (question, answer) in &talk[EDITS..EDITS + DELETIONS / 2] {
        discord.delete(*help, *question);
        discord.delete(*help, *answer);
    }
    for (question, answer) in &talk[QUESTIONS - REACTIONS..] {
        let asker = discord.look(|state| state.message(*help, *question).unwrap().author);
        discord.react(*help, *answer, asker, "✅");
    }
    for (number, post) in posts.iter().enumerate() {
        discord.tag(*post, &["Solved"]);
        if number % 2 == 0 {
            discord.archive(*post);
        }
    }
    for thread in threads {
        discord.post(*thread, *helper, "Shim the bearing on the left until it runs true.");
    }
}

/// Derived from what Discord's API gives, whatever was stored before: every message that may have
/// changed is on some page; whoever wrote or reacted has a name to be looked up; who reacted is listed
/// only reaction by reaction; and archived threads are listed channel by channel.
fn bound(channels: usize, messages: usize, people: usize, with_threads: usize) -> usize {
    let pages = channels + messages.div_ceil(PAGE);
    let news = REVIVED;
    TO_START + with_threads + pages + news + REACTIONS + people
}

#[expect(clippy::print_stdout, reason = "the number of calls is part of the story")]
#[test]
fn everything_that_happened_offline_is_found_at_a_known_price() {
    let before = Before::new();
    let discord = &before.fixture.discord;
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    daemon.settled(1);
    daemon.stop();
    let first = sandbox.json(&["status", "--json"]);
    assert_eq!(first["messages"], 2 * QUESTIONS + 2 * TAGS + REVIVED);

    discord.without_events(|discord| meanwhile(&before, discord));
    discord.forget_requests();
    let mut daemon = sandbox.start();
    let status = daemon.settled(1);
    assert_eq!(catch_ups_done(&status), 1);
    let status_then = daemon.wait_until("the pulse tells of all calls", |status| {
        calls(&pulse(status)) >= discord.requests().len() as u64
    });
    daemon.stop();

    let (asked, counted) = (discord.requests().len(), calls(&pulse(&status_then)));
    let channels = 1 + TAGS + REVIVED;
    let bound = bound(channels, 2 * QUESTIONS + 2 * TAGS + 2 * REVIVED, ASKERS + 2, 2);
    println!("{asked} REST calls of at most {bound}; the daemon itself counts {counted}");
    assert!(asked <= bound, "{asked} REST calls, at most {bound} stated; {:#?}", paths(discord));
    assert_eq!(counted, asked as u64, "the daemon counts what it asks");

    let catching_up = &pulse(&status_then)["discord"]["catching_up"];
    assert_eq!(catching_up["deletions_found_total"], DELETIONS);
    let second = sandbox.json(&["status", "--json"]);
    assert_eq!(second["messages"], 2 * QUESTIONS + 2 * TAGS + 2 * REVIVED - DELETIONS);
    let certain = second["resolutions_by_grade"]["certain"].as_u64().unwrap();
    assert!(certain >= (TAGS + REACTIONS) as u64, "{second}");
    assert!(sandbox.finds("tighten the strap", "Tighten the strap below the"));
    assert!(!sandbox.finds("loosen the bolt behind the kiln", "Loosen the bolt behind the kiln"));

    let fresh = Sandbox::new();
    fresh.point_at(discord, "");
    let mut daemon = fresh.start();
    daemon.settled(1);
    daemon.stop();
    assert_eq!(state(&sandbox), state(&fresh), "as if the daemon had come only now");
    discord.assert_no_surprises();
}

fn calls(pulse: &serde_json::Value) -> u64 {
    let rest = &pulse["discord"]["rest"];
    ["live_calls_total", "history_calls_total"].iter().filter_map(|key| rest[key].as_u64()).sum()
}

/// What was asked, for whom it was too much.
fn paths(discord: &FakeDiscord) -> Vec<String> {
    let asked = discord.requests().into_iter();
    asked.map(|one| format!("{} {}?{} {}", one.method, one.path, one.query, one.status)).collect()
}
