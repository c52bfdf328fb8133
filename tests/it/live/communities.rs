//! Two servers that share a bot and a data directory: members of one see nothing of the other.

use std::time::Duration;

use serde_json::json;
use tests::harness::discord::{ChannelId, Post};

use super::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

const DAY: Duration = Duration::from_secs(86_400);
const QUESTION: &str = "How do I reset the vector index after changing the embedding model?";

#[test]
fn replies_show_members_only_what_their_own_server_answered() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    let tower = discord.guild("Tower");
    let bells = discord.channel(tower, "help");
    let ringer = discord.person(tower, "rika");
    fixture.solve(fixture.help, fixture.asker, QUESTION, "Delete the folder data/index.");
    discord.advance(DAY);
    let theirs = discord.post(bells, ringer, QUESTION);
    let sexton = discord.person(tower, "sex");
    let answer = Post::new(bells, sexton, "Ring the belfry bell twice.").reply_to(theirs);
    let answer = discord.send(answer);
    fixture.thank(bells, ringer, answer);

    let sandbox = Sandbox::new();
    let division = format!(
        "[[workspace]]\nname = 'harbor'\nservers = ['{}']\n\
         [[workspace]]\nname = 'tower'\nservers = ['{tower}']",
        fixture.guild
    );
    sandbox.point_at(discord, &division);
    let settings = std::fs::read_to_string(sandbox.path("data/harvester.toml")).unwrap();
    let settings = settings.replacen("[site]\n", "[site]\nworkspace = 'harbor'\n", 1);
    sandbox.write("data/harvester.toml", &settings);
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);
    let asks = |by, place: ChannelId| {
        let query = [("query", json!("reset the vector index"))];
        discord.reply(discord.slash(by, place, "answers", &query)).text
    };
    daemon.wait_until("both find their own answer", |_| {
        asks(fixture.asker, fixture.help).contains("Delete the folder")
            && asks(ringer, bells).contains("belfry")
    });
    let (here, there) = (asks(fixture.asker, fixture.help), asks(ringer, bells));
    assert!(!here.contains("belfry") && !here.contains(&tower.to_string()), "{here}");
    assert!(
        !there.contains("Delete the folder") && !there.contains(&fixture.guild.to_string()),
        "{there}"
    );
    let typed = |by, place| {
        let typed = discord.complete(by, place, "answers", ("query", "reset the vector index"));
        discord.reply(typed).choices
    };
    let ids = [typed(fixture.asker, fixture.help), typed(ringer, bells)];
    assert!(ids.iter().all(|choices| choices.len() == 1) && ids[0] != ids[1], "{ids:?}");
    // An id that somebody learned elsewhere opens nothing either.
    let id = ids[0][0].1.as_str().unwrap();
    let named = discord.slash(ringer, bells, "answers", &[("query", json!(id))]);
    let named = discord.reply(named).text;
    assert!(!named.contains("Delete the folder"), "{named}");
    let same = discord.menu(ringer, bells, theirs, "Same question as…");
    let same = discord.reply(same);
    assert!(!same.text.contains("Delete the folder") && same.options().is_empty(), "{same:?}");
    daemon.stop();
    discord.assert_no_surprises();
}
