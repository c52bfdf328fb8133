//! The leases by which processes share the judging of channels, and by which one of them clusters.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexer::store::{HeldLease, LeaseFence, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use rules::model::ids::ChannelId;
use rules::time;
use tokio::sync::Notify;

use super::partitions::{PARTITIONS, Partition};
use crate::logging::error_chain;

/// How long a lease lasts. A process that is paused for less keeps it: two renewals may fail.
pub const JUDGE_LEASE: SignedDuration = SignedDuration::from_secs(15);
/// How often leases are renewed, and shares compared.
const JUDGE_RENEWAL: Duration = Duration::from_secs(4);
/// The lease of the one process that clusters.
const CLUSTER: &str = "cluster";
/// The lease by which a process shows that it judges: this, and its name.
const MEMBER: &str = "judge-process/";
/// How long the name of a process that ended is kept.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// The leases of one process.
pub struct JudgeLeases {
    store: Store,
    owner: String,
    /// Signals that a process has ended whose leases are free now.
    freed: Arc<Notify>,
    held: Mutex<HeldLeases>,
}

#[derive(Default)]
struct HeldLeases {
    clustering: Option<LeaseFence>,
    partitions: BTreeMap<Partition, HeldPartition>,
}

struct HeldPartition {
    fence: LeaseFence,
    /// How many channels of it are being judged.
    in_use: u32,
    /// Another process should have it: no channel of it is begun any more.
    surplus: bool,
}

/// A channel is being judged: its partition is not given back before this is dropped.
pub(super) struct PartitionUse {
    leases: Arc<JudgeLeases>,
    partition: Partition,
    /// Writes only as long as the lease is current.
    pub(super) store: Store,
}

impl Drop for PartitionUse {
    fn drop(&mut self) {
        if let Some(held) = self.leases.held().partitions.get_mut(&self.partition) {
            held.in_use = held.in_use.saturating_sub(1);
        }
    }
}

