//! Discord will not have us, or does not let us go on.

use tests::harness::discord::{FakeDiscord, Rebuff};

use super::discord_fixture::DiscordFixture;
use crate::sandbox::Sandbox;

/// How a connection breaks.
type Break = fn(&FakeDiscord);

/// Sessions that a refused daemon may ask for: Discord counts a thousand a day.
const FEW: usize = 5;

#[test]
fn a_refusal_for_good_ends_the_daemon_with_the_reason() {
    let reasons = [
        (4004, 78, "token"),
        (4010, 1, "shard"),
        (4011, 1, "shard"),
        (4012, 78, "version"),
        (4013, 78, "intent"),
        (4014, 78, "Message Content"),
    ];
    for (code, expected, reason) in reasons {
        let discord = FakeDiscord::start();
        discord.guild("Pottery");
        discord.at_identify(Rebuff::Close(code), u32::MAX);
        let sandbox = Sandbox::new();
        sandbox.point_at(&discord, "");
        let (ended, said) = sandbox.start().ended();
        assert_eq!(ended, expected, "{code}: {said}");
        assert!(said.to_lowercase().contains(&reason.to_lowercase()), "{code}: {said}");
        let asked = discord.look(|state| state.hub.identifies());
        assert!((1..=FEW).contains(&asked), "{code}: {asked} sessions were asked for");
        discord.assert_no_surprises();
    }
}

#[test]
fn no_sessions_left_ends_the_daemon_before_it_asks_for_one() {
    let discord = FakeDiscord::start();
    discord.session_starts(0, 1);
    let sandbox = Sandbox::new();
    sandbox.point_at(&discord, "");
    let (ended, said) = sandbox.start().ended();
    assert_eq!(ended, 1, "{said}");
    assert!(said.contains("session"), "{said}");
    assert_eq!(discord.look(|state| state.hub.identifies()), 0);
}

#[test]
fn a_token_that_discord_does_not_know_ends_the_daemon_with_the_reason() {
    let discord = FakeDiscord::start();
    let sandbox = Sandbox::new();
    sandbox.point_at(&discord, "");
    sandbox.write("data/token", "another.token.entirely");
    let (ended, said) = sandbox.start().ended();
    assert_eq!(ended, 78, "{said}");
    assert!(said.contains("token") && !said.contains("another.token"), "{said}");
}

/// Whatever ends a session, what was said meanwhile is found, and nothing is stored twice.
#[test]
fn a_connection_that_breaks_in_any_way_loses_nothing() {
    let fixture = DiscordFixture::new();
    let discord = &fixture.discord;
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    daemon.settled(1);
    let breaks: [(&str, Break); 9] = [
        ("4000", |discord| discord.close(4000)),
        ("4007", |discord| discord.close(4007)),
        ("4009", |discord| discord.close(4009)),
        ("op 7", FakeDiscord::ask_to_reconnect),
        ("op 9, resumable", |discord| discord.invalidate(true)),
        ("op 9", |discord| discord.invalidate(false)),
        ("a broken line", FakeDiscord::break_connections),
        ("a forgotten session", FakeDiscord::forget_sessions),
        ("a refused session", |discord| {
            discord.at_resume(Rebuff::Invalid(false), 1);
            discord.break_connections();
        }),
    ];
    let mut posted = 0;
    for (way, broken) in breaks {
        fixture.discord.post(fixture.help, fixture.asker, &format!("before {way}"));
        broken(discord);
        fixture.discord.post(fixture.help, fixture.helper, &format!("after {way}"));
        posted += 2;
        daemon.wait_until(&format!("nothing is lost by {way}"), |status| {
            status["messages"].as_u64() == Some(posted)
        });
        discord.wait_until("it listens again", |state| state.hub.connected() > 0);
    }
    daemon.stop();
    discord.assert_no_surprises();
}
