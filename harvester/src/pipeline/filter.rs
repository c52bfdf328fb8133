//! Filters the events of a source: keeps what is in scope, redacts it, normalizes it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use indexer::store::{MemberJoin, ReactionsCoverage, WriteBatch};
use jiff::Timestamp;
use rules::config::ruleset::Ruleset;
use rules::config::scope::OutOfScope;
use rules::model::ids::{ChannelId, UserId};
use rules::model::message::{Author, Channel, Message, Reaction};
use rules::safety::redact;
use rules::time;

use crate::event::ChatEvent;

/// Drops what is out of scope, redacts the rest and fills a batch with it.
pub(super) struct EventFilter<'r> {
    rules: &'r Ruleset,
    batch: WriteBatch,
    barred: BTreeMap<ChannelId, OutOfScope>,
    /// Of each author the newest state that was met, and what is stored of it.
    authors: HashMap<UserId, (Arc<Author>, Arc<Author>)>,
}

impl<'r> EventFilter<'r> {
    pub(super) fn new(rules: &'r Ruleset) -> Self {
        Self {
            rules,
            batch: WriteBatch::default(),
            barred: BTreeMap::new(),
            authors: HashMap::new(),
        }
    }

    /// The channels that were met and are not read, and why.
    pub(super) fn excluded_channels(&self) -> &BTreeMap<ChannelId, OutOfScope> {
        &self.barred
    }

    /// How many messages the batch holds.
    pub(super) fn messages(&self) -> usize {
        self.batch.messages.len()
    }

    /// The batch so far; sorting goes on with an empty one.
    pub(super) fn batch(&mut self) -> WriteBatch {
        std::mem::take(&mut self.batch)
    }

    pub(super) fn add_event(&mut self, event: ChatEvent) {
        match event {
            ChatEvent::ServerSeen(server, mut name, at) => {
                self.redact(&mut name);
                self.batch.servers.push((server, name, at));
            }
            ChatEvent::ChannelSeen(channel, at) => self.channel(channel, at),
            ChatEvent::ChannelHidden(channel, at) => self.batch.hidden.push((channel, at)),
            ChatEvent::ChannelGone(channel, at) => self.batch.gone.push((channel, at)),
            ChatEvent::Posted(message, at) => self.message(message, ReactionsCoverage::Whole, at),
            ChatEvent::Edited(message, at) => {
                self.message(message, ReactionsCoverage::ButReactions, at)
            }
            ChatEvent::Deleted(channel, messages, at) => {
                let deleted = messages.into_iter().map(|message| (channel, message, at));
                self.batch.deleted.extend(deleted);
            }
            ChatEvent::Reacted(change, at) => {
                let known = self.rules.signals.reads_reaction(&change.emoji);
                if (known || change.is_of_all_emoji()) && !self.barred.contains_key(&change.channel)
                {
                    self.batch.reactions.push((change, at));
                }
            }
            ChatEvent::MemberSeen(guild, user, joined) => {
                let counts_from = time::plus(joined, self.rules.pages.newcomer_age());
                self.batch.joins.push(MemberJoin { guild, user, joined, counts_from });
            }
        }
    }

    /// Of a channel that has left the scope, the store must know what takes it out.
    fn channel(&mut self, mut channel: Channel, at: Timestamp) {
        let verdict = self.rules.scope.covers(&channel);
        self.redact(&mut channel.name);
        let others = [channel.topic.as_mut(), channel.parent_name.as_mut()];
        others.into_iter().flatten().chain(&mut channel.tags).for_each(|text| self.redact(text));
        match verdict {
            Ok(()) => {
                self.barred.remove(&channel.id);
                self.batch.channels.push((channel, at));
            }
            Err(why) => {
                self.barred.insert(channel.id, why);
                self.batch.outside.push((channel, at));
            }
        }
    }

    fn message(&mut self, mut message: Message, coverage: ReactionsCoverage, at: Timestamp) {
        if self.barred.contains_key(&message.channel) {
            return;
        }
        message.author = self.redacted_author(message.author);
        self.redact(&mut message.text);
        message.forwarded.iter_mut().for_each(|text| self.redact(text));
        message.mentions.iter_mut().for_each(|mention| self.redact(&mut mention.name));
        message.attachments.iter_mut().for_each(|file| self.redact(&mut file.name));
        message.reactions = self.normal(std::mem::take(&mut message.reactions));
        self.batch.messages.push((message, coverage, at));
    }

