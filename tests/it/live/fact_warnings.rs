//! Moderators are told of a message that contradicts a fact.

use tests::harness::discord::Post;

use super::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

const FACTS: &str = "[[fact]]\nkey = 'token-address'\nkind = 'address'\n\
    value = '0x00000000000000000000000000000000000000aA'\naliases = ['contract address']\n";
const RIVAL: &str = "0x00000000000000000000000000000000000000bB";

#[test]
fn moderators_are_told_once_of_a_message_against_a_fact_and_not_its_words() {
    let fixture = DiscordFixture::new();
    let staff = fixture.discord.channel(fixture.guild, "staff");
    let sandbox = Sandbox::new();
    sandbox.point_at(&fixture.discord, "warn_in = 'staff'");
    sandbox.write("data/rules/facts.toml", FACTS);
    let mut daemon = sandbox.start();
    fixture.at_hand(&mut daemon);
    let say = |text: &str| fixture.discord.say(Post::new(fixture.help, fixture.asker, text));
    say(&format!("Is {RIVAL} the contract address?"));
    let wrong = say(&format!("The contract address is {RIVAL}, send there"));
    let said = || {
        fixture.discord.look(|sandbox| {
            let said = sandbox.messages.get(&staff).into_iter().flat_map(|said| said.values());
            let ours = said.filter(|message| message.author == sandbox.bot);
            ours.map(|message| message.content.clone()).collect::<Vec<_>>()
        })
    };
    daemon.wait_until("moderators are told", |_| !said().is_empty());
    fixture.discord.edit(
        fixture.help,
        wrong,
        &format!("The contract address is {RIVAL}, send it there now"),
    );
    say("Where is the kiln?");
    fixture.reread_all(&mut daemon);
    let [told] = &said()[..] else { panic!("{:?}", said()) };
    assert!(told.contains("token") && told.contains(&wrong.to_string()), "{told}");
    assert!(!told.contains("bB") && !told.contains("send there"), "{told}");
    daemon.stop();
    fixture.discord.assert_bot_mentions_nobody();
    fixture.discord.assert_no_surprises();
}
