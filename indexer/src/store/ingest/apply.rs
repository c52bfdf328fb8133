//! Takes in what sources say, so that any order and any repetition ends the same.

use std::borrow::Cow;

use jiff::Timestamp;
use rules::model::message::{Message, ReactionChange};

use super::batch::{Applied, MemberJoin, ReactionsCoverage, WriteBatch};
use super::invalidations::Invalidations;
use super::{
    channel_progress, channels, deletion, members, message_versions, quarantine, reactions,
    servers, users,
};
use crate::store::privacy::opt_outs;
use crate::store::privacy::opt_outs::OptOuts;
use crate::store::{Result, Store};

/// A batch without what people who opted out said or did.
struct FilteredBatch<'b> {
    messages: Vec<(Cow<'b, Message>, ReactionsCoverage, Timestamp)>,
    reactions: Vec<&'b (ReactionChange, Timestamp)>,
    joins: Vec<&'b MemberJoin>,
    /// Messages left out.
    refused: u64,
}

impl<'b> FilteredBatch<'b> {
    fn of(batch: &'b WriteBatch, opted_out: &OptOuts) -> Self {
        let mut messages = Vec::with_capacity(batch.messages.len());
        for (message, coverage, at) in &batch.messages {
            if let Some(message) = opted_out.screen(message) {
                messages.push((message, *coverage, *at));
            }
        }
        let reacts = |(change, _): &&(ReactionChange, Timestamp)| {
            reactions::user(change.what).is_none_or(|user| !opted_out.covers(user))
        };
        Self {
            refused: (batch.messages.len() - messages.len()) as u64,
            messages,
            reactions: batch.reactions.iter().filter(reacts).collect(),
            joins: batch.joins.iter().filter(|one| !opted_out.covers(one.user)).collect(),
        }
    }
}

impl Store {
    /// Stores a batch in one transaction: what is new or newer replaces what is there, the rest
    /// changes nothing. What people who opted out say or do is left out, and so are their names.
    pub async fn apply_batch(&self, batch: &WriteBatch) -> Result<Applied> {
        let mut transaction = self.begin().await?;
        let messages = batch.messages.iter().map(|(message, ..)| message);
        let opted_out = opt_outs::read_for(&mut transaction, messages).await?;
        let screened = FilteredBatch::of(batch, &opted_out);
        let mut applied = Applied { unchanged: screened.refused, ..Applied::default() };
        let mut stale = Invalidations::default();
        applied.deleted += channels::upsert_channels(&mut transaction, batch, &mut stale).await?;
        applied.deleted +=
            deletion::tombstone_messages(&mut transaction, &batch.deleted, &mut stale).await?;
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
        // Before the users: what a new person says is pending in any case.
        members::upsert_joins(&mut transaction, &screened.joins, &mut stale).await?;
        servers::upsert_servers(&mut transaction, &batch.servers).await?;
        users::upsert_users(&mut transaction, spoke).await?;
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
