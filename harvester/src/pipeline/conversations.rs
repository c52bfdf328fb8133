//! One channel's messages become conversations with verdicts.
//!
//! The messages are read in the order of their ids, from the first that is not judged yet. Only
//! conversations that a new message may still join are held in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use indexer::store::{
    Faces, Judged, PendingChannel, Status, Store, StoreError, StoredConversation,
};
use rules::cluster::Occurrence;
use rules::conversation::cue::Cue;
use rules::conversation::{Conversation, Link, Untangler, WINDOW};
use rules::ids::{ConversationId, MessageId, UserId};
use rules::message::Message;
use rules::resolution::{Verdict, judge};
use rules::ruleset::Ruleset;
use tokio::runtime::Handle;

use crate::progress::Progress;

const PAGE: u32 = 4_000;
/// Judged conversations stored in one transaction.
const FLUSH: usize = 2_000;

/// What judging a channel needs. Its calls block.
pub(super) struct ChannelHarvest {
    pub(super) store: Store,
    pub(super) rules: Arc<Ruleset>,
    pub(super) trusted: Arc<BTreeSet<UserId>>,
    pub(super) progress: Progress,
    pub(super) runtime: Handle,
}

impl ChannelHarvest {
    /// Judges a channel from its first pending message on; returns how many conversations it stored.
    pub(super) fn run(&self, pending: &PendingChannel) -> Result<u64, StoreError> {
        let begun = self.store.conversations_begun(pending.channel.id, pending.from);
        let mut walk = Walk {
            harvest: self,
            pending,
            untangler: Untangler::for_channel(&self.rules.conversations, pending.channel.kind),
            faces: Faces::default(),
            open: BTreeMap::new(),
            home: HashMap::new(),
            talk: 0,
            judged: Vec::new(),
            stale: self.runtime.block_on(begun)?.into_iter().collect(),
            stored: 0,
        };
        if self.rules.scope.covers(&pending.channel).is_ok() {
            walk.resume()?;
            walk.read()?;
            walk.close_before(usize::MAX)?;
            walk.flush()?;
        }
        let stale = walk.stale.iter().copied().collect::<Vec<_>>();
        let stored = walk.stored;
        self.runtime.block_on(async {
            self.store.remove_conversations(&stale).await?;
            self.store.mark_judged(pending).await
        })?;
        Ok(stored)
    }
}

/// The way through a channel.
struct Walk<'h> {
    harvest: &'h ChannelHarvest,
    pending: &'h PendingChannel,
    untangler: Untangler<'h>,
    faces: Faces,
    open: BTreeMap<MessageId, Open>,
    /// The conversation of every message in `open`.
    home: HashMap<MessageId, MessageId>,
    /// Messages of people and bots passed so far.
    talk: usize,
    judged: Vec<Judged>,
    /// Stored conversations that this walk has not come to again.
    stale: BTreeSet<ConversationId>,
    stored: u64,
}

/// A conversation that may go on.
struct Open {
    links: Vec<Link>,
    /// Those of its messages that are in memory.
    messages: Vec<Message>,
    /// Whether it differs from what is stored.
    changed: bool,
    last_talk: usize,
}

