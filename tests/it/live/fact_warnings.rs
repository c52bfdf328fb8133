//! Moderators are told of a message that contradicts a fact.

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
    let post = |text: &str| fixture.discord.post(fixture.help, fixture.asker, text);
    post(&format!("Is {RIVAL} the contract address?"));
    let wrong = post(&format!("The contract address is {RIVAL}, send there"));
    let warnings = || {
        fixture.discord.look(|state| {
            let posted = state.messages.get(&staff).into_iter().flat_map(|posted| posted.values());
            let ours = posted.filter(|message| message.author == state.bot);
            ours.map(|message| message.content.clone()).collect::<Vec<_>>()
        })
    };
    daemon.wait_until("moderators are told", |_| !warnings().is_empty());
    fixture.discord.edit(
        fixture.help,
        wrong,
        &format!("The contract address is {RIVAL}, send it there now"),
    );
    post("Where is the kiln?");
    fixture.reread_all(&mut daemon);
    let [warning] = &warnings()[..] else { panic!("{:?}", warnings()) };
    assert!(warning.contains("token") && warning.contains(&wrong.to_string()), "{warning}");
    assert!(!warning.contains("bB") && !warning.contains("send there"), "{warning}");
    daemon.stop();
    fixture.discord.assert_bot_mentions_nobody();
    fixture.discord.assert_no_surprises();
}
