//! Webhook deliveries. They only trigger a round: the state is always read from the API.

use std::fmt;

use ring::hmac;
use serde::Deserialize;

use super::auth::Credential;
use super::models::{Account, Comment};

/// The largest delivery that the host sends.
pub const LARGEST: usize = 25 * 1024 * 1024;

/// A delivery that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// `X-GitHub-Delivery`: remember it, and drop what comes twice.
    pub id: String,
    /// `X-GitHub-Event`.
    pub event: String,
    pub payload: WebhookPayload,
}

/// The fields that are read of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct WebhookPayload {
    pub action: String,
    pub pull_request: Option<ItemNumber>,
    pub issue: Option<ItemNumber>,
    pub comment: Option<Comment>,
    pub sender: Option<Account>,
    /// Of a push: the branch.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ItemNumber {
    pub number: u64,
}

/// Why a delivery is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error("the signature is missing or wrong")]
    Signature,
    #[error("the delivery has no id or event header")]
    Headers,
    #[error("the delivery cannot be parsed")]
    Body,
}

/// Checks the signature on the raw bytes and only then reads them. `header` gives the value of a
/// header by its name.
pub fn read<'h>(
    secret: &Credential,
    header: impl Fn(&str) -> Option<&'h str>,
    raw: &[u8],
) -> Result<WebhookDelivery, WebhookError> {
    let signature = header("x-hub-signature-256").and_then(|value| value.strip_prefix("sha256="));
    let signature = signature.and_then(bytes).ok_or(WebhookError::Signature)?;
    // An empty secret would let everybody sign.
    if secret.reveal().is_empty() {
        return Err(WebhookError::Signature);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
    hmac::verify(&key, raw, &signature).map_err(|_| WebhookError::Signature)?;
    let (Some(id), Some(event)) = (header("x-github-delivery"), header("x-github-event")) else {
        return Err(WebhookError::Headers);
    };
    let payload = serde_json::from_slice(raw).map_err(|_| WebhookError::Body)?;
    Ok(WebhookDelivery { id: id.to_owned(), event: event.to_owned(), payload })
}

impl WebhookDelivery {
    /// The login of the account that caused it, unless that is a program by its kind: such deliveries are ignored.
    pub fn by_a_person(&self) -> Option<&str> {
        let sender = self.payload.sender.as_ref().filter(|one| one.kind != "Bot")?;
        Some(&sender.login)
    }

    /// The issue or pull request that it is about.
    pub fn number(&self) -> Option<u64> {
        let pull = self.payload.pull_request.as_ref().map(|pull| pull.number);
        pull.or(self.payload.issue.as_ref().map(|issue| issue.number))
    }
}

impl fmt::Display for WebhookDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.event, self.payload.action, self.id)
    }
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let pairs = hexadecimal.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match pair {
        [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
        _ => None,
    };
    pairs.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] =
        br#"{"action": "closed", "pull_request": {"number": 7, "merged_at": "then"},
        "sender": {"login": "amy", "type": "User"}, "something": {"new": 1}}"#;

    fn signed(secret: &str, body: &[u8]) -> String {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
        let hexadecimal = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
        format!("sha256={}", hexadecimal.collect::<String>())
    }

    fn taken(
        signature: &str,
        event: Option<&str>,
        body: &[u8],
    ) -> Result<WebhookDelivery, WebhookError> {
        let header = |name: &str| match name {
            "x-hub-signature-256" => Some(signature),
            "x-github-delivery" => Some("d-1"),
            "x-github-event" => event,
            _ => None,
        };
        read(&Credential::new("s3cret"), header, body)
    }

    #[test]
    fn a_signed_delivery_is_read() {
        let delivery = taken(&signed("s3cret", BODY), Some("pull_request"), BODY).unwrap();
        assert_eq!(
            (delivery.number(), delivery.to_string().as_str()),
            (Some(7), "pull_request closed d-1")
        );
        assert_eq!(delivery.by_a_person(), Some("amy"));
    }

    #[test]
    fn everything_else_is_refused() {
        let good = signed("s3cret", BODY);
        let event = Some("push");
        for (signature, body) in [
            (signed("other", BODY), BODY),
            (good.clone(), &BODY[1..]),
            (good.replace("sha256=", "sha1="), BODY),
            (good[..good.len() - 2].to_owned(), BODY),
            (format!("{}\u{e9}", &good[..good.len() - 2]), BODY),
            ("sha256=".to_owned(), BODY),
            (String::new(), BODY),
        ] {
            assert_eq!(taken(&signature, event, body), Err(WebhookError::Signature), "{signature}");
        }
        assert_eq!(taken(&good, None, BODY), Err(WebhookError::Headers));
        assert_eq!(taken(&signed("s3cret", b"[]x"), event, b"[]x"), Err(WebhookError::Body));
        let unsigned = read(&Credential::new(""), |_| Some("sha256=00"), b"{}");
        assert_eq!(unsigned, Err(WebhookError::Signature));
    }
}
