//! What can go wrong with the store.

use std::io;
use std::path::PathBuf;

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "{} is in use by another harvester process; stop it, or choose another --data directory",
        .0.display()
    )]
    InUse(PathBuf),
    #[error("there is no data in {}; run `harvester import` or `harvester demo` first", .0.display())]
    Empty(PathBuf),
    #[error("cannot use the data directory {}", path.display())]
    Directory { path: PathBuf, source: io::Error },
    #[error("the store holds {what} that this version cannot read")]
    Unreadable { what: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("the store has no salt yet, so that nobody can opt out")]
    NoSalt,
    #[error(
        "{} {what}, and is left as it is; put a backup in its place with `harvester restore DIR`, \
         or move it away to start with an empty store",
        path.display()
    )]
    NotAStore { path: PathBuf, what: &'static str },
    #[error("there is already a file {}; choose an empty directory", .0.display())]
    BackupExists(PathBuf),
    #[error("{} holds no backup: there is no file store.sqlite in it", .0.display())]
    NoBackup(PathBuf),
    #[error("the store is damaged; `harvester doctor` says what to do")]
    Damaged(#[source] sqlx::Error),
    #[error("the disk is full; free some space and run the command again, which loses nothing")]
    DiskFull(#[source] sqlx::Error),
    /// Another process does what this one was doing. Nothing of the transaction was written.
    #[error("the lease {0} is with another process")]
    LeaseLost(String),
    #[error("the store's tables cannot be brought up to date")]
    Migration(#[source] MigrateError),
    #[error("a newer version of harvester has changed the store's tables; use that version")]
    Newer(#[source] MigrateError),
    #[error(
        "`url` in [store] is no address of a PostgreSQL database: postgres://USER@HOST/DATABASE"
    )]
    Address,
    #[error(
        "the PostgreSQL server of the store cannot be reached; start it, or check `url` in [store]"
    )]
    Unreachable(#[source] sqlx::Error),
    #[error(
        "the store did not answer in time: another process writes for long, or its server is down"
    )]
    TimedOut(#[source] sqlx::Error),
    #[error(
        "the PostgreSQL server of the store has version {major}; version {oldest} or later is needed"
    )]
    OldServer { major: i64, oldest: i64 },
    #[error(
        "no encrypted connection to the PostgreSQL server of the store can be made; \
         check `sslmode` and `sslrootcert` in `url` in [store]"
    )]
    Tls(#[source] sqlx::Error),
    #[error(
        "PostgreSQL does not allow that; make the user of `url` in [store] the owner of the database or of a schema of its own"
    )]
    NoPermission(#[source] sqlx::Error),
    #[error("PostgreSQL refuses the login; check user and password of `url` in [store]")]
    LoginRefused(#[source] sqlx::Error),
    #[error("PostgreSQL does not have the database of `url` in [store]; make it with `createdb`")]
    NoDatabase(#[source] sqlx::Error),
    #[error(
        "there is no data in the PostgreSQL database; run `harvester import` or `harvester run` first"
    )]
    EmptyDatabase,
    #[error(
        "the PostgreSQL database holds tables of another program; give the store one of its own"
    )]
    ForeignDatabase,
    #[error("the store to be filled holds something already; choose an empty one")]
    NotEmpty,
    #[error(
        "the copy of {0} differs; run the command again while nothing else writes to the stores"
    )]
    TransferDiffers(String),
    #[error(
        "the copy of a store into this one is not complete; run `harvester migrate-store` again"
    )]
    HalfCopied,
    #[error("this store is in PostgreSQL: {0}")]
    OnServer(&'static str),
    #[error("the store failed")]
    Sql(#[source] sqlx::Error),
}

/// Primary result codes of SQLite, <https://sqlite.org/rescode.html>; an extended code has one in its
/// lowest byte.
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_NOTADB: i32 = 26;

/// A statement waited too long for a lock; a connection idled too long in a transaction,
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
const PASSING: [&str; 2] = ["55P03", "25P03"];

impl StoreError {
    /// Whether the same may succeed after a while without anybody's help: the server restarts, or a connection was cut.
    pub fn passes(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut(_) => true,
            Self::Sql(sqlx::Error::Database(reported)) => {
                reported.code().is_some_and(|code| PASSING.contains(&&*code))
            }
            _ => false,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Tls(_) => return Self::Tls(error),
            // What TLS finds wrong with what the other side sends, such as its certificate.
            sqlx::Error::Io(cause) if cause.kind() == io::ErrorKind::InvalidData => {
                return Self::Tls(error);
            }
            sqlx::Error::Io(_) => return Self::Unreachable(error),
            sqlx::Error::PoolTimedOut => return Self::TimedOut(error),
            sqlx::Error::Database(reported) => {
                if let Some(reported) = reported.try_downcast_ref::<PgDatabaseError>() {
                    return of_postgres(reported.code())(error);
                }
            }
            _ => {}
        }
        let code = error.as_database_error().and_then(DatabaseError::code);
        match code.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff) {
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Self::Damaged(error),
            Some(SQLITE_FULL) => Self::DiskFull(error),
            _ => Self::Sql(error),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(_) => Self::Newer(error),
            MigrateError::Execute(error) => error.into(),
            error => Self::Migration(error),
        }
    }
}

/// What a code of PostgreSQL stands for, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn of_postgres(code: &str) -> fn(sqlx::Error) -> StoreError {
    match code {
        "28000" | "28P01" => StoreError::LoginRefused,
        "3D000" => StoreError::NoDatabase,
        "42501" => StoreError::NoPermission,
        "53100" => StoreError::DiskFull,
        "57P01" | "57P02" | "57P03" | "53300" | "08000" | "08003" | "08006" => {
            StoreError::Unreachable
        }
        "XX001" | "XX002" => StoreError::Damaged,
        _ => StoreError::Sql,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_that_is_away_causes_passes() {
        let away = sqlx::Error::Io(io::ErrorKind::ConnectionRefused.into());
        assert!(StoreError::from(away).passes());
        assert!(StoreError::from(sqlx::Error::PoolTimedOut).passes());
        assert!(!StoreError::from(sqlx::Error::RowNotFound).passes());
        assert!(!StoreError::LeaseLost("cluster".to_owned()).passes());
    }
}
