//! Frozen word statistics, and what a question weighs by them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::entities::{Entity, entities};
use super::hash::{hash, wide_hash};
use super::tokens::{SimilarityToken, addressed, pieces, stem, tokens};
use super::{QaMeaning, QaText, SimilarityRules, WordLists};

/// So many features of a text are kept, the weightiest; sixty describe any question.
const MOST_FEATURES: usize = 64;
/// The weights were fitted on sets of about so many items; among more, more are alike by chance.
const CROWD: f32 = 200.0;
/// A word of general meaning weighs so much of another of its rarity.
const FILLER_WEIGHT: f32 = 0.5;
/// A piece of a word weighs so much of a whole word of its rarity.
const PIECE_WEIGHT: f32 = 0.4;
/// A single syllable weighs so much of a pair of them: pairs change with the endings of a word.
const SYLLABLE_WEIGHT: f32 = 1.5;

/// How often words occur in a fixed list of questions and answers.
///
/// Two epochs over the same items are equal, in whichever order the items came. A feature that was
/// met once needs no entry, so the table stays far below a hundred bytes for each item.
#[derive(Debug, Clone)]
pub struct CorpusStats {
    pub(super) vocabulary: Arc<WordLists>,
    /// The items that were counted.
    pub(super) count: u32,
    /// All items, of which the counted ones may be a sample.
    pub(super) population: u32,
    /// In how many items a feature occurs, where that is more than once.
    pub(super) frequencies: HashMap<u32, u32>,
    /// Words by which people are addressed, oftener than they are used otherwise.
    pub(super) people: HashSet<u32>,
}

/// What a feature describes, in the upper two bits of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TermKind {
    Word,
    Piece,
    Syllable,
    SyllablePair,
}

/// A sparse vector: features in order of their numbers, each with a weight above zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct SparseVector {
    pub(super) features: Vec<(u32, f32)>,
    /// Lengths of the parts, by [`TermKind`].
    pub(super) norms: [f32; 4],
}

/// A question and its answer as the comparison sees them.
#[derive(Debug, Clone, PartialEq)]
pub struct QaSignature {
    pub(super) question: SparseVector,
    pub(super) answer: SparseVector,
    pub(super) question_names: Vec<Entity>,
    pub(super) answer_names: Vec<Entity>,
    /// The share of the question's letters that are compared by syllables, 0 to 1.
    pub(super) syllabic: f32,
    /// Whether the question says enough to be compared at all.
    pub(super) informative: bool,
    /// How far the epoch exceeds two hundred items, by natural logarithm.
    pub(super) crowd: f32,
    /// Empty where no sentence encoder read the texts.
    pub(super) meaning: QaMeaning,
}

impl SparseVector {
    /// Features in order of their numbers.
    pub(super) fn of(features: Vec<(u32, f32)>) -> Self {
        let mut squares = [0.0_f32; 4];
        for (feature, weight) in &features {
            squares[sort_of(*feature) as usize] += weight * weight;
        }
        Self { features, norms: squares.map(f32::sqrt) }
    }
}

