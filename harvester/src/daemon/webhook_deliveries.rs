//! Webhook deliveries of GitHub: whichever process receives one, the process that proposes next reads of it in the store.

use docgen::github::auth::Credential;
use docgen::github::webhook::{self, WebhookDelivery, WebhookError};
use indexer::store::{Store, StoreError};
use site::http::webhooks::WebhookReply;
use tokio::sync::{mpsc, watch};

use crate::clock;
use crate::config::Config;
use crate::logging::error_chain;

/// Deliveries waiting to be stored; one that does not fit is covered by the round at the next interval.
const WAITING: usize = 1_000;
/// A setting with this prefix, and the login of who caused it, is the id of the last delivery that no round follows yet.
const PREFIX: &str = "delivery/";

/// Checks and reads deliveries.
pub(super) struct GitHubWebhooks {
    secret: Credential,
    sender: mpsc::Sender<WebhookDelivery>,
}

impl GitHubWebhooks {
    /// The receiver with the other end of its queue; `None` without a secret to check signatures with.
    pub(super) fn new(config: &Config) -> Option<(Self, mpsc::Receiver<WebhookDelivery>)> {
        let secret = config.forge.github.as_ref()?.webhook_secret.clone()?;
        let (sender, deliveries) = mpsc::channel(WAITING);
        Some((Self { secret: Credential::new(secret.0), sender }, deliveries))
    }
}

impl site::http::webhooks::WebhookReceiver for GitHubWebhooks {
    fn receive<'h>(&self, header: &dyn Fn(&str) -> Option<&'h str>, raw: &[u8]) -> WebhookReply {
        match webhook::read(&self.secret, header, raw) {
            Ok(delivery) => {
                // If the queue is full: a round reads everything anyway.
                let _ = self.sender.try_send(delivery);
                WebhookReply::Accepted
            }
            Err(WebhookError::Signature) => WebhookReply::Unsigned,
            Err(WebhookError::Headers | WebhookError::Body) => WebhookReply::Malformed,
        }
    }
}

/// Stores deliveries until the stop. One that cannot be stored is covered by the round at the next interval.
pub(super) async fn keep_deliveries(
    mut deliveries: mpsc::Receiver<WebhookDelivery>,
    store: Store,
    owner: String,
    mut stopping: watch::Receiver<bool>,
) {
    while !*stopping.borrow() {
        let delivery = tokio::select! {
            Some(delivery) = deliveries.recv() => delivery,
            _ = stopping.changed() => continue,
        };
        if let Err(error) = keep_delivery(&delivery, &store, &owner).await {
            tracing::warn!(error = %error_chain(&error), "could not store a webhook delivery");
        }
    }
}

async fn keep_delivery(
    delivery: &WebhookDelivery,
    store: &Store,
    owner: &str,
) -> Result<(), StoreError> {
    let Some(login) = delivery.by_a_person() else { return Ok(()) };
    let key = format!("{PREFIX}{}", delivery.id);
    if store.claim_once(&key, owner, clock::now()).await? {
        store.set(&format!("{PREFIX}{login}"), &delivery.id).await?;
    }
    Ok(())
}

/// Takes the deliveries that are stored; tells whether somebody else than `us`, the account that proposes, caused one.
pub(super) async fn take_deliveries<L: Future<Output = String>>(
    store: &Store,
    us: impl FnOnce() -> L,
) -> Result<bool, StoreError> {
    let stored = store.settings_under(PREFIX).await?;
    if stored.is_empty() {
        return Ok(false);
    }
    let us = us().await;
    let mut by_others = false;
    for (name, _) in &stored {
        // Before the round, which reads everything: what comes from now on is stored again.
        store.unset(name).await?;
        let login = name.strip_prefix(PREFIX).unwrap_or_default();
        by_others |= !login.eq_ignore_ascii_case(&us);
    }
    Ok(by_others)
}

#[cfg(test)]
mod tests {
    use docgen::github::models::Account;
    use docgen::github::webhook::WebhookPayload;

    use super::*;

    fn delivery(id: &str, login: &str, kind: &str) -> WebhookDelivery {
        let sender = Some(Account { login: login.to_owned(), kind: kind.to_owned() });
        let payload = WebhookPayload { sender, ..WebhookPayload::default() };
        WebhookDelivery { id: id.to_owned(), event: "pull_request".to_owned(), payload }
    }

    #[tokio::test]
    async fn a_person_is_heard_once_and_a_program_never() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_shared(folder.path()).await.unwrap();
        let us = || std::future::ready("Our-App".to_owned());
        for (id, login, kind, is_news) in [
            ("1", "renovate[bot]", "Bot", false),
            ("2", "our-app", "User", false),
            ("3", "mina", "User", true),
            ("3", "mina", "User", false),
            ("4", "mina", "User", true),
        ] {
            keep_delivery(&delivery(id, login, kind), &store, "one").await.unwrap();
            assert_eq!(take_deliveries(&store, us).await.unwrap(), is_news, "{id} {login}");
            assert!(!take_deliveries(&store, us).await.unwrap(), "{id} is taken");
        }
    }
}
