//! When people joined a server.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rules::model::ids::{GuildId, MessageId, UserId};
use sqlx::AssertSqlSafe;

use super::batch::{MemberJoin, place};
use super::invalidations::Invalidations;
use crate::store::engine::{self, Transaction};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, Store, placeholders};

impl Store {
    /// When these people joined the server, as far as a source said it.
    pub async fn join_dates(
        &self,
        guild: GuildId,
        users: &[UserId],
    ) -> Result<BTreeMap<UserId, Timestamp>> {
        let mut found = BTreeMap::new();
        for chunk in users.chunks(MAX_BINDS - 1) {
            let sql = format!(
                "SELECT members.user, joined FROM members WHERE guild = ? AND members.user IN {}",
                placeholders(1, chunk.len())
            );
            let mut query = engine::query_as::<(i64, i64)>(AssertSqlSafe(sql)).bind(guild.to_sql());
            for user in chunk {
                query = query.bind(user.to_sql());
            }
            let rows = query.fetch_all(&self.read).await?;
            found.extend(
                rows.into_iter()
                    .map(|(user, at)| (UserId::from_sql(user), Timestamp::from_sql(at))),
            );
        }
        Ok(found)
    }
}

/// Keeps each person's earliest date. What they wrote as a newcomer, and was stored before their date
/// was known, is judged again.
pub(in crate::store) async fn upsert_joins(
    connection: &mut Transaction,
    joins: &[&MemberJoin],
    stale: &mut Invalidations,
) -> Result<()> {
    let mut earliest = BTreeMap::<_, &MemberJoin>::new();
    for join in joins {
        let known = earliest.entry((join.guild, join.user)).or_insert(join);
        if join.joined < known.joined {
            *known = join;
        }
    }
    for join in earliest.into_values() {
        let earlier = engine::query(
            "INSERT INTO members (guild, \"user\", joined) VALUES ($1, $2, $3) \
             ON CONFLICT (guild, \"user\") DO UPDATE SET joined = excluded.joined \
             WHERE excluded.joined < members.joined",
        )
        .bind(join.guild.to_sql())
        .bind(join.user.to_sql())
        .bind(join.joined.to_sql())
        .execute(&mut *connection)
        .await?;
        if earlier.rows_affected() > 0 {
            rejudge_newcomer(connection, join, stale).await?;
        }
    }
    Ok(())
}

/// Reads a range of each channel of the server, and nothing of one who never spoke.
async fn rejudge_newcomer(
    connection: &mut Transaction,
    join: &MemberJoin,
    stale: &mut Invalidations,
) -> Result<()> {
    let rows = engine::query_as::<(i64, i64)>(
        "SELECT messages.channel, messages.id FROM channels CROSS JOIN messages \
         ON messages.channel = channels.id AND messages.id >= $3 AND messages.id < $4 \
         WHERE EXISTS (SELECT 1 FROM users WHERE id = $2) \
         AND channels.guild = $1 AND messages.author = $2",
    )
    .bind(join.guild.to_sql())
    .bind(join.user.to_sql())
    .bind(MessageId::min_at(join.joined).to_sql())
    .bind(MessageId::min_at(join.counts_from).to_sql())
    .fetch_all(connection)
    .await?;
    rows.into_iter().for_each(|(channel, message)| stale.add(place(channel, message)));
    Ok(())
}
