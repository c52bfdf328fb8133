//! Filters the events of a source: keeps what is in scope, redacts it, normalizes it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use indexer::store::{ReactionsCoverage, WriteBatch};
use rules::config::ruleset::Ruleset;
use rules::config::scope::OutOfScope;
use rules::model::ids::{ChannelId, Millis};
use rules::model::message::{Channel, Message, Reaction};
use rules::safety::redact;

use crate::event::ChatEvent;

/// Drops what is out of scope, redacts the rest and fills a batch with it.
pub(super) struct EventFilter<'r> {
    rules: &'r Ruleset,
    batch: WriteBatch,
    barred: BTreeMap<ChannelId, OutOfScope>,
}

impl<'r> EventFilter<'r> {
    pub(super) fn new(rules: &'r Ruleset) -> Self {
        Self { rules, batch: WriteBatch::default(), barred: BTreeMap::new() }
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
            ChatEvent::PersonSeen(person, of, at) => self.batch.people.push((person, of, at)),
        }
    }

    /// Of a channel that has left the scope, the store must know what takes it out.
    fn channel(&mut self, channel: Channel, at: Millis) {
        match self.rules.scope.covers(&channel) {
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

    fn message(&mut self, mut message: Message, told: ReactionsCoverage, at: Millis) {
        if self.barred.contains_key(&message.channel) {
            return;
        }
        let safety = &self.rules.safety;
        for text in [Some(&mut message.text), message.forwarded.as_mut()].into_iter().flatten() {
            if let Cow::Owned(redacted) = redact(text, safety) {
                *text = redacted;
            }
        }
        message.reactions = self.normal(std::mem::take(&mut message.reactions));
        self.batch.messages.push((message, told, at));
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
