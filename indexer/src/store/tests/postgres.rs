//! What only PostgreSQL can say. Nothing is asked where `HARVESTER_TEST_STORE` names no server.

use std::collections::{BTreeMap, BTreeSet};

use rules::model::ids::ClusterId;
use sqlx::{
    AssertSqlSafe, Column as _, Executor as _, PgPool, SqlSafeStr as _, Statement as _,
    TypeInfo as _,
};

use super::query_plans::{columns, literals, sources, with_parts};
use super::*;
use crate::store::clusters::cluster_rows::add_change;
use crate::store::engine::dialect::translated;

/// A store on the server, with its connections to read.
async fn on_server() -> Option<(Store, PgPool, TempDir)> {
    let (store, folder) = empty().await;
    let Pool::Postgres(pool) = store.read.clone() else { return None };
    Some((store, pool, folder))
}

#[tokio::test]
async fn postgresql_understands_every_statement() {
    let Some((_store, pool, _folder)) = on_server().await else { return };
    let (mut statements, mut refused) = (0, BTreeMap::<String, Vec<String>>::new());
    for (file, text) in sources() {
        for literal in literals(&text) {
            let sql = with_binds(&with_parts(&literal));
            if ["pragma_", "sqlite_", "unixepoch("].iter().any(|name| sql.contains(name)) {
                continue;
            }
            statements += 1;
            match prepare(&pool, &translated(&sql).0).await {
                Err(error) => {
                    refused.entry(file.clone()).or_default().push(format!("{error}: {sql}"));
                }
                Ok(kinds) => {
                    let unread = kinds.into_iter().filter(|kind| !READ.contains(&kind.as_str()));
                    let unread = unread.map(|kind| format!("nothing reads {kind}: {sql}"));
                    refused.entry(file.clone()).or_default().extend(unread);
                }
            }
        }
    }
    refused.retain(|_, mistakes| !mistakes.is_empty());
    assert_eq!(refused, BTreeMap::new());
    assert!(statements > 200, "only {statements} statements are found");
}

/// Types of columns that rows are read from. PostgreSQL's `1` is an `INT4`, and its sum a `NUMERIC`.
const READ: [&str; 6] = ["INT8", "FLOAT8", "BOOL", "TEXT", "BYTEA", "VOID"];
/// A bind stands only where the program fills a place: everything else was understood.
const INDETERMINATE: &str = "42P18";

/// Prepares a statement whose binds have some type that fits; returns the types of its columns. The program says which
/// type a bind has, the text does not.
async fn prepare(pool: &PgPool, sql: &str) -> Result<Vec<String>, sqlx::Error> {
    let mut refused = None;
    let lists = [["bigint[]"; 2], ["text[]"; 2], ["text"; 2], ["bigint[]", "text"]];
    for lists in lists {
        for single in [None, Some("bigint"), Some("text")] {
            let typed = with_types(sql, lists, single);
            match pool.prepare(AssertSqlSafe(typed).into_sql_str()).await {
                Ok(statement) => {
                    let kinds = statement.columns().iter().map(|one| one.type_info().name());
                    return Ok(kinds.map(str::to_owned).collect());
                }
                Err(error) if code(&error).as_deref() == Some(INDETERMINATE) => return Ok(vec![]),
                Err(error) => drop(refused.get_or_insert(error)),
            }
        }
    }
    Err(refused.expect("at least one type was tried"))
}

fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// The statement with a type for the first list that is bound, another for further ones, and, where one is given, for
/// everything else.
fn with_types(sql: &str, lists: [&str; 2], single: Option<&str>) -> String {
    let mut pieces = sql.split('$');
    let mut typed = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(end);
        let list = lists[usize::from(number != "1")];
        let kind = if typed.ends_with("json_each(") { Some(list) } else { single };
        match kind.filter(|_| !number.is_empty()) {
            Some(kind) => typed.push_str(&format!("CAST(${number} AS {kind}){rest}")),
            None => typed.push_str(&format!("${piece}")),
        }
    }
    typed
}

/// The statement with a list or rows of values in every place that the program fills.
fn with_binds(sql: &str) -> String {
    let mut sql = sql.to_owned();
    while let Some(at) = sql.find("VALUES {") {
        let names = columns(&sql[..at]);
        let is_inserted = sql[..at].trim_start().starts_with("INSERT");
        let value = |name: &String| match name.trim_matches('"') {
            _ if is_inserted => "NULL",
            "emoji" => "CAST(NULL AS text)",
            "added" => "CAST(NULL AS boolean)",
            _ => "CAST(NULL AS bigint)",
        };
        // Where they are compared, it is with a channel and a message.
        let row = if sql[..at].ends_with("IN (") {
            ["CAST(NULL AS bigint)"; 2].join(", ")
        } else {
            names.iter().map(value).collect::<Vec<_>>().join(", ")
        };
        let end = at + sql[at..].find('}').unwrap() + 1;
        sql.replace_range(at..end, &format!("VALUES ({row})"));
    }
    sql.replace("{list}", "(NULL, NULL)").replace("{}", "(NULL, NULL)")
}

