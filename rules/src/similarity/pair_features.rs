//! The additive score of a pair.

use super::corpus_stats::{QaSignature, SparseVector, TermKind, sort_of};
use super::entities::{EntityKind, clash, shared};
use super::{MeaningVector, PairVerdict, SimilarityRules};
use crate::model::reason::WeightedReason;

/// What of a pair is weighed; each but `crowd` and what is meant is from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PairFeatures {
    /// Cosine of the questions over whole words.
    pub words: f32,
    /// Cosine of the questions over pieces of words.
    pub pieces: f32,
    /// Cosine of the questions over syllables and words together.
    pub syllables: f32,
    /// The rarity of the rarest word that the questions share.
    pub rarest: f32,
    /// The rarity of the second rarest; zero where only one word is shared.
    pub second: f32,
    /// Whether both answers are known.
    pub answered: f32,
    /// Cosine of the answers, less where the words they share are few or common: "ask in the other
    /// channel" answers many questions.
    pub answers: f32,
    /// Whether the questions name the same thing.
    pub named: f32,
    /// How far the epoch exceeds two hundred items, by natural logarithm.
    pub crowd: f32,
    /// How near the questions are in meaning, by cosine; none unless both have a vector.
    pub meaning: Option<f32>,
    /// The same of the answers.
    pub answers_meaning: Option<f32>,
}

impl PairFeatures {
    /// Measures a pair. Symmetric.
    pub fn of(a: &QaSignature, b: &QaSignature) -> Self {
        let question = Overlap::of(&a.question, &b.question);
        let answered = !a.answer.features.is_empty() && !b.answer.features.is_empty();
        let [words, pieces, syllables, pairs] = question.dots;
        let norms = |sort: usize| a.question.norms[sort] * b.question.norms[sort];
        let both =
            |vector: &SparseVector| vector.norms[0].hypot(vector.norms[2]).hypot(vector.norms[3]);
        Self {
            words: ratio(words, norms(0)),
            pieces: ratio(pieces, norms(1)),
            syllables: ratio(words + syllables + pairs, both(&a.question) * both(&b.question)),
            rarest: question.rarest.min(1.0),
            second: question.second.min(1.0),
            answered: if answered { 1.0 } else { 0.0 },
            answers: if answered { informative_likeness(&a.answer, &b.answer) } else { 0.0 },
            named: if shared(&a.question_names, &b.question_names, is_specific) {
                1.0
            } else {
                0.0
            },
            crowd: f32::midpoint(a.crowd, b.crowd),
            meaning: nearness(&a.meaning.question, &b.meaning.question),
            answers_meaning: nearness(&a.meaning.answer, &b.meaning.answer),
        }
    }
}

pub(super) fn sameness(a: &QaSignature, b: &QaSignature, rules: &SimilarityRules) -> PairVerdict {
    let refused = |what: &str| PairVerdict {
        same: false,
        score: 0.0,
        reasons: vec![WeightedReason::new(what, 0.0)],
    };
    if !a.informative || !b.informative {
        return refused("a question says too little to be compared");
    }
    if let Some(kind) = clash(&a.question_names, &b.question_names, |kind| rules.vetoes(kind)) {
        return refused(clash_phrase(kind));
    }
    let link = PairFeatures::of(a, b);
    let share = f32::midpoint(a.syllabic, b.syllabic);
    let reasons = arguments(&link, share, rules);
    let sum = reasons.iter().map(|reason| reason.weight).sum::<f32>();
    let score = 1.0 / (1.0 + (-sum).exp());
    PairVerdict { same: score >= rules.pair, score, reasons }
}

/// The score alone, as [`sameness`] gives it.
pub(super) fn score(a: &QaSignature, b: &QaSignature, rules: &SimilarityRules) -> f32 {
    if !a.informative || !b.informative {
        return 0.0;
    }
    if clash(&a.question_names, &b.question_names, |kind| rules.vetoes(kind)).is_some() {
        return 0.0;
    }
    let sum = terms(&PairFeatures::of(a, b), f32::midpoint(a.syllabic, b.syllabic), rules)
        .iter()
        .sum::<f32>();
    1.0 / (1.0 + (-sum).exp())
}

pub(super) fn cosine(a: &SparseVector, b: &SparseVector) -> f32 {
    let length =
        |vector: &SparseVector| vector.norms.iter().map(|norm| norm * norm).sum::<f32>().sqrt();
    ratio(Overlap::of(a, b).dots.iter().sum(), length(a) * length(b))
}

/// Shared words of an answer whose rarities add up to this say all that an answer can say.
const TELLING_ANSWER: f32 = 2.0;

fn informative_likeness(a: &SparseVector, b: &SparseVector) -> f32 {
    let overlap = Overlap::of(a, b);
    cosine(a, b) * (overlap.information / TELLING_ANSWER).min(1.0)
}

/// Answers speak for the same question only so far as the questions are alike too: from this
/// cosine upwards in full.
const LIKE_QUESTIONS: f32 = 0.2;

