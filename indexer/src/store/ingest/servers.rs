//! What servers are called.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rules::model::ids::GuildId;

use crate::store::engine::{self, Transaction};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store};

impl Store {
    /// The names of the servers that a source named.
    pub async fn server_names(&self) -> Result<BTreeMap<GuildId, String>> {
        let rows = engine::query_as::<(i64, String)>("SELECT id, name FROM servers")
            .fetch_all(&self.read)
            .await?;
        Ok(rows.into_iter().map(|(id, name)| (GuildId::from_sql(id), name)).collect())
    }
}

/// Keeps the name that was seen last. Of two that were seen at once the order does not decide.
pub(in crate::store) async fn upsert_servers(
    connection: &mut Transaction,
    servers: &[(GuildId, String, Timestamp)],
) -> Result<()> {
    for (id, name, observed) in servers {
        engine::query(
            "INSERT INTO servers (id, name, observed) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, observed = excluded.observed \
             WHERE (excluded.observed, excluded.name) > (servers.observed, servers.name)",
        )
        .bind(id.to_sql())
        .bind(name)
        .bind(observed.to_sql())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
