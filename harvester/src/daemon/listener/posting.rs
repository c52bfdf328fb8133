//! What the daemon posts by itself: where, and how quietly.

use indexer::store::Store;
use rules::model::ids::ChannelId;
use serde_json::{Value, json};

/// No embeds, no notification.
const QUIET: u64 = (1 << 2) | (1 << 12);

/// The channel that a setting names, by id or by name.
pub(super) async fn named_channel(
    store: &Store,
    channel: &str,
    setting: &str,
) -> anyhow::Result<ChannelId> {
    if let Ok(id) = channel.parse() {
        return Ok(ChannelId(id));
    }
    let channels = store.channels().await?;
    let named = channels.into_iter().filter(|one| !one.gone).map(|one| one.channel);
    let named = named.filter(|one| one.name == channel).map(|one| one.id);
    match named.collect::<Vec<_>>()[..] {
        [channel] => Ok(channel),
        [] => anyhow::bail!("no channel is named {channel:?}; set {setting} to its id"),
        _ => anyhow::bail!("several channels are named {channel:?}; set {setting} to an id"),
    }
}

/// A message that notifies nobody. With the same nonce, a repeated request posts only once.
pub(super) fn quiet_message(content: &str, nonce: &str) -> Value {
    json!({
        "content": content,
        "allowed_mentions": { "parse": [] },
        "flags": QUIET,
        "nonce": nonce,
        "enforce_nonce": true,
    })
}
