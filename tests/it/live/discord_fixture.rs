//! A small server where people ask and help, and what is left of them on disk.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rules::model::ids::UserId;
use serde_json::{Value, json};
use tests::harness::discord::{ChannelId, FakeDiscord, GuildId, MessageId, Post};

use super::daemon::Daemon;
use crate::sandbox::Sandbox;
use crate::server_store::texts;

/// A server with a channel for help, somebody whose word counts, and somebody who asks.
pub(crate) struct DiscordFixture {
    pub(crate) discord: FakeDiscord,
    pub(crate) guild: GuildId,
    pub(crate) help: ChannelId,
    pub(crate) helper: UserId,
    pub(crate) asker: UserId,
}

/// A question, its answer, and the thanks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Solved {
    pub(crate) question: MessageId,
    pub(crate) answer: MessageId,
    pub(crate) thanks: MessageId,
}

impl DiscordFixture {
    pub(crate) fn new() -> Self {
        let discord = FakeDiscord::start();
        discord.identify_spacing(Duration::ZERO);
        let guild = discord.guild("Pottery");
        let help = discord.channel(guild, "help");
        let (helper, asker) = (discord.person(guild, "hela"), discord.person(guild, "askel"));
        discord.give_role(guild, helper, discord.role(guild, "Helper", 0));
        Self { discord, guild, help, helper, asker }
    }

    /// Somebody asks in a channel, the helper answers, and that settles it.
    pub(crate) fn solve(
        &self,
        place: ChannelId,
        asker: UserId,
        question: &str,
        answer: &str,
    ) -> Solved {
        let question = self.discord.post(place, asker, question);
        let answer = self.discord.send(Post::new(place, self.helper, answer).reply_to(question));
        let thanks = self.thank(place, asker, answer);
        Solved { question, answer, thanks }
    }

    pub(crate) fn thank(&self, place: ChannelId, asker: UserId, answer: MessageId) -> MessageId {
        let thanks = "thank you, that worked!";
        self.discord.send(Post::new(place, asker, thanks).reply_to(answer))
    }

    /// A channel as DiscordChatExporter would write it at this moment.
    pub(crate) fn export(&self, channel: ChannelId) -> Value {
        self.discord.look(|state| {
            let place = state.channel(channel);
            let named = |user: UserId| {
                json!({ "id": user, "name": state.users[&user].name,
                    "nickname": state.name_of(self.guild, user), "isBot": false, "roles": [] })
            };
            let said = state.messages.get(&channel).into_iter().flat_map(|said| said.values());
            let messages = said
                .map(|message| {
                    let to = message.reference.as_ref();
                    let reference = to.map(|to| json!({ "messageId": to.message,
                        "channelId": to.channel, "guildId": self.guild }));
                    json!({
                        "id": message.id, "type": if to.is_some() { "Reply" } else { "Default" },
                        "timestamp": message.timestamp, "timestampEdited": message.edited,
                        "content": message.content, "author": named(message.author),
                        "mentions": message.mentions.iter().map(|one| named(*one)).collect::<Vec<_>>(),
                        "reactions": [], "reference": reference,
                    })
                })
                .collect::<Vec<_>>();
            let kind = if place.thread.is_some() { "GuildPublicThread" } else { "GuildTextChat" };
            json!({
                "guild": { "id": self.guild, "name": "Pottery" },
                "channel": { "id": channel, "type": kind, "name": place.name, "topic": null,
                    "categoryId": place.parent, "category": null },
                "exportedAt": at(state.now()), "messages": messages, "messageCount": messages.len(),
            })
        })
    }

    /// Waits until everything is read and people can give commands.
    pub(crate) fn at_hand(&self, daemon: &mut Daemon<'_>) {
        daemon.settled(1);
        self.discord.wait_until("the commands are registered", |state| {
            state.commands.contains_key(&Some(self.guild))
        });
    }

