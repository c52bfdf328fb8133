//! What was proposed to the maintainers.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rules::model::cluster::{ClusterState, Occurrence};
use rules::model::ids::{ChannelId, ClusterId, MessageId};
use rules::resolution::ConversationVerdict;
use serde::Serialize;

use crate::store::clusters::cluster_rows::cluster_id;
use crate::store::engine::{self, Transaction, named_row};
use crate::store::judging::stored_occurrence::read_occurrence;
use crate::store::judging::stored_verdict::read_verdict;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store, StoreError};

/// A cluster's one proposal, as last pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    pub cluster: ClusterId,
    pub branch: String,
    /// The generated commit that was pushed.
    pub head: String,
    /// Of the page's inputs: equal digests need no push.
    pub digest: String,
    /// Empty once a message of the cluster went, until the proposal is stored again.
    pub title: String,
    /// The page's path in the repository.
    pub path: String,
    pub state: ProposalState,
    #[serde(with = "rules::time::milliseconds")]
    pub opened: Timestamp,
    #[serde(with = "rules::time::milliseconds")]
    pub updated: Timestamp,
    /// What the proposal is for: `answer`, or what the forge calls it.
    pub purpose: String,
    /// Of its pull request.
    pub number: Option<u64>,
    /// What the forge did and saw, in its own JSON.
    pub progress: String,
    /// What people asked of it, in the forge's own JSON.
    pub requests: String,
    /// Why it stands as it does.
    pub note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProposalState {
    Planned,
    Open,
    /// A person changed the branch: it is theirs.
    HandsOff,
    /// A person closed it.
    Rejected,
    /// The answer is on a page already.
    Superseded,
    /// We closed it, as its evidence went.
    Withdrawn,
    Merged,
    /// There is nothing to propose.
    Nothing,
    /// A person asked to wait.
    Held,
    Failed,
}

impl ProposalState {
    pub const ALL: [Self; 10] = [
        Self::Planned,
        Self::Open,
        Self::HandsOff,
        Self::Rejected,
        Self::Superseded,
        Self::Withdrawn,
        Self::Merged,
        Self::Nothing,
        Self::Held,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Open => "open",
            Self::HandsOff => "hands-off",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
            Self::Merged => "merged",
            Self::Nothing => "nothing",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            StoreError::Unreadable {
                what: "a proposal state",
                source: format!("{text:?} is no state").into(),
            }
        })
    }
}

named_row! {
    struct ProposalRow {
        cluster: String,
        branch: String,
        head: String,
        digest: String,
        title: String,
        path: String,
        state: String,
        opened: i64,
        updated: i64,
        purpose: String,
        number: Option<i64>,
        progress: String,
        requests: String,
        note: Option<String>,
    }
}

impl Store {
    /// The proposal of a cluster: under its id, or under the earliest of those that lead to it.
    pub async fn proposal(&self, cluster: &ClusterId) -> Result<Option<Proposal>> {
        let row = engine::query_as::<ProposalRow>(
            "SELECT cluster, branch, head, digest, title, path, state, opened, updated, purpose, \
             number, progress, requests, note \
             FROM proposals WHERE cluster = $1 \
             OR cluster IN (SELECT old FROM redirects WHERE cluster = $1) \
             ORDER BY cluster <> $1, opened, cluster LIMIT 1",
        )
        .bind(cluster.as_str())
        .fetch_optional(&self.read)
        .await?;
        row.map(proposal).transpose()
    }

    /// Every proposal, oldest first.
    pub async fn proposals(&self) -> Result<Vec<Proposal>> {
        let rows = engine::query_as::<ProposalRow>(
            "SELECT cluster, branch, head, digest, title, path, state, opened, updated, purpose, \
             number, progress, requests, note \
             FROM proposals ORDER BY opened, cluster",
        )
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(proposal).collect()
    }

    /// Stores a proposal; the first opening time is kept.
    pub async fn upsert_proposal(&self, proposal: &Proposal) -> Result<()> {
        let mut transaction = self.begin().await?;
        keep(&mut transaction, proposal).await?;
        Ok(transaction.commit().await?)
    }
}

