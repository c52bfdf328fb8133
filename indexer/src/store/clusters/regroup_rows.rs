//! What clusters are made again from: the neighbourhood of what changed, never everything.

use std::collections::{BTreeMap, BTreeSet};

use rules::model::cluster::ClusterState;
use rules::model::ids::{ChannelId, ClusterId, GuildId, MessageId};

use super::cluster_rows::{OccurrenceRow, cluster_id, parse_state};
use super::likeness::{cluster_list, id_list};
use crate::store::engine::{self, Value};
use crate::store::judging::stored_occurrence::read_occurrence;
use crate::store::proposals::proposal_rows;
use crate::store::sql::SqlId;
use crate::store::{Result, Store, from_json};

/// So many parts make a score of one. Those of edges are at least the hundredth part of one, so that each is a whole
/// number of parts.
const WHOLE_SCORE: f32 = (1 << 30) as f32;

/// An occurrence by its place in the graph.
#[derive(Debug, Clone)]
pub(crate) struct PlacedQuestion {
    pub(crate) question: MessageId,
    /// Its text, by the question that asked it first.
    pub(crate) text: MessageId,
    /// Where the last grouping put it.
    pub(crate) cluster: Option<ClusterId>,
    /// Whether it, or what its text is alike to, changed since.
    pub(crate) changed: bool,
}

/// What grouping needs of a cluster that it leaves as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClusterOutline {
    pub(crate) state: ClusterState,
    /// How many occurrences it holds.
    pub(crate) size: usize,
    /// Whether it lost an occurrence since it was grouped.
    pub(crate) shrunk: bool,
}

impl Store {
    /// Texts whose clusters are to be made again, at most `limit`.
    pub(crate) async fn stale_texts(&self, limit: u32) -> Result<BTreeSet<MessageId>> {
        // Both conditions: one has SQLite use the partial index, the other its order.
        let sql =
            "SELECT first FROM asked_texts WHERE stale <> 0 AND stale = 1 ORDER BY first LIMIT $1";
        let rows = engine::query_scalar::<i64>(sql).bind(limit).fetch_all(&self.read).await?;
        Ok(ids(rows))
    }

    /// Clusters that lost an occurrence, at most `limit`.
    pub(crate) async fn shrunk_clusters(&self, limit: u32) -> Result<BTreeSet<ClusterId>> {
        // The empty text keeps SQLite from walking along the ids of all clusters.
        let sql = "SELECT id FROM clusters WHERE shrunk <> 0 ORDER BY id || '' LIMIT $1";
        let rows = engine::query_scalar::<String>(sql).bind(limit).fetch_all(&self.read).await?;
        rows.iter().map(|id| cluster_id(id)).collect()
    }

    /// The edges of these texts, with their scores.
    pub(crate) async fn edges_of(
        &self,
        texts: &BTreeSet<MessageId>,
    ) -> Result<BTreeMap<MessageId, Vec<(MessageId, f32)>>> {
        // A list for each text: a row costs ten times what an entry of a list does, and a fraction thrice what a whole
        // number does.
        let sql = "SELECT texts.value, '[' || (SELECT COALESCE(string_agg('[' || other || ',' || \
                   CAST(score * 1073741824 AS INTEGER) || ']', ',' ORDER BY other), '') \
                   FROM text_edges WHERE one = texts.value) || ']' FROM json_each($1) AS texts";
        let rows = engine::query_as::<(i64, String)>(sql).bind(id_list(texts.iter().copied()));
        let read = |(one, edges): (i64, String)| {
            let edges = from_json::<Vec<(u64, u32)>>("a list of edges", &edges)?;
            let edge = |(other, score)| (MessageId(other), score as f32 / WHOLE_SCORE);
            Ok((MessageId::from_sql(one), edges.into_iter().map(edge).collect()))
        };
        rows.fetch_all(&self.read).await?.into_iter().map(read).collect()
    }

