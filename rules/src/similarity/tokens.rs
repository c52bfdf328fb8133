//! What of a text is looked at: words, pieces of words, and the syllables of scripts without spaces.

use unicode_normalization::UnicodeNormalization;

/// So many tokens of a text are read; a pasted log must not outweigh the question around it.
const MOST_TOKENS: usize = 160;
/// More people are not addressed at once.
const MOST_NAMES: usize = 3;
/// Letters in a piece of a word.
const PIECE: usize = 4;

/// A lower-case word, or a run of a script that is compared by syllables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SimilarityToken {
    Word(String),
    /// Han, Hangul or Kana, whose words are not separated or carry their grammar as endings.
    Syllables(String),
}

/// The tokens of a text, in order. Mentions, custom emoji and links are left out.
pub(crate) fn tokens(text: &str) -> Vec<SimilarityToken> {
    let mut found = Vec::new();
    for part in text.nfkc().collect::<String>().split_whitespace() {
        if is_reference(part) {
            continue;
        }
        push_tokens(part, &mut found);
        if found.len() >= MOST_TOKENS {
            found.truncate(MOST_TOKENS);
            break;
        }
    }
    found
}

/// Splits the names that a text opens with ("sam: ", "sam, alex: ", "@sam ") from what it says. Words
/// that end in one of `labels` are no names.
pub(super) fn addressed<'t>(text: &'t str, labels: &[String]) -> (Vec<String>, &'t str) {
    let mut names = Vec::new();
    let mut rest = text.trim_start();
    while names.len() < MOST_NAMES {
        let (first, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let Some(name) = as_address(first, labels) else { break };
        names.push(name.to_lowercase());
        rest = after.trim_start().trim_start_matches([':', ',']).trim_start();
    }
    (names, rest)
}

/// A light English stem: plural, `-ing` and `-ed` endings go, `-ies` becomes `-y`.
pub(crate) fn stem(word: &str) -> String {
    let long_enough = |rest: &str| rest.len() >= 3 && rest.bytes().any(|b| b"aeiouy".contains(&b));
    if !word.is_ascii() || word.len() < 4 || word.bytes().any(|b| b.is_ascii_digit()) {
        return word.to_owned();
    }
    let word = match word.strip_suffix("ies") {
        Some(rest) if rest.len() >= 2 => format!("{rest}y"),
        _ => match word.strip_suffix('s') {
            Some(rest) if !rest.ends_with(['s', 'u', 'i']) => rest.to_owned(),
            _ => word.to_owned(),
        },
    };
    for ending in ["ing", "ed"] {
        if let Some(rest) = word.strip_suffix(ending)
            && long_enough(rest)
        {
            return undouble(rest).trim_end_matches('e').to_owned();
        }
    }
    if word.len() > 4 { word.trim_end_matches('e').to_owned() } else { word }
}

/// The overlapping pieces of a word that is longer than one piece.
pub(super) fn pieces(word: &str) -> impl Iterator<Item = &str> {
    let starts = word.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
    let count = if starts.len() > PIECE { starts.len() - PIECE + 1 } else { 0 };
    (0..count).map(move |at| {
        let end = starts.get(at + PIECE).copied().unwrap_or(word.len());
        &word[starts[at]..end]
    })
}

/// Whether a letter belongs to a script that is compared by syllables.
pub(super) fn is_syllable(letter: char) -> bool {
    matches!(letter,
        '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{3130}'..='\u{318f}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}' | '\u{20000}'..='\u{3134f}')
}

fn as_address<'t>(part: &'t str, labels: &[String]) -> Option<&'t str> {
    let name = match part.strip_prefix('@') {
        Some(name) => name.trim_end_matches([':', ',']),
        None => part.strip_suffix([':', ','])?,
    };
    let well_formed = |letter: char| letter.is_alphanumeric() || "-_|[]`^".contains(letter);
    let lower = name.to_lowercase();
    let label = labels.iter().any(|label| lower.ends_with(label.as_str()));
    (name.chars().count() > 1 && name.chars().all(well_formed) && !label).then_some(name)
}

fn is_reference(part: &str) -> bool {
    part.starts_with('@')
        || part.starts_with("<@")
        || part.starts_with("<#")
        || part.starts_with("<:")
        || part.starts_with("<a:")
        || part.contains("://")
}

fn push_tokens(part: &str, found: &mut Vec<SimilarityToken>) {
    let mut word = String::new();
    let mut syllables = String::new();
    for letter in part.chars() {
        if is_syllable(letter) {
            push_word(&mut word, found);
            syllables.push(letter);
        } else if letter.is_alphanumeric() {
            push_syllables(&mut syllables, found);
            word.extend(letter.to_lowercase());
        } else if !matches!(letter, '\'' | '’') {
            push_word(&mut word, found);
            push_syllables(&mut syllables, found);
        }
    }
    push_word(&mut word, found);
    push_syllables(&mut syllables, found);
}

fn push_word(word: &mut String, found: &mut Vec<SimilarityToken>) {
    if !word.is_empty() {
        found.push(SimilarityToken::Word(std::mem::take(word)));
    }
}

fn push_syllables(syllables: &mut String, found: &mut Vec<SimilarityToken>) {
    if !syllables.is_empty() {
        found.push(SimilarityToken::Syllables(std::mem::take(syllables)));
    }
}

fn undouble(stem: &str) -> &str {
    let bytes = stem.as_bytes();
    match bytes {
        [.., before, last] if before == last && !b"aeioulsz".contains(last) => {
            &stem[..stem.len() - 1]
        }
        _ => stem,
    }
}
