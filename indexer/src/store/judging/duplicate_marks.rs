//! Questions that people tied together by hand.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rules::model::ids::{MessageId, UserId};

use crate::store::clusters::likeness::id_list;
use crate::store::engine;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{Result, Store};

impl Store {
    /// Ties a question to another one, whatever their likeness. A question has one tie, the latest.
    pub async fn mark_duplicate(
        &self,
        question: MessageId,
        with: MessageId,
        by: UserId,
        at: Timestamp,
    ) -> Result<()> {
        engine::query(
            "INSERT INTO duplicate_marks (question, with_question, by_user, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (question) DO UPDATE SET with_question = excluded.with_question, \
             by_user = excluded.by_user, at = excluded.at, dirty = 1 \
             WHERE (excluded.at, excluded.with_question, excluded.by_user) \
             > (duplicate_marks.at, COALESCE(duplicate_marks.with_question, 0), duplicate_marks.by_user)",
        )
        .bind(question.to_sql())
        .bind(with.to_sql())
        .bind(by.to_sql())
        .bind(at.to_sql())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// Takes a question's tie back; false if it has none, or a later one.
    pub async fn unmark_duplicate(
        &self,
        question: MessageId,
        by: UserId,
        at: Timestamp,
    ) -> Result<bool> {
        let done = engine::query(
            "UPDATE duplicate_marks SET with_question = NULL, by_user = $2, at = $3, dirty = 1 \
             WHERE question = $1 AND with_question IS NOT NULL AND at <= $3",
        )
        .bind(question.to_sql())
        .bind(by.to_sql())
        .bind(at.to_sql())
        .execute(&self.write)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The ties of these questions and to them, by question, each question with the one it is tied to.
    pub(crate) async fn duplicate_marks_of(
        &self,
        questions: &BTreeSet<MessageId>,
    ) -> Result<Vec<(MessageId, MessageId)>> {
        let rows = engine::query_as::<(i64, i64)>(
            "SELECT question, with_question FROM duplicate_marks \
             WHERE question IN (SELECT value FROM json_each($1)) AND with_question IS NOT NULL \
             UNION SELECT question, with_question FROM duplicate_marks \
             WHERE with_question IN (SELECT value FROM json_each($1)) ORDER BY 1",
        )
        .bind(id_list(questions.iter().copied()))
        .fetch_all(&self.read)
        .await?;
        let tie = |(one, other)| (MessageId::from_sql(one), MessageId::from_sql(other));
        Ok(rows.into_iter().map(tie).collect())
    }
}
