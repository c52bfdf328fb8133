//! What a text looks like as a question, seen by itself.

use super::fingerprint::{TextFingerprint, TextTraits};
use super::lexicon::Lexicon;

/// A text with fewer words, and no rare one, tells nothing: "help", "quick question".
const INFORMATIVE_WORDS: u32 = 5;

#[derive(Debug, Clone)]
pub struct QuestionTraits {
    pub asks: bool,
    /// Whether it asks something that can be understood without what came before it.
    pub stands_alone: bool,
    /// Whether it speaks of its writer, or to anybody.
    pub seeks: bool,
    pub thanks: bool,
    /// Whether it says what it is about.
    pub informative: bool,
    text: TextFingerprint,
}

impl QuestionTraits {
    pub(super) fn read(text: &str, lexicon: &Lexicon) -> Self {
        let text = TextFingerprint::of(text, lexicon);
        Self {
            asks: text.traits.asks(),
            stands_alone: text.is_whole_question(),
            seeks: text.traits.has(TextTraits::SEEKS),
            thanks: text.traits.has(TextTraits::THANKS),
            informative: text.word_count >= INFORMATIVE_WORDS || !text.topics.is_empty(),
            text,
        }
    }

    /// How many rare words two texts share.
    pub fn shared_words(&self, other: &Self) -> u32 {
        self.text.shared_topics(&other.text)
    }

    /// Whether most of what it is about is in an earlier question too. A product that both name says little:
    /// where one rare word is all there is, most of the other words must be shared as well.
    pub fn repeats(&self, earlier: &Self) -> bool {
        let least = self.text.topics.len().min(earlier.text.topics.len());
        let is_same_topic = least > 0 && self.shared_words(earlier) as usize * 2 > least;
        is_same_topic && (least > 1 || self.text.shares_most_words(&earlier.text))
    }
}
