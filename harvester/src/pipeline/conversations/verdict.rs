//! A conversation's links become the verdicts on its exchanges.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use indexer::store::{
    AskedBy, AuthorCache, ConversationRow, ExchangeRow, ExchangeStatus, PendingChannel, StoreError,
    write_verdict,
};
use jiff::Timestamp;
use rules::config::scope::Consent;
use rules::disentangle::{AnswerMark, Conversation, ParentLink};
use rules::exchange::{answered_part, split_exchanges};
use rules::model::cluster::Occurrence;
use rules::model::ids::{ConversationId, GuildId, MessageId, UserId};
use rules::model::message::Message;
use rules::model::reason::WeightedReason;
use rules::resolution::{ConversationVerdict, Question, Resolution, classify};

use super::judge::ChannelJudge;
use super::links::write_links;
use super::open::OpenConversation;
use super::opening::ThreadOpening;

/// Loads what a conversation lacks and judges it.
pub(super) struct VerdictLoader<'h> {
    pub(super) channel_judge: &'h ChannelJudge,
    pub(super) pending: &'h PendingChannel,
    pub(super) authors: AuthorCache,
    pub(super) opening: ThreadOpening,
    /// Whether threads were opened in the channel.
    pub(super) has_threads: bool,
    /// Whether anybody marked a message of the channel.
    pub(super) has_marks: bool,
    /// Questions that a suggested answer helped.
    pub(super) helped: BTreeSet<MessageId>,
    /// Messages whose authors say that they are no questions.
    pub(super) declined: BTreeSet<MessageId>,
    /// When people of the channel joined its server, as far as a source said it; each is looked up once.
    pub(super) joined: RefCell<BTreeMap<UserId, Option<Timestamp>>>,
    /// Messages read from the store.
    pub(super) read: u64,
}

