//! Whether the connection of one shard is healthy, and what to do if not. Pure: time is an
//! argument.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use rules::time;

/// When a connection counts as unhealthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HealthTimeouts {
    /// IDENTIFYs in a row that no READY answers.
    pub(super) unanswered: u32,
    /// IDENTIFYs within an hour. Discord allows 1,000 a day, then takes the token away.
    pub(super) an_hour: usize,
    /// RESUMEs within `resume_window`.
    pub(super) resumes: usize,
    pub(super) resume_window: SignedDuration,
    /// Without a dispatch or a heartbeat acknowledgement for this long, an open connection counts
    /// as dead, and so does one whose session has not started this long after it was requested:
    /// three heartbeats, each of at most 45 s (Discord asks for 41.25 s).
    pub(super) silence: SignedDuration,
    /// Without an event or an acknowledgement for this long, the process ends, so that the operator
    /// notices.
    pub(super) dead: SignedDuration,
    /// Pauses before a reconnect double from the first to the longest.
    pub(super) first_pause: SignedDuration,
    pub(super) longest_pause: SignedDuration,
}

impl Default for HealthTimeouts {
    fn default() -> Self {
        Self {
            unanswered: 5,
            an_hour: 60,
            resumes: 20,
            resume_window: SignedDuration::from_secs(10),
            silence: SignedDuration::from_secs(3 * 45),
            dead: SignedDuration::from_mins(5),
            first_pause: SignedDuration::from_secs(5),
            longest_pause: SignedDuration::from_mins(5),
        }
    }
}

/// Something observed on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HealthEvent {
    /// A client was started.
    Started,
    Identify,
    Resume,
    /// A new session: whatever happened before it is a gap of unknown length.
    Ready,
    Resumed,
    Dispatch,
    /// A heartbeat acknowledgement.
    Ack,
    /// Discord closed the connection with this code.
    Closed(u16),
    /// No connection could be opened; serenity tries again by itself.
    NotOpened,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HealthAction {
    Keep,
    /// Drop the client and start a new one after this pause.
    Restart(SignedDuration),
    /// End the process with this reason.
    Stop(GatewayFatal),
}

/// Why the gateway is given up. The message states what the operator can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayFatal {
    #[error("Discord rejected the bot's token (4004); set the token of the bot that was invited")]
    Token,
    #[error("Discord rejected the number of shards (4010); restart to use the right one")]
    Shard,
    #[error("Discord requires more shards for this bot (4011); restart to use them")]
    ShardingRequired,
    #[error("Discord no longer supports this gateway version (4012); install a newer harvester")]
    Version,
    #[error("Discord rejected the gateway intents (4013); install a newer harvester")]
    Intents,
    #[error(
        "Discord does not send the content of messages to this bot (4014); enable \"Message \
         Content Intent\" for the bot in Discord's developer portal, under Bot, then restart"
    )]
    MessageContent,
    #[error(
        "{0} gateway sessions were requested within an hour; stopped before Discord resets the \
         token. Is another program using the same token?"
    )]
    TooManySessions(usize),
    #[error("no event and no heartbeat acknowledgement from Discord's gateway for {0} s")]
    Dead(i64),
    #[error("Discord's session limit is reached, the next session is allowed in {0} s; stopped")]
    NoSessionsLeft(i64),
    #[error("GET /gateway/bot gave no usable gateway: {0}")]
    NoGateway(String),
    #[error("{0}")]
    Refused(String),
    #[error("the gateway connection failed: {0}")]
    Broken(String),
}

impl GatewayFatal {
    /// Whether a restart would end the same way, until the operator changes something.
    pub fn needs_operator(&self) -> bool {
        match self {
            Self::Token
            | Self::Version
            | Self::Intents
            | Self::MessageContent
            | Self::Refused(_) => true,
            Self::Shard
            | Self::ShardingRequired
            | Self::TooManySessions(_)
            | Self::Dead(_)
            | Self::NoSessionsLeft(_)
            | Self::NoGateway(_)
            | Self::Broken(_) => false,
        }
    }

    /// The reason behind a close code after which reconnecting cannot succeed.
    pub(super) fn of_close(code: u16) -> Option<Self> {
        Some(match code {
            4004 => Self::Token,
            4010 => Self::Shard,
            4011 => Self::ShardingRequired,
            4012 => Self::Version,
            4013 => Self::Intents,
            4014 => Self::MessageContent,
            _ => return None,
        })
    }
}

