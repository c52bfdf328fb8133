//! Moves a store from one engine to the other.

use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use super::engine::{self, Dialects, Pool, Transaction, Value, ValueRow};
use super::operations::settings::hex;
use super::{MAX_BINDS, Result, Store, StoreError, StoreLocation, placeholders};

/// The setting that a store has while another one is copied into it: which one.
const MARK: &str = "transfer";

/// Rows that are read, or written in one transaction, at once.
const ROWS_AT_ONCE: usize = 1_000;

/// Tables that a new store has a row in.
const WITH_A_ROW: [&str; 2] = ["corpus_epoch", "sentence_encoder"];

/// A store with another one, empty or partly filled by an earlier run, that is to hold the same.
#[derive(Debug)]
pub struct StoreTransfer {
    from: Store,
    to: Store,
}

/// What was copied of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedTable {
    pub name: String,
    pub rows: u64,
}

struct Table {
    name: String,
    columns: Vec<Column>,
}

/// A column as the engine that is written to has it.
struct Column {
    name: String,
    kind: String,
    /// Its place in the primary key.
    key: Option<i64>,
}

impl Store {
    /// The store, unless the copy of another one into it is not complete.
    pub(super) async fn when_complete(self) -> Result<Self> {
        match self.setting(MARK).await? {
            None => Ok(self),
            Some(_) => Err(StoreError::HalfCopied),
        }
    }
}

impl StoreTransfer {
    /// Opens both stores; the one to be filled is made if missing.
    pub async fn open(from: StoreLocation, to: StoreLocation) -> Result<Self> {
        // A file that is missing is not made where it is to be read.
        Store::open_read_only(from.clone()).await?.close().await;
        Ok(Self { from: Store::open_shared(from).await?, to: Store::open_copied(to).await? })
    }

    pub async fn close(&self) {
        self.from.close().await;
        self.to.close().await;
    }

    /// Copies every row in the order of the tables' keys. A run that ended early continues. At the end both
    /// stores are read again and compared.
    pub async fn copy(&self) -> Result<Vec<CopiedTable>> {
        self.mark().await?;
        let mut copied = Vec::new();
        for table in &tables(&self.to).await? {
            self.copy_rows(table).await?;
            copied.push(self.compare(table).await?);
        }
        self.copy_counters().await?;
        self.to.unset(MARK).await?;
        Ok(copied)
    }

    /// Tells one store from another.
    pub(super) async fn mark_of_source(&self) -> Result<String> {
        let salt = self.from.setting("salt").await?.unwrap_or_default();
        Ok(hex(&Sha256::digest(salt)))
    }

    /// Notes in the new store which one is copied into it; refuses one that holds something else.
    async fn mark(&self) -> Result<()> {
        let mark = self.mark_of_source().await?;
        let known = self.to.setting(MARK).await?;
        if known.as_ref() != Some(&mark) {
            let any = "SELECT EXISTS (SELECT 1 FROM settings) OR EXISTS (SELECT 1 FROM channels)";
            if engine::query_scalar::<bool>(any).fetch_one(&self.to.read).await? {
                return Err(StoreError::NotEmpty);
            }
            self.to.set(MARK, &mark).await?;
        }
        for table in WITH_A_ROW {
            let delete = format!("DELETE FROM {table}");
            engine::query(AssertSqlSafe(delete)).execute(&self.to.write).await?;
        }
        Ok(())
    }

    async fn copy_rows(&self, table: &Table) -> Result<()> {
        let mut after = table.last_key(&self.to).await?;
        loop {
            let rows = table.rows_after(&self.from, after.as_deref()).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(table.key_of(last));
            let mut transaction = self.to.begin().await?;
            for chunk in rows.chunks(MAX_BINDS / table.columns.len()) {
                table.insert(&mut transaction, chunk).await?;
            }
            transaction.commit().await?;
        }
    }

    async fn compare(&self, table: &Table) -> Result<CopiedTable> {
        let (rows, digest) = table.digest(&self.from).await?;
        if table.digest(&self.to).await? != (rows, digest) {
            return Err(StoreError::TransferDiffers(table.name.clone()));
        }
        Ok(CopiedTable { name: table.name.clone(), rows })
    }

    /// Has numbers that were given once not be given again.
    async fn copy_counters(&self) -> Result<()> {
        let last = Dialects {
            sqlite: "SELECT name, seq FROM sqlite_sequence ORDER BY name",
            postgres: "SELECT pg_class.relname::text, COALESCE(pg_sequences.last_value, 0) FROM pg_sequences \
                       JOIN pg_depend ON pg_depend.objid = format('%I.%I', schemaname, sequencename)::regclass \
                       JOIN pg_class ON pg_class.oid = pg_depend.refobjid \
                       WHERE schemaname = current_schema() AND pg_depend.deptype = 'i' ORDER BY 1",
        };
        let set = Dialects {
            sqlite: "UPDATE sqlite_sequence SET seq = $2 WHERE name = $1 AND seq < $2",
            postgres: "SELECT setval(pg_get_serial_sequence($1, attname::text), $2) FROM pg_attribute \
                       WHERE attrelid = $1::regclass AND attidentity <> '' AND $2 > 0",
        };
        let add = "INSERT INTO sqlite_sequence (name, seq) SELECT $1, $2 \
                   WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $1)";
        let counters = engine::query_as::<(String, i64)>(last.for_engine_of(&self.from.read));
        for (table, number) in counters.fetch_all(&self.from.read).await? {
            if let Pool::Sqlite(_) = &self.to.write {
                engine::query(add).bind(&table).bind(number).execute(&self.to.write).await?;
            }
            let set = engine::query(set.for_engine_of(&self.to.write));
            set.bind(&table).bind(number).execute(&self.to.write).await?;
        }
        Ok(())
    }
}

