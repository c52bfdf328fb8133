//! Regular expressions from rules files.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

use crate::config::toml_reader::TomlReader;

/// Reads the key `pattern`; a missing one is a mistake and `None`.
pub(super) fn pattern(table: &mut TomlReader) -> Option<String> {
    let text = table.text("pattern", "");
    if text.is_empty() {
        table.wrong("pattern", "missing; expected a regular expression");
        return None;
    }
    Some(text)
}

/// Compiles a pattern, or says what is wrong with it.
pub(super) fn compile(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| problem(&error))
}

fn problem(error: &impl ToString) -> String {
    let last = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
    format!("not a regular expression: {last}")
}

/// A pattern of a set. Compiled alone when the set first finds it, which most never are: compiling the
/// bundled ones is what the start of the program would spend its time on.
#[derive(Debug)]
pub(super) struct SetPattern {
    text: String,
    compiled: OnceLock<Regex>,
}

impl SetPattern {
    /// Checks the syntax; whether it is too large is for the set to tell.
    pub(super) fn new(text: String) -> Result<Self, String> {
        regex_syntax::parse(&text).map_err(|error| problem(&error))?;
        Ok(Self { text, compiled: OnceLock::new() })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| {
            let pattern = RegexBuilder::new(&self.text).size_limit(usize::MAX).build();
            pattern.expect("its syntax was checked, and nothing else can fail")
        })
    }
}
