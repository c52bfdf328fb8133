//! What is odd, unreadable, changed, or not to be logged: no message is lost by it, and no log has any.

use std::collections::BTreeSet;

use indexer::store::{QuarantinedPayload, Store, WriteBatch};
use rules::model::ids::MessageId;
use serde_json::{Value, json};
use tests::harness::discord::{Kind, Malformed, Post};

use super::catching_up::state;
use super::discord_fixture::{DiscordFixture, pulse};
use crate::sandbox::{Sandbox, store_of};

fn messages(status: &Value) -> u64 {
    status["messages"].as_u64().unwrap()
}

fn quarantined(status: &Value) -> u64 {
    let kinds = status["live"]["quarantined_by_kind"].as_object().unwrap();
    kinds.values().filter_map(Value::as_u64).sum()
}

fn unknown(status: &Value) -> u64 {
    let kinds = pulse(status)["discord"]["gateway"]["unknown_events_total"].clone();
    kinds.as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum()
}

#[test]
fn no_odd_message_is_lost_live_or_in_a_page() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, help, asker, helper, .. } = &fixture;
    let live = Sandbox::new();
    live.point_at(discord, "");
    let mut daemon = live.start();
    daemon.settled(1);
    for (number, shape) in Malformed::OF_MESSAGES.into_iter().enumerate() {
        let asks = format!("Why does glaze number {number} crawl at the rim?");
        let asked = discord.send(Post::new(*help, *asker, &asks).malformed(shape));
        let answer = format!("Sieve glaze {number} twice and bisque hotter.");
        let answer = Post::new(*help, *helper, &answer).reply_to(asked);
        fixture.thank(*help, *asker, discord.send(answer));
    }
    let all = 3 * Malformed::OF_MESSAGES.len() as u64;
    daemon.wait_until("all are heard", |status| messages(status) == all);
    let heard = daemon.settled(1);
    assert_eq!(quarantined(&heard), 0);
    // A type that nobody knows yet is kept, and not judged.
    assert_eq!(heard["messages_by_kind"]["other"], 1);
    daemon.stop();

    let read = Sandbox::new();
    read.point_at(discord, "");
    let mut daemon = read.start();
    assert_eq!(quarantined(&daemon.settled(1)), 0);
    daemon.stop();
    assert_eq!(state(&read), state(&live));
    discord.assert_no_surprises();
}

#[test]
fn odd_events_of_other_kinds_harm_nothing() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, helper, asker } = &fixture;
    let solved = fixture.solve(*help, *asker, "Why does my kiln squeak?", "Oil the kiln spindle.");
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    discord.malform_next(Malformed::PresenceWithBadUrl);
    let mut daemon = sandbox.start();
    daemon.settled(1);
    discord.wait_until("the commands are there", |state| {
        state.commands.get(&Some(*guild)).is_some_and(|commands| !commands.is_empty())
    });

    discord.malform_next(Malformed::ChannelNullForList);
    discord.rename(*help, "workshop");
    discord.malform_next(Malformed::ChannelNullForList);
    let thread = discord.thread(*help, Kind::PublicThread, *asker, "wheels");
    fixture.solve(thread, *asker, "Why does the wheel wobble?", "Shim the wheel bearing.");
    daemon.wait_until("both are served", |_| {
        sandbox.get("/api/v1/search?q=kiln+squeak").contains("workshop")
            && sandbox.finds("wheel wobble", "Shim the wheel")
    });

    let before = unknown(&daemon.wait_until("it runs", |_| true));
    discord.malform_next(Malformed::UnknownInteractionType);
    discord.slash(*asker, *help, "answers", &[("query", json!("kiln"))]);
    discord.malform_next(Malformed::UnknownComponentInResolved);
    let marked = discord.menu(*helper, *help, solved.answer, "Mark as answer");
    assert!(!discord.reply(marked).text.is_empty());
    discord.malform_next(Malformed::UnknownEvent);
    discord.post(*help, *asker, "Nobody hears this, for now.");
    daemon.wait_until("what nobody knows is counted", |status| unknown(status) > before);
    let marks = daemon.wait_until("it is marked", |status| status["live"]["marks"] == 1);
    assert_eq!(quarantined(&marks), 0);
    assert_eq!(messages(&marks), 6);
    fixture.reread_all(&mut daemon);
    assert_eq!(messages(&daemon.settled(1)), 7, "what was sent malformed is read");
    daemon.stop();
    discord.assert_no_surprises();
}

/// A message of which nobody can say when it was sent.
fn spoil(fixture: &DiscordFixture, message: MessageId) {
    fixture.discord.spoil_state(|state| {
        let said = state.messages.get_mut(&fixture.help).unwrap().get_mut(&message).unwrap();
        said.timestamp = "last Tuesday".into();
    });
}

