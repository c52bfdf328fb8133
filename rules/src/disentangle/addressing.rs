//! Does a text speak to somebody.

use super::fingerprint::{AddressPunctuation, TextFingerprint, TextOpening, lowered};
use super::lexicon::{EMPTY, Lexicon, extend, hash_of};

/// A partial name needs this many characters where a colon or comma follows it.
const LEAST_MARKED: usize = 3;
/// And this many where nothing does.
const LEAST_BARE: usize = 5;
const MOST_PREFIXES: usize = 20;

/// A display name as texts may write it.
#[derive(Debug, Clone)]
pub(super) struct NamePattern {
    /// The whole name in lower case, without decoration at its ends.
    whole: u32,
    /// Its first word.
    first: u32,
    /// The first 1, 2, 3 ... characters of it.
    prefixes: Vec<u32>,
    /// Whether the first word means something else in most sentences.
    common: bool,
}

/// How surely a text speaks to the bearer of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressMatch {
    /// By the name, at the beginning or behind `@`.
    Full,
    /// By the beginning of the name, at the beginning.
    Partial,
    /// The name stands somewhere inside.
    Inside,
}

impl NamePattern {
    pub(super) fn of(name: &str, lexicon: &Lexicon) -> Self {
        let bare = name.trim_matches(|character: char| !character.is_alphanumeric());
        let whole = bare.chars().fold(EMPTY, lowered);
        let word = bare.split_whitespace().next().unwrap_or_default();
        let word = word.trim_end_matches(|character: char| !character.is_alphanumeric());
        let mut prefixes = Vec::with_capacity(word.len().min(MOST_PREFIXES));
        let mut first = EMPTY;
        for character in word.chars() {
            first = lowered(first, character);
            if prefixes.len() < MOST_PREFIXES {
                prefixes.push(first);
            }
        }
        let number = word.bytes().all(|byte| byte.is_ascii_digit());
        let common = number || prefixes.len() < 2 || lexicon.is_common(first);
        Self { whole, first, prefixes, common }
    }

    /// Whether and how `text` speaks to the bearer of this name.
    pub(super) fn addressed_in(&self, text: &TextFingerprint) -> Option<AddressMatch> {
        if self.prefixes.is_empty() {
            return None;
        }
        if text.calls.contains(&self.whole) || (!self.common && text.calls.contains(&self.first)) {
            return Some(AddressMatch::Full);
        }
        let openings = text.openings.iter().filter_map(|opening| self.opened_by(opening));
        // `Full` comes before `Partial`.
        if let Some(address) = openings.min_by_key(|address| *address as u8) {
            return Some(address);
        }
        let said = !self.common && self.prefixes.len() > 2 && text.contains_word(self.first);
        said.then_some(AddressMatch::Inside)
    }

    fn opened_by(&self, opening: &TextOpening) -> Option<AddressMatch> {
        if opening.word == self.first || opening.stem == self.first {
            // "the: text" speaks to somebody called "the"; "the, text" and "the text" do not.
            let meant = if self.common {
                opening.mark == AddressPunctuation::Colon && opening.chars > 1
            } else {
                opening.mark != AddressPunctuation::Nothing
                    || opening.chars > 2
                    || opening.stem != opening.word
            };
            return meant.then_some(AddressMatch::Full);
        }
        let least =
            if opening.mark == AddressPunctuation::Nothing { LEAST_BARE } else { LEAST_MARKED };
        let partial = opening.chars >= least
            && !opening.common
            && self.prefixes.get(opening.chars - 1) == Some(&opening.word);
        partial.then_some(AddressMatch::Partial)
    }
}

/// What the text calls somebody who may not have spoken: equal for two texts to the same person.
pub(super) fn target(text: &TextFingerprint) -> Option<u32> {
    if let Some(person) = text.pings.first() {
        return Some(hash_of("<@>") ^ extend(EMPTY, '@') ^ (person.0 ^ (person.0 >> 32)) as u32);
    }
    if let Some(call) = text.calls.first() {
        return Some(*call);
    }
    text.openings
        .iter()
        .find(|opening| {
            opening.mark == AddressPunctuation::Colon && !opening.common && opening.chars > 1
        })
        .map(|opening| opening.word)
}
