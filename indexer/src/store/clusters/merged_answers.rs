//! Answers as maintainers merged them, and the messages that they stand on.
//!
//! The words of an answer go in the transaction in which one of its messages goes, and come back only
//! when the answer is kept again. While a channel of its evidence is hidden they stay but are not
//! served. An answer is kept under the id that its page names; where that id leads to another cluster,
//! so does the answer.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rules::model::cluster::MergedAnswer;
use rules::model::ids::{ChannelId, ClusterId, MessageId};
use sqlx::AssertSqlSafe;

use super::cluster_rows::{add_change, cluster_id};
use super::likeness::cluster_list;
use crate::store::engine::{self, Transaction, named_row};
use crate::store::ingest::batch::{MessageKey, by_channel};
use crate::store::ingest::invalidations::Invalidations;
use crate::store::operations::purge::note_purge;
use crate::store::proposals::{proposal_rows, review_decisions};
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{MAX_BINDS, Result, Store, placeholders};

/// A merged answer.
#[derive(Clone, PartialEq, Eq)]
pub struct MergedAnswerRow {
    /// As the page's marker names it: it may lead to another cluster.
    pub cluster: ClusterId,
    /// Of the pull request.
    pub number: Option<u64>,
    /// The page's path in the repository.
    pub path: String,
    /// Where readers find the page.
    pub link: String,
    /// Empty, as the answer, where a message of the evidence went.
    pub title: String,
    /// Markdown as merged, without title, sources, evidence and marks.
    pub answer: String,
    /// Of the whole file, to tell whether people changed it since.
    pub digest: String,
    pub merged: Timestamp,
    /// The messages that the page links to, by id.
    pub evidence: Vec<MessageId>,
}

impl std::fmt::Debug for MergedAnswerRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MergedAnswerRow")
            .field("cluster", &self.cluster)
            .field("path", &self.path)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

named_row! {
    struct StoredAnswer {
        cluster: String,
        number: Option<i64>,
        path: String,
        link: String,
        title: String,
        answer: String,
        digest: String,
        merged: i64,
    }
}

impl Store {
    /// Stores a merged answer with its evidence, and has the index follow; equal to what is stored, it
    /// changes nothing. The words are left out if a message of the evidence is not stored: whether it
    /// was deleted or is still to be read is unknown then.
    pub async fn upsert_merged_answer(&self, merged: &MergedAnswerRow) -> Result<()> {
        let mut transaction = self.begin().await?;
        let mut merged = merged.clone();
        merged.evidence.sort_unstable();
        merged.evidence.dedup();
        let mut evidence = Vec::new();
        for message in &merged.evidence {
            evidence.push((*message, place_of(&mut transaction, *message).await?));
        }
        if evidence.iter().any(|(_, channel)| channel.is_none()) {
            merged.title.clear();
            merged.answer.clear();
        }
        let known = one(&mut transaction, &merged.cluster).await?;
        let places = places(&mut transaction, &merged.cluster).await?;
        if known.as_ref() == Some(&merged) && places == evidence {
            return Ok(());
        }
        upsert(&mut transaction, &merged).await?;
        delete_evidence(&mut transaction, &merged.cluster).await?;
        insert_evidence(&mut transaction, &merged.cluster, &evidence).await?;
        if known.is_some() {
            // The words that were there before leave the file too.
            note_purge(&mut transaction).await?;
        }
        record_index_change(&mut transaction, merged.cluster.as_str()).await?;
        Ok(transaction.commit().await?)
    }

    /// Every merged answer, by id.
    pub async fn merged_answers(&self) -> Result<Vec<MergedAnswerRow>> {
        let mut transaction = self.read.begin_reading().await?;
        let rows = engine::query_as::<StoredAnswer>(
            "SELECT cluster, number, path, link, title, answer, digest, merged \
             FROM merged_answers ORDER BY cluster",
        )
        .fetch_all(&mut transaction)
        .await?;
        let mut found = Vec::new();
        for row in rows {
            found.push(merged(&mut transaction, row).await?);
        }
        Ok(found)
    }

