//! What a transaction leaves to be judged again.

use std::collections::{BTreeMap, BTreeSet};

use rules::model::ids::{ChannelId, MessageId};

use super::batch::MessageKey;
use crate::store::Result;
use crate::store::engine::Transaction;
use crate::store::judging::pending::{flag_for_purge, mark_pending};
use crate::store::operations::purge::note_purge;

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
    pub(in crate::store) async fn write(self, connection: &mut Transaction) -> Result<()> {
        for (channel, messages) in &self.changed {
            mark_pending(connection, *channel, messages).await?;
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
