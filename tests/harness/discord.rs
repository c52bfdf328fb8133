//! A stateful stand-in for the Discord service, over real HTTP and WebSocket on the loopback.
//!
//! ```no_run
//! # use tests::harness::discord::{FakeDiscord, Post, may};
//! let discord = FakeDiscord::start();
//! let guild = discord.guild("Tidepool");                  // the bot is a member of it
//! let help = discord.channel(guild, "help");              // also: news, voice, category, forum
//! let mina = discord.person(guild, "mina");
//! let asked = discord.post(help, mina, "How do I reset the index?");
//! let answered = discord.send(Post::new(help, mina, "Delete the folder.").reply_to(asked));
//! discord.react(help, answered, mina, "✅");
//! // [discord] api_url = discord.url(), token = discord.token()
//! discord.wait_until("the daemon is connected", |state| state.hub.connected() == 1);
//! discord.edit(help, asked, "How do I reset the vector index?");
//! discord.assert_no_surprises();
//! ```
//!
//! - Acts (`acts`, `places`, `people`) change the state and tell every session of it;
//!   `without_events(|discord| …)` changes the state and tells nobody.
//! - `load_export` and `play` (`export`) make state and live events of a DiscordChatExporter file.
//! - `interactions` has slash commands, menus, buttons, and what the bot replied.
//! - `gateway::script` and `limits` make deliveries and answers go wrong.
//! - `log` has what was asked; `assert_no_surprises` fails on violations of the published schemas.
//!
//! Everything is synchronous: the service runs on a thread of its own, and stops when dropped.

mod export;
mod gateway;
mod interactions;
mod limits;
mod log;
mod malformed;
mod message_actions;
mod people;
mod places;
mod render;
mod rest;
mod schemas;
mod state;

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rules::model::ids::UserId;
use tokio::sync::oneshot;

use super::loopback;

pub use gateway::script::{Order, Unreliable};
pub use gateway::{Contact, Hub, Rebuff};
pub use interactions::{Asked, InteractionReply};
pub use limits::Fault;
pub use log::Request;
pub use malformed::Malformed;
pub use message_actions::Post;
pub use rules::model::ids::{ChannelId, GuildId, MessageId, RoleId};
pub use state::{Channel, DiscordState, Guild, Kind, Message, Thread, User, may};

/// A condition that does not come true in this time fails the test.
const PATIENCE: Duration = Duration::from_secs(60);

/// The running service.
pub struct FakeDiscord {
    service: Arc<Service>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What the service's connections and the story share.
struct Service {
    state: Mutex<DiscordState>,
    changed: Condvar,
    address: SocketAddr,
    token: String,
}

impl Service {
    /// Looks at or changes the state, and wakes those who wait for it.
    fn with<T>(&self, act: impl FnOnce(&mut DiscordState) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let done = act(&mut state);
        self.changed.notify_all();
        done
    }
}

impl FakeDiscord {
    /// Starts a service without guilds on a free port of the loopback.
    pub fn start() -> Self {
        let (listener, address) = loopback::bind();
        let bot = UserId(1_100_000_000_000_000_000);
        let service = Arc::new(Service {
            state: Mutex::new(DiscordState::new(bot, format!("ws://{address}"))),
            changed: Condvar::new(),
            address,
            token: format!("{}.fake.{}", bot.0, "x".repeat(27)),
        });
        let (stop, stopped) = oneshot::channel();
        let thread = loopback::run_on_thread(rest::serve(service.clone(), listener, stopped));
        Self { service, stop: Some(stop), thread: Some(thread) }
    }

    /// What stands for `https://discord.com`.
    pub fn url(&self) -> String {
        format!("http://{}", self.service.address)
    }

    /// The bot's token; any other is answered 401 and close code 4004.
    pub fn token(&self) -> &str {
        &self.service.token
    }

    pub fn bot(&self) -> UserId {
        self.look(|state| state.bot)
    }

    /// Looks at the state.
    pub fn look<T>(&self, view: impl FnOnce(&DiscordState) -> T) -> T {
        self.with(|state| view(state))
    }

    /// Changes the state beyond what Discord would let happen, without an event.
    pub fn spoil_state(&self, change: impl FnOnce(&mut DiscordState)) {
        self.with(change);
    }

    /// Waits until the state is as wished; fails the test when that takes a minute.
    #[track_caller]
    pub fn wait_until(&self, what: &str, wished: impl Fn(&DiscordState) -> bool) {
        let until = Instant::now() + PATIENCE;
        let mut state = self.service.state.lock().unwrap();
        while !wished(&state) {
            let left = until.saturating_duration_since(Instant::now());
            let findings = &state.log.findings;
            assert!(!left.is_zero(), "waited in vain until {what}; surprises: {findings:#?}");
            (state, _) = self.service.changed.wait_timeout(state, left).unwrap();
        }
    }

    /// The service's clock.
    pub fn now(&self) -> Timestamp {
        self.look(DiscordState::now)
    }

    /// Moves the service's clock ahead, as interactions and new messages see it.
    pub fn advance(&self, by: Duration) {
        self.with(|state| state.clock.moved += SignedDuration::try_from(by).unwrap());
    }

    fn with<T>(&self, act: impl FnOnce(&mut DiscordState) -> T) -> T {
        self.service.with(act)
    }
}

impl Drop for FakeDiscord {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
