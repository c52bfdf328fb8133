//! Split marks: questions that maintainers stated to be different.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rules::model::ids::MessageId;

use crate::store::clusters::likeness::id_list;
use crate::store::engine;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store};

impl Store {
    /// Has questions of one cluster split wherever they are not surely the same.
    pub async fn mark_split(&self, questions: &[MessageId], at: Timestamp) -> Result<()> {
        let mut transaction = self.begin().await?;
        for question in questions {
            engine::query(
                "INSERT INTO split_marks (question, at) VALUES ($1, $2) ON CONFLICT (question) DO NOTHING",
            )
            .bind(question.to_sql())
            .bind(at.to_sql())
            .execute(&mut transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Takes such a mark back: the questions are grouped again without it.
    pub async fn unmark_split(&self, questions: &[MessageId]) -> Result<()> {
        let mut transaction = self.begin().await?;
        for question in questions {
            for sql in [
                "DELETE FROM split_marks WHERE question = $1",
                "UPDATE asked_texts SET stale = 1 WHERE digest IN \
                 (SELECT digest FROM question_texts WHERE question = $1)",
            ] {
                engine::query(sql).bind(question.to_sql()).execute(&mut transaction).await?;
            }
        }
        Ok(transaction.commit().await?)
    }

    /// Those of these questions that carry a split mark.
    pub(crate) async fn split_marks_of(
        &self,
        questions: &BTreeSet<MessageId>,
    ) -> Result<BTreeSet<MessageId>> {
        let apart = engine::query_scalar::<i64>(
            "SELECT question FROM split_marks WHERE question IN (SELECT value FROM json_each($1))",
        );
        let apart = apart.bind(id_list(questions.iter().copied())).fetch_all(&self.read).await?;
        Ok(apart.into_iter().map(MessageId::from_sql).collect())
    }
}