#[test]
fn what_cannot_be_read_is_kept_aside_counted_and_let_go_once_it_can() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, asker, .. } = &fixture;
    fixture.solve(*help, *asker, "Why does my kiln squeak?", "Oil the kiln spindle.");
    let odd = Post::new(*help, *asker, "The vexillar tongs are lost.");
    let odd = discord.send(odd.malformed(Malformed::NullForList));
    spoil(&fixture, odd);
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    let status = daemon.settled(1);
    assert_eq!((messages(&status), quarantined(&status)), (3, 1), "the rest of its page is stored");
    assert_eq!(status["live"]["messages_deleted"], 0);
    let nameless = json!({ "id": "1700000000000000001", "channel_id": help, "guild_id": guild,
        "content": "Who says that the gorvane is hot?", "timestamp": "2026-01-01T00:00:00Z",
        "type": 0, "author": null });
    discord.emit_raw(*guild, "MESSAGE_CREATE", nameless.clone());
    discord.emit_raw(*guild, "MESSAGE_CREATE", nameless);
    daemon.wait_until("it is kept aside once", |status| quarantined(status) == 2);
    let raw = sandbox.traces(&["vexillar", "gorvane"], &[]);
    assert!(raw.len() >= 2, "raw JSON is kept: {raw:?}");

    let retried = sandbox.run(&["retry", "--json"]);
    assert_ne!(retried.code, 0);
    let retried = serde_json::from_str::<Value>(&retried.stdout).unwrap();
    assert_eq!(retried, json!({ "read": 0, "still_unreadable": 2 }));

    fixture.reread_all(&mut daemon);
    let status = daemon.settled(1);
    assert_eq!((messages(&status), quarantined(&status)), (3, 2), "nothing is kept twice");
    left_by_an_older_program(&sandbox, &fixture);
    daemon.wait_until("three are aside", |status| quarantined(status) == 3);
    assert_ne!(sandbox.run(&["retry"]).code, 0);
    let read = daemon.wait_until("one could be read", |status| quarantined(status) == 2);
    assert_eq!(messages(&read), 4);

    discord.spoil_state(|state| {
        let sent = state.now();
        let said = state.messages.get_mut(help).unwrap().get_mut(&odd).unwrap();
        said.timestamp = sent.to_string();
    });
    fixture.reread_all(&mut daemon);
    let healed = daemon.settled(1);
    assert_eq!((messages(&healed), quarantined(&healed)), (5, 1), "it is read, and let go");
    daemon.stop();
    discord.assert_no_surprises();
}

/// Puts aside a message that this version can read.
fn left_by_an_older_program(sandbox: &Sandbox, fixture: &DiscordFixture) {
    let (help, asker) = (fixture.help, fixture.asker);
    let id = MessageId(1_700_000_000_000_000_002);
    let raw = json!({ "id": id, "channel_id": help, "guild_id": fixture.guild, "type": 0,
        "content": "What does a kiln cost?", "timestamp": "2026-01-02T00:00:00Z",
        "author": { "id": asker, "username": "askel" }, "shimmer": [1, 2] });
    let one = QuarantinedPayload {
        id: 0,
        source: "gateway".into(),
        kind: "MESSAGE_CREATE".into(),
        why: "nobody knew of shimmer".into(),
        raw: raw.to_string(),
        channel: Some(help),
        message: Some(id),
        seen: fixture.discord.now(),
        tries: 0,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open_shared(store_of(&sandbox.data())).await.unwrap();
        store
            .apply_batch(&WriteBatch { quarantined: vec![one], ..WriteBatch::default() })
            .await
            .unwrap();
        store.close().await;
    });
}

#[test]
fn edits_are_searched_at_once_and_previews_are_none() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, help, asker, .. } = &fixture;
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    daemon.settled(1);
    let answer = "Oil the spindle, see https://example.org/kilns for more.";
    let solved = fixture.solve(*help, *asker, "Why does my kiln squeak?", answer);
    daemon.wait_until("it is found", |_| sandbox.finds("kiln squeak", "Oil the spindle"));
    let served = |words: &str| sandbox.get("/api/v1/search?q=kiln+squeak").contains(words);
    daemon.wait_until("it is served", |_| served("Oil the spindle"));

    let before = daemon.settled(1);
    discord.preview(*help, solved.answer, "https://example.org/kilns");
    discord.pin(*help, solved.question, false);
    discord.post(*help, *asker, "One more thing to say.");
    let after = daemon.wait_until("what came later is heard", |status| messages(status) == 4);
    let updated = |status: &Value| pulse(status)["messages_updated_total"].clone();
    assert_eq!(updated(&after), updated(&before), "a preview is no edit");

    discord.edit(*help, solved.answer, "Grease the rear bearing, not the spindle.");
    daemon.wait_until("the edit is found", |_| {
        sandbox.finds("kiln squeak", "Grease the rear bearing") && served("Grease the rear bearing")
    });
    assert!(!served("Oil the spindle") && !sandbox.finds("kiln squeak", "Oil the spindle"));
    daemon.forgets(&sandbox, &["example.org/kilns"], &[]);
    daemon.stop();
    discord.assert_no_surprises();
}

