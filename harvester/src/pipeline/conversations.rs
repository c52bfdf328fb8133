//! One channel's messages become conversations with verdicts.
//!
//! Links are made again where messages changed and for as far as a change is seen; conversations are
//! judged again where a link or a message of theirs changed. What results is what judging the whole
//! channel would give. Only conversations that a message may still join are held in memory.

mod judge;
mod links;
mod open;
mod opening;
mod regions;
mod verdict;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use indexer::store::{AuthorCache, ConversationRow, PendingChannel, PendingRange, StoreError};
use rules::disentangle::{Disentangler, WINDOW};
use rules::model::ids::{ConversationId, MessageId};
use rules::model::message::Message;

pub(super) use judge::ChannelJudge;
use links::parse_links;
pub use links::read_links;
use open::OpenConversations;
use opening::ThreadOpening;
use regions::{RelinkRegion, RelinkRegions};
use verdict::VerdictLoader;

const PAGE: u32 = 4_000;
/// Judged conversations stored in one transaction.
const FLUSH: usize = 2_000;

/// What judging took and gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct JudgingReport {
    /// Conversations stored.
    pub(super) conversations: u64,
    /// Messages read.
    pub(super) messages: u64,
}

impl AddAssign for JudgingReport {
    fn add_assign(&mut self, more: Self) {
        self.conversations += more.conversations;
        self.messages += more.messages;
    }
}

impl ChannelJudge {
    /// Judges what the changed messages of a channel touch.
    #[tracing::instrument(name = "analysis", skip_all, fields(channel = pending.channel.id.0))]
    pub(super) fn run(&self, pending: &PendingChannel) -> Result<JudgingReport, StoreError> {
        if pending.hidden || self.rules.scope.covers(&pending.channel).is_err() {
            let everything = PendingRange::to_the_end(MessageId(0));
            let all = self.store.conversations_begun(pending.channel.id, everything);
            let all = self.runtime.block_on(all)?;
            self.finish(pending, &all)?;
            return Ok(JudgingReport::default());
        }
        let helped = self.runtime.block_on(self.store.helped_questions(pending.channel.id))?;
        let declined = self.runtime.block_on(self.store.declined_questions(pending.channel.id))?;
        let has_threads = self.runtime.block_on(self.store.has_threads(pending.channel.id))?;
        let has_marks = self.runtime.block_on(self.store.has_marks(pending.channel.id))?;
        let mut authors = AuthorCache::default();
        let opening = ThreadOpening::load(self, &pending.channel, &mut authors)?;
        let mut walk = ChannelWalk {
            channel_judge: self,
            pending,
            regions: RelinkRegions::of(self, pending)?,
            disentangler: Disentangler::for_channel(
                &self.rules.conversations,
                pending.channel.kind,
            ),
            loader: VerdictLoader {
                channel_judge: self,
                pending,
                authors,
                opening,
                has_threads,
                has_marks,
                helped,
                declined,
                joined: RefCell::default(),
                read: 0,
            },
            open: OpenConversations::default(),
            judged: BTreeMap::new(),
            stale: BTreeSet::new(),
            to_the_end: false,
            stored: 0,
        };
        walk.process_regions()?;
        let stale = walk.stale.iter().copied().collect::<Vec<_>>();
        self.finish(pending, &stale)?;
        Ok(JudgingReport { conversations: walk.stored, messages: walk.loader.read })
    }

    fn finish(&self, pending: &PendingChannel, gone: &[ConversationId]) -> Result<(), StoreError> {
        self.runtime.block_on(async {
            self.store.remove_conversations(gone).await?;
            self.store.clear_pending(pending).await
        })
    }
}

/// The way through a channel.
struct ChannelWalk<'h> {
    channel_judge: &'h ChannelJudge,
    pending: &'h PendingChannel,
    regions: RelinkRegions,
    disentangler: Disentangler<'h>,
    loader: VerdictLoader<'h>,
    open: OpenConversations,
    judged: BTreeMap<ConversationId, ConversationRow>,
    /// Stored conversations that this walk has not come to again.
    stale: BTreeSet<ConversationId>,
    /// Whether a single region goes to the channel's end: what is judged then can be stored on the
    /// way, because a walk that is cut short begins at the same place. Else all is stored at once.
    to_the_end: bool,
    stored: u64,
}

