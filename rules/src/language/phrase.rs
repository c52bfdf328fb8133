//! Words and phrases from TOML lists, and how they match texts.

use crate::config::toml_reader::TomlReader;
use crate::language::{WordList, is_hangul};

/// A text as lower-case words between single spaces, with a space at both ends.
#[derive(Debug, Clone)]
pub(crate) struct NormalizedWords(String);

impl NormalizedWords {
    pub(crate) fn of(text: &str) -> Self {
        Self(spaced(text))
    }

    /// The words without those of a phrase.
    pub(crate) fn without(&self, phrase: &Phrase) -> Self {
        Self(self.0.replace(&phrase.0, " "))
    }
}

/// A word or several in a row. `*` at an end leaves that end of the word open. Words of scripts that
/// put endings on words, or no space between them, are open where that is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase(String);

impl Phrase {
    /// Reads the list of phrases at `key`; one without a letter or digit is a mistake.
    pub(crate) fn read(table: &mut TomlReader, key: &'static str) -> Vec<Self> {
        let mut phrases = Vec::new();
        for text in table.texts(key) {
            match Self::of(&text) {
                Some(phrase) => phrases.push(phrase),
                None => table.wrong(
                    key,
                    format!("{text:?} has no letter or digit; write a word or remove it"),
                ),
            }
        }
        phrases
    }

    /// Parses lists of phrases; one without a letter or digit is an error of its list.
    pub(crate) fn parse_lists(table: &mut TomlReader, lists: &[WordList]) -> Vec<Self> {
        let mut phrases = Vec::new();
        for list in lists {
            for text in &list.words {
                match Self::of(text) {
                    Some(phrase) => phrases.push(phrase),
                    None => table.report(list.error(format!(
                        "{text:?} has no letter or digit; write a word or remove it"
                    ))),
                }
            }
        }
        phrases
    }

    pub(crate) fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let words = spaced(text);
        let words = words.trim();
        let (first, last) = (words.chars().next()?, words.chars().next_back()?);
        let open = text.starts_with('*') || is_unspaced(first);
        let opens = text.ends_with('*') || is_unspaced(last) || is_hangul(last);
        let (before, after) = (if open { "" } else { " " }, if opens { "" } else { " " });
        Some(Self(format!("{before}{words}{after}")))
    }

    /// How many words in a row it looks at.
    pub(crate) fn length(&self) -> usize {
        self.0.split_whitespace().count()
    }

    pub(crate) fn is_in(&self, text: &NormalizedWords) -> bool {
        text.0.contains(&self.0)
    }
}

/// Apostrophes are left out, so that "don't" and "dont" are one word.
fn spaced(text: &str) -> String {
    let mut out = " ".to_owned();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() || "+#".contains(c) {
            out.push(c);
        } else if !"'\u{2019}".contains(c) && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

/// Whether a script writes the letter without spaces between words.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_found_by_whole_words_unless_it_is_open() {
        for (phrase, text, expected) in [
            ("port", "Open the Port.", true),
            ("port", "ports and exports", false),
            ("port*", "ports", true),
            ("*port", "exports", false),
            ("*port", "an export", true),
            ("no longer", "It's no\nlonger so", true),
            ("don't", "dont do it", true),
            ("c++", "in C++ it is", true),
            ("지갑", "지갑을 열어요", true),
            ("지갑", "새지갑", false),
            ("設定", "この設定は", true),
        ] {
            let phrase = Phrase::of(phrase).unwrap();
            assert_eq!(phrase.is_in(&NormalizedWords::of(text)), expected, "{phrase:?} in {text}");
        }
        assert_eq!(Phrase::of(" * "), None);
    }
}
