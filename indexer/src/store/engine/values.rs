//! Values that are bound to statements.

use sha2::{Digest as _, Sha256};
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, Error};

/// A bound value. `None` is NULL of a known type, which PostgreSQL wants to know.
#[derive(Debug, Clone)]
pub(in crate::store) enum Value {
    Integer(Option<i64>),
    Real(Option<f64>),
    Boolean(Option<bool>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    /// For `json_each`: an array on PostgreSQL, JSON on SQLite.
    Integers(Vec<i64>),
    /// The same of texts.
    Texts(Vec<String>),
}

macro_rules! values {
    ($($type:ty => $variant:ident, $convert:expr;)+) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(Some($convert(value)))
            }
        }

        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )+};
}

values! {
    i64 => Integer, std::convert::identity;
    &i64 => Integer, |value: &i64| *value;
    u32 => Integer, i64::from;
    &u32 => Integer, |value: &u32| i64::from(*value);
    f64 => Real, std::convert::identity;
    bool => Boolean, std::convert::identity;
    String => Text, std::convert::identity;
    &String => Text, String::clone;
    &&String => Text, |value: &&String| (*value).clone();
    &str => Text, str::to_owned;
    Vec<u8> => Bytes, std::convert::identity;
    &[u8] => Bytes, <[u8]>::to_vec;
}

impl From<&Option<i64>> for Value {
    fn from(value: &Option<i64>) -> Self {
        Self::Integer(*value)
    }
}

impl From<&Option<String>> for Value {
    fn from(value: &Option<String>) -> Self {
        Self::Text(value.clone())
    }
}

impl From<Vec<i64>> for Value {
    fn from(values: Vec<i64>) -> Self {
        Self::Integers(values)
    }
}

impl From<Vec<String>> for Value {
    fn from(values: Vec<String>) -> Self {
        Self::Texts(values)
    }
}

impl Value {
    /// The value as a column of a type takes it: SQLite has numbers for truth values, and its NULL is of no type.
    pub(in crate::store) fn of_kind(self, kind: &str) -> Self {
        match (self, kind) {
            (Self::Integer(value), "boolean") => Self::Boolean(value.map(|value| value != 0)),
            (Self::Text(None), "boolean") => Self::Boolean(None),
            (Self::Text(None), "bigint" | "INTEGER") => Self::Integer(None),
            (Self::Text(None), "bytea" | "BLOB") => Self::Bytes(None),
            (Self::Text(None), "double precision" | "REAL") => Self::Real(None),
            (value, _) => value,
        }
    }

    /// Adds the value to a digest, alike for both engines.
    pub(in crate::store) fn update(&self, hash: &mut Sha256) {
        let text = match self {
            Self::Integer(Some(value)) => format!("n{value}"),
            Self::Boolean(Some(value)) => format!("n{}", i64::from(*value)),
            Self::Real(Some(value)) => format!("r{:x}", value.to_bits()),
            Self::Text(Some(value)) => format!("t{}", without_nul(value.clone())),
            Self::Bytes(Some(value)) => {
                hash.update((value.len() as u64).to_le_bytes());
                hash.update(value);
                return;
            }
            _ => String::new(),
        };
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
}

/// The values as SQLite takes them.
pub(super) fn for_sqlite(values: Vec<Value>) -> Result<SqliteArguments, Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        let added = match value {
            Value::Integer(value) => arguments.add(value),
            Value::Real(value) => arguments.add(value),
            Value::Boolean(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Integers(values) => arguments.add(integers_as_json(&values)),
            Value::Texts(values) => arguments.add(crate::store::to_json(&values)),
        };
        added.map_err(Error::Encode)?;
    }
    Ok(arguments)
}

fn integers_as_json(values: &[i64]) -> String {
    let values = values.iter().map(ToString::to_string).collect::<Vec<_>>();
    format!("[{}]", values.join(","))
}

/// The values as PostgreSQL takes them.
pub(super) fn for_postgres(values: Vec<Value>) -> Result<PgArguments, Error> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        let added = match value {
            Value::Integer(value) => arguments.add(value),
            Value::Real(value) => arguments.add(value),
            Value::Boolean(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value.map(without_nul)),
            Value::Bytes(value) => arguments.add(value),
            Value::Integers(values) => arguments.add(values),
            Value::Texts(values) => {
                arguments.add(values.into_iter().map(without_nul).collect::<Vec<_>>())
            }
        };
        added.map_err(Error::Encode)?;
    }
    Ok(arguments)
}

/// PostgreSQL keeps no NUL, neither in text nor, where it is to read that, in JSON: U+FFFD stands for it.
fn without_nul(text: String) -> String {
    const ESCAPED: &str = "\\u0000";
    let is_json = text.starts_with(['{', '[']);
    let has_any = text.contains('\0') || (is_json && text.contains(ESCAPED));
    if !has_any {
        return text;
    }
    let text = text.replace('\0', "\u{fffd}");
    if !is_json {
        return text;
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('\\') {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        // An escape is read as a whole, so that an escaped backslash begins none.
        if let Some(after) = rest.strip_prefix(ESCAPED) {
            kept.push('\u{fffd}');
            rest = after;
        } else {
            let end = rest.char_indices().nth(2).map_or(rest.len(), |(end, _)| end);
            kept.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_stands_as_a_replacement_character() {
        for (text, expected) in [
            ("a\0b", "a\u{fffd}b"),
            (r#"{"a":"\u0000\\u0000\"\u0000"}"#, "{\"a\":\"\u{fffd}\\\\u0000\\\"\u{fffd}\"}"),
            (r"typed \u0000", r"typed \u0000"),
            (r"[it is \", r"[it is \"),
        ] {
            assert_eq!(without_nul(text.to_owned()), expected);
        }
    }
}
