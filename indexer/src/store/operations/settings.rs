//! Named values: the salt of the pseudonyms, digests of what the judgements were made with.

use jiff::Timestamp;
use rules::publish::pseudonym::Salt;

use crate::store::engine;
use crate::store::sql::SqlTime;
use crate::store::{Result, Store, StoreError};

impl Store {
    pub async fn setting(&self, name: &str) -> Result<Option<String>> {
        Ok(engine::query_scalar("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.read)
            .await?)
    }

    pub async fn set(&self, name: &str, value: &str) -> Result<()> {
        let mut transaction = self.begin().await?;
        engine::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&mut transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// A setting that holds a moment, as [`Store::set_time`] writes it.
    pub async fn setting_time(&self, name: &str) -> Result<Option<Timestamp>> {
        Ok(self.setting(name).await?.as_deref().and_then(read_time))
    }

    pub async fn set_time(&self, name: &str, at: Timestamp) -> Result<()> {
        self.set(name, &at.to_sql().to_string()).await
    }

    /// Every setting whose name begins so, by name.
    pub async fn settings_under(&self, prefix: &str) -> Result<Vec<(String, String)>> {
        Ok(engine::query_as(
            "SELECT name, value FROM settings WHERE substr(name, 1, length($1)) = $1 ORDER BY name",
        )
        .bind(prefix)
        .fetch_all(&self.read)
        .await?)
    }

    pub async fn unset(&self, name: &str) -> Result<()> {
        let mut transaction = self.begin().await?;
        engine::query("DELETE FROM settings WHERE name = $1")
            .bind(name)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Keeps `fresh` as the salt of this store's pseudonyms unless there is one already.
    pub async fn keep_salt(&self, fresh: &Salt) -> Result<()> {
        engine::query(
            "INSERT INTO settings (name, value) VALUES ('salt', $1) ON CONFLICT (name) DO NOTHING",
        )
        .bind(hex(&fresh.0))
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// The secret behind this store's pseudonyms; `None` before the first writer kept one.
    pub async fn salt(&self) -> Result<Option<Salt>> {
        self.setting("salt").await?.map(|text| read_salt(&text)).transpose()
    }
}

pub(in crate::store) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(in crate::store) fn read_salt(text: &str) -> Result<Salt> {
    let bytes = (0..16)
        .map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2).unwrap_or("-"), 16))
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|source| StoreError::Unreadable { what: "a salt", source: source.into() })?;
    Ok(Salt(bytes.try_into().expect("sixteen bytes were read")))
}

/// A moment in a setting: milliseconds since the Unix epoch.
pub(super) fn read_time(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_sql)
}
