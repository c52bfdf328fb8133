//! Which of several processes does a thing: leases for what goes on, claims for what happens once.

use jiff::{SignedDuration, Timestamp};
use rules::time;

use crate::store::engine;
use crate::store::sql::SqlTime;
use crate::store::{Result, Store};

/// Grows whenever a lease changes hands: what an earlier holder does late is recognised by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeaseFence(pub i64);

/// A claim is needed as long as the thing may come again; Discord repeats nothing for so long.
const CLAIMS_KEPT: SignedDuration = time::days(7);

impl Store {
    /// Takes a lease that is free, run out or `owner`'s already, for `ttl` from `now`. `None` while
    /// another owner holds it. `owner` names one process, and is not empty.
    pub async fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        ttl: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<LeaseFence>> {
        let fence = engine::query_scalar::<i64>(
            "INSERT INTO leases (name, owner, fence, until) VALUES ($1, $2, 1, $3 + $4) \
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until, \
             fence = CASE leases.owner WHEN excluded.owner THEN leases.fence ELSE leases.fence + 1 END \
             WHERE leases.owner = excluded.owner OR leases.until <= $3 RETURNING fence",
        )
        .bind(name)
        .bind(owner)
        .bind(now.to_sql())
        .bind(ttl.to_sql())
        .fetch_optional(&self.write)
        .await?;
        Ok(fence.map(LeaseFence))
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
        engine::query("UPDATE leases SET owner = '', until = 0 WHERE name = $1 AND owner = $2")
            .bind(name)
            .bind(owner)
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
