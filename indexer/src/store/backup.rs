//! Copies of the store, and their way back.

use std::fs::File;
use std::path::{Path, PathBuf};

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

use super::data_directory::{
    NEW_STORE_FILE, OpenLock, SIDE_FILES, STORE_FILE, create_private, create_private_directory,
    failed, has_store, put_in_place, side_file,
};
use super::engine::Pool;
use super::sqlite_file::{check_tables, pool};
use super::{Result, Store, StoreError};

/// Where a store that was replaced goes.
const REPLACED_FILE: &str = "store.sqlite.replaced";

impl Store {
    /// Writes a copy of the store, as of one moment, into a directory, which is made if missing. Others
    /// may write to the store meanwhile.
    pub async fn back_up(&self, directory: &Path) -> Result<PathBuf> {
        let Pool::Sqlite(pool) = &self.read else {
            return Err(StoreError::OnServer("copy it with `pg_dump --format=custom`"));
        };
        let [new, name] = [NEW_STORE_FILE, STORE_FILE].map(|name| directory.join(name));
        if name.exists() {
            return Err(StoreError::BackupExists(name));
        }
        let failed = |source| failed(directory, source);
        create_private_directory(directory).map_err(failed)?;
        create_private(&new).map_err(failed)?;
        sqlx::query("VACUUM INTO $1")
            .bind(new.to_string_lossy().into_owned())
            .execute(pool)
            .await?;
        put_in_place(&new, &name).map_err(failed)?;
        Ok(name)
    }

    /// What SQLite finds wrong with the file; nothing if it is whole. Reads all of it. PostgreSQL looks after its
    /// files itself.
    pub async fn problems(&self) -> Result<Vec<String>> {
        match &self.read {
            Pool::Sqlite(pool) => problems(pool).await,
            Pool::Postgres(_) | Pool::PostgresWriter(_) => Ok(Vec::new()),
        }
    }
}

async fn problems(pool: &SqlitePool) -> Result<Vec<String>> {
    // A pragma takes no bound values: a bound number would be read as the name of a table.
    let found = sqlx::query_scalar::<_, String>("PRAGMA quick_check(20)").fetch_all(pool).await?;
    Ok(found.into_iter().filter(|problem| problem != "ok").collect())
}

/// A data directory whose store nobody has open, so that another can take its place.
pub struct StoreReplacement {
    data: PathBuf,
    _alone: OpenLock,
}

impl StoreReplacement {
    /// An error while any process has the store open.
    pub fn begin(data: &Path) -> Result<Self> {
        Ok(Self { data: data.to_owned(), _alone: OpenLock::take_alone(data)? })
    }

    /// Puts the store of a backup in the place of the present one. Returns where that is now, if there
    /// was one. The backup is checked first; nothing changes if it is not whole.
    pub async fn restore(&self, backup: &Path) -> Result<Option<PathBuf>> {
        let source = backup.join(STORE_FILE);
        if !has_store(backup)? {
            return Err(StoreError::NoBackup(backup.to_owned()));
        }
        if side_file(&source, SIDE_FILES[0]).metadata().is_ok_and(|log| log.len() > 0) {
            let what = "is an open store with a log beside it, not a backup";
            return Err(StoreError::NotAStore { path: source, what });
        }
        let failed = |source| failed(&self.data, source);
        let [new, name] = [NEW_STORE_FILE, STORE_FILE].map(|name| self.data.join(name));
        let copy = || std::io::copy(&mut File::open(&source)?, &mut create_private(&new)?);
        copy().map_err(failed)?;
        check_whole(&new, &source).await?;
        let replaced = self.set_aside(&name).map_err(failed)?;
        put_in_place(&new, &name).map_err(failed)?;
        Ok(replaced)
    }

    /// Renames the store and the files beside it.
    fn set_aside(&self, store: &Path) -> std::io::Result<Option<PathBuf>> {
        let replaced = self.data.join(REPLACED_FILE);
        if !store.exists() {
            return Ok(None);
        }
        // One that was set aside earlier goes, with the files beside it.
        drop(create_private(&replaced)?);
        for ending in ["", SIDE_FILES[0], SIDE_FILES[1]] {
            let file = side_file(store, ending);
            if file.exists() {
                std::fs::rename(&file, side_file(&replaced, ending))?;
            }
        }
        Ok(Some(replaced))
    }
}

/// Checks a copy that nobody writes to; `source` is where it comes from.
async fn check_whole(copy: &Path, source: &Path) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(copy).read_only(true).immutable(true);
    let pool = pool().max_connections(1).connect_with(options).await?;
    check_tables(&pool, source).await?;
    let problems = problems(&pool).await?;
    pool.close().await;
    if problems.is_empty() {
        return Ok(());
    }
    Err(StoreError::NotAStore { path: source.to_owned(), what: "is damaged" })
}
