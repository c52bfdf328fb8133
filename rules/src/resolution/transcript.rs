//! A parsed conversation: who wrote what to whom, as cue classes instead of words.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::disentangle::Conversation;
use crate::language::Script;
use crate::model::ids::{MessageId, UserId};
use crate::model::message::{Message, MessageKind};
use crate::resolution::cue_phrases::{CueClass, CueSet};
use crate::resolution::normalize;
use crate::resolution::normalize::{NormalizedText, hash, stem};
use crate::resolution::rules::SignalRules;

/// A participant, numbered in the order of first appearance.
pub(super) type ParticipantIndex = usize;

/// One message, read.
#[derive(Debug)]
pub(super) struct ParsedMessage<'a> {
    pub(super) message: &'a Message,
    pub(super) author: ParticipantIndex,
    pub(super) to: Addressee,
    pub(super) cues: CueSet,
    /// Number of words behind the lead-in ("hi all, so ...").
    pub(super) matter: usize,
    pub(super) link: bool,
    pub(super) code: bool,
    pub(super) asks: bool,
    pub(super) ends_asking: bool,
    /// Hashes of the words that carry matter, sorted, each once.
    pub(super) content: Vec<u32>,
}

impl ParsedMessage<'_> {
    pub(super) fn has(&self, cue: CueClass) -> bool {
        self.cues.has(cue)
    }

    pub(super) fn id(&self) -> MessageId {
        self.message.id
    }

    /// Whether it is only a greeting, or empty.
    pub(super) fn is_empty_talk(&self) -> bool {
        self.matter == 0 && !self.link && !self.code && self.message.attachments.is_empty()
    }

    /// Whether it calls a bot: `!docs`, `/ask`.
    pub(super) fn commands_a_bot(&self) -> bool {
        let word = self.message.text.split_whitespace().next().unwrap_or_default();
        let name = word.strip_prefix(['!', '/']).unwrap_or_default();
        name.starts_with(char::is_alphabetic) && !name.contains('/')
    }
}

/// Whom a message addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addressee {
    Nobody,
    /// Somebody in this conversation.
    Person(ParticipantIndex),
    /// Somebody who wrote nothing in it.
    Stranger,
}

/// The judged part of a conversation.
#[derive(Debug)]
pub(super) struct Transcript<'a> {
    pub(super) said: Vec<ParsedMessage<'a>>,
    people: BTreeMap<UserId, ParticipantIndex>,
}

/// So many messages of a conversation are judged; what settles a question stands near it, and a
/// conversation of thousands is a channel that was not untangled.
const MOST_MESSAGES: usize = 400;

impl<'a> Transcript<'a> {
    /// Reads what people (and, where the rules count them, bots) say.
    pub(super) fn read(conversation: &Conversation<'a>, rules: &SignalRules) -> Self {
        let messages = conversation
            .messages
            .iter()
            .copied()
            .filter(|message| judged(message, rules))
            .take(MOST_MESSAGES)
            .collect::<Vec<_>>();
        let mut people = BTreeMap::new();
        let mut names = HashMap::new();
        for message in &messages {
            let next = people.len();
            let person = *people.entry(message.author.id).or_insert(next);
            names.entry(message.author.name.to_lowercase()).or_insert(person);
        }
        let authors = messages
            .iter()
            .map(|message| (message.id, message.author.id))
            .collect::<HashMap<_, _>>();
        let readers = MessageParser { people: &people, names: &names, authors: &authors, rules };
        let said = messages.iter().map(|message| readers.read(message)).collect();
        Self { said, people }
    }

    pub(super) fn person(&self, id: UserId) -> Option<ParticipantIndex> {
        self.people.get(&id).copied()
    }
}

fn judged(message: &Message, rules: &SignalRules) -> bool {
    let bot = message.author.bot || message.kind == MessageKind::Command;
    message.kind.is_talk() && message.forwarded.is_none() && (rules.bots || !bot)
}

struct MessageParser<'t> {
    people: &'t BTreeMap<UserId, ParticipantIndex>,
    names: &'t HashMap<String, ParticipantIndex>,
    authors: &'t HashMap<MessageId, UserId>,
    rules: &'t SignalRules,
}

