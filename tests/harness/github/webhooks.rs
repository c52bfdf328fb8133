//! What is sent to a listener: signed deliveries, again and out of order if wanted.

use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};

use super::git::hex;
use super::render;
use super::state::GitHubState;
use super::wire;
use super::{FakeGitHub, Service};

/// The service gives up on a listener after this time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something that was or is to be sent.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: u64,
    /// The same when it is sent again.
    pub guid: String,
    pub event: String,
    /// Empty where the event has none.
    pub action: String,
    /// The raw body.
    pub payload: String,
    pub at: Timestamp,
    /// How the listener answered, each time; 0 where it did not.
    pub answers: Vec<u16>,
}

#[derive(Debug)]
pub(super) struct Hooks {
    target: Option<(String, String)>,
    hold: bool,
    pub(super) deliveries: Vec<Delivery>,
    /// Posts that are on their way.
    under_way: usize,
    /// There until the service stops.
    outbox: Option<Sender<Post>>,
}

#[derive(Debug)]
pub(super) struct Post {
    id: u64,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Hooks {
    pub(super) fn new(outbox: Sender<Post>) -> Self {
        Self {
            target: None,
            hold: false,
            deliveries: Vec::new(),
            under_way: 0,
            outbox: Some(outbox),
        }
    }

    /// Sends a delivery with the signature that this secret makes.
    fn send(&mut self, delivery: &Delivery, secret: Option<&str>) {
        let Some((url, known)) = self.target.clone() else { return };
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.unwrap_or(&known).as_bytes());
        let signature = hex(hmac::sign(&key, delivery.payload.as_bytes()).as_ref());
        let headers = [
            ("content-type", "application/json"),
            ("user-agent", "GitHub-Hookshot/044aadd"),
            ("x-github-event", &delivery.event),
            ("x-github-delivery", &delivery.guid),
            ("x-hub-signature-256", &format!("sha256={signature}")),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let post = Post { id: delivery.id, url, headers, body: delivery.payload.clone() };
        let sent = self.outbox.as_ref().is_some_and(|outbox| outbox.send(post).is_ok());
        self.under_way += usize::from(sent);
    }

    /// Nothing is sent after what is on its way.
    pub(super) fn close(&mut self) {
        self.outbox = None;
    }
}

/// Sends what is posted, one after the other, until nobody can post any more.
pub(super) fn deliver(service: &Service, outbox: &Receiver<Post>) {
    while let Ok(post) = outbox.recv() {
        let headers = post.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers = headers.collect::<Vec<_>>();
        let answer = wire::exchange("POST", &post.url, &headers, &post.body, PATIENCE);
        let status = answer.map_or(0, |answer| answer.status);
        service.with(|state| {
            let hooks = &mut state.hooks;
            hooks.under_way -= 1;
            let delivered = hooks.deliveries.iter_mut().find(|delivery| delivery.id == post.id);
            delivered.expect("deliveries are never forgotten").answers.push(status);
        });
    }
}

impl GitHubState {
    /// Tells the listener that somebody did something in a repository.
    pub(super) fn emit(
        &mut self,
        repo: u64,
        event: &str,
        action: &str,
        by: &str,
        mut payload: Value,
    ) {
        if !action.is_empty() {
            payload["action"] = json!(action);
        }
        payload["repository"] = render::repo(self, &self.repos[&repo]);
        payload["sender"] = render::user(self, by);
        payload["installation"] = json!({ "id": super::apps::INSTALLATION });
        let id = self.next_id();
        let delivery = Delivery {
            id,
            guid: format!("{id:08x}-9c1e-11f0-8a5d-{id:012x}"),
            event: event.to_owned(),
            action: action.to_owned(),
            payload: payload.to_string(),
            at: self.now(),
            answers: Vec::new(),
        };
        if !self.hooks.hold {
            self.hooks.send(&delivery, None);
        }
        self.hooks.deliveries.push(delivery);
    }

    pub(super) fn redeliver(&mut self, id: u64) -> bool {
        let found = self.hooks.deliveries.iter().find(|delivery| delivery.id == id).cloned();
        if let Some(delivery) = &found {
            self.hooks.send(delivery, None);
        }
        found.is_some()
    }
}

impl FakeGitHub {
    /// From here on every act is sent to this address, signed with the secret.
    pub fn webhooks_to(&self, url: &str, secret: &str) {
        self.with(|state| state.hooks.target = Some((url.to_owned(), secret.to_owned())));
    }

    /// Acts are kept as deliveries, and nothing is sent until it is asked for.
    pub fn hold_webhooks(&self) {
        self.with(|state| state.hooks.hold = true);
    }

    /// Acts are sent at once again; what was held stays held.
    pub fn resume_webhooks(&self) {
        self.with(|state| state.hooks.hold = false);
    }

    /// Everything there was to tell, in order.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.look(|state| state.hooks.deliveries.clone())
    }

    /// Sends deliveries in the order of the list, be it for the first time or again.
    #[track_caller]
    pub fn deliver(&self, ids: &[u64]) {
        self.with(|state| {
            for id in ids {
                assert!(state.redeliver(*id), "there is no delivery {id}");
            }
        });
        self.settle_webhooks();
    }

    /// Sends everything that was never sent, the last first.
    pub fn deliver_backwards(&self) {
        let unsent = self.deliveries().into_iter().filter(|one| one.answers.is_empty());
        let mut ids = unsent.map(|one| one.id).collect::<Vec<_>>();
        ids.reverse();
        self.deliver(&ids);
    }

    /// Sends a delivery with a signature made with another secret.
    pub fn deliver_forged(&self, id: u64) {
        self.with(|state| {
            let found = state.hooks.deliveries.iter().find(|one| one.id == id).cloned();
            state.hooks.send(&found.expect("there is such a delivery"), Some("not the secret"));
        });
        self.settle_webhooks();
    }

    /// Waits until everything that was sent is answered.
    #[track_caller]
    pub fn settle_webhooks(&self) {
        self.wait_until("the webhooks are answered", |state| state.hooks.under_way == 0);
    }
}