impl VerdictLoader<'_> {
    /// The conversation with the verdicts on its exchanges; `None` if all of its messages were deleted
    /// while it was read.
    pub(super) fn judge(
        &mut self,
        root: MessageId,
        open: OpenConversation,
    ) -> Result<Option<ConversationRow>, StoreError> {
        let OpenConversation { links, messages, .. } = open;
        let mut messages = self.complete(&links, messages)?;
        if messages.is_empty() {
            return Ok(None);
        }
        self.leave_to_threads(&mut messages)?;
        self.opening.put_before(&mut messages);
        let rules = &self.channel_judge.rules.conversations;
        let all = messages.iter().collect::<Vec<_>>();
        let exchanges = split_exchanges(&all, &links, rules);
        let exchanges = exchanges
            .into_iter()
            .map(|messages| self.judge_exchange(ConversationId(root), messages));
        Ok(Some(ConversationRow {
            id: ConversationId(root),
            channel: self.pending.channel.id,
            last: links.last().map_or(root, |link| link.message),
            links: write_links(&links),
            exchanges: exchanges.collect::<Result<_, _>>()?,
        }))
    }

    fn judge_exchange(
        &self,
        conversation: ConversationId,
        messages: Vec<&Message>,
    ) -> Result<ExchangeRow, StoreError> {
        let rules = &self.channel_judge.rules;
        let id = messages[0].id;
        let marks = self.marks(&messages)?;
        let exchange = Conversation {
            id: conversation,
            channel: &self.opening.channel,
            messages,
            trusted: &self.channel_judge.trusted,
            marks,
        };
        let verdict = self.unless_declined(classify(&exchange, &rules.signals));
        let (status, occurrence) = match &verdict {
            ConversationVerdict::NotAQuestion { .. } => (ExchangeStatus::NoQuestion, None),
            ConversationVerdict::Open { question, .. } => (self.unsettled(question), None),
            ConversationVerdict::Resolved(resolution) => {
                (ExchangeStatus::Resolved, Some(self.occurrence(&exchange, resolution)?))
            }
        };
        Ok(ExchangeRow {
            id,
            status,
            asked: self.asked(&verdict, &exchange.messages),
            verdict: write_verdict(&verdict),
            occurrence,
        })
    }

    /// Who asks and what about, where something is asked.
    fn asked(&self, verdict: &ConversationVerdict, messages: &[&Message]) -> Option<AskedBy> {
        let question = verdict.question()?;
        let parts = messages.iter().filter(|message| question.messages.contains(&message.id));
        let text = parts.map(|part| part.own_words()).collect::<Vec<_>>().join("\n");
        let topics = self.channel_judge.rules.conversations.question_traits(&text).topic_sketch();
        Some(AskedBy { asker: question.asker, topics })
    }

    /// Most channels have none, and need no look for each exchange.
    fn marks(&self, messages: &[&Message]) -> Result<Vec<AnswerMark>, StoreError> {
        if !self.has_marks {
            return Ok(Vec::new());
        }
        let ids = messages.iter().map(|message| message.id).collect::<Vec<_>>();
        let marks = self.channel_judge.store.marks(self.pending.channel.id, &ids);
        self.channel_judge.runtime.block_on(marks)
    }

    fn occurrence(
        &self,
        exchange: &Conversation<'_>,
        resolution: &Resolution,
    ) -> Result<Occurrence, StoreError> {
        let (quoted, quotable) = self.quoted(resolution)?;
        let age = self.channel_judge.rules.pages.newcomer_age();
        let people = quoted.participants().map(|(person, _)| person).collect::<Vec<_>>();
        let joined = self.join_dates(exchange.channel.guild, &people)?;
        let mut occurrence = Occurrence::of(exchange, &quoted, quotable, age, &joined);
        let rules = &self.channel_judge.rules.conversations;
        let answer = &occurrence.best_answer().text;
        if let Some(part) = answered_part(&occurrence.question.text, answer, rules) {
            occurrence.question.text = part;
        }
        Ok(occurrence)
    }

    fn join_dates(
        &self,
        guild: GuildId,
        people: &[UserId],
    ) -> Result<BTreeMap<UserId, Timestamp>, StoreError> {
        let mut joined = self.joined.borrow_mut();
        let mut unknown = people.to_vec();
        unknown.retain(|person| !joined.contains_key(person));
        if !unknown.is_empty() {
            let found = self.channel_judge.store.join_dates(guild, &unknown);
            let found = self.channel_judge.runtime.block_on(found)?;
            joined.extend(unknown.into_iter().map(|person| (person, found.get(&person).copied())));
        }
        let known = |person: &UserId| Some((*person, joined.get(person).copied().flatten()?));
        Ok(people.iter().filter_map(known).collect())
    }

    /// A message that a thread was opened from is judged with the thread.
    fn leave_to_threads(&self, messages: &mut Vec<Message>) -> Result<(), StoreError> {
        if !self.has_threads {
            return Ok(());
        }
        let ids = messages.iter().map(|message| message.id).collect::<Vec<_>>();
        let opened = self.channel_judge.store.thread_openings(self.pending.channel.id, &ids);
        let opened = self.channel_judge.runtime.block_on(opened)?;
        messages.retain(|message| opened.binary_search(&message.id).is_err());
        Ok(())
    }

    fn complete(
        &mut self,
        links: &[ParentLink],
        mut messages: Vec<Message>,
    ) -> Result<Vec<Message>, StoreError> {
        if messages.len() < links.len() {
            let held = messages.iter().map(|message| message.id).collect::<BTreeSet<_>>();
            let missing = links.iter().map(|link| link.message).filter(|id| !held.contains(id));
            let missing = missing.collect::<Vec<_>>();
            let store = &self.channel_judge.store;
            let loaded = store.messages_with(self.pending.channel.id, &missing, &mut self.authors);
            let loaded = self.channel_judge.runtime.block_on(loaded)?;
            self.read += loaded.len() as u64;
            messages.extend(loaded);
            messages.sort_by_key(|message| message.id);
        }
        forget_lost_replies(&mut messages);
        Ok(messages)
    }

    /// The verdict, unless the asker says that it is no question.
    fn unless_declined(&self, verdict: ConversationVerdict) -> ConversationVerdict {
        let Some(question) = verdict.question() else { return verdict };
        if !question.messages.iter().any(|message| self.declined.contains(message)) {
            return verdict;
        }
        let why = WeightedReason::new("the asker says that it is no question", -1.0);
        ConversationVerdict::NotAQuestion { reasons: vec![why] }
    }

    fn unsettled(&self, question: &Question) -> ExchangeStatus {
        let helped = question.messages.iter().any(|message| self.helped.contains(message));
        if helped { ExchangeStatus::Helped } else { ExchangeStatus::Open }
    }

    /// The resolution with the answers that are shown, and whether their words may be quoted: by
    /// the channel, or because each author agreed when asked. Where people are asked, answers beside
    /// the best one are shown only if their authors agreed.
    fn quoted<'r>(
        &self,
        resolution: &'r Resolution,
    ) -> Result<(Cow<'r, Resolution>, bool), StoreError> {
        let scope = &self.channel_judge.rules.scope;
        let by_channel = scope.may_quote(&self.pending.channel);
        if by_channel || scope.consent != Some(Consent::Ask) {
            return Ok((Cow::Borrowed(resolution), by_channel));
        }
        let answers = resolution.answers.iter().flat_map(|answer| answer.messages.iter().copied());
        let mut needed = resolution.question.messages.clone();
        needed.extend(answers);
        let agreed = self.channel_judge.store.consented_messages(&needed);
        let agreed = self.channel_judge.runtime.block_on(agreed)?;
        let best = resolution.answers.first().map_or(0, |answer| answer.messages.len());
        needed.truncate(resolution.question.messages.len() + best);
        if !needed.iter().all(|message| agreed.contains(message)) {
            return Ok((Cow::Borrowed(resolution), false));
        }
        let mut quoted = resolution.clone();
        quoted.answers.retain(|answer| answer.messages.iter().all(|part| agreed.contains(part)));
        Ok((Cow::Owned(quoted), true))
    }
}

/// A reply to a message that is not stored is none, whether it was read on this walk or before. One
/// to a stored message is always in the same conversation.
fn forget_lost_replies(messages: &mut [Message]) {
    let here = messages.iter().map(|message| message.id).collect::<BTreeSet<_>>();
    for message in messages {
        let id = message.id;
        message.reply_to = message.reply_to.filter(|target| *target < id && here.contains(target));
    }
}
