//! Everything that is stored about one person, for that person.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rules::model::ids::{ChannelId, GuildId, MessageId, UserId};
use rules::model::message::{Author, Role};
use serde::{Serialize, Serializer};

use super::consents::{consented, message_subject};
use crate::store::engine;
use crate::store::ingest::batch::{by_channel, place};
use crate::store::ingest::messages::AuthorCache;
use crate::store::ingest::users::author;
use crate::store::sql::{SqlId, SqlTime};
use crate::store::{AskerNotice, AuditRow, ConsentGrant, Result, Store, Suggestion};

/// Everything that is stored about a person.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PersonalData {
    /// The name and roles as last seen.
    pub name: Option<String>,
    pub roles: Vec<Role>,
    /// When they joined a server, as far as a source said it.
    #[serde(serialize_with = "serialize_joins")]
    pub joined: Vec<(GuildId, Timestamp)>,
    /// By channel and then by id.
    pub messages: Vec<PersonalMessage>,
    pub reactions: Vec<PersonalReaction>,
    pub marks: Vec<PersonalMark>,
    pub duplicate_marks: Vec<PersonalDuplicateMark>,
    /// What they did by hand.
    pub actions: Vec<AuditRow>,
    /// Their consents to quote messages of theirs.
    pub consents: Vec<ConsentGrant>,
    /// What was suggested to questions of theirs.
    pub suggestions: Vec<Suggestion>,
    /// The notices that they got about questions of theirs.
    pub notices: Vec<AskerNotice>,
    /// Messages of others that mention them.
    pub mentioned_in: Vec<(ChannelId, MessageId)>,
    /// What a source sent about them that could not be read, raw.
    pub unreadable: Vec<String>,
}

fn serialize_joins<S: Serializer>(
    joined: &[(GuildId, Timestamp)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(joined.iter().map(|(guild, at)| (guild, at.to_sql())))
}

/// A message of the person's.
#[derive(Clone, Serialize)]
pub struct PersonalMessage {
    pub channel: ChannelId,
    pub id: MessageId,
    #[serde(with = "rules::time::milliseconds")]
    pub sent: Timestamp,
    #[serde(with = "rules::time::milliseconds::optional")]
    pub edited: Option<Timestamp>,
    pub text: String,
    pub forwarded: Option<String>,
    pub reply_to: Option<MessageId>,
    /// Names of attached files.
    pub attachments: Vec<String>,
}

impl std::fmt::Debug for PersonalMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptMessage").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A reaction of the person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonalReaction {
    pub channel: ChannelId,
    pub message: MessageId,
    pub emoji: String,
}

/// A mark of the person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonalMark {
    pub channel: ChannelId,
    pub message: MessageId,
    /// `None` once taken back.
    pub answers: Option<bool>,
    #[serde(with = "rules::time::milliseconds")]
    pub at: Timestamp,
}

/// A tie of the person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonalDuplicateMark {
    pub question: MessageId,
    /// `None` once taken back.
    pub with: Option<MessageId>,
    #[serde(with = "rules::time::milliseconds")]
    pub at: Timestamp,
}

impl Store {
    /// Everything that is stored about a person.
    pub async fn personal_data_of(&self, user: UserId) -> Result<PersonalData> {
        let id = user.to_string();
        let person = self.person(user).await?;
        let own = self.keys_of_author(user).await?;
        let mut kept = PersonalData {
            name: person.as_ref().map(|person| person.name.clone()),
            roles: person.map(|person| person.roles).unwrap_or_default(),
            joined: self.joins_of(user).await?,
            reactions: self.reactions_of(user).await?,
            marks: self.marks_of(user).await?,
            duplicate_marks: self.ties_of(user).await?,
            actions: self.audit_rows_of(user).await?,
            mentioned_in: self.mentions_of(user).await?,
            unreadable: self.quarantined_about(&id).await?,
            ..PersonalData::default()
        };
        let mut authors = AuthorCache::default();
        for (channel, ids) in by_channel(own.iter().copied()) {
            for one in self.messages_with(channel, &ids, &mut authors).await? {
                kept.messages.push(PersonalMessage {
                    channel,
                    id: one.id,
                    sent: one.sent,
                    edited: one.edited,
                    text: one.text,
                    forwarded: one.forwarded,
                    reply_to: one.reply_to,
                    attachments: one.attachments.into_iter().map(|file| file.name).collect(),
                });
            }
        }
        for (_, message) in own {
            kept.suggestions.extend(self.suggestion(message).await?);
            kept.notices.extend(self.notices_of(message).await?);
            kept.consents.extend(self.consent(&message_subject(message)).await?);
        }
        Ok(kept)
    }

    async fn person(&self, user: UserId) -> Result<Option<Author>> {
        let row = engine::query_as::<(i64, String, bool, String)>(
            "SELECT id, name, bot, roles FROM users WHERE id = $1",
        )
        .bind(user.to_sql())
        .fetch_optional(&self.read)
        .await?;
        row.map(author).transpose()
    }

