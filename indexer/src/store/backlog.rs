//! Questions that nothing has settled yet.

use rules::ids::MessageId;

use super::conversations::{StoredConversation, stored};
use super::{Result, Store};

impl Store {
    /// The conversations with an open question that began at or after `from`, by id.
    pub async fn open_since(&self, from: MessageId) -> Result<Vec<StoredConversation>> {
        let rows = sqlx::query_as::<_, (i64, i64, String, String)>(
            "SELECT id, channel, links, verdict FROM conversations \
             WHERE status = 'open' AND id >= $1 ORDER BY id",
        )
        .bind(from.0 as i64)
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(stored).collect())
    }
}
