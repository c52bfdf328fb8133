//! A text reduced to what comparing it with its neighbours needs: hashes and a few flags.

use super::lexicon::{EMPTY, Lexicon, WordFlags, extend};
use crate::model::ids::UserId;
use crate::text::is_question_mark;

/// How far into a text words are read.
const READ_BYTES: usize = 1_024;
const MOST_WORDS: usize = 96;
const MOST_TOPICS: usize = 48;
const MOST_OPENINGS: usize = 3;
const MOST_CALLS: usize = 24;
/// Who names more people than this speaks to nobody in particular.
pub(super) const MOST_PINGS: usize = 8;

#[derive(Debug, Clone, Default)]
pub(super) struct TextFingerprint {
    /// The words at the beginning that may be names.
    pub(super) openings: Vec<TextOpening>,
    /// What follows each `@`, as one, two, three and four words.
    pub(super) calls: Vec<u32>,
    /// People named by raw mentions, `<@id>`.
    pub(super) pings: Vec<UserId>,
    /// All words, sorted.
    pub(super) words: Vec<u32>,
    /// Rare words, sorted, each once.
    pub(super) topics: Vec<u32>,
    /// A set that holds at least every topic: two texts without a common bit share none.
    signature: [u64; 4],
    pub(super) traits: TextTraits,
    /// How many words it has; of a language that writes several as one, about as many as English would need.
    pub(super) word_count: u32,
    /// How many pieces between spaces.
    pieces: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextOpening {
    pub(super) word: u32,
    /// The word without the particle that sticks to it, or the word itself.
    pub(super) stem: u32,
    pub(super) chars: usize,
    pub(super) mark: AddressPunctuation,
    pub(super) common: bool,
}

/// What follows a word, from the surest sign of an address to none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AddressPunctuation {
    Colon,
    Comma,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TextTraits(u16);

impl TextTraits {
    pub(super) const QUESTION_MARK: Self = Self(1);
    pub(super) const ASKS: Self = Self(2);
    pub(super) const THANKS: Self = Self(4);
    pub(super) const GREETS: Self = Self(8);
    pub(super) const AGREES: Self = Self(16);
    pub(super) const CONTINUES: Self = Self(32);
    pub(super) const LINK: Self = Self(64);
    pub(super) const CODE: Self = Self(128);
    pub(super) const CORRECTS: Self = Self(256);
    pub(super) const TRAILS_OFF: Self = Self(512);
    /// Speaks of the writer, or to anybody.
    pub(super) const SEEKS: Self = Self(1_024);
    /// Speaks to one person.
    pub(super) const SPEAKS_TO_ONE: Self = Self(2_048);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the text asks, with a question mark or with a word that asks at its beginning.
    pub(super) fn asks(self) -> bool {
        self.has(Self(Self::QUESTION_MARK.0 | Self::ASKS.0))
    }

    fn set(&mut self, other: Self, on: bool) {
        if on {
            self.0 |= other.0;
        }
    }
}

impl TextFingerprint {
    pub(super) fn of(text: &str, lexicon: &Lexicon) -> Self {
        let mut reading = Self::default();
        let head = &text[..text.floor_char_boundary(READ_BYTES)];
        let mut opening = true;
        for raw in head.split_whitespace() {
            if reading.pieces == 0 {
                reading.first_piece(raw, &mut opening, lexicon);
            } else {
                reading.piece(raw, &mut opening, lexicon);
            }
        }
        reading.calls = calls(head, lexicon);
        reading.pings = pings(head);
        reading.words.sort_unstable();
        reading.topics.sort_unstable();
        reading.topics.dedup();
        reading.topics.truncate(MOST_TOPICS);
        for topic in &reading.topics {
            reading.signature[(topic >> 6) as usize & 3] |= 1 << (topic & 63);
        }
        reading.judge_marks(text);
        reading
    }

    /// How many rare words two texts share.
    pub(super) fn shared_topics(&self, other: &Self) -> u32 {
        let meets = self.signature.iter().zip(&other.signature).any(|(a, b)| a & b != 0);
        if !meets {
            return 0;
        }
        let (mut mine, mut theirs, mut shared) = (0, 0, 0);
        while let (Some(a), Some(b)) = (self.topics.get(mine), other.topics.get(theirs)) {
            shared += u32::from(a == b);
            mine += usize::from(a <= b);
            theirs += usize::from(b <= a);
        }
        shared
    }