/// Everything that goes through the daemon's hands, at the level that tells most.
#[test]
fn no_log_tells_what_people_said_or_who_they_are() {
    let fixture = DiscordFixture::new();
    let DiscordFixture { discord, guild, help, helper, .. } = &fixture;
    let nosy = discord.person(*guild, "quorvexina");
    discord.nick(*guild, nosy, Some("Zanthorpe"));
    let private = discord.channel(*guild, "vellichorium");
    discord.post(private, nosy, "Where is the brimtang key?");
    discord.post(*help, nosy, "Earlier, in the drazzle history, what glows?");
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start_telling("trace");
    daemon.settled(1);
    discord.wait_until("the commands are there", |state| {
        state.commands.get(&Some(*guild)).is_some_and(|commands| !commands.is_empty())
    });

    let question = "Why does the plumbago wheel squeak?";
    let solved = fixture.solve(*help, nosy, question, "Oil the oxgall spindle, quorvexina.");
    discord.edit(*help, solved.answer, "Grease the smaragd bearing.");
    discord.react(*help, solved.answer, nosy, "✅");
    for shape in Malformed::OF_MESSAGES {
        let odd = Post::new(*help, nosy, "A tarantass of odd fields").malformed(shape);
        discord.send(odd.forward("borrowed grimoire words").attach("hexerei.txt", 3));
    }
    discord.malform_next(Malformed::UnknownEvent);
    discord.post(*help, nosy, "Sent under a nameless gossamer event.");
    let unreadable = json!({ "id": "1700000000000000001", "channel_id": help, "guild_id": guild,
        "content": "An unreadable wyrmling line.", "timestamp": null, "author": { "id": nosy } });
    discord.emit_raw(*guild, "MESSAGE_CREATE", unreadable);
    discord.lose_next(1);
    discord.post(*help, nosy, "Lost under a quillon gap.");
    discord.post(*help, nosy, "After the quillon gap.");
    daemon.wait_until("all is heard", |status| messages(status) >= 18 && quarantined(status) == 1);
    // In words of its own: what a search does not find is counted, and stays when its author is forgotten.
    let asked = discord.slash(nosy, *help, "answers", &[("query", json!("squeak tourbillon"))]);
    assert!(!discord.reply(asked).text.is_empty() || !discord.reply(asked).embeds.is_empty());
    discord.reply(discord.menu(*helper, *help, solved.answer, "Mark as answer"));
    sandbox.get("/api/v1/search?q=squeak+tourbillon");
    fixture.reread_all(&mut daemon);
    discord.delete(*help, solved.answer);
    let asked = discord.slash(nosy, *help, "harvester forget-me", &[]);
    let sure = discord.reply(asked);
    let button = sure.button("Forget me");
    discord.reply(discord.press(nosy, *help, sure.message.unwrap(), &button));
    daemon.forgets(&sandbox, &["plumbago"], &[]);
    daemon.stop();

    let log = std::fs::read_to_string(sandbox.path("daemon.log")).unwrap().to_lowercase();
    let lines = log.lines().count();
    assert!(
        log.contains("debug") && lines > 500,
        "the log is at its fullest: {lines} lines\n{log}"
    );
    let said = [
        "brimtang",
        "drazzle",
        "plumbago",
        "tourbillon",
        "oxgall",
        "smaragd",
        "tarantass",
        "grimoire",
        "hexerei",
        "gossamer",
        "wyrmling",
        "quillon",
    ];
    let token = discord.token().to_lowercase();
    let names = ["quorvexina", "zanthorpe", "vellichorium", &token];
    let leaked = said.iter().chain(&names).filter(|word| log.contains(**word));
    let leaked = leaked.collect::<BTreeSet<_>>();
    assert!(leaked.is_empty(), "{leaked:?}: {:?}", example(&log, &leaked));
    discord.assert_no_surprises();
}

/// A log line that holds one of the words.
fn example<'l>(log: &'l str, leaked: &BTreeSet<&&str>) -> Option<&'l str> {
    log.lines().find(|line| leaked.iter().any(|word| line.contains(**word)))
}
