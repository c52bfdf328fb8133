//! A store in a PostgreSQL database.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use super::data_directory::{create_private_directory, failed, make_private};
use super::engine::Pool;
use super::engine::silence::{answer_within, check_released};
use super::migrations::postgres_migrator;
use super::{READERS, Result, ServerUrl, Store, StoreError, WRITER_TIMEOUT};

/// Statements that a connection keeps prepared: there are some three hundred.
const PREPARED: usize = 400;

/// What the statements need, and what they are tested with.
const OLDEST_SERVER: i64 = 15;

/// How long a server may take to accept a connection when a process starts.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A process that is paused or cut off in a transaction keeps others from writing for so long: as long as its leases last.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// Opens the store for writing; makes its tables if missing.
pub(super) async fn open(data: &Path, server: &ServerUrl) -> Result<Store> {
    create_private_directory(data).map_err(|source| failed(data, source))?;
    make_private(data)?;
    let options = options(server)?;
    check_server(&options).await?;
    let write = pool(1).connect_with(options.clone()).await?;
    make_schema(&write).await?;
    check_tables(&write).await?;
    // Of processes that start at once, one waits for the other.
    postgres_migrator().run(&write).await?;
    let read = pool(READERS).connect_with(options).await?;
    let (write, read) = (Pool::PostgresWriter(write), Pool::Postgres(read));
    Ok(Store::new(write, read, true, None))
}

/// Opens an existing store for reading.
pub(super) async fn open_read_only(server: &ServerUrl) -> Result<Store> {
    let options = options(server)?.options([("default_transaction_read_only", "on")]);
    check_server(&options).await?;
    let read = pool(READERS).connect_with(options).await?;
    if !has_tables(&read, "_sqlx_migrations").await? {
        return Err(StoreError::EmptyDatabase);
    }
    let read = Pool::Postgres(read);
    Ok(Store::new(read.clone(), read, false, None))
}

fn options(server: &ServerUrl) -> Result<PgConnectOptions> {
    let [timeout, idle] =
        [WRITER_TIMEOUT, IDLE_TIMEOUT].map(|timeout| format!("{}s", timeout.as_secs()));
    let options = server.options()?.application_name("harvester");
    Ok(options.statement_cache_capacity(PREPARED).options([
        ("lock_timeout", timeout.as_str()),
        ("idle_in_transaction_session_timeout", idle.as_str()),
    ]))
}

/// Without an age of connections, as for SQLite.
fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WRITER_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_release(|connection, _| Box::pin(check_released(connection)))
}

/// Says soon what is wrong with the server; a pool would wait for one that does not answer.
async fn check_server(options: &PgConnectOptions) -> Result<()> {
    let mut connection =
        answer_within(CONNECT_TIMEOUT, PgConnection::connect_with(options)).await?;
    let version = "SELECT CAST(pg_catalog.current_setting('server_version_num') AS BIGINT)";
    let version = sqlx::query_scalar(version).fetch_one(&mut connection).await?;
    connection.close().await?;
    check_version(version)
}

/// `version` is `server_version_num`, such as 150004.
fn check_version(version: i64) -> Result<()> {
    match version / 10_000 {
        major if major < OLDEST_SERVER => {
            Err(StoreError::OldServer { major, oldest: OLDEST_SERVER })
        }
        _ => Ok(()),
    }
}

/// Makes the schema that the address names by `options[search_path]`, if it is missing.
async fn make_schema(pool: &PgPool) -> Result<()> {
    let missing = "SELECT quote_ident(split_part(current_setting('search_path'), ',', 1)) \
                   WHERE current_schema() IS NULL";
    let missing = sqlx::query_scalar::<_, String>(missing).fetch_optional(pool).await?;
    let Some(name) = missing else { return Ok(()) };
    let mut transaction = pool.begin().await?;
    // Of processes that start at once, only one makes it: PostgreSQL fails where two do.
    let turn = sqlx::query("SELECT pg_advisory_xact_lock(hashtext($1))").bind(&name);
    turn.execute(&mut *transaction).await?;
    let create = format!("CREATE SCHEMA IF NOT EXISTS {name}");
    sqlx::query(AssertSqlSafe(create)).execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

/// Refuses a database in which some other program has tables.
async fn check_tables(pool: &PgPool) -> Result<()> {
    if has_tables(pool, "%").await? && !has_tables(pool, "_sqlx_migrations").await? {
        return Err(StoreError::ForeignDatabase);
    }
    Ok(())
}

async fn has_tables(pool: &PgPool, like: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() \
               AND tablename LIKE $1)";
    Ok(sqlx::query_scalar(sql).bind(like).fetch_one(pool).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_is_refused() {
        let refused = check_version(140_012).unwrap_err().to_string();
        assert_eq!(
            refused,
            "the PostgreSQL server of the store has version 14; version 15 or later is needed"
        );
        check_version(150_004).unwrap();
    }
}
