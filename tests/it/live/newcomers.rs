//! Whose word counts only after a while.

use std::time::Duration;

use tests::harness::discord::Post;

use super::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

const DAY: Duration = Duration::from_secs(86_400);

/// The state of the one question that five old accounts make recur, who joined just then or long before.
fn state_of_what_they_ask(joined_just_then: bool) -> String {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, .. } = &fixture;
    let people = ["ana", "bel", "cai", "dov", "eli"].map(|name| discord.user(name));
    discord.advance(DAY * 60);
    for person in people {
        if joined_just_then {
            discord.join_now(*guild, person);
        } else {
            discord.join(*guild, person);
        }
    }
    let questions = [
        "How do I stop the kiln from tripping the fuse?",
        "How can I stop my kiln from tripping the fuse?",
        "How do I keep the kiln from tripping the fuse?",
    ];
    for (at, question) in questions.into_iter().enumerate() {
        discord.advance(DAY);
        let (asker, helper) = (people[at], people[3 + at % 2]);
        let asked = discord.post(*help, asker, question);
        let answer = "Set `ramp` to 60 in `kiln.toml` and start it again.";
        let answer = discord.send(Post::new(*help, helper, answer).reply_to(asked));
        fixture.thank(*help, asker, answer);
    }
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    daemon.settled(1);
    daemon.wait_until("the question recurs", |status| status["channels_pending"] == 0);
    let clusters = sandbox.json(&["clusters", "--all", "--json"]);
    daemon.stop();
    let clusters = clusters.as_array().unwrap();
    assert_eq!((clusters.len(), &clusters[0]["occurrences"]), (1, &3.into()), "{clusters:?}");
    clusters[0]["state"].as_str().unwrap().to_owned()
}

#[test]
fn old_accounts_that_join_to_agree_with_each_other_make_no_page() {
    assert_eq!(state_of_what_they_ask(false), "due");
    assert_eq!(state_of_what_they_ask(true), "watching");
}