    fn redact(&self, text: &mut String) {
        if let Cow::Owned(redacted) = redact(text, &self.rules.safety) {
            *text = redacted;
        }
    }

    fn redact_author(&self, author: &mut Author) {
        self.redact(&mut author.name);
        author.roles.iter_mut().for_each(|role| self.redact(&mut role.name));
    }

    /// People write many messages under one name: each name is looked at once.
    fn redacted_author(&mut self, author: Arc<Author>) -> Arc<Author> {
        if let Some((met, redacted)) = self.authors.get(&author.id)
            && *met == author
        {
            return Arc::clone(redacted);
        }
        let mut own = Author::clone(&author);
        self.redact_author(&mut own);
        let redacted = if own == *author { Arc::clone(&author) } else { Arc::new(own) };
        self.authors.insert(author.id, (author, Arc::clone(&redacted)));
        redacted
    }

    /// Only reactions that a verdict reads are kept, in one order.
    fn normal(&self, reactions: Vec<Reaction>) -> Vec<Reaction> {
        let mut known = reactions
            .into_iter()
            .filter(|reaction| self.rules.signals.reads_reaction(&reaction.emoji))
            .collect::<Vec<_>>();
        for reaction in &mut known {
            reaction.users.sort_unstable();
            reaction.users.dedup();
        }
        known.sort_by(|one, other| one.emoji.cmp(&other.emoji));
        known
    }
}

#[cfg(test)]
mod tests {
    use rules::model::ids::{GuildId, MessageId, RoleId};
    use rules::model::message::{Attachment, ChannelKind, Mention, MessageKind, Role};

    use super::*;

    /// Real keys must not stand in a source file, so that they are put together here.
    fn secret() -> String {
        format!("{}{}", "ghp_", "a1B2c3D4e5F6".repeat(3))
    }

    fn said() -> String {
        format!("it is {}", secret())
    }

    fn author() -> Author {
        let role = Role { id: RoleId(1), name: said() };
        Author { id: UserId(3), name: said(), bot: false, roles: vec![role] }
    }

    #[test]
    fn secrets_are_redacted_in_every_text() {
        let channel = Channel {
            id: ChannelId(1),
            guild: GuildId(2),
            kind: ChannelKind::Text,
            name: said(),
            topic: Some(said()),
            parent: None,
            parent_name: Some(said()),
            tags: vec![said()],
        };
        let message = Message {
            id: MessageId(4),
            channel: ChannelId(1),
            author: Arc::new(author()),
            kind: MessageKind::Default,
            sent: time::at_millisecond(5),
            edited: None,
            text: said(),
            reply_to: None,
            mentions: vec![Mention { id: UserId(6), name: said() }],
            reactions: Vec::new(),
            attachments: vec![Attachment { name: format!("{}.png", secret()), bytes: 1 }],
            forwarded: Some(said()),
            pinned: false,
        };
        let rules = Ruleset::embedded();
        let mut filter = EventFilter::new(&rules);
        filter.add_event(ChatEvent::ChannelSeen(channel, time::at_millisecond(7)));
        filter.add_event(ChatEvent::Posted(message.clone(), time::at_millisecond(7)));
        filter.add_event(ChatEvent::Posted(message, time::at_millisecond(8)));
        let WriteBatch { channels, messages, .. } = filter.batch();
        let redacted = "it is [redacted: access token]";
        let (channel, _) = &channels[0];
        assert_eq!(channel.name, redacted);
        assert_eq!(channel.topic.as_deref(), Some(redacted));
        assert_eq!(channel.parent_name.as_deref(), Some(redacted));
        assert_eq!(channel.tags, [redacted]);
        for (message, ..) in &messages {
            assert_eq!(message.text, redacted);
            assert_eq!(message.forwarded.as_deref(), Some(redacted));
            assert_eq!(message.mentions[0].name, redacted);
            assert_eq!(message.attachments[0].name, "[redacted: access token].png");
            assert_eq!(message.author.name, redacted);
            assert_eq!(message.author.roles[0].name, redacted);
        }
        assert_eq!(messages.len(), 2);
    }
}
