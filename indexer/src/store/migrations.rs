//! The tables of a store, step by step.
//!
//! Each number exists for both engines from 21 on, with which PostgreSQL begins; up to then SQLite's stand alone.

use std::borrow::Cow;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A number is never used twice; one may be left out.
pub(super) const MIGRATIONS: [(i64, &str, &str); 22] = [
    (1, "spine", include_str!("../../migrations/001_spine.sql")),
    (2, "live", include_str!("../../migrations/002_live.sql")),
    (3, "pending", include_str!("../../migrations/003_pending.sql")),
    (4, "canon", include_str!("../../migrations/004_canon.sql")),
    (5, "splits", include_str!("../../migrations/005_splits.sql")),
    (6, "standard terms", include_str!("../../migrations/006_standard_terms.sql")),
    (7, "erased quotes", include_str!("../../migrations/007_erased_quotes.sql")),
    (8, "channel snapshots", include_str!("../../migrations/008_channel_snapshots.sql")),
    (9, "exchanges", include_str!("../../migrations/009_exchanges.sql")),
    (10, "names", include_str!("../../migrations/010_names.sql")),
    (11, "members", include_str!("../../migrations/011_members.sql")),
    (12, "likeness", include_str!("../../migrations/012_likeness.sql")),
    (13, "visitors", include_str!("../../migrations/013_visitors.sql")),
    (14, "lookups", include_str!("../../migrations/014_lookups.sql")),
    (15, "counts and notices", include_str!("../../migrations/015_counts_and_notices.sql")),
    (16, "review decisions", include_str!("../../migrations/016_review_decisions.sql")),
    (18, "server names", include_str!("../../migrations/018_server_names.sql")),
    (19, "meaning", include_str!("../../migrations/019_meaning.sql")),
    (20, "clusters by meaning", include_str!("../../migrations/020_clusters_by_meaning.sql")),
    (21, "returning askers", include_str!("../../migrations/021_returning_askers.sql")),
    (22, "short verdicts", include_str!("../../migrations/022_short_verdicts.sql")),
    (23, "graph version", include_str!("../../migrations/023_graph_version.sql")),
];

/// The same of PostgreSQL.
const POSTGRES_MIGRATIONS: [(i64, &str, &str); 3] = [
    (21, "schema", include_str!("../../migrations/postgres/021_schema.sql")),
    (22, "short verdicts", include_str!("../../migrations/postgres/022_short_verdicts.sql")),
    (23, "graph version", include_str!("../../migrations/postgres/023_graph_version.sql")),
];

/// The number of the last step.
pub(super) fn newest() -> i64 {
    MIGRATIONS[MIGRATIONS.len() - 1].0
}

pub(super) fn migrator() -> Migrator {
    from_texts(&MIGRATIONS)
}

pub(super) fn postgres_migrator() -> Migrator {
    from_texts(&POSTGRES_MIGRATIONS)
}

fn from_texts(migrations: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        let sql = SqlStr::from_static(sql);
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(migrations.iter().map(migration).collect())
}
