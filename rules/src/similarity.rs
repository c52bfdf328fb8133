//! Whether two questions are the same.
//!
//! Words are weighed by statistics that are frozen in a [`CorpusStats`], so that a verdict depends on
//! the set of known questions and never on the order in which they came.

pub(crate) mod content;
mod corpus_stats;
mod entities;
mod hash;
mod meaning;
mod pair_features;
mod stored;
#[cfg(test)]
mod tests;
pub(crate) mod tokens;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::toml_reader::TomlReader;
use crate::language::Languages;
use crate::model::reason::WeightedReason;
pub use corpus_stats::{CorpusStats, QaSignature};
use entities::{EntityKind, RivalGroups, clash};
pub use meaning::{MeaningVector, QaMeaning};
pub use pair_features::PairFeatures;

/// The rules of similarity: `same.toml`.
#[derive(Debug, Clone)]
pub struct SimilarityRules {
    vocabulary: Arc<WordLists>,
    weights: PairWeights,
    meaning: MeaningWeights,
    pair: f32,
    threshold: f32,
    cohesion: f32,
    agreement: f32,
    vetoes: VetoRules,
}

/// The texts of an occurrence that are compared.
#[derive(Debug, Clone, Copy)]
pub struct QaText<'a> {
    pub question: &'a str,
    /// Empty where the answer is not known.
    pub answer: &'a str,
}

/// Whether two questions are the same, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct PairVerdict {
    pub same: bool,
    /// 0 to 1; the questions are the same from the threshold upwards.
    pub score: f32,
    /// Their weights add up to the logarithm of the odds that the score stands for.
    pub reasons: Vec<WeightedReason>,
}

/// Whether a word belongs to the sentence around a command and not to the command: "and", "fails", "again". In lower
/// case, without apostrophes.
pub fn is_sentence_word(word: &str) -> bool {
    content::is_sentence_word(word)
}

/// The stems of the words that say what a text is about; of scripts without spaces, every two letters.
pub fn content_words(text: &str) -> BTreeSet<String> {
    content::content(text)
}

/// Compares a pair. Symmetric, and zero if a question has too few content words or names conflict.
pub fn compare_pair(a: &QaSignature, b: &QaSignature, rules: &SimilarityRules) -> PairVerdict {
    pair_features::sameness(a, b, rules)
}

/// The score that [`compare_pair`] gives, without its reasons.
pub fn pair_score(a: &QaSignature, b: &QaSignature, rules: &SimilarityRules) -> f32 {
    pair_features::score(a, b, rules)
}

/// Whether two answers say the same: their words are alike by the setting `agree.cosine`, and they
/// contradict each other in no error, identifier, version, site or amount.
pub fn answers_agree(a: &QaSignature, b: &QaSignature, rules: &SimilarityRules) -> bool {
    clash(&a.answer_names, &b.answer_names, |_| true).is_none()
        && pair_features::cosine(&a.answer, &b.answer) >= rules.agreement
}

/// The same where the two may be about different versions.
pub(crate) fn answers_agree_except_versions(
    a: &QaSignature,
    b: &QaSignature,
    rules: &SimilarityRules,
) -> bool {
    let other = |kind| !matches!(kind, EntityKind::Version | EntityKind::Amount);
    clash(&a.answer_names, &b.answer_names, other).is_none()
        && pair_features::cosine(&a.answer, &b.answer) >= rules.agreement
}

/// How much of the weight of one answer's words the other's hold, 0 to 1.
pub(crate) fn containment(answer: &QaSignature, by: &QaSignature) -> f32 {
    pair_features::held(&answer.answer, &by.answer)
}

/// Whether one names a platform or a product of a group of rivals, and the other not that one.
pub(crate) fn names_rivals(a: &QaSignature, b: &QaSignature) -> bool {
    let rivals = |one: &QaSignature| {
        let names = one.question_names.iter().chain(&one.answer_names);
        names
            .filter(|name| matches!(name.kind, EntityKind::Rival(_)))
            .copied()
            .collect::<BTreeSet<_>>()
    };
    let (ones, others) = (rivals(a), rivals(b));
    let kinds = ones.iter().chain(&others).map(|name| name.kind).collect::<BTreeSet<_>>();
    kinds.into_iter().any(|kind| !ones.intersection(&others).any(|name| name.kind == kind))
}

impl QaSignature {
    /// The same with what the texts mean; pairs of which only one has it are compared by words.
    pub fn with_meaning(self, meaning: QaMeaning) -> Self {
        Self { meaning, ..self }
    }

    /// Whether the question says enough to be compared; "can anyone help?" does not.
    pub fn is_informative(&self) -> bool {
        self.informative
    }
}

