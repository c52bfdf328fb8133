//! Rows that are decoded directly on each engine.

use sqlx::FromRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

/// What a row of either engine is read as: tuples, and what [`named_row`] declares.
pub(in crate::store) trait StoredRow:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> StoredRow for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
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
