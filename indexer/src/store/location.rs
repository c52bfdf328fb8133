//! Where a store is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use super::{Result, StoreError};

/// Where a store is. The data directory has the index, drafts and locks in any case.
#[derive(Debug, Clone)]
pub struct StoreLocation {
    pub data: PathBuf,
    /// The PostgreSQL database that keeps the store; `None` for a file of SQLite in the data directory.
    pub server: Option<ServerUrl>,
}

/// The address of a PostgreSQL database, which may hold a password. `Debug` and `Display` leave that out.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl(String);

impl ServerUrl {
    pub(super) fn options(&self) -> Result<PgConnectOptions> {
        // The reason is left out: it may quote the password.
        PgConnectOptions::from_str(&self.0).map_err(|_| StoreError::Address)
    }
}

impl FromStr for ServerUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        let is_known =
            ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        let url = Self(text.to_owned());
        if is_known && url.options()?.get_database().is_some() {
            Ok(url)
        } else {
            Err(StoreError::Address)
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(options) = self.options() else { return f.write_str("postgres://…") };
        let database = options.get_database().unwrap_or_default();
        write!(f, "postgres://{}:{}/{database}", options.get_host(), options.get_port())
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StoreLocation {
    /// Whether the store may hold something: a database on a server is asked when it is opened.
    pub fn exists(&self) -> bool {
        self.server.is_some() || super::Store::exists(&self.data)
    }
}

impl From<&Path> for StoreLocation {
    fn from(data: &Path) -> Self {
        Self { data: data.to_owned(), server: None }
    }
}

impl From<&PathBuf> for StoreLocation {
    fn from(data: &PathBuf) -> Self {
        data.as_path().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_database_and_hides_its_password() {
        let url = ServerUrl::from_str("postgres://ann:hush@db.example:5433/answers").unwrap();
        assert_eq!(
            format!("{url} {url:?}"),
            "postgres://db.example:5433/answers postgres://db.example:5433/answers"
        );
        for text in
            ["postgres://ann:hush@db.example", "mysql://db/answers", "", "postgres://a:hush@[/b"]
        {
            let error = ServerUrl::from_str(text).unwrap_err();
            assert!(matches!(error, StoreError::Address), "{text}");
            assert!(!format!("{error} {error:?}").contains("hush"));
        }
    }
}
