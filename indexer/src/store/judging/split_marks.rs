//! Questions that people told apart.

use std::collections::BTreeSet;

use rules::model::ids::{MessageId, Millis};

use crate::store::{Result, Store};

impl Store {
    /// Has questions of one cluster told apart wherever they are not surely the same.
    pub async fn mark_split(&self, questions: &[MessageId], at: Millis) -> Result<()> {
        let mut transaction = self.begin().await?;
        for question in questions {
            sqlx::query(
                "INSERT INTO split_marks (question, at) VALUES ($1, $2) ON CONFLICT (question) DO NOTHING",
            )
            .bind(question.0 as i64)
            .bind(at.0)
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The questions that are told apart.
    pub async fn split_marks(&self) -> Result<BTreeSet<MessageId>> {
        let questions = sqlx::query_scalar::<_, i64>("SELECT question FROM split_marks");
        let questions = questions.fetch_all(&self.read).await?;
        Ok(questions.into_iter().map(|question| MessageId(question as u64)).collect())
    }
}
