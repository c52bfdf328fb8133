//! A parsed conversation: who wrote what to whom, as cue classes instead of words.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::disentangle::Conversation;
use crate::language::Script;
use crate::model::ids::{MessageId, UserId};
use crate::model::message::{Mention, Message, MessageKind};
use crate::resolution::cue_phrases::{CueClass, CueSet};
use crate::resolution::normalize;
use crate::resolution::normalize::{NormalizedText, hash, stem};
use crate::resolution::rules::SignalRules;
use crate::support::wording::is_specific;

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
    /// Whether it holds a value as it is typed: a path, an option, a key, a number.
    pub(super) literal: bool,
    /// Whether it names a channel.
    pub(super) channel: bool,
    pub(super) asks: bool,
    pub(super) ends_asking: bool,
    /// Whether the rules know the alphabet that it is written in.
    pub(super) readable: bool,
    /// Whether an "edit:" line of its author takes back what stands before.
    pub(super) edited_away: bool,
    /// Whether it speaks of asking and helping only: "somebody will look into it soon".
    pub(super) only_about_helping: bool,
    /// Whether it shows code, a link or a number, each of which can be an answer by itself.
    pub(super) shows: bool,
    /// Whether it replaces what its author said right before.
    pub(super) corrects: bool,
    /// Whether the asker says in it what solved the question, which nobody had said before.
    pub(super) tells_own_solution: bool,
    /// Whether a clause of it that sends nobody elsewhere says what to do with a file, a setting or a command; read only
    /// where another one sends elsewhere.
    pub(super) instructs: bool,
    /// Participants whom it names anywhere; read only where the text accepts, thanks or objects.
    pub(super) named: Vec<ParticipantIndex>,
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

    pub(super) fn gives_advice(&self) -> bool {
        self.has(CueClass::Advice) || self.has(CueClass::Command)
    }

    /// Whether it says that something works or is solved, and nothing against it.
    pub(super) fn accepts(&self) -> bool {
        self.has(CueClass::Worked) && !self.has(CueClass::Failed)
    }

    pub(super) fn thanks(&self) -> bool {
        self.has(CueClass::Thanks) && !self.has(CueClass::Hollow) && !self.has(CueClass::Failed)
    }

    /// Whether an asker says in it that nobody helped: that they found it alone, or that it was their own slip.
    pub(super) fn found_alone(&self) -> bool {
        self.has(CueClass::Own) || self.has(CueClass::Slip)
    }

    /// Whether it takes back what its author said before.
    pub(super) fn takes_back(&self) -> bool {
        self.has(CueClass::Retraction) || self.corrects
    }

    /// Whether it asks something back instead of answering.
    pub(super) fn asks_back(&self) -> bool {
        let (opens, probes) = (self.has(CueClass::Opener), self.has(CueClass::Probing));
        // Many leave out the question mark: "have you looked at the log yet", "hm, why is that".
        let seeks = self.has(CueClass::Seeking) && !self.gives_advice() && self.matter <= 8;
        self.asks && (self.ends_asking || opens || probes)
            || opens && (probes || seeks) && !self.shows
    }

    /// Whether all it says is that the message was understood: "ok", "I see".
    pub(super) fn acknowledges(&self) -> bool {
        let brief = self.matter <= 2 || (self.matter <= 5 && self.has(CueClass::Acknowledging));
        brief && !self.asks && !self.has(CueClass::Failed) && !self.has(CueClass::Trying)
    }

    /// Whether it is talk beside the matter: a courtesy, thanks, a laugh.
    pub(super) fn is_courtesy(&self) -> bool {
        let shows = self.code || self.link || self.literal;
        let brief = |most| !self.gives_advice() && !shows && self.matter < most;
        self.has(CueClass::Courtesy) && brief(8) || self.has(CueClass::Thanks) && brief(4)
    }

    /// Whether all it does is send the asker elsewhere, put off an answer, or speak of asking and helping.
    pub(super) fn deflects(&self) -> bool {
        self.only_about_helping || self.sends_elsewhere()
    }

    /// Whether all it does is send the asker elsewhere, or put off an answer.
    pub(super) fn sends_elsewhere(&self) -> bool {
        let elsewhere = points_away(self.cues) && !self.instructs;
        let brief = self.matter <= 14 && !self.code;
        (elsewhere && brief) || (self.channel && self.matter <= 8 && !self.code)
    }

    /// Whether it can be what helped: it says something and is no question, courtesy or deflection.
    pub(super) fn helps(&self) -> bool {
        let unknowing =
            self.has(CueClass::Ignorance) && !self.gives_advice() && !self.code && !self.link;
        !self.asks_back() && !self.is_courtesy() && !self.deflects() && !unknowing
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
    people: BTreeMap<PersonKey, ParticipantIndex>,
}