    /// Whether more than half of the words of the shorter text are in the other one.
    pub(super) fn shares_most_words(&self, other: &Self) -> bool {
        let (short, long) =
            if self.words.len() <= other.words.len() { (self, other) } else { (other, self) };
        let shared = short.words.iter().filter(|word| long.contains_word(**word)).count();
        shared * 2 > short.words.len()
    }

    /// Whether the text asks something that can be understood without what came before it, and names
    /// what it is about.
    pub(super) fn stands_alone(&self) -> bool {
        self.is_whole_question() && !self.topics.is_empty()
    }

    /// Whether the text asks something that can be understood without what came before it.
    pub(super) fn is_whole_question(&self) -> bool {
        let traits = self.traits;
        let anaphoric = traits.has(TextTraits::CONTINUES) && !traits.has(TextTraits::SEEKS);
        let refers = traits.has(TextTraits::SPEAKS_TO_ONE) && !traits.has(TextTraits::SEEKS);
        traits.asks() && !anaphoric && !refers && self.word_count >= 5
    }

    pub(super) fn contains_word(&self, word: u32) -> bool {
        self.words.binary_search(&word).is_ok()
    }

    /// The first word may carry an address without a space behind it: `name:text`.
    fn first_piece(&mut self, raw: &str, opening: &mut bool, lexicon: &Lexicon) {
        match raw.find([':', ',']) {
            Some(at) if at > 0 && at + 1 < raw.len() && !raw[at..].starts_with("://") => {
                self.piece(&raw[..=at], opening, lexicon);
                self.piece(&raw[at + 1..], opening, lexicon);
            }
            _ => self.piece(raw, opening, lexicon),
        }
    }

    fn piece(&mut self, raw: &str, opening: &mut bool, lexicon: &Lexicon) {
        let Some(word) = WordSpan::of(raw, lexicon) else { return };
        let place = self.pieces;
        self.pieces += 1;
        self.word_count += word.words;
        let sense = WordFlags::either(lexicon.sense(word.hash), lexicon.sense(word.stem));
        self.judge_word(place, sense);
        if *opening && self.openings.len() < MOST_OPENINGS {
            let mark = AddressPunctuation::behind(raw);
            let common = sense.has(WordFlags::COMMON);
            self.openings.push(TextOpening {
                word: word.hash,
                stem: word.stem,
                chars: word.chars,
                mark,
                common,
            });
            // A second name follows a first one, "ann, bob: try it", or a short word, "hi ann".
            *opening = mark == AddressPunctuation::Comma
                || raw == "&"
                || place == 0 && sense.has(WordFlags::SHORT_OPENERS);
        } else {
            *opening = false;
        }
        if self.words.len() < MOST_WORDS {
            self.words.push(word.hash);
            if word.stem != word.hash {
                self.words.push(word.stem);
            }
        }
        if word.pairs {
            self.pairs(raw, lexicon);
        } else if word.chars > 2 && !sense.has(WordFlags::COMMON) {
            self.topics.push(word.hash);
        }
    }

    /// Languages without spaces are compared by pairs of characters.
    fn pairs(&mut self, raw: &str, lexicon: &Lexicon) {
        let mut before = None;
        for character in raw.chars() {
            if let Some(before) = before.filter(|_| is_dense(character)) {
                let pair = extend(extend(EMPTY, before), character);
                if !lexicon.is_common(pair) {
                    self.topics.push(pair);
                }
            }
            before = Some(character).filter(|character| is_dense(*character));
        }
    }

    fn judge_word(&mut self, place: u32, sense: WordFlags) {
        // A name may stand before the word that shows the kind of sentence.
        let early = place < 3;
        self.traits.set(TextTraits::ASKS, early && sense.has(WordFlags::QUESTION));
        self.traits.set(TextTraits::GREETS, early && sense.has(WordFlags::GREETING));
        self.traits.set(TextTraits::AGREES, place < 2 && sense.has(WordFlags::AGREEMENT));
        self.traits.set(TextTraits::CONTINUES, place < 2 && sense.has(WordFlags::CONTINUATION));
        self.traits.set(TextTraits::THANKS, sense.has(WordFlags::THANKS));
        self.traits.set(TextTraits::SEEKS, sense.has(WordFlags::SEEKER));
        self.traits.set(TextTraits::SPEAKS_TO_ONE, sense.has(WordFlags::PARTNER));
    }

