//! serenity's events, converted back into the JSON that Discord sent.

use std::fmt;

use jiff::Timestamp;
use rules::model::ids::ChannelId;
use serde_json::{Value, json};
use serenity::model::application::Interaction;
use serenity::model::event::Event;

/// The kind of an event that serenity could neither parse nor serialize.
const UNWRITABLE: &str = "UNWRITABLE";

/// One dispatch of the gateway, in the order in which its shard sent it. `Debug` hides the data.
#[derive(Clone, PartialEq)]
pub struct DispatchEvent {
    pub shard: u32,
    /// The name of the event, such as `MESSAGE_CREATE`.
    pub kind: String,
    /// The event's `d`. If `readable`, it went through serenity's types, which drop unknown bits of
    /// flags and permissions, unknown keys and the text of components, and turn absent values into
    /// `null`.
    pub data: Value,
    /// When it was received.
    pub at: Timestamp,
    /// Whether serenity could parse it. If not, `data` is Discord's unchanged JSON.
    pub readable: bool,
}

impl fmt::Debug for DispatchEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DispatchEvent")
            .field("shard", &self.shard)
            .field("kind", &self.kind)
            .field("at", &self.at)
            .field("readable", &self.readable)
            .finish_non_exhaustive()
    }
}

/// What has to be read again because an event was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventGap {
    Channel(ChannelId),
    /// An event about channels, threads or the server itself: only a full recheck finds it.
    Everything,
    /// Nothing that can be read again or that is stored.
    Nothing,
}

impl DispatchEvent {
    pub(super) fn new(shard: u32, event: &Event, at: Timestamp) -> Self {
        if let Event::Unknown(unknown) = event {
            let (kind, data) = (unknown.kind.clone(), unknown.value.clone());
            return Self { shard, kind, data, at, readable: false };
        }
        let mut whole = serde_json::to_value(event).unwrap_or_default();
        let kind = whole["t"].as_str().unwrap_or(UNWRITABLE).to_owned();
        let mut data = whole.get_mut("d").map(Value::take).unwrap_or_default();
        restore_fields(&mut data, event);
        Self { shard, kind, data, at, readable: true }
    }

    /// What has to be read again if this event is lost.
    pub fn gap(&self) -> EventGap {
        let about = |prefix: &str| self.kind.starts_with(prefix);
        if about("MESSAGE_") {
            let channel = self.data["channel_id"].as_str().and_then(|id| id.parse().ok());
            return channel.map_or(EventGap::Everything, EventGap::Channel);
        }
        if about("THREAD_") || about("CHANNEL_") || about("GUILD_") || self.kind == "READY" {
            return EventGap::Everything;
        }
        EventGap::Nothing
    }
}

/// Restores what serenity's types parse but do not serialize.
fn restore_fields(data: &mut Value, event: &Event) {
    match event {
        Event::MessageCreate(_) | Event::MessageUpdate(_) => wrap_snapshots(data),
        Event::InteractionCreate(created) => {
            wrap_snapshots(data);
            if let Some(number) = number(&created.interaction) {
                data["type"] = json!(number);
            }
        }
        Event::GuildRoleCreate(created) => data["guild_id"] = json!(created.role.guild_id),
        Event::GuildRoleUpdate(updated) => data["guild_id"] = json!(updated.role.guild_id),
        _ => {}
    }
}

/// Discord's number for a kind of interaction.
fn number(interaction: &Interaction) -> Option<u8> {
    Some(match interaction {
        Interaction::Ping(_) => 1,
        Interaction::Command(_) => 2,
        Interaction::Component(_) => 3,
        Interaction::Autocomplete(_) => 4,
        Interaction::Modal(_) => 5,
        _ => return None,
    })
}

/// Discord wraps each forwarded message in `{"message": …}`; serenity writes it bare.
fn wrap_snapshots(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                wrap_snapshots(inner);
                let Value::Array(snapshots) = inner else { continue };
                if key == "message_snapshots" {
                    for snapshot in snapshots.iter_mut().filter(|one| one["message"].is_null()) {
                        *snapshot = json!({ "message": snapshot.take() });
                    }
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(wrap_snapshots),
        _ => {}
    }
}

#[cfg(test)]
#[path = "raw_event/tests.rs"]
mod tests;
