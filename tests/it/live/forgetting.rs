//! Gone is gone: what people take back, and people who want to be forgotten.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rules::model::ids::{ChannelId, UserId};
use serde_json::{Value, json};
use tests::harness::discord::{Kind, Message, MessageId, Post};

use super::daemon::Daemon;
use super::discord_fixture::{DiscordFixture, Solved};
use crate::exports::write;
use crate::sandbox::Sandbox;

/// How long forgetting may take, everywhere.
const MINUTE: Duration = Duration::from_secs(60);

/// What only the person who is forgotten says, and what they are called.
const WORDS: [&str; 4] = ["vellichor", "brimtang", "quorvexina", "zanthorpe"];

fn messages(status: &Value) -> u64 {
    status["messages"].as_u64().unwrap()
}

/// A server where somebody asks what others ask too, is talked about, and reacts.
struct Talk {
    fixture: DiscordFixture,
    person: UserId,
    own: Vec<MessageId>,
    /// Somebody else's answer that names the person, and to which the person reacted.
    about: Solved,
    /// The whole channel as somebody exported it before.
    export: Value,
}

/// What others say of the person; without a name it goes on being an answer.
const ABOUT: &str = "Turn the gallipot valve left, as";

/// How often others asked what the person asked too.
const OTHERS: u64 = 3;

/// How often that was asked and settled.
fn occurrences(sandbox: &Sandbox) -> u64 {
    let found = sandbox.json(&["search", "reset vector index", "--json"]);
    found["answers"][0]["occurrences"].as_u64().unwrap()
}

/// How many answers the index has for a word.
fn hits(sandbox: &Sandbox, word: &str) -> u64 {
    sandbox.json(&["search", word, "--json"])["total"].as_u64().unwrap()
}

impl Talk {
    fn new() -> Self {
        let fixture = DiscordFixture::new();
        let DiscordFixture { discord, guild, help, .. } = &fixture;
        let person = discord.person(*guild, "quorvexina");
        discord.nick(*guild, person, Some("Zanthorpe"));
        let mut own = Vec::new();
        let ask = |asker, question: &str| {
            discord.advance(Duration::from_secs(3_600));
            fixture.solve(*help, asker, question, "Delete data/index and start the agent again.")
        };
        for (name, question) in [
            ("asta", "How do I reset the vector index after changing the embedding model?"),
            ("bero", "How can I reset the vector index after I change the embedding model?"),
            ("cora", "How do I reset the vector index when the embedding model changes?"),
        ] {
            ask(discord.person(*guild, name), question);
        }
        let question =
            "How do I reset the vector index when the vellichor embedding model changes?";
        let asked = ask(person, question);
        let more = discord.post(*help, person, "It was the brimtang drive, by the way.");
        own.extend([asked.question, asked.thanks, more]);
        let other = discord.person(*guild, "otho");
        let answer = format!("{ABOUT} <@{person}> found out.");
        let about = fixture.solve(*help, other, "How do I empty a gallipot?", &answer);
        discord.react(*help, about.answer, person, "✅");
        let export = fixture.export(*help);
        Self { fixture, person, own, about, export }
    }

    /// What of the person must be nowhere.
    fn traces(&self, sandbox: &Sandbox) -> Vec<(PathBuf, String)> {
        sandbox.traces(&WORDS, &[self.person.0])
    }

    /// Reads the talk, drafts pages of it, and makes sure that the person is all over the place.
    fn harvested(&self, sandbox: &Sandbox) {
        sandbox.point_at(&self.fixture.discord, "");
        let mut daemon = sandbox.start();
        daemon.settled(1);
        daemon.stop();
        let drafted = sandbox.stdout_of(&["draft"]);
        let found = self.traces(sandbox);
        for word in ["vellichor", "brimtang", "zanthorpe"] {
            assert!(found.iter().any(|(_, name)| name == word), "{word}: {found:?}");
        }
        let in_draft = |(path, word): &(PathBuf, String)| {
            path.starts_with(sandbox.data().join("drafts")) && word == "vellichor"
        };
        assert!(found.iter().any(in_draft), "{drafted}: {found:?}");
        assert!(sandbox.finds("gallipot", &format!("<@{}>", self.person)));
        assert_eq!(occurrences(sandbox), OTHERS + 1);
        assert_eq!(hits(sandbox, "vellichor"), 1);
    }

    /// Nothing of the person is served, and what others said is.
    fn assert_forgotten(&self, sandbox: &Sandbox, served: bool) {
        let found = self.traces(sandbox);
        assert!(found.is_empty(), "{found:?}");
        assert!(!sandbox.data().join("drafts").exists(), "drafts are written again when wanted");
        assert!(sandbox.finds("empty gallipot", &format!("{ABOUT} @someone found out")));
        assert_eq!(occurrences(sandbox), OTHERS);
        assert_eq!(hits(sandbox, "vellichor"), 0, "the index does not know the word any more");
        if served {
            let api = sandbox.get("/api/v1/search?q=gallipot");
            assert!(api.contains(&format!("{ABOUT} a user found out")), "{api}");
        }
    }

