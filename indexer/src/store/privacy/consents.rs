//! Who allowed words to be quoted: a whole server, a channel, one message.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rules::model::ids::MessageId;
use serde::Serialize;
use sqlx::AssertSqlSafe;

use crate::store::engine::{self, Transaction};
use crate::store::judging::pending;
use crate::store::sql::SqlTime;
use crate::store::{MAX_BINDS, Result, Store, placeholders};

/// A consent, with where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentGrant {
    /// `server:<guild>`, `channel:<id>` or `message:<id>`.
    pub subject: String,
    pub source: String,
    /// When it was first given.
    #[serde(with = "rules::time::milliseconds")]
    pub at: Timestamp,
    #[serde(with = "rules::time::milliseconds::optional")]
    pub withdrawn: Option<Timestamp>,
}

type Row = (String, String, i64, Option<i64>);

impl Store {
    /// Stores a consent; the first giving is kept until it is withdrawn. One message's is judged anew;
    /// what a server's or a channel's allows is the rules' to say, and these are kept as a record.
    pub async fn give_consent(&self, consent: &ConsentGrant) -> Result<()> {
        let mut transaction = self.begin().await?;
        if insert(&mut transaction, consent).await? {
            self.mark_subject_pending(&mut transaction, &consent.subject).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Withdraws a consent; false if none stands that was given by then.
    pub async fn withdraw_consent(&self, subject: &str, at: Timestamp) -> Result<bool> {
        let mut transaction = self.begin().await?;
        let withdrawn = withdraw(&mut transaction, subject, at).await?;
        if withdrawn {
            self.mark_subject_pending(&mut transaction, subject).await?;
        }
        transaction.commit().await?;
        Ok(withdrawn)
    }

    /// The consents that were ever given for these subjects, by subject.
    pub async fn consents_for(&self, subjects: &[String]) -> Result<Vec<ConsentGrant>> {
        let rows = engine::query_as::<Row>(
            "SELECT subject, source, at, withdrawn FROM consents \
             WHERE subject IN (SELECT value FROM json_each($1)) ORDER BY subject",
        )
        .bind(subjects.to_vec())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(consented).collect())
    }

    /// Those of these messages whose authors allowed them to be quoted.
    pub async fn consented_messages(&self, ids: &[MessageId]) -> Result<BTreeSet<MessageId>> {
        let mut found = BTreeSet::new();
        for ids in ids.chunks(MAX_BINDS) {
            let sql = format!(
                "SELECT subject FROM consents WHERE withdrawn IS NULL AND subject IN {}",
                placeholders(1, ids.len())
            );
            let mut query = engine::query_scalar::<String>(AssertSqlSafe(sql));
            for id in ids {
                query = query.bind(message_subject(*id));
            }
            let subjects = query.fetch_all(&self.read).await?;
            found.extend(subjects.iter().filter_map(|subject| message_of(subject)));
        }
        Ok(found)
    }

    async fn mark_subject_pending(
        &self,
        connection: &mut Transaction,
        subject: &str,
    ) -> Result<()> {
        let Some(message) = message_of(subject) else { return Ok(()) };
        for (message, channel) in self.channels_of_messages(&[message]).await? {
            pending::mark_pending(connection, channel, &[message].into()).await?;
        }
        Ok(())
    }
}

/// The subject of a consent to quote one message.
pub(in crate::store) fn message_subject(id: MessageId) -> String {
    format!("message:{id}")
}

fn message_of(subject: &str) -> Option<MessageId> {
    subject.strip_prefix("message:")?.parse().ok()
}

pub(in crate::store) fn consented((subject, source, at, withdrawn): Row) -> ConsentGrant {
    ConsentGrant {
        subject,
        source,
        at: Timestamp::from_sql(at),
        withdrawn: withdrawn.map(Timestamp::from_sql),
    }
}

/// Returns whether the consent stands that did not before.
async fn insert(connection: &mut Transaction, consent: &ConsentGrant) -> Result<bool> {
    let ConsentGrant { subject, source, at, withdrawn } = consent;
    let done = engine::query(
        "INSERT INTO consents (subject, source, at, withdrawn) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (subject) DO UPDATE SET source = excluded.source, at = excluded.at, \
         withdrawn = excluded.withdrawn \
         WHERE consents.withdrawn IS NOT NULL AND excluded.at > consents.withdrawn",
    )
    .bind(subject)
    .bind(source)
    .bind(at.to_sql())
    .bind(withdrawn.map(SqlTime::to_sql))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

async fn withdraw(connection: &mut Transaction, subject: &str, at: Timestamp) -> Result<bool> {
    let done = engine::query(
        "UPDATE consents SET withdrawn = $2 \
         WHERE subject = $1 AND withdrawn IS NULL AND at <= $2",
    )
    .bind(subject)
    .bind(at.to_sql())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}
