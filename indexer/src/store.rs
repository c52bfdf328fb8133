//! The SQL store: all SQL of the project is in this module, one function per statement.

mod backup;
mod clusters;
mod data_directory;
mod engine;
mod error;
mod ingest;
mod judging;
mod location;
mod migrations;
mod operations;
mod postgres_server;
mod privacy;
mod proposals;
mod reports;
mod sql;
mod sqlite_file;
#[cfg(test)]
mod tests;
mod transfer;
mod visitors;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rules::similarity::CorpusStats;

use crate::cluster::known_graph::KnownGraph;

pub use self::backup::StoreReplacement;
pub use self::clusters::asker_notices::{AskerNotice, NoticeKind};
pub use self::clusters::cluster_rows::{ClusterSummary, OccurrenceRow, RegroupPlan};
pub use self::clusters::embeddings::UnencodedText;
pub use self::clusters::index_changes::{AnswerChange, AnswerChangeKind, IndexChange};
pub(crate) use self::clusters::likeness::{EpochRow, KeyWindow, LikenessTransaction};
pub use self::clusters::merged_answers::MergedAnswerRow;
pub(crate) use self::clusters::regroup_rows::{ClusterOutline, PlacedQuestion};
pub use self::clusters::suggestions::Suggestion;
pub use self::data_directory::{ProcessLock, WriteLock, create_private_directory};
pub use self::engine::hints::WriteHints;
use self::engine::{Dialects, Pool, Transaction};
pub use self::error::StoreError;
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
pub use self::judging::stored_verdict::{read_verdict, write_verdict};
pub use self::location::{ServerUrl, StoreLocation};
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
pub use self::reports::page_effects::SuggestionCounts;
pub use self::reports::question_rows::{AskedQuestionRow, OccurrenceFigures};
pub use self::reports::{ActivityDay, UnreadDay};
pub use self::transfer::{CopiedTable, StoreTransfer};
pub use self::visitors::answer_feedback::{FeedbackCounts, FeedbackVerdict};
pub use self::visitors::api_tokens::{ApiTokenRow, TokenDigest};
pub use self::visitors::search_demand::{DemandKind, DemandRow, SearchOutcome};

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The truth on disk. Cloning shares the connections.
#[derive(Debug, Clone)]
pub struct Store {
    /// One connection: a store has one writer at a time, and a queue before it beats a busy error behind it.
    write: Pool,
    read: Pool,
    is_writable: bool,
    /// What this process read of the graph, and the statistics of the epoch with its number.
    graph: Arc<Mutex<KnownGraph>>,
    statistics: Arc<Mutex<Option<EpochStatistics>>>,
    /// Under which lease it writes.
    lease: Option<Arc<HeldLease>>,
    /// `None` in a directory that cannot be written to.
    _open: Option<Arc<data_directory::OpenLock>>,
}

/// The number of an epoch, and its statistics.
type EpochStatistics = (i64, Arc<CorpusStats>);

const READERS: u32 = 4;
/// How long a writer waits for its turn: scrubbing a large store takes a while.
const WRITER_TIMEOUT: Duration = Duration::from_secs(90);
/// Binds in one statement: enough that the statement itself costs little beside its rows. They are nameless:
/// SQLite finds the name of each `$n` by walking a list, so that the work grows with the square of their number.
const MAX_BINDS: usize = 4_000;

impl Store {
    /// The version of the tables that this program reads and writes; an older store is brought to it.
    pub fn tables_version() -> i64 {
        migrations::newest()
    }

    fn new(
        write: Pool,
        read: Pool,
        is_writable: bool,
        open: Option<Arc<data_directory::OpenLock>>,
    ) -> Self {
        Self {
            write,
            read,
            is_writable,
            graph: Arc::default(),
            statistics: Arc::default(),
            lease: None,
            _open: open,
        }
    }

    /// Opens the store for writing, creates it if missing, and brings its tables up to date.
    pub async fn open(location: impl Into<StoreLocation>, _lock: &WriteLock) -> Result<Self> {
        Self::open_shared(location).await
    }

    /// The same beside other processes that write: each statement or transaction takes its turn.
    pub async fn open_shared(location: impl Into<StoreLocation>) -> Result<Self> {
        Self::open_copied(location.into()).await?.when_complete().await
    }

    /// The same of a store that another one may be copied into.
    async fn open_copied(location: StoreLocation) -> Result<Self> {
        let StoreLocation { data, server } = location;
        match server {
            None => sqlite_file::open(&data).await,
            Some(server) => postgres_server::open(&data, &server).await,
        }
    }

    /// Opens an existing store for reading beside another process that may be writing.
    pub async fn open_read_only(location: impl Into<StoreLocation>) -> Result<Self> {
        let StoreLocation { data, server } = location.into();
        let store = match server {
            None => sqlite_file::open_read_only(&data).await?,
            Some(server) => postgres_server::open_read_only(&server).await?,
        };
        store.when_complete().await
    }

    /// Whether there is a store in this directory, or a file in its place.
    pub fn exists(data: &Path) -> bool {
        data.join(data_directory::STORE_FILE).exists()
    }

    /// How many bytes the store takes.
    pub async fn size(&self) -> Result<u64> {
        let size = Dialects {
            sqlite: "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            postgres: "SELECT CAST(SUM(pg_total_relation_size(class.oid)) AS BIGINT) FROM pg_class AS class \
                 JOIN pg_namespace AS space ON space.oid = class.relnamespace \
                 WHERE space.nspname = current_schema() AND class.relkind = 'r'",
        };
        let bytes = engine::query_scalar::<i64>(size.for_engine_of(&self.read));
        Ok(bytes.fetch_one(&self.read).await? as u64)
    }

    /// Whether PostgreSQL keeps it.
    pub fn is_on_server(&self) -> bool {
        !matches!(self.read, Pool::Sqlite(_))
    }

    /// Whether it was opened for writing.
    pub fn is_writable(&self) -> bool {
        self.is_writable
    }

    /// Whether its tables are those of this version. A store that is opened for reading only may be older.
    pub async fn is_up_to_date(&self) -> Result<bool> {
        let known = "SELECT EXISTS (SELECT 1 FROM _sqlx_migrations WHERE version = $1)";
        let known = engine::query_scalar::<bool>(known).bind(migrations::newest());
        Ok(known.fetch_one(&self.read).await?)
    }

    /// The same store for what is done under a lease: each of its transactions fails with
    /// [`StoreError::LeaseLost`] once the lease is not current any more, and the check and what is written are one.
    /// Leases, claims and what visitors leave are written whatever the lease.
    pub fn under(&self, lease: HeldLease) -> Self {
        Self { lease: Some(Arc::new(lease)), ..self.clone() }
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<()> {
        engine::query("SELECT TRUE").execute(&self.read).await?;
        Ok(())
    }

    /// Hints that some process has written, where the store gives any: PostgreSQL does.
    pub async fn write_hints(&self) -> Result<Option<WriteHints>> {
        Ok(WriteHints::of(&self.read).await?)
    }

    /// Closes every connection, so that all that is committed is in the main file.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }

    /// Begins a transaction that writes. Writers take turns, see [`Pool::begin_writing`].
    async fn begin(&self) -> Result<Transaction> {
        let mut transaction = self.write.begin_writing().await?;
        if let Some(lease) = &self.lease {
            lease.check(&mut transaction).await?;
        }
        Ok(transaction)
    }
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
