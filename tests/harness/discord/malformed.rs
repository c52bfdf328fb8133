//! The shapes that Discord sends, or may send, and that strict parsers refuse.

use serde_json::{Value, json};

/// One odd field, or one odd event, each on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Malformed {
    MessageTypeAbove255,
    UnknownComponentInRow,
    ButtonWithoutStyle,
    SnapshotWithoutMentions,
    VideoWithoutUrl,
    EmbedTimestamp,
    AttachmentWithoutProxyUrl,
    ReactionWithoutDetails,
    AuthorFlagsAbove32Bits,
    NameplateWithoutSku,
    PartialApplication,
    NullForList,
    /// Of a context-menu interaction: an unknown component inside `resolved.messages`.
    UnknownComponentInResolved,
    /// Of a GUILD_CREATE: a presence with an address that is none.
    PresenceWithBadUrl,
    /// Of a channel or thread: null where a list belongs.
    ChannelNullForList,
    /// Of an interaction.
    UnknownInteractionType,
    /// Of any event: a name that nobody knows.
    UnknownEvent,
}

impl Malformed {
    pub const ALL: [Self; 17] = [
        Self::MessageTypeAbove255,
        Self::UnknownComponentInRow,
        Self::ButtonWithoutStyle,
        Self::SnapshotWithoutMentions,
        Self::VideoWithoutUrl,
        Self::EmbedTimestamp,
        Self::AttachmentWithoutProxyUrl,
        Self::ReactionWithoutDetails,
        Self::AuthorFlagsAbove32Bits,
        Self::NameplateWithoutSku,
        Self::PartialApplication,
        Self::NullForList,
        Self::UnknownComponentInResolved,
        Self::PresenceWithBadUrl,
        Self::ChannelNullForList,
        Self::UnknownInteractionType,
        Self::UnknownEvent,
    ];

    /// Those of a message, wherever it is sent: by the gateway or in a page of REST.
    pub const OF_MESSAGES: [Self; 12] = [
        Self::MessageTypeAbove255,
        Self::UnknownComponentInRow,
        Self::ButtonWithoutStyle,
        Self::SnapshotWithoutMentions,
        Self::VideoWithoutUrl,
        Self::EmbedTimestamp,
        Self::AttachmentWithoutProxyUrl,
        Self::ReactionWithoutDetails,
        Self::AuthorFlagsAbove32Bits,
        Self::NameplateWithoutSku,
        Self::PartialApplication,
        Self::NullForList,
    ];

    /// Whether an event of this name can have the shape.
    pub fn fits(self, event: &str) -> bool {
        match self {
            Self::UnknownEvent => true,
            Self::UnknownComponentInResolved | Self::UnknownInteractionType => {
                event == "INTERACTION_CREATE"
            }
            Self::PresenceWithBadUrl => event == "GUILD_CREATE",
            Self::ChannelNullForList => {
                event.starts_with("CHANNEL_") || event.starts_with("THREAD_")
            }
            _ => matches!(event, "MESSAGE_CREATE" | "MESSAGE_UPDATE"),
        }
    }

    /// The event in this shape; `fits` holds for it.
    pub fn spoil(self, name: &mut String, d: &mut Value) {
        match self {
            Self::UnknownEvent => name.push_str("_WITH_A_TWIST"),
            Self::PresenceWithBadUrl => {
                let activity = json!({ "name": "x", "type": 1, "created_at": 1, "url": "none" });
                let id = d["owner_id"].clone();
                d["presences"] = json!([{ "user": { "id": id }, "status": "online",
                    "activities": [activity], "client_status": {} }]);
            }
            Self::ChannelNullForList => {
                let list = if d["thread_metadata"].is_object() {
                    "applied_tags"
                } else {
                    "permission_overwrites"
                };
                d[list] = Value::Null;
            }
            Self::UnknownInteractionType => d["type"] = json!(77),
            Self::UnknownComponentInResolved => {
                if let Some(messages) = d["data"]["resolved"]["messages"].as_object_mut() {
                    for message in messages.values_mut() {
                        Self::UnknownComponentInRow.spoil_message(message);
                    }
                }
            }
            _ => self.spoil_message(d),
        }
    }

    /// The message in this shape; the words, the author and the time stay readable.
    pub fn spoil_message(self, message: &mut Value) {
        let row = |inside: Value| json!([{ "type": 1, "id": 1, "components": [inside] }]);
        match self {
            Self::MessageTypeAbove255 => message["type"] = json!(300),
            Self::UnknownComponentInRow => {
                message["components"] = row(json!({ "type": 99, "id": 2, "shimmer": true }));
            }
            Self::ButtonWithoutStyle => {
                message["components"] = row(json!({ "type": 2, "id": 2, "label": "Go" }));
            }
            Self::SnapshotWithoutMentions => {
                message["message_snapshots"] = json!([{ "message": {
                    "type": 0, "content": "forwarded", "timestamp": message["timestamp"],
                    "edited_timestamp": null, "embeds": [], "attachments": [], "flags": 0,
                } }]);
            }
            Self::VideoWithoutUrl => {
                message["embeds"] =
                    json!([{ "type": "video", "video": { "width": 1, "height": 1 } }]);
            }
            Self::EmbedTimestamp => {
                message["embeds"] = json!([{ "type": "rich", "timestamp": "last Tuesday" }]);
            }
            Self::AttachmentWithoutProxyUrl if has(message, "attachments") => {
                strip(&mut message["attachments"], "proxy_url");
            }
            Self::AttachmentWithoutProxyUrl => {
                message["attachments"] = json!([{ "id": "9", "filename": "trace.txt", "size": 12,
                    "url": "https://cdn.discordapp.com/attachments/1/9/trace.txt" }]);
            }
            Self::ReactionWithoutDetails if has(message, "reactions") => {
                strip(&mut message["reactions"], "count_details");
            }
            Self::ReactionWithoutDetails => {
                message["reactions"] =
                    json!([{ "emoji": { "id": null, "name": "👀" }, "count": 1, "me": false }]);
            }
            Self::AuthorFlagsAbove32Bits => message["author"]["public_flags"] = json!(1_u64 << 40),
            Self::NameplateWithoutSku => {
                message["author"]["collectibles"] = json!({ "nameplate": {} });
            }
            Self::PartialApplication => message["application"] = json!({ "id": "5" }),
            Self::NullForList => {
                message["mentions"] = Value::Null;
                message["attachments"] = Value::Null;
                message["embeds"] = Value::Null;
            }
            Self::UnknownComponentInResolved
            | Self::PresenceWithBadUrl
            | Self::ChannelNullForList
            | Self::UnknownInteractionType
            | Self::UnknownEvent => {}
        }
    }
}

fn has(message: &Value, list: &str) -> bool {
    message[list].as_array().is_some_and(|list| !list.is_empty())
}

fn strip(list: &mut Value, field: &str) {
    for item in list.as_array_mut().unwrap() {
        item.as_object_mut().unwrap().remove(field);
    }
}
