//! What was proposed to the maintainers.

use rules::ids::{ClusterId, Millis};
use serde::Serialize;

use super::{Result, Store, StoreError, clusters::cluster_id};

/// A cluster's one proposal, as last pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    pub cluster: ClusterId,
    pub branch: String,
    /// The commit that we pushed.
    pub head: String,
    /// Of the page's inputs: equal digests need no push.
    pub digest: String,
    pub title: String,
    /// The page's path in the repository.
    pub path: String,
    pub state: ProposalState,
    pub opened: Millis,
    pub updated: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProposalState {
    Open,
    /// A person changed the branch: it is theirs.
    HandsOff,
}

impl ProposalState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::HandsOff => "hands-off",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        [Self::Open, Self::HandsOff].into_iter().find(|state| state.as_str() == text).ok_or_else(
            || StoreError::Unreadable {
                what: "a proposal state",
                source: format!("{text:?} is no state").into(),
            },
        )
    }
}

type Row = (String, String, String, String, String, String, String, i64, i64);

impl Store {
    pub async fn proposal(&self, cluster: &ClusterId) -> Result<Option<Proposal>> {
        let row = sqlx::query_as::<_, Row>(
            "SELECT cluster, branch, head, digest, title, path, state, opened, updated \
             FROM proposals WHERE cluster = $1",
        )
        .bind(cluster.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.map(proposal).transpose()
    }

    /// Every proposal, oldest first.
    pub async fn proposals(&self) -> Result<Vec<Proposal>> {
        let rows = sqlx::query_as::<_, Row>(
            "SELECT cluster, branch, head, digest, title, path, state, opened, updated \
             FROM proposals ORDER BY opened, cluster",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(proposal).collect()
    }

    /// Stores a proposal; the first opening time is kept.
    pub async fn keep_proposal(&self, proposal: &Proposal) -> Result<()> {
        let Proposal { cluster, branch, head, digest, title, path, state, opened, updated } =
            proposal;
        sqlx::query(
            "INSERT INTO proposals (cluster, branch, head, digest, title, path, state, opened, updated) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (cluster) DO UPDATE SET branch = excluded.branch, head = excluded.head, \
             digest = excluded.digest, title = excluded.title, path = excluded.path, \
             state = excluded.state, updated = excluded.updated",
        )
        .bind(cluster.as_str())
        .bind(branch)
        .bind(head)
        .bind(digest)
        .bind(title)
        .bind(path)
        .bind(state.as_str())
        .bind(opened.0)
        .bind(updated.0)
        .execute(&self.write)
        .await?;
        Ok(())
    }
}

fn proposal(row: Row) -> Result<Proposal> {
    let (cluster, branch, head, digest, title, path, state, opened, updated) = row;
    Ok(Proposal {
        cluster: cluster_id(&cluster)?,
        branch,
        head,
        digest,
        title,
        path,
        state: ProposalState::parse(&state)?,
        opened: Millis(opened),
        updated: Millis(updated),
    })
}
