//! Export files, bundled and made up.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

const FIRST_ID: u64 = 1_300_000_000_000_000_000;
const MINUTE: u64 = 60_000 << 22;

pub(crate) fn bundled(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harvester/demo/exports").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The export with only some of its messages, in the order of `pick`.
pub(crate) fn part(export: &Value, pick: impl Iterator<Item = usize>) -> Value {
    let mut part = export.clone();
    let all = export["messages"].as_array().unwrap();
    let messages = pick.map(|at| all[at].clone()).collect::<Vec<_>>();
    part["messageCount"] = messages.len().into();
    part["messages"] = messages.into();
    part
}

pub(crate) fn write(path: &Path, export: &Value) -> PathBuf {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, serde_json::to_string_pretty(export).unwrap()).unwrap();
    path.to_owned()
}

/// Made-up talk of one channel.
pub(crate) struct Talk {
    channel: u64,
    messages: Vec<Value>,
    clock: u64,
}

impl Talk {
    pub(crate) fn in_channel(channel: u64) -> Self {
        Self { channel, messages: Vec::new(), clock: channel * 1_000 * MINUTE }
    }

    /// Somebody says something a minute after the last message; returns its id.
    pub(crate) fn say(
        &mut self,
        author: u64,
        role: Option<&str>,
        text: &str,
        reply: Option<&str>,
    ) -> String {
        self.clock += MINUTE;
        let id = (FIRST_ID + self.clock).to_string();
        let sent = jiff::Timestamp::from_millisecond(
            ((FIRST_ID + self.clock) >> 22) as i64 + 1_420_070_400_000,
        );
        let roles =
            role.map(|name| json!({ "id": "77", "name": name })).into_iter().collect::<Vec<_>>();
        let mut message = json!({
            "id": id,
            "type": if reply.is_some() { "Reply" } else { "Default" },
            "timestamp": sent.unwrap().to_string(),
            "timestampEdited": null,
            "content": text,
            "author": { "id": author.to_string(), "name": format!("person_{author}"), "isBot": false, "roles": roles },
            "reactions": [],
            "mentions": [],
        });
        if let Some(target) = reply {
            message["reference"] = json!({ "messageId": target, "channelId": self.channel.to_string(), "guildId": "1" });
        }
        self.messages.push(message);
        id
    }

    /// Somebody forwards other people's words.
    pub(crate) fn forward(&mut self, author: u64, text: &str) {
        self.say(author, None, "", None);
        let message = self.messages.last_mut().expect("it was just said");
        message["forwardedMessage"] =
            json!({ "content": text, "timestamp": message["timestamp"].clone() });
    }

    /// Hours pass.
    pub(crate) fn pause(&mut self) {
        self.clock += 600 * MINUTE;
    }

    /// A question, a helper's answer, and the asker's thanks; hours after what went before.
    pub(crate) fn resolved(&mut self, asker: u64, question: &str, answer: &str) {
        self.pause();
        let asked = self.say(asker, None, question, None);
        let answered = self.say(900, Some("Helper"), answer, Some(&asked));
        self.say(asker, None, "that worked, thank you!", Some(&answered));
    }

    pub(crate) fn channel(&self) -> u64 {
        self.channel
    }

    /// The ids of everything that was said.
    pub(crate) fn ids(&self) -> Vec<String> {
        let ids = self.messages.iter().map(|message| message["id"].as_str().unwrap().to_owned());
        ids.collect()
    }

    pub(crate) fn export(&self) -> Value {
        json!({
            "guild": { "id": "1", "name": "A server" },
            "channel": {
                "id": self.channel.to_string(), "type": "GuildTextChat", "categoryId": null,
                "category": null, "name": format!("help-{}", self.channel), "topic": null,
            },
            "dateRange": { "after": null, "before": null },
            "exportedAt": "2025-03-01T00:00:00+00:00",
            "messages": self.messages,
            "messageCount": self.messages.len(),
        })
    }
}

/// The same question resolved three times for three people, with this answer.
pub(crate) fn asked_three_times(answer: &str) -> Talk {
    asked_three_times_in(5, answer)
}

/// The same in a channel of this id.
pub(crate) fn asked_three_times_in(channel: u64, answer: &str) -> Talk {
    let mut talk = Talk::in_channel(channel);
    talk.resolved(
        11,
        "How do I reset the vector index after changing the embedding model?",
        answer,
    );
    talk.resolved(
        12,
        "How can I reset the vector index after I change the embedding model?",
        answer,
    );
    talk.resolved(13, "How do I reset the vector index when the embedding model changes?", answer);
    talk
}
