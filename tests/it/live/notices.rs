//! Notices to askers, once each: that an answer waits for their word, and where the page of their question is.

use std::collections::BTreeMap;

use indexer::store::{MergedAnswerRow, Store};
use jiff::{SignedDuration, Timestamp};
use rules::model::cluster::ClusterState;
use rules::model::ids::UserId;
use serde_json::Value;
use tests::harness::discord::{ChannelId, Message, MessageId, Post};

use super::daemon::Daemon;
use super::discord_fixture::DiscordFixture;
use crate::sandbox::{Sandbox, store_of};

const NUDGES: &str = "nudge_in = ['he*']\nnudge_after_hours = 24";

/// Somebody asks so many hours ago, the helper answers, and nobody says more; the question and the answer.
fn answered(
    fixture: &DiscordFixture,
    (place, hours): (ChannelId, i64),
    asker: UserId,
    [question, answer]: [&str; 2],
) -> (MessageId, MessageId) {
    let at = fixture.discord.now() - SignedDuration::from_hours(hours);
    let asked = fixture.discord.send(Post::new(place, asker, question).at(at));
    let later = at + SignedDuration::from_mins(1);
    let answered = Post::new(place, fixture.helper, answer).at(later).reply_to(asked);
    (asked, fixture.discord.send(answered))
}

/// What the bot has written, by the message that it replies to.
fn written(fixture: &DiscordFixture) -> BTreeMap<MessageId, Message> {
    fixture.discord.look(|state| {
        let said = state.messages.values().flat_map(BTreeMap::values);
        let own = said.filter(|message| message.author == state.bot);
        own.map(|message| (message.reference.as_ref().unwrap().message.unwrap(), message.clone()))
            .collect()
    })
}

/// The `custom_id` of a message's button.
fn button(message: &Message, label: &str) -> String {
    let rows = message.components.iter().flat_map(|row| row["components"].as_array().unwrap());
    let found = rows.into_iter().find(|button| button["label"] == label);
    found.unwrap()["custom_id"].as_str().unwrap().to_owned()
}

fn wait_for_notices(daemon: &mut Daemon<'_>, fixture: &DiscordFixture, count: usize) {
    daemon.wait_until("askers get notices", |_| written(fixture).len() >= count);
}

fn statuses(status: &Value) -> (u64, u64) {
    let of = |name: &str| status["conversations_by_status"][name].as_u64().unwrap_or_default();
    (of("resolved"), of("no-question"))
}

#[test]
fn the_asker_of_an_answered_question_is_asked_once_whether_it_helped() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, asker, .. } = &fixture;
    let other = discord.person(*guild, "olga");
    let elsewhere = discord.channel(*guild, "wheel");
    let (_, waits) = answered(
        &fixture,
        (*help, 60),
        *asker,
        ["How do I stop the glaze from crawling?", "Sift it twice and let it dry for a day."],
    );
    let (_, none) = answered(
        &fixture,
        (*help, 40),
        other,
        ["유약이 흘러내리는데 어떻게 해야 하나요?", "하루 더 말린 다음에 구우세요."],
    );
    answered(
        &fixture,
        (elsewhere, 30),
        *asker,
        ["Where do we keep the recipe book?", "On the shelf behind the wheel."],
    );
    answered(&fixture, (*help, 2), *asker, ["How hot is a bisque firing?", "About 1000 degrees."]);
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, NUDGES);
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);
    wait_for_notices(&mut daemon, &fixture, 2);
    let mut second = sandbox.start();
    second.wait_until("two daemons run", |status| {
        status["daemons"].as_object().is_some_and(|all| all.len() == 2)
    });
    let nudges = written(&fixture);
    assert_eq!(nudges.keys().copied().collect::<Vec<_>>(), [waits, none]);
    assert!(nudges[&waits].content.starts_with(&format!("<@{asker}>, did this answer")));

    let stranger = discord.person(*guild, "stran");
    let solved = button(&nudges[&waits], "Solved by this message");
    let refused = discord.press(stranger, *help, nudges[&waits].id, &solved);
    discord.reply(refused);
    assert!(discord.follow_ups(refused)[0].text.starts_with("Only "));
    discord.reply(discord.press(*asker, *help, nudges[&waits].id, &solved));
    daemon.wait_until("the asker's word counts", |status| {
        status["live"]["marks"] == 1 && status["resolutions_by_grade"]["certain"] == 1
    });

    let before = statuses(&daemon.wait_until("all is judged", |_| true));
    discord.speaks(other, "ko");
    let declined = button(&nudges[&none], "질문이 아니에요");
    let declined = discord.reply(discord.press(other, *help, nudges[&none].id, &declined));
    daemon.wait_until("it is no question", |status| statuses(status).1 == before.1 + 1);
    let undo = declined.button("되돌리기");
    discord.reply(discord.press(other, *help, nudges[&none].id, &undo));
    daemon.wait_until("it is one after all", |status| statuses(status) == before);

    daemon.stop();
    second.stop();
    let mut again = sandbox.start();
    fixture.at_hand(&mut again);
    again.stop();
    assert_eq!(discord.count("POST", "/channels/*/messages"), 2, "nobody is asked twice");
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}

/// A maintainer merged an answer to the one question of a store.
fn merge(sandbox: &Sandbox, merged: Timestamp) {
    let id = sandbox.json(&["clusters", "--all", "--json"])[0]["id"].as_str().unwrap().parse();
    let row = MergedAnswerRow {
        cluster: id.unwrap(),
        number: Some(1),
        path: "docs/glaze.md".to_owned(),
        link: "https://docs.example.org/glaze".to_owned(),
        title: "Keeping glaze on the rim".to_owned(),
        answer: "Sift it twice.".to_owned(),
        digest: "d".to_owned(),
        merged,
        evidence: Vec::new(),
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open_shared(store_of(&sandbox.data())).await.unwrap();
        store.upsert_merged_answer(&row).await.unwrap();
        store.set_state(&row.cluster, ClusterState::Merged).await.unwrap();
        store.close().await;
    });
}

#[test]
fn askers_get_one_notice_of_the_page_of_their_question() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, help, asker, .. } = &fixture;
    let solved =
        fixture.solve(*help, *asker, "How do I stop the glaze from crawling?", "Sift it twice.");
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "announce_in = ['help']");
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);
    daemon.wait_until("the answer is found", |_| sandbox.finds("glaze crawling", "Sift it twice"));
    assert!(written(&fixture).is_empty(), "there is no page yet");
    merge(&sandbox, discord.now() - SignedDuration::from_secs(1));
    wait_for_notices(&mut daemon, &fixture, 1);
    let announced = written(&fixture).remove(&solved.answer).unwrap();
    assert_eq!(
        announced.content,
        format!(
            "<@{asker}>, your question now has a reviewed page: \
             [Keeping glaze on the rim](<https://docs.example.org/glaze>)"
        )
    );
    daemon.stop();
    let mut again = sandbox.start();
    fixture.at_hand(&mut again);
    again.stop();
    assert_eq!(discord.count("POST", "/channels/*/messages"), 1, "it is posted once");
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}
