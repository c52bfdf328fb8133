//! Secrets, and the files that they are read from.

use std::fmt;
use std::path::{Path, PathBuf};

use rules::config::toml_reader::TomlReader;

/// A text that `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretString(pub String);

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Reads files with secrets, and remembers which.
pub(super) struct SecretFiles {
    /// What relative paths are relative to.
    base: PathBuf,
    paths: Vec<PathBuf>,
}

impl SecretFiles {
    pub(super) fn new(base: &Path) -> Self {
        Self { base: base.to_owned(), paths: Vec::new() }
    }

    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    pub(super) fn into_paths(self) -> Vec<PathBuf> {
        self.paths
    }

    /// The text of the file that `key` names.
    pub(super) fn text(&mut self, table: &mut TomlReader, key: &str, file: &str) -> Option<String> {
        let path = self.base.join(file);
        let text = std::fs::read_to_string(&path);
        self.paths.push(path);
        text.map_err(|error| table.wrong(key, format!("cannot read {file}: {error}"))).ok()
    }

    /// A secret under its own key, or the first line of the file that the other key names.
    pub(super) fn secret(
        &mut self,
        table: &mut TomlReader,
        keys: [&'static str; 2],
    ) -> Option<SecretString> {
        let given = table.optional_text(keys[0]);
        let Some(file) = table.optional_text(keys[1]) else { return given.map(SecretString) };
        if given.is_some() {
            table.wrong(keys[1], format!("`{}` is set too; only one of them can be", keys[0]));
            return None;
        }
        let text = self.text(table, keys[1], &file)?;
        text.lines().next().map(|line| SecretString(line.trim().to_owned()))
    }
}
