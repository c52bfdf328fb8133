//! Word statistics and signatures as bytes: what is stored weighs as what is in memory.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::corpus_stats::{CorpusStats, QaSignature, SparseVector, TermKind, sort_of};
use super::entities::{Entity, EntityKind};
use super::{MeaningVector, QaMeaning, SimilarityRules};

/// So many features of a question are looked up alone, and so many words two by two.
const KEYED_FEATURES: usize = 16;
const KEYED_WORDS: usize = 5;

impl QaSignature {
    /// What an inverted index looks the question up by, in order: its weightiest features, and the
    /// weightiest words two by two. None where the question says too little.
    pub fn lookup_keys(&self) -> Vec<i64> {
        if !self.informative {
            return Vec::new();
        }
        let mut features = self.question.features.clone();
        features.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let whole = |one: &&(u32, f32)| sort_of(one.0) != TermKind::Piece;
        let words = features.iter().filter(whole).take(KEYED_WORDS).map(|one| one.0);
        let mut words = words.collect::<Vec<_>>();
        words.sort_unstable();
        let alone = features.iter().take(KEYED_FEATURES).map(|one| i64::from(one.0));
        let mut keys = alone.collect::<Vec<_>>();
        for (at, one) in words.iter().enumerate() {
            // The lower word first, as an upper half that is never zero.
            let pair = |other: &u32| (i64::from(*one) + 1) << 32 | i64::from(*other);
            keys.extend(words[at + 1..].iter().map(pair));
        }
        keys.sort_unstable();
        keys
    }
}

impl CorpusStats {
    /// The statistics as bytes, without the word lists of the rules. Equal statistics give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut frequencies = self.frequencies.iter().collect::<Vec<_>>();
        frequencies.sort_unstable();
        let mut people = self.people.iter().copied().collect::<Vec<_>>();
        people.sort_unstable();
        let mut bytes = Vec::new();
        put(&mut bytes, self.count);
        put(&mut bytes, self.population);
        put(&mut bytes, length(people.len()));
        people.into_iter().for_each(|word| put(&mut bytes, word));
        for (feature, times) in frequencies {
            put(&mut bytes, *feature);
            put(&mut bytes, *times);
        }
        bytes
    }

    /// Reads what [`CorpusStats::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(mut bytes: &[u8], rules: &SimilarityRules) -> Option<Self> {
        let (count, population) = (take(&mut bytes)?, take(&mut bytes)?);
        let mut people = HashSet::new();
        for _ in 0..take(&mut bytes)? {
            people.insert(take(&mut bytes)?);
        }
        let mut frequencies = HashMap::with_capacity(bytes.len() / 8);
        while !bytes.is_empty() {
            frequencies.insert(take(&mut bytes)?, take(&mut bytes)?);
        }
        let vocabulary = Arc::clone(&rules.vocabulary);
        Some(Self { vocabulary, count, population, frequencies, people })
    }
}

impl QaSignature {
    /// The signature as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes, u32::from(self.informative));
        put(&mut bytes, self.syllabic.to_bits());
        put(&mut bytes, self.crowd.to_bits());
        for vector in [&self.question, &self.answer] {
            put(&mut bytes, length(vector.features.len()));
            for (feature, weight) in &vector.features {
                put(&mut bytes, *feature);
                put(&mut bytes, weight.to_bits());
            }
        }
        for names in [&self.question_names, &self.answer_names] {
            put(&mut bytes, length(names.len()));
            for Entity { kind, name } in names {
                put(&mut bytes, kind.number());
                put(&mut bytes, *name);
            }
        }
        for vector in [&self.meaning.question, &self.meaning.answer] {
            let steps = vector.as_ref().map_or(&[][..], |vector| &vector.0);
            put(&mut bytes, length(steps.len()));
            bytes.extend(steps.iter().map(|step| step.to_le_bytes()[0]));
        }
        bytes
    }

    /// Reads what [`QaSignature::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        let informative = take(bytes)? != 0;
        let syllabic = f32::from_bits(take(bytes)?);
        let crowd = f32::from_bits(take(bytes)?);
        let (question, answer) = (take_vector(bytes)?, take_vector(bytes)?);
        let (question_names, answer_names) = (take_names(bytes)?, take_names(bytes)?);
        let meaning = QaMeaning { question: take_meaning(bytes)?, answer: take_meaning(bytes)? };
        bytes.is_empty().then_some(Self {
            question,
            answer,
            question_names,
            answer_names,
            syllabic,
            informative,
            crowd,
            meaning,
        })
    }
}

impl EntityKind {
    /// Kinds below ten, and from there on the groups of rivals.
    fn number(self) -> u32 {
        match self {
            Self::Error => 0,
            Self::Identifier => 1,
            Self::Version => 2,
            Self::Domain => 3,
            Self::Amount => 4,
            Self::Rival(group) => 10 + u32::from(group),
        }
    }

    fn of_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Error,
            1 => Self::Identifier,
            2 => Self::Version,
            3 => Self::Domain,
            4 => Self::Amount,
            _ => Self::Rival(u8::try_from(number.checked_sub(10)?).ok()?),
        })
    }
}

/// The outer `None` where bytes are missing.
fn take_meaning(bytes: &mut &[u8]) -> Option<Option<MeaningVector>> {
    let length = take(bytes)? as usize;
    let (steps, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    let steps = steps.iter().map(|step| i8::from_le_bytes([*step])).collect::<Vec<_>>();
    Some((!steps.is_empty()).then_some(MeaningVector(steps)))
}

fn take_vector(bytes: &mut &[u8]) -> Option<SparseVector> {
    let mut features = Vec::new();
    for _ in 0..take(bytes)? {
        features.push((take(bytes)?, f32::from_bits(take(bytes)?)));
    }
    Some(SparseVector::of(features))
}

fn take_names(bytes: &mut &[u8]) -> Option<Vec<Entity>> {
    let mut names = Vec::new();
    for _ in 0..take(bytes)? {
        names.push(Entity { kind: EntityKind::of_number(take(bytes)?)?, name: take(bytes)? });
    }
    Some(names)
}

fn put(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend_from_slice(&value.to_le_bytes());
}

fn take(bytes: &mut &[u8]) -> Option<u32> {
    let (value, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*value))
}

fn length(items: usize) -> u32 {
    u32::try_from(items).expect("no more than 32 bits count")
}
