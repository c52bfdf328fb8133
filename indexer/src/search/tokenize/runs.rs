//! Folded text to runs, and runs to pieces.

use super::fold::{FoldedChar, is_spaceless};
use super::stem::stem;
use super::{IndexToken, MAX_IDENTIFIER, MAX_WORD, TokenKind};

/// What a character does in a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CharClass {
    /// Part of a word.
    Alphanumeric,
    /// A character of a script without spaces.
    Spaceless,
    /// Binds words to an identifier where it stands between them.
    Connector,
    /// Stands within words and is left out of them.
    Apostrophe,
    Break,
}

fn class(folded: &FoldedChar) -> CharClass {
    match folded.ch {
        ch if is_spaceless(ch) => CharClass::Spaceless,
        ch if ch.is_alphanumeric() => CharClass::Alphanumeric,
        '_' | '-' | '.' | '/' | '\\' | ':' | '@' | '#' | '$' | '=' | '&' | '%' | '~' | '+' => {
            CharClass::Connector
        }
        '\'' | '’' => CharClass::Apostrophe,
        _ => CharClass::Break,
    }
}

pub(super) fn pieces(folded: &[FoldedChar]) -> Vec<IndexToken> {
    let mut sink = TokenSink { pieces: Vec::new(), run: 0 };
    let mut rest = folded;
    while let Some(first) = rest.first() {
        let kind = class(first);
        let belongs = |other: CharClass| match kind {
            CharClass::Spaceless => other == CharClass::Spaceless,
            CharClass::Break => other == CharClass::Break,
            _ => !matches!(other, CharClass::Spaceless | CharClass::Break),
        };
        let length = rest.iter().position(|each| !belongs(class(each))).unwrap_or(rest.len());
        let (run, after) = rest.split_at(length);
        rest = after;
        match kind {
            CharClass::Break => continue,
            CharClass::Spaceless => sink.grams(run),
            _ => sink.run(trim(run)),
        }
        sink.run += 1;
    }
    sink.pieces
}

/// Leaves out what does not stand between words.
fn trim(run: &[FoldedChar]) -> &[FoldedChar] {
    let is_word = |folded: &FoldedChar| class(folded) == CharClass::Alphanumeric;
    match (run.iter().position(is_word), run.iter().rposition(is_word)) {
        (Some(first), Some(last)) => &run[first..=last],
        _ => &[],
    }
}

struct TokenSink {
    pieces: Vec<IndexToken>,
    run: usize,
}

impl TokenSink {
    fn grams(&mut self, run: &[FoldedChar]) {
        for width in [1, 2] {
            for gram in run.windows(width) {
                self.push(TokenKind::Gram, gram, gram.iter().map(|folded| folded.ch).collect());
            }
        }
    }

    fn run(&mut self, run: &[FoldedChar]) {
        let connected = run.iter().any(|folded| class(folded) == CharClass::Connector);
        if !connected {
            self.word(run, TokenKind::Word);
            return;
        }
        if run.len() <= MAX_IDENTIFIER {
            self.whole(run);
            if let Some(version) = version(run) {
                self.version(version);
                return;
            }
        }
        for part in split(run, |folded| class(folded) == CharClass::Connector) {
            self.word(part, TokenKind::Part);
        }
    }

    /// The identifier, and the identifiers within it.
    fn whole(&mut self, run: &[FoldedChar]) {
        self.push(TokenKind::Whole, run, plain(run));
        for step in split(run, |folded| matches!(folded.ch, '/' | '\\')) {
            let step = trim(step);
            if step.len() < run.len() && is_identifier(step) {
                self.push(TokenKind::Segment, step, plain(step));
            }
            for member in split(step, |folded| {
                !matches!(folded.ch, '_' | '-') && class(folded) == CharClass::Connector
            }) {
                let member = trim(member);
                if member.len() < step.len() && is_identifier(member) {
                    self.push(TokenKind::Segment, member, plain(member));
                }
            }
        }
    }

    /// `1.7.0` and `1.7`, as words and as identifiers.
    fn version(&mut self, digits: &[FoldedChar]) {
        let short = digits
            .iter()
            .enumerate()
            .filter(|(_, folded)| folded.ch == '.')
            .nth(1)
            .map(|(at, _)| at);
        let forms = [Some(digits), short.map(|at| &digits[..at])];
        for form in forms.into_iter().flatten() {
            self.push(TokenKind::Part, form, plain(form));
            let is_told = self.pieces.iter().rev().take(4).any(|piece| {
                piece.run == self.run
                    && piece.kind.is_code()
                    && piece.text.chars().eq(form.iter().map(|folded| folded.ch))
            });
            if !is_told {
                self.push(TokenKind::Segment, form, plain(form));
            }
        }
    }

    /// One word; if it is written in humps, the humps too.
    fn word(&mut self, word: &[FoldedChar], kind: TokenKind) {
        let word = possessed(word);
        if word.is_empty() {
            return;
        }
        self.push(kind, word, stem(&plain(word)));
        let humps = camel_case_parts(word);
        if humps.len() > 1 && word.len() <= MAX_IDENTIFIER {
            for hump in humps {
                self.push(TokenKind::Hump, hump, stem(&plain(hump)));
            }
        }
    }

    fn push(&mut self, kind: TokenKind, stretch: &[FoldedChar], mut text: String) {
        let limit = if kind.is_code() { MAX_IDENTIFIER } else { MAX_WORD };
        if let Some((cut, _)) = text.char_indices().nth(limit) {
            text.truncate(cut);
        }
        if !text.is_empty() {
            self.pieces.push(IndexToken {
                kind,
                text,
                range: FoldedChar::range(stretch),
                run: self.run,
            });
        }
    }
}

/// The text of a stretch, without apostrophes.
fn plain(stretch: &[FoldedChar]) -> String {
    stretch
        .iter()
        .filter(|folded| class(folded) != CharClass::Apostrophe)
        .map(|folded| folded.ch)
        .collect()
}

/// `it's` loses its `'s`.
fn possessed(word: &[FoldedChar]) -> &[FoldedChar] {
    match word {
        [owner @ .., mark, FoldedChar { ch: 's', .. }] if class(mark) == CharClass::Apostrophe => {
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
    stretch.iter().any(|folded| class(folded) == CharClass::Connector)
        || camel_case_parts(stretch).len() > 1
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