fn answers_in_question(link: &PairFeatures) -> f32 {
    let alike = link.words.max(link.pieces).max(link.syllables);
    link.answers * (alike / LIKE_QUESTIONS).min(1.0)
}

const PHRASES: [&str; 12] = [
    "what any two questions start from",
    "the questions share words",
    "the questions share pieces of words",
    "the questions share a rare word",
    "the questions share a second word",
    "the questions share syllables",
    "both answers are known",
    "the answers are alike",
    "the questions name the same thing",
    "among many questions some are alike by chance",
    "how near the questions are in meaning",
    "how near the answers are in meaning",
];

/// So many terms are about words.
const WORD_TERMS: usize = 10;

/// What meaning says of the questions and of the answers; nothing without vectors of both questions.
fn meaning_terms(link: &PairFeatures, rules: &SimilarityRules) -> [f32; 2] {
    let weights = &rules.meaning;
    let Some(questions) = link.meaning else { return [0.0; 2] };
    let answers = link.answers_meaning.map(|near| weights.answered + weights.answers * near);
    [weights.base + weights.questions * questions, answers.unwrap_or(0.0)]
}

fn nearness(one: &Option<MeaningVector>, other: &Option<MeaningVector>) -> Option<f32> {
    Some(one.as_ref()?.cosine(other.as_ref()?))
}

fn terms(link: &PairFeatures, syllabic: f32, rules: &SimilarityRules) -> [f32; 12] {
    let weights = &rules.weights;
    let spelled = 1.0 - syllabic;
    let [questions, answers] = meaning_terms(link, rules);
    let mut terms = [
        spelled * weights.base + syllabic * weights.syllable_base,
        spelled * weights.words * link.words,
        spelled * weights.pieces * link.pieces,
        spelled * weights.rarest * link.rarest,
        spelled * weights.second * link.second,
        syllabic * weights.syllables * link.syllables,
        weights.answered * link.answered,
        weights.answers * answers_in_question(link),
        weights.named * link.named,
        weights.crowd * link.crowd,
        questions,
        answers,
    ];
    if link.meaning.is_some() {
        let (of_words, _) = terms.split_at_mut(WORD_TERMS);
        of_words.iter_mut().for_each(|term| *term *= rules.meaning.words);
    }
    terms
}

fn arguments(link: &PairFeatures, syllabic: f32, rules: &SimilarityRules) -> Vec<WeightedReason> {
    let weighed = PHRASES.into_iter().zip(terms(link, syllabic, rules));
    weighed
        .filter(|(_, weight)| *weight != 0.0)
        .map(|(what, weight)| WeightedReason::new(what, weight))
        .collect()
}

fn is_specific(kind: EntityKind) -> bool {
    matches!(kind, EntityKind::Error | EntityKind::Identifier | EntityKind::Domain)
}

fn clash_phrase(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Error => "the questions name different errors",
        EntityKind::Identifier => "the questions name different identifiers",
        EntityKind::Version => "the questions name different versions",
        EntityKind::Domain => "the questions name different sites",
        EntityKind::Amount => "the questions name different amounts",
        EntityKind::Rival(_) => "the questions name different products",
    }
}

/// The share of a vector's squared length that lies on words and syllables of the other.
pub(super) fn held(vector: &SparseVector, by: &SparseVector) -> f32 {
    let weight = |features: &mut dyn Iterator<Item = &(u32, f32)>| {
        let whole = features.filter(|(feature, _)| sort_of(*feature) != TermKind::Piece);
        whole.map(|(_, weight)| weight * weight).sum::<f32>()
    };
    let known =
        |feature: &u32| by.features.binary_search_by_key(feature, |(feature, _)| *feature).is_ok();
    let shared = weight(&mut vector.features.iter().filter(|(feature, _)| known(feature)));
    ratio(shared, weight(&mut vector.features.iter()))
}

struct Overlap {
    dots: [f32; 4],
    rarest: f32,
    second: f32,
    /// The rarities of all shared words and syllables together.
    information: f32,
}

impl Overlap {
    fn of(a: &SparseVector, b: &SparseVector) -> Self {
        let mut overlap = Self { dots: [0.0; 4], rarest: 0.0, second: 0.0, information: 0.0 };
        let (mut left, mut right) = (a.features.as_slice(), b.features.as_slice());
        while let ([(x, p), rest_left @ ..], [(y, q), rest_right @ ..]) = (left, right) {
            if x <= y {
                left = rest_left;
            }
            if y <= x {
                right = rest_right;
            }
            if x == y {
                overlap.share(sort_of(*x), *p, *q);
            }
        }
        overlap
    }

    fn share(&mut self, sort: TermKind, p: f32, q: f32) {
        self.dots[sort as usize] += p * q;
        if sort != TermKind::Piece {
            self.information += p.min(q);
        }
        if sort == TermKind::Word {
            let rarity = p.min(q);
            self.second = self.second.max(rarity.min(self.rarest));
            self.rarest = self.rarest.max(rarity);
        }
    }
}

fn ratio(dot: f32, norms: f32) -> f32 {
    if norms > 0.0 { (dot / norms).clamp(0.0, 1.0) } else { 0.0 }
}
