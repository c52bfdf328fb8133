//! Whether two answers say the same.

use std::collections::BTreeSet;

use crate::similarity::content::content;
use crate::text::without_mentions;

/// From this share of common words on, counted in both answers together, they say the same.
const SAME_WORDS: f32 = 0.35;
/// From this share of the shorter answer's words on, where both name one thing.
const SAME_SHORTER: f32 = 0.6;

/// Of fewer words nobody can tell whether two answers say the same.
const LEAST_WORDS: usize = 2;

/// What an answer says: its content words, and the things it names to the letter.
pub(crate) struct AnswerWording {
    words: BTreeSet<String>,
    specifics: BTreeSet<String>,
}

impl AnswerWording {
    pub(crate) fn of(text: &str) -> Self {
        Self { words: content(text), specifics: specifics(&without_mentions(text)) }
    }

    /// Whether the answers share most words, and neither names other things than the other: one may
    /// name more.
    pub(crate) fn says_same(&self, other: &Self) -> bool {
        let named = self.specifics.intersection(&other.specifics).count();
        let (ours, theirs) = (self.specifics.len(), other.specifics.len());
        if named < ours && named < theirs && 2 * named <= ours.min(theirs) {
            return false;
        }
        let common = self.words.intersection(&other.words).count() as f32;
        let shorter = self.words.len().min(other.words.len()).max(1) as f32;
        self.likeness(other) >= SAME_WORDS || named > 0 && common / shorter >= SAME_SHORTER
    }

    /// The share of the words of both that they have in common, 0 to 1.
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        let common = self.words.intersection(&other.words).count();
        common as f32 / (self.words.len() + other.words.len() - common).max(1) as f32
    }

    /// The share of the shorter one's words that the other has too, 0 to 1; 0 where the shorter one has
    /// hardly any.
    pub(crate) fn overlap(&self, other: &Self) -> f32 {
        let shorter = self.words.len().min(other.words.len());
        let common = self.words.intersection(&other.words).count() as f32;
        if shorter < LEAST_WORDS { 0.0 } else { common / shorter as f32 }
    }

    /// The same beyond what was `asked`: an answer that takes up a question's words agrees with nobody by that.
    pub(crate) fn overlap_beyond(&self, asked: &BTreeSet<String>, other: &Self) -> f32 {
        let added = |wording: &Self| wording.words.difference(asked).count();
        let common = self.words.intersection(&other.words).filter(|word| !asked.contains(*word));
        common.count() as f32 / added(self).min(added(other)).max(1) as f32
    }

    pub(crate) fn specifics(&self) -> impl Iterator<Item = &str> {
        self.specifics.iter().map(String::as_str)
    }

    pub(crate) fn names(&self, specific: &str) -> bool {
        self.specifics.contains(specific)
    }
}

/// The commands, settings, values, paths and addresses of a text, in lower case: what stands in
/// backticks, and words with digits, signs or capitals inside.
fn specifics(text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, part) in text.split('`').enumerate() {
        let code = at % 2 == 1;
        let words = part.split(|c: char| !c.is_ascii_graphic() || ",;=\"'()<>[]{}|*".contains(c));
        let words = words.map(|word| word.trim_matches([':', '.', '!', '?']));
        let words = words.filter(|word| word.len() > 1 && (code || is_specific(word)));
        named.extend(words.map(str::to_ascii_lowercase));
    }
    named
}

/// Whether a word is written as only things are that are named to the letter: with a digit, a sign or a capital inside.
pub(crate) fn is_specific(word: &str) -> bool {
    let signs = word.bytes().any(|byte| byte.is_ascii_digit() || b"_/\\@$".contains(&byte));
    let dotted = word.len() > 3 && word.contains(['.', ':']);
    let capital_inside = word.bytes().skip(1).any(|byte| byte.is_ascii_uppercase());
    signs || dotted || word.starts_with('-') || capital_inside
}
