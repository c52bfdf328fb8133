//! A text without disguises, with the position of each part in the original.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use unicode_normalization::UnicodeNormalization;

use super::deobfuscate::{SPELLED_MARKS, latin};
use super::randomness::is_mixed;
use crate::language::is_hangul;
use crate::text::is_hidden;

/// The text as a person would read it: compatibility forms become plain letters, look-alikes of
/// other scripts become Latin, invisible characters go, `hxxp`, `[.]` and `(dot)` become what they
/// stand for. Case is kept.
pub fn deobfuscate(text: &str) -> String {
    FoldedText::deobfuscated(text).text.into_owned()
}

/// A folded text. Ranges of it can be traced back to the original.
pub(super) struct FoldedText<'t> {
    pub(super) text: Cow<'t, str>,
    /// For every byte of the folded text, where its character starts in the original; and the length of
    /// the original. `None` where nothing was folded.
    origins: Option<Vec<usize>>,
}

impl<'t> FoldedText<'t> {
    /// Invisible characters go, full-width and other compatibility letters become plain, letters of other
    /// scripts that look Latin become Latin.
    pub(super) fn of(text: &'t str) -> Self {
        if !text.chars().any(is_disguised) {
            return Self { text: Cow::Borrowed(text), origins: None };
        }
        let mut folded = FoldedBuffer::default();
        for (at, c) in text.char_indices().filter(|(_, c)| !is_hidden(*c)) {
            if c.is_ascii() || is_hangul(c) {
                folded.push(c, at);
            } else {
                std::iter::once(c).nfkc().map(latin).for_each(|c| folded.push(c, at));
            }
        }
        folded.finish(text.len())
    }

    /// The folded text with marks in place of their names, as in `discord (dot) gg`.
    pub(super) fn deobfuscated(text: &'t str) -> Self {
        static MARKS: LazyLock<AhoCorasick> = LazyLock::new(|| {
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::LeftmostFirst)
                .build(SPELLED_MARKS.map(|(spelled, _)| spelled))
                .expect("a few short texts fit an automaton")
        });
        let folded = Self::of(text);
        let mut marks = MARKS.find_iter(folded.text.as_ref()).peekable();
        if marks.peek().is_none() {
            return folded;
        }
        let mut plain = FoldedBuffer::default();
        let mut done = 0;
        for mark in marks {
            plain.push_part(&folded, done..mark.start());
            let (_, meant) = SPELLED_MARKS[mark.pattern()];
            meant.chars().for_each(|c| plain.push(c, folded.origin(mark.start())));
            done = mark.end();
        }
        plain.push_part(&folded, done..folded.text.len());
        plain.finish(text.len())
    }

    /// The same with lines joined where a word was broken: the line before ends in a long word, and the
    /// next one is nothing but a generated value. `None` where no line was.
    pub(super) fn joined(&self, original: &'t str) -> Option<FoldedText<'t>> {
        let breaks = line_breaks_within_words(&self.text);
        if breaks.is_empty() {
            return None;
        }
        let mut joined = FoldedBuffer::default();
        let mut done = 0;
        for gap in breaks {
            joined.push_part(self, done..gap.start);
            done = gap.end;
        }
        joined.push_part(self, done..self.text.len());
        Some(joined.finish(original.len()))
    }

    /// The part of the original that a range of the folded text stands for, with what is invisible in it.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        self.origin(range.start)..self.origin(range.end)
    }

    fn origin(&self, at: usize) -> usize {
        self.origins.as_ref().map_or(at, |origins| origins[at])
    }
}

#[derive(Default)]
struct FoldedBuffer {
    text: String,
    origins: Vec<usize>,
}

impl FoldedBuffer {
    fn push(&mut self, c: char, origin: usize) {
        self.text.push(c);
        self.origins.resize(self.text.len(), origin);
    }

    fn push_part(&mut self, folded: &FoldedText<'_>, range: Range<usize>) {
        let part = &folded.text[range.clone()];
        part.char_indices().for_each(|(at, c)| self.push(c, folded.origin(range.start + at)));
    }

    fn finish<'t>(mut self, length: usize) -> FoldedText<'t> {
        self.origins.push(length);
        FoldedText { text: Cow::Owned(self.text), origins: Some(self.origins) }
    }
}

fn is_disguised(c: char) -> bool {
    if c.is_ascii() || is_hangul(c) {
        return is_hidden(c);
    }
    let mut forms = std::iter::once(c).nfkc().map(latin);
    is_hidden(c) || forms.next() != Some(c) || forms.next().is_some()
}

/// Characters of a value, and how many make one that may be broken.
fn is_of_value(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}
const LONG_WORD: usize = 12;
const CONTINUATION: usize = 8;

/// Line ends, with the marks of a quote behind them, inside broken values.
fn line_breaks_within_words(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('\n') {
        let before = text[..at].trim_end_matches('\r');
        let word = before.chars().rev().take_while(|c| is_of_value(*c)).count();
        let line = &text[at + 1..];
        let line = &line[..line.find('\n').unwrap_or(line.len())];
        let value = line.trim_start_matches(['>', ' ']).trim_end();
        let start = value.as_ptr() as usize - text.as_ptr() as usize;
        let generated =
            value.len() >= CONTINUATION && value.chars().all(is_of_value) && is_mixed(value);
        if word >= LONG_WORD && generated {
            found.push(before.len()..start);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_the_folded_text_is_found_in_the_original() {
        let text = "ａ\u{200b}b 키 с";
        let folded = FoldedText::of(text);
        assert_eq!(folded.text, "ab 키 c");
        assert_eq!(&text[folded.original(0..2)], "ａ\u{200b}b");
        assert_eq!(&text[folded.original(7..8)], "с");
    }

    #[test]
    fn only_broken_values_are_joined() {
        let text = "key abcdefghijkl1234\n> 5678efgh\nand then\nmore";
        let folded = FoldedText::of(text);
        let joined = folded.joined(text).unwrap();
        assert_eq!(joined.text, "key abcdefghijkl12345678efgh\nand then\nmore");
        assert_eq!(&text[joined.original(4..28)], "abcdefghijkl1234\n> 5678efgh");
        assert!(FoldedText::of("restart\nthe agent").joined("restart\nthe agent").is_none());
    }
}
