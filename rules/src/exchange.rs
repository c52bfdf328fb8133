//! The exchanges of a conversation: each question with what was said about it.
//!
//! A thread holds whatever is said in it, and people who know each other go on talking: one conversation
//! may hold several questions. Each is judged on its own.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::disentangle::link_cue::LinkCue;
use crate::disentangle::{ConversationRules, ParentLink, QuestionTraits};
use crate::model::ids::{MessageId, UserId};
use crate::model::message::Message;
use crate::text::is_question_mark;

/// A person who asks again after so long a silence has something new to ask.
const SILENCE: SignedDuration = SignedDuration::from_hours(1);

/// Splits a conversation into its exchanges, by their first messages; every message is in one of them.
///
/// `messages` and `links` are those of the conversation, by id. A message goes where its reply, the
/// person whom it names, or its author's own question leads, and else where its parent went.
pub fn split_exchanges<'a>(
    messages: &[&'a Message],
    links: &[ParentLink],
    rules: &ConversationRules,
) -> Vec<Vec<&'a Message>> {
    let mut splitter = ExchangeSplitter::default();
    let parents = links.iter().map(|link| (link.message, link)).collect::<BTreeMap<_, _>>();
    for message in messages {
        let place = splitter.place_of(message, parents.get(&message.id).copied());
        splitter.add(message, place, rules.question_traits(&message.text));
    }
    splitter.exchanges.into_iter().map(|exchange| exchange.messages).collect()
}

#[derive(Debug, Default)]
struct ExchangeSplitter<'a> {
    exchanges: Vec<OpenExchange<'a>>,
    /// The exchange of each message.
    places: BTreeMap<MessageId, usize>,
    /// The newest exchange that each asker began.
    asked: BTreeMap<UserId, usize>,
}

#[derive(Debug)]
struct OpenExchange<'a> {
    asker: UserId,
    question: QuestionTraits,
    messages: Vec<&'a Message>,
    answered: bool,
    /// Whether the asker thanked after an answer.
    thanked: bool,
}

impl<'a> ExchangeSplitter<'a> {
    /// Where a message belongs if it begins nothing; none for the first one.
    fn place_of(&self, message: &Message, link: Option<&ParentLink>) -> Option<usize> {
        let replied = message.reply_to.and_then(|target| self.places.get(&target));
        let named = || message.mentions.iter().find_map(|mention| self.asked.get(&mention.id));
        let own = || self.asked.get(&message.author.id);
        // In a thread the parent is only the message before.
        let parent = || link?.parent.and_then(|parent| self.places.get(&parent));
        let chosen = link.is_some_and(|link| link.cues[0] != Some(LinkCue::Thread));
        let linked = || parent().filter(|_| chosen);
        let place = replied.or_else(named).or_else(linked).or_else(own).or_else(parent);
        place.copied().or(self.exchanges.len().checked_sub(1))
    }

    fn add(&mut self, message: &'a Message, place: Option<usize>, question: QuestionTraits) {
        let place = match place {
            Some(place) if !self.begins(message, place, &question) => place,
            _ => self.begin(message, &question),
        };
        let exchange = &mut self.exchanges[place];
        if message.author.id != exchange.asker {
            exchange.answered |= !message.author.bot;
        } else if exchange.answered {
            exchange.thanked |= question.thanks && !question.stands_alone;
        }
        exchange.messages.push(message);
        self.places.insert(message.id, place);
    }

    fn begin(&mut self, message: &'a Message, question: &QuestionTraits) -> usize {
        self.exchanges.push(OpenExchange {
            asker: message.author.id,
            question: question.clone(),
            messages: Vec::new(),
            answered: false,
            thanked: false,
        });
        self.asked.insert(message.author.id, self.exchanges.len() - 1);
        self.exchanges.len() - 1
    }

    /// Whether a message asks something new where it would otherwise go on.
    fn begins(&self, message: &Message, place: usize, question: &QuestionTraits) -> bool {
        let speaks_to_one = message.reply_to.is_some() || !message.mentions.is_empty();
        if speaks_to_one || !question.stands_alone || message.author.bot {
            return false;
        }
        let exchange = &self.exchanges[place];
        if question.repeats(&exchange.question) {
            return false;
        }
        if message.author.id != exchange.asker {
            let helps = exchange.messages.iter().any(|said| said.author.id == message.author.id);
            return question.seeks && !helps;
        }
        let last = exchange.messages.last().map_or(message.sent, |last| last.sent);
        exchange.thanked || message.sent.duration_since(last) >= SILENCE
    }
}

/// What is left of a question that asks several things at once, if the answer is about one of them
/// more than about the others: that one, and what was said beside them.
pub fn answered_part(question: &str, answer: &str, rules: &ConversationRules) -> Option<String> {
    let answer = rules.question_traits(answer);
    let parts = question_parts(question);
    let read = parts.iter().map(|part| rules.question_traits(part)).collect::<Vec<_>>();
    let shares = read.iter().filter(|part| part.asks).map(|part| part.shared_words(&answer));
    let most = shares.clone().max().filter(|most| *most > 0)?;
    let answered = shares.clone().filter(|share| *share == most).count();
    if shares.count() < 2 || answered != 1 {
        return None;
    }
    let kept = parts.iter().zip(&read);
    let kept = kept.filter(|(_, read)| !read.asks || read.shared_words(&answer) == most);
    Some(kept.map(|(part, _)| *part).collect::<Vec<_>>().join(" "))
}

/// The sentences and list items of a text.
fn question_parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut begin = 0;
    for (at, character) in text.char_indices() {
        let rest = &text[at..];
        let behind = &rest[character.len_utf8()..];
        let ends = is_question_mark(character) && !behind.starts_with(char::is_alphanumeric)
            || character == '\n'
            || character == '.' && behind.starts_with(char::is_whitespace);
        let next = if ends { at + character.len_utf8() } else { at };
        if ends || begins_item(&text[..at], rest) {
            parts.push(text[begin..next].trim());
            begin = next;
        }
    }
    parts.push(text[begin..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether a list item, "2) …" or "2. …", begins here.
fn begins_item(before: &str, rest: &str) -> bool {
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let marked = rest[digits..].starts_with(") ") || rest[digits..].starts_with(". ");
    (1..=2).contains(&digits) && marked && before.ends_with(char::is_whitespace)
}

#[cfg(test)]
mod tests;
