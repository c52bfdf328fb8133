//! What belongs to a workspace.

use std::collections::{BTreeMap, BTreeSet};

use rules::model::cluster::Cluster;
use rules::model::ids::{ChannelId, GuildId};
use rules::model::workspace::{ChannelPlace, WorkspaceId, Workspaces};
use sqlx::AssertSqlSafe;

use crate::store::engine;
use crate::store::sql::SqlId;
use crate::store::{MAX_BINDS, Result, Store, placeholders};

impl Store {
    /// Those of these clusters that belong to a workspace, in their order.
    pub async fn within(
        &self,
        mut clusters: Vec<Cluster>,
        workspaces: &Workspaces,
        workspace: WorkspaceId,
    ) -> Result<Vec<Cluster>> {
        if !workspaces.is_divided() {
            return Ok(clusters);
        }
        let channels = clusters.iter().flat_map(|one| &one.occurrences).map(|one| one.channel);
        let parents = self.parents_of(channels.collect()).await?;
        let home = |cluster: &Cluster| {
            workspaces.of_cluster(cluster, |channel| parents.get(&channel).copied())
        };
        clusters.retain(|cluster| home(cluster) == Some(workspace));
        Ok(clusters)
    }

    /// The workspace of a channel that is stored.
    pub async fn workspace_of(
        &self,
        channel: ChannelId,
        workspaces: &Workspaces,
    ) -> Result<Option<WorkspaceId>> {
        let guild = engine::query_scalar::<i64>("SELECT guild FROM channels WHERE id = $1")
            .bind(channel.to_sql())
            .fetch_optional(&self.read)
            .await?;
        let parent = self.parents_of(BTreeSet::from([channel])).await?.remove(&channel);
        let server = guild.map(GuildId::from_sql);
        Ok(server.and_then(|server| workspaces.of(ChannelPlace { server, channel, parent })))
    }

    /// The channels or forums of those of these channels that are threads or posts.
    pub(crate) async fn parents_of(
        &self,
        channels: BTreeSet<ChannelId>,
    ) -> Result<BTreeMap<ChannelId, ChannelId>> {
        let mut parents = BTreeMap::new();
        for ids in channels.into_iter().collect::<Vec<_>>().chunks(MAX_BINDS) {
            let sql = format!(
                "SELECT id, parent FROM channels WHERE parent IS NOT NULL \
                 AND kind IN ('thread', 'private-thread') AND id IN {}",
                placeholders(1, ids.len())
            );
            let mut query = engine::query_as::<(i64, i64)>(AssertSqlSafe(sql));
            for id in ids {
                query = query.bind(id.to_sql());
            }
            let rows = query.fetch_all(&self.read).await?.into_iter();
            parents.extend(rows.map(|(id, up)| (ChannelId::from_sql(id), ChannelId::from_sql(up))));
        }
        Ok(parents)
    }
}
