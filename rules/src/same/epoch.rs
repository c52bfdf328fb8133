//! Frozen word statistics, and what a question weighs by them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::entities::{Entity, entities};
use super::hash::hash;
use super::words::{Token, pieces, stem, tokens};
use super::{Asked, SameRules, Vocabulary};

/// So many features of a text are kept, the weightiest; sixty describe any question.
const MOST_FEATURES: usize = 64;
/// A piece of a word weighs so much of a whole word of its rarity.
const PIECE_WEIGHT: f32 = 0.4;

/// How often words occur in a fixed list of questions and answers.
///
/// Two epochs over the same items are equal, in whichever order the items came. A feature that was
/// met once needs no entry, so the table stays far below a hundred bytes for each item.
#[derive(Debug, Clone)]
pub struct Epoch {
    vocabulary: Arc<Vocabulary>,
    count: u32,
    /// In how many items a feature occurs, where that is more than once.
    frequencies: HashMap<u32, u32>,
}

/// What a feature describes, in the upper two bits of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Word,
    Piece,
    Syllable,
}

/// A sparse vector: features in order of their numbers, each with a weight above zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Vector {
    pub(super) features: Vec<(u32, f32)>,
    /// Lengths of the parts that are words, pieces and syllables.
    pub(super) norms: [f32; 3],
}

/// A question and its answer as the comparison sees them.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    pub(super) question: Vector,
    pub(super) answer: Vector,
    pub(super) question_names: Vec<Entity>,
    pub(super) answer_names: Vec<Entity>,
    /// The share of the question's letters that are compared by syllables, 0 to 1.
    pub(super) syllabic: f32,
    /// Whether the question says enough to be compared at all.
    pub(super) telling: bool,
}

impl Epoch {
    /// Counts the words of `items`. Equal items count as often as they occur.
    pub fn of<'a>(items: impl IntoIterator<Item = Asked<'a>>, rules: &SameRules) -> Self {
        let vocabulary = Arc::clone(&rules.vocabulary);
        let mut frequencies = HashMap::new();
        let mut count = 0_u32;
        for Asked { question, answer } in items {
            count += 1;
            for (salt, text) in [(QUESTION, question), (ANSWER, answer)] {
                for (feature, _) in raw_features(salt, &tokens(text), &vocabulary) {
                    *frequencies.entry(feature).or_insert(0) += 1;
                }
            }
        }
        frequencies.retain(|_, times| *times > 1);
        frequencies.shrink_to_fit();
        Self { vocabulary, count, frequencies }
    }

    /// Weighs the words of one question and its answer.
    pub fn signature(&self, asked: &Asked) -> Signature {
        let question_tokens = tokens(asked.question);
        let answer_tokens = tokens(asked.answer);
        let question_names = self.names(asked.question, &question_tokens);
        Signature {
            question: self.vector(QUESTION, &question_tokens),
            answer: self.vector(ANSWER, &answer_tokens),
            syllabic: syllabic(&question_tokens),
            telling: self.telling(&question_tokens, &question_names),
            question_names,
            answer_names: self.names(asked.answer, &answer_tokens),
        }
    }

    fn names(&self, text: &str, tokens: &[Token]) -> Vec<Entity> {
        let words = tokens.iter().filter_map(|token| match token {
            Token::Word(word) => Some(word.as_str()),
            Token::Syllables(_) => None,
        });
        entities(text, &words.collect::<Vec<_>>(), &self.vocabulary.rivals)
    }

    fn vector(&self, salt: &str, tokens: &[Token]) -> Vector {
        let mut features = raw_features(salt, tokens, &self.vocabulary)
            .into_iter()
            .map(|(feature, times)| (feature, self.weight(feature, times)))
            .collect::<Vec<_>>();
        features.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        features.truncate(MOST_FEATURES);
        features.sort_by_key(|(feature, _)| *feature);
        features.shrink_to_fit();
        let mut squares = [0.0_f32; 3];
        for (feature, weight) in &features {
            squares[sort_of(*feature) as usize] += weight * weight;
        }
        Vector { features, norms: squares.map(f32::sqrt) }
    }

    /// Term frequency by logarithm times inverse document frequency, 1 for a word met only once.
    fn weight(&self, feature: u32, times: u32) -> f32 {
        let part = if sort_of(feature) == Sort::Piece { PIECE_WEIGHT } else { 1.0 };
        part * (1.0 + (times as f32).ln()) * self.rarity(feature)
    }

    fn rarity(&self, feature: u32) -> f32 {
        let count = self.count.max(1) as f32;
        let frequency = self.frequencies.get(&feature).copied().unwrap_or(1) as f32;
        (1.0 + count / frequency).ln() / (1.0 + count).ln()
    }

    /// Whether a question holds something to compare: two words of content, one rare word or name,
    /// or enough syllables.
    fn telling(&self, tokens: &[Token], names: &[Entity]) -> bool {
        let mut words = Vec::new();
        let mut syllables = 0;
        for token in tokens {
            match token {
                Token::Word(word) if self.vocabulary.has_content(word) => words.push(stem(word)),
                Token::Word(_) => {}
                Token::Syllables(run) if self.vocabulary.is_filler(run) => {}
                Token::Syllables(run) => syllables += run.chars().count(),
            }
        }
        words.sort_unstable();
        words.dedup();
        let rare = |word: &String| {
            self.rarity(feature(Sort::Word, QUESTION, word)) >= self.vocabulary.rare
        };
        words.len() >= 2
            || !names.is_empty()
            || syllables >= self.vocabulary.least_syllables
            || words.iter().any(rare)
    }
}

const QUESTION: &str = "q";
const ANSWER: &str = "a";

pub(super) fn sort_of(feature: u32) -> Sort {
    match feature >> 30 {
        0 => Sort::Word,
        1 => Sort::Piece,
        _ => Sort::Syllable,
    }
}

fn feature(sort: Sort, salt: &str, text: &str) -> u32 {
    ((sort as u32) << 30) | (hash(salt, text) >> 2)
}

/// Every feature of a text with the times it occurs.
fn raw_features(salt: &str, tokens: &[Token], vocabulary: &Vocabulary) -> BTreeMap<u32, u32> {
    let mut found = BTreeMap::new();
    let mut add = |sort, text: &str| *found.entry(feature(sort, salt, text)).or_insert(0) += 1;
    for token in tokens {
        match token {
            Token::Word(word) if vocabulary.is_stop(word) => {}
            Token::Word(word) => {
                add(Sort::Word, &stem(word));
                pieces(word).for_each(|piece| add(Sort::Piece, piece));
            }
            Token::Syllables(run) => {
                let starts =
                    run.char_indices().map(|(at, _)| at).chain([run.len()]).collect::<Vec<_>>();
                starts.windows(2).for_each(|one| add(Sort::Syllable, &run[one[0]..one[1]]));
                starts.windows(3).for_each(|two| add(Sort::Syllable, &run[two[0]..two[2]]));
            }
        }
    }
    found
}

fn syllabic(tokens: &[Token]) -> f32 {
    let (mut syllables, mut letters) = (0_usize, 0_usize);
    for token in tokens {
        match token {
            Token::Word(word) => letters += word.chars().count(),
            // A syllable carries as much as two or three letters.
            Token::Syllables(run) => syllables += 3 * run.chars().count(),
        }
    }
    let all = syllables + letters;
    if all == 0 { 0.0 } else { syllables as f32 / all as f32 }
}
