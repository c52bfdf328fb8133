//! Regular expressions from rules files.

use regex::Regex;

use crate::config::toml_reader::TomlReader;

/// Reads the key `pattern`; a bad one is a mistake and `None`.
pub(super) fn pattern(table: &mut TomlReader) -> Option<Regex> {
    let text = table.text("pattern", "");
    if text.is_empty() {
        table.wrong("pattern", "missing; expected a regular expression");
        return None;
    }
    compile(&text).map_err(|problem| table.wrong("pattern", problem)).ok()
}

/// Compiles a pattern, or says what is wrong with it.
pub(super) fn compile(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| {
        let last = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
        format!("not a regular expression: {last}")
    })
}