    /// The clusters with a merged answer, at most `limit`, newest first.
    pub async fn merged_answer_clusters(&self, limit: u32) -> Result<Vec<ClusterId>> {
        let ids = engine::query_scalar::<String>(
            "SELECT cluster FROM merged_answers ORDER BY merged DESC, cluster LIMIT $1",
        )
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        ids.iter().map(|id| cluster_id(id)).collect()
    }

    /// The merged answer of a cluster: under its id, or under the earliest of those that lead to it.
    pub async fn merged_answer(&self, cluster: &ClusterId) -> Result<Option<MergedAnswerRow>> {
        let mut transaction = self.read.begin_reading().await?;
        let id = engine::query_scalar::<String>(
            "SELECT cluster FROM merged_answers WHERE cluster = $1 \
             OR cluster IN (SELECT old FROM redirects WHERE cluster = $1) \
             ORDER BY cluster <> $1, merged, cluster LIMIT 1",
        )
        .bind(cluster.as_str())
        .fetch_optional(&mut transaction)
        .await?;
        match id {
            Some(id) => one(&mut transaction, &cluster_id(&id)?).await,
            None => Ok(None),
        }
    }

    /// The messages of a channel that merged answers stand on.
    pub(in crate::store) async fn evidence_in(
        &self,
        channel: ChannelId,
    ) -> Result<BTreeSet<MessageId>> {
        let ids = engine::query_scalar::<i64>(
            "SELECT message FROM merged_answer_evidence WHERE channel = $1",
        )
        .bind(channel.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(ids.into_iter().map(MessageId::from_sql).collect())
    }

    /// Forgets a merged answer that is kept under exactly this id.
    pub async fn delete_merged_answer(&self, cluster: &ClusterId) -> Result<()> {
        let mut transaction = self.begin().await?;
        if delete(&mut transaction, cluster).await? {
            delete_evidence(&mut transaction, cluster).await?;
            note_purge(&mut transaction).await?;
            record_index_change(&mut transaction, cluster.as_str()).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The messages that the answer of a cluster, as [`Store::merged_answer`] finds it, stands on and that
    /// may not be shown: not stored, or in a channel that is hidden, gone or out of scope.
    pub async fn deleted_evidence(&self, cluster: &ClusterId) -> Result<Vec<MessageId>> {
        let sql = format!(
            "SELECT message FROM merged_answer_evidence AS one \
             WHERE cluster = (SELECT cluster FROM merged_answers WHERE cluster = $1 \
             OR cluster IN (SELECT old FROM redirects WHERE cluster = $1) \
             ORDER BY cluster <> $1, merged, cluster LIMIT 1) AND {GONE} ORDER BY message"
        );
        let ids = engine::query_scalar::<i64>(AssertSqlSafe(sql))
            .bind(cluster.as_str())
            .fetch_all(&self.read)
            .await?;
        Ok(ids.into_iter().map(MessageId::from_sql).collect())
    }

    /// The merged answers of these clusters, a cluster's own before one that leads to it; `None` where
    /// there is one that may not be served.
    pub(in crate::store) async fn merged_answers_of(
        &self,
        ids: &[ClusterId],
    ) -> Result<BTreeMap<ClusterId, Option<MergedAnswer>>> {
        let sql = format!(
            "WITH kept (cluster, under) AS (SELECT value, value FROM json_each($1) \
             WHERE NOT EXISTS (SELECT 1 FROM redirects WHERE old = value) UNION ALL \
             SELECT value, old FROM json_each($1) CROSS JOIN redirects ON redirects.cluster = value) \
             SELECT kept.cluster, title, answer, link, merged, title <> '' AND answer <> '' \
             AND NOT EXISTS (SELECT 1 FROM merged_answer_evidence AS one \
             WHERE one.cluster = merged_answers.cluster AND {GONE}) AS served \
             FROM kept CROSS JOIN merged_answers ON merged_answers.cluster = kept.under \
             ORDER BY served DESC, kept.under <> kept.cluster, merged, merged_answers.cluster"
        );
        let rows =
            engine::query_as::<(String, String, String, String, i64, bool)>(AssertSqlSafe(sql));
        let rows = rows.bind(cluster_list(ids.iter())).fetch_all(&self.read).await?;
        let mut found = BTreeMap::new();
        for (id, title, answer, link, merged, served) in rows {
            let merged_answer =
                MergedAnswer { title, answer, link, merged: Timestamp::from_sql(merged) };
            found.entry(cluster_id(&id)?).or_insert(served.then_some(merged_answer));
        }
        Ok(found)
    }
}

/// Whether a message of the evidence, `one`, may not be shown.
const GONE: &str = "NOT CASE one.channel WHEN 0 THEN EXISTS (SELECT 1 FROM channels \
     CROSS JOIN messages ON messages.channel = channels.id AND messages.id = one.message \
     WHERE NOT (hidden OR gone OR outside)) \
     ELSE EXISTS (SELECT 1 FROM messages WHERE channel = one.channel AND id = one.message) \
     AND NOT EXISTS (SELECT 1 FROM channels WHERE id = one.channel AND (hidden OR gone OR outside)) \
     END";

/// Has answers and proposals follow messages that were just deleted: their words go too.
pub(in crate::store) async fn redact_merged(
    connection: &mut Transaction,
    gone: &[MessageKey],
    stale: &mut Invalidations,
) -> Result<()> {
    for chunk in gone.chunks(MAX_BINDS) {
        let list = placeholders(1, chunk.len());
        let sql = format!(
            "UPDATE merged_answers SET title = '', answer = '' WHERE (title <> '' OR answer <> '') \
             AND cluster IN (SELECT cluster FROM merged_answer_evidence WHERE message IN {list}) \
             RETURNING cluster"
        );
        let mut query = engine::query_scalar::<String>(AssertSqlSafe(sql));
        for (_, message) in chunk {
            query = query.bind(message.to_sql());
        }
        let emptied = query.fetch_all(&mut *connection).await?;
        follow(connection, &emptied, stale).await?;
    }
    if review_decisions::drop_orphaned_edits(connection).await? {
        stale.purge_unseen();
    }
    for (channel, messages) in by_channel(gone.iter().copied()) {
        if proposal_rows::clear_titles(connection, channel, Some(&messages.into_iter().collect()))
            .await?
        {
            stale.purge_unseen();
        }
    }
    Ok(())
}

/// The same for a whole channel.
pub(in crate::store) async fn redact_merged_in_channel(
    connection: &mut Transaction,
    channel: ChannelId,
    stale: &mut Invalidations,
) -> Result<()> {
    let emptied = engine::query_scalar::<String>(
        "UPDATE merged_answers SET title = '', answer = '' WHERE (title <> '' OR answer <> '') \
         AND cluster IN (SELECT cluster FROM merged_answer_evidence WHERE channel = $1) \
         RETURNING cluster",
    )
    .bind(channel.to_sql())
    .fetch_all(&mut *connection)
    .await?;
    follow(connection, &emptied, stale).await?;
    let unedited = review_decisions::drop_orphaned_edits(connection).await?;
    if proposal_rows::clear_titles(connection, channel, None).await? || unedited {
        stale.purge_unseen();
    }
    Ok(())
}

/// Has the index look again at the clusters whose answers stand on a channel.
pub(in crate::store) async fn reindex_citing(
    connection: &mut Transaction,
    channel: ChannelId,
) -> Result<()> {
    let ids = engine::query_scalar::<String>(
        "SELECT DISTINCT cluster FROM merged_answer_evidence WHERE channel = $1 ORDER BY cluster",
    )
    .bind(channel.to_sql())
    .fetch_all(&mut *connection)
    .await?;
    for id in ids {
        record_index_change(connection, &id).await?;
    }
    Ok(())
}

async fn follow(
    connection: &mut Transaction,
    emptied: &[String],
    stale: &mut Invalidations,
) -> Result<()> {
    for id in emptied {
        stale.purge_unseen();
        record_index_change(connection, id).await?;
    }
    Ok(())
}

/// Feeds the index with the cluster that an answer belongs to.
async fn record_index_change(connection: &mut Transaction, kept_under: &str) -> Result<()> {
    let current = engine::query_scalar::<String>("SELECT cluster FROM redirects WHERE old = $1")
        .bind(kept_under)
        .fetch_optional(&mut *connection)
        .await?;
    add_change(connection, &cluster_id(current.as_deref().unwrap_or(kept_under))?).await
}

/// The channel in which a message is stored.
async fn place_of(connection: &mut Transaction, message: MessageId) -> Result<Option<ChannelId>> {
    let id = engine::query_scalar::<i64>(
        "SELECT channels.id FROM channels \
         CROSS JOIN messages ON messages.channel = channels.id AND messages.id = $1 LIMIT 1",
    )
    .bind(message.to_sql())
    .fetch_optional(connection)
    .await?;
    Ok(id.map(ChannelId::from_sql))
}

async fn one(connection: &mut Transaction, id: &ClusterId) -> Result<Option<MergedAnswerRow>> {
    let row = engine::query_as::<StoredAnswer>(
        "SELECT cluster, number, path, link, title, answer, digest, merged \
         FROM merged_answers WHERE cluster = $1",
    )
    .bind(id.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(row) => Ok(Some(merged(connection, row).await?)),
        None => Ok(None),
    }
}

async fn merged(connection: &mut Transaction, row: StoredAnswer) -> Result<MergedAnswerRow> {
    let cluster = cluster_id(&row.cluster)?;
    let evidence = places(connection, &cluster).await?;
    Ok(MergedAnswerRow {
        cluster,
        number: row.number.map(|number| number as u64),
        path: row.path,
        link: row.link,
        title: row.title,
        answer: row.answer,
        digest: row.digest,
        merged: Timestamp::from_sql(row.merged),
        evidence: evidence.into_iter().map(|(message, _)| message).collect(),
    })
}

/// The evidence of an answer by id, with the channels where it was stored.
async fn places(
    connection: &mut Transaction,
    cluster: &ClusterId,
) -> Result<Vec<(MessageId, Option<ChannelId>)>> {
    let rows = engine::query_as::<(i64, i64)>(
        "SELECT message, channel FROM merged_answer_evidence WHERE cluster = $1 ORDER BY message",
    )
    .bind(cluster.as_str())
    .fetch_all(connection)
    .await?;
    let place = |(message, channel): (i64, i64)| {
        (MessageId::from_sql(message), (channel != 0).then_some(ChannelId::from_sql(channel)))
    };
    Ok(rows.into_iter().map(place).collect())
}

async fn upsert(connection: &mut Transaction, answer: &MergedAnswerRow) -> Result<()> {
    let MergedAnswerRow { cluster, number, path, link, title, answer, digest, merged, evidence: _ } =
        answer;
    engine::query(
        "INSERT INTO merged_answers (cluster, number, path, link, title, answer, digest, merged) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (cluster) DO UPDATE \
         SET number = excluded.number, path = excluded.path, link = excluded.link, \
         title = excluded.title, answer = excluded.answer, digest = excluded.digest, \
         merged = excluded.merged",
    )
    .bind(cluster.as_str())
    .bind(number.map(|number| number as i64))
    .bind(path)
    .bind(link)
    .bind(title)
    .bind(answer)
    .bind(digest)
    .bind(merged.to_sql())
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_evidence(
    connection: &mut Transaction,
    cluster: &ClusterId,
    evidence: &[(MessageId, Option<ChannelId>)],
) -> Result<()> {
    for (message, channel) in evidence {
        engine::query(
            "INSERT INTO merged_answer_evidence (cluster, message, channel) VALUES ($1, $2, $3)",
        )
        .bind(cluster.as_str())
        .bind(message.to_sql())
        .bind(channel.map_or(0, |channel| channel.to_sql()))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn delete(connection: &mut Transaction, cluster: &ClusterId) -> Result<bool> {
    let done = engine::query("DELETE FROM merged_answers WHERE cluster = $1")
        .bind(cluster.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

async fn delete_evidence(connection: &mut Transaction, cluster: &ClusterId) -> Result<()> {
    engine::query("DELETE FROM merged_answer_evidence WHERE cluster = $1")
        .bind(cluster.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