    async fn joins_of(&self, user: UserId) -> Result<Vec<(GuildId, Timestamp)>> {
        let rows = engine::query_as::<(i64, i64)>(
            "SELECT guild, joined FROM members WHERE members.user = $1 ORDER BY guild",
        )
        .bind(user.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(guild, at)| (GuildId::from_sql(guild), Timestamp::from_sql(at)))
            .collect())
    }

    async fn keys_of_author(&self, user: UserId) -> Result<Vec<(ChannelId, MessageId)>> {
        let rows = engine::query_as::<(i64, i64)>(
            "SELECT channel, id FROM messages WHERE author = $1 ORDER BY channel, id",
        )
        .bind(user.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(|(channel, id)| place(channel, id)).collect())
    }

    async fn mentions_of(&self, user: UserId) -> Result<Vec<(ChannelId, MessageId)>> {
        let rows = engine::query_as::<(i64, i64)>(
            "SELECT channel, id FROM messages WHERE author <> $1 \
             AND (instr(text, $2) > 0 OR instr(text, $3) > 0 OR instr(extra, $2) > 0 \
             OR instr(extra, $3) > 0 OR instr(extra, $4) > 0) ORDER BY channel, id",
        )
        .bind(user.to_sql())
        .bind(format!("<@{user}>"))
        .bind(format!("<@!{user}>"))
        .bind(format!("\"id\":\"{user}\""))
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(|(channel, id)| place(channel, id)).collect())
    }

    /// What stands now of the person's reactions, and those to messages that are not stored.
    async fn reactions_of(&self, user: UserId) -> Result<Vec<PersonalReaction>> {
        let reacted = self.messages_with_reactions_of(user).await?;
        let mut authors = AuthorCache::default();
        let mut kept = Vec::new();
        for (channel, ids) in by_channel(reacted.into_iter()) {
            let stored = self.messages_with(channel, &ids, &mut authors).await?;
            for message in stored {
                let own = message.reactions.into_iter().filter(|one| one.users.contains(&user));
                kept.extend(own.map(|one| PersonalReaction {
                    channel,
                    message: message.id,
                    emoji: one.emoji,
                }));
            }
        }
        kept.extend(self.reactions_waiting(user).await?);
        Ok(kept)
    }

    async fn messages_with_reactions_of(
        &self,
        user: UserId,
    ) -> Result<BTreeSet<(ChannelId, MessageId)>> {
        let rows = engine::query_as::<(i64, i64)>(
            "SELECT channel, id FROM messages \
             WHERE reactions IS NOT NULL AND instr(reactions, $1) > 0 \
             UNION SELECT channel, message FROM reaction_changes WHERE reaction_changes.user = $2",
        )
        .bind(format!("\"{user}\""))
        .bind(user.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(|(channel, id)| place(channel, id)).collect())
    }

    async fn reactions_waiting(&self, user: UserId) -> Result<Vec<PersonalReaction>> {
        let rows = engine::query_as::<(i64, i64, String)>(
            "SELECT channel, message, emoji FROM reaction_changes WHERE reaction_changes.user = $1 AND added = 1 \
             AND NOT EXISTS (SELECT 1 FROM messages \
             WHERE messages.channel = reaction_changes.channel AND id = message) \
             ORDER BY channel, message, emoji",
        )
        .bind(user.to_sql())
        .fetch_all(&self.read)
        .await?;
        let kept = |(channel, message, emoji)| {
            let (channel, message) = place(channel, message);
            PersonalReaction { channel, message, emoji }
        };
        Ok(rows.into_iter().map(kept).collect())
    }

    async fn marks_of(&self, user: UserId) -> Result<Vec<PersonalMark>> {
        let rows = engine::query_as::<(i64, i64, Option<bool>, i64)>(
            "SELECT channel, message, answers, at FROM answer_marks WHERE by_user = $1 \
             ORDER BY at, channel, message",
        )
        .bind(user.to_sql())
        .fetch_all(&self.read)
        .await?;
        let kept = |(channel, message, answers, at)| {
            let (channel, message) = place(channel, message);
            PersonalMark { channel, message, answers, at: Timestamp::from_sql(at) }
        };
        Ok(rows.into_iter().map(kept).collect())
    }

    async fn ties_of(&self, user: UserId) -> Result<Vec<PersonalDuplicateMark>> {
        let rows = engine::query_as::<(i64, Option<i64>, i64)>(
            "SELECT question, with_question, at FROM duplicate_marks WHERE by_user = $1 ORDER BY at, question",
        )
        .bind(user.to_sql())
        .fetch_all(&self.read)
        .await?;
        let kept = |(question, with, at): (i64, Option<i64>, i64)| PersonalDuplicateMark {
            question: MessageId::from_sql(question),
            with: with.map(MessageId::from_sql),
            at: Timestamp::from_sql(at),
        };
        Ok(rows.into_iter().map(kept).collect())
    }

    async fn audit_rows_of(&self, user: UserId) -> Result<Vec<AuditRow>> {
        let rows = engine::query_as(
            "SELECT seq, at, by_user, what, target, undoes FROM audit WHERE by_user = $1 \
             ORDER BY seq",
        )
        .bind(user.to_sql())
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(crate::store::operations::audit::audit_row).collect())
    }

    async fn consent(&self, subject: &str) -> Result<Option<ConsentGrant>> {
        let row = engine::query_as(
            "SELECT subject, source, at, withdrawn FROM consents WHERE subject = $1",
        )
        .bind(subject)
        .fetch_optional(&self.read)
        .await?;
        Ok(row.map(consented))
    }

    async fn quarantined_about(&self, id: &str) -> Result<Vec<String>> {
        Ok(engine::query_scalar("SELECT raw FROM quarantine WHERE instr(raw, $1) > 0 ORDER BY id")
            .bind(id)
            .fetch_all(&self.read)
            .await?)
    }
}
