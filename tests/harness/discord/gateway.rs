//! The gateway: sessions, what each of them was sent, and how deliveries go wrong.

pub(super) mod script;
pub(super) mod socket;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rules::model::ids::{ChannelId, GuildId};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::state::{DiscordState, may};
use script::Delivery;

/// Gateway intents, as bits of Discord's.
pub(super) mod intent {
    pub(in super::super) const NONE: u64 = 0;
    pub(in super::super) const GUILDS: u64 = 1;
    pub(in super::super) const GUILD_MEMBERS: u64 = 1 << 1;
    pub(in super::super) const GUILD_MESSAGES: u64 = 1 << 9;
    pub(in super::super) const GUILD_MESSAGE_REACTIONS: u64 = 1 << 10;
    pub(in super::super) const MESSAGE_CONTENT: u64 = 1 << 15;
}

/// A session that missed more than this has to start over.
const REPLAYED: usize = 20_000;
/// How many sessions without a connection are kept for a RESUME.
const BROKEN_KEPT: usize = 8;
/// Close codes after which a session is not resumed.
const FINAL: [u16; 9] = [4003, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014];

/// What a client did at the gateway, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contact {
    Connected,
    /// Turned away before the handshake.
    Refused,
    Identified {
        shard: (u64, u64),
        intents: u64,
    },
    Resumed {
        seq: u64,
    },
    Heartbeat,
    /// With the client's close code, if it gave one.
    Left {
        code: Option<u16>,
    },
}

/// How the gateway turns away an IDENTIFY or a RESUME.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuff {
    Close(u16),
    /// Opcode 9 with this `d`.
    Invalid(bool),
    /// Opcode 7.
    Reconnect,
    /// The connection ends without a word.
    Drop,
}

/// Something that happened, on its way to whoever may know of it.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) guild: Option<GuildId>,
    pub(super) intents: u64,
    pub(super) d: Value,
    /// In a shape that strict parsers refuse, on purpose.
    pub(super) odd: bool,
}

/// Where something happened; of a channel only while the bot may view it.
pub(super) type Place = (GuildId, Option<ChannelId>);

#[derive(Debug, Clone)]
pub(super) enum Frame {
    Text(Arc<str>),
    Close(u16),
    Drop,
}

#[derive(Debug)]
pub(super) struct Session {
    shard: (u64, u64),
    intents: u64,
    seq: u64,
    sent: VecDeque<(u64, Arc<str>)>,
    line: Option<Line>,
}

/// The connection that a session has at the moment.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) out: UnboundedSender<Frame>,
}

pub struct Hub {
    pub(super) sessions: BTreeMap<u64, Session>,
    pub(super) lines: BTreeMap<u64, UnboundedSender<Frame>>,
    pub(super) contacts: Vec<(Instant, Contact)>,
    pub(super) heartbeat: Duration,
    pub(super) identify_spacing: Duration,
    pub(super) max_concurrency: u64,
    pub(super) starts_left: u32,
    pub(super) shards: u32,
    pub(super) last_identify: BTreeMap<u64, Instant>,
    pub(super) refusing: bool,
    pub(super) zombie: bool,
    pub(super) at_identify: Option<(Rebuff, u32)>,
    pub(super) at_resume: Option<(Rebuff, u32)>,
    pub(super) delivery: Delivery,
    drawn: u64,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            sessions: BTreeMap::new(),
            lines: BTreeMap::new(),
            contacts: Vec::new(),
            heartbeat: Duration::from_millis(41_250),
            identify_spacing: Duration::from_secs(5),
            max_concurrency: 1,
            starts_left: 1_000,
            shards: 1,
            last_identify: BTreeMap::new(),
            refusing: false,
            zombie: false,
            at_identify: None,
            at_resume: None,
            delivery: Delivery::default(),
            drawn: 0,
        }
    }
}

