//! Queries of the shape of sqlx's, which run on either engine.

use std::marker::PhantomData;

use sqlx::postgres::{PgArguments, PgQueryResult};
use sqlx::sqlite::{SqliteArguments, SqliteQueryResult};
use sqlx::{Error, Postgres, SqlSafeStr, SqlStr, Sqlite};

use super::rows::StoredRow;
use super::silence::answer;
use super::values::{Value, for_postgres, for_sqlite};
use super::{Executor, begin_turn, dialect};

/// A statement that returns no rows.
#[must_use = "a query does nothing until it is executed"]
pub(in crate::store) struct Query {
    sql: SqlStr,
    values: Vec<Value>,
}

/// A statement whose rows are read as `T`.
#[must_use = "a query does nothing until it is executed"]
pub(in crate::store) struct QueryAs<T> {
    query: Query,
    row: PhantomData<fn() -> T>,
}

/// A statement whose rows have one column.
#[must_use = "a query does nothing until it is executed"]
pub(in crate::store) struct QueryScalar<T>(QueryAs<(T,)>);

/// What a statement did.
pub(in crate::store) struct Done {
    rows_affected: u64,
}

impl Done {
    pub(in crate::store) fn rows_affected(&self) -> u64 {
        self.rows_affected
    }
}

impl From<SqliteQueryResult> for Done {
    fn from(done: SqliteQueryResult) -> Self {
        Self { rows_affected: done.rows_affected() }
    }
}

impl From<PgQueryResult> for Done {
    fn from(done: PgQueryResult) -> Self {
        Self { rows_affected: done.rows_affected() }
    }
}

pub(in crate::store) fn query(sql: impl SqlSafeStr) -> Query {
    Query { sql: sql.into_sql_str(), values: Vec::new() }
}

pub(in crate::store) fn query_as<T>(sql: impl SqlSafeStr) -> QueryAs<T> {
    QueryAs { query: query(sql), row: PhantomData }
}

pub(in crate::store) fn query_scalar<T>(sql: impl SqlSafeStr) -> QueryScalar<T> {
    QueryScalar(query_as(sql))
}

/// Runs one of the queries of sqlx on what is there to run it.
macro_rules! run {
    ($executor:expr, $sqlite:expr, $postgres:expr, $method:ident) => {
        match $executor {
            Executor::SqlitePool(pool) => $sqlite.$method(pool).await?.into(),
            Executor::Sqlite(connection) => $sqlite.$method(connection).await?.into(),
            Executor::PostgresPool(pool) => {
                let statement = $postgres;
                answer(move || statement.$method(pool)).await?.into()
            }
            Executor::Postgres(connection) => {
                let statement = $postgres;
                answer(move || statement.$method(connection)).await?.into()
            }
            Executor::PostgresWriter(pool) => {
                let statement = $postgres;
                let mut transaction = begin_turn(pool).await?;
                let done = answer(|| statement.$method(&mut *transaction)).await?.into();
                answer(|| transaction.commit()).await?;
                done
            }
        }
    };
}

impl Query {
    pub(in crate::store) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(in crate::store) async fn execute<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<Done, Error> {
        Ok(run!(executor.into(), self.for_sqlite()?, self.for_postgres()?, execute))
    }

    fn for_sqlite(self) -> Result<sqlx::query::Query<'static, Sqlite, SqliteArguments>, Error> {
        Ok(sqlx::query_with(self.sql, for_sqlite(self.values)?))
    }

    fn for_postgres(self) -> Result<sqlx::query::Query<'static, Postgres, PgArguments>, Error> {
        let (sql, is_fixed) = dialect::for_postgres(self.sql);
        Ok(sqlx::query_with(sql, for_postgres(self.values)?).persistent(is_fixed))
    }
}

impl<T: StoredRow> QueryAs<T> {
    pub(in crate::store) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.query = self.query.bind(value);
        self
    }

    pub(in crate::store) async fn fetch_all<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<Vec<T>, Error> {
        Ok(run!(executor.into(), self.for_sqlite()?, self.for_postgres()?, fetch_all))
    }

    pub(in crate::store) async fn fetch_optional<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<Option<T>, Error> {
        Ok(run!(executor.into(), self.for_sqlite()?, self.for_postgres()?, fetch_optional))
    }

    pub(in crate::store) async fn fetch_one<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<T, Error> {
        self.fetch_optional(executor).await?.ok_or(Error::RowNotFound)
    }

    fn for_sqlite(
        self,
    ) -> Result<sqlx::query::QueryAs<'static, Sqlite, T, SqliteArguments>, Error> {
        Ok(sqlx::query_as_with(self.query.sql, for_sqlite(self.query.values)?))
    }

    fn for_postgres(
        self,
    ) -> Result<sqlx::query::QueryAs<'static, Postgres, T, PgArguments>, Error> {
        let (sql, is_fixed) = dialect::for_postgres(self.query.sql);
        let values = for_postgres(self.query.values)?;
        Ok(sqlx::query_as_with(sql, values).persistent(is_fixed))
    }
}

impl<T> QueryScalar<T>
where
    (T,): StoredRow,
{
    pub(in crate::store) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.0 = self.0.bind(value);
        self
    }

    pub(in crate::store) async fn fetch_all<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<Vec<T>, Error> {
        Ok(self.0.fetch_all(executor).await?.into_iter().map(|(value,)| value).collect())
    }

    pub(in crate::store) async fn fetch_optional<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<Option<T>, Error> {
        Ok(self.0.fetch_optional(executor).await?.map(|(value,)| value))
    }

    pub(in crate::store) async fn fetch_one<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<T, Error> {
        Ok(self.0.fetch_one(executor).await?.0)
    }
}
