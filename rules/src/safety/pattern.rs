//! Regular expressions from rules files.

use regex::Regex;

use crate::config::toml_reader::TomlReader;

/// Reads the key `pattern`; a bad one is a mistake and `None`.
pub(super) fn pattern(table: &mut TomlReader) -> Option<Regex> {
    pattern_with(table, "pattern", str::to_owned)
}

/// Reads a pattern that `prepare` completes; a bad one is a mistake and `None`.
pub(super) fn pattern_with(
    table: &mut TomlReader,
    key: &'static str,
    prepare: impl Fn(&str) -> String,
) -> Option<Regex> {
    let text = table.text(key, "");
    if text.is_empty() {
        table.wrong(key, "missing; expected a regular expression");
        return None;
    }
    compile(&prepare(&text)).map_err(|problem| table.wrong(key, problem)).ok()
}

/// Compiles a pattern, or says what is wrong with it.
pub(super) fn compile(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| {
        let last = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
        format!("not a regular expression: {last}")
    })
}