impl Hub {
    /// Sessions that have a connection.
    pub fn connected(&self) -> usize {
        self.sessions.values().filter(|session| session.line.is_some()).count()
    }

    pub fn count(&self, counted: impl Fn(&Contact) -> bool) -> usize {
        self.contacts.iter().filter(|(_, contact)| counted(contact)).count()
    }

    pub fn identifies(&self) -> usize {
        self.count(|contact| matches!(contact, Contact::Identified { .. }))
    }

    pub fn resumes(&self) -> usize {
        self.count(|contact| matches!(contact, Contact::Resumed { .. }))
    }

    pub fn heartbeats(&self) -> usize {
        self.count(|contact| *contact == Contact::Heartbeat)
    }

    pub(super) fn note(&mut self, contact: Contact) {
        self.contacts.push((Instant::now(), contact));
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn
    }

    /// Whether an IDENTIFY comes too soon after the last one of its bucket.
    pub(super) fn too_soon(&mut self, shard: u64) -> bool {
        let bucket = shard % self.max_concurrency.max(1);
        let last = self.last_identify.insert(bucket, Instant::now());
        last.is_some_and(|last| last.elapsed() < self.identify_spacing)
    }

    /// Sends to every connection, and ends sessions that the close code makes final.
    pub(super) fn everywhere(&mut self, frame: &Frame) {
        for out in self.lines.values() {
            let _ = out.send(frame.clone());
        }
        match frame {
            Frame::Close(code) if FINAL.contains(code) => self.sessions.clear(),
            Frame::Close(_) | Frame::Drop => self.hang_up(),
            Frame::Text(_) => {}
        }
    }

    fn hang_up(&mut self) {
        for session in self.sessions.values_mut() {
            session.line = None;
        }
    }

    /// The connection of this number is gone.
    pub(super) fn line_ended(&mut self, number: u64, code: Option<u16>) {
        self.lines.remove(&number);
        self.note(Contact::Left { code });
        let of_line =
            |session: &Session| session.line.as_ref().is_some_and(|line| line.number == number);
        if matches!(code, Some(1000 | 1001)) {
            self.sessions.retain(|_, session| !of_line(session));
        }
        self.leave_line(number);
    }

    /// No session uses the connection of this number any more.
    fn leave_line(&mut self, number: u64) {
        for session in self.sessions.values_mut() {
            if session.line.as_ref().is_some_and(|line| line.number == number) {
                session.line = None;
            }
        }
    }

    fn forget_oldest(&mut self) {
        let broken = self.sessions.iter().filter(|(_, session)| session.line.is_none());
        let broken = broken.map(|(number, _)| *number).collect::<Vec<_>>();
        for number in broken.iter().rev().skip(BROKEN_KEPT) {
            self.sessions.remove(number);
        }
    }

    /// Numbers the event in every session that asked for it, and sends it where one is connected.
    pub(super) fn dispatch(&mut self, event: &Event, times: usize) {
        for session in self.sessions.values_mut() {
            if session.wants(event) {
                // What is said into a dead line comes at a RESUME only.
                let line = if self.zombie { session.line.take() } else { None };
                session.push(event, times);
                session.line = line.or(session.line.take());
            }
        }
    }
}

impl Session {
    pub(super) fn new(shard: (u64, u64), intents: u64, line: Line) -> Self {
        Self { shard, intents, seq: 0, sent: VecDeque::new(), line: Some(line) }
    }

    pub(super) fn wants(&self, event: &Event) -> bool {
        let of_shard =
            event.guild.is_none_or(|guild| (guild.0 >> 22) % self.shard.1 == self.shard.0);
        of_shard && self.intents & event.intents == event.intents
    }

