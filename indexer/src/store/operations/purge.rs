//! What is deleted leaves the file too, not only the tables.

use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use crate::store::engine::silence::{REWRITE_TIMEOUT, answer_within};
use crate::store::engine::{self, Pool, Transaction};
use crate::store::{Result, Store};

/// How far deleted words are out of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurgeState {
    /// How often words were deleted.
    pub due: i64,
    /// Whether verdicts may still quote them: they leave the index, too, once what is pending is judged.
    pub quoted: bool,
}

impl Store {
    /// What an index beside the store has to purge. Read it before the index follows the feed.
    pub async fn purge_state(&self) -> Result<PurgeState> {
        // In this order: what is deleted between the two is quoted.
        let (due, _) = self.progress(&PURGE).await?;
        Ok(PurgeState { due, quoted: self.deleted_words_quoted().await? })
    }

    /// How many of the deletions of words are out of the files of the store.
    pub async fn purged(&self) -> Result<i64> {
        Ok(self.progress(&PURGE).await?.1)
    }

    /// Whether words were deleted since the last [`Store::purge_deleted_text`].
    pub async fn purge_due(&self) -> Result<bool> {
        let (due, purged) = self.progress(&PURGE).await?;
        Ok(due > purged)
    }

    /// Takes deleted words out of the files of the store. Call it once what is pending is judged and
    /// indexed: while a channel with deleted words waits to be judged, or a reader holds the log back,
    /// the purge stays due.
    ///
    /// SQLite overwrites what it deletes, but not the copies that rows leave behind when they move
    /// from page to page. So the file is written anew once somebody was forgotten, and whenever it is
    /// small; writers wait for that, some seconds for a million messages.
    pub async fn purge_deleted_text(&self) -> Result<()> {
        if self.deleted_words_quoted().await? {
            return Ok(());
        }
        let (due, _) = self.progress(&PURGE).await?;
        let (rewrites, rewritten) = self.progress(&REWRITE).await?;
        let is_small = self.size().await? <= SMALL;
        if self.remove_from_files(rewrites > rewritten, is_small).await? {
            self.set(REWRITE.done, &rewrites.to_string()).await?;
            self.set(PURGE.done, &due.to_string()).await?;
        }
        Ok(())
    }

    /// How often an errand was asked for, and up to which of these times it is done.
    async fn progress(&self, errand: &PurgeCounter) -> Result<(i64, i64)> {
        Ok(engine::query_as(
            "SELECT COALESCE((SELECT CAST(value AS INTEGER) FROM settings WHERE name = $1), 0), \
             COALESCE((SELECT CAST(value AS INTEGER) FROM settings WHERE name = $2), 0)",
        )
        .bind(errand.due)
        .bind(errand.done)
        .fetch_one(&self.read)
        .await?)
    }

    /// Whether verdicts may still hold deleted words.
    async fn deleted_words_quoted(&self) -> Result<bool> {
        Ok(engine::query_scalar("SELECT EXISTS (SELECT 1 FROM channels WHERE purging <> 0)")
            .fetch_one(&self.read)
            .await?)
    }

    /// Tells whether deleted words left every file.
    async fn remove_from_files(&self, must_rewrite: bool, is_small: bool) -> Result<bool> {
        // Not on the connection for writing, by which this process renews its leases meanwhile.
        if let Pool::Postgres(pool) | Pool::PostgresWriter(pool) = &self.read {
            if is_read_as_before(pool).await? {
                return Ok(false);
            }
            vacuum(pool, must_rewrite || is_small).await?;
            return Ok(true);
        }
        let Pool::Sqlite(pool) = &self.write else { return Ok(true) };
        if must_rewrite || is_small {
            sqlx::query("VACUUM").execute(pool).await?;
        }
        truncate_log(pool).await
    }
}

/// Whether somebody reads the store as it was before the last deletion: rows are kept for them. `xmin` is the
/// transaction that noted it.
async fn is_read_as_before(pool: &PgPool) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity JOIN settings ON settings.name = $1 \
               WHERE datname = current_database() AND pid <> pg_backend_pid() \
               AND age(backend_xmin) >= age(settings.xmin))";
    Ok(sqlx::query_scalar(sql).bind(PURGE.due).fetch_one(pool).await?)
}

/// Frees deleted rows, which are overwritten as their pages are used again; `whole` makes new files, for which
/// readers wait too.
async fn vacuum(pool: &PgPool, whole: bool) -> Result<()> {
    let names = "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables \
                 WHERE schemaname = current_schema()";
    let names = sqlx::query_scalar::<_, String>(names).fetch_one(pool).await?;
    let verb = if whole { "VACUUM FULL" } else { "VACUUM" };
    let vacuum = sqlx::query(AssertSqlSafe(format!("{verb} {names}")));
    answer_within(REWRITE_TIMEOUT, vacuum.execute(pool)).await?;
    Ok(())
}

/// Whether the whole log went into the main file.
async fn truncate_log(pool: &SqlitePool) -> Result<bool> {
    let checkpoint = sqlx::query_as::<_, (i64, i64, i64)>("PRAGMA wal_checkpoint(TRUNCATE)");
    let (busy, _, _) = checkpoint.fetch_one(pool).await?;
    Ok(busy == 0)
}

/// A file of so many bytes is written anew in well under a second.
const SMALL: u64 = 32 << 20;

/// Two settings that count: how often something was asked for, and up to which of these times it is
/// done. What is asked for while it is being done is done again.
struct PurgeCounter {
    due: &'static str,
    done: &'static str,
}

/// Words were deleted.
const PURGE: PurgeCounter = PurgeCounter { due: "purge-due", done: "purged" };
/// Somebody was forgotten.
const REWRITE: PurgeCounter = PurgeCounter { due: "rewrite-due", done: "rewritten" };

/// Notes that words were deleted.
pub(in crate::store) async fn note_purge(connection: &mut Transaction) -> Result<()> {
    note(connection, &PURGE).await
}

/// Notes that the file must be written anew.
pub(in crate::store) async fn note_rewrite(connection: &mut Transaction) -> Result<()> {
    note(connection, &REWRITE).await
}

async fn note(connection: &mut Transaction, errand: &PurgeCounter) -> Result<()> {
    engine::query(
        "INSERT INTO settings (name, value) VALUES ($1, '1') ON CONFLICT (name) DO UPDATE \
         SET value = CAST(CAST(settings.value AS INTEGER) + 1 AS TEXT)",
    )
    .bind(errand.due)
    .execute(connection)
    .await?;
    Ok(())
}
