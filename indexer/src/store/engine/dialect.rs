//! How the text of a statement differs between the engines.
//!
//! Statements are written for SQLite in what both understand. PostgreSQL has functions of SQLite's names
//! (`migrations/postgres`), and the rest is replaced here.

use std::borrow::Cow;

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::Pool;

/// The texts of a statement that the engines have no common words for.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Dialects {
    pub(in crate::store) sqlite: &'static str,
    pub(in crate::store) postgres: &'static str,
}

impl Dialects {
    pub(in crate::store) fn for_engine_of(self, pool: &Pool) -> &'static str {
        match pool {
            Pool::Sqlite(_) => self.sqlite,
            Pool::Postgres(_) | Pool::PostgresWriter(_) => self.postgres,
        }
    }
}

/// Hints for SQLite's planner, and its names of what PostgreSQL names otherwise.
const REPLACED: [(&str, &str); 2] = [
    // In SQLite it keeps the order of the tables; conditions follow in any case.
    ("CROSS JOIN ", "JOIN "),
    // SQLite's integers have 64 bits.
    (" AS INTEGER)", " AS BIGINT)"),
];

/// The statement for PostgreSQL, and whether its text is always the same, so that it is worth being kept prepared.
pub(super) fn for_postgres(sql: SqlStr) -> (SqlStr, bool) {
    match translated(sql.as_str()) {
        (Cow::Borrowed(_), is_fixed) => (sql, is_fixed),
        (Cow::Owned(text), is_fixed) => (AssertSqlSafe(text).into_sql_str(), is_fixed),
    }
}

/// Numbers nameless binds, and replaces what PostgreSQL does not know, outside of quotes.
pub(in crate::store) fn translated(sql: &str) -> (Cow<'_, str>, bool) {
    let is_fixed = !sql.contains('?');
    if is_fixed
        && !sql.contains("INDEXED BY ")
        && !REPLACED.iter().any(|(word, _)| sql.contains(word))
    {
        return (Cow::Borrowed(sql), true);
    }
    let mut text = String::with_capacity(sql.len() + sql.len() / 2);
    let mut binds = 0;
    for (at, part) in sql.split('\'').enumerate() {
        if at > 0 {
            text.push('\'');
        }
        if at % 2 == 0 {
            translate_unquoted(part, &mut binds, &mut text);
        } else {
            text.push_str(part);
        }
    }
    (Cow::Owned(text), is_fixed)
}

fn translate_unquoted(part: &str, binds: &mut usize, text: &mut String) {
    let mut part = Cow::Borrowed(part);
    for (word, replacement) in REPLACED {
        if part.contains(word) {
            part = part.replace(word, replacement).into();
        }
    }
    if let Some((before, hint)) = part.split_once("INDEXED BY ") {
        let rest = hint.split_once(' ').map_or("", |(_, rest)| rest);
        part = format!("{before}{rest}").into();
    }
    for (at, piece) in part.split('?').enumerate() {
        if at > 0 {
            *binds += 1;
            text.push('$');
            text.push_str(&binds.to_string());
        }
        text.push_str(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_postgresql_does_not_know_is_replaced() {
        for (sql, expected, is_fixed) in [
            ("SELECT 1 WHERE $1 = 'a'", "SELECT 1 WHERE $1 = 'a'", true),
            (
                "a IN (?,?) AND b = '?''?' AND c = ?",
                "a IN ($1,$2) AND b = '?''?' AND c = $3",
                false,
            ),
            ("CAST(a AS INTEGER) = ' AS INTEGER)'", "CAST(a AS BIGINT) = ' AS INTEGER)'", true),
            ("FROM a CROSS JOIN b ON TRUE", "FROM a JOIN b ON TRUE", true),
            ("FROM a INDEXED BY a_by_b WHERE c", "FROM a WHERE c", true),
        ] {
            let (text, fixed) = translated(sql);
            assert_eq!((text.as_ref(), fixed), (expected, is_fixed));
        }
    }
}