/// A person by account or, behind a relay, by the name that the relay gives.
type PersonKey = (UserId, Option<String>);

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
        let mut authors = HashMap::new();
        for message in &messages {
            let next = people.len();
            let (key, name) = writer(message, rules);
            let person = *people.entry(key).or_insert(next);
            names.entry(name.to_lowercase()).or_insert(person);
            authors.insert(message.id, person);
        }
        let parser = MessageParser { people: &people, names: &names, authors: &authors, rules };
        let said = messages.iter().map(|message| parser.read(message)).collect();
        Self { said, people }
    }

    /// Marks what others say of asking and helping in the words of the question, which are given sorted.
    pub(super) fn mark_process_talk(
        &mut self,
        asker: ParticipantIndex,
        question: &[u32],
        rules: &SignalRules,
    ) {
        for said in self.said.iter_mut().filter(|said| said.author != asker) {
            let shows = said.shows || said.literal;
            let answers = shows || said.has(CueClass::Affirming) || said.gives_advice();
            let own = said.content.iter().filter(|word| question.binary_search(word).is_err());
            said.only_about_helping |= !answers && rules.words.are_only_about_helping(own);
        }
    }

    pub(super) fn person(&self, id: UserId) -> Option<ParticipantIndex> {
        self.people.get(&(id, None)).copied()
    }

    /// Where a message stands, if it is judged.
    pub(super) fn place(&self, message: MessageId) -> Option<usize> {
        self.said.binary_search_by_key(&message, ParsedMessage::id).ok()
    }
}

fn judged(message: &Message, rules: &SignalRules) -> bool {
    let bot = message.author.bot || message.kind == MessageKind::Command;
    let counts = rules.bots || !bot || rules.is_relay(&message.author);
    message.kind.is_talk() && message.forwarded.is_none() && counts
}

/// Who wrote a message, and under which name: behind a relay, the person whom it names.
fn writer<'m>(message: &'m Message, rules: &SignalRules) -> (PersonKey, &'m str) {
    let author = &*message.author;
    let name = message.relayed_name().unwrap_or(&author.name);
    let relays = author.bot && (rules.is_relay(author) || name != author.name);
    ((author.id, relays.then(|| name.to_lowercase())), name)
}

struct MessageParser<'t> {
    people: &'t BTreeMap<PersonKey, ParticipantIndex>,
    names: &'t HashMap<String, ParticipantIndex>,
    authors: &'t HashMap<MessageId, ParticipantIndex>,
    rules: &'t SignalRules,
}