impl ChannelWalk<'_> {
    fn process_regions(&mut self) -> Result<(), StoreError> {
        let mut first = true;
        while let Some(region) = self.regions.next(self.channel_judge, self.pending)? {
            self.to_the_end = first && region.whole.last == PendingRange::END;
            first = false;
            self.enter(region.whole)?;
            self.read(region.whole)?;
            self.follow_replies(&region)?;
            self.open.attach_before(self.regions.first());
        }
        self.close_before(usize::MAX)?;
        self.flush()
    }

    /// Takes up the conversations that were going on before a region or go on after it.
    fn enter(&mut self, region: PendingRange) -> Result<(), StoreError> {
        let (channel, store) = (self.pending.channel.id, &self.channel_judge.store);
        self.open.drop_links(region);
        let window =
            store.talk_before(channel, region.first, WINDOW as u32, &mut self.loader.authors);
        let window = self.channel_judge.runtime.block_on(window)?;
        self.loader.read += window.len() as u64;
        let from = window.first().map_or(region.first, |message| message.id);
        self.reopen_judged(from)?;
        let going_on = store.conversations_reaching(channel, from, region.first);
        for stored in self.channel_judge.runtime.block_on(going_on)? {
            if self.is_current(stored.id) {
                let links = read_links(&stored)?;
                self.open.reopen(stored.id.0, links, region.first, region.last);
            }
        }
        let outlasting = store.conversations_outlasting(channel, region);
        for stored in self.channel_judge.runtime.block_on(outlasting)? {
            self.open.await_links(stored.id.0, &read_links(&stored)?, region.last);
        }
        let begun = store.conversations_begun(channel, region);
        self.stale.extend(self.channel_judge.runtime.block_on(begun)?);
        let kind = self.pending.channel.kind;
        self.disentangler =
            Disentangler::for_channel(&self.channel_judge.rules.conversations, kind);
        for message in &window {
            self.disentangler.link(message);
            self.open.see(message.id);
        }
        Ok(())
    }

    /// Opens again what this walk closed, if it goes on at or after `from`.
    fn reopen_judged(&mut self, from: MessageId) -> Result<(), StoreError> {
        let reaching = self.judged.extract_if(.., |_, judged| judged.last >= from);
        for (id, judged) in reaching.collect::<Vec<_>>() {
            self.open.take_up(id.0, parse_links(&judged.links)?, true);
        }
        Ok(())
    }

    fn read(&mut self, region: PendingRange) -> Result<(), StoreError> {
        let mut rest = region;
        loop {
            let store = &self.channel_judge.store;
            let page =
                store.messages_in(self.pending.channel.id, rest, PAGE, &mut self.loader.authors);
            let page = self.channel_judge.runtime.block_on(page)?;
            let Some(last) = page.last() else { return Ok(()) };
            rest.first = MessageId(last.id.0 + 1);
            let count = page.len() as u64;
            self.loader.read += count;
            for message in page {
                if message.kind.is_talk() {
                    self.pass(message, region)?;
                }
            }
            self.channel_judge.progress.advance(count);
        }
    }

    fn pass(&mut self, mut message: Message, region: PendingRange) -> Result<(), StoreError> {
        if let Some(target) = message.reply_to
            && (target >= message.id || !self.is_open(target, message.id, region)?)
        {
            message.reply_to = None;
        }
        let link = self.disentangler.link(&message);
        self.open.add(link, message);
        let talk = self.open.talk();
        if talk.is_multiple_of(WINDOW) {
            self.close_before(talk - WINDOW)?;
        }
        if self.to_the_end && self.judged.len() >= FLUSH {
            self.flush()?;
        }
        Ok(())
    }

    /// Whether a message before `now` is in an open conversation; opens the one that holds it.
    fn is_open(
        &mut self,
        message: MessageId,
        now: MessageId,
        region: PendingRange,
    ) -> Result<bool, StoreError> {
        if self.open.holds(message) {
            return Ok(true);
        }
        let holds = |links: &[rules::disentangle::ParentLink]| {
            links.binary_search_by_key(&message, |link| link.message).is_ok()
        };
        for (id, judged) in self.judged.range(..=ConversationId(message)) {
            if judged.last < message {
                continue;
            }
            let links = parse_links(&judged.links)?;
            if holds(&links) {
                let id = *id;
                self.judged.remove(&id);
                self.open.take_up(id.0, links, true);
                return Ok(true);
            }
        }
        let around =
            self.channel_judge.store.conversations_around(self.pending.channel.id, message);
        for stored in self.channel_judge.runtime.block_on(around)? {
            if !self.is_current(stored.id) {
                continue;
            }
            let links = read_links(&stored)?;
            if holds(&links) {
                self.open.reopen(stored.id.0, links, now, region.last);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a conversation still is as it is stored.
    fn is_current(&self, id: ConversationId) -> bool {
        !self.stale.contains(&id) && !self.judged.contains_key(&id) && !self.open.has(id.0)
    }

    /// Replies from further on to messages that came or went are linked again.
    fn follow_replies(&mut self, region: &RelinkRegion) -> Result<(), StoreError> {
        if region.whole.last == PendingRange::END {
            return Ok(());
        }
        for changed in &region.changed {
            let store = &self.channel_judge.store;
            let replies = store.replies_into(self.pending.channel.id, *changed, region.whole.last);
            for (reply, target) in self.channel_judge.runtime.block_on(replies)? {
                if !(self.open.awaits(reply, target) && self.open.holds(target)) {
                    self.regions.add(reply);
                }
            }
        }
        Ok(())
    }

    /// Judges the conversations whose last message came before the `talk`th.
    fn close_before(&mut self, talk: usize) -> Result<(), StoreError> {
        for (root, open) in self.open.take_over(talk) {
            let id = ConversationId(root);
            if !open.changed {
                self.stale.remove(&id);
            } else if let Some(judged) = self.loader.judge(root, open)? {
                self.stale.remove(&id);
                self.judged.insert(id, judged);
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let judged = std::mem::take(&mut self.judged).into_values().collect::<Vec<_>>();
        self.stored += judged.len() as u64;
        self.channel_judge.runtime.block_on(self.channel_judge.store.save_conversations(&judged))
    }
}
