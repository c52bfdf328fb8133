//! What a word of a query may mean: itself, its continuation while it is being typed, or a near spelling.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use tantivy::Term;
use tantivy::query::FuzzyTermQuery;
use tantivy::termdict::TermDictionary;

use super::SearchError;
use super::snapshot::IndexSnapshot;
use super::term_lookup;
use super::term_lookup::{IndexedTerm, TermField};
use crate::search::tokenize::{IndexToken, TokenKind, is_function_word};

/// Words of one query whose near spellings are looked for, at most.
pub(super) const MAX_GUESSES: usize = 4;
/// Words that may stand for one, at most.
const MAX_FORMS: usize = 4;
/// Words of the index looked at for one continuation, in each segment and field.
const MAX_SCANNED: usize = 512;
/// Documents of a typed word from which on it is taken for the whole word: it finds enough by itself.
const WHOLE: usize = 200;
/// Worth of a continuation where the typed word itself is in the index, and where it is not.
const CONTINUED: f32 = 0.3;
const COMPLETED: f32 = 0.7;
/// Worth of a word one or two edits away.
const NEAR: [f32; 2] = [0.7, 0.4];
/// The shortest word whose near spellings are looked for, and the shortest that may differ by two edits.
pub(super) const SHORTEST: [usize; 2] = [4, 8];
/// A word of more than one in so many documents says as little as one that carries grammar: nothing is taken
/// for it. Does not hold among few documents.
const COMMON_SHARE: usize = 20;
const FEW: usize = 1_000;

/// What may stand for a word of a query, and how much a match of it is worth beside the very word (1).
#[derive(Debug)]
pub(super) struct TermVariant {
    pub(super) text: String,
    pub(super) worth: f32,
    /// Where the index holds it.
    pub(super) terms: Vec<IndexedTerm>,
}

/// The terms that may stand for a piece, and how many documents hold them.
pub(super) struct TermVariants {
    pub(super) forms: Vec<TermVariant>,
    pub(super) frequency: usize,
}

/// The word at the very end of a query, which may still be being typed.
pub(super) fn unfinished<'a>(text: &str, pieces: &'a [IndexToken]) -> Option<&'a IndexToken> {
    let last = pieces
        .iter()
        .rev()
        .find(|piece| !matches!(piece.kind, TokenKind::Whole | TokenKind::Segment))?;
    let is_word = matches!(last.kind, TokenKind::Word | TokenKind::Part)
        && last.text.chars().nth(1).is_some();
    (is_word && last.range.end == text.len() && !is_function_word(&last.text)).then_some(last)
}

pub(super) fn forms(
    piece: &IndexToken,
    field: TermField,
    is_unfinished: bool,
    guesses: &mut usize,
    snapshot: &IndexSnapshot,
) -> Result<TermVariants, SearchError> {
    let terms = term_lookup::look_up(field, &piece.text, snapshot)?;
    let frequency = term_lookup::frequency(&terms, snapshot)?;
    let mut forms = vec![TermVariant { text: piece.text.clone(), worth: 1.0, terms }];
    if field == TermField::Code {
        return Ok(TermVariants { forms, frequency });
    }
    let mut guessed = Vec::new();
    if is_unfinished && frequency < WHOLE {
        let worth = if frequency > 0 { CONTINUED } else { COMPLETED };
        guessed = continuations(&piece.text, snapshot)?.best(worth, snapshot)?;
    }
    if frequency == 0 && guessed.is_empty() && *guesses > 0 && is_guessable(piece) {
        *guesses -= 1;
        guessed = near_spellings(&piece.text, snapshot)?;
    }
    let guessed_frequency = guessed.iter().map(|one| one.frequency).sum();
    forms.extend(guessed.into_iter().map(|one| one.form));
    Ok(TermVariants { forms, frequency: if frequency > 0 { frequency } else { guessed_frequency } })
}

/// A word of the index that may stand for one of a query.
struct GuessedWord {
    form: TermVariant,
    frequency: usize,
}

