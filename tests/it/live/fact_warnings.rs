//! Moderators are told of a message that contradicts a fact.

use tests::harness::discord::Post;

use super::discord_fixture::Scene;
use crate::world::World;

const FACTS: &str = "[[fact]]\nkey = 'token-address'\nkind = 'address'\n\
    value = '0x00000000000000000000000000000000000000aA'\naliases = ['contract address']\n";
const RIVAL: &str = "0x00000000000000000000000000000000000000bB";

#[test]
fn moderators_are_told_once_of_a_message_against_a_fact_and_not_its_words() {
    let scene = Scene::new();
    let staff = scene.discord.channel(scene.guild, "staff");
    let world = World::new();
    world.point_at(&scene.discord, "warn_in = 'staff'");
    world.write("data/rules/facts.toml", FACTS);
    let mut daemon = world.start();
    scene.at_hand(&mut daemon);
    let say = |text: &str| scene.discord.say(Post::new(scene.help, scene.asker, text));
    say(&format!("Is {RIVAL} the contract address?"));
    let wrong = say(&format!("The contract address is {RIVAL}, send there"));
    let said = || {
        scene.discord.look(|world| {
            let said = world.messages.get(&staff).into_iter().flat_map(|said| said.values());
            let ours = said.filter(|message| message.author == world.bot);
            ours.map(|message| message.content.clone()).collect::<Vec<_>>()
        })
    };
    daemon.wait_until("moderators are told", |_| !said().is_empty());
    scene.discord.edit(
        scene.help,
        wrong,
        &format!("The contract address is {RIVAL}, send it there now"),
    );
    say("Where is the kiln?");
    scene.reread_all(&mut daemon);
    let [told] = &said()[..] else { panic!("{:?}", said()) };
    assert!(told.contains("token") && told.contains(&wrong.to_string()), "{told}");
    assert!(!told.contains("bB") && !told.contains("send there"), "{told}");
    daemon.stop();
    scene.discord.assert_bot_mentions_nobody();
    scene.discord.assert_no_surprises();
}
