//! Takes in what sources say, so that any order and any repetition ends the same.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use rules::model::ids::{ChannelId, MessageId, Millis};
use rules::model::message::{Author, Channel, Message, ReactionChange};
use sqlx::SqliteConnection;

use super::channel_progress;
use super::channel_progress::ChannelProgress;
use super::channels::flag_for_purge;
use super::quarantine::{self, QuarantinedPayload};
use super::{channels, message_versions, reactions, tombstones, users};
use crate::store::judging::pending;
use crate::store::operations::purge::note_purge;
use crate::store::privacy::opt_outs;
use crate::store::privacy::opt_outs::OptOuts;
use crate::store::{Result, Store};

/// Whether a telling of a message names its reactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReactionsCoverage {
    Whole,
    ButReactions,
}

/// What sources say, to be stored in one transaction. `Millis` is when the source saw it.
#[derive(Debug, Default)]
pub struct WriteBatch {
    pub channels: Vec<(Channel, Millis)>,
    /// Channels out of scope: kept so that an older telling cannot bring them back, served never.
    pub outside: Vec<(Channel, Millis)>,
    pub hidden: Vec<(ChannelId, Millis)>,
    pub gone: Vec<(ChannelId, Millis)>,
    pub messages: Vec<(Message, ReactionsCoverage, Millis)>,
    pub deleted: Vec<(ChannelId, MessageId, Millis)>,
    pub reactions: Vec<(ReactionChange, Millis)>,
    /// Names and roles, each as of a message.
    pub people: Vec<(Author, MessageId, Millis)>,
    pub reading: Vec<ChannelProgress>,
    pub quarantined: Vec<QuarantinedPayload>,
}

/// What a batch changed. What stays behind a tombstone or an opt-out counts as unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    pub added: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub deleted: u64,
}

impl AddAssign for Applied {
    fn add_assign(&mut self, more: Self) {
        let Self { added, updated, unchanged, deleted } = more;
        self.added += added;
        self.updated += updated;
        self.unchanged += unchanged;
        self.deleted += deleted;
    }
}

/// A message by the place where it was said.
pub(in crate::store) type MessageKey = (ChannelId, MessageId);

/// What a transaction leaves to be judged again.
#[derive(Debug, Default)]
pub(in crate::store) struct Invalidations {
    changed: BTreeMap<ChannelId, BTreeSet<MessageId>>,
    /// Channels where words were deleted that verdicts may quote.
    purged: BTreeSet<ChannelId>,
    /// Whether words were deleted at all.
    words_gone: bool,
}

impl Invalidations {
    /// Has what a message touches judged again.
    pub(in crate::store) fn add(&mut self, (channel, message): MessageKey) {
        self.changed.entry(channel).or_default().insert(message);
    }

    /// The same, where the message's words were deleted.
    pub(in crate::store) fn purge(&mut self, key: MessageKey) {
        self.add(key);
        self.purged.insert(key.0);
        self.words_gone = true;
    }

    /// Notes that words were deleted which no verdict ever saw.
    pub(in crate::store) fn purge_unseen(&mut self) {
        self.words_gone = true;
    }

    pub(in crate::store) fn channels(&self) -> usize {
        self.changed.len()
    }

    /// Leaves the notes in the store.
    pub(in crate::store) async fn write(self, connection: &mut SqliteConnection) -> Result<()> {
        for (channel, messages) in &self.changed {
            pending::mark_pending(connection, *channel, messages).await?;
        }
        for channel in &self.purged {
            flag_for_purge(connection, *channel).await?;
        }
        if self.words_gone {
            note_purge(connection).await?;
        }
        Ok(())
    }
}

/// A batch without what people who opted out said or did.
struct FilteredBatch<'b> {
    messages: Vec<(Cow<'b, Message>, ReactionsCoverage, Millis)>,
    reactions: Vec<&'b (ReactionChange, Millis)>,
    people: Vec<&'b (Author, MessageId, Millis)>,
    /// Messages left out.
    refused: u64,
}

impl<'b> FilteredBatch<'b> {
    fn of(batch: &'b WriteBatch, opted_out: &OptOuts) -> Self {
        let mut messages = Vec::with_capacity(batch.messages.len());
        for (message, told, at) in &batch.messages {
            if let Some(message) = opted_out.screen(message) {
                messages.push((message, *told, *at));
            }
        }
        let reacts = |(change, _): &&(ReactionChange, Millis)| {
            reactions::user(change.what).is_none_or(|user| !opted_out.covers(user))
        };
        Self {
            refused: (batch.messages.len() - messages.len()) as u64,
            messages,
            reactions: batch.reactions.iter().filter(reacts).collect(),
            people: batch.people.iter().filter(|one| !opted_out.covers(one.0.id)).collect(),
        }
    }
}

impl Store {
    /// Stores a batch in one transaction: what is new or newer replaces what is there, the rest
    /// changes nothing. What people who opted out say or do is left out, and so are their names.
    pub async fn apply_batch(&self, batch: &WriteBatch) -> Result<Applied> {
        let mut transaction = self.begin().await?;
        let opted_out = opt_outs::read(&mut transaction).await?;
        let screened = FilteredBatch::of(batch, &opted_out);
        let mut applied = Applied { unchanged: screened.refused, ..Applied::default() };
        let mut stale = Invalidations::default();
        applied.deleted += channels::upsert_channels(&mut transaction, batch, &mut stale).await?;
        applied.deleted +=
            tombstones::tombstone_messages(&mut transaction, &batch.deleted, &mut stale).await?;
        applied +=
            message_versions::upsert_messages(&mut transaction, &screened.messages, &mut stale)
                .await?;
        let read = screened.messages.iter().map(|(one, _, at)| ((one.channel, one.id), *at));
        quarantine::drop_of_read(&mut transaction, read, &mut stale).await?;
        applied +=
            reactions::upsert_reaction_changes(&mut transaction, &screened.reactions, &mut stale)
                .await?;
        let spoke =
            screened.messages.iter().map(|(message, _, at)| (&*message.author, message.id, *at));
        let seen = screened.people.iter().map(|(author, of, at)| (author, *of, *at));
        users::upsert_users(&mut transaction, spoke.chain(seen)).await?;
        for one in &batch.reading {
            channel_progress::upsert_channel_progress(&mut transaction, one).await?;
        }
        for one in &batch.quarantined {
            quarantine::quarantine_payload(&mut transaction, one, &opted_out).await?;
        }
        stale.write(&mut transaction).await?;
        transaction.commit().await?;
        Ok(applied)
    }
}
