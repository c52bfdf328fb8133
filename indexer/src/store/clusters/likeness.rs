//! The stored graph of likeness: texts, what they are looked up by, and the edges between them.
//!
//! What to write is decided by the clustering. All of one step goes into one transaction, with the notes
//! of what is left to do, so that a process may end at any time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rules::model::cluster::Occurrence;
use rules::model::ids::{ClusterId, MessageId};
use rules::similarity::CorpusStats;
use sqlx::AssertSqlSafe;

use crate::cluster::known_graph::{EdgeChanges, KnownGraph};
use crate::store::engine::{self, Transaction};
use crate::store::judging::stored_occurrence::read_occurrence;
use crate::store::sql::SqlId;
use crate::store::{Result, Store, from_json};

/// A transaction on the graph, with what it changed, and where that is followed.
pub(crate) struct LikenessTransaction(pub(super) Transaction, EdgeChanges, Arc<Mutex<KnownGraph>>);

/// An occurrence that came, changed or went.
pub(crate) struct ChangedQuestion {
    pub(crate) question: MessageId,
    /// `None` if it went.
    pub(crate) occurrence: Option<Occurrence>,
    /// Of the text that it had.
    pub(crate) digest: Option<i64>,
}

/// What the texts are weighed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EpochRow {
    pub(crate) number: i64,
    pub(crate) rules: String,
    pub(crate) texts: u64,
    pub(crate) within: u64,
    pub(crate) boundary: u64,
    pub(crate) last: MessageId,
    pub(crate) sample: SampleSums,
}

/// Tells one sample of texts from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SampleSums {
    pub(crate) count: i64,
    pub(crate) lower: i64,
    pub(crate) upper: i64,
}

/// The texts around a place in the list of a key, the nearest first.
pub(crate) struct KeyWindow {
    pub(crate) before: Vec<MessageId>,
    pub(crate) after: Vec<MessageId>,
}

type EpochTuple = (i64, String, i64, i64, i64, i64, i64, i64, i64);

impl Store {
    pub(crate) async fn change_likeness(&self) -> Result<LikenessTransaction> {
        let transaction = self.begin().await?;
        Ok(LikenessTransaction(transaction, EdgeChanges::default(), Arc::clone(&self.graph)))
    }

    pub(crate) async fn epoch_number(&self) -> Result<i64> {
        let number = engine::query_scalar("SELECT number FROM corpus_epoch");
        Ok(number.fetch_one(&self.read).await?)
    }

    /// The number of the epoch with the statistics that the stored texts are weighed by, which are empty before there
    /// are any.
    pub(crate) async fn epoch_statistics(&self) -> Result<(i64, Vec<u8>)> {
        let statistics = engine::query_as("SELECT number, statistics FROM corpus_epoch");
        Ok(statistics.fetch_one(&self.read).await?)
    }

    /// The statistics of an epoch, if this process read them.
    pub(crate) fn known_statistics(&self, epoch: i64) -> Option<Arc<CorpusStats>> {
        let known = locked(&self.statistics);
        known.as_ref().filter(|(number, _)| *number == epoch).map(|(_, known)| Arc::clone(known))
    }

    pub(crate) fn keep_statistics(&self, epoch: i64, statistics: Arc<CorpusStats>) {
        *locked(&self.statistics) = Some((epoch, statistics));
    }

    /// What this process knows of the graph, if no other one changed it.
    pub(crate) async fn known_graph(&self) -> Result<KnownGraph> {
        let version = engine::query_scalar("SELECT edges_version FROM corpus_epoch");
        let version = version.fetch_one(&self.read).await?;
        let known = std::mem::take(&mut *locked(&self.graph));
        Ok(known.at(version))
    }

    pub(crate) fn keep_graph(&self, known: KnownGraph) {
        *locked(&self.graph) = known.bounded();
    }
}