    /// The other texts of the regions that these texts were in when clusters were last made.
    pub(crate) async fn former_regions(
        &self,
        texts: &BTreeSet<MessageId>,
    ) -> Result<BTreeSet<MessageId>> {
        self.ids_among(
            "SELECT first FROM asked_texts WHERE region IN (SELECT region FROM asked_texts \
             WHERE first IN (SELECT value FROM json_each($1))) \
             AND first NOT IN (SELECT value FROM json_each($1))",
            id_list(texts.iter().copied()),
        )
        .await
    }

    /// The occurrences of these texts, by question.
    pub(crate) async fn questions_asking(
        &self,
        texts: &BTreeSet<MessageId>,
    ) -> Result<Vec<PlacedQuestion>> {
        let list = engine::query_scalar::<String>(
            "SELECT '[' || COALESCE(string_agg('[' || occurrences.question || ',' || asked_texts.first || ',' || \
             COALESCE('\"' || occurrences.cluster || '\"', 'null') || ',' || asked_texts.stale || ']', ','), '') \
             || ']' FROM asked_texts \
             JOIN question_texts ON question_texts.digest = asked_texts.digest \
             JOIN occurrences ON occurrences.question = question_texts.question \
             WHERE asked_texts.first IN (SELECT value FROM json_each($1))",
        );
        let list = list.bind(id_list(texts.iter().copied())).fetch_one(&self.read).await?;
        let rows = from_json::<Vec<(i64, i64, Option<String>, i64)>>("a list of questions", &list)?;
        let place = |(question, text, cluster, stale): (i64, i64, Option<String>, i64)| {
            Ok(PlacedQuestion {
                question: MessageId::from_sql(question),
                text: MessageId::from_sql(text),
                cluster: cluster.as_deref().map(cluster_id).transpose()?,
                changed: stale != 0,
            })
        };
        rows.into_iter().map(place).collect()
    }

    /// The outlines of those of these clusters that there are.
    pub(crate) async fn outlines_of(
        &self,
        clusters: &BTreeSet<ClusterId>,
    ) -> Result<BTreeMap<ClusterId, ClusterOutline>> {
        if clusters.is_empty() {
            return Ok(BTreeMap::new());
        }
        let list = engine::query_scalar::<String>(
            "SELECT '[' || COALESCE(string_agg('[\"' || id || '\",\"' || state || '\",' || size || ',' || shrunk \
             || ']', ','), '') || ']' FROM clusters \
             WHERE id IN (SELECT value FROM json_each($1))",
        );
        let list = list.bind(cluster_list(clusters.iter())).fetch_one(&self.read).await?;
        let rows = from_json::<Vec<(String, String, usize, i64)>>("a list of clusters", &list)?;
        let outline = |(id, state, size, shrunk): (String, String, usize, i64)| {
            let state = parse_state(&state)?;
            Ok((cluster_id(&id)?, ClusterOutline { state, size, shrunk: shrunk != 0 }))
        };
        rows.into_iter().map(outline).collect()
    }

    /// The servers and channels of these questions, of those that are occurrences.
    pub(crate) async fn places_of(
        &self,
        questions: &BTreeSet<MessageId>,
    ) -> Result<BTreeMap<MessageId, (GuildId, ChannelId)>> {
        let rows = engine::query_as::<(i64, i64, i64)>(
            "SELECT question, CAST(json_extract(body, '$.g') AS INTEGER), channel FROM occurrences \
             WHERE question IN (SELECT value FROM json_each($1))",
        );
        let rows = rows.bind(id_list(questions.iter().copied())).fetch_all(&self.read).await?;
        let place = |(question, server, channel)| {
            let channel = ChannelId::from_sql(channel);
            (MessageId::from_sql(question), (GuildId::from_sql(server), channel))
        };
        Ok(rows.into_iter().map(place).collect())
    }

    /// The texts of the occurrences in these clusters.
    pub(crate) async fn texts_in(
        &self,
        clusters: &BTreeSet<ClusterId>,
    ) -> Result<BTreeSet<MessageId>> {
        if clusters.is_empty() {
            return Ok(BTreeSet::new());
        }
        self.ids_among(
            "SELECT asked_texts.first FROM occurrences \
             JOIN question_texts ON question_texts.question = occurrences.question \
             JOIN asked_texts ON asked_texts.digest = question_texts.digest \
             WHERE occurrences.cluster IN (SELECT value FROM json_each($1))",
            cluster_list(clusters.iter()),
        )
        .await
    }

