//! What people ask of the bot in the server, and what it says and does.

use serde_json::{Value, json};
use tests::harness::discord::Post;

use super::discord_fixture::Scene;
use crate::world::World;

fn live_count(status: &Value, key: &str) -> u64 {
    status["live"][key].as_u64().unwrap_or_default()
}

#[test]
fn commands_are_registered_once_with_korean_names() {
    let scene = Scene::new();
    let world = World::new();
    world.point_at(&scene.discord, "");
    for _ in 0..2 {
        let mut daemon = world.start();
        daemon.settled(1);
        scene.discord.wait_until("the commands are there", |_| true);
        daemon.wait_until("they are registered", |_| {
            !scene.discord.commands(Some(scene.guild)).is_empty()
        });
        daemon.stop();
    }
    let puts = scene.discord.count("PUT", "/applications/*/guilds/*/commands");
    assert_eq!(puts, 1, "registered again without need");
    let commands = scene.discord.commands(Some(scene.guild));
    let korean = commands.iter().map(|one| one["name_localizations"]["ko"].as_str().unwrap());
    assert!(korean.collect::<Vec<_>>().contains(&"답변으로 표시"));
    scene.discord.assert_no_surprises();
}

#[test]
fn people_find_answers_and_the_asker_marks_one_and_takes_it_back() {
    let scene = Scene::new();
    let discord = &scene.discord;
    let solved = scene.solve(
        scene.help,
        scene.asker,
        "How do I stop the glaze from crawling off the rim?",
        "Sift it twice and let it dry for a day.",
    );
    let world = World::new();
    world.point_at(discord, "");
    let mut daemon = world.start();
    daemon.settled(1);
    daemon.wait_until("the answer is found", |_| world.finds("glaze crawling", "Sift it twice"));

    let seen =
        discord.slash(scene.asker, scene.help, "answers", &[("query", json!("glaze crawling"))]);
    let reply = discord.reply(seen);
    assert!(reply.ephemeral && reply.text.contains("Sift it twice"), "{reply:?}");
    assert!(reply.text.contains("https://discord.com/channels/"), "{reply:?}");
    let typed = discord.complete(scene.asker, scene.help, "answers", ("query", "glaze"));
    assert!(!discord.reply(typed).choices.is_empty());

    discord.speaks(scene.asker, "ko");
    let marked = discord.menu(scene.asker, scene.help, solved.answer, "Mark as answer");
    let reply = discord.reply(marked);
    assert!(reply.ephemeral && reply.text.chars().any(|c| ('가'..='힣').contains(&c)), "{reply:?}");
    daemon.wait_until("the mark counts", |status| {
        live_count(status, "marks") == 1 && status["resolutions_by_grade"]["certain"] == 1
    });
    let undo = reply.button(reply.buttons().first().unwrap());
    discord.press(scene.asker, scene.help, reply.message.unwrap(), &undo);
    daemon.wait_until("the mark is taken back", |status| {
        live_count(status, "marks") == 0 && status["resolutions_by_grade"]["certain"].is_null()
    });

    let stranger = discord.person(scene.guild, "stran");
    let refused =
        discord.reply(discord.menu(stranger, scene.help, solved.answer, "Mark as answer"));
    assert!(refused.ephemeral && !refused.text.is_empty());
    daemon
        .wait_until("a stranger's mark does not count", |status| live_count(status, "marks") == 0);
    daemon.stop();
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}

#[test]
fn two_daemons_double_nothing_and_the_second_takes_over() {
    let scene = Scene::new();
    let world = World::new();
    world.point_at(&scene.discord, "");
    let mut first = world.start();
    first.settled(1);
    let mut second = world.start();
    second.wait_until("both tell how they are", |status| {
        status["daemons"].as_object().is_some_and(|all| all.len() == 2)
    });
    scene.discord.post(scene.help, scene.asker, "Is anybody at the wheel?");
    first.wait_until("the message is stored once", |status| status["messages"] == 1);
    assert_eq!(scene.discord.look(|world| world.hub.connected()), 1);
    first.kill();
    scene.discord.post(scene.help, scene.helper, "The other one is.");
    second.wait_until("the second takes over", |status| {
        status["messages"] == 2 && status["channels_pending"] == 0
    });
    second.stop();
    scene.discord.assert_no_surprises();
}

#[test]
fn the_bot_withholds_harmful_answers_and_defangs_links_that_nobody_listed() {
    let scene = Scene::new();
    let discord = &scene.discord;
    let helper = discord.person(scene.guild, "bero");
    let answered = |question: &str, answer: &str| {
        let asked = discord.post(scene.help, scene.asker, question);
        let answer = discord.say(Post::new(scene.help, helper, answer).reply_to(asked));
        scene.thank(scene.help, scene.asker, answer);
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
    let world = World::new();
    world.point_at(discord, "");
    let mut daemon = world.start();
    scene.at_hand(&mut daemon);
    daemon.wait_until("both are judged", |status| status["channels_pending"] == 0);

    let asked = |query: &str| {
        let seen = discord.slash(scene.asker, scene.help, "answers", &[("query", json!(query))]);
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