fn locked<T>(known: &Mutex<T>) -> MutexGuard<'_, T> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LikenessTransaction {
    pub(crate) async fn commit(mut self) -> Result<()> {
        if self.1.is_empty() {
            return Ok(self.0.commit().await?);
        }
        let count =
            "UPDATE corpus_epoch SET edges_version = edges_version + 1 RETURNING edges_version";
        let version = engine::query_scalar(count).fetch_one(&mut self.0).await?;
        self.0.commit().await?;
        locked(&self.2).follow(version, &self.1);
        Ok(())
    }

    /// Questions whose occurrences came or changed, at most `limit`, and as many that went.
    pub(crate) async fn changed_questions(&mut self, limit: u32) -> Result<Vec<ChangedQuestion>> {
        let rows = engine::query_as::<(i64, Option<String>, Option<i64>)>(
            "SELECT changed.question, occurrences.body, question_texts.digest FROM \
             (SELECT question FROM (SELECT question FROM occurrences WHERE dirty <> 0 LIMIT $1) AS came \
             UNION SELECT question FROM (SELECT question FROM question_texts WHERE gone <> 0 LIMIT $1) AS went) \
             AS changed \
             LEFT JOIN occurrences ON occurrences.question = changed.question \
             LEFT JOIN question_texts ON question_texts.question = changed.question",
        )
        .bind(limit)
        .fetch_all(&mut self.0)
        .await?;
        let read = |(question, body, digest): (i64, Option<String>, Option<i64>)| {
            let occurrence = body.as_deref().map(read_occurrence).transpose()?;
            Ok(ChangedQuestion { question: MessageId::from_sql(question), occurrence, digest })
        };
        rows.into_iter().map(read).collect()
    }

    /// Notes the digests of occurrences' texts, which have not changed from here on.
    pub(crate) async fn upsert_questions(&mut self, digests: &[(MessageId, i64)]) -> Result<()> {
        let rows =
            digests.iter().map(|(question, digest)| format!("[{},{digest}]", question.to_sql()));
        let rows = format!("[{}]", rows.collect::<Vec<_>>().join(","));
        let upsert = "INSERT INTO question_texts (question, digest) \
                      SELECT CAST(one.value ->> 0 AS INTEGER), CAST(one.value ->> 1 AS INTEGER) \
                      FROM json_each($1) AS one WHERE TRUE \
                      ON CONFLICT (question) DO UPDATE SET digest = excluded.digest, gone = 0";
        engine::query(upsert).bind(rows).execute(&mut self.0).await?;
        let settle =
            "UPDATE occurrences SET dirty = 0 WHERE question IN (SELECT value FROM json_each($1))";
        let questions = digests.iter().map(|(question, _)| question.to_sql()).collect::<Vec<_>>();
        engine::query(settle).bind(questions).execute(&mut self.0).await?;
        Ok(())
    }

    pub(crate) async fn delete_question(&mut self, question: MessageId) -> Result<()> {
        self.execute("DELETE FROM question_texts WHERE question = $1", question).await
    }

    /// The earliest question with a text.
    pub(crate) async fn first_asking(&mut self, digest: i64) -> Result<Option<MessageId>> {
        let first = "SELECT MIN(question) FROM question_texts WHERE digest = $1";
        let first = engine::query_scalar::<Option<i64>>(first).bind(digest);
        Ok(first.fetch_one(&mut self.0).await?.map(MessageId::from_sql))
    }

    /// The text with a digest, by its first question as it was.
    pub(crate) async fn text(&mut self, digest: i64) -> Result<Option<MessageId>> {
        let first = engine::query_scalar::<i64>("SELECT first FROM asked_texts WHERE digest = $1");
        let first = first.bind(digest).fetch_optional(&mut self.0).await?;
        Ok(first.map(MessageId::from_sql))
    }

    /// Adds a text that is to be weighed.
    pub(crate) async fn insert_text(&mut self, first: MessageId, digest: i64) -> Result<()> {
        let insert = "INSERT INTO asked_texts (first, digest) VALUES ($1, $2)";
        engine::query(insert).bind(first.to_sql()).bind(digest).execute(&mut self.0).await?;
        let count = "UPDATE corpus_epoch SET texts = texts + 1, within = within + CASE WHEN $1 <= last THEN 1 ELSE 0 END";
        self.execute(count, first).await
    }

    /// Removes a text; its region, and what it had edges with, is stale from here on.
    pub(crate) async fn delete_text(&mut self, first: MessageId) -> Result<()> {
        let others = self.delete_edges(first).await?;
        self.mark_stale(&others).await?;
        for sql in [
            "UPDATE asked_texts SET stale = 1 WHERE region = \
             (SELECT region FROM asked_texts WHERE first = $1)",
            "DELETE FROM text_signatures WHERE first = $1",
            "DELETE FROM text_embeddings WHERE first = $1",
            "DELETE FROM asked_texts WHERE first = $1",
            "UPDATE corpus_epoch SET texts = texts - 1, within = within - CASE WHEN $1 <= last THEN 1 ELSE 0 END",
        ] {
            self.execute(sql, first).await?;
        }
        Ok(())
    }

    pub(crate) async fn mark_stale(&mut self, texts: &BTreeSet<MessageId>) -> Result<()> {
        if texts.is_empty() {
            return Ok(());
        }
        let sql = "UPDATE asked_texts SET stale = 1 WHERE stale = 0 \
                   AND first IN (SELECT value FROM json_each($1))";
        engine::query(sql).bind(id_list(texts.iter().copied())).execute(&mut self.0).await?;
        Ok(())
    }

    /// Has the texts of questions whose duplicate or split marks changed grouped again; tells whether
    /// there were any.
    pub(crate) async fn settle_marks(&mut self) -> Result<bool> {
        let any = "SELECT EXISTS (SELECT 1 FROM duplicate_marks WHERE dirty <> 0) \
                   OR EXISTS (SELECT 1 FROM split_marks WHERE dirty <> 0)";
        if !engine::query_scalar::<bool>(any).fetch_one(&mut self.0).await? {
            return Ok(false);
        }
        let stale = "UPDATE asked_texts SET stale = 1 WHERE digest IN (SELECT digest FROM question_texts \
                     WHERE question IN (SELECT question FROM duplicate_marks WHERE dirty <> 0 \
                     UNION SELECT with_question FROM duplicate_marks WHERE dirty <> 0 \
                     UNION SELECT question FROM split_marks WHERE dirty <> 0))";
        engine::query(stale).execute(&mut self.0).await?;
        for table in ["duplicate_marks", "split_marks"] {
            let sql = format!("UPDATE {table} SET dirty = 0 WHERE dirty <> 0");
            engine::query(AssertSqlSafe(sql)).execute(&mut self.0).await?;
        }
        Ok(true)
    }

    pub(crate) async fn epoch(&mut self) -> Result<EpochRow> {
        let row = engine::query_as::<EpochTuple>(
            "SELECT number, rules, texts, within, boundary, last, sampled, lower_sum, upper_sum \
             FROM corpus_epoch",
        )
        .fetch_one(&mut self.0)
        .await?;
        let (number, rules, texts, within, boundary, last, count, lower, upper) = row;
        Ok(EpochRow {
            number,
            rules,
            texts: texts as u64,
            within: within as u64,
            boundary: boundary as u64,
            last: MessageId::from_sql(last),
            sample: SampleSums { count, lower, upper },
        })
    }

    /// Whether texts are still weighed by an epoch before this one.
    pub(crate) async fn has_former_epoch(&mut self, number: i64) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM asked_texts WHERE epoch > 0 AND epoch < $1)";
        Ok(engine::query_scalar(sql).bind(number).fetch_one(&mut self.0).await?)
    }

    /// The text so many places after `last`, or before it.
    pub(crate) async fn text_from(&mut self, last: MessageId, steps: i64) -> Result<MessageId> {
        let sql = match steps {
            0 => return Ok(last),
            1.. => {
                "SELECT first FROM asked_texts WHERE first > $1 ORDER BY first LIMIT 1 OFFSET $2 - 1"
            }
            _ => {
                "SELECT first FROM asked_texts WHERE first <= $1 ORDER BY first DESC LIMIT 1 OFFSET -$2"
            }
        };
        let first = engine::query_scalar::<i64>(sql).bind(last.to_sql()).bind(steps);
        // Before the first of all texts stands none.
        Ok(MessageId::from_sql(first.fetch_optional(&mut self.0).await?.unwrap_or_default()))
    }

    /// The sums of the texts up to `last` whose digest is at most `greatest`.
    pub(crate) async fn sample_sums(
        &mut self,
        last: MessageId,
        greatest: i64,
    ) -> Result<SampleSums> {
        let (count, lower, upper) = engine::query_as::<(i64, i64, i64)>(
            "SELECT COUNT(*), CAST(COALESCE(SUM(digest & 4294967295), 0) AS INTEGER), \
             CAST(COALESCE(SUM(digest >> 32), 0) AS INTEGER) \
             FROM asked_texts INDEXED BY asked_texts_by_digest WHERE digest <= $2 AND first <= $1",
        )
        .bind(last.to_sql())
        .bind(greatest)
        .fetch_one(&mut self.0)
        .await?;
        Ok(SampleSums { count, lower, upper })
    }

    /// Occurrences of the sampled texts after `from`, by question, at most `limit`.
    pub(crate) async fn sampled(
        &mut self,
        from: MessageId,
        last: MessageId,
        greatest: i64,
        limit: u32,
    ) -> Result<Vec<Occurrence>> {
        let bodies = engine::query_scalar::<String>(
            "SELECT body FROM asked_texts JOIN occurrences ON occurrences.question = asked_texts.first \
             WHERE first > $1 AND first <= $2 AND digest <= $3 ORDER BY first LIMIT $4",
        )
        .bind(from.to_sql())
        .bind(last.to_sql())
        .bind(greatest)
        .bind(limit)
        .fetch_all(&mut self.0)
        .await?;
        bodies.iter().map(|body| read_occurrence(body)).collect()
    }

    /// Moves the place of the last text that counts, where nothing else of the epoch changes.
    pub(crate) async fn save_last(&mut self, last: MessageId, within: u64) -> Result<()> {
        let sql = "UPDATE corpus_epoch SET last = $1, within = $2";
        let query = engine::query(sql).bind(last.to_sql()).bind(within as i64);
        query.execute(&mut self.0).await?;
        Ok(())
    }

    /// Begins an epoch: every text is to be weighed again, and the graph is empty until then.
    pub(crate) async fn begin_epoch(&mut self, epoch: &EpochRow, statistics: &[u8]) -> Result<()> {
        self.1.emptied = true;
        for table in ["text_keys", "text_edges", "text_signatures"] {
            let sql = format!("DELETE FROM {table}");
            engine::query(AssertSqlSafe(sql)).execute(&mut self.0).await?;
        }
        engine::query(
            "UPDATE corpus_epoch SET number = $1, rules = $2, texts = $3, within = $4, boundary = $5, \
             last = $6, sampled = $7, lower_sum = $8, upper_sum = $9, statistics = $10",
        )
        .bind(epoch.number)
        .bind(&epoch.rules)
        .bind(epoch.texts as i64)
        .bind(epoch.within as i64)
        .bind(epoch.boundary as i64)
        .bind(epoch.last.to_sql())
        .bind(epoch.sample.count)
        .bind(epoch.sample.lower)
        .bind(epoch.sample.upper)
        .bind(statistics)
        .execute(&mut self.0)
        .await?;
        Ok(())
    }

    /// Occurrences of texts that are not weighed by this epoch yet, in order, at most `limit`.
    pub(crate) async fn unweighed(&mut self, epoch: i64, limit: u32) -> Result<Vec<Occurrence>> {
        let bodies = engine::query_scalar::<String>(
            "SELECT body FROM (SELECT first FROM asked_texts WHERE epoch < $1 ORDER BY epoch, first \
             LIMIT $2) AS texts JOIN occurrences ON occurrences.question = texts.first \
             ORDER BY texts.first",
        )
        .bind(epoch)
        .bind(limit)
        .fetch_all(&mut self.0)
        .await?;
        bodies.iter().map(|body| read_occurrence(body)).collect()
    }

    pub(crate) async fn insert_signature(
        &mut self,
        text: MessageId,
        epoch: i64,
        signature: &[u8],
    ) -> Result<()> {
        let insert = "INSERT INTO text_signatures (first, signature) VALUES ($1, $2)";
        let query = engine::query(insert).bind(text.to_sql()).bind(signature);
        query.execute(&mut self.0).await?;
        let weighed = "UPDATE asked_texts SET epoch = $2, stale = 1 WHERE first = $1";
        engine::query(weighed).bind(text.to_sql()).bind(epoch).execute(&mut self.0).await?;
        Ok(())
    }

    pub(crate) async fn delete_signature(&mut self, text: MessageId) -> Result<()> {
        self.execute("DELETE FROM text_signatures WHERE first = $1", text).await
    }

    /// Those of some texts that have a signature.
    pub(crate) async fn weighed_among(
        &mut self,
        texts: &BTreeSet<MessageId>,
    ) -> Result<BTreeSet<MessageId>> {
        let sql = "SELECT first FROM text_signatures \
                   WHERE first IN (SELECT value FROM json_each($1))";
        let rows = engine::query_scalar::<i64>(sql).bind(id_list(texts.iter().copied()));
        let rows = rows.fetch_all(&mut self.0).await?;
        Ok(rows.into_iter().map(MessageId::from_sql).collect())
    }

    pub(crate) async fn signatures(
        &mut self,
        texts: &BTreeSet<MessageId>,
    ) -> Result<Vec<(MessageId, Vec<u8>)>> {
        let sql = "SELECT first, signature FROM text_signatures \
                   WHERE first IN (SELECT value FROM json_each($1))";
        let rows = engine::query_as::<(i64, Vec<u8>)>(sql).bind(id_list(texts.iter().copied()));
        let rows = rows.fetch_all(&mut self.0).await?;
        Ok(rows.into_iter().map(|(first, bytes)| (MessageId::from_sql(first), bytes)).collect())
    }

    pub(crate) async fn insert_keys(&mut self, text: MessageId, keys: &[i64]) -> Result<()> {
        let sql = "INSERT INTO text_keys (key, first) SELECT value, $2 FROM json_each($1)";
        let query = engine::query(sql).bind(keys.to_vec()).bind(text.to_sql());
        query.execute(&mut self.0).await?;
        Ok(())
    }

    pub(crate) async fn delete_keys(&mut self, text: MessageId, keys: &[i64]) -> Result<()> {
        let sql = "DELETE FROM text_keys WHERE first = $2 \
                   AND key IN (SELECT value FROM json_each($1))";
        let query = engine::query(sql).bind(keys.to_vec()).bind(text.to_sql());
        query.execute(&mut self.0).await?;
        Ok(())
    }

    /// For each key, at most `width` texts before and after the place of `text`.
    pub(crate) async fn windows(
        &mut self,
        text: MessageId,
        keys: &[i64],
        width: usize,
    ) -> Result<Vec<KeyWindow>> {
        let rows = engine::query_as::<(String, String)>(
            "SELECT (SELECT json_group_array(first ORDER BY first DESC) FROM (SELECT first FROM text_keys \
             WHERE key = keys.value AND first < $2 ORDER BY first DESC LIMIT $3) AS near), \
             (SELECT json_group_array(first ORDER BY first) FROM (SELECT first FROM text_keys \
             WHERE key = keys.value AND first > $2 ORDER BY first LIMIT $3) AS near) FROM json_each($1) AS keys",
        )
        .bind(keys.to_vec())
        .bind(text.to_sql())
        .bind(width as i64)
        .fetch_all(&mut self.0)
        .await?;
        let ids = |list: &str| from_json::<Vec<u64>>("a list of texts", list);
        let window = |(before, after): (String, String)| {
            let texts = |list: Vec<u64>| list.into_iter().map(MessageId).collect();
            Ok(KeyWindow { before: texts(ids(&before)?), after: texts(ids(&after)?) })
        };
        rows.into_iter().map(window).collect()
    }

    /// Whether `later` is at most `width` places after `earlier` in the list of one of the keys.
    pub(crate) async fn stand_near(
        &mut self,
        earlier: MessageId,
        later: MessageId,
        keys: &[i64],
        width: usize,
    ) -> Result<bool> {
        let steps = engine::query_scalar::<Option<i64>>(
            "SELECT MIN((SELECT COUNT(*) FROM (SELECT 1 FROM text_keys WHERE key = keys.value \
             AND first > $2 AND first <= $3 LIMIT $4 + 1) AS near)) FROM json_each($1) AS keys",
        )
        .bind(keys.to_vec())
        .bind(earlier.to_sql())
        .bind(later.to_sql())
        .bind(width as i64)
        .fetch_one(&mut self.0)
        .await?;
        Ok(steps.is_some_and(|steps| steps <= width as i64))
    }

    /// Those of some pairs that have an edge.
    pub(crate) async fn edges_among(
        &mut self,
        pairs: &BTreeSet<(MessageId, MessageId)>,
    ) -> Result<BTreeSet<(MessageId, MessageId)>> {
        if pairs.is_empty() {
            return Ok(BTreeSet::new());
        }
        let sql = "SELECT one, other FROM json_each($1) AS pair CROSS JOIN text_edges \
                   ON one = CAST(pair.value ->> 0 AS INTEGER) AND other = CAST(pair.value ->> 1 AS INTEGER)";
        let list = pairs.iter().map(|(one, other)| format!("[{},{}]", one.0, other.0));
        let list = format!("[{}]", list.collect::<Vec<_>>().join(","));
        let rows = engine::query_as::<(i64, i64)>(sql).bind(list);
        let id = |id: i64| MessageId::from_sql(id);
        Ok(rows.fetch_all(&mut self.0).await?.into_iter().map(|(a, b)| (id(a), id(b))).collect())
    }

    /// Adds edges, each with its score. All at once: a statement costs more than an edge.
    pub(crate) async fn insert_edges(
        &mut self,
        edges: &[(MessageId, MessageId, f32)],
    ) -> Result<()> {
        if edges.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO text_edges (one, other, score) \
                   SELECT CAST(value ->> 0 AS INTEGER), CAST(value ->> 1 AS INTEGER), CAST(value ->> 2 AS REAL) \
                   FROM json_each($1) UNION ALL \
                   SELECT CAST(value ->> 1 AS INTEGER), CAST(value ->> 0 AS INTEGER), CAST(value ->> 2 AS REAL) \
                   FROM json_each($1)";
        let rows = edges
            .iter()
            .map(|(one, other, score)| format!("[{},{},{}]", one.0, other.0, f64::from(*score)));
        let list = format!("[{}]", rows.collect::<Vec<_>>().join(","));
        engine::query(sql).bind(list).execute(&mut self.0).await?;
        self.1.changed.extend(edges.iter().flat_map(|(one, other, _)| [*one, *other]));
        Ok(())
    }

    /// Removes all edges of a text; returns what they led to.
    pub(crate) async fn delete_edges(&mut self, text: MessageId) -> Result<BTreeSet<MessageId>> {
        let sql = "SELECT other FROM text_edges WHERE one = $1";
        let others = engine::query_scalar::<i64>(sql).bind(text.to_sql());
        let others = others.fetch_all(&mut self.0).await?;
        self.execute(
            "DELETE FROM text_edges WHERE other = $1 AND one IN \
             (SELECT other FROM text_edges WHERE one = $1)",
            text,
        )
        .await?;
        self.execute("DELETE FROM text_edges WHERE one = $1", text).await?;
        let others = others.into_iter().map(MessageId::from_sql).collect::<BTreeSet<_>>();
        self.note_parted(others.iter().copied().chain([text]));
        Ok(others)
    }

    fn note_parted(&mut self, texts: impl Iterator<Item = MessageId> + Clone) {
        self.1.changed.extend(texts.clone());
        self.1.parted.extend(texts);
    }

    pub(crate) async fn delete_edge(&mut self, one: MessageId, other: MessageId) -> Result<()> {
        let sql = "DELETE FROM text_edges WHERE (one, other) IN (VALUES ($1, $2), ($2, $1))";
        engine::query(sql).bind(one.to_sql()).bind(other.to_sql()).execute(&mut self.0).await?;
        self.note_parted([one, other].into_iter());
        Ok(())
    }

    async fn execute(&mut self, sql: &'static str, id: MessageId) -> Result<()> {
        engine::query(sql).bind(id.to_sql()).execute(&mut self.0).await?;
        Ok(())
    }
}

/// Ids as a list to be bound.
pub(in crate::store) fn id_list(ids: impl Iterator<Item = MessageId>) -> Vec<i64> {
    ids.map(|id| id.to_sql()).collect()
}

/// Cluster ids as a list to be bound.
pub(super) fn cluster_list<'i>(clusters: impl Iterator<Item = &'i ClusterId>) -> Vec<String> {
    clusters.map(ToString::to_string).collect()
}
