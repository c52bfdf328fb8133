//! The SQL store: all SQL of the project is in this module, one function per statement.

mod backup;
mod clusters;
mod data_directory;
mod ingest;
mod judging;
mod operations;
mod privacy;
mod proposals;
mod reports;
mod sql;
#[cfg(test)]
mod tests;
mod visitors;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlStr, SqlitePool};

pub use self::backup::StoreReplacement;
pub use self::clusters::asker_notices::{AskerNotice, NoticeKind};
pub use self::clusters::cluster_rows::{ClusterSummary, OccurrenceRow, RegroupPlan};
pub use self::clusters::embeddings::UnencodedText;
pub use self::clusters::index_changes::{AnswerChange, AnswerChangeKind, IndexChange};
pub(crate) use self::clusters::likeness::{EpochRow, KeyWindow, LikenessTransaction};
pub use self::clusters::merged_answers::MergedAnswerRow;
pub(crate) use self::clusters::regroup_rows::PlacedQuestion;
pub use self::clusters::suggestions::Suggestion;
pub use self::data_directory::{ProcessLock, WriteLock, create_private_directory};
pub use self::ingest::batch::{
    Applied, MemberJoin, QuarantinedPayload, ReactionsCoverage, WriteBatch,
};
pub use self::ingest::channel_progress::ChannelProgress;
pub use self::ingest::channels::StoredChannel;
pub use self::ingest::messages::AuthorCache;
pub use self::ingest::snapshots::MissingMessages;
pub use self::judging::answer_marks::AnswerMarkRow;
pub use self::judging::conversations::{ConversationRow, StoredConversation};
pub use self::judging::exchanges::{AskedBy, ExchangeRow, ExchangeStatus, StoredExchange};
pub use self::judging::pending::{PendingChannel, PendingRange};
pub use self::operations::audit::AuditRow;
pub use self::operations::counts::StoreCounts;
pub use self::operations::daemon_status::{
    CatchUpCounts, DaemonStatus, DiscordStatus, GatewayStatus, InteractionCounts,
    ProposalRoundCounts, RequestCounts,
};
pub use self::operations::leases::{HeldLease, LeaseFence};
pub use self::operations::live_counts::LiveCounts;
pub use self::operations::purge::PurgeState;
pub use self::operations::releases::IssueRecord;
pub use self::operations::retention::{DroppedConversations, RetentionDays};
pub use self::privacy::consents::ConsentGrant;
pub use self::privacy::erasure::ErasureSummary;
pub use self::privacy::opt_outs::OptOuts;
pub use self::privacy::personal_data::{
    PersonalData, PersonalDuplicateMark, PersonalMark, PersonalMessage, PersonalReaction,
};
pub use self::proposals::proposal_rows::{Proposal, ProposalState};
pub use self::proposals::proposal_steps::ProposalStep;
pub use self::proposals::review_decisions::{ReviewDecision, ReviewDecisionRow, UndoRefusal};
pub use self::reports::question_rows::{AskedQuestionRow, OccurrenceFigures};
pub use self::reports::{ActivityDay, UnreadDay};
pub use self::visitors::answer_feedback::{FeedbackCounts, FeedbackVerdict};
pub use self::visitors::api_tokens::{ApiTokenRow, TokenDigest};
pub use self::visitors::search_demand::{DemandKind, DemandRow, SearchOutcome};

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
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("the store failed")]
    Sql(#[source] sqlx::Error),
}

/// Primary result codes of SQLite, <https://sqlite.org/rescode.html>; an extended code has one in its
/// lowest byte.
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_NOTADB: i32 = 26;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        match code.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff) {
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Self::Damaged(error),
            Some(SQLITE_FULL) => Self::DiskFull(error),
            _ => Self::Sql(error),
        }
    }
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The truth on disk. Cloning shares the connections.
#[derive(Debug, Clone)]
pub struct Store {
    /// One connection: SQLite has one writer, and a queue before it beats a busy error behind it.
    write: SqlitePool,
    read: SqlitePool,
    is_writable: bool,
    /// Under which lease it writes.
    lease: Option<Arc<HeldLease>>,
    /// `None` in a directory that cannot be written to.
    _open: Option<Arc<data_directory::OpenLock>>,
}

const READERS: u32 = 4;
/// How long a writer waits for its turn: scrubbing a large store takes a while.
const WRITER_TIMEOUT: Duration = Duration::from_secs(90);
/// Binds in one statement: enough that the statement itself costs little beside its rows. They are nameless:
/// SQLite finds the name of each `$n` by walking a list, so that the work grows with the square of their number.
const MAX_BINDS: usize = 4_000;

