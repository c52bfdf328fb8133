//! The vectors of texts, as a sentence encoder made them.

use std::collections::{BTreeMap, BTreeSet};

use rules::model::cluster::Cluster;
use rules::model::ids::MessageId;
use rules::similarity::QaMeaning;

use super::likeness::{LikenessTransaction, id_list};
use crate::cluster::epoch;
use crate::cluster::grouping::qa_text;
use crate::encoder::{Embedding, TextEmbedding};
use crate::store::engine::{self, Transaction};
use crate::store::judging::stored_occurrence::read_occurrence;
use crate::store::sql::SqlId;
use crate::store::{Result, Store, StoreError};

/// A text that no model read yet.
#[derive(Clone)]
pub struct UnencodedText {
    first: MessageId,
    digest: i64,
    pub question: String,
    /// Empty where the answer is not known.
    pub answer: String,
}

type EmbeddingTuple = (i64, Option<Vec<u8>>, Option<Vec<u8>>);

impl Store {
    /// Has vectors come from the model with this digest: those of another one are forgotten, and every text waits
    /// to be read again. An empty digest stands for no model. Tells whether the model changed.
    pub async fn use_encoder(&self, digest: &str) -> Result<bool> {
        let same = "SELECT digest = $1 FROM sentence_encoder";
        if engine::query_scalar::<bool>(same).bind(digest).fetch_one(&self.read).await? {
            return Ok(false);
        }
        let mut transaction = self.begin().await?;
        for sql in
            ["DELETE FROM text_embeddings", "UPDATE asked_texts SET encoded = 0 WHERE encoded <> 0"]
        {
            engine::query(sql).execute(&mut transaction).await?;
        }
        let update = "UPDATE sentence_encoder SET digest = $1";
        engine::query(update).bind(digest).execute(&mut transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The digest of the model that vectors come from.
    pub async fn encoder(&self) -> Result<Option<String>> {
        let digest = engine::query_scalar::<String>("SELECT digest FROM sentence_encoder");
        let digest = digest.fetch_one(&self.read).await?;
        Ok((!digest.is_empty()).then_some(digest))
    }

    /// Texts that the model has not read, at most `limit`.
    pub async fn unencoded_texts(&self, limit: u32) -> Result<Vec<UnencodedText>> {
        let rows = engine::query_as::<(i64, i64, String)>(
            "SELECT first, digest, body FROM asked_texts JOIN occurrences ON occurrences.question = first \
             WHERE encoded = 0 AND dirty = 0 ORDER BY first LIMIT $1",
        );
        let rows = rows.bind(limit).fetch_all(&self.read).await?;
        let mut texts = Vec::with_capacity(rows.len());
        for (first, digest, body) in rows {
            let occurrence = read_occurrence(&body)?;
            let asked = qa_text(&occurrence);
            // What was edited since is another text, which comes with the next clustering.
            if epoch::digest(&asked) == digest {
                let (question, answer) = (asked.question.to_owned(), asked.answer.to_owned());
                texts.push(UnencodedText {
                    first: MessageId::from_sql(first),
                    digest,
                    question,
                    answer,
                });
            }
        }
        Ok(texts)
    }

    /// Stores the vectors of texts, and has the index follow. A text that nobody asks any more, or that was edited
    /// or deleted meanwhile, gets none.
    pub async fn save_embeddings(&self, encoded: &[(UnencodedText, TextEmbedding)]) -> Result<()> {
        let mut transaction = self.begin().await?;
        let mut saved = Vec::new();
        for (text, embedding) in encoded {
            if !is_asked(&mut transaction, text).await? {
                continue;
            }
            insert(&mut transaction, text.first, embedding).await?;
            saved.push(text.first);
        }
        let change = "INSERT INTO index_changes (cluster, at) \
                      SELECT DISTINCT occurrences.cluster, unixepoch() * 1000 FROM asked_texts \
                      JOIN question_texts ON question_texts.digest = asked_texts.digest \
                      JOIN occurrences ON occurrences.question = question_texts.question \
                      WHERE asked_texts.first IN (SELECT value FROM json_each($1)) \
                      AND occurrences.cluster IS NOT NULL ORDER BY 1";
        let query = engine::query(change).bind(id_list(saved.into_iter()));
        query.execute(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// The vectors of occurrences, by question.
    pub async fn embeddings_of(
        &self,
        questions: &BTreeSet<MessageId>,
    ) -> Result<BTreeMap<MessageId, TextEmbedding>> {
        let rows = engine::query_as::<EmbeddingTuple>(
            "SELECT question_texts.question, text_embeddings.question, text_embeddings.answer \
             FROM question_texts JOIN asked_texts ON asked_texts.digest = question_texts.digest \
             JOIN text_embeddings ON text_embeddings.first = asked_texts.first \
             WHERE question_texts.question IN (SELECT value FROM json_each($1))",
        );
        let rows = rows.bind(id_list(questions.iter().copied())).fetch_all(&self.read).await?;
        rows.into_iter().map(text_embedding).collect()
    }

    /// What the occurrences of a cluster mean, as far as it is known: what their comparison takes.
    pub async fn meanings_of(&self, cluster: &Cluster) -> Result<BTreeMap<MessageId, QaMeaning>> {
        let questions = cluster.occurrences.iter().map(|one| one.question.message).collect();
        let embeddings = self.embeddings_of(&questions).await?;
        Ok(embeddings.into_iter().map(|(id, embedding)| (id, embedding.to_meaning())).collect())
    }

    /// How many texts there are, and how many of them the model has read.
    pub async fn encoding_progress(&self) -> Result<(u64, u64)> {
        let counts = "SELECT (SELECT COUNT(*) FROM asked_texts), \
                      (SELECT COUNT(*) FROM asked_texts WHERE encoded = 0)";
        let (all, left) = engine::query_as::<(i64, i64)>(counts).fetch_one(&self.read).await?;
        Ok((all as u64, (all - left) as u64))
    }
}

impl LikenessTransaction {
    /// What texts mean, of those that the sentence encoder has read.
    pub(crate) async fn meanings(
        &mut self,
        texts: &BTreeSet<MessageId>,
    ) -> Result<BTreeMap<MessageId, QaMeaning>> {
        let sql = "SELECT first, question, answer FROM text_embeddings \
                   WHERE first IN (SELECT value FROM json_each($1))";
        let rows = engine::query_as::<EmbeddingTuple>(sql).bind(id_list(texts.iter().copied()));
        let mut meanings = BTreeMap::new();
        for row in rows.fetch_all(&mut self.0).await? {
            let (text, embedding) = text_embedding(row)?;
            meanings.insert(text, embedding.to_meaning());
        }
        Ok(meanings)
    }
}

/// Whether an occurrence has this text, and has not changed since.
async fn is_asked(connection: &mut Transaction, text: &UnencodedText) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM asked_texts \
               JOIN question_texts ON question_texts.digest = asked_texts.digest \
               JOIN occurrences ON occurrences.question = question_texts.question \
               WHERE asked_texts.first = $1 AND asked_texts.digest = $2 AND gone = 0 AND dirty = 0)";
    let query = engine::query_scalar(sql).bind(text.first.to_sql()).bind(text.digest);
    Ok(query.fetch_one(&mut *connection).await?)
}

async fn insert(
    connection: &mut Transaction,
    first: MessageId,
    embedding: &TextEmbedding,
) -> Result<()> {
    let bytes = |vector: &Option<Embedding>| vector.as_ref().map(Embedding::to_bytes);
    let insert = "INSERT INTO text_embeddings (first, question, answer) VALUES ($1, $2, $3) \
                  ON CONFLICT (first) DO UPDATE SET question = excluded.question, answer = excluded.answer";
    let query = engine::query(insert).bind(first.to_sql());
    let query = query.bind(bytes(&embedding.question)).bind(bytes(&embedding.answer));
    query.execute(&mut *connection).await?;
    let read = "UPDATE asked_texts SET encoded = 1 WHERE first = $1";
    engine::query(read).bind(first.to_sql()).execute(&mut *connection).await?;
    Ok(())
}

fn text_embedding((id, question, answer): EmbeddingTuple) -> Result<(MessageId, TextEmbedding)> {
    let vector = |bytes: Option<Vec<u8>>| {
        let read = |bytes: Vec<u8>| {
            Embedding::from_bytes(&bytes).ok_or_else(|| StoreError::Unreadable {
                what: "a vector",
                source: "its bytes are not complete".into(),
            })
        };
        bytes.map(read).transpose()
    };
    let embedding = TextEmbedding { question: vector(question)?, answer: vector(answer)? };
    Ok((MessageId::from_sql(id), embedding))
}
