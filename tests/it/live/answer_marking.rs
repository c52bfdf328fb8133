//! What people make of a question by menus and buttons, each with its way back.

use std::time::Duration;

use serde_json::Value;
use tests::harness::discord::{Asked, ChannelId, InteractionReply, MessageId, Post, RoleId, may};

use super::discord_fixture::{DiscordFixture, Solved};
use crate::sandbox::Sandbox;

/// The questions of each cluster, as the command line tells them.
fn groups(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let clusters = sandbox.json(&["clusters", "--all", "--json"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let questions = |one: &Value| one["questions"].as_array().unwrap().iter().map(text).collect();
    clusters.as_array().unwrap().iter().map(questions).collect()
}

/// So long after another question, a question begins a conversation of its own.
const DAY: Duration = Duration::from_secs(86_400);

fn is_korean(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

/// Questions of which only a person takes the first two for the same one.
fn apart(fixture: &DiscordFixture) -> [Solved; 3] {
    [
        ("Why does my kiln whistle at night?", "Oil the damper before you fire it."),
        ("What makes the kiln howl while cooling down?", "Put a drop of grease on the flap."),
        ("Where do we keep the recipe book?", "Look on the shelf behind the wheel."),
    ]
    .map(|(question, answer)| {
        fixture.discord.advance(DAY);
        fixture.solve(fixture.help, fixture.asker, question, answer)
    })
}

#[test]
fn a_question_is_said_to_be_the_same_as_another_and_is_not_after_all() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    let [whistle, howl, _] = apart(&fixture);
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);
    assert_eq!(groups(&sandbox).len(), 3);

    discord.speaks(fixture.asker, "ko");
    let asked = discord.menu(fixture.asker, fixture.help, howl.question, "Same question as…");
    let picker = discord.reply(asked);
    assert!(picker.ephemeral && is_korean(&picker.text), "{picker:?}");
    let [(label, value)] = &picker.options()[..] else { panic!("{picker:?}") };
    assert!(label.contains("kiln whistle"), "its own cluster is not offered: {picker:?}");
    let stranger = discord.person(fixture.guild, "stran");
    let refused = discord.menu(stranger, fixture.help, howl.question, "Same question as…");
    let refused = discord.reply(refused);
    assert!(refused.ephemeral && refused.options().is_empty(), "{refused:?}");

    let message = picker.message.unwrap();
    let tied = discord.reply(discord.choose(fixture.asker, fixture.help, message, value));
    assert!(is_korean(&tied.text), "{tied:?}");
    let both = vec![whistle.question.to_string(), howl.question.to_string()];
    daemon.wait_until("they are one", |status| {
        status["live"]["ties"] == 1 && groups(&sandbox).contains(&both)
    });

    let undo = tied.button("되돌리기");
    discord.reply(discord.press(fixture.asker, fixture.help, message, &undo));
    daemon.wait_until("they are apart again", |status| {
        status["live"]["ties"] == 0 && groups(&sandbox).len() == 3
    });
    daemon.stop();
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}

#[test]
fn an_answer_that_is_none_goes_and_comes_back() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    let [kiln, ..] = apart(&fixture);
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);
    assert!(sandbox.finds("kiln whistle", "Oil the damper"));

    let denied = discord.menu(fixture.helper, fixture.help, kiln.answer, "Not an answer");
    let denied = discord.reply(denied);
    assert!(denied.ephemeral && denied.text.contains("not an answer"), "{denied:?}");
    daemon.wait_until("the answer goes", |status| {
        status["live"]["marks"] == 1 && !sandbox.finds("kiln whistle", "Oil the damper")
    });
    discord.reply(discord.press(
        fixture.helper,
        fixture.help,
        denied.message.unwrap(),
        &denied.button("Undo"),
    ));
    daemon.wait_until("the answer comes back", |status| {
        status["live"]["marks"] == 0 && sandbox.finds("kiln whistle", "Oil the damper")
    });
    daemon.stop();
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}

#[test]
fn the_bot_is_paused_by_who_may_and_tells_people_what_it_keeps_of_them() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, .. } = &fixture;
    apart(&fixture);
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);
    let harvester =
        |by, what: &str| -> Asked { discord.slash(by, *help, &format!("harvester {what}"), &[]) };
    let reply_to = |by, what: &str| -> InteractionReply { discord.reply(harvester(by, what)) };

    let [stranger, moderator, manager] =
        ["stran", "moda", "mana"].map(|name| discord.person(*guild, name));
    discord.give_role(*guild, moderator, discord.role(*guild, "Mods", may::MANAGE_MESSAGES));
    discord.give_role(*guild, manager, discord.role(*guild, "Crew", may::MANAGE_GUILD));
    discord.speaks(manager, "ko");
    for (by, what) in [(stranger, "status"), (stranger, "pause"), (moderator, "pause")] {
        let refused = reply_to(by, what);
        assert!(refused.ephemeral && refused.text.starts_with("Only "), "{what}: {refused:?}");
    }
    let status = reply_to(moderator, "status");
    assert!(status.ephemeral && status.text.contains("Running"), "{status:?}");
    assert!(status.text.contains("Messages: 9 in 1 channels"), "{status:?}");
    assert!(is_korean(&reply_to(manager, "pause").text));
    assert!(reply_to(moderator, "status").text.contains("Paused"));
    assert!(is_korean(&reply_to(manager, "resume").text));
    assert!(reply_to(moderator, "status").text.contains("Running"));

    let export = reply_to(fixture.asker, "export-me");
    assert!(export.ephemeral, "{export:?}");
    let [(name, bytes)] = &export.files[..] else { panic!("{export:?}") };
    assert!(name.ends_with(".json"), "{name}");
    let kept = serde_json::from_slice::<Value>(bytes).unwrap().to_string();
    for own in ["kiln whistle", "kiln howl", "that worked"] {
        assert!(kept.contains(own), "{own} is not in {kept}");
    }
    assert!(!kept.contains("Oil the damper"), "it is somebody else's: {kept}");
    let none = reply_to(stranger, "export-me");
    assert_eq!(none.files.len(), 1, "{none:?}");
    daemon.stop();
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}

