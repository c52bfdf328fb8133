//! What people ask of the bot in the server, and what it says and does.

use serde_json::{Value, json};
use tests::harness::discord::Post;

use super::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

fn live_count(status: &Value, key: &str) -> u64 {
    status["live"][key].as_u64().unwrap_or_default()
}

#[test]
fn commands_are_registered_once_with_korean_names() {
    let fixture = DiscordFixture::new();
    let sandbox = Sandbox::new();
    sandbox.point_at(&fixture.discord, "");
    for _ in 0..2 {
        let mut daemon = sandbox.start();
        daemon.settled(1);
        fixture.discord.wait_until("the commands are there", |_| true);
        daemon.wait_until("they are registered", |_| {
            !fixture.discord.commands(Some(fixture.guild)).is_empty()
        });
        daemon.stop();
    }
    let puts = fixture.discord.count("PUT", "/applications/*/guilds/*/commands");
    assert_eq!(puts, 1, "registered again without need");
    let commands = fixture.discord.commands(Some(fixture.guild));
    let korean = commands.iter().map(|one| one["name_localizations"]["ko"].as_str().unwrap());
    assert!(korean.collect::<Vec<_>>().contains(&"답변으로 표시"));
    fixture.discord.assert_no_surprises();
}

#[test]
fn people_find_answers_and_the_asker_marks_one_and_takes_it_back() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    let solved = fixture.solve(
        fixture.help,
        fixture.asker,
        "How do I stop the glaze from crawling off the rim?",
        "Sift it twice and let it dry for a day.",
    );
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    daemon.settled(1);
    daemon.wait_until("the answer is found", |_| sandbox.finds("glaze crawling", "Sift it twice"));

    let seen = discord.slash(
        fixture.asker,
        fixture.help,
        "answers",
        &[("query", json!("glaze crawling"))],
    );
    let reply = discord.reply(seen);
    assert!(reply.ephemeral && reply.text.contains("Sift it twice"), "{reply:?}");
    assert!(reply.text.contains("https://discord.com/channels/"), "{reply:?}");
    let typed = discord.complete(fixture.asker, fixture.help, "answers", ("query", "glaze"));
    assert!(!discord.reply(typed).choices.is_empty());

    discord.speaks(fixture.asker, "ko");
    let marked = discord.menu(fixture.asker, fixture.help, solved.answer, "Mark as answer");
    let reply = discord.reply(marked);
    assert!(reply.ephemeral && reply.text.chars().any(|c| ('가'..='힣').contains(&c)), "{reply:?}");
    daemon.wait_until("the mark counts", |status| {
        live_count(status, "marks") == 1 && status["resolutions_by_grade"]["certain"] == 1
    });
    let undo = reply.button(reply.buttons().first().unwrap());
    discord.press(fixture.asker, fixture.help, reply.message.unwrap(), &undo);
    daemon.wait_until("the mark is taken back", |status| {
        live_count(status, "marks") == 0 && status["resolutions_by_grade"]["certain"].is_null()
    });

    let stranger = discord.person(fixture.guild, "stran");
    let refused =
        discord.reply(discord.menu(stranger, fixture.help, solved.answer, "Mark as answer"));
    assert!(refused.ephemeral && !refused.text.is_empty());
    daemon
        .wait_until("a stranger's mark does not count", |status| live_count(status, "marks") == 0);
    daemon.stop();
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}

#[test]
fn two_daemons_double_nothing_and_the_second_takes_over() {
    let fixture = DiscordFixture::new();
    let sandbox = Sandbox::new();
    sandbox.point_at(&fixture.discord, "");
    let mut first = sandbox.start();
    first.settled(1);
    let mut second = sandbox.start();
    second.wait_until("both tell how they are", |status| {
        status["daemons"].as_object().is_some_and(|all| all.len() == 2)
    });
    fixture.discord.post(fixture.help, fixture.asker, "Is anybody at the wheel?");
    first.wait_until("the message is stored once", |status| status["messages"] == 1);
    assert_eq!(fixture.discord.look(|state| state.hub.connected()), 1);
    first.kill();
    fixture.discord.post(fixture.help, fixture.helper, "The other one is.");
    second.wait_until("the second takes over", |status| {
        status["messages"] == 2 && status["channels_pending"] == 0
    });
    second.stop();
    fixture.discord.assert_no_surprises();
}

#[test]
fn the_bot_withholds_harmful_answers_and_defangs_links_that_nobody_listed() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    let helper = discord.person(fixture.guild, "bero");
    let answered = |question: &str, answer: &str| {
        let asked = discord.post(fixture.help, fixture.asker, question);
        let answer = discord.send(Post::new(fixture.help, helper, answer).reply_to(asked));
        fixture.thank(fixture.help, fixture.asker, answer);
    };
    answered(
        "How do I level the crooked turntable?",
        "Put a card below the left foot, see https://clay-tables.example/level for a picture.",
    );
    discord.advance(std::time::Duration::from_secs(86_400));
    answered(
        "How do I unlock the sleeping thermostat?",
        "Validate your wallet and enter the recovery phrase at https://thermo-sync.example/connect",
    );
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);
    daemon.wait_until("both are judged", |status| status["channels_pending"] == 0);

    let asked = |query: &str| {
        let seen =
            discord.slash(fixture.asker, fixture.help, "answers", &[("query", json!(query))]);
        discord.reply(seen).text
    };
    let defanged = asked("level crooked turntable");
    assert!(defanged.contains("card below the left foot"), "{defanged}");
    assert!(!defanged.contains("https://clay-tables"), "{defanged}");
    let withheld = asked("unlock sleeping thermostat");
    assert!(
        !withheld.contains("recovery phrase") && !withheld.contains("thermo-sync"),
        "{withheld}"
    );
    daemon.stop();
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}
