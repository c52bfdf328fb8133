//! What a word of a query may mean: itself, its continuation while it is being typed, or a near spelling.

use std::collections::BTreeMap;

use super::SearchError;
use super::snapshot::{IndexSnapshot, TermField};
use crate::search::document::SearchAudience;
use crate::search::tokenize::{IndexToken, TokenKind, is_function_word};

/// Words of one query whose near spellings are looked for, at most.
pub(super) const MAX_GUESSES: usize = 8;
/// Words that may stand for one, at most.
const MAX_FORMS: usize = 16;
/// Words of the index looked at for one continuation, in each segment and field.
const MAX_SCANNED: usize = 4_096;
/// Worth of a continuation where the typed word itself is in the index, and where it is not.
const CONTINUED: f32 = 0.3;
const COMPLETED: f32 = 0.7;
/// Worth of a word one or two edits away.
const NEAR: [f32; 2] = [0.7, 0.4];
/// The shortest word whose near spellings are looked for, and the shortest that may differ by two edits.
const SHORTEST: [usize; 2] = [4, 8];

/// A term of the index, and how much a match of it is worth beside the very word (1).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TermVariant {
    pub(super) text: String,
    pub(super) worth: f32,
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
    place: TermField,
    is_unfinished: bool,
    guesses: &mut usize,
    snapshot: &IndexSnapshot,
) -> Result<TermVariants, SearchError> {
    let frequency = snapshot.frequency(place, &piece.text)?;
    let mut forms = vec![TermVariant { text: piece.text.clone(), worth: 1.0 }];
    let mut guessed = BTreeMap::new();
    if place == TermField::Words && is_unfinished {
        let worth = if frequency > 0 { CONTINUED } else { COMPLETED };
        continuations(&piece.text, worth, snapshot, &mut guessed)?;
    }
    if place == TermField::Words
        && frequency == 0
        && guessed.is_empty()
        && *guesses > 0
        && is_guessable(piece)
    {
        *guesses -= 1;
        near_spellings(&piece.text, snapshot, &mut guessed)?;
    }
    let mut guessed = guessed.into_iter().collect::<Vec<_>>();
    guessed.sort_by(|(one, (worth, count)), (other, (other_worth, other_count))| {
        other_worth.total_cmp(worth).then(other_count.cmp(count)).then(one.cmp(other))
    });
    // The words of the index are those of every document: what this audience does not find counts for nothing.
    if snapshot.audience == SearchAudience::Public {
        guessed.truncate(MAX_FORMS * 4);
        for (word, (_, count)) in &mut guessed {
            *count = u32::try_from(snapshot.frequency(place, word)?).unwrap_or(u32::MAX);
        }
        guessed.retain(|(_, (_, count))| *count > 0);
    }
    guessed.truncate(MAX_FORMS);
    let guessed_frequency = guessed.iter().map(|(_, (_, count))| *count as usize).sum();
    forms.extend(guessed.into_iter().map(|(text, (worth, _))| TermVariant { text, worth }));
    Ok(TermVariants { forms, frequency: if frequency > 0 { frequency } else { guessed_frequency } })
}

/// Words by text, each with its worth and the number of documents.
type Guessed = BTreeMap<String, (f32, u32)>;

fn continuations(
    start: &str,
    worth: f32,
    snapshot: &IndexSnapshot,
    guessed: &mut Guessed,
) -> Result<(), SearchError> {
    for segment in &snapshot.segments {
        let mut scanned = 0;
        segment.words_from(start, |word, count| {
            scanned += 1;
            if !word.starts_with(start) || scanned > MAX_SCANNED {
                return false;
            }
            if word != start {
                guessed.entry(word.to_owned()).or_insert((worth, 0)).1 += count;
            }
            true
        })?;
    }
    Ok(())
}

fn is_guessable(piece: &IndexToken) -> bool {
    piece.text.len() >= SHORTEST[0] && piece.text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Collects words that begin with the same letter and are one edit away, or two if the word is long. Who
/// writes `form` does not mean `from`.
fn near_spellings(
    word: &str,
    snapshot: &IndexSnapshot,
    guessed: &mut Guessed,
) -> Result<(), SearchError> {
    let allowed = if word.len() >= SHORTEST[1] { 2 } else { 1 };
    let initial = &word[..1];
    for segment in &snapshot.segments {
        segment.words_from(initial, |other, count| {
            if !other.starts_with(initial) {
                return false;
            }
            if is_function_word(other) {
                return true;
            }
            if let Some(edits @ 1..) = edits(word.as_bytes(), other.as_bytes(), allowed) {
                guessed.entry(other.to_owned()).or_insert((NEAR[edits - 1], 0)).1 += count;
            }
            true
        })?;
    }
    Ok(())
}

/// Insertions, deletions, substitutions and swaps of neighbours from one word to the other, if not more than
/// allowed (optimal string alignment).
fn edits(one: &[u8], other: &[u8], allowed: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > allowed {
        return None;
    }
    let mut before = vec![0; other.len() + 1];
    let mut row = (0..=other.len()).collect::<Vec<_>>();
    for (i, left) in one.iter().enumerate() {
        let mut next = vec![i + 1; other.len() + 1];
        for (j, right) in other.iter().enumerate() {
            let mut cost =
                (row[j] + usize::from(left != right)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *left == other[j - 1] && one[i - 1] == *right {
                cost = cost.min(before[j - 1] + 1);
            }
            next[j + 1] = cost;
        }
        before = std::mem::replace(&mut row, next);
    }
    (row[other.len()] <= allowed).then_some(row[other.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_up_to_the_limit() {
        for (one, other, expected) in [
            ("wallet", "wallet", Some(0)),
            ("walet", "wallet", Some(1)),
            ("wlalet", "wallet", Some(1)),
            ("wlaet", "wallet", Some(2)),
            ("plugin", "pluign", Some(1)),
            ("cat", "dog", None),
            ("a", "abcd", None),
        ] {
            assert_eq!(edits(one.as_bytes(), other.as_bytes(), 2), expected, "{one} {other}");
        }
    }
}