    /// The person goes on in the server; a backfill follows. Nothing of it comes back.
    fn goes_on(&self, daemon: &mut Daemon<'_>, sandbox: &Sandbox) {
        let DiscordFixture { discord, help, asker, .. } = &self.fixture;
        let before = messages(&daemon.wait_until("it runs", |_| true));
        discord.edit(*help, self.own[0], "The vellichor kiln of brimtang is out again.");
        let again = discord.post(*help, self.person, "Is nobody at vellichor today?");
        discord.edit(*help, again, "Is nobody at brimtang today?");
        discord.unreact(*help, self.about.answer, self.person, "✅");
        discord.react(*help, self.about.answer, self.person, "✅");
        let to = Post::new(*help, *asker, &format!("Ask <@{}>, not me.", self.person));
        discord.send(to);
        let heard = |status: &Value| messages(status) == before + 1;
        daemon.wait_until("what others say is heard", heard);
        self.fixture.reread_all(daemon);
        assert!(heard(&daemon.settled(1)));
        self.assert_forgotten(sandbox, true);
    }

    /// An export from before the person was forgotten brings nothing back.
    fn is_imported_again(&self, sandbox: &Sandbox) {
        let before = messages(&sandbox.json(&["status", "--json"]));
        let export = write(&sandbox.path("old.json"), &self.export);
        assert_eq!(sandbox.import(&export).code, 0);
        assert_eq!(messages(&sandbox.json(&["status", "--json"])), before);
        self.assert_forgotten(sandbox, false);
    }
}

#[test]
fn who_asks_to_be_forgotten_in_the_server_is_forgotten_for_good() {
    let talk = Talk::new();
    let sandbox = Sandbox::new();
    talk.harvested(&sandbox);
    let DiscordFixture { discord, guild, help, .. } = &talk.fixture;
    let mut daemon = sandbox.start();
    let before = messages(&daemon.settled(1));
    discord.wait_until("the commands are there", |state| {
        state.commands.get(&Some(*guild)).is_some_and(|commands| !commands.is_empty())
    });
    let asked = discord.slash(talk.person, *help, "harvester forget-me", &[]);
    let sure = discord.reply(asked);
    assert!(sure.ephemeral, "{sure:?}");
    assert_eq!(messages(&daemon.wait_until("it runs", |_| true)), before, "not without a click");
    let begun = Instant::now();
    let button = sure.button("Forget me");
    let pressed = discord.press(talk.person, *help, sure.message.unwrap(), &button);
    daemon.wait_until("it is said how much was deleted", |_| {
        discord.reply_so_far(pressed).is_some_and(|reply| reply.text.contains('3'))
    });
    daemon.forgets(&sandbox, &WORDS, &[talk.person.0]);
    daemon.wait_until("it is judged", |status| status["channels_pending"] == 0);
    daemon.wait_until("the rest is served", |_| sandbox.finds("gallipot", ABOUT));
    assert!(begun.elapsed() < MINUTE, "it took {:?}", begun.elapsed());
    assert!(begun.elapsed() < MINUTE);
    assert_eq!(messages(&daemon.settled(1)), before - 3);
    talk.assert_forgotten(&sandbox, true);

    talk.goes_on(&mut daemon, &sandbox);
    daemon.stop();
    talk.is_imported_again(&sandbox);
    discord.assert_bot_mentions_nobody();
    discord.assert_no_surprises();
}

#[test]
fn an_operator_forgets_somebody_beside_the_daemon() {
    let talk = Talk::new();
    let id = talk.person.to_string();
    let beside = Sandbox::new();
    talk.harvested(&beside);
    let mut daemon = beside.start();
    daemon.settled(1);
    let begun = Instant::now();
    let outcome = beside.json(&["forget", &id, "--json"]);
    assert!(begun.elapsed() < MINUTE, "it took {:?}", begun.elapsed());
    assert_eq!(outcome, json!({ "messages": 3, "purged": true }));
    assert!(begun.elapsed() < MINUTE);
    daemon.settled(1);
    talk.assert_forgotten(&beside, true);
    assert_eq!(beside.json(&["forget", &id, "--json"])["messages"], 0, "once more is no harm");
    talk.goes_on(&mut daemon, &beside);
    daemon.stop();
    talk.is_imported_again(&beside);
    talk.fixture.discord.assert_no_surprises();
}

#[test]
fn an_operator_forgets_somebody_without_a_daemon() {
    let talk = Talk::new();
    let id = talk.person.to_string();
    let alone = Sandbox::new();
    talk.harvested(&alone);
    assert_eq!(alone.json(&["forget", &id, "--json"])["purged"], true);
    talk.assert_forgotten(&alone, false);
    talk.is_imported_again(&alone);
    talk.fixture.discord.assert_no_surprises();
}

/// Channels and threads with something to delete in each way, under words that tell which.
struct Doomed {
    fixture: DiscordFixture,
    thread: ChannelId,
    channel: ChannelId,
    /// A thread below `channel`.
    below: ChannelId,
    single: Solved,
    bulk: [Solved; 2],
}