/// The tables of a store with their columns. Vectors come before the texts, whose triggers would have them weighed
/// again; settings come last, as they say that the store is one.
async fn tables(store: &Store) -> Result<Vec<Table>> {
    let columns = Dialects {
        sqlite: "SELECT tables.name, columns.name, columns.type, columns.pk FROM sqlite_schema AS tables \
                 JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' \
                 AND tables.name NOT IN ('_sqlx_migrations', 'sqlite_sequence') \
                 ORDER BY tables.name = 'settings', tables.name <> 'text_embeddings', tables.name, columns.cid",
        postgres: "SELECT relname::text, attname::text, format_type(atttypid, NULL), \
             COALESCE(array_position(indkey::int2[], attnum) + 1, 0)::bigint FROM pg_class \
             JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped \
             JOIN pg_index ON indrelid = pg_class.oid AND indisprimary \
             WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' \
             AND relname <> '_sqlx_migrations' \
             ORDER BY relname = 'settings', relname <> 'text_embeddings', relname, attnum",
    };
    let columns =
        engine::query_as::<(String, String, String, i64)>(columns.for_engine_of(&store.read));
    let mut tables = Vec::<Table>::new();
    for (table, name, kind, key) in columns.fetch_all(&store.read).await? {
        let column = Column { name, kind, key: (key > 0).then_some(key) };
        match tables.last_mut() {
            Some(last) if last.name == table => last.columns.push(column),
            _ => tables.push(Table { name: table, columns: vec![column] }),
        }
    }
    Ok(tables)
}

impl Table {
    fn names<'t>(columns: impl Iterator<Item = &'t Column>) -> String {
        columns.map(|column| format!("\"{}\"", column.name)).collect::<Vec<_>>().join(", ")
    }

    fn key(&self) -> Vec<(usize, &Column)> {
        let mut key = self.columns.iter().enumerate().collect::<Vec<_>>();
        key.retain(|(_, column)| column.key.is_some());
        key.sort_by_key(|(_, column)| column.key);
        key
    }

    fn key_of(&self, row: &[Value]) -> Vec<Value> {
        self.key().into_iter().map(|(place, _)| row[place].clone()).collect()
    }

    /// The greatest key in a store, after which copying goes on. Settings are few, and one of them is the mark.
    async fn last_key(&self, store: &Store) -> Result<Option<Vec<Value>>> {
        if self.name == "settings" {
            return Ok(None);
        }
        let key = self.key();
        let names = Self::names(key.iter().map(|(_, column)| *column));
        let order = key.iter().map(|(_, column)| format!("\"{}\" DESC", column.name));
        let order = order.collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT {names} FROM {} ORDER BY {order} LIMIT 1", self.name);
        let row =
            engine::query_as::<ValueRow>(AssertSqlSafe(sql)).fetch_optional(&store.read).await?;
        Ok(row.map(|row| row.0))
    }

    async fn rows_after(&self, store: &Store, after: Option<&[Value]>) -> Result<Vec<Vec<Value>>> {
        let names = Self::names(self.columns.iter());
        let key = Self::names(self.key().into_iter().map(|(_, column)| column));
        let places = after.map_or(0, <[Value]>::len);
        let after_key = match places {
            0 => String::new(),
            _ => format!("WHERE ({key}) > {}", placeholders(1, places)),
        };
        let sql = format!(
            "SELECT {names} FROM {} {after_key} ORDER BY {key} LIMIT {ROWS_AT_ONCE}",
            self.name
        );
        let mut query = engine::query_as::<ValueRow>(AssertSqlSafe(sql));
        for value in after.into_iter().flatten() {
            query = query.bind(value.clone());
        }
        Ok(query.fetch_all(&store.read).await?.into_iter().map(|row| row.0).collect())
    }

    async fn insert(&self, transaction: &mut Transaction, rows: &[Vec<Value>]) -> Result<()> {
        let sql = format!(
            "INSERT INTO {} ({}) VALUES {} ON CONFLICT DO NOTHING",
            self.name,
            Self::names(self.columns.iter()),
            placeholders(rows.len(), self.columns.len())
        );
        let mut query = engine::query(AssertSqlSafe(sql));
        for row in rows {
            for (value, column) in row.iter().zip(&self.columns) {
                query = query.bind(value.clone().of_kind(&column.kind));
            }
        }
        query.execute(transaction).await?;
        Ok(())
    }

    fn is_mark(&self, row: &[Value]) -> bool {
        self.name == "settings" && matches!(&row[0], Value::Text(Some(name)) if name == MARK)
    }

    /// How many rows a store has of the table, and a digest of them in order.
    async fn digest(&self, store: &Store) -> Result<(u64, String)> {
        let (mut count, mut hash, mut after) = (0, Sha256::new(), None);
        loop {
            let rows = self.rows_after(store, after.as_deref()).await?;
            let Some(last) = rows.last() else { return Ok((count, hex(&hash.finalize()))) };
            after = Some(self.key_of(last));
            for row in rows.iter().filter(|row| !self.is_mark(row)) {
                count += 1;
                row.iter().for_each(|value| value.update(&mut hash));
            }
        }
    }
}