    /// The session is lost, so that everything is read again.
    pub(crate) fn reread_all(&self, daemon: &mut Daemon<'_>) {
        let done = catch_ups_done(&daemon.wait_until("it tells how it is", |_| true));
        self.discord.forget_sessions();
        daemon.settled(done + 1);
    }
}

pub(crate) fn catch_ups_done(status: &Value) -> u64 {
    pulse(status)["discord"]["catching_up"]["catch_ups_done_total"].as_u64().unwrap_or(0)
}

/// What the one running daemon tells of itself.
pub(crate) fn pulse(status: &Value) -> Value {
    let all = status["daemons"].as_object().into_iter().flatten();
    all.map(|(_, pulse)| pulse.clone()).next().unwrap_or_default()
}

fn at(time: Timestamp) -> String {
    time.to_string()
}

impl Sandbox {
    /// The best answers to a query, as the command line tells them.
    pub(crate) fn answers_to(&self, query: &str) -> Vec<String> {
        let found = self.json(&["search", query, "--limit", "50", "--json"]);
        let answers = found["answers"].as_array().unwrap();
        answers.iter().map(|one| one["answer"].as_str().unwrap().to_owned()).collect()
    }

    /// Whether some answer to a query has these words.
    pub(crate) fn finds(&self, query: &str, words: &str) -> bool {
        self.answers_to(query).iter().any(|answer| answer.contains(words))
    }

    /// What the running daemon's site answers at a path.
    pub(crate) fn get(&self, path: &str) -> String {
        let host = self.site();
        let mut stream = TcpStream::connect(&host).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        answer
    }

    /// Where the site listens, as the daemon's log tells.
    pub(crate) fn site(&self) -> String {
        let log = std::fs::read_to_string(self.path("daemon.log")).unwrap();
        let (_, after) = log.split_once("serving on http://").expect("the site is served");
        after
            .split(|c: char| c != '.' && c != ':' && !c.is_ascii_digit())
            .next()
            .unwrap()
            .to_owned()
    }

    /// The files of the data directory that hold any of these, in any case; of an id also as
    /// databases write it.
    pub(crate) fn traces(&self, words: &[&str], ids: &[u64]) -> Vec<(PathBuf, String)> {
        let mut wanted = words
            .iter()
            .map(|word| (word.to_string(), word.to_lowercase().into_bytes()))
            .collect::<Vec<_>>();
        for id in ids {
            wanted.push((id.to_string(), id.to_string().into_bytes()));
            for bytes in [id.to_be_bytes(), id.to_le_bytes()] {
                wanted.push((format!("{id} in binary"), bytes.to_vec()));
            }
        }
        let mut found = Vec::new();
        for (table, text) in self.store_url().as_deref().map(texts).unwrap_or_default() {
            let text = text.to_lowercase();
            let named = wanted.iter().filter(|(_, needle)| holds(text.as_bytes(), needle));
            found.extend(named.map(|(name, _)| (PathBuf::from(&table), name.clone())));
        }
        for file in files(&self.data()) {
            // A file may go while it is looked for.
            let Ok(bytes) = std::fs::read(&file) else { continue };
            let lower = bytes.to_ascii_lowercase();
            for (name, needle) in &wanted {
                if holds(&bytes, needle) || holds(&lower, needle) {
                    found.push((file.clone(), name.clone()));
                }
            }
        }
        found
    }
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    let Some((first, rest)) = needle.split_first() else { return true };
    let mut left = haystack;
    while let Some(at) = left.iter().position(|byte| byte == first) {
        left = &left[at + 1..];
        if left.starts_with(rest) {
            return true;
        }
    }
    false
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}

impl Daemon<'_> {
    /// Waits until the files of the data directory hold none of these; how long that took.
    pub(crate) fn forgets(&mut self, sandbox: &Sandbox, words: &[&str], ids: &[u64]) -> Duration {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            self.wait_until("it runs", |_| true);
            if sandbox.traces(words, ids).is_empty() {
                return begun.elapsed();
            }
        }
        panic!("still there after a minute: {:?}", sandbox.traces(words, ids));
    }
}