/// Words of the index, each with the number of documents that hold it, deleted ones too.
#[derive(Default)]
struct IndexWords(BTreeMap<String, u32>);

impl IndexWords {
    fn add(&mut self, word: &[u8], count: u32) {
        let word = std::str::from_utf8(word).unwrap_or_default();
        if !is_function_word(word) {
            *self.0.entry(word.to_owned()).or_insert(0) += count;
        }
    }

    /// Those that most documents hold. What only deleted documents hold does not show.
    fn best(self, worth: f32, snapshot: &IndexSnapshot) -> Result<Vec<GuessedWord>, SearchError> {
        let live = snapshot.live();
        let is_common = |count: usize| live > FEW && count > live / COMMON_SHARE;
        let mut words = self.0.into_iter().collect::<Vec<_>>();
        words.sort_by_key(|(_, count)| Reverse(*count));
        let mut best = Vec::<GuessedWord>::new();
        for (text, most) in words {
            if best.get(MAX_FORMS - 1).is_some_and(|least| (most as usize) < least.frequency) {
                break;
            }
            let terms = term_lookup::look_up(TermField::Words, &text, snapshot)?;
            let frequency = term_lookup::frequency(&terms, snapshot)?;
            if frequency > 0 && !is_common(frequency) {
                let is_before = |other: &GuessedWord| {
                    (Reverse(other.frequency), &other.form.text) < (Reverse(frequency), &text)
                };
                let place = best.partition_point(is_before);
                let form = TermVariant { text, worth, terms };
                best.insert(place, GuessedWord { form, frequency });
                best.truncate(MAX_FORMS);
            }
        }
        Ok(best)
    }
}

fn continuations(start: &str, snapshot: &IndexSnapshot) -> Result<IndexWords, SearchError> {
    let mut found = IndexWords::default();
    for dictionary in dictionaries(snapshot) {
        let words = dictionary.range().gt(start).lt(after(start));
        let mut words = words.into_stream()?;
        for _ in 0..MAX_SCANNED {
            let Some((word, info)) = words.next() else { break };
            found.add(word, info.doc_freq);
        }
    }
    Ok(found)
}

fn is_guessable(piece: &IndexToken) -> bool {
    is_plain_word(&piece.text)
}

/// Whether near spellings of a word are looked for.
pub(super) fn is_plain_word(text: &str) -> bool {
    text.len() >= SHORTEST[0] && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Words that begin with the same letter and are one edit away, or two if the word is long and none is nearer.
/// Who writes `form` does not mean `from`. The dictionary of a segment is an automaton, made when the segment
/// is; only words that can still match are walked.
fn near_spellings(word: &str, snapshot: &IndexSnapshot) -> Result<Vec<GuessedWord>, SearchError> {
    let initial = &word[..1];
    for (edits, (worth, shortest)) in (1..).zip(NEAR.into_iter().zip(SHORTEST)) {
        if word.len() < shortest {
            break;
        }
        let near =
            FuzzyTermQuery::new(Term::from_field_text(snapshot.fields[0], word), edits, true);
        let mut found = IndexWords::default();
        for dictionary in dictionaries(snapshot) {
            let words = dictionary.search(near.automaton()?).ge(initial).lt(after(initial));
            let mut words = words.into_stream()?;
            while let Some((other, info)) = words.next() {
                found.add(other, info.doc_freq);
            }
        }
        let best = found.best(worth, snapshot)?;
        if !best.is_empty() {
            return Ok(best);
        }
    }
    Ok(Vec::new())
}

fn dictionaries(snapshot: &IndexSnapshot) -> impl Iterator<Item = &TermDictionary> {
    let fields = 0..snapshot.fields.len();
    snapshot
        .segments
        .iter()
        .flat_map(move |segment| fields.clone().map(move |field| segment.dictionary(field)))
}

/// What sorts after everything that begins so.
fn after(start: &str) -> Vec<u8> {
    // No text holds this byte.
    [start.as_bytes(), &[0xff]].concat()
}
