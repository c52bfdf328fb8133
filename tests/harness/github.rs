//! A stateful stand-in for GitHub, over real HTTP on the loopback.
//!
//! ```no_run
//! # use tests::harness::github::{FakeGitHub, Fault, How, Role, Trouble, Verdict};
//! let github = FakeGitHub::start();
//! github.repo("harbor/docs", &[("README.md", "# Harbor\n")]);    // branch `main`, App installed
//! github.member("harbor/docs", "mina", Role::Write);
//! // [github] api_url = github.url() or github.enterprise_url(), app_id(), private_key()
//! github.trouble(Trouble::on("POST", "/repos/*/pulls", Fault::Status(502)).after_the_effect());
//! github.webhooks_to("http://127.0.0.1:8080/webhooks/github", "secret");
//! let mina = github.acting("mina", "harbor/docs");
//! mina.push("answers/q1", &[("faq/q1.md", Some("Better words.\n"))], "Say it better");
//! mina.review(1, Verdict::Approve, "");
//! mina.merge(1, How::Squash);
//! assert_eq!(github.pulls("harbor/docs").len(), 1);
//! assert!(github.mentions().is_empty() && github.overwritten().is_empty());
//! github.assert_no_surprises();
//! ```
//!
//! - `setup` makes repositories, members, teams and rules; `people` lets others act on them.
//! - `faults` makes answers go wrong, before or after what was asked for is done.
//! - `webhooks` tells a listener of every act; `settle_webhooks` waits until all are answered.
//! - `look` shows what came of it, `log` what was asked, `mentions` whom it would have disturbed.
//!
//! Everything is synchronous: the service runs on threads of its own, and stops when dropped. Its
//! clock is the real one until `set_now`.

mod answer;
mod apps;
mod diff;
mod faults;
mod git;
mod log;
mod look;
mod mentions;
mod owners;
mod people;
mod pulls;
mod refs;
mod render;
mod rest;
mod setup;
mod state;
mod talk;
mod webhooks;
pub mod wire;

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, oneshot};

use super::loopback;

pub use apps::Permissions;
pub use faults::{Fault, Trouble};
pub use git::{Commit, Entry, Files, Git, Sha, Signature};
pub use log::{Log, Request};
pub use mentions::{Act, Mention};
pub use people::Acting;
pub use pulls::{How, Verdict};
pub use refs::Change;
pub use state::{
    Comment, Edit, GitHubState, Issue, Line, Merge, Move, Notification, Pull, Release, Repo,
    Review, Role, Rules, Team, User,
};
pub use webhooks::Delivery;

/// A condition that does not come true in this time fails the test.
const PATIENCE: Duration = Duration::from_secs(60);

/// The running service.
pub struct FakeGitHub {
    service: Arc<Service>,
    stop: Option<oneshot::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

/// What the service's connections and the story share.
struct Service {
    state: Mutex<GitHubState>,
    changed: Condvar,
    /// Wakes the requests that are held.
    gate: Notify,
    address: SocketAddr,
}

impl Service {
    /// Looks at or changes the state, and wakes those who wait for it.
    fn with<T>(&self, act: impl FnOnce(&mut GitHubState) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let done = act(&mut state);
        self.changed.notify_all();
        done
    }
}

impl FakeGitHub {
    /// Starts a service without repositories on a free port of the loopback.
    pub fn start() -> Self {
        let (listener, address) = loopback::bind();
        let (outbox, posts) = mpsc::channel();
        let hooks = webhooks::Hooks::new(outbox);
        let service = Arc::new(Service {
            state: Mutex::new(GitHubState::new(format!("http://{address}"), hooks)),
            changed: Condvar::new(),
            gate: Notify::new(),
            address,
        });
        let (stop, stopped) = oneshot::channel();
        let serving = loopback::run_on_thread(rest::serve(service.clone(), listener, stopped));
        let shared = service.clone();
        let delivering = std::thread::spawn(move || webhooks::deliver(&shared, &posts));
        Self { service, stop: Some(stop), threads: vec![serving, delivering] }
    }

    /// What stands for `https://api.github.com`.
    pub fn url(&self) -> String {
        format!("http://{}", self.service.address)
    }

    /// The same service as an Enterprise server has it: REST here, GraphQL at `/api/graphql`.
    pub fn enterprise_url(&self) -> String {
        format!("{}/api/v3", self.url())
    }

    /// Looks at the state.
    pub fn look<T>(&self, view: impl FnOnce(&GitHubState) -> T) -> T {
        self.with(|state| view(state))
    }

    /// Waits until the state is as wished; fails the test when that takes a minute.
    #[track_caller]
    pub fn wait_until(&self, what: &str, wished: impl Fn(&GitHubState) -> bool) {
        let until = Instant::now() + PATIENCE;
        let mut state = self.service.state.lock().unwrap();
        while !wished(&state) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited in vain until {what}");
            (state, _) = self.service.changed.wait_timeout(state, left).unwrap();
        }
    }

    /// The service's clock.
    pub fn now(&self) -> Timestamp {
        self.look(GitHubState::now)
    }

    /// Stops the service's clock at a moment.
    pub fn set_now(&self, now: Timestamp) {
        self.with(|state| {
            (state.clock.frozen, state.clock.moved) = (Some(now), SignedDuration::ZERO)
        });
    }

    /// Moves the service's clock ahead, running or not.
    pub fn advance(&self, by: SignedDuration) {
        self.with(|state| state.clock.moved += by);
    }

    fn with<T>(&self, act: impl FnOnce(&mut GitHubState) -> T) -> T {
        self.service.with(act)
    }

    fn gate(&self) -> &Notify {
        &self.service.gate
    }
}

impl Drop for FakeGitHub {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.with(|state| state.hooks.close());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
