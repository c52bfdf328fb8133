//! What is deleted leaves the file too, not only the tables.

use sqlx::SqliteConnection;

use super::{Result, Store};

impl Store {
    /// Whether words were deleted since the last [`Store::scrub`].
    pub async fn purge_due(&self) -> Result<bool> {
        let (due, purged) = self.purges().await?;
        Ok(due > purged)
    }

    /// Empties the write-ahead log, so that deleted words are in no file of the store any more. Call
    /// it once what is pending is judged and indexed: while a channel with deleted words waits to be
    /// judged, or a reader holds the log back, the purge stays due.
    pub async fn scrub(&self) -> Result<()> {
        let (due, _) = self.purges().await?;
        let quoted = self.deleted_words_quoted().await?;
        if self.truncate_log().await? && !quoted {
            self.set(PURGED, &due.to_string()).await?;
        }
        Ok(())
    }

    /// How many purges were asked for, and how many of them are done.
    async fn purges(&self) -> Result<(i64, i64)> {
        Ok(sqlx::query_as(
            "SELECT COALESCE((SELECT CAST(value AS INTEGER) FROM settings WHERE name = $1), 0), \
             COALESCE((SELECT CAST(value AS INTEGER) FROM settings WHERE name = $2), 0)",
        )
        .bind(PURGE_DUE)
        .bind(PURGED)
        .fetch_one(&self.read)
        .await?)
    }

    /// Whether verdicts may still hold deleted words.
    async fn deleted_words_quoted(&self) -> Result<bool> {
        Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM channels WHERE purging = 1)")
            .fetch_one(&self.read)
            .await?)
    }

    /// Whether the whole log went into the main file.
    async fn truncate_log(&self) -> Result<bool> {
        let (busy, _, _) = sqlx::query_as::<_, (i64, i64, i64)>("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.write)
            .await?;
        Ok(busy == 0)
    }
}

/// Settings that count: how often words were deleted, and up to which of these times the files are
/// scrubbed.
pub(super) const PURGE_DUE: &str = "purge-due";
pub(super) const PURGED: &str = "purged";

/// Notes that words were deleted.
pub(super) async fn note_purge(connection: &mut SqliteConnection) -> Result<()> {
    sqlx::query(
        "INSERT INTO settings (name, value) VALUES ($1, '1') ON CONFLICT (name) DO UPDATE \
         SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)",
    )
    .bind(PURGE_DUE)
    .execute(connection)
    .await?;
    Ok(())
}
