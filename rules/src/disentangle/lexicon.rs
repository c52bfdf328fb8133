//! What single words mean: common ones nothing, a few change how a message is read.

use crate::config::toml_reader::TomlReader;
use crate::language::Languages;

/// Words that unlike communities use every day, most widespread first; made by
/// `tests/eval/conversations/common_words.py`. What only one community uses every day tells another what a
/// message is about: `[words] common` in its `conversations.toml` replaces the lists of the languages.
const COMMON: &str = include_str!("../../common_words.txt");

/// What is known of a word, as a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct WordFlags(u16);

impl WordFlags {
    pub(super) const COMMON: Self = Self(1);
    pub(super) const QUESTION: Self = Self(2);
    pub(super) const THANKS: Self = Self(4);
    pub(super) const GREETING: Self = Self(8);
    pub(super) const AGREEMENT: Self = Self(16);
    pub(super) const CONTINUATION: Self = Self(32);
    /// Short words before a name: "hi ann", "thanks ann", "ok ann".
    pub(super) const SHORT_OPENERS: Self = Self(4 | 8 | 16);
    const PARTICLE: Self = Self(64);
    /// Words of somebody who seeks help: "I", "my", "anyone".
    pub(super) const SEEKER: Self = Self(128);
    /// Words that speak to somebody: "you", "your".
    pub(super) const PARTNER: Self = Self(256);

    pub(super) fn either(one: Self, other: Self) -> Self {
        Self(one.0 | other.0)
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Word hashes with their senses, in one open-addressed table: a look-up costs one or two reads.
#[derive(Debug, Clone)]
pub(super) struct Lexicon {
    slots: Vec<(u32, WordFlags)>,
}

impl Lexicon {
    pub(super) fn read(table: &mut TomlReader, languages: &Languages) -> Self {
        let mut words = COMMON
            .split_whitespace()
            .map(|word| (hash_of(word), WordFlags::COMMON))
            .collect::<Vec<_>>();
        for (key, sense) in [
            ("questions", WordFlags::QUESTION),
            ("thanks", WordFlags::THANKS),
            ("greetings", WordFlags::GREETING),
            ("agreement", WordFlags::AGREEMENT),
            ("continuations", WordFlags::CONTINUATION),
            ("particles", WordFlags::PARTICLE),
            ("common", WordFlags::COMMON),
            ("seekers", WordFlags::SEEKER),
            ("partners", WordFlags::PARTNER),
        ] {
            let listed: Vec<_> = languages.words_in(table, key, ("conversations", key));
            words.extend(listed.iter().map(|word| (hash_of(&word.to_lowercase()), sense)));
        }
        let mut lexicon =
            Self { slots: vec![(0, WordFlags::default()); (words.len() * 4).next_power_of_two()] };
        for (hash, sense) in words {
            let place = lexicon.place(hash);
            lexicon.slots[place] = (hash, WordFlags(lexicon.slots[place].1.0 | sense.0));
        }
        lexicon
    }

    pub(super) fn sense(&self, word: u32) -> WordFlags {
        self.slots[self.place(word)].1
    }

    pub(super) fn is_common(&self, word: u32) -> bool {
        self.sense(word).has(WordFlags::COMMON)
    }

    pub(super) fn is_particle(&self, ending: &str) -> bool {
        self.sense(hash_of(ending)).has(WordFlags::PARTICLE)
    }

    /// Where the word stands, or the free place where it would. The table is at most half full.
    fn place(&self, hash: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        while self.slots[place].1 != WordFlags::default() && self.slots[place].0 != hash {
            place = (place + 1) & mask;
        }
        place
    }
}

/// FNV-1a over the UTF-8 bytes, started with [`EMPTY`]: the hash of a prefix is a step on the way.
pub(super) const EMPTY: u32 = 0x811c_9dc5;

pub(super) fn extend(hash: u32, character: char) -> u32 {
    let mut bytes = [0; 4];
    let bytes = character.encode_utf8(&mut bytes).as_bytes();
    bytes.iter().fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

pub(super) fn hash_of(word: &str) -> u32 {
    word.chars().fold(EMPTY, extend)
}
