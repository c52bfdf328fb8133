//! Regular expressions from rules files.

use regex::Regex;

use crate::config::toml_reader::TomlReader;

/// Reads the key `pattern`; a bad one is a mistake and `None`.
pub(super) fn pattern(table: &mut TomlReader) -> Option<Regex> {
    let text = table.text("pattern", "");
    compile(table, "pattern", &text)
}

pub(super) fn compile(table: &mut TomlReader, key: &str, text: &str) -> Option<Regex> {
    if text.is_empty() {
        table.wrong(key, "missing; expected a regular expression");
        return None;
    }
    match Regex::new(text) {
        Ok(regex) => Some(regex),
        Err(error) => {
            let last = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
            table.wrong(key, format!("not a regular expression: {last}"));
            None
        }
    }
}
