//! What the tests of this directory share.

use jiff::Timestamp;
use rules::model::cluster::{Cluster, ClusterState, Occurrence, Quote};
use rules::model::ids::{ChannelId, ClusterId, ConversationId, GuildId, MessageId, UserId};
use rules::publish::pseudonym::{AuthorNaming, Salt};
use rules::resolution::ResolutionGrade;
use serde_json::{Value, json};

pub(crate) const APPLICATION: u64 = 900;
pub(crate) const GUILD: GuildId = GuildId(100);
pub(crate) const CHANNEL: ChannelId = ChannelId(200);
pub(crate) const USER: UserId = UserId(300);
pub(crate) const ANSWER: MessageId = MessageId(400);
pub(crate) const ANSWERER: UserId = UserId(301);

fn interaction(kind: u8, data: Value) -> Value {
    json!({
        "id": "1", "token": "the-token", "application_id": APPLICATION.to_string(), "type": kind, "version": 1,
        "guild_id": GUILD, "channel_id": CHANNEL, "channel": {"id": CHANNEL, "type": 0, "parent_id": "201"},
        "locale": "en-GB", "guild_locale": "en-US", "app_permissions": "17179869184",
        "member": {"user": {"id": USER, "username": "someone"}, "roles": ["500"], "permissions": "0"},
        "data": data,
    })
}

pub(crate) fn slash(name: &str, options: Value) -> Value {
    interaction(2, json!({"id": "7", "type": 1, "name": name, "options": options}))
}

/// A menu of the message [`ANSWER`].
pub(crate) fn menu(name: &str) -> Value {
    let mut messages = json!({});
    messages[ANSWER.to_string()] = json!({
        "id": ANSWER, "channel_id": CHANNEL, "author": {"id": ANSWERER}, "content": "Use the wrench.",
    });
    let resolved = json!({"messages": messages});
    interaction(
        2,
        json!({"id": "8", "type": 3, "name": name, "target_id": ANSWER, "resolved": resolved}),
    )
}

pub(crate) fn button(custom_id: &str) -> Value {
    let mut json = interaction(3, json!({"custom_id": custom_id, "component_type": 2}));
    json["message"] = json!({"id": "600", "author": {"id": APPLICATION.to_string()}});
    json
}

pub(crate) fn choice(custom_id: &str, value: &str) -> Value {
    let mut json =
        interaction(3, json!({"custom_id": custom_id, "component_type": 3, "values": [value]}));
    json["message"] = json!({"id": "600"});
    json
}

pub(crate) fn naming() -> AuthorNaming {
    AuthorNaming::Pseudonyms(Salt([7; 16]))
}

/// A day after the first occurrence of the samples.
pub(crate) fn at(message: u64) -> Timestamp {
    MessageId(message << 22).created_at()
}

/// A question asked in message `id` and answered in the next one.
pub(crate) fn occurrence(id: u64, question: &str, answer: &str) -> Occurrence {
    let quote = |message: u64, author, text: &str| Quote {
        message: MessageId(message),
        author: UserId(author),
        author_name: format!("Person {author}"),
        trusted: false,
        text: text.to_owned(),
        sent: at(message),
        has_attachment: false,
    };
    Occurrence {
        conversation: ConversationId(MessageId(id)),
        guild: GUILD,
        channel: CHANNEL,
        channel_name: "help".to_owned(),
        question: quote(id, 1_000 + id, question),
        answers: vec![quote(id + 1, 2_000 + id, answer)],
        grade: ResolutionGrade::Confirmed,
        confidence: 0.9,
        signals: Vec::new(),
        reasons: Vec::new(),
        quotable: true,
        people: Vec::new(),
        newcomers: Default::default(),
    }
}

pub(crate) fn cluster(occurrences: Vec<Occurrence>) -> Cluster {
    let first = occurrences[0].question.message;
    Cluster {
        id: ClusterId::of_question(first),
        state: ClusterState::Watching,
        occurrences,
        representative: first,
        outside_core: Default::default(),
        due_since: None,
        merged_answer: None,
    }
}
