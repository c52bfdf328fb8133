//! Which of several processes does a thing: leases for what goes on, claims for what happens once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rules::time;

use crate::store::engine::{self, Dialects, Transaction};
use crate::store::sql::SqlTime;
use crate::store::{Result, Store, StoreError};

/// Grows whenever a lease changes hands: what an earlier holder does late is recognised by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeaseFence(pub i64);

/// A lease as its holder got it. It is current until it is given back or changes hands; that its time ran out
/// changes nothing before another owner takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLease {
    pub name: String,
    pub fence: LeaseFence,
}

impl HeldLease {
    /// Fails unless the lease is current. Nobody can take it before the transaction ends.
    pub(in crate::store) async fn check(&self, transaction: &mut Transaction) -> Result<()> {
        let current = engine::query_scalar::<i64>(
            "SELECT fence FROM leases WHERE name = $1 AND fence = $2 AND owner <> ''",
        )
        .bind(self.name.as_str())
        .bind(self.fence.0)
        .fetch_optional(transaction)
        .await?;
        current.map(drop).ok_or_else(|| StoreError::LeaseLost(self.name.clone()))
    }
}

/// A claim is needed as long as the thing may come again; Discord repeats nothing for so long.
const CLAIMS_KEPT: SignedDuration = time::days(7);

/// The clock of the server, or of the machine whose file it is, in milliseconds.
const TIME: Dialects = Dialects {
    sqlite: "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    postgres: "SELECT CAST(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000 AS BIGINT)",
};

impl Store {
    /// The time by which leases are measured: one for all processes, whose own clocks may differ. A `now` of the
    /// functions below is this.
    pub async fn lease_time(&self) -> Result<Timestamp> {
        let time = engine::query_scalar::<i64>(TIME.for_engine_of(&self.read));
        Ok(Timestamp::from_sql(time.fetch_one(&self.read).await?))
    }

    /// Takes a lease that is free, run out or `owner`'s already, for `ttl` from `now`. `None` while
    /// another owner holds it. `owner` names one process, and is not empty.
    pub async fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        ttl: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<LeaseFence>> {
        let mut held = self.acquire_leases(&[name.to_owned()], owner, ttl, now).await?;
        Ok(held.remove(name))
    }

    /// Does what [`Store::acquire_lease`] does for several at once; returns those that `owner` now holds.
    pub async fn acquire_leases(
        &self,
        names: &[String],
        owner: &str,
        ttl: SignedDuration,
        now: Timestamp,
    ) -> Result<BTreeMap<String, LeaseFence>> {
        let held = engine::query_as::<(String, i64)>(
            "INSERT INTO leases (name, owner, fence, until) \
             SELECT value, $2, 1, $3 + $4 FROM json_each($1) WHERE TRUE \
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until, \
             fence = CASE leases.owner WHEN excluded.owner THEN leases.fence ELSE leases.fence + 1 END \
             WHERE leases.owner = excluded.owner OR leases.until <= $3 \
             RETURNING leases.name, leases.fence",
        )
        .bind(names.to_vec())
        .bind(owner)
        .bind(now.to_sql())
        .bind(ttl.to_sql())
        .fetch_all(&self.write)
        .await?;
        Ok(held.into_iter().map(|(name, fence)| (name, LeaseFence(fence))).collect())
    }

    /// The owners of the leases whose names begin with `prefix` and that have not run out, by name.
    pub async fn lease_owners(
        &self,
        prefix: &str,
        now: Timestamp,
    ) -> Result<BTreeMap<String, String>> {
        let rows = engine::query_as::<(String, String)>(
            "SELECT name, owner FROM leases \
             WHERE substr(name, 1, length($1)) = $1 AND owner <> '' AND until > $2",
        )
        .bind(prefix)
        .bind(now.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// Whether a lease is still held as it was when the fence was given.
    pub async fn still_holds(&self, name: &str, fence: LeaseFence, now: Timestamp) -> Result<bool> {
        Ok(engine::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM leases \
             WHERE name = $1 AND fence = $2 AND owner <> '' AND until > $3)",
        )
        .bind(name)
        .bind(fence.0)
        .bind(now.to_sql())
        .fetch_one(&self.read)
        .await?)
    }

    /// Gives a lease back; nothing happens unless `owner` holds it.
    pub async fn release_lease(&self, name: &str, owner: &str) -> Result<()> {
        self.release_leases(&[name.to_owned()], owner).await
    }

    /// Gives back several leases that `owner` holds.
    pub async fn release_leases(&self, names: &[String], owner: &str) -> Result<()> {
        engine::query(
            "UPDATE leases SET owner = '', until = 0 \
             WHERE owner = $2 AND name IN (SELECT value FROM json_each($1))",
        )
        .bind(names.to_vec())
        .bind(owner)
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// Gives back everything that a process held that has ended; returns how many leases that were.
    pub async fn release_leases_of(&self, owner: &str) -> Result<u64> {
        let done = engine::query("UPDATE leases SET owner = '', until = 0 WHERE owner = $1")
            .bind(owner)
            .execute(&self.write)
            .await?;
        Ok(done.rows_affected())
    }

    /// Forgets leases with names of this prefix that nobody has held since `before`. Only for names that
    /// no fence was given out under.
    pub async fn forget_leases(&self, prefix: &str, before: Timestamp) -> Result<()> {
        engine::query("DELETE FROM leases WHERE substr(name, 1, length($1)) = $1 AND until < $2")
            .bind(prefix)
            .bind(before.to_sql())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// True for exactly one of all who ever claim a key. Claims are remembered for seven days.
    pub async fn claim_once(&self, key: &str, owner: &str, now: Timestamp) -> Result<bool> {
        let done = engine::query(
            "INSERT INTO claims (key, owner, at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
        )
        .bind(key)
        .bind(owner)
        .bind(now.to_sql())
        .execute(&self.write)
        .await?;
        self.prune_claims(now).await?;
        Ok(done.rows_affected() > 0)
    }

    async fn prune_claims(&self, now: Timestamp) -> Result<()> {
        engine::query("DELETE FROM claims WHERE at < $1")
            .bind(time::minus(now, CLAIMS_KEPT).to_sql())
            .execute(&self.write)
            .await?;
        Ok(())
    }
}
