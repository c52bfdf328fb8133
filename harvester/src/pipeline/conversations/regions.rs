//! Which stretches of a channel are to be linked again.

use indexer::store::{PendingChannel, PendingRange, StoreError};
use rules::disentangle::WINDOW;
use rules::model::ids::MessageId;

use super::judge::ChannelJudge;

/// Beyond so many changed messages a channel is judged from the first of them to its end: what is
/// bounded is held in memory until all of it is done.
const MOST_BOUNDED: u64 = 50_000;

/// A stretch whose every message is linked again: the changed ones, and those that see them in their
/// window.
#[derive(Debug)]
pub(super) struct RelinkRegion {
    pub(super) whole: PendingRange,
    pub(super) changed: Vec<PendingRange>,
}

/// The changed ranges that are still ahead, by id.
#[derive(Debug)]
pub(super) struct RelinkRegions {
    ahead: Vec<PendingRange>,
}

impl RelinkRegions {
    pub(super) fn of(
        channel_judge: &ChannelJudge,
        pending: &PendingChannel,
    ) -> Result<Self, StoreError> {
        let mut ahead = pending.ranges.clone();
        let changed = channel_judge.store.messages_pending(pending);
        if channel_judge.runtime.block_on(changed)? > MOST_BOUNDED {
            ahead = ahead
                .first()
                .map(|range| PendingRange::to_the_end(range.first))
                .into_iter()
                .collect();
        }
        ahead.reverse();
        Ok(Self { ahead })
    }

    /// Has a message further on linked again.
    pub(super) fn add(&mut self, message: MessageId) {
        self.ahead.push(PendingRange { first: message, last: message });
        self.ahead.sort_unstable_by(|one, other| other.cmp(one));
    }

    /// Where the next stretch begins.
    pub(super) fn first(&self) -> MessageId {
        self.ahead.last().map_or(PendingRange::END, |range| range.first)
    }

    /// The next stretch: until [`WINDOW`] messages in a row neither changed nor saw a change.
    pub(super) fn next(
        &mut self,
        channel_judge: &ChannelJudge,
        pending: &PendingChannel,
    ) -> Result<Option<RelinkRegion>, StoreError> {
        let Some(mut whole) = self.ahead.pop() else { return Ok(None) };
        let mut changed = vec![whole];
        let end = |last| channel_judge.store.talk_after(pending.channel.id, last, WINDOW as u32);
        let mut last = whole.last;
        whole.last = channel_judge.runtime.block_on(end(last))?;
        while let Some(next) = self.ahead.pop_if(|next| next.first <= whole.last) {
            changed.push(next);
            if next.last > last {
                last = next.last;
                whole.last = channel_judge.runtime.block_on(end(last))?;
            }
        }
        Ok(Some(RelinkRegion { whole, changed }))
    }
}