    fn judge_marks(&mut self, text: &str) {
        let end = text.trim_end();
        self.traits.set(TextTraits::QUESTION_MARK, text.contains(is_question_mark));
        self.traits.set(TextTraits::LINK, text.contains("://"));
        self.traits.set(TextTraits::CODE, text.contains('`'));
        self.traits
            .set(TextTraits::CORRECTS, text.starts_with(['*', '^']) || text.starts_with("s/"));
        self.traits
            .set(TextTraits::TRAILS_OFF, end.ends_with("..") || end.ends_with(['…', ',', ':']));
    }
}

struct WordSpan {
    hash: u32,
    stem: u32,
    chars: usize,
    /// One, or one for each two characters where they are syllables or words of their own.
    words: u32,
    pairs: bool,
}

impl WordSpan {
    /// The word inside its punctuation, in lower case; none where nothing is left.
    fn of(raw: &str, lexicon: &Lexicon) -> Option<Self> {
        let bare = raw.trim_matches(|character: char| !character.is_alphanumeric());
        if bare.is_empty() {
            return None;
        }
        let (mut hash, mut chars, mut pairs) = (EMPTY, 0, false);
        let mut stem = None;
        for (at, character) in bare.char_indices() {
            let dense = is_dense(character);
            pairs |= dense;
            // The longest ending that is a particle is the one that leaves the shortest name.
            if dense && chars > 1 && stem.is_none() && lexicon.is_particle(&bare[at..]) {
                stem = Some(hash);
            }
            hash = lowered(hash, character);
            chars += 1;
            if chars == MOST_WORDS {
                break;
            }
        }
        let words = bare.chars().filter(|character| is_dense(*character)).count().div_ceil(2);
        let words = u32::try_from(words).unwrap_or(u32::MAX).max(1);
        Some(Self { hash, stem: stem.unwrap_or(hash), chars, words, pairs })
    }
}

impl AddressPunctuation {
    fn behind(raw: &str) -> Self {
        match raw.trim_end_matches([')', '>', '"', '*', '_', '`']).chars().next_back() {
            Some(':' | '：') => Self::Colon,
            Some(',' | ';' | '，' | '、' | '-' | '!' | '~') => Self::Comma,
            _ => Self::Nothing,
        }
    }
}

/// Extends a hash by the lower-case form of a character.
pub(super) fn lowered(hash: u32, character: char) -> u32 {
    if character.is_ascii() {
        extend(hash, character.to_ascii_lowercase())
    } else {
        character.to_lowercase().fold(hash, extend)
    }
}

/// Whether the character belongs to a script whose words are not told apart by spaces alone.
fn is_dense(character: char) -> bool {
    matches!(character,
        '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{3130}'..='\u{318f}'
        | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}')
}

/// The hashes of what follows each `@`: a rendered name may hold spaces.
fn calls(text: &str, lexicon: &Lexicon) -> Vec<u32> {
    let mut calls = Vec::new();
    for (at, _) in text.match_indices('@') {
        if calls.len() >= MOST_CALLS {
            break;
        }
        let rest = &text[at + 1..];
        let mut hash = EMPTY;
        for (count, raw) in rest.split_whitespace().take(4).enumerate() {
            let bare = raw.trim_end_matches(|character: char| !character.is_alphanumeric());
            let bare = if count == 0 {
                bare.trim_start_matches(|c: char| !c.is_alphanumeric())
            } else {
                bare
            };
            if bare.len() > 128 {
                break;
            }
            if count > 0 {
                hash = extend(hash, ' ');
            } else if let Some(word) = WordSpan::of(bare, lexicon)
                && word.stem != word.hash
            {
                calls.push(word.stem);
            }
            calls.push(bare.chars().fold(hash, lowered));
            hash = raw.trim_start_matches('@').chars().fold(hash, lowered);
        }
    }
    calls
}

fn pings(text: &str) -> Vec<UserId> {
    let ids = text.match_indices("<@").filter_map(|(at, _)| {
        let rest = text[at + 2..].trim_start_matches('!');
        rest[..rest.find('>')?].parse().ok()
    });
    ids.take(MOST_PINGS + 1).collect()
}