/// The state of one shard's connection.
#[derive(Debug, Clone)]
pub(super) struct ShardHealth {
    limits: HealthTimeouts,
    connected: bool,
    /// When the session was last requested, while it has not started.
    requested: Timestamp,
    /// When an event or acknowledgement last arrived; deliberate pauses are not counted.
    last_activity: Timestamp,
    /// When the current pause began; the time before the first start counts as one.
    paused: Option<Timestamp>,
    unanswered: u32,
    identifies: VecDeque<Timestamp>,
    resumes: VecDeque<Timestamp>,
    /// The pause before the next restart.
    pause: SignedDuration,
    fatal: Option<GatewayFatal>,
}

impl ShardHealth {
    pub(super) fn new(limits: HealthTimeouts, now: Timestamp) -> Self {
        Self {
            limits,
            connected: false,
            requested: now,
            last_activity: now,
            paused: Some(now),
            unanswered: 0,
            identifies: VecDeque::new(),
            resumes: VecDeque::new(),
            pause: limits.first_pause,
            fatal: None,
        }
    }

    pub(super) fn record(&mut self, health_event: HealthEvent, now: Timestamp) {
        if let HealthEvent::Started | HealthEvent::Identify | HealthEvent::Resume = health_event {
            self.connected = false;
            self.requested = now;
        }
        match health_event {
            HealthEvent::Started => {
                if let Some(since) = self.paused.take() {
                    self.last_activity = time::plus(self.last_activity, now.duration_since(since));
                }
            }
            HealthEvent::Identify => {
                self.unanswered += 1;
                self.identifies.push_back(now);
            }
            HealthEvent::Resume => self.resumes.push_back(now),
            HealthEvent::Ready | HealthEvent::Resumed => {
                self.connected = true;
                self.unanswered = 0;
                self.last_activity = self.last_activity.max(now);
            }
            HealthEvent::NotOpened => {}
            HealthEvent::Dispatch | HealthEvent::Ack => {
                self.last_activity = self.last_activity.max(now)
            }
            HealthEvent::Closed(code) => {
                self.fatal = self.fatal.take().or(GatewayFatal::of_close(code))
            }
        }
    }

    /// What to do as of `now`. A returned `Restart` counts as done: the next pause is twice as
    /// long.
    pub(super) fn verdict(&mut self, now: Timestamp) -> HealthAction {
        if let Some(reason) = self.fatal.clone() {
            return HealthAction::Stop(reason);
        }
        keep_from(&mut self.identifies, time::minus(now, SignedDuration::from_hours(1)));
        keep_from(&mut self.resumes, time::minus(now, self.limits.resume_window));
        if self.identifies.len() > self.limits.an_hour {
            return HealthAction::Stop(GatewayFatal::TooManySessions(self.identifies.len()));
        }
        if self.paused.is_some() {
            return HealthAction::Keep;
        }
        let silent = now.duration_since(self.last_activity);
        if silent >= self.limits.dead {
            return HealthAction::Stop(GatewayFatal::Dead(silent.as_secs()));
        }
        let waited = if self.connected { silent } else { now.duration_since(self.requested) };
        let useless = self.unanswered > self.limits.unanswered
            || self.resumes.len() > self.limits.resumes
            || waited >= self.limits.silence;
        if useless {
            return HealthAction::Restart(self.restart(now));
        }
        // After an hour without a RESUME or IDENTIFY, the pause is short again.
        if self.connected && self.identifies.is_empty() && self.resumes.is_empty() {
            self.pause = self.limits.first_pause;
        }
        HealthAction::Keep
    }

    /// Records that the client is dropped; returns the pause before the next one starts.
    pub(super) fn restart(&mut self, now: Timestamp) -> SignedDuration {
        let pause = self.pause;
        self.pause = (pause * 2).min(self.limits.longest_pause);
        self.paused = Some(now);
        self.connected = false;
        self.unanswered = 0;
        self.resumes.clear();
        pause
    }
}

fn keep_from(times: &mut VecDeque<Timestamp>, since: Timestamp) {
    while times.front().is_some_and(|time| *time < since) {
        times.pop_front();
    }
}

#[cfg(test)]
#[path = "health/tests.rs"]
mod tests;
