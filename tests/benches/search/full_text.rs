//! The other baseline: SQLite's FTS5 over the same texts, whose words are alternatives.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use tokio::runtime::Runtime;

use crate::talk::WrittenAnswer;

pub(crate) struct FullTextTable {
    runtime: Runtime,
    pool: SqlitePool,
}

impl FullTextTable {
    pub(crate) fn build(
        file: &Path,
        answers: impl Iterator<Item = WrittenAnswer>,
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let pool = runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
            let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
            sqlx::query("CREATE VIRTUAL TABLE answers USING fts5 (text)").execute(&pool).await?;
            let mut transaction = pool.begin().await?;
            for answer in answers {
                sqlx::query("INSERT INTO answers (text) VALUES ($1)")
                    .bind(format!("{}\n{}", answer.question, answer.answer))
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await?;
            anyhow::Ok(pool)
        })?;
        Ok(Self { runtime, pool })
    }

    pub(crate) fn search(&self, text: &str) -> anyhow::Result<usize> {
        let words = text.split(|letter: char| !letter.is_alphanumeric());
        let words = words.filter(|word| !word.is_empty()).map(|word| format!("\"{word}\""));
        let query = sqlx::query_scalar::<_, i64>(
            "SELECT rowid FROM answers WHERE answers MATCH $1 ORDER BY rank LIMIT 10",
        );
        let found = query.bind(words.collect::<Vec<_>>().join(" OR ")).fetch_all(&self.pool);
        Ok(self.runtime.block_on(found)?.len())
    }
}