/// The columns of each table with the kinds of their values, in order, and the names of those that are unique
/// together.
type Tables = BTreeMap<String, (Vec<(String, &'static str, bool)>, BTreeSet<Vec<String>>)>;

#[tokio::test]
async fn both_engines_have_the_same_tables_and_indexes() {
    let Some((_store, pool, _folder)) = on_server().await else { return };
    let (file, _other_folder) = empty_file().await;
    assert_eq!(tables_of_server(&pool).await, tables_of_file(&file).await);
    let names = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() \
                 AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'";
    let indexes = sqlx::query_scalar::<_, String>(names).fetch_all(&pool).await.unwrap();
    let indexes = indexes.into_iter().collect::<BTreeSet<_>>();
    let names = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    let expected = engine::query_scalar::<String>(names).fetch_all(&file.read).await.unwrap();
    assert_eq!(indexes, expected.into_iter().collect::<BTreeSet<_>>());
    let triggers = "SELECT tgname::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid \
                    WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal ORDER BY 1";
    let triggers = sqlx::query_scalar::<_, String>(triggers).fetch_all(&pool).await.unwrap();
    let names = "SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name";
    assert_eq!(
        triggers,
        engine::query_scalar::<String>(names).fetch_all(&file.read).await.unwrap()
    );
}

async fn tables_of_server(pool: &PgPool) -> Tables {
    let mut tables = Tables::new();
    let columns = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO' \
                   FROM information_schema.columns WHERE table_schema = current_schema() \
                   AND table_name <> '_sqlx_migrations' ORDER BY ordinal_position";
    let columns = sqlx::query_as::<_, (String, String, String, bool)>(columns);
    for (table, column, kind, is_needed) in columns.fetch_all(pool).await.unwrap() {
        let kind = match kind.as_str() {
            "bigint" | "boolean" => "INTEGER",
            "text" => "TEXT",
            "bytea" => "BLOB",
            "double precision" => "REAL",
            other => panic!("{table} has a column of type {other}"),
        };
        tables.entry(table).or_default().0.push((column, kind, is_needed));
    }
    let unique = "SELECT conrelid::regclass::text, ARRAY(SELECT attname::text FROM unnest(conkey) \
                  WITH ORDINALITY AS key (number, place) JOIN pg_attribute \
                  ON attrelid = conrelid AND attnum = number ORDER BY place) FROM pg_constraint \
                  WHERE connamespace = current_schema()::regnamespace AND contype IN ('p', 'u')";
    let unique = sqlx::query_as::<_, (String, Vec<String>)>(unique);
    for (table, names) in unique.fetch_all(pool).await.unwrap() {
        if let Some(known) = tables.get_mut(&table) {
            known.1.insert(names);
        }
    }
    tables
}

async fn tables_of_file(store: &Store) -> Tables {
    let mut tables = Tables::new();
    let columns = "SELECT tables.name, columns.name, columns.type, columns.\"notnull\" = 1 OR columns.pk > 0 \
                   FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns \
                   WHERE tables.type = 'table' AND tables.name NOT IN ('_sqlx_migrations', 'sqlite_sequence') \
                   ORDER BY columns.cid";
    let columns = engine::query_as::<(String, String, String, bool)>(columns);
    for (table, column, kind, is_needed) in columns.fetch_all(&store.read).await.unwrap() {
        let kinds = ["INTEGER", "TEXT", "BLOB", "REAL"];
        let kind = kinds.into_iter().find(|known| *known == kind).unwrap();
        tables.entry(table).or_default().0.push((column, kind, is_needed));
    }
    let keys = "SELECT tables.name, columns.name FROM sqlite_schema AS tables \
                JOIN pragma_table_info(tables.name) AS columns WHERE columns.pk > 0 ORDER BY tables.name, columns.pk";
    let mut primary = BTreeMap::<String, Vec<String>>::new();
    for (table, name) in
        engine::query_as::<(String, String)>(keys).fetch_all(&store.read).await.unwrap()
    {
        primary.entry(table).or_default().push(name);
    }
    for (table, (_, unique)) in &mut tables {
        unique.extend(primary.remove(table));
    }
    for table in ["api_tokens", "quarantine"] {
        tables.get_mut(table).unwrap().1.insert(vec!["digest".to_owned()]);
    }
    tables
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_of_the_feed_come_in_the_order_of_commits() {
    let Some((store, _pool, folder)) = on_server().await else { return };
    let other = Store::open_shared(location(folder.path())).await.unwrap();
    let ids = [1, 2].map(|id| ClusterId::of_question(MessageId(id)));
    let mut early = store.begin().await.unwrap();
    add_change(&mut early, &ids[0]).await.unwrap();
    let late = async {
        let mut late = other.begin().await.unwrap();
        add_change(&mut late, &ids[1]).await.unwrap();
        late.commit().await.unwrap();
    };
    // The other one asks for its turn meanwhile, and gets it after the commit.
    let reading = async {
        early.commit().await.unwrap();
        store.changes_after(0, 9).await.unwrap()
    };
    let ((), seen) = tokio::join!(late, reading);
    assert_eq!(seen[0].cluster, ids[0]);
    let rest = store.changes_after(seen.last().unwrap().seq, 9).await.unwrap();
    assert_eq!(seen.len() + rest.len(), 2, "a plain cursor misses nothing");
}

#[tokio::test]
async fn deleted_words_are_purged_once_nobody_reads_as_before() {
    let Some((store, _pool, _folder)) = on_server().await else { return };
    store.apply_batch(&batch([message(1, 10, 5, "words")])).await.unwrap();
    judge_all(&store).await;
    let mut reading = store.read.begin_reading().await.unwrap();
    let count = || engine::query_scalar::<i64>("SELECT COUNT(*) FROM messages");
    assert_eq!(count().fetch_one(&mut reading).await.unwrap(), 1);
    let deleted = vec![(ChannelId(1), MessageId(10), time::at_millisecond(3))];
    store.apply_batch(&WriteBatch { deleted, ..WriteBatch::default() }).await.unwrap();
    judge_all(&store).await;
    store.purge_deleted_text().await.unwrap();
    assert!(store.purge_due().await.unwrap(), "a reader still sees the message");
    assert_eq!(count().fetch_one(&mut reading).await.unwrap(), 1);
    reading.commit().await.unwrap();
    purge(&store).await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_at_once_without_the_password() {
    let data = tempfile::tempdir().unwrap();
    let server = Some("postgres://ann:hush@127.0.0.1:1/answers".parse().unwrap());
    let nowhere = StoreLocation { data: data.path().to_owned(), server };
    for opened in
        [Store::open_shared(nowhere.clone()).await, Store::open_read_only(nowhere.clone()).await]
    {
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::Unreachable(_)), "{error:?}");
        assert!(!format!("{error} {error:?} {nowhere:?}").contains("hush"));
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_or_holds_something_else_is_refused() {
    let Some((_store, pool, folder)) = on_server().await else { return };
    let is_at = |url: String| StoreLocation {
        data: folder.path().to_owned(),
        server: Some(url.parse().unwrap()),
    };
    let server = std::env::var("HARVESTER_TEST_STORE").unwrap();
    let missing = Store::open_shared(is_at(format!("{server}_of_nobody"))).await;
    assert!(matches!(missing, Err(StoreError::NoDatabase(_))), "{missing:?}");
    for sql in ["CREATE SCHEMA foreign_one", "CREATE TABLE foreign_one.bookmarks (url text)"] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    let foreign = is_at(format!("{server}?options[search_path]=foreign_one"));
    let refused = Store::open_shared(foreign.clone()).await;
    assert!(matches!(refused, Err(StoreError::ForeignDatabase)), "{refused:?}");
    let empty = Store::open_read_only(foreign).await;
    assert!(matches!(empty, Err(StoreError::EmptyDatabase)), "{empty:?}");
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused() {
    let Some((store, _pool, folder)) = on_server().await else { return };
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9000, 'of the future', TRUE, '', 0)";
    engine::query(newer).execute(&store.write).await.unwrap();
    let refused = Store::open_shared(location(folder.path())).await;
    assert!(matches!(refused, Err(StoreError::Newer(_))), "{refused:?}");
}

#[tokio::test]
async fn who_listens_is_told_of_what_others_write_and_of_no_other_store() {
    let Some((store, _pool, folder)) = on_server().await else { return };
    let writer = Store::open_shared(location(folder.path())).await.unwrap();
    let (elsewhere, _other_folder) = empty().await;
    let mut hints = store.write_hints().await.unwrap().unwrap();
    writer.set("told", "once").await.unwrap();
    writer.set("told", "twice").await.unwrap();
    hints.next().await.unwrap();
    assert_eq!(store.setting("told").await.unwrap().as_deref(), Some("twice"));
    // What the second said may come on its own.
    let rest = Duration::from_secs(1);
    while tokio::time::timeout(rest, hints.next()).await.is_ok() {}
    elsewhere.set("told", "to others").await.unwrap();
    assert!(tokio::time::timeout(rest, hints.next()).await.is_err());
}

#[tokio::test]
async fn leases_are_measured_by_the_clock_of_the_server() {
    let Some((store, pool, _folder)) = on_server().await else { return };
    let begun = store.lease_time().await.unwrap();
    let server = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
    let server = sqlx::query_scalar::<_, i64>(server).fetch_one(&pool).await.unwrap();
    let ended = store.lease_time().await.unwrap();
    assert!((begun.as_millisecond()..=ended.as_millisecond()).contains(&server));
}
