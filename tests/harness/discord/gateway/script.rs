//! How a story makes the gateway misbehave.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rules::model::ids::GuildId;
use serde_json::{Value, json};

use super::super::FakeDiscord;
use super::super::malformed::Malformed;
use super::super::schemas;
use super::super::state::DiscordState;
use super::{Contact, Event, Frame, Hub, Rebuff, intent};
use crate::seeded_rng::SeededRng;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn quiet() -> bool {
    QUIET.get()
}

/// In which order what was held back goes out.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    AsSent,
    Reversed,
    Shuffled(u64),
}

/// Deliveries that go wrong by chance, in events of a thousand; the same seed goes wrong the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unreliable {
    pub seed: u64,
    /// Never sent, at a RESUME neither.
    pub lost: u64,
    pub twice: u64,
    /// Sent after one to eight later ones.
    pub late: u64,
    /// The connection ends after this event; the session can be resumed.
    pub broken: u64,
    /// The connection ends after this event, and its session with it.
    pub forgotten: u64,
}

#[derive(Debug, Default)]
pub(in super::super) struct Delivery {
    unchecked: bool,
    lose: u32,
    twice: u32,
    spoil: Vec<Malformed>,
    held: Option<Vec<Event>>,
    unreliable: Option<Unreliable>,
    rng: SeededRng,
    /// Events that are late, with how many are to go before them.
    late: Vec<(u64, Event)>,
}

/// Other numbers than those of a story that starts from the same seed.
fn delivery_rng(seed: u64) -> SeededRng {
    SeededRng::new(seed ^ 0x9E37_79B9_7F4A_7C15)
}

impl Delivery {
    /// Gives the event the first shape that waits for one of its kind.
    pub(super) fn spoil(&mut self, event: &mut Event) {
        if let Some(at) = self.spoil.iter().position(|shape| shape.fits(&event.name)) {
            self.spoil.remove(at).spoil(&mut event.name, &mut event.d);
            event.odd = true;
        }
    }
}

impl DiscordState {
    /// Sends an event on its way, as the script says.
    pub(in super::super) fn deliver(&mut self, mut event: Event) {
        let delivery = &mut self.hub.delivery;
        delivery.spoil(&mut event);
        let checked = !delivery.unchecked && !event.odd && event.name == "MESSAGE_CREATE";
        if checked {
            let found = schemas::check_message(&event.d);
            self.log.findings.extend(found.into_iter().map(|why| format!("MESSAGE_CREATE: {why}")));
        }
        self.hub.carry(event);
    }
}

impl Hub {
    fn carry(&mut self, event: Event) {
        let delivery = &mut self.delivery;
        if delivery.lose > 0 {
            delivery.lose -= 1;
            return self.dispatch(&event, 0);
        }
        if let Some(held) = &mut delivery.held {
            held.push(event);
            return;
        }
        if delivery.twice > 0 {
            delivery.twice -= 1;
            return self.dispatch(&event, 2);
        }
        match delivery.unreliable {
            Some(chances) => self.carry_by_chance(event, chances),
            None => self.dispatch(&event, 1),
        }
    }

    fn carry_by_chance(&mut self, event: Event, chances: Unreliable) {
        let Unreliable { seed: _, lost, twice, late, broken, forgotten } = chances;
        let roll = self.delivery.rng.roll(1_000) as u64;
        let below = |sum: u64| roll < sum;
        if below(lost) {
            self.dispatch(&event, 0);
        } else if below(lost + twice) {
            self.dispatch(&event, 2);
        } else if below(lost + twice + late) {
            let after = 1 + self.delivery.rng.roll(8) as u64;
            self.delivery.late.push((after, event));
            return;
        } else {
            self.dispatch(&event, 1);
            if below(lost + twice + late + broken) {
                self.everywhere(&Frame::Drop);
            } else if below(lost + twice + late + broken + forgotten) {
                self.everywhere(&Frame::Drop);
                self.sessions.clear();
            }
        }
        for (left, _) in &mut self.delivery.late {
            *left -= 1;
        }
        while let Some(at) = self.delivery.late.iter().position(|(left, _)| *left == 0) {
            let (_, event) = self.delivery.late.remove(at);
            self.dispatch(&event, 1);
        }
    }
}

impl FakeDiscord {
    /// What `acts` does happens without any event, now or later.
    pub fn without_events<T>(&self, acts: impl FnOnce(&Self) -> T) -> T {
        let before = QUIET.replace(true);
        let done = acts(self);
        QUIET.set(before);
        done
    }

    /// Closes every connection with a code.
    pub fn close(&self, code: u16) {
        self.with(|state| state.hub.everywhere(&Frame::Close(code)));
    }

    /// Turns away the next `times` IDENTIFYs; `u32::MAX` for ever.
    pub fn at_identify(&self, rebuff: Rebuff, times: u32) {
        self.with(|state| state.hub.at_identify = Some((rebuff, times)));
    }