/// Stores a proposal; the first opening time is kept.
pub(in crate::store) async fn keep(
    connection: &mut Transaction,
    proposal: &Proposal,
) -> Result<()> {
    let Proposal { cluster, branch, head, digest, title, path, state, opened, updated, .. } =
        proposal;
    let Proposal { purpose, number, progress, requests, note, .. } = proposal;
    engine::query(
        "INSERT INTO proposals (cluster, branch, head, digest, title, path, state, opened, updated, \
         purpose, number, progress, requests, note) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT (cluster) DO UPDATE SET branch = excluded.branch, head = excluded.head, \
         digest = excluded.digest, title = excluded.title, path = excluded.path, \
         state = excluded.state, updated = excluded.updated, purpose = excluded.purpose, \
         number = excluded.number, progress = excluded.progress, requests = excluded.requests, \
         note = excluded.note",
    )
    .bind(cluster.as_str())
    .bind(branch)
    .bind(head)
    .bind(digest)
    .bind(title)
    .bind(path)
    .bind(state.as_str())
    .bind(opened.to_sql())
    .bind(updated.to_sql())
    .bind(purpose)
    .bind(number.map(|number| number as i64))
    .bind(progress)
    .bind(requests)
    .bind(note)
    .execute(connection)
    .await?;
    Ok(())
}

fn proposal(row: ProposalRow) -> Result<Proposal> {
    Ok(Proposal {
        cluster: cluster_id(&row.cluster)?,
        branch: row.branch,
        head: row.head,
        digest: row.digest,
        title: row.title,
        path: row.path,
        state: ProposalState::parse(&row.state)?,
        opened: Timestamp::from_sql(row.opened),
        updated: Timestamp::from_sql(row.updated),
        purpose: row.purpose,
        number: row.number.map(|number| number as u64),
        progress: row.progress,
        requests: row.requests,
        note: row.note,
    })
}

/// The state of a cluster whose proposal is in a state, where that tells it.
pub(in crate::store) fn cluster_state(proposal: &str) -> Result<Option<ClusterState>> {
    Ok(match ProposalState::parse(proposal)? {
        ProposalState::Open | ProposalState::HandsOff => Some(ClusterState::Proposed),
        ProposalState::Merged => Some(ClusterState::Merged),
        ProposalState::Rejected => Some(ClusterState::Rejected),
        ProposalState::Planned
        | ProposalState::Superseded
        | ProposalState::Withdrawn
        | ProposalState::Nothing
        | ProposalState::Held
        | ProposalState::Failed => None,
    })
}

/// Takes the titles from proposals whose clusters name one of these messages of a channel: a title
/// is made of a question's words. `None` stands for the whole channel. Returns whether there were any.
pub(in crate::store) async fn clear_titles(
    connection: &mut Transaction,
    channel: ChannelId,
    gone: Option<&BTreeSet<MessageId>>,
) -> Result<bool> {
    let mut named = BTreeMap::<String, bool>::new();
    for (cluster, messages) in titled_in(connection, channel).await? {
        let hit = gone.is_none_or(|gone| !gone.is_disjoint(&messages));
        *named.entry(cluster).or_default() |= hit;
    }
    let mut any = false;
    for (cluster, _) in named.into_iter().filter(|(_, hit)| *hit) {
        drop_title(connection, &cluster).await?;
        any = true;
    }
    Ok(any)
}

/// For each occurrence in a channel whose cluster's proposal has a title: that proposal, and the messages of its
/// exchanges.
async fn titled_in(
    connection: &mut Transaction,
    channel: ChannelId,
) -> Result<Vec<(String, BTreeSet<MessageId>)>> {
    // The sign keeps SQLite from reading all of the channel for each proposal.
    let rows = engine::query_as::<(String, String, Option<String>)>(
        "SELECT proposals.cluster, occurrences.body, exchanges.verdict FROM proposals \
         LEFT JOIN redirects ON redirects.old = proposals.cluster \
         JOIN occurrences \
         ON occurrences.cluster = COALESCE(redirects.cluster, proposals.cluster) \
         LEFT JOIN exchanges ON exchanges.conversation = occurrences.conversation \
         WHERE proposals.title <> '' AND +occurrences.channel = $1",
    )
    .bind(channel.to_sql())
    .fetch_all(connection)
    .await?;
    let named = |(cluster, body, verdict): (String, String, Option<String>)| {
        let verdict = verdict.as_deref().map(read_verdict).transpose()?;
        Ok((cluster, messages_of(&read_occurrence(&body)?, verdict.as_ref())))
    };
    rows.into_iter().map(named).collect()
}

fn messages_of(
    occurrence: &Occurrence,
    verdict: Option<&ConversationVerdict>,
) -> BTreeSet<MessageId> {
    let quotes = std::iter::once(&occurrence.question).chain(&occurrence.answers);
    let signals = occurrence.signals.iter().map(|signal| signal.message);
    let mut messages = quotes.map(|quote| quote.message).chain(signals).collect::<BTreeSet<_>>();
    messages.extend(verdict.into_iter().flat_map(ConversationVerdict::messages));
    messages
}

async fn drop_title(connection: &mut Transaction, cluster: &str) -> Result<()> {
    engine::query("UPDATE proposals SET title = '' WHERE cluster = $1")
        .bind(cluster)
        .execute(connection)
        .await?;
    Ok(())
}