impl MessageParser<'_> {
    fn read<'a>(&self, message: &'a Message) -> ParsedMessage<'a> {
        let author = self.people[&message.author.id];
        let (opening, skip) = self.opening(&message.text);
        let plain = normalize::read(&message.text, skip);
        let (skipped, behind) = self.rules.lead_in(&plain.text);
        let cues = if skipped == 0 {
            self.rules.phrases.find(&plain.text)
        } else {
            self.rules.phrases.find(&format!(" . {behind}"))
        };
        let to = self.address(message, opening, &plain);
        ParsedMessage {
            message,
            author,
            to: if to == Addressee::Person(author) { Addressee::Nobody } else { to },
            cues,
            matter: plain.words.saturating_sub(skipped),
            link: plain.link,
            code: plain.code,
            asks: plain.asks,
            ends_asking: plain.ends_asking,
            content: content(&plain.text, &self.rules.stopwords),
        }
    }

    /// A participant's name at the very start, `name: text`, `name, text`, `@name text` or `name
    /// text`, and where the text behind it begins.
    fn opening(&self, text: &str) -> (Option<ParticipantIndex>, usize) {
        let trimmed = text.trim_start();
        let start = text.len() - trimmed.len();
        let token = trimmed.split_whitespace().next().unwrap_or_default();
        let bare = token.trim_start_matches('@').trim_end_matches([':', ',', '>', ';', '-']);
        if bare.chars().count() < 2 || bare.len() > 64 {
            return (None, start);
        }
        let marked = bare.len() < token.len();
        let name = bare.to_lowercase();
        let person = self.names.get(&name).copied();
        if person.is_some() && (marked || !self.rules.stopwords.contains(&hash(&name))) {
            return (person, start + token.len());
        }
        (None, start)
    }

    fn address(
        &self,
        message: &Message,
        opening: Option<ParticipantIndex>,
        plain: &NormalizedText,
    ) -> Addressee {
        if let Some(person) = opening {
            return Addressee::Person(person);
        }
        if let Some(reply) = message.reply_to {
            let author = self.authors.get(&reply).and_then(|author| self.people.get(author));
            return author.map_or(Addressee::Stranger, |person| Addressee::Person(*person));
        }
        if !message.mentions.is_empty() {
            let known = message.mentions.iter().find_map(|mention| self.people.get(&mention.id));
            return known.map_or(Addressee::Stranger, |person| Addressee::Person(*person));
        }
        // A rendered mention without its list, or a name that ends the text: "try that, mia".
        let named = |token: &str| self.names.get(&token.to_lowercase()).copied();
        let at = message.text.split('@').skip(1).find_map(|after| {
            named(after.split(|c: char| c.is_whitespace() || ",:;!?)".contains(c)).next()?)
        });
        let last = || {
            let token =
                message.text.split_whitespace().next_back()?.trim_end_matches(['.', '!', '?', ')']);
            let person = named(token).filter(|_| token.len() > 3 && plain.words > 1)?;
            (!self.rules.stopwords.contains(&hash(&token.to_lowercase()))).then_some(person)
        };
        at.or_else(last).map_or(Addressee::Nobody, Addressee::Person)
    }
}

/// The words that carry matter; Hangul as pairs of syllables, since particles change its words.
fn content(plain: &str, stopwords: &HashSet<u32>) -> Vec<u32> {
    let mut all = Vec::new();
    for word in plain.split(' ') {
        if Script::of(word) == Script::Hangul {
            let starts = word.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
            for pair in starts.windows(2) {
                let end =
                    word[pair[1]..].chars().next().map_or(word.len(), |c| pair[1] + c.len_utf8());
                all.push(hash(&word[pair[0]..end]));
            }
        } else if word.len() > 2 {
            let hash = hash(stem(word));
            if !stopwords.contains(&hash) {
                all.push(hash);
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all.truncate(200);
    all
}

/// How many hashes two sorted lists share.
pub(super) fn shared(one: &[u32], other: &[u32]) -> usize {
    let (mut at, mut count) = (0, 0);
    for hash in one {
        while at < other.len() && other[at] < *hash {
            at += 1;
        }
        if at < other.len() && other[at] == *hash {
            count += 1;
            at += 1;
        }
    }
    count
}