impl CorpusStats {
    /// Counts the words of `items`. Equal items count once, so that talk that is repeated, by a
    /// bot or by a replay, makes no word common.
    pub fn of<'a>(items: impl IntoIterator<Item = QaText<'a>>, rules: &SimilarityRules) -> Self {
        let vocabulary = Arc::clone(&rules.vocabulary);
        let mut frequencies = HashMap::new();
        let mut addresses = HashMap::new();
        let mut known = HashSet::new();
        for QaText { question, answer } in items {
            if !known.insert((wide_hash(question), wide_hash(answer))) {
                continue;
            }
            for (salt, text) in [(QUESTION, question), (ANSWER, answer)] {
                let (names, text) = addressed(text, &vocabulary.labels);
                for name in names {
                    *addresses.entry(word_number(&name)).or_insert(0) += 1;
                }
                for (feature, _) in raw_features(salt, &tokens(text), &vocabulary) {
                    *frequencies.entry(feature).or_insert(0) += 1;
                }
            }
        }
        frequencies.retain(|_, times| *times > 1);
        frequencies.shrink_to_fit();
        let mut people = HashSet::new();
        for (name, times) in addresses {
            if times > 1 && times >= frequencies.get(&name).copied().unwrap_or(0) {
                people.insert(name);
            }
        }
        let count = u32::try_from(known.len()).unwrap_or(u32::MAX);
        Self { vocabulary, count, population: count, frequencies, people }
    }

    /// Whether they were read or counted with these very rules.
    pub fn is_of(&self, rules: &SimilarityRules) -> bool {
        Arc::ptr_eq(&self.vocabulary, &rules.vocabulary)
    }

    /// The same counts as those of a sample out of so many items.
    pub fn of_population(self, items: u64) -> Self {
        Self { population: u32::try_from(items).unwrap_or(u32::MAX), ..self }
    }

    /// Weighs the words of one question and its answer.
    pub fn signature(&self, asked: &QaText) -> QaSignature {
        let labels = &self.vocabulary.labels;
        let question = addressed(asked.question, labels).1;
        let answer = addressed(asked.answer, labels).1;
        let (question_tokens, answer_tokens) = (self.subject(question), self.subject(answer));
        let question_names = self.names(question, &question_tokens);
        QaSignature {
            question: self.vector(QUESTION, &question_tokens),
            answer: self.vector(ANSWER, &answer_tokens),
            syllabic: syllabic(&question_tokens),
            informative: self.is_comparable(&question_tokens, &question_names),
            crowd: (self.population as f32 / CROWD).ln().max(0.0),
            meaning: QaMeaning::default(),
            question_names,
            answer_names: self.names(answer, &answer_tokens),
        }
    }

    /// The tokens without names of people.
    fn subject(&self, text: &str) -> Vec<SimilarityToken> {
        let mut tokens = tokens(text);
        tokens.retain(|token| match token {
            SimilarityToken::Word(word) => !self.people.contains(&word_number(word)),
            SimilarityToken::Syllables(_) => true,
        });
        tokens
    }

    fn names(&self, text: &str, tokens: &[SimilarityToken]) -> Vec<Entity> {
        let words = tokens.iter().filter_map(|token| match token {
            SimilarityToken::Word(word) => Some(word.as_str()),
            SimilarityToken::Syllables(_) => None,
        });
        entities(text, &words.collect::<Vec<_>>(), &self.vocabulary.rivals)
    }

    fn vector(&self, salt: &str, tokens: &[SimilarityToken]) -> SparseVector {
        let mut features = raw_features(salt, tokens, &self.vocabulary)
            .into_iter()
            .map(|(feature, (times, part))| (feature, part * self.weight(feature, times)))
            .collect::<Vec<_>>();
        features.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        features.truncate(MOST_FEATURES);
        features.sort_by_key(|(feature, _)| *feature);
        features.shrink_to_fit();
        SparseVector::of(features)
    }

    /// Term frequency by logarithm times inverse document frequency, 1 for a word met only once.
    fn weight(&self, feature: u32, times: u32) -> f32 {
        let part = match sort_of(feature) {
            TermKind::Piece => PIECE_WEIGHT,
            TermKind::Syllable => SYLLABLE_WEIGHT,
            TermKind::Word | TermKind::SyllablePair => 1.0,
        };
        part * (1.0 + (times as f32).ln()) * self.rarity(feature)
    }

    fn rarity(&self, feature: u32) -> f32 {
        let count = self.count.max(1) as f32;
        let frequency = self.frequencies.get(&feature).copied().unwrap_or(1) as f32;
        (1.0 + count / frequency).ln() / (1.0 + count).ln()
    }

    /// Whether a question holds something to compare: words of content that are rare enough
    /// together, a name, or enough syllables.
    fn is_comparable(&self, tokens: &[SimilarityToken], names: &[Entity]) -> bool {
        let mut words = BTreeSet::new();
        let mut syllables = 0;
        for token in tokens {
            match token {
                SimilarityToken::Word(word) if self.vocabulary.has_content(word) => {
                    words.insert(stem(word));
                }
                SimilarityToken::Word(_) => {}
                SimilarityToken::Syllables(run) if self.vocabulary.is_filler(run) => {}
                SimilarityToken::Syllables(run) => syllables += run.chars().count(),
            }
        }
        let rarity = words.iter().map(|word| self.rarity(feature(TermKind::Word, QUESTION, word)));
        !names.is_empty()
            || syllables >= self.vocabulary.least_syllables
            || rarity.sum::<f32>() >= self.vocabulary.least_content
    }
}

const QUESTION: &str = "q";
const ANSWER: &str = "a";

pub(super) fn sort_of(feature: u32) -> TermKind {
    match feature >> 30 {
        0 => TermKind::Word,
        1 => TermKind::Piece,
        2 => TermKind::Syllable,
        _ => TermKind::SyllablePair,
    }
}

/// The number under which a word of a question is counted.
fn word_number(word: &str) -> u32 {
    feature(TermKind::Word, QUESTION, &stem(word))
}

fn feature(sort: TermKind, salt: &str, text: &str) -> u32 {
    ((sort as u32) << 30) | (hash(salt, text) >> 2)
}

/// Every feature of a text with the times it occurs and the part of its weight that counts.
fn raw_features(
    salt: &str,
    tokens: &[SimilarityToken],
    vocabulary: &WordLists,
) -> BTreeMap<u32, (u32, f32)> {
    let mut found = BTreeMap::new();
    let mut add = |sort, text: &str, part| {
        found.entry(feature(sort, salt, text)).or_insert((0, part)).0 += 1;
    };
    for token in tokens {
        match token {
            SimilarityToken::Word(word) if vocabulary.is_stop(word) => {}
            SimilarityToken::Word(word) => {
                let part = if vocabulary.is_filler(word) { FILLER_WEIGHT } else { 1.0 };
                add(TermKind::Word, &stem(word), part);
                pieces(word).for_each(|piece| add(TermKind::Piece, piece, part));
            }
            SimilarityToken::Syllables(run) => {
                let starts =
                    run.char_indices().map(|(at, _)| at).chain([run.len()]).collect::<Vec<_>>();
                starts
                    .windows(2)
                    .for_each(|one| add(TermKind::Syllable, &run[one[0]..one[1]], 1.0));
                starts
                    .windows(3)
                    .for_each(|two| add(TermKind::SyllablePair, &run[two[0]..two[2]], 1.0));
            }
        }
    }
    found
}

fn syllabic(tokens: &[SimilarityToken]) -> f32 {
    let (mut syllables, mut letters) = (0_usize, 0_usize);
    for token in tokens {
        match token {
            SimilarityToken::Word(word) => letters += word.chars().count(),
            // A syllable carries as much as two or three letters.
            SimilarityToken::Syllables(run) => syllables += 3 * run.chars().count(),
        }
    }
    let all = syllables + letters;
    if all == 0 { 0.0 } else { syllables as f32 / all as f32 }
}
