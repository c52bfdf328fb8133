//! The clocks of due questions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rules::model::ids::ClusterId;
use rules::report::service_level::ProposalTimes;

use crate::store::clusters::cluster_rows::cluster_id;
use crate::store::engine;
use crate::store::sql::SqlTime;
use crate::store::{Result, Store};

type ProposalTuple = (String, i64, Option<i64>, Option<i64>);

impl Store {
    /// The clocks of all clusters that are due or have a proposal, by cluster. A proposal that is only planned
    /// is not offered yet. A decision without a merged page is dated by the last change of its proposal.
    pub async fn proposal_times(&self) -> Result<Vec<ProposalTimes>> {
        let due = engine::query_as::<(String, i64)>(
            "SELECT id, due_since FROM clusters WHERE due_since IS NOT NULL",
        )
        .fetch_all(&self.read)
        .await?;
        let proposals = engine::query_as::<ProposalTuple>(
            "SELECT COALESCE(redirects.cluster, proposals.cluster), opened, \
             CASE WHEN proposals.state <> 'planned' THEN opened END, \
             CASE WHEN proposals.state IN ('rejected', 'superseded', 'withdrawn', 'merged', 'nothing') \
             THEN updated END FROM proposals LEFT JOIN redirects ON old = proposals.cluster \
             WHERE purpose = 'answer' ORDER BY opened",
        )
        .fetch_all(&self.read)
        .await?;
        let merged = self.merge_times().await?;
        let mut times = BTreeMap::new();
        for (cluster, due_since) in due {
            let cluster = cluster_id(&cluster)?;
            let decided = merged.get(&cluster).copied();
            let due_since = Timestamp::from_sql(due_since);
            times.insert(
                cluster.clone(),
                ProposalTimes { cluster, due_since, offered: None, decided },
            );
        }
        for (cluster, opened, offered, closed) in proposals {
            let cluster = cluster_id(&cluster)?;
            let decided = merged.get(&cluster).copied().or(closed.map(Timestamp::from_sql));
            let entry = times.entry(cluster.clone()).or_insert_with(|| ProposalTimes {
                cluster,
                due_since: Timestamp::from_sql(opened),
                offered: None,
                decided: None,
            });
            // Of several, the first was offered first, and the last one decides.
            entry.offered = entry.offered.or(offered.map(Timestamp::from_sql));
            entry.decided = decided;
        }
        Ok(times.into_values().collect())
    }

    /// When each merged answer was merged, by the cluster that it belongs to today.
    pub async fn merge_times(&self) -> Result<BTreeMap<ClusterId, Timestamp>> {
        let rows = engine::query_as::<(String, i64)>(
            "SELECT COALESCE(redirects.cluster, merged_answers.cluster), MIN(merged) \
             FROM merged_answers LEFT JOIN redirects ON old = merged_answers.cluster GROUP BY 1",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter()
            .map(|(cluster, merged)| Ok((cluster_id(&cluster)?, Timestamp::from_sql(merged))))
            .collect()
    }
}
