//! The feed of changed clusters that the index follows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rules::model::ids::{ChannelId, ClusterId, GuildId};
use rules::model::workspace::ChannelPlace;
use sqlx::AssertSqlSafe;

use super::cluster_rows::cluster_id;
use crate::store::engine;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, Store, placeholders};

/// One cluster that changed, appeared or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexChange {
    pub seq: i64,
    pub cluster: ClusterId,
}

/// A change as those see it who follow answers from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerChange {
    pub seq: i64,
    pub cluster: ClusterId,
    /// What the cluster is now, whatever it was at the time of the change.
    pub kind: AnswerChangeKind,
    /// `None` for a change that an earlier version entered.
    pub at: Option<Timestamp>,
    /// Where the cluster is, or was.
    pub places: Vec<ChannelPlace>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerChangeKind {
    /// It is there, with what it says now.
    Changed,
    /// Its id leads to this cluster.
    Merged(ClusterId),
    Deleted,
}

type AnswerChangeTuple = (i64, String, Option<i64>, bool, Option<String>);
type PlaceTuple = (String, i64, i64, Option<i64>);

impl Store {
    /// The changes after `seq`, oldest first, at most `limit`.
    pub async fn changes_after(&self, seq: i64, limit: u32) -> Result<Vec<IndexChange>> {
        let rows = engine::query_as::<(i64, String)>(
            "SELECT seq, cluster FROM index_changes WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(seq)
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        rows.into_iter()
            .map(|(seq, id)| Ok(IndexChange { seq, cluster: cluster_id(&id)? }))
            .collect()
    }

    /// The number of the newest change; 0 where there was none.
    pub async fn newest_change(&self) -> Result<i64> {
        Ok(engine::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM index_changes")
            .fetch_one(&self.read)
            .await?)
    }

    /// The changes after `seq` with what became of each cluster, oldest first, at most `limit`.
    pub async fn answer_changes_after(&self, seq: i64, limit: u32) -> Result<Vec<AnswerChange>> {
        let rows = engine::query_as::<AnswerChangeTuple>(
            "SELECT changes.seq, changes.cluster, changes.at, clusters.id IS NOT NULL, \
             redirects.cluster FROM index_changes AS changes \
             LEFT JOIN clusters ON clusters.id = changes.cluster \
             LEFT JOIN redirects ON redirects.old = changes.cluster \
             WHERE changes.seq > $1 ORDER BY changes.seq LIMIT $2",
        )
        .bind(seq)
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        let ids = rows.iter().map(|(_, cluster, ..)| cluster.as_str()).collect::<BTreeSet<_>>();
        let places = self.cluster_places(&ids.into_iter().collect::<Vec<_>>()).await?;
        let mut changes = Vec::new();
        for (seq, cluster, at, is_there, successor) in rows {
            let kind = match (is_there, successor) {
                (true, _) => AnswerChangeKind::Changed,
                (false, Some(successor)) => AnswerChangeKind::Merged(cluster_id(&successor)?),
                (false, None) => AnswerChangeKind::Deleted,
            };
            let places = places.get(&cluster).cloned().unwrap_or_default();
            let cluster = cluster_id(&cluster)?;
            changes.push(AnswerChange {
                seq,
                cluster,
                kind,
                at: at.map(Timestamp::from_sql),
                places,
            });
        }
        Ok(changes)
    }

    /// The channels of each cluster; of one that is gone, the channel that it was last named by.
    async fn cluster_places(&self, ids: &[&str]) -> Result<BTreeMap<String, Vec<ChannelPlace>>> {
        let mut places = BTreeMap::<String, Vec<ChannelPlace>>::new();
        for ids in ids.chunks(MAX_BINDS) {
            let list = placeholders(1, ids.len());
            let sql = format!(
                "SELECT placed.cluster, channels.id, channels.guild, \
                 CASE WHEN channels.kind IN ('thread', 'private-thread') THEN channels.parent END \
                 FROM (SELECT DISTINCT cluster, channel FROM occurrences WHERE cluster IN {list} \
                 UNION SELECT cluster, channel FROM cluster_places WHERE cluster IN {list} \
                 AND cluster NOT IN (SELECT id FROM clusters)) AS placed \
                 JOIN channels ON channels.id = placed.channel"
            );
            let mut query = engine::query_as::<PlaceTuple>(AssertSqlSafe(sql));
            for id in ids {
                query = query.bind(*id);
            }
            for (cluster, channel, server, parent) in query.fetch_all(&self.read).await? {
                places.entry(cluster).or_default().push(ChannelPlace {
                    server: GuildId::from_sql(server),
                    channel: ChannelId::from_sql(channel),
                    parent: parent.map(ChannelId::from_sql),
                });
            }
        }
        Ok(places)
    }
}
