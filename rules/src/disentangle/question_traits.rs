//! What a text looks like as a question, seen by itself.

use super::fingerprint::{TextFingerprint, TextTraits};
use super::lexicon::Lexicon;

/// A text with fewer words, and no rare one, tells nothing: "help", "quick question".
const INFORMATIVE_WORDS: u32 = 5;

/// Of so many rare words a sketch is made: more would fill it.
const MOST_SKETCHED: usize = 16;

/// Which rare words a question holds, as bits: enough to tell whether somebody asks the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TopicSketch(pub u64);

impl TopicSketch {
    /// Whether a later question of the same person is about the same: they share three rare words at least, two
    /// thirds of those of one and half of those of the other.
    pub fn is_repeated_by(self, later: Self) -> bool {
        let shared = (self.0 & later.0).count_ones();
        let (one, other) = (self.0.count_ones(), later.0.count_ones());
        shared >= 3 && shared * 3 >= one.min(other) * 2 && shared * 2 >= one.max(other)
    }
}

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

    /// The rare words as bits.
    pub fn topic_sketch(&self) -> TopicSketch {
        let topics = self.text.topics.iter().take(MOST_SKETCHED);
        let bit = |topic: &u32| 1 << (topic.wrapping_mul(0x9e37_79b1) >> 26);
        TopicSketch(topics.map(bit).fold(0, |all, bit: u64| all | bit))
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

#[cfg(test)]
mod tests {
    use crate::config::ruleset::Ruleset;

    #[test]
    fn a_question_says_enough_in_as_few_pieces_as_its_script_needs() {
        let rules = Ruleset::embedded();
        let stands_alone = |text: &str| rules.conversations.question_traits(text).stands_alone;
        for whole in [
            "where are the server logs kept?",
            "서버 로그는 어디에 저장되나요?",
            "サーバーのログはどこにありますか？",
            "服务器的日志文件保存在哪里？",
        ] {
            assert!(stands_alone(whole), "{whole}");
        }
        for part in ["where is that?", "어디에 있나요?", "どこですか？", "在哪里？"]
        {
            assert!(!stands_alone(part), "{part}");
        }
    }
}
