//! A store in a file of SQLite.

use std::path::Path;
use std::sync::Arc;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::engine::Pool;
use super::migrations::migrator;
use super::{READERS, Result, Store, StoreError, WRITER_TIMEOUT, data_directory};

/// Opens the store of a data directory for writing; makes it if missing.
pub(super) async fn open(data: &Path) -> Result<Store> {
    let migrating = data_directory::MigrationLock::take(data).await?;
    let open = Arc::new(data_directory::OpenLock::share(data)?);
    if !data_directory::has_store(data)? {
        create(data).await?;
    }
    data_directory::make_private(data)?;
    let options = writing(&data.join(data_directory::STORE_FILE));
    let write = pool()
        .max_connections(1)
        .acquire_timeout(WRITER_TIMEOUT)
        .connect_with(options.clone())
        .await?;
    check_tables(&write, &data.join(data_directory::STORE_FILE)).await?;
    migrator().run(&write).await?;
    drop(migrating);
    let read = readers(options.read_only(true)).await?;
    let (write, read) = (Pool::Sqlite(write), Pool::Sqlite(read));
    Ok(Store::new(write, read, true, Some(open)))
}

/// Opens an existing store for reading.
pub(super) async fn open_read_only(data: &Path) -> Result<Store> {
    if !data_directory::has_store(data)? {
        return Err(StoreError::Empty(data.to_owned()));
    }
    let open = data_directory::OpenLock::share_to_read(data)?.map(Arc::new);
    let file = data.join(data_directory::STORE_FILE);
    let options =
        SqliteConnectOptions::new().filename(&file).read_only(true).busy_timeout(WRITER_TIMEOUT);
    let read = readers(options).await?;
    check_tables(&read, &file).await?;
    let read = Pool::Sqlite(read);
    Ok(Store::new(read.clone(), read, false, open))
}

/// Makes an empty store. It gets its name once its tables are there, so that a store is never half made.
async fn create(data: &Path) -> Result<()> {
    let [new, name] =
        [data_directory::NEW_STORE_FILE, data_directory::STORE_FILE].map(|name| data.join(name));
    let failed = |source| data_directory::failed(data, source);
    data_directory::create_private(&new).map_err(failed)?;
    let pool = pool().max_connections(1).connect_with(writing(&new)).await?;
    migrator().run(&pool).await?;
    // The last connection moves the log into the file.
    pool.close().await;
    data_directory::put_in_place(&new, &name).map_err(failed)
}

pub(super) fn writing(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .pragma("cache_size", "-32000")
        .pragma("wal_autocheckpoint", "4000")
        // Pages of messages are read as a whole: a thread that waits for each fifty rows only switches.
        .row_buffer_size(1_000)
        // What is deleted is overwritten, not only unlinked.
        .pragma("secure_delete", "ON")
        .busy_timeout(WRITER_TIMEOUT)
}

/// Refuses a database that some other program made.
pub(super) async fn check_tables(pool: &SqlitePool, file: &Path) -> Result<()> {
    let found = sqlx::query_scalar::<_, i64>(
        "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' \
         AND name IN ('_sqlx_migrations', 'messages')",
    )
    .fetch_one(pool)
    .await?;
    if found == 2 {
        return Ok(());
    }
    let what = "is a database of another program";
    Err(StoreError::NotAStore { path: file.to_owned(), what })
}

/// Each has a cache of its own, which a write by another empties: the system's cache of the file serves them all.
async fn readers(options: SqliteConnectOptions) -> Result<SqlitePool> {
    let options = options.pragma("cache_size", "-8000");
    Ok(pool().max_connections(READERS).connect_with(options).await?)
}

/// Connections live as long as the pool. With an age or an idle time, sqlx would have a task look after
/// them that counts the idle ones; a count that is read between a connection's return and its entry is
/// below zero, and the task then loops for ever.
pub(super) fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None)
}
