//! The questions of a span of time, in channels that everybody can read.

use std::collections::{BTreeMap, BTreeSet};

use indexer::store::{AskedQuestionRow, StoreError};
use jiff::Timestamp;
use rules::model::ids::{ChannelId, MessageId};
use rules::model::message::{Channel, ChannelKind};
use rules::report::questions::{AskedQuestion, FoundAnswer, QuestionOutcome, first_reply};

use super::ReportSource;

/// A question with its words, which are counted by and not shown as they are.
pub(super) struct ReportQuestion {
    pub(super) counted: AskedQuestion,
    pub(super) row: AskedQuestionRow,
    pub(super) text: String,
}

/// The channels that reports are about: in scope, and neither hidden nor gone.
pub(super) type ReportChannels = BTreeMap<ChannelId, Channel>;

impl ReportSource<'_> {
    pub(super) async fn channels(&self) -> Result<ReportChannels, StoreError> {
        let stored = self.store.channels().await?.into_iter();
        let open = stored.filter(|one| !one.hidden && !one.gone);
        let open = open.filter(|one| self.rules.scope.covers(&one.channel).is_ok());
        Ok(open.map(|one| (one.channel.id, one.channel)).collect())
    }

    /// The questions asked from `since` until before `until`, by their first message.
    pub(super) async fn questions(
        &self,
        channels: &ReportChannels,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ReportQuestion>, StoreError> {
        let mut rows = self.store.questions_asked(since, until).await?;
        rows.retain(|row| channels.contains_key(&row.channel));
        let conversations = rows.iter().map(|row| row.conversation).collect::<BTreeSet<_>>();
        let people = self.store.people_in(&conversations).await?;
        let begins =
            rows.iter().map(|row| (row.conversation, row.exchange)).collect::<BTreeSet<_>>();
        let mut texts = self.open_texts(&rows).await?;
        let questions = rows.into_iter().map(|row| {
            let said = people.get(&row.conversation).map_or(&[][..], Vec::as_slice);
            let next = begins
                .range((row.conversation, MessageId(row.exchange.0 + 1))..)
                .next()
                .filter(|(conversation, _)| *conversation == row.conversation)
                .map(|(_, exchange)| *exchange);
            let asked = (row.messages[0], row.asker, row.asked);
            let reply = first_reply(asked, said, next, &row.answers);
            let text = match &row.occurrence {
                Some(occurrence) => occurrence.question.clone(),
                None => texts.remove(&row.messages[0]).unwrap_or_default(),
            };
            let counted = self.counted(&row, &text, reply);
            ReportQuestion { counted, row, text }
        });
        Ok(questions.collect())
    }

    fn counted(
        &self,
        row: &AskedQuestionRow,
        text: &str,
        first_reply: Option<Timestamp>,
    ) -> AskedQuestion {
        let occurrence = row.occurrence.as_ref();
        let outcome = match (occurrence, row.status.as_str()) {
            (Some(occurrence), _) => QuestionOutcome::Answered(occurrence.grade),
            (None, "helped") => QuestionOutcome::Suggested,
            _ => QuestionOutcome::Open,
        };
        let answer = occurrence.map_or("", |occurrence| occurrence.answer.as_str());
        AskedQuestion {
            message: row.messages[0],
            channel: row.channel,
            asker: row.asker,
            asked: row.asked,
            outcome,
            first_reply,
            answer: occurrence.map(|one| FoundAnswer { by: one.answerer, at: one.answered }),
            cluster: occurrence.and_then(|one| one.cluster.clone()),
            topic: self.rules.topics.index_of([text, answer]),
        }
    }

    /// The words of the questions that are not answered, by their first message.
    async fn open_texts(
        &self,
        rows: &[AskedQuestionRow],
    ) -> Result<BTreeMap<MessageId, String>, StoreError> {
        let mut wanted = BTreeMap::<ChannelId, Vec<&AskedQuestionRow>>::new();
        for row in rows.iter().filter(|row| row.occurrence.is_none()) {
            wanted.entry(row.channel).or_default().push(row);
        }
        let mut texts = BTreeMap::new();
        for (channel, rows) in wanted {
            let ids = rows.iter().flat_map(|row| row.messages.iter().copied()).collect::<Vec<_>>();
            let said = self.store.message_texts(channel, &ids).await?;
            for row in rows {
                let parts = row.messages.iter().filter_map(|id| said.get(id)).map(String::as_str);
                texts.insert(row.messages[0], parts.collect::<Vec<_>>().join("\n"));
            }
        }
        Ok(texts)
    }
}

/// The channel under which a thread or post is counted.
pub(super) fn home_channel(channels: &ReportChannels, id: ChannelId) -> ChannelId {
    let thread = channels.get(&id).filter(|channel| channel.kind == ChannelKind::Thread);
    thread.and_then(|thread| thread.parent).unwrap_or(id)
}
