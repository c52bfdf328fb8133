//! The two engines that can keep a store: SQLite and PostgreSQL.
//!
//! Queries have the shape of sqlx's. The same text runs on both engines, and rows are decoded directly on each.
//! This module and those below it are the only ones that know which engine it is.

pub(super) mod dialect;
pub(super) mod hints;
mod query;
mod rows;
pub(super) mod silence;
mod values;

use sqlx::{PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool};

pub(super) use self::dialect::Dialects;
pub(super) use self::query::{query, query_as, query_scalar};
pub(super) use self::rows::{ValueRow, named_row};
use self::silence::answer;
pub(super) use self::values::Value;

/// Writers on PostgreSQL take turns by an advisory lock: these bytes, and the schema of the store.
const WRITERS_TURN: i32 = i32::from_be_bytes(*b"turn");

/// Connections to a store.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    /// To read.
    Postgres(PgPool),
    /// To write: what runs on it waits for its turn.
    PostgresWriter(PgPool),
}

impl Pool {
    /// Begins a transaction that only reads, of one moment.
    pub(super) async fn begin_reading(&self) -> Result<Transaction, sqlx::Error> {
        const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(match self {
            Self::Sqlite(pool) => Transaction::Sqlite(pool.begin().await?),
            Self::Postgres(pool) | Self::PostgresWriter(pool) => {
                Transaction::Postgres(answer(|| pool.begin_with(BEGIN)).await?)
            }
        })
    }

    /// Begins a transaction that writes, once it is its turn.
    ///
    /// Writers take turns on both engines, from the first statement of a transaction to its commit. SQLite has one
    /// writer; on PostgreSQL they share a lock. So a transaction may read before it writes, none fails for what
    /// another did, and the numbers of a feed ([`index_changes`](super::clusters::index_changes)) come in the order
    /// of commits: who has read up to a number misses nothing before it.
    pub(super) async fn begin_writing(&self) -> Result<Transaction, sqlx::Error> {
        Ok(match self {
            // A transaction that reads before it writes must own the write lock from its start.
            Self::Sqlite(pool) => Transaction::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) | Self::PostgresWriter(pool) => {
                Transaction::Postgres(begin_turn(pool).await?)
            }
        })
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) | Self::PostgresWriter(pool) => pool.close().await,
        }
    }
}

async fn begin_turn(pool: &PgPool) -> Result<sqlx::Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = answer(|| pool.begin()).await?;
    // The hint is given with the commit.
    let lock = sqlx::query(
        "SELECT pg_advisory_xact_lock($1, hashtext(current_schema())), pg_notify($2, current_schema())",
    );
    let lock = lock.bind(WRITERS_TURN).bind(hints::CHANNEL);
    answer(|| lock.execute(&mut *transaction)).await?;
    Ok(transaction)
}

/// A transaction; without a commit it changes nothing.
pub(crate) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Transaction {
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => answer(|| transaction.commit()).await,
        }
    }
}

/// What a query runs on.
pub(super) enum Executor<'e> {
    SqlitePool(&'e SqlitePool),
    Sqlite(&'e mut SqliteConnection),
    PostgresPool(&'e PgPool),
    PostgresWriter(&'e PgPool),
    Postgres(&'e mut PgConnection),
}

impl<'e> From<&'e Pool> for Executor<'e> {
    fn from(pool: &'e Pool) -> Self {
        match pool {
            Pool::Sqlite(pool) => Self::SqlitePool(pool),
            Pool::Postgres(pool) => Self::PostgresPool(pool),
            Pool::PostgresWriter(pool) => Self::PostgresWriter(pool),
        }
    }
}

impl<'e> From<&'e mut Transaction> for Executor<'e> {
    fn from(transaction: &'e mut Transaction) -> Self {
        match transaction {
            Transaction::Sqlite(transaction) => Self::Sqlite(transaction),
            Transaction::Postgres(transaction) => Self::Postgres(transaction),
        }
    }
}