impl MessageParser<'_> {
    fn read<'a>(&self, message: &'a Message) -> ParsedMessage<'a> {
        let author = self.authors[&message.id];
        let text = message.spoken();
        let (opening, skip) = self.opening(text);
        let plain = normalize::read(text, skip);
        let (skipped, behind) = self.rules.lead_in(&plain.text);
        // "all good now" is made of words that only lead in, and says something.
        let whole = self.rules.phrases.find(&plain.text);
        let mut cues = whole;
        if skipped > 0 && skipped < plain.words {
            cues = self.rules.phrases.find(&format!(" . {behind}"));
            // "actually no" takes back, though "actually" only leads in.
            cues.add_if(CueClass::Retraction, whole);
            cues.add_if(CueClass::CorrectionOpener, whole);
            // "all green" accepts, and "just noticed" tells of an own finding.
            cues.add_if(CueClass::Worked, whole);
            cues.add_if(CueClass::Own, whole);
            cues.add_if(CueClass::Slip, whole);
            cues.add_if(CueClass::Cause, whole);
        }
        let to = self.address(message, text, opening, &plain);
        let content = content(&plain.text, &self.rules.words.stopwords);
        let shows = plain.code || plain.link || plain.text.contains(|c: char| c.is_ascii_digit());
        let points = [CueClass::Worked, CueClass::Thanks, CueClass::Objection];
        ParsedMessage {
            message,
            author,
            to: if to == Addressee::Person(author) { Addressee::Nobody } else { to },
            cues,
            matter: plain.words.saturating_sub(skipped),
            link: plain.link,
            code: plain.code,
            literal: plain.literal,
            channel: plain.channel,
            asks: plain.asks,
            ends_asking: plain.ends_asking,
            readable: self.rules.phrases.can_read(&plain.text),
            edited_away: self.edited_away(text),
            named: if points.into_iter().any(|cue| cues.has(cue)) {
                self.named(text, author)
            } else {
                Vec::new()
            },
            corrects: false,
            tells_own_solution: false,
            instructs: points_away(cues) && self.instructs(text),
            only_about_helping: !shows
                && !plain.literal
                && self.rules.words.are_only_about_helping(content.iter()),
            shows,
            content,
        }
    }

    /// Whether a clause says what to do with something that it names to the letter, and sends nobody elsewhere.
    fn instructs(&self, text: &str) -> bool {
        let clauses = text.split([',', ';', '\n']).flat_map(|clause| clause.split(". "));
        clauses.into_iter().any(|clause| {
            let words = clause.split_whitespace().filter(|word| !word.contains("://"));
            let cues = self.rules.phrases.find(&normalize::read(clause, 0).text);
            let advises = cues.has(CueClass::Command) || cues.has(CueClass::Advice);
            advises && !points_away(cues) && words.into_iter().any(names_to_the_letter)
        })
    }

    /// Whether a later line begins with "edit" and takes back what stands before.
    fn edited_away(&self, text: &str) -> bool {
        let begins =
            |line: &str| line.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("edit"));
        let edit =
            text.lines().skip(1).map(|line| line.trim_start_matches(['*', '_', '(', '[', ' ']));
        edit.filter(|line| begins(line)).any(|line| {
            let cues = self.rules.phrases.find(&normalize::read(line, 4).text);
            [CueClass::Objection, CueClass::Retraction, CueClass::Failed]
                .into_iter()
                .any(|cue| cues.has(cue))
        })
    }

    /// Everybody but the author whose name is a word of the text.
    fn named(&self, text: &str, author: ParticipantIndex) -> Vec<ParticipantIndex> {
        let words = text.split(|c: char| c.is_whitespace() || ",:;!?()".contains(c));
        let names = words.filter_map(|word| {
            let word = word.trim_matches(['@', '.', '*', '~', '\'', '’']).to_lowercase();
            let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(&word);
            let is_name =
                word.chars().count() > 2 && !self.rules.words.stopwords.contains(&hash(word));
            self.names.get(word).copied().filter(|person| is_name && *person != author)
        });
        names.collect()
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
        if person.is_some() && (marked || !self.rules.words.stopwords.contains(&hash(&name))) {
            return (person, start + token.len());
        }
        (None, start)
    }

    fn address(
        &self,
        message: &Message,
        text: &str,
        opening: Option<ParticipantIndex>,
        plain: &NormalizedText,
    ) -> Addressee {
        if let Some(person) = opening {
            return Addressee::Person(person);
        }
        if let Some(reply) = message.reply_to {
            return self
                .authors
                .get(&reply)
                .map_or(Addressee::Stranger, |person| Addressee::Person(*person));
        }
        if !message.mentions.is_empty() {
            let person = |mention: &Mention| self.people.get(&(mention.id, None));
            let known = message.mentions.iter().find_map(person);
            return known.map_or(Addressee::Stranger, |person| Addressee::Person(*person));
        }
        // A rendered mention without its list, or a name that ends the text: "try that, mia".
        let named = |token: &str| self.names.get(&token.to_lowercase()).copied();
        let at = text.split('@').skip(1).find_map(|after| {
            named(after.split(|c: char| c.is_whitespace() || ",:;!?)".contains(c)).next()?)
        });
        let last = || {
            let token = text.split_whitespace().next_back()?.trim_end_matches(['.', '!', '?', ')']);
            let person = named(token).filter(|_| token.len() > 3 && plain.words > 1)?;
            (!self.rules.words.stopwords.contains(&hash(&token.to_lowercase()))).then_some(person)
        };
        at.or_else(last).map_or(Addressee::Nobody, Addressee::Person)
    }
}

/// Whether phrases send the asker elsewhere, or put off an answer.
fn points_away(cues: CueSet) -> bool {
    let classes = [CueClass::Redirect, CueClass::RedirectOpener, CueClass::Postponement];
    classes.into_iter().any(|class| cues.has(class))
}

/// Whether a word is a file, a setting or an option, and nobody's name or channel.
fn names_to_the_letter(word: &str) -> bool {
    !word.starts_with(['@', '#', '<'])
        && is_specific(word.trim_matches(['.', ':', '!', '(', ')', '"']))
}

/// The words that carry matter; Hangul as pairs of syllables, since particles change its words.
pub(super) fn content(plain: &str, stopwords: &HashSet<u32>) -> Vec<u32> {
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