/// What the site shows of an answer, quoted or not.
fn shown(sandbox: &Sandbox) -> String {
    sandbox.get("/api/v1/search?q=kiln+whistle")
}

#[test]
fn who_is_asked_decides_whether_their_words_are_quoted() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, help, asker, helper, .. } = &fixture;
    let [kiln, ..] = apart(&fixture);
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    sandbox
        .write("data/rules/scope.toml", "[trust]\nroles = ['Helper']\n[consent]\nmode = 'ask'\n");
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);
    assert!(!shown(&sandbox).contains("Oil the damper"), "nobody was asked");

    discord.speaks(*asker, "ko");
    let marked = discord.menu(*asker, *help, kiln.answer, "Mark as answer");
    discord.reply(marked);
    daemon.wait_until("both authors are asked", |_| discord.follow_ups(marked).len() == 2);
    let asked = discord.follow_ups(marked);
    let (own, public) = asked.iter().partition::<Vec<_>, _>(|one| one.ephemeral);
    let ([own], [public]) = (&own[..], &public[..]) else { panic!("{asked:?}") };
    assert!(is_korean(&own.text), "the person who marks is asked in their language: {own:?}");
    assert!(public.text.contains(&format!("<@{helper}>")), "{public:?}");

    let press = |by, on: &InteractionReply, label: &str| {
        discord.reply(discord.press(by, *help, on.message.unwrap(), &on.button(label)))
    };
    let other = discord.press(
        *asker,
        *help,
        public.message.unwrap(),
        &public.button("Yes, you may quote me"),
    );
    daemon.wait_until("nobody decides for somebody else", |status| {
        status["live"]["consents"] == 0 && discord.follow_ups(other).len() == 1
    });
    press(*asker, own, "네, 인용해도 돼요");
    let allowed = press(*helper, public, "Yes, you may quote me");
    daemon.wait_until("the words are quoted", |status| {
        status["live"]["consents"] == 2 && shown(&sandbox).contains("Oil the damper")
    });
    press(*helper, &allowed, "Withdraw");
    daemon.wait_until("the words are quoted no longer", |status| {
        status["live"]["consents"] == 1 && !shown(&sandbox).contains("Oil the damper")
    });
    let evidence = sandbox.json(&["clusters", "--all", "--json"]);
    let titles = evidence.as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap());
    let titles = titles.collect::<Vec<_>>();
    assert_eq!(titles.len(), 3, "it stays evidence: {evidence}");
    assert_eq!(titles[0], "Why does my kiln whistle at night?", "the operator sees it");
    let sources = sandbox.json(&["status", "--json"]);
    assert_eq!(sources["live"]["marks"], 1, "the mark stands: {sources}");
    daemon.stop();
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}

/// Whether a post shows by its tag, and the message by the bot's ✅, that it is solved.
fn shows_solved(fixture: &DiscordFixture, post: ChannelId, message: MessageId) -> (bool, bool) {
    fixture.discord.look(|state| {
        let tags = &state.channel(post).thread.as_ref().unwrap().tags;
        let reactions = &state.message(post, message).unwrap().reactions;
        let ours = reactions.iter().any(|one| one.emoji == "✅" && one.users.contains(&state.bot));
        (!tags.is_empty(), ours)
    })
}

#[test]
fn a_marked_post_gets_its_tag_and_check_where_the_bot_may_and_loses_them_again() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, asker, .. } = &fixture;
    let forum = discord.forum(*guild, "questions", &["Solved"]);
    let words = "It whistles whenever the fire goes out. Why?";
    let post = discord.forum_post(forum, *asker, "Whistling kiln", words, &[]);
    let reply = Post::new(post, fixture.helper, "Oil the damper before you fire it.");
    let answer = discord.send(reply.reply_to(MessageId(post.0)));
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);

    let mark = || discord.reply(discord.menu(*asker, post, answer, "Mark as answer"));
    let undo = |marked: &InteractionReply| {
        let (message, button) = (marked.message.unwrap(), marked.button("Undo"));
        discord.reply(discord.press(*asker, post, message, &button));
    };
    discord.permit(*guild, RoleId(guild.0), may::USUAL & !may::ADD_REACTIONS);
    let marked = mark();
    assert!(marked.text.contains("could not react"), "{marked:?}");
    assert!(marked.text.contains("Manage Threads"), "{marked:?}");
    assert_eq!(shows_solved(&fixture, post, answer), (false, false));
    daemon.wait_until("it counts all the same", |status| {
        status["resolutions_by_grade"]["certain"] == 1
    });
    undo(&marked);

    discord.permit(*guild, RoleId(guild.0), may::USUAL);
    discord.permit_bot(*guild, may::MANAGE_THREADS);
    discord.archive(post);
    let marked = mark();
    assert!(marked.text.contains("Tag set: Solved"), "{marked:?}");
    assert_eq!(shows_solved(&fixture, post, answer), (true, true));
    let archived = || discord.look(|state| state.channel(post).thread.as_ref().unwrap().archived);
    assert!(archived(), "an old post stays one");
    undo(&marked);
    assert_eq!(shows_solved(&fixture, post, answer), (false, false));
    assert!(archived(), "an old post stays one");
    daemon.wait_until("no mark is left, and none counts", |status| {
        status["live"]["marks"] == 0 && status["resolutions_by_grade"]["certain"].is_null()
    });
    daemon.stop();
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}
