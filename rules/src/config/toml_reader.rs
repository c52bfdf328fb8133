//! Reads TOML that people edit and reports all errors at once.
//!
//! `serde` stops at the first error of a file; a person who edits rules wants all of them, each with
//! the file, the key and what is allowed there.

use std::fmt;

use toml::{Table, Value};

/// One thing that is wrong in a file that people edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub file: String,
    /// Dotted path, `consent.mode`; empty where the whole file is wrong.
    pub key: String,
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, key, problem } = self;
        if key.is_empty() {
            write!(f, "{file}: {problem}")
        } else {
            write!(f, "{file}: {key}: {problem}")
        }
    }
}

/// A table being read. Every key is read at most once; a key that was not read is unknown.
#[derive(Debug)]
pub struct TomlReader {
    file: String,
    path: String,
    table: Table,
    known: Vec<&'static str>,
    mistakes: Vec<ConfigError>,
}

impl TomlReader {
    /// Reads a table that was parsed already; `file` names it in mistakes.
    pub fn new(file: &str, table: Table) -> Self {
        Self {
            file: file.to_owned(),
            path: String::new(),
            table,
            known: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// Parses a whole file. A syntax mistake leaves an empty table and one mistake with its line.
    pub fn parse(file: &str, text: &str) -> Self {
        let mut reader = Self::new(file, Table::new());
        match text.parse::<Table>() {
            Ok(table) => reader.table = table,
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                reader.wrong("", format!("line {line}: {}", error.message()));
            }
        }
        reader
    }

    /// Puts a value at a path of keys, above what the file says; missing tables are made. A key on
    /// the way that holds no table is a mistake.
    pub fn overlay(&mut self, path: &[&str], value: Value) {
        let Some((last, tables)) = path.split_last() else { return };
        let mut table = &mut self.table;
        for key in tables {
            let inner = table.entry(*key).or_insert_with(|| Value::Table(Table::new()));
            match inner {
                Value::Table(inner) => table = inner,
                _ => {
                    return self.wrong(
                        &path.join("."),
                        "set from outside, but the file has no table there",
                    );
                }
            }
        }
        table.insert((*last).to_owned(), value);
    }

    /// Reads the table at `key` with `read`; a missing one reads as empty.
    pub fn section<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Self) -> T) -> T {
        let table = match self.take(key) {
            Some(Value::Table(table)) => table,
            None => Table::new(),
            Some(other) => {
                self.wrong(key, format!("expected a table, found {}", other.type_str()));
                Table::new()
            }
        };
        self.nested(self.join(key), table, read)
    }

    /// Reads every table of the array at `key`; a missing one reads as no tables.
    pub fn sections<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let items = match self.take(key) {
            Some(Value::Array(items)) => items,
            None => Vec::new(),
            Some(other) => {
                self.wrong(key, format!("expected tables `[[{key}]]`, found {}", other.type_str()));
                Vec::new()
            }
        };
        let mut all = Vec::new();
        for (number, item) in items.into_iter().enumerate() {
            let path = format!("{}[{number}]", self.join(key));
            match item {
                Value::Table(table) => all.push(self.nested(path, table, &mut read)),
                other => {
                    self.wrong_at(path, format!("expected a table, found {}", other.type_str()))
                }
            }
        }
        all
    }

    pub fn bool(&mut self, key: &'static str, default: bool) -> bool {
        self.value(key, default, "true or false", |value| value.as_bool())
    }

    /// A whole number within `min..=max`.
    pub fn integer(&mut self, key: &'static str, default: i64, min: i64, max: i64) -> i64 {
        self.value(key, default, &format!("a whole number from {min} to {max}"), |value| {
            value.as_integer().filter(|n| (min..=max).contains(n))
        })
    }

    /// A number within `min..=max`; a whole number is accepted too.
    pub fn number(&mut self, key: &'static str, default: f64, min: f64, max: f64) -> f64 {
        self.value(key, default, &format!("a number from {min} to {max}"), |value| {
            let number = value.as_float().or_else(|| value.as_integer().map(|n| n as f64))?;
            (min..=max).contains(&number).then_some(number)
        })
    }

    pub fn text(&mut self, key: &'static str, default: &str) -> String {
        self.optional_text(key).unwrap_or_else(|| default.to_owned())
    }

    pub fn optional_text(&mut self, key: &'static str) -> Option<String> {
        self.value(key, None, "text in quotes", |value| {
            value.as_str().map(|text| Some(text.to_owned()))
        })
    }

    /// A list of texts; a missing one is empty.
    pub fn texts(&mut self, key: &'static str) -> Vec<String> {
        self.optional_texts(key).unwrap_or_default()
    }

    /// A list of texts, if there is one.
    pub fn optional_texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.value(key, None, "a list of texts in quotes", |value| {
            let texts = value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().map(Some)
        })
    }

    /// The file and the dotted path of a key of this table.
    pub fn position(&self, key: &str) -> (String, String) {
        (self.file.clone(), self.join(key))
    }

    /// One word of `choices`, turned into its value.
    pub fn choice<T: Clone>(&mut self, key: &'static str, default: T, choices: &[(&str, T)]) -> T {
        let allowed = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>();
        self.value(key, default, &format!("one of {}", allowed.join(", ")), |value| {
            let word = value.as_str()?;
            choices.iter().find(|(name, _)| *name == word).map(|(_, choice)| choice.clone())
        })
    }

    /// Every key of this table with its value, for tables whose keys are data.
    pub fn entries(&mut self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.table).into_iter().collect()
    }

    /// Lets keys pass that an earlier version read and this one has no use for.
    pub fn retire(&mut self, keys: &[&'static str]) {
        for key in keys {
            self.take(key);
        }
    }

    /// Records an error of another file that was found while reading this one.
    pub fn report(&mut self, error: ConfigError) {
        self.mistakes.push(error);
    }

    /// Records that the value of `key` is wrong.
    pub fn wrong(&mut self, key: &str, problem: impl Into<String>) {
        self.wrong_at(self.join(key), problem);
    }

    /// Ends the reading: a key that was not read is an error too.
    pub fn finish(mut self) -> Vec<ConfigError> {
        self.refuse_unknown_keys();
        self.mistakes
    }

    fn nested<T>(&mut self, path: String, table: Table, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut inner =
            Self { file: self.file.clone(), path, table, known: Vec::new(), mistakes: Vec::new() };
        let read = read(&mut inner);
        self.mistakes.extend(inner.finish());
        read
    }

    fn value<T>(
        &mut self,
        key: &'static str,
        default: T,
        allowed: &str,
        accept: impl FnOnce(&Value) -> Option<T>,
    ) -> T {
        let Some(value) = self.take(key) else { return default };
        match accept(&value) {
            Some(accepted) => accepted,
            None => {
                self.wrong(key, format!("{value} is not allowed here; expected {allowed}"));
                default
            }
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    fn refuse_unknown_keys(&mut self) {
        let unknown = self.table.keys().cloned().collect::<Vec<_>>();
        for key in unknown {
            self.wrong(&key, format!("unknown key; known here: {}", self.known.join(", ")));
        }
    }

    fn wrong_at(&mut self, key: String, problem: impl Into<String>) {
        self.mistakes.push(ConfigError { file: self.file.clone(), key, problem: problem.into() });
    }

    fn join(&self, key: &str) -> String {
        match (self.path.is_empty(), key.is_empty()) {
            (true, _) => key.to_owned(),
            (false, true) => self.path.clone(),
            (false, false) => format!("{}.{key}", self.path),
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_of_a_file_is_reported_at_once() {
        let mut reader = TomlReader::parse(
            "pages.toml",
            "count = 0\ncolour = 'red'\nnames = [1]\n[deep]\nmode = 'loud'\nextra = 1\n[[row]]\nx = 'a'\n",
        );
        reader.integer("count", 3, 1, 9);
        reader.texts("names");
        reader.section("deep", |deep| deep.choice("mode", 0, &[("quiet", 0), ("calm", 1)]));
        reader.sections("row", |row| row.number("x", 0.0, 0.0, 1.0));
        let said = reader.finish().iter().map(ConfigError::to_string).collect::<Vec<_>>();
        assert_eq!(
            said,
            [
                "pages.toml: count: 0 is not allowed here; expected a whole number from 1 to 9",
                "pages.toml: names: [1] is not allowed here; expected a list of texts in quotes",
                "pages.toml: deep.mode: \"loud\" is not allowed here; expected one of \"quiet\", \"calm\"",
                "pages.toml: deep.extra: unknown key; known here: mode",
                "pages.toml: row[0].x: \"a\" is not allowed here; expected a number from 0 to 1",
                "pages.toml: colour: unknown key; known here: count, names, deep, row",
            ]
        );
    }

    #[test]
    fn a_syntax_mistake_names_its_line() {
        let mistakes = TomlReader::parse("facts.toml", "a = 1\nb = [\n").finish();
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].to_string().starts_with("facts.toml: line "), "{}", mistakes[0]);
    }
}
