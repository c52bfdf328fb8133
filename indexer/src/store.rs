//! The SQL store: all SQL of the project is in this module, one function per statement.

mod clusters;
mod ingest;
mod judging;
mod operations;
mod privacy;
mod proposals;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlStr, SqlitePool};

pub use self::clusters::cluster_rows::{ClusterSummary, OccurrenceRow, RegroupPlan};
pub use self::clusters::index_changes::IndexChange;
pub use self::clusters::merged_answers::MergedAnswerRow;
pub use self::clusters::suggestions::Suggestion;
pub use self::ingest::batch::{Applied, QuarantinedPayload, ReactionsCoverage, WriteBatch};
pub use self::ingest::channel_progress::ChannelProgress;
pub use self::ingest::channels::StoredChannel;
pub use self::ingest::messages::AuthorCache;
pub use self::ingest::snapshots::MissingMessages;
pub use self::judging::answer_marks::AnswerMarkRow;
pub use self::judging::conversations::{ConversationRow, StoredConversation};
pub use self::judging::exchanges::{ExchangeRow, ExchangeStatus, StoredExchange};
pub use self::judging::pending::{PendingChannel, PendingRange};
pub use self::operations::audit::AuditRow;
pub use self::operations::counts::StoreCounts;
pub use self::operations::daemon_status::{
    CatchUpCounts, DaemonStatus, DiscordStatus, GatewayStatus, InteractionCounts,
    ProposalRoundCounts, RequestCounts,
};
pub use self::operations::leases::LeaseFence;
pub use self::operations::live_counts::LiveCounts;
pub use self::privacy::consents::ConsentGrant;
pub use self::privacy::erasure::ErasureSummary;
pub use self::privacy::opt_outs::OptOuts;
pub use self::privacy::personal_data::{
    PersonalData, PersonalDuplicateMark, PersonalMark, PersonalMessage, PersonalReaction,
};
pub use self::proposals::proposal_rows::{Proposal, ProposalState};
pub use self::proposals::proposal_steps::ProposalStep;

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
    Directory { path: PathBuf, source: std::io::Error },
    #[error("the store holds {what} that this version cannot read")]
    Unreadable { what: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("the store has no salt yet, so that nobody can opt out")]
    NoSalt,
    #[error("the store's tables cannot be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("the store failed")]
    Sql(#[from] sqlx::Error),
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The truth on disk. Cloning shares the connections.
#[derive(Debug, Clone)]
pub struct Store {
    /// One connection: SQLite has one writer, and a queue before it beats a busy error behind it.
    write: SqlitePool,
    read: SqlitePool,
}

/// Proof that this process alone writes to a data directory; held until dropped.
#[derive(Debug)]
pub struct WriteLock {
    _file: File,
}

impl WriteLock {
    /// Takes the lock of a data directory, which is made if missing. Never waits.
    pub fn take(data: &Path) -> Result<Self> {
        let failed = |source| StoreError::Directory { path: data.to_owned(), source };
        std::fs::create_dir_all(data).map_err(failed)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(data.join("harvester.lock"))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(data.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// Held for the moment in which one of several processes brings the tables up to date.
struct MigrationLock {
    _file: File,
}

impl MigrationLock {
    /// Waits for the lock.
    async fn take(data: &Path) -> Result<Self> {
        let data = data.to_owned();
        let taken = tokio::task::spawn_blocking(move || {
            let failed = |source| StoreError::Directory { path: data.clone(), source };
            std::fs::create_dir_all(&data).map_err(failed)?;
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(data.join("migrating.lock"))
                .map_err(failed)?;
            file.lock().map_err(failed)?;
            Ok(Self { _file: file })
        });
        taken.await.expect("taking a lock neither panics nor is cancelled")
    }
}

const FILE: &str = "store.sqlite";
const READERS: u32 = 4;
/// How long a writer waits for its turn: scrubbing a large store takes a while.
const PATIENCE: Duration = Duration::from_secs(90);
/// Binds in one statement. SQLite finds the name of each `$n` by walking a list, so that the work grows
/// with the square of their number: 6,000 binds take thirty times as long a row as 240.
const MAX_BINDS: usize = 240;

impl Store {
    /// Opens the store for writing, creates it if missing, and brings its tables up to date.
    pub async fn open(data: &Path, _lock: &WriteLock) -> Result<Self> {
        Self::open_shared(data).await
    }

    /// The same beside other processes that write: each statement or transaction takes its turn.
    pub async fn open_shared(data: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(data.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .pragma("cache_size", "-32000")
            .pragma("wal_autocheckpoint", "4000")
            // What is deleted is overwritten, not only unlinked.
            .pragma("secure_delete", "ON")
            .busy_timeout(PATIENCE);
        let migrating = MigrationLock::take(data).await?;
        let write = pool()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_with(options.clone())
            .await?;
        migrator().run(&write).await?;
        drop(migrating);
        let read = readers(options.read_only(true).create_if_missing(false)).await?;
        Ok(Self { write, read })
    }

    /// Opens an existing store for reading beside another process that may be writing.
    pub async fn open_read_only(data: &Path) -> Result<Self> {
        let file = data.join(FILE);
        if !file.is_file() {
            return Err(StoreError::Empty(data.to_owned()));
        }
        let options =
            SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(PATIENCE);
        let read = readers(options).await?;
        Ok(Self { write: read.clone(), read })
    }

    /// Whether a store exists in this directory.
    pub fn exists(data: &Path) -> bool {
        data.join(FILE).is_file()
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.read).await?;
        Ok(())
    }

    /// Closes every connection, so that all that is committed is in the main file.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }

    async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>> {
        // A transaction that reads before it writes must own the write lock from its start.
        Ok(self.write.begin_with("BEGIN IMMEDIATE").await?)
    }
}

async fn readers(options: SqliteConnectOptions) -> Result<SqlitePool> {
    Ok(pool().max_connections(READERS).connect_with(options).await?)
}

const MIGRATIONS: [(&str, &str); 9] = [
    ("spine", include_str!("../migrations/001_spine.sql")),
    ("live", include_str!("../migrations/002_live.sql")),
    ("pending", include_str!("../migrations/003_pending.sql")),
    ("canon", include_str!("../migrations/004_canon.sql")),
    ("splits", include_str!("../migrations/005_splits.sql")),
    ("standard terms", include_str!("../migrations/006_standard_terms.sql")),
    ("erased quotes", include_str!("../migrations/007_erased_quotes.sql")),
    ("channel snapshots", include_str!("../migrations/008_channel_snapshots.sql")),
    ("exchanges", include_str!("../migrations/009_exchanges.sql")),
];

fn migrator() -> Migrator {
    let migration = |(version, (name, sql)): (i64, (&'static str, &'static str))| {
        let sql = SqlStr::from_static(sql);
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations((1..).zip(MIGRATIONS).map(migration).collect())
}

/// Connections live as long as the pool. With an age or an idle time, sqlx would have a task look after
/// them that counts the idle ones; a count that is read between a connection's return and its entry is
/// below zero, and the task then loops for ever.
fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None)
}

/// `($1,$2),($3,$4)` for `rows` rows of `columns` columns, numbered from `first`.
fn placeholders(first: usize, rows: usize, columns: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            let comma = if column == 0 { "" } else { "," };
            text.push_str(&format!("{comma}${}", first + row * columns + column));
        }
        text.push(')');
    }
    text
}

/// Reads a JSON column; what cannot be read is an error that names the column's meaning.
fn from_json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|source| StoreError::Unreadable { what, source: source.into() })
}

fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value)
        .expect("the store's types have no maps with keys that are not text")
}