    /// Turns away the next `times` RESUMEs; `u32::MAX` for ever.
    pub fn at_resume(&self, rebuff: Rebuff, times: u32) {
        self.with(|state| state.hub.at_resume = Some((rebuff, times)));
    }

    /// Opcode 7: asks every client to reconnect.
    pub fn ask_to_reconnect(&self) {
        self.emit_all(&json!({ "op": 7, "s": null, "t": null, "d": null }));
    }

    /// Opcode 9: the sessions are invalid, for good unless `resumable`.
    pub fn invalidate(&self, resumable: bool) {
        self.emit_all(&json!({ "op": 9, "s": null, "t": null, "d": resumable }));
        if !resumable {
            self.with(|state| state.hub.sessions.clear());
        }
    }

    /// Ends every connection without a close frame; sessions stay.
    pub fn break_connections(&self) {
        self.with(|state| state.hub.everywhere(&Frame::Drop));
    }

    /// Ends every connection and forgets the sessions: the next RESUME is invalid.
    pub fn forget_sessions(&self) {
        self.with(|state| {
            state.hub.everywhere(&Frame::Drop);
            state.hub.sessions.clear();
        });
    }

    /// Lets every line go dead: heartbeats get no answer and events do not come, or do so again.
    pub fn zombie(&self, on: bool) {
        self.with(|state| state.hub.zombie = on);
    }

    /// Turns away every connection to the gateway, or lets them in again.
    pub fn refuse_connections(&self, on: bool) {
        self.with(|state| state.hub.refusing = on);
    }

    /// Sent in HELLO from the next connection on.
    pub fn heartbeat_every(&self, interval: Duration) {
        self.with(|state| state.hub.heartbeat = interval);
    }

    /// Two IDENTIFYs of a bucket closer than this make the second invalid; zero lets all pass.
    pub fn identify_spacing(&self, spacing: Duration) {
        self.with(|state| state.hub.identify_spacing = spacing);
    }

    /// What `session_start_limit` of GET /gateway/bot tells.
    pub fn session_starts(&self, left: u32, max_concurrency: u64) {
        self.with(|state| {
            state.hub.starts_left = left;
            state.hub.max_concurrency = max_concurrency;
        });
    }

    /// How many shards GET /gateway/bot recommends.
    pub fn recommend_shards(&self, shards: u32) {
        self.with(|state| state.hub.shards = shards);
    }

    /// The next `count` events are never sent: their sequence numbers are used up.
    pub fn lose_next(&self, count: u32) {
        self.with(|state| state.hub.delivery.lose = count);
    }

    /// The next `count` events are sent twice.
    pub fn repeat_next(&self, count: u32) {
        self.with(|state| state.hub.delivery.twice = count);
    }

    /// The next event that fits takes on this shape.
    pub fn malform_next(&self, shape: Malformed) {
        self.with(|state| state.hub.delivery.spoil.push(shape));
    }

    /// Events wait until `release`.
    pub fn hold(&self) {
        self.with(|state| {
            state.hub.delivery.held.get_or_insert_default();
        });
    }

    /// Sends what `hold` kept, in this order.
    pub fn release(&self, order: Order) {
        self.with(|state| {
            let mut held = state.hub.delivery.held.take().unwrap_or_default();
            match order {
                Order::AsSent => {}
                Order::Reversed => held.reverse(),
                Order::Shuffled(seed) => {
                    let mut rng = delivery_rng(seed);
                    for at in (1..held.len()).rev() {
                        held.swap(at, rng.roll(at + 1));
                    }
                }
            }
            for event in held {
                state.hub.carry(event);
            }
        });
    }

    /// Deliveries go wrong by chance, or no longer; what was late then goes out.
    pub fn unreliable(&self, chances: Option<Unreliable>) {
        self.with(|state| {
            state.hub.delivery.unreliable = chances;
            state.hub.delivery.rng = delivery_rng(chances.map_or(0, |chances| chances.seed));
            for (_, event) in std::mem::take(&mut state.hub.delivery.late) {
                state.hub.dispatch(&event, 1);
            }
        });
    }

    /// Stops checking live messages against the published schemas: for measuring speed.
    pub fn leave_events_unchecked(&self) {
        self.with(|state| state.hub.delivery.unchecked = true);
    }

    /// Sends any dispatch to the sessions of a guild.
    pub fn emit_raw(&self, guild: GuildId, name: &str, d: Value) {
        let event =
            Event { name: name.into(), guild: Some(guild), intents: intent::NONE, d, odd: true };
        self.with(|state| state.hub.carry(event));
    }

    /// What clients did at the gateway, with times.
    pub fn contacts(&self) -> Vec<(Instant, Contact)> {
        self.with(|state| state.hub.contacts.clone())
    }

    fn emit_all(&self, payload: &Value) {
        let frame = Frame::Text(payload.to_string().into());
        self.with(|state| state.hub.everywhere(&frame));
    }
}