#[derive(Debug, Clone, Default)]
struct WordLists {
    stop: BTreeSet<String>,
    filler: BTreeSet<String>,
    /// Words before a colon that name nobody.
    labels: Vec<String>,
    rivals: RivalGroups,
    least_content: f32,
    least_syllables: usize,
}

impl WordLists {
    /// Whether a word is not compared: a stop word, or a part of a version or of a list number.
    fn is_stop(&self, word: &str) -> bool {
        let digits = word.strip_prefix('v').unwrap_or(word);
        let number =
            digits.len() <= 2 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        number || self.stop.contains(word)
    }

    fn is_filler(&self, word: &str) -> bool {
        self.filler.contains(word)
    }

    fn has_content(&self, word: &str) -> bool {
        word.chars().count() > 1 && !self.is_stop(word) && !self.is_filler(word)
    }
}

#[derive(Debug, Clone)]
struct PairWeights {
    base: f32,
    words: f32,
    pieces: f32,
    rarest: f32,
    second: f32,
    syllable_base: f32,
    syllables: f32,
    answered: f32,
    answers: f32,
    named: f32,
    crowd: f32,
}

/// How a pair is weighed whose questions both have a vector.
#[derive(Debug, Clone)]
struct MeaningWeights {
    words: f32,
    base: f32,
    questions: f32,
    answered: f32,
    answers: f32,
}

#[derive(Debug, Clone, Copy)]
struct VetoRules {
    errors: bool,
    identifiers: bool,
    versions: bool,
    sites: bool,
    rivals: bool,
}

impl SimilarityRules {
    pub(crate) fn read(file: &mut TomlReader, languages: &Languages) -> Self {
        let weights = file.section("weights", |table| {
            let mut weight = |key, default| table.number(key, default, -50.0, 50.0) as f32;
            PairWeights {
                base: weight("base", -4.0),
                words: weight("words", 4.0),
                pieces: weight("pieces", 2.0),
                rarest: weight("rarest", 0.0),
                second: weight("second", 0.0),
                syllable_base: weight("syllable_base", -4.0),
                syllables: weight("syllables", 8.0),
                answered: weight("answered", -0.5),
                answers: weight("answers", 4.0),
                named: weight("named", 1.0),
                crowd: weight("crowd", -0.3),
            }
        });
        let meaning = file.section("meaning", |table| {
            let mut weight = |key, default| table.number(key, default, -50.0, 50.0) as f32;
            MeaningWeights {
                words: weight("words", 1.0),
                base: weight("base", 0.0),
                questions: weight("questions", 0.0),
                answered: weight("answered", 0.0),
                answers: weight("answers", 0.0),
            }
        });
        let vetoes = file.section("veto", |table| VetoRules {
            errors: table.bool("errors", true),
            identifiers: table.bool("identifiers", true),
            versions: table.bool("versions", false),
            sites: table.bool("sites", false),
            rivals: table.bool("rivals", true),
        });
        let (pair, threshold, cohesion) = file.section("link", |table| {
            let mut score = |key, default| table.number(key, default, 0.01, 0.99) as f32;
            (score("pair", 0.5), score("mean", 0.3), score("cohesion", 0.2))
        });
        let agreement =
            file.section("agree", |table| table.number("cosine", 0.3, 0.01, 1.0) as f32);
        Self {
            vocabulary: Arc::new(WordLists::read(file, languages)),
            weights,
            meaning,
            pair,
            threshold,
            cohesion,
            agreement,
            vetoes,
        }
    }

    /// The mean score from which two clusters with `pairs` pairs between them belong together: a
    /// single pair must be surer than a mean of many.
    pub fn threshold(&self, pairs: usize) -> f32 {
        self.threshold + (self.pair - self.threshold) / pairs.max(1) as f32
    }

    /// The mean score that every member of a cluster must reach with the others.
    pub fn cohesion(&self) -> f32 {
        self.cohesion
    }

    fn vetoes(&self, kind: EntityKind) -> bool {
        match kind {
            EntityKind::Error => self.vetoes.errors,
            EntityKind::Identifier => self.vetoes.identifiers,
            EntityKind::Version => self.vetoes.versions,
            EntityKind::Domain => self.vetoes.sites,
            EntityKind::Amount => false,
            EntityKind::Rival(_) => self.vetoes.rivals,
        }
    }
}

impl WordLists {
    fn read(file: &mut TomlReader, languages: &Languages) -> Self {
        let rivals = file.sections("rivals", |table| table.texts("names"));
        file.section("words", |table| Self {
            stop: languages.words_in(table, "stop", ("same", "stop")),
            filler: languages.words_in(table, "filler", ("same", "filler")),
            labels: languages.words("same", "labels").map(str::to_owned).collect(),
            rivals: RivalGroups(rivals),
            least_content: table.number("least_content", 0.9, 0.0, 10.0) as f32,
            least_syllables: table.integer("least_syllables", 5, 1, 100) as usize,
        })
    }
}
