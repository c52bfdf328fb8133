//! What only serenity's log contains: new sessions, resumed sessions and close codes.
//!
//! serenity 0.12.5 reconnects for ever after some close codes that no new session can follow, and
//! counts neither sessions nor resumes. Its log messages contain both; this layer reads the start
//! of each message of three of its modules and keeps a number, never text.

use std::fmt::{self, Write};
use std::sync::LazyLock;

use jiff::Timestamp;
use tokio::sync::broadcast;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::health::HealthEvent;
use crate::clock;

/// Events buffered for a slow receiver. A receiver that misses some gets their number.
const WAITING: usize = 1024;
/// The modules of serenity whose messages are parsed.
const MODULES: [&str; 3] = [
    "serenity::gateway::shard",
    "serenity::gateway::ws",
    "serenity::gateway::bridge::shard_queuer",
];
/// No known message is longer; the rest is not formatted.
const LONGEST: usize = 120;

/// How each known message continues after the shard's name.
const MESSAGES: [(&str, HealthEvent); 14] = [
    ("Identifying", HealthEvent::Identify),
    ("Attempting to resume", HealthEvent::Resume),
    ("Sent invalid opcode", HealthEvent::Closed(4001)),
    ("Sent invalid message", HealthEvent::Closed(4002)),
    ("Sent no authentication", HealthEvent::Closed(4003)),
    ("Sent invalid authentication", HealthEvent::Closed(4004)),
    ("Already authenticated", HealthEvent::Closed(4005)),
    ("Sent invalid seq", HealthEvent::Closed(4007)),
    ("Gateway ratelimited", HealthEvent::Closed(4008)),
    ("Invalid session", HealthEvent::Closed(4009)),
    ("Sent invalid shard data", HealthEvent::Closed(4010)),
    ("Shard has too many guilds", HealthEvent::Closed(4011)),
    ("Invalid gateway intents", HealthEvent::Closed(4013)),
    ("Disallowed gateway intents", HealthEvent::Closed(4014)),
];
/// What precedes any other code, and the reason that the peer gave.
const OTHER: &str = "Unknown unclean close ";

/// What serenity's log says of a shard, and when it did: a receiver may read it later.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShardLogEvent {
    pub(super) shard: u32,
    pub(super) event: HealthEvent,
    pub(super) at: Timestamp,
}

static EVENTS: LazyLock<broadcast::Sender<ShardLogEvent>> =
    LazyLock::new(|| broadcast::Sender::new(WAITING));

/// Parses serenity's log for `listen`. It has its own filter. Other layers need one too, so that
/// they do not see serenity's messages, which contain message text: a filter over the whole
/// subscriber would hide them from this layer as well.
pub fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let modules = filter_fn(|about: &Metadata<'_>| {
        about.is_event()
            && *about.level() <= Level::DEBUG
            && MODULES.iter().any(|module| about.target() == *module)
    });
    CloseCodeLayer.with_filter(modules.and(LevelFilter::DEBUG))
}

/// The events of all shards of this process from now on.
pub(super) fn listen() -> broadcast::Receiver<ShardLogEvent> {
    EVENTS.subscribe()
}

struct CloseCodeLayer;

impl<S: Subscriber> Layer<S> for CloseCodeLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut beginning = MessagePrefix(String::new());
        event.record(&mut beginning);
        if let Some((shard, event)) = parse_log_line(&beginning.0) {
            // There is no receiver while no gateway runs.
            let _ = EVENTS.send(ShardLogEvent { shard, event, at: clock::now() });
        }
    }
}

/// What precedes the shard's number and the error when no connection could be opened.
const NOT_OPENED: &str = "[Shard Queuer] Err starting shard ";

/// Parses the shard's number and the event from `[ShardInfo { id: ShardId(0), total: 1 }] …`.
fn parse_log_line(message: &str) -> Option<(u32, HealthEvent)> {
    if let Some(shard) = message.strip_prefix(NOT_OPENED) {
        return Some((shard.split_once(':')?.0.parse().ok()?, HealthEvent::NotOpened));
    }
    let (shard, said) = message.strip_prefix('[')?.split_once("] ")?;
    let shard = shard.split_once("ShardId(")?.1.split_once(')')?.0.parse().ok()?;
    let known = MESSAGES.iter().find(|(beginning, _)| said.starts_with(beginning));
    let health_event = match known {
        Some((_, health_event)) => *health_event,
        None => {
            let digits = said.strip_prefix(OTHER)?;
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            HealthEvent::Closed(digits[..end].parse().ok()?)
        }
    };
    Some((shard, health_event))
}

/// The first characters of a message.
struct MessagePrefix(String);

impl Visit for MessagePrefix {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // An error means that the prefix is full.
            let _ = write!(self, "{value:?}");
        }
    }
}

impl Write for MessagePrefix {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.0.len() + part.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(part);
        Ok(())
    }
}

#[cfg(test)]
#[path = "close_codes/tests.rs"]
mod tests;