impl Walk<'_> {
    /// Takes up the conversations that were going on before the first pending message.
    fn resume(&mut self) -> Result<(), StoreError> {
        let (channel, from) = (self.pending.channel.id, self.pending.from);
        let store = &self.harvest.store;
        let window = store.talk_before(channel, from, WINDOW as u32, &mut self.faces);
        let window = self.harvest.runtime.block_on(window)?;
        let first = window.first().map_or(from, |message| message.id);
        let going_on = store.conversations_reaching(channel, first);
        for stored in self.harvest.runtime.block_on(going_on)? {
            let mut links = read_links(&stored)?;
            let before = links.len();
            links.retain(|link| link.message < from);
            let cut = links.len() < before;
            self.reopen(stored.id, links, cut);
        }
        for message in &window {
            self.talk += 1;
            self.untangler.link(message);
            if let Some(open) = self.home.get(&message.id).and_then(|root| self.open.get_mut(root))
            {
                open.last_talk = self.talk;
            }
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), StoreError> {
        let mut next = self.pending.from;
        loop {
            let page = self.harvest.store.messages_from(
                self.pending.channel.id,
                next,
                PAGE,
                &mut self.faces,
            );
            let page = self.harvest.runtime.block_on(page)?;
            let Some(last) = page.last() else { return Ok(()) };
            next = MessageId(last.id.0 + 1);
            let count = page.len();
            for message in page {
                if message.kind.is_talk() {
                    self.pass(message)?;
                }
            }
            self.harvest.progress.advance(count as u64);
        }
    }

    fn pass(&mut self, mut message: Message) -> Result<(), StoreError> {
        self.talk += 1;
        if let Some(target) = message.reply_to
            && (target >= message.id || !self.is_open(target)?)
        {
            message.reply_to = None;
        }
        let link = self.untangler.link(&message);
        let root = link.parent.and_then(|parent| self.home.get(&parent).copied());
        let root = root.unwrap_or(message.id);
        let open = self.open.entry(root).or_insert_with(|| Open {
            links: Vec::new(),
            messages: Vec::new(),
            changed: true,
            last_talk: 0,
        });
        self.home.insert(message.id, root);
        open.links.push(link);
        open.messages.push(message);
        open.changed = true;
        open.last_talk = self.talk;
        if self.talk.is_multiple_of(WINDOW) {
            self.close_before(self.talk - WINDOW)?;
        }
        if self.judged.len() >= FLUSH {
            self.flush()?;
        }
        Ok(())
    }

    /// Whether an earlier message is in an open conversation; opens the stored one that holds it.
    fn is_open(&mut self, message: MessageId) -> Result<bool, StoreError> {
        if self.home.contains_key(&message) {
            return Ok(true);
        }
        // What was closed on this walk is looked up as it was judged, not as it was before.
        self.flush()?;
        let around = self.harvest.store.conversations_around(self.pending.channel.id, message);
        for stored in self.harvest.runtime.block_on(around)? {
            let current = !self.stale.contains(&stored.id) && !self.open.contains_key(&stored.id.0);
            if !current {
                continue;
            }
            let links = read_links(&stored)?;
            if links.iter().any(|link| link.message == message) {
                self.reopen(stored.id, links, false);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn reopen(&mut self, id: ConversationId, links: Vec<Link>, changed: bool) {
        if links.is_empty() {
            return;
        }
        self.home.extend(links.iter().map(|link| (link.message, id.0)));
        let open = Open { links, messages: Vec::new(), changed, last_talk: self.talk };
        self.open.insert(id.0, open);
    }

    /// Stores the conversations whose last message came before the `talk`th.
    fn close_before(&mut self, talk: usize) -> Result<(), StoreError> {
        let over = self
            .open
            .iter()
            .filter(|(_, open)| open.last_talk < talk)
            .map(|(root, _)| *root)
            .collect::<Vec<_>>();
        for root in over {
            let open = self.open.remove(&root).expect("it was just listed");
            for link in &open.links {
                self.home.remove(&link.message);
            }
            self.stale.remove(&ConversationId(root));
            if open.changed {
                let judged = self.judge(root, open)?;
                self.judged.push(judged);
            }
        }
        Ok(())
    }

    fn judge(&mut self, root: MessageId, open: Open) -> Result<Judged, StoreError> {
        let Open { links, mut messages, .. } = open;
        if messages.len() < links.len() {
            let held = messages.iter().map(|message| message.id).collect::<BTreeSet<_>>();
            let missing = links.iter().map(|link| link.message).filter(|id| !held.contains(id));
            let missing = missing.collect::<Vec<_>>();
            let store = &self.harvest.store;
            let loaded = store.messages_with(self.pending.channel.id, &missing, &mut self.faces);
            messages.extend(self.harvest.runtime.block_on(loaded)?);
            messages.sort_by_key(|message| message.id);
        }
        forget_lost_replies(&mut messages);
        let channel = &self.pending.channel;
        let rules = &self.harvest.rules;
        let conversation = Conversation {
            id: ConversationId(root),
            channel,
            messages: messages.iter().collect(),
            trusted: &self.harvest.trusted,
            marks: Vec::new(),
        };
        let verdict = judge(&conversation, &rules.signals);
        let (status, occurrence) = match &verdict {
            Verdict::NotAQuestion { .. } => (Status::NoQuestion, None),
            Verdict::Open { .. } => (Status::Open, None),
            Verdict::Resolved(resolution) => {
                let quotable = rules.scope.may_quote(channel);
                (Status::Resolved, Some(Occurrence::of(&conversation, resolution, quotable)))
            }
        };
        Ok(Judged {
            id: conversation.id,
            channel: channel.id,
            last: links.last().map_or(root, |link| link.message),
            links: write_links(&links),
            status,
            verdict: serde_json::to_string(&verdict).expect("a verdict has only text keys"),
            occurrence,
        })
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        for chunk in self.judged.chunks(FLUSH) {
            self.harvest.runtime.block_on(self.harvest.store.record(chunk))?;
        }
        self.stored += self.judged.len() as u64;
        self.judged.clear();
        Ok(())
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

/// `[[message, parent or 0, [cue, …]], …]`
fn write_links(links: &[Link]) -> String {
    let rows = links
        .iter()
        .map(|link| {
            let cues = link.cues.iter().flatten().map(|cue| cue.as_str()).collect::<Vec<_>>();
            (link.message.0, link.parent.map_or(0, |parent| parent.0), cues)
        })
        .collect::<Vec<_>>();
    serde_json::to_string(&rows).expect("numbers and words are JSON")
}

/// The links of a stored conversation, as they were written.
pub fn read_links(stored: &StoredConversation) -> Result<Vec<Link>, StoreError> {
    let unreadable = |source| StoreError::Unreadable {
        what: "a conversation's links",
        source: Box::new(source),
    };
    let rows =
        serde_json::from_str::<Vec<(u64, u64, Vec<String>)>>(&stored.links).map_err(unreadable)?;
    let link = |(message, parent, words): (u64, u64, Vec<String>)| {
        let mut cues = [None; 3];
        for (cue, word) in cues.iter_mut().zip(&words) {
            *cue = Cue::parse(word);
        }
        Link {
            message: MessageId(message),
            parent: (parent != 0).then_some(MessageId(parent)),
            cues,
        }
    };
    Ok(rows.into_iter().map(link).collect())
}
