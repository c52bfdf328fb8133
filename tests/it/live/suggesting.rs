//! From talk to a page beside a running daemon, and from the page to whoever asks again.

use std::time::Duration;

use rules::model::ids::UserId;
use serde_json::Value;
use tests::harness::discord::{Message, MessageId, Post};

use super::daemon::Daemon;
use super::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

const ANSWER: &str = "Delete the folder `data/index` and restart the agent.";
const AGAIN: &str = "How do I reset the vector index after I changed the embedding model?";
const DAY: Duration = Duration::from_secs(86_400);
/// `SUPPRESS_NOTIFICATIONS`.
const WITHOUT_A_SOUND: u32 = 1 << 12;

/// A server where three people asked the same, and a daemon that has read it.
fn asked_three_times(fixture: &DiscordFixture, sandbox: &Sandbox) {
    for (name, question) in [
        ("asta", "How do I reset the vector index after changing the embedding model?"),
        ("bero", "How can I reset the vector index after I change the embedding model?"),
        ("cora", "How do I reset the vector index when the embedding model changes?"),
    ] {
        fixture.discord.advance(DAY);
        fixture.solve(fixture.help, fixture.discord.person(fixture.guild, name), question, ANSWER);
    }
    let settings = "suggest_in = ['help']\n[forge]\nrepository = 'docs.git'";
    sandbox.point_at(&fixture.discord, settings);
}

/// A maintainer merges the one page that is proposed.
fn merge(sandbox: &Sandbox) {
    let (_, proposed) = sandbox.branches().remove(0);
    sandbox.docs().reference("refs/heads/main", proposed, true, "merge").unwrap();
}

/// What the bot has said in the channel, for everybody.
fn hints(fixture: &DiscordFixture) -> Vec<Message> {
    fixture.discord.look(|state| {
        let said = state.messages[&fixture.help].values();
        said.filter(|message| message.author == state.bot).cloned().collect()
    })
}

fn hint_under(fixture: &DiscordFixture, question: MessageId) -> Message {
    let under =
        |hint: &Message| hint.reference.as_ref().is_some_and(|to| to.message == Some(question));
    let mut found = hints(fixture).into_iter().filter(under).collect::<Vec<_>>();
    assert_eq!(found.len(), 1, "{:?}", hints(fixture));
    found.remove(0)
}

/// The `custom_id` of a hint's button.
fn button(hint: &Message, label: &str) -> String {
    let rows = hint.components.iter().flat_map(|row| row["components"].as_array().unwrap());
    let found = rows.into_iter().find(|button| button["label"] == label);
    found.unwrap()["custom_id"].as_str().unwrap().to_owned()
}

/// Somebody asks, and waits for a hint.
fn ask(fixture: &DiscordFixture, daemon: &mut Daemon<'_>, by: UserId, question: &str) -> MessageId {
    fixture.discord.advance(DAY);
    let before = hints(fixture).len();
    let asked = fixture.discord.send(Post::new(fixture.help, by, question));
    daemon.wait_until("a known answer is suggested", |_| hints(fixture).len() > before);
    asked
}

fn live_count(status: &Value, key: &str) -> u64 {
    status["live"][key].as_u64().unwrap()
}

#[test]
fn a_page_is_proposed_beside_the_daemon_and_its_answer_is_suggested_to_who_asks_again() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, asker, .. } = &fixture;
    let sandbox = Sandbox::new();
    asked_three_times(&fixture, &sandbox);
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);

    assert!(sandbox.stdout_of(&["propose"]).contains("opened"));
    assert!(sandbox.stdout_of(&["propose"]).contains("up to date"));
    assert_eq!(sandbox.branches().len(), 1);
    merge(&sandbox);
    assert!(sandbox.stdout_of(&["propose"]).contains("merged"));
    daemon.wait_until("the answer is known", |_| {
        let found = sandbox.json(&["search", "reset vector index", "--json"]);
        found["answers"][0]["status"] == "known"
    });
    let mut second = sandbox.start();
    second.wait_until("two daemons run", |status| {
        status["daemons"].as_object().is_some_and(|all| all.len() == 2)
    });

    discord.advance(DAY);
    let unlike = discord.post(*help, *asker, "Which clay is best for a tall jug?");
    let elsewhere = discord.channel(*guild, "wheel");
    discord.post(elsewhere, discord.person(*guild, "fina"), AGAIN);
    let asked = ask(&fixture, &mut daemon, *asker, AGAIN);
    let hint = hint_under(&fixture, asked);
    assert!(hint.content.contains("Delete the folder"), "{hint:?}");
    assert!(hint.flags & WITHOUT_A_SOUND != 0, "{hint:?}");
    let solved = button(&hint, "That solved it");
    let stranger = discord.person(*guild, "stran");
    let refused = discord.press(stranger, *help, hint.id, &solved);
    discord.reply(refused);
    assert!(discord.follow_ups(refused)[0].text.starts_with("Only "));

    discord.reply(discord.press(*asker, *help, hint.id, &solved));
    daemon.wait_until("it helped", |status| {
        live_count(status, "suggestions_posted") == 1
            && live_count(status, "suggestions_helped") == 1
            && status["conversations_by_status"]["helped"] == 1
    });
    assert!(hint_under(&fixture, asked).components.is_empty(), "it is asked once");

    let other = discord.person(*guild, "dana");
    let asked = ask(&fixture, &mut daemon, other, &AGAIN.replace("How do I", "How would I"));
    let hint = hint_under(&fixture, asked);
    discord.reply(discord.press(other, *help, hint.id, &button(&hint, "Not it")));
    daemon.wait_until("it did not help", |status| {
        live_count(status, "suggestions_helped") == 1
            && live_count(status, "suggestions_not_helped") == 1
    });
    let bared = hint_under(&fixture, asked);
    assert!(bared.components.is_empty() && bared.content.contains("stays open"), "{bared:?}");
    assert!(
        hints(&fixture)
            .iter()
            .all(|hint| { hint.reference.as_ref().is_none_or(|to| to.message != Some(unlike)) })
    );
    second.stop();
    daemon.stop();
    assert_eq!(discord.count("POST", "/channels/*/messages"), 2, "nothing is doubled");
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}