impl Store {
    /// Opens the store for writing, creates it if missing, and brings its tables up to date.
    pub async fn open(data: &Path, _lock: &WriteLock) -> Result<Self> {
        Self::open_shared(data).await
    }

    /// The same beside other processes that write: each statement or transaction takes its turn.
    pub async fn open_shared(data: &Path) -> Result<Self> {
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
        Ok(Self { write, read, is_writable: true, lease: None, _open: Some(open) })
    }

    /// Opens an existing store for reading beside another process that may be writing.
    pub async fn open_read_only(data: &Path) -> Result<Self> {
        if !data_directory::has_store(data)? {
            return Err(StoreError::Empty(data.to_owned()));
        }
        let open = data_directory::OpenLock::share_to_read(data)?.map(Arc::new);
        let file = data.join(data_directory::STORE_FILE);
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .read_only(true)
            .busy_timeout(WRITER_TIMEOUT);
        let read = readers(options).await?;
        check_tables(&read, &file).await?;
        Ok(Self { write: read.clone(), read, is_writable: false, lease: None, _open: open })
    }

    /// Whether there is a store in this directory, or a file in its place.
    pub fn exists(data: &Path) -> bool {
        data.join(data_directory::STORE_FILE).exists()
    }

    /// Whether it was opened for writing.
    pub fn is_writable(&self) -> bool {
        self.is_writable
    }

    /// The same store for what is done under a lease: each of its transactions fails with
    /// [`StoreError::LeaseLost`] once the lease is not current any more, and the check and what is written are one.
    /// Leases, claims and what visitors leave are written whatever the lease.
    pub fn under(&self, lease: HeldLease) -> Self {
        Self { lease: Some(Arc::new(lease)), ..self.clone() }
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
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(lease) = &self.lease {
            lease.check(&mut transaction).await?;
        }
        Ok(transaction)
    }
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

fn writing(file: &Path) -> SqliteConnectOptions {
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
async fn check_tables(pool: &SqlitePool, file: &Path) -> Result<()> {
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

async fn readers(options: SqliteConnectOptions) -> Result<SqlitePool> {
    Ok(pool().max_connections(READERS).connect_with(options).await?)
}

/// A number is never used twice; one may be left out.
const MIGRATIONS: [(i64, &str, &str); 20] = [
    (1, "spine", include_str!("../migrations/001_spine.sql")),
    (2, "live", include_str!("../migrations/002_live.sql")),
    (3, "pending", include_str!("../migrations/003_pending.sql")),
    (4, "canon", include_str!("../migrations/004_canon.sql")),
    (5, "splits", include_str!("../migrations/005_splits.sql")),
    (6, "standard terms", include_str!("../migrations/006_standard_terms.sql")),
    (7, "erased quotes", include_str!("../migrations/007_erased_quotes.sql")),
    (8, "channel snapshots", include_str!("../migrations/008_channel_snapshots.sql")),
    (9, "exchanges", include_str!("../migrations/009_exchanges.sql")),
    (10, "names", include_str!("../migrations/010_names.sql")),
    (11, "members", include_str!("../migrations/011_members.sql")),
    (12, "likeness", include_str!("../migrations/012_likeness.sql")),
    (13, "visitors", include_str!("../migrations/013_visitors.sql")),
    (14, "lookups", include_str!("../migrations/014_lookups.sql")),
    (15, "counts and notices", include_str!("../migrations/015_counts_and_notices.sql")),
    (16, "review decisions", include_str!("../migrations/016_review_decisions.sql")),
    (18, "server names", include_str!("../migrations/018_server_names.sql")),
    (19, "meaning", include_str!("../migrations/019_meaning.sql")),
    (20, "clusters by meaning", include_str!("../migrations/020_clusters_by_meaning.sql")),
    (21, "returning askers", include_str!("../migrations/021_returning_askers.sql")),
];

fn migrator() -> Migrator {
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        let sql = SqlStr::from_static(sql);
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect())
}

/// Connections live as long as the pool. With an age or an idle time, sqlx would have a task look after
/// them that counts the idle ones; a count that is read between a connection's return and its entry is
/// below zero, and the task then loops for ever.
fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None)
}

/// `(?,?),(?,?)` for `rows` rows of `columns` columns. A statement that holds it numbers none of its binds.
fn placeholders(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row.as_str(); rows].join(",")
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
