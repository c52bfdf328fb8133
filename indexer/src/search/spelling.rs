//! What a word of a query may mean: itself, its continuation while it is being typed, or a near spelling.

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
/// Worth of a continuation where the typed word itself is in the index, and where it is not.
const CONTINUED: f32 = 0.3;
const COMPLETED: f32 = 0.7;
/// Worth of a word one or two edits away.
const NEAR: [f32; 2] = [0.7, 0.4];
/// The shortest word whose near spellings are looked for, and the shortest that may differ by two edits.
const SHORTEST: [usize; 2] = [4, 8];
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
    let mut guessed = GuessedWords::default();
    if field == TermField::Words && is_unfinished {
        let worth = if frequency > 0 { CONTINUED } else { COMPLETED };
        continuations(&piece.text, worth, snapshot, &mut guessed)?;
    }
    if field == TermField::Words
        && frequency == 0
        && guessed.is_empty()
        && *guesses > 0
        && is_guessable(piece)
    {
        *guesses -= 1;
        near_spellings(&piece.text, snapshot, &mut guessed)?;
    }
    let mut guessed_frequency = 0;
    for (text, (worth, count)) in best_guesses(guessed, snapshot.live()) {
        guessed_frequency += count as usize;
        let terms = term_lookup::look_up(field, &text, snapshot)?;
        forms.push(TermVariant { text, worth, terms });
    }
    Ok(TermVariants { forms, frequency: if frequency > 0 { frequency } else { guessed_frequency } })
}

/// Words by text, each with its worth and the number of documents.
type GuessedWords = BTreeMap<String, (f32, u32)>;

/// The worthiest, of them the most frequent.
fn best_guesses(guessed: GuessedWords, live: usize) -> Vec<(String, (f32, u32))> {
    let is_common = |count: u32| live > FEW && count as usize > live / COMMON_SHARE;
    let mut best = guessed
        .into_iter()
        .filter(|(word, (_, count))| !is_common(*count) && !is_function_word(word))
        .collect::<Vec<_>>();
    best.sort_by(|(one, (worth, count)), (other, (other_worth, other_count))| {
        other_worth.total_cmp(worth).then(other_count.cmp(count)).then(one.cmp(other))
    });
    best.truncate(MAX_FORMS);
    best
}

fn continuations(
    start: &str,
    worth: f32,
    snapshot: &IndexSnapshot,
    guessed: &mut GuessedWords,
) -> Result<(), SearchError> {
    for dictionary in dictionaries(snapshot) {
        let words = dictionary.range().ge(start).lt(after(start));
        let mut words = words.into_stream()?;
        let mut scanned = 0;
        while scanned < MAX_SCANNED
            && let Some((word, info)) = words.next()
        {
            scanned += 1;
            let word = std::str::from_utf8(word).unwrap_or_default();
            if word != start {
                guess(word, worth, info.doc_freq, guessed);
            }
        }
    }
    Ok(())
}

fn is_guessable(piece: &IndexToken) -> bool {
    piece.text.len() >= SHORTEST[0] && piece.text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Collects words that begin with the same letter and are one edit away, or two if the word is long and
/// none is nearer. Who writes `form` does not mean `from`. The dictionary of a segment is an automaton, made
/// when the segment is; only words that can still match are walked.
fn near_spellings(
    word: &str,
    snapshot: &IndexSnapshot,
    guessed: &mut GuessedWords,
) -> Result<(), SearchError> {
    let initial = &word[..1];
    for (edits, (worth, shortest)) in (1..).zip(NEAR.into_iter().zip(SHORTEST)) {
        if word.len() < shortest || !guessed.is_empty() {
            break;
        }
        let near =
            FuzzyTermQuery::new(Term::from_field_text(snapshot.fields[0], word), edits, true);
        for dictionary in dictionaries(snapshot) {
            let words = dictionary.search(near.automaton()?).ge(initial).lt(after(initial));
            let mut words = words.into_stream()?;
            while let Some((other, info)) = words.next() {
                let other = std::str::from_utf8(other).unwrap_or_default();
                guess(other, worth, info.doc_freq, guessed);
            }
        }
    }
    Ok(())
}

fn guess(word: &str, worth: f32, count: u32, guessed: &mut GuessedWords) {
    guessed.entry(word.to_owned()).or_insert((worth, 0)).1 += count;
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
