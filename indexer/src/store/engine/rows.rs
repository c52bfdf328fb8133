//! Rows that are decoded directly on each engine.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column as _, Error, FromRow, Row as _, TypeInfo as _, ValueRef as _};

use super::values::Value;

/// What a row of either engine is read as: tuples, and what [`named_row`] declares.
pub(in crate::store) trait StoredRow:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> StoredRow for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

/// A row of any table, as its values.
pub(in crate::store) struct ValueRow(pub(in crate::store) Vec<Value>);

impl FromRow<'_, SqliteRow> for ValueRow {
    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        let value = |place: usize| -> Result<Value, Error> {
            let raw = row.try_get_raw(place)?;
            if raw.is_null() {
                return Ok(Value::Text(None));
            }
            Ok(match raw.type_info().name() {
                "INTEGER" => Value::Integer(row.try_get(place)?),
                "REAL" => Value::Real(row.try_get(place)?),
                "BLOB" => Value::Bytes(row.try_get(place)?),
                _ => Value::Text(row.try_get(place)?),
            })
        };
        (0..row.len()).map(value).collect::<Result<_, _>>().map(Self)
    }
}

impl FromRow<'_, PgRow> for ValueRow {
    fn from_row(row: &PgRow) -> Result<Self, Error> {
        let value = |place: usize| -> Result<Value, Error> {
            Ok(match row.column(place).type_info().name() {
                "INT8" => Value::Integer(row.try_get(place)?),
                "FLOAT8" => Value::Real(row.try_get(place)?),
                "BOOL" => Value::Boolean(row.try_get(place)?),
                "BYTEA" => Value::Bytes(row.try_get(place)?),
                _ => Value::Text(row.try_get(place)?),
            })
        };
        (0..row.len()).map(value).collect::<Result<_, _>>().map(Self)
    }
}

/// Declares a row whose columns have the names of its fields. A last field `..name: Type` takes the columns of
/// another such row.
macro_rules! named_row {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $name:ident {
            $($field:ident: $type:ty,)+
            $(..$rest:ident: $rest_type:ty)?
        }
    ) => {
        $(#[$meta])*
        $visibility struct $name {
            $($field: $type,)+
            $($rest: $rest_type)?
        }

        $crate::store::engine::named_row!(@read $name sqlx::sqlite::SqliteRow, $($field)+, $($rest)?);
        $crate::store::engine::named_row!(@read $name sqlx::postgres::PgRow, $($field)+, $($rest)?);
    };
    (@read $name:ident $row:ty, $($field:ident)+, $($rest:ident)?) => {
        impl sqlx::FromRow<'_, $row> for $name {
            fn from_row(row: &$row) -> std::result::Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                Ok(Self {
                    $($field: row.try_get(stringify!($field))?,)+
                    $($rest: sqlx::FromRow::from_row(row)?)?
                })
            }
        }
    };
}

pub(in crate::store) use named_row;