impl JudgeLeases {
    /// Holds nothing at first. `owner` names this process.
    pub fn new(store: Store, owner: String, freed: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { store, owner, freed, held: Mutex::default() })
    }

    /// How many partitions are held, and whether this process clusters.
    pub fn share(&self) -> (usize, bool) {
        let held = self.held();
        (held.partitions.len(), held.clustering.is_some())
    }

    /// Takes everything, and keeps it whoever comes; false, and nothing is held, if another process has a part.
    pub async fn take_all(&self, now: Timestamp) -> Result<bool, StoreError> {
        // Looked first: what is taken for a moment would confuse the shares of others.
        let owners = self.store.lease_owners("judge", now).await?;
        if owners.values().any(|owner| *owner != self.owner) {
            return Ok(false);
        }
        self.renew_all(now).await?;
        if self.share() == (usize::from(PARTITIONS), true) {
            return Ok(true);
        }
        self.release().await?;
        Ok(false)
    }

    /// Renews everything, until it is dropped.
    pub async fn keep_all(self: Arc<Self>) {
        loop {
            tokio::time::sleep(JUDGE_RENEWAL).await;
            warn_if_failed(self.renew_all_now().await);
        }
    }

    /// Renews the own share, and compares it with those of others, until it is dropped.
    pub async fn keep_share(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(JUDGE_RENEWAL) => {}
                () = self.freed.notified() => {}
            }
            warn_if_failed(self.renew_now().await);
        }
    }

    /// Does what [`JudgeLeases::renew`] does, by the clock that processes share.
    pub async fn renew_now(&self) -> Result<(), StoreError> {
        self.renew(self.store.lease_time().await?).await
    }

    /// Renews what is held, gives back what is more than the own share of the partitions, and takes what is free
    /// and less. What another process has taken is given up with one line in the log.
    pub async fn renew(&self, now: Timestamp) -> Result<(), StoreError> {
        let before = self.share();
        let mut names = vec![CLUSTER.to_owned(), format!("{MEMBER}{}", self.owner)];
        names.extend(self.held().partitions.keys().map(ToString::to_string));
        self.acquire(&names, now).await?;
        let taken = self.store.lease_owners("judge", now).await?;
        let members = taken.keys().filter(|name| name.starts_with(MEMBER)).count();
        let share = fair_share(members);
        let surplus = self.mark_surplus(share);
        let names = surplus.iter().map(ToString::to_string).collect::<Vec<_>>();
        self.store.release_leases(&names, &self.owner).await?;
        let missing = share.saturating_sub(self.share().0);
        let free = Partition::all().map(|one| one.to_string());
        let free = free.filter(|name| !taken.contains_key(name)).take(missing);
        self.acquire(&free.collect::<Vec<_>>(), now).await?;
        self.store.forget_leases(MEMBER, time::minus(now, FORGET_AFTER)).await?;
        let after = self.share();
        if before != after {
            let (partitions, clusters) = after;
            tracing::info!(partitions, clusters, "judges {partitions} of {PARTITIONS} partitions");
        }
        Ok(())
    }

    async fn renew_all_now(&self) -> Result<(), StoreError> {
        self.renew_all(self.store.lease_time().await?).await
    }

    async fn renew_all(&self, now: Timestamp) -> Result<(), StoreError> {
        let partitions = Partition::all().map(|one| one.to_string());
        let names = partitions.chain([CLUSTER.to_owned()]).collect::<Vec<_>>();
        self.acquire(&names, now).await
    }

    /// Gives everything back.
    pub async fn release(&self) -> Result<(), StoreError> {
        let mut names = vec![format!("{MEMBER}{}", self.owner)];
        {
            let mut held = self.held();
            names.extend(held.clustering.take().map(|_| CLUSTER.to_owned()));
            names.extend(std::mem::take(&mut held.partitions).keys().map(ToString::to_string));
        }
        self.store.release_leases(&names, &self.owner).await
    }

    /// Begins to judge a channel; `None` where its partition is not this process's.
    pub(super) fn enter(self: &Arc<Self>, channel: ChannelId) -> Option<PartitionUse> {
        let partition = Partition::of(channel);
        let mut held = self.held();
        let one = held.partitions.get_mut(&partition).filter(|one| !one.surplus)?;
        one.in_use += 1;
        let store = self.store.under(HeldLease { name: partition.to_string(), fence: one.fence });
        Some(PartitionUse { leases: Arc::clone(self), partition, store })
    }

    /// Whether this process judges a channel.
    pub(super) fn covers(&self, channel: ChannelId) -> bool {
        self.held().partitions.get(&Partition::of(channel)).is_some_and(|one| !one.surplus)
    }

    /// The store for clustering, if this process does that. It writes only as long as the lease is current.
    pub fn clustering(&self) -> Option<Store> {
        let fence = self.held().clustering?;
        Some(self.store.under(HeldLease { name: CLUSTER.to_owned(), fence }))
    }

    /// Takes or renews these leases, and notes which of them are held now.
    async fn acquire(&self, names: &[String], now: Timestamp) -> Result<(), StoreError> {
        let got = self.store.acquire_leases(names, &self.owner, JUDGE_LEASE, now).await?;
        let lost = {
            let mut held = self.held();
            names.iter().filter(|name| held.note(name, got.get(*name).copied())).count()
        };
        if lost > 0 {
            tracing::warn!(
                "lost {lost} lease(s) to another process; what was not stored is left to it"
            );
        }
        Ok(())
    }

    /// Begins nothing more of what is over `share`; the partitions of it that are free of work are held no longer.
    fn mark_surplus(&self, share: usize) -> Vec<Partition> {
        let mut held = self.held();
        for (at, one) in held.partitions.values_mut().enumerate() {
            one.surplus = at >= share;
        }
        let given = held.partitions.extract_if(.., |_, one| one.surplus && one.in_use == 0);
        given.map(|(partition, _)| partition).collect()
    }

    fn held(&self) -> MutexGuard<'_, HeldLeases> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HeldLeases {
    /// Notes under which fence a lease is held; true if it was lost meanwhile.
    fn note(&mut self, name: &str, fence: Option<LeaseFence>) -> bool {
        if name == CLUSTER {
            let before = std::mem::replace(&mut self.clustering, fence);
            return before.is_some() && before != fence;
        }
        let Some(partition) = Partition::of_lease(name) else { return false };
        let before = self.partitions.get(&partition).map(|one| one.fence);
        match fence {
            None => drop(self.partitions.remove(&partition)),
            Some(fence) => {
                let new = || HeldPartition { fence, in_use: 0, surplus: false };
                self.partitions.entry(partition).or_insert_with(new).fence = fence;
            }
        }
        before.is_some() && before != fence
    }
}

/// How many partitions each of so many processes has at most.
fn fair_share(members: usize) -> usize {
    usize::from(PARTITIONS).div_ceil(members.max(1))
}

fn warn_if_failed(renewed: Result<(), StoreError>) {
    if let Err(error) = renewed {
        tracing::warn!(error = %error_chain(&error), "could not renew the leases of judging");
    }
}

#[cfg(test)]
mod tests;
