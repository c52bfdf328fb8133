//! Hints of PostgreSQL that somebody has written: `NOTIFY` with each transaction.

use std::time::Duration;

use sqlx::Error;
use sqlx::postgres::{PgListener, PgPoolOptions};

use super::Pool;
use super::silence::answer_within;
use crate::store::StoreError;

/// The channel on which writers notify, of all stores of a database; what they say is the schema of theirs.
pub(super) const CHANNEL: &str = "harvester";
/// Processes write their status every few seconds: after so long the connection is dead.
const SILENCE: Duration = Duration::from_secs(60);

/// Hints that somebody has written. One may be lost, and one may come without a reason.
pub struct WriteHints {
    listener: PgListener,
    schema: String,
}

impl WriteHints {
    /// Connects once more; `None` for a file, which gives no hints.
    pub(in crate::store) async fn of(pool: &Pool) -> Result<Option<Self>, Error> {
        let (Pool::Postgres(pool) | Pool::PostgresWriter(pool)) = pool else { return Ok(None) };
        let schema = sqlx::query_scalar("SELECT CAST(current_schema() AS TEXT)").fetch_one(pool);
        let schema = answer_within(SILENCE, schema).await?;
        // Of its own, which it keeps.
        let own = PgPoolOptions::new().max_connections(1);
        let own = own.connect_lazy_with(pool.connect_options().as_ref().clone());
        let mut listener = answer_within(SILENCE, PgListener::connect_with(&own)).await?;
        answer_within(SILENCE, listener.listen(CHANNEL)).await?;
        Ok(Some(Self { listener, schema }))
    }

    /// Waits for the next; whatever came since the last is one. Fails where the connection is lost or silent.
    pub async fn next(&mut self) -> Result<(), StoreError> {
        let mut is_ours = false;
        while let Some(waiting) = self.listener.next_buffered() {
            is_ours |= waiting.payload() == self.schema;
        }
        while !is_ours {
            let notification = answer_within(SILENCE, self.listener.recv()).await?;
            is_ours = notification.payload() == self.schema;
        }
        Ok(())
    }
}
