//! Retries payloads in quarantine, which could not be parsed when they were received.

use indexer::store::{Store, StoreError};
use rules::config::ruleset::Ruleset;
use serde::Serialize;

use super::filter::EventFilter;
use crate::event::ChatEvent;
use crate::wire::api;

/// How many are read in one go.
const AT_ONCE: u32 = 500;

/// What came of trying again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Retried {
    pub read: u64,
    pub still_unreadable: u64,
}

/// Tries everything in quarantine once: what can be read is stored as of when it came.
pub async fn retry(store: &Store, rules: &Ruleset) -> Result<Retried, StoreError> {
    let mut retried = Retried::default();
    let mut sorter = EventFilter::new(rules);
    for one in store.quarantined(AT_ONCE).await? {
        let raw = serde_json::from_str::<serde_json::Value>(&one.raw).unwrap_or_default();
        match api::message(&raw) {
            Ok(read) => {
                // Who reacted is not in it: the next comparison with Discord finds out.
                sorter.add_event(ChatEvent::Edited(read.message, one.seen));
                store.apply_batch(&sorter.batch()).await?;
                store.remove_quarantined(one.id).await?;
                retried.read += 1;
            }
            Err(why) => {
                store.record_failed_retry(one.id, why.why).await?;
                retried.still_unreadable += 1;
            }
        }
    }
    Ok(retried)
}