    /// The texts of these questions, of those that are occurrences.
    pub(crate) async fn texts_of(
        &self,
        questions: &BTreeSet<MessageId>,
    ) -> Result<BTreeSet<MessageId>> {
        if questions.is_empty() {
            return Ok(BTreeSet::new());
        }
        self.ids_among(
            "SELECT asked_texts.first FROM question_texts \
             JOIN asked_texts ON asked_texts.digest = question_texts.digest \
             WHERE question_texts.question IN (SELECT value FROM json_each($1))",
            id_list(questions.iter().copied()),
        )
        .await
    }

    /// Occurrences by question; what is no more is left out.
    pub(crate) async fn occurrences_asked(
        &self,
        questions: &BTreeSet<MessageId>,
    ) -> Result<Vec<OccurrenceRow>> {
        let rows = engine::query_as::<(String, Option<String>)>(
            "SELECT body, cluster FROM occurrences \
             WHERE question IN (SELECT value FROM json_each($1)) ORDER BY question",
        )
        .bind(id_list(questions.iter().copied()))
        .fetch_all(&self.read)
        .await?;
        rows.into_iter().map(occurrence).collect()
    }

    /// Occurrences without a cluster, by question, at most `limit`.
    pub(crate) async fn unplaced_occurrences(&self, limit: u32) -> Result<Vec<OccurrenceRow>> {
        let rows = engine::query_as::<(String, Option<String>)>(
            "SELECT body, cluster FROM occurrences WHERE cluster IS NULL ORDER BY question LIMIT $1",
        );
        let rows = rows.bind(limit).fetch_all(&self.read).await?;
        rows.into_iter().map(occurrence).collect()
    }

    /// How these texts are weighed.
    pub(crate) async fn signatures_of(
        &self,
        texts: &BTreeSet<MessageId>,
    ) -> Result<Vec<(MessageId, Vec<u8>)>> {
        let rows = engine::query_as::<(i64, Vec<u8>)>(
            "SELECT first, signature FROM text_signatures \
             WHERE first IN (SELECT value FROM json_each($1))",
        );
        let rows = rows.bind(id_list(texts.iter().copied())).fetch_all(&self.read).await?;
        Ok(rows.into_iter().map(|(first, bytes)| (MessageId::from_sql(first), bytes)).collect())
    }

    /// The ids among these that are on a branch or a page, with the state that people gave them: no other
    /// group of questions may get one, even while its cluster is no more.
    pub(crate) async fn published_among(
        &self,
        clusters: &BTreeSet<ClusterId>,
    ) -> Result<BTreeMap<ClusterId, Option<ClusterState>>> {
        let rows = engine::query_as::<(String, String, i64)>(
            "SELECT cluster, state, CAST(0 AS INTEGER) AS merged FROM proposals \
             WHERE cluster IN (SELECT value FROM json_each($1)) \
             UNION ALL SELECT cluster, 'merged', 1 FROM merged_answers \
             WHERE cluster IN (SELECT value FROM json_each($1)) ORDER BY merged",
        )
        .bind(cluster_list(clusters.iter()))
        .fetch_all(&self.read)
        .await?;
        let mut published = BTreeMap::new();
        for (id, state, _) in rows {
            published.insert(cluster_id(&id)?, proposal_rows::cluster_state(&state)?);
        }
        Ok(published)
    }

    async fn ids_among(
        &self,
        sql: &'static str,
        list: impl Into<Value>,
    ) -> Result<BTreeSet<MessageId>> {
        let rows = engine::query_scalar::<i64>(sql).bind(list).fetch_all(&self.read).await?;
        Ok(ids(rows))
    }
}

fn occurrence((body, cluster): (String, Option<String>)) -> Result<OccurrenceRow> {
    Ok(OccurrenceRow {
        occurrence: read_occurrence(&body)?,
        cluster: cluster.as_deref().map(cluster_id).transpose()?,
    })
}

fn ids(rows: Vec<i64>) -> BTreeSet<MessageId> {
    rows.into_iter().map(MessageId::from_sql).collect()
}
