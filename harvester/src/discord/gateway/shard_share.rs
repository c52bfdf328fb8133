//! How many of the shards a process connects, where several processes connect some.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexer::store::{Store, StoreError};
use jiff::SignedDuration;
use rules::time;

use crate::error_chain::error_chain;

/// How long the lease of a shard lasts, and how often it is renewed. A process that is paused for
/// less keeps it: two renewals may fail.
pub(super) const SHARD_LEASE: SignedDuration = SignedDuration::from_secs(15);
pub(super) const RENEWAL: Duration = Duration::from_secs(4);
/// The lease by which a process shows that it connects shards: this, and its name.
const MEMBER: &str = "gateway-process/";
/// How long the name of a process that ended is kept.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// How long the number of processes may take to find out before a shard is connected all the same.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// The share of one process.
pub(super) struct ShardShare {
    store: Store,
    owner: String,
    shards: u32,
    state: Mutex<ShareState>,
}

struct ShareState {
    /// How many this process connects at most.
    most: usize,
    /// Those that it connects.
    taken: BTreeSet<u32>,
}

impl ShardShare {
    /// All `shards`, until others are known.
    pub(super) fn new(store: Store, owner: String, shards: u32) -> Self {
        let state = ShareState { most: shards as usize, taken: BTreeSet::new() };
        Self { store, owner, shards, state: Mutex::new(state) }
    }

    /// Looks for others for the first time.
    pub(super) async fn look(&self) {
        match tokio::time::timeout(FIRST_LOOK, self.renew()).await {
            Ok(renewed) => warn_if_failed(renewed),
            Err(_) => tracing::warn!("the store does not say which processes connect"),
        }
    }

    /// Shows others that this process connects shards, and counts them, until it is dropped.
    pub(super) async fn keep(&self) -> Infallible {
        loop {
            tokio::time::sleep(RENEWAL).await;
            warn_if_failed(self.renew().await);
        }
    }

    async fn renew(&self) -> Result<(), StoreError> {
        let now = self.store.lease_time().await?;
        let name = format!("{MEMBER}{}", self.owner);
        self.store.acquire_lease(&name, &self.owner, SHARD_LEASE, now).await?;
        let members = self.store.lease_owners(MEMBER, now).await?.len();
        self.state().most = (self.shards as usize).div_ceil(members.max(1));
        self.store.forget_leases(MEMBER, time::minus(now, FORGET_AFTER)).await
    }

    /// Whether one more fits in the share.
    pub(super) fn has_room(&self) -> bool {
        let state = self.state();
        state.taken.len() < state.most
    }

    /// Notes that a shard is taken, if it fits in the share.
    pub(super) fn take(&self, shard: u32) -> bool {
        let mut state = self.state();
        let fits = state.taken.len() < state.most;
        if fits {
            state.taken.insert(shard);
        }
        fits
    }

    pub(super) fn give_back(&self, shard: u32) {
        self.state().taken.remove(&shard);
    }

    /// Whether this is the one to be given up next, because another process has less than its share.
    pub(super) fn is_surplus(&self, shard: u32) -> bool {
        let state = self.state();
        state.taken.len() > state.most && state.taken.last() == Some(&shard)
    }

    fn state(&self) -> MutexGuard<'_, ShareState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn warn_if_failed(renewed: Result<(), StoreError>) {
    if let Err(error) = renewed {
        tracing::warn!(error = %error_chain(&error), "could not count the processes that connect");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_comes_gets_half_one_shard_after_the_other_and_all_when_it_is_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_shared(folder.path()).await.unwrap();
        let share = |owner: &str| ShardShare::new(store.clone(), owner.to_owned(), 5);
        let (one, other) = (share("one"), share("other"));
        one.look().await;
        assert!((0..5).all(|shard| one.take(shard)));
        other.look().await;
        assert!((0..5).all(|shard| !one.is_surplus(shard)), "it does not know yet");
        one.look().await;
        assert!(one.is_surplus(4) && !one.is_surplus(3), "one at a time");
        one.give_back(4);
        assert!(one.is_surplus(3));
        one.give_back(3);
        assert!((0..5).all(|shard| !one.is_surplus(shard)));
        assert!(!one.take(4) && other.take(4) && other.take(3));
        store.release_leases_of("other").await.unwrap();
        one.look().await;
        assert!(one.take(3) && one.take(4));
    }
}