    /// `times` 0 uses up a sequence number and says nothing, now or at a RESUME.
    pub(super) fn push(&mut self, event: &Event, times: usize) {
        self.seq += 1;
        if times == 0 {
            return;
        }
        let mut d = std::borrow::Cow::Borrowed(&event.d);
        if event.name.starts_with("MESSAGE_") && self.intents & intent::MESSAGE_CONTENT == 0 {
            blank(d.to_mut());
        }
        let text = json!({ "op": 0, "t": event.name, "s": self.seq, "d": d }).to_string();
        let text: Arc<str> = text.into();
        for _ in 0..times {
            self.send(Frame::Text(text.clone()));
        }
        self.sent.push_back((self.seq, text));
        if self.sent.len() > REPLAYED {
            self.sent.pop_front();
        }
    }

    /// Takes up a broken session: false when what it missed is no longer at hand.
    pub(super) fn resume(&mut self, seq: u64, line: Line) -> bool {
        let earliest = self.sent.front().map_or(self.seq, |(first, _)| first - 1);
        if seq > self.seq || seq < earliest {
            return false;
        }
        self.line = Some(line);
        for (number, text) in &self.sent {
            if *number > seq {
                self.send(Frame::Text(text.clone()));
            }
        }
        true
    }

    fn send(&self, frame: Frame) {
        if let Some(line) = &self.line {
            let _ = line.out.send(frame);
        }
    }
}

/// A message as a bot without the MESSAGE_CONTENT intent sees it.
fn blank(message: &mut Value) {
    if message.get("content").is_some() {
        message["content"] = "".into();
        for list in ["embeds", "attachments", "components"] {
            message[list] = json!([]);
        }
    }
}

impl DiscordState {
    /// Sends an event of what happened, unless events are held back.
    pub(super) fn emit(&mut self, name: &str, intents: u64, at: Place, d: Value) {
        self.emit_shaped(name, intents, at, d, false);
    }

    /// As `emit`, of a payload that may be odd on purpose.
    pub(super) fn emit_shaped(&mut self, name: &str, intents: u64, at: Place, d: Value, odd: bool) {
        let (guild, channel) = at;
        if script::quiet() || channel.is_some_and(|id| !self.bot_may(id, may::VIEW_CHANNEL)) {
            return;
        }
        let event = Event { name: name.into(), guild: Some(guild), intents, d, odd };
        self.deliver(event);
    }

    /// Starts a session with its READY and a GUILD_CREATE for every guild of its shard.
    pub(super) fn start_session(&mut self, shard: (u64, u64), intents: u64, line: Line) {
        let number = self.hub.draw();
        self.hub.leave_line(line.number);
        self.hub.forget_oldest();
        let mut session = Session::new(shard, intents, line);
        let mine = self.guilds.values().filter(|guild| guild.members.contains_key(&self.bot));
        let mut created = mine
            .map(|guild| Event {
                name: "GUILD_CREATE".into(),
                guild: Some(guild.id),
                intents: intent::GUILDS,
                d: self.guild_event_json(guild),
                odd: false,
            })
            .collect::<Vec<_>>();
        created.retain(|event| session.wants(event));
        let unavailable =
            created.iter().map(|event| json!({ "id": event.guild, "unavailable": true }));
        let mut user = self.user_json(self.bot);
        user["mfa_enabled"] = true.into();
        user["verified"] = true.into();
        user["email"] = Value::Null;
        let ready = json!({
            "v": 10, "user": user, "guilds": unavailable.collect::<Vec<_>>(), "session_id": format!("session-{number}"),
            "resume_gateway_url": self.gateway_url, "shard": [shard.0, shard.1],
            "application": { "id": self.bot, "flags": 1 << 18 },
            "user_settings": {}, "relationships": [], "private_channels": [], "presences": [],
        });
        session.push(&Event::of_session("READY", ready), 1);
        for mut event in created {
            self.hub.delivery.spoil(&mut event);
            session.push(&event, 1);
        }
        self.hub.sessions.insert(number, session);
    }
}

impl Event {
    pub(super) fn of_session(name: &str, d: Value) -> Self {
        let name = name.into();
        Self { name, guild: None, intents: intent::NONE, d, odd: false }
    }
}