const DELETED: [&str; 6] =
    ["grimalkin", "tarantass", "smaragdine", "oxgallery", "wyrmlings", "hexerei"];

impl Doomed {
    fn new() -> Self {
        let fixture = DiscordFixture::new();
        let DiscordFixture { discord, guild, help, .. } = &fixture;
        let channel = discord.channel(*guild, "doomed");
        let thread = discord.thread(*help, Kind::PublicThread, fixture.asker, "doomed thread");
        let below = discord.thread(channel, Kind::PublicThread, fixture.asker, "doomed below");
        let solve = |place, word: &str| {
            discord.advance(Duration::from_secs(3_600));
            let asker = discord.person(*guild, "potter");
            let question = format!("Why is my {word} pot cracked?");
            fixture.solve(place, asker, &question, &format!("Dry the {word} pot more slowly."))
        };
        let single = solve(*help, "grimalkin");
        let bulk = [solve(*help, "tarantass"), solve(*help, "smaragdine")];
        solve(thread, "oxgallery");
        solve(channel, "wyrmlings");
        solve(below, "hexerei");
        solve(*help, "everlasting");
        Self { fixture, thread, channel, below, single, bulk }
    }

    /// Deletes all of it; what was deleted, as Discord had it.
    fn delete(&self) -> Vec<Message> {
        let DiscordFixture { discord, help, .. } = &self.fixture;
        let of = |one: &Solved| [one.question, one.answer, one.thanks];
        let bulk = self.bulk.iter().flat_map(of).collect::<Vec<_>>();
        let gone = discord.look(|state| {
            let single = of(&self.single).into_iter().chain(bulk.iter().copied());
            let single = single.map(|id| state.message(*help, id).unwrap().clone());
            let places = [self.thread, self.channel, self.below];
            let whole = places.iter().flat_map(|place| state.messages[place].values().cloned());
            single.chain(whole).collect()
        });
        of(&self.single).into_iter().for_each(|id| discord.delete(*help, id));
        discord.delete_many(*help, &bulk);
        discord.delete_place(self.thread);
        discord.delete_place(self.channel);
        gone
    }
}

#[test]
fn what_is_deleted_leaves_every_file_and_never_comes_back() {
    let doomed = Doomed::new();
    let DiscordFixture { discord, guild, help, asker, .. } = &doomed.fixture;
    let exports = [*help, doomed.thread, doomed.channel, doomed.below]
        .map(|channel| doomed.fixture.export(channel));
    let sandbox = Sandbox::new();
    sandbox.point_at(discord, "");
    let mut daemon = sandbox.start();
    assert_eq!(messages(&daemon.settled(1)), 21);
    for word in DELETED {
        assert!(!sandbox.traces(&[word], &[]).is_empty(), "{word}");
        assert_eq!(hits(&sandbox, word), 1, "{word}");
    }

    let begun = Instant::now();
    let gone = doomed.delete();
    assert_eq!(gone.len(), 18);
    daemon.forgets(&sandbox, &DELETED, &[]);
    assert!(begun.elapsed() < MINUTE, "it took {:?}", begun.elapsed());
    let status = daemon.settled(1);
    assert_eq!(messages(&status), 3);
    assert_eq!(status["live"]["messages_deleted"], 9);
    assert!(sandbox.finds("cracked", "everlasting pot"));
    DELETED.iter().for_each(|word| assert_eq!(hits(&sandbox, word), 0, "{word}"));

    for message in &gone {
        let payload = json!({ "id": message.id, "channel_id": message.channel, "guild_id": guild,
            "content": message.content, "timestamp": message.timestamp, "type": 0,
            "edited_timestamp": "2030-01-01T00:00:00Z",
            "author": { "id": message.author, "username": "late" }, "member": { "roles": [] } });
        for name in ["MESSAGE_CREATE", "MESSAGE_UPDATE"] {
            discord.emit_raw(*guild, name, payload.clone());
        }
    }
    discord.post(*help, *asker, "That was all.");
    daemon.wait_until("what is late is heard", |status| messages(status) == 4);
    // A server of Discord's that has not heard of the deletions yet.
    discord.spoil_state(|state| {
        for message in gone.into_iter().filter(|one| one.channel == *help) {
            state.messages.get_mut(help).unwrap().insert(message.id, message);
        }
    });
    doomed.fixture.reread_all(&mut daemon);
    assert_eq!(messages(&daemon.settled(1)), 4);
    daemon.stop();
    for (number, export) in exports.iter().enumerate() {
        let export = write(&sandbox.path(&format!("old-{number}.json")), export);
        assert_eq!(sandbox.import(&export).code, 0);
    }
    assert_eq!(messages(&sandbox.json(&["status", "--json"])), 4);
    let found = sandbox.traces(&DELETED, &[]);
    assert!(found.is_empty(), "{found:?}");
    discord.assert_no_surprises();
}
