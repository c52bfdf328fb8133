//! Folded text to runs, and runs to pieces.

use std::ops::Range;

use super::fold::{CharClass, FoldedChar};
use super::stem::stem;
use super::{MAX_IDENTIFIER, MAX_WORD, TokenKind};

/// Letters of a flag after a single dash, at most: longer ones are words after a dash.
const SHORT_FLAG: usize = 2;

/// Calls `emit` with the kind, the text, the place and the number of the run of each piece.
pub(super) fn each_piece(
    folded: &[FoldedChar],
    emit: impl FnMut(TokenKind, &str, Range<usize>, usize),
) {
    let mut sink = TokenSink { emit, run: 0, text: String::new() };
    let mut rest = folded;
    while let Some(first) = rest.first() {
        let kind = first.class;
        let belongs = |other: CharClass| match kind {
            CharClass::Spaceless => other == CharClass::Spaceless,
            CharClass::Break => other == CharClass::Break,
            _ => !matches!(other, CharClass::Spaceless | CharClass::Break),
        };
        let length = rest.iter().position(|each| !belongs(each.class)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(length);
        rest = after;
        match kind {
            CharClass::Break => continue,
            CharClass::Spaceless => sink.grams(run),
            _ => sink.run(run),
        }
        sink.run += 1;
    }
}

/// Leaves out what does not stand between words.
fn trim(run: &[FoldedChar]) -> &[FoldedChar] {
    let is_word = |folded: &FoldedChar| folded.class == CharClass::Alphanumeric;
    match (run.iter().position(is_word), run.iter().rposition(is_word)) {
        (Some(first), Some(last)) => &run[first..=last],
        _ => &[],
    }
}

/// The mark that makes a name of a run that starts with it, in characters: `--flag`, `-v`, `.env`.
fn leading_mark(run: &[FoldedChar]) -> usize {
    let is_letter = |at: usize| run.get(at).is_some_and(|folded| folded.ch.is_alphabetic());
    match run {
        [FoldedChar { ch: '-', .. }, FoldedChar { ch: '-', .. }, ..] if is_letter(2) => 2,
        [FoldedChar { ch: '-', .. }, ..] if is_letter(1) && trim(run).len() <= SHORT_FLAG => 1,
        [FoldedChar { ch: '.', .. }, ..] if is_letter(1) => 1,
        _ => 0,
    }
}

struct TokenSink<F> {
    emit: F,
    run: usize,
    /// The text of the piece at hand.
    text: String,
}

impl<F: FnMut(TokenKind, &str, Range<usize>, usize)> TokenSink<F> {
    fn grams(&mut self, run: &[FoldedChar]) {
        for width in [1, 2] {
            for gram in run.windows(width) {
                self.push(TokenKind::Gram, gram);
            }
        }
    }

    fn run(&mut self, marked: &[FoldedChar]) {
        let run = trim(marked);
        let mark = leading_mark(marked);
        let connected = run.iter().any(|folded| folded.class == CharClass::Connector);
        if !connected && mark == 0 {
            self.word(run, TokenKind::Word);
            return;
        }
        if run.len() <= MAX_IDENTIFIER {
            if mark > 0 {
                self.push(TokenKind::Whole, &marked[..mark + run.len()]);
                if let Some(name) = run.iter().position(|folded| folded.ch == '=') {
                    self.push(TokenKind::Segment, &marked[..mark + name]);
                }
            }
            if connected {
                let kind = if mark > 0 { TokenKind::Segment } else { TokenKind::Whole };
                self.push(kind, run);
                self.segments(run);
            }
            if let Some(version) = version(run) {
                self.version(run, version);
                return;
            }
        }
        for part in split(run, |folded| folded.class == CharClass::Connector) {
            self.word(part, TokenKind::Part);
        }
    }

    /// The identifiers within an identifier: the steps of a path, what a colon or an equals sign parts, and
    /// members.
    fn segments(&mut self, run: &[FoldedChar]) {
        for step in split(run, |folded| matches!(folded.ch, '/' | '\\')) {
            let step = trim(step);
            self.segment(step, run);
            for name in split(step, |folded| matches!(folded.ch, ':' | '=')) {
                let name = trim(name);
                self.segment(name, step);
                for member in split(name, |folded| {
                    !matches!(folded.ch, '_' | '-') && folded.class == CharClass::Connector
                }) {
                    self.segment(trim(member), name);
                }
            }
        }
    }

    fn segment(&mut self, part: &[FoldedChar], whole: &[FoldedChar]) {
        if part.len() < whole.len() && is_identifier(part) {
            self.push(TokenKind::Segment, part);
        }
    }

    /// `1.7.0` and `1.7`, as words and as identifiers.
    fn version(&mut self, run: &[FoldedChar], digits: &[FoldedChar]) {
        let short = digits
            .iter()
            .enumerate()
            .filter(|(_, folded)| folded.ch == '.')
            .nth(1)
            .map(|(at, _)| at);
        let forms = [Some(digits), short.map(|at| &digits[..at])];
        for form in forms.into_iter().flatten() {
            self.push(TokenKind::Part, form);
            if form.len() < run.len() {
                self.push(TokenKind::Segment, form);
            }
        }
    }

    /// One word; if it is written in humps, the humps too.
    fn word(&mut self, word: &[FoldedChar], kind: TokenKind) {
        let word = possessed(word);
        if word.is_empty() {
            return;
        }
        self.push(kind, word);
        if word.len() <= MAX_IDENTIFIER && has_inner_capital(word) {
            let humps = camel_case_parts(word);
            if humps.len() > 1 {
                for hump in humps {
                    self.push(TokenKind::Hump, hump);
                }
            }
        }
    }

    /// Emits a stretch without apostrophes; words are stemmed.
    fn push(&mut self, kind: TokenKind, stretch: &[FoldedChar]) {
        self.text.clear();
        let kept = stretch.iter().filter(|folded| folded.class != CharClass::Apostrophe);
        self.text.extend(kept.map(|folded| folded.ch));
        if matches!(kind, TokenKind::Word | TokenKind::Part | TokenKind::Hump) {
            stem(&mut self.text);
        }
        let limit = if kind.is_code() { MAX_IDENTIFIER } else { MAX_WORD };
        if self.text.len() > limit
            && let Some((cut, _)) = self.text.char_indices().nth(limit)
        {
            self.text.truncate(cut);
        }
        if !self.text.is_empty() {
            (self.emit)(kind, &self.text, FoldedChar::range(stretch), self.run);
        }
    }
}

/// `it's` loses its `'s`.
fn possessed(word: &[FoldedChar]) -> &[FoldedChar] {
    match word {
        [owner @ .., mark, FoldedChar { ch: 's', .. }] if mark.class == CharClass::Apostrophe => {
            owner
        }
        _ => word,
    }
}

fn split(
    run: &[FoldedChar],
    at: impl Fn(&FoldedChar) -> bool,
) -> impl Iterator<Item = &[FoldedChar]> {
    run.split(at).filter(|part| !trim(part).is_empty())
}

/// Whether a stretch is more than a word: punctuation or humps within it.
fn is_identifier(stretch: &[FoldedChar]) -> bool {
    stretch.iter().any(|folded| folded.class == CharClass::Connector)
        || (has_inner_capital(stretch) && camel_case_parts(stretch).len() > 1)
}

/// The digits of `v1.7.0` or `1.7.0`, without a tail such as `-beta.1`.
fn version(run: &[FoldedChar]) -> Option<&[FoldedChar]> {
    let digits = match run {
        [FoldedChar { ch: 'v', .. }, rest @ ..] => rest,
        _ => run,
    };
    let length = digits
        .iter()
        .position(|folded| !folded.ch.is_ascii_digit() && folded.ch != '.')
        .unwrap_or(digits.len());
    let (digits, tail) = digits.split_at(length);
    let has_tail = tail.first().is_none_or(|folded| matches!(folded.ch, '-' | '+'));
    let digits = trim(digits);
    let is_version = has_tail
        && digits.first().is_some_and(|folded| folded.ch.is_ascii_digit())
        && digits.iter().any(|folded| folded.ch == '.');
    is_version.then_some(digits)
}

fn has_inner_capital(word: &[FoldedChar]) -> bool {
    word.iter().skip(1).any(|folded| folded.upper)
}

/// Splits `HTMLParser` into `HTML` and `Parser`, and leaves `APIs` alone.
fn camel_case_parts(word: &[FoldedChar]) -> Vec<&[FoldedChar]> {
    let mut humps = Vec::new();
    let mut start = 0;
    for at in 1..word.len() {
        let rises = !word[at - 1].upper && word[at].upper;
        let falls = word[at - 1].upper && word[at].upper && is_new_hump(&word[at + 1..]);
        if (rises && word[at - 1].ch.is_alphanumeric()) || falls {
            humps.push(&word[start..at]);
            start = at;
        }
    }
    humps.push(&word[start..]);
    humps
}

/// Whether two small letters or more follow a capital: one may be the plural of an acronym.
fn is_new_hump(after: &[FoldedChar]) -> bool {
    let is_small = |folded: &FoldedChar| !folded.upper && folded.ch.is_alphabetic();
    after.len() >= 2 && after.iter().take(2).all(is_small)
}
