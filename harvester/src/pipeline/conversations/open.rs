//! The conversations that may go on, and the links that are still to come.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexer::store::PendingRange;
use rules::disentangle::ParentLink;
use rules::model::ids::MessageId;
use rules::model::message::Message;

/// A conversation that may go on.
#[derive(Debug)]
pub(super) struct OpenConversation {
    /// By message.
    pub(super) links: Vec<ParentLink>,
    /// Those of its messages that are in memory, by id.
    pub(super) messages: Vec<Message>,
    /// Whether it differs from what is stored.
    pub(super) changed: bool,
    last_talk: usize,
}

/// A stored link further on, whose message needs no new one.
#[derive(Debug)]
struct UpcomingLink {
    link: ParentLink,
    /// The conversation that it was stored in.
    before: MessageId,
}

#[derive(Debug, Default)]
pub(super) struct OpenConversations {
    open: BTreeMap<MessageId, OpenConversation>,
    /// The conversation of every message in `open`.
    home: HashMap<MessageId, MessageId>,
    coming: BTreeMap<MessageId, UpcomingLink>,
    /// Messages of people and bots passed so far.
    talk: usize,
}

impl OpenConversations {
    pub(super) fn has(&self, root: MessageId) -> bool {
        self.open.contains_key(&root)
    }

    pub(super) fn holds(&self, message: MessageId) -> bool {
        self.home.contains_key(&message)
    }

    /// How many messages were passed.
    pub(super) fn talk(&self) -> usize {
        self.talk
    }

    /// Passes a message whose link stands.
    pub(super) fn see(&mut self, message: MessageId) {
        self.talk += 1;
        if let Some(open) = self.home.get(&message).and_then(|root| self.open.get_mut(root)) {
            open.last_talk = self.talk;
        }
    }

    /// Passes a message with its new link.
    pub(super) fn add(&mut self, link: ParentLink, message: Message) {
        self.talk += 1;
        let (root, talk) = (self.root(link), self.talk);
        let open = self.attach(link, root);
        open.messages.push(message);
        open.changed = true;
        open.last_talk = talk;
    }

    /// Opens a stored conversation: what it says before `before` stands, what it says after `after`
    /// comes again where its parents went, and what lies between is linked anew.
    pub(super) fn reopen(
        &mut self,
        root: MessageId,
        links: Vec<ParentLink>,
        before: MessageId,
        after: MessageId,
    ) {
        let count = links.len();
        self.await_links(root, &links, after);
        let (past, rest) = split(links, before);
        let coming = rest.iter().filter(|link| link.message > after).count();
        let changed = past.len() + coming < count;
        self.take_up(root, past, changed);
    }

    /// Opens a conversation with these links.
    pub(super) fn take_up(&mut self, root: MessageId, links: Vec<ParentLink>, changed: bool) {
        self.home.extend(links.iter().map(|link| (link.message, root)));
        let open = OpenConversation { links, messages: Vec::new(), changed, last_talk: self.talk };
        self.open.insert(root, open);
    }

    /// Keeps the links of a stored conversation after a message until their parents are known.
    pub(super) fn await_links(&mut self, root: MessageId, links: &[ParentLink], after: MessageId) {
        for link in links.iter().filter(|link| link.message > after) {
            self.coming.insert(link.message, UpcomingLink { link: *link, before: root });
        }
    }

    /// Drops the links of messages that are about to be linked again.
    pub(super) fn drop_links(&mut self, region: PendingRange) {
        let dropped = self.coming.extract_if(region.first..=region.last, |_, _| true);
        for UpcomingLink { before, .. } in dropped.map(|(_, coming)| coming) {
            if let Some(open) = self.open.get_mut(&before) {
                open.changed = true;
            }
        }
    }

    /// Whether a message further on keeps its stored link to `parent`.
    pub(super) fn awaits(&self, message: MessageId, parent: MessageId) -> bool {
        self.coming.get(&message).is_some_and(|coming| coming.link.parent == Some(parent))
    }

    /// Attaches the stored links before a message.
    pub(super) fn attach_before(&mut self, until: MessageId) {
        while let Some(entry) = self.coming.first_entry()
            && *entry.key() < until
        {
            let UpcomingLink { link, before } = entry.remove();
            let root = self.root(link);
            if root != before {
                self.attach(link, root).changed = true;
                if let Some(former) = self.open.get_mut(&before) {
                    former.changed = true;
                }
            } else {
                self.attach(link, root);
            }
        }
    }

    /// Takes out the conversations that nothing said after the `talk`th message may join.
    pub(super) fn take_over(&mut self, talk: usize) -> Vec<(MessageId, OpenConversation)> {
        let over = self.open.iter().filter(|(_, open)| open.last_talk < talk);
        let mut over = over.map(|(root, _)| *root).collect::<Vec<_>>();
        if !self.coming.is_empty() && !over.is_empty() {
            let parents = self.coming.values().filter_map(|coming| coming.link.parent);
            let awaited = parents.filter_map(|parent| self.home.get(&parent));
            let awaited = awaited.collect::<BTreeSet<_>>();
            over.retain(|root| !awaited.contains(root));
        }
        over.into_iter().map(|root| (root, self.take(root))).collect()
    }

    fn take(&mut self, root: MessageId) -> OpenConversation {
        let open = self.open.remove(&root).expect("only what is open is taken");
        for link in &open.links {
            self.home.remove(&link.message);
        }
        open
    }

    fn root(&self, link: ParentLink) -> MessageId {
        let root = link.parent.and_then(|parent| self.home.get(&parent).copied());
        root.unwrap_or(link.message)
    }

    fn attach(&mut self, link: ParentLink, root: MessageId) -> &mut OpenConversation {
        self.home.insert(link.message, root);
        let open = self.open.entry(root).or_insert_with(|| OpenConversation {
            links: Vec::new(),
            messages: Vec::new(),
            changed: true,
            last_talk: 0,
        });
        open.links.push(link);
        open
    }
}

/// Links before a message, and the others.
fn split(mut links: Vec<ParentLink>, before: MessageId) -> (Vec<ParentLink>, Vec<ParentLink>) {
    let at = links.partition_point(|link| link.message < before);
    let rest = links.split_off(at);
    (links, rest)
}
