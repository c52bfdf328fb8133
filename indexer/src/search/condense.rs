//! A long text, such as a pasted error, to the words of it that find something.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use super::SearchError;
use super::snapshot::IndexSnapshot;
use super::term_lookup;
use super::term_lookup::TermField;
use crate::search::tokenize;
use crate::search::tokenize::{IndexToken, TokenKind};

/// Bytes from which on a text is cut down. Who describes a problem in own words stays below.
const LONG: usize = 512;
/// Bytes of one line: a longer one, as of a text that lost its line breaks, counts as several.
const LINE: usize = 240;
/// Pieces that are looked up in the index, and words that are searched for, at most.
const CONSIDERED: usize = 64;
const KEPT: usize = 12;

/// Stems by which a line says what went wrong.
const FAILURES: &str = "abort cannot cant conflict crash deni error exception expect fail fatal illegal incompatibl \
    invalid miss panic refus reject timeout unabl undefin unexpect unhandl unknown unresolv unsupport warn wrong";
/// How lines begin that say where, not what.
const FRAMES: [&str; 5] = ["at ", "File ", "from ", "#", "|"];

/// The kinds of lines, the most informative first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum LineKind {
    Failure,
    Other,
    Frame,
}

/// The words that a long text is cut down to, in its order; `None` where it is short, or where nothing of it
/// is known. Lines that say what went wrong go before others, and rare words before frequent ones; lines that
/// only say where count if no other line has a known word.
pub(super) fn condensed(
    text: &str,
    snapshot: &IndexSnapshot,
) -> Result<Option<String>, SearchError> {
    if text.len() <= LONG {
        return Ok(None);
    }
    let mut known = Vec::new();
    for (kind, piece) in informative_pieces(text) {
        let terms = term_lookup::look_up(TermField::of(piece.kind), &piece.text, snapshot)?;
        match term_lookup::frequency(&terms, snapshot)? {
            0 => {}
            frequency => known.push((kind, frequency, piece.range)),
        }
    }
    if known.iter().any(|(kind, ..)| *kind != LineKind::Frame) {
        known.retain(|(kind, ..)| *kind != LineKind::Frame);
    }
    known.sort_by_key(|(kind, frequency, place)| {
        (*kind, *frequency, place.start, Reverse(place.end))
    });
    let mut kept = Vec::<Range<usize>>::new();
    for (.., place) in known {
        let is_covered =
            kept.iter().any(|other| other.start <= place.start && place.end <= other.end);
        if !is_covered && kept.len() < KEPT {
            kept.push(place);
        }
    }
    kept.sort_by_key(|place| place.start);
    let words = kept.into_iter().map(|place| &text[place]).collect::<Vec<_>>();
    Ok((!words.is_empty()).then(|| words.join(" ")))
}

/// Words and identifiers of the lines that tell most, each once.
fn informative_pieces(text: &str) -> Vec<(LineKind, IndexToken)> {
    let mut lines =
        lines(text).map(|line| (line_kind(&text[line.clone()]), line)).collect::<Vec<_>>();
    lines.sort_by_key(|(kind, line)| (*kind, line.start));
    let mut seen = BTreeSet::new();
    let mut informative = Vec::new();
    for (kind, line) in lines {
        for mut piece in tokenize::pieces(&text[line.clone()]) {
            let is_informative =
                piece.kind != TokenKind::Hump && !tokenize::is_function_word(&piece.text);
            if is_informative && seen.insert((piece.kind.is_code(), piece.text.clone())) {
                piece.range = line.start + piece.range.start..line.start + piece.range.end;
                informative.push((kind, piece));
            }
            if informative.len() == CONSIDERED {
                return informative;
            }
        }
    }
    informative
}

/// The lines of a text; long ones in stretches that end at a space.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let most = rest.floor_char_boundary(LINE);
        let end = if line <= most {
            line
        } else {
            rest[..most].rfind(char::is_whitespace).filter(|end| *end > 0).unwrap_or(most)
        };
        let place = start..start + end;
        start = place.end;
        Some(place)
    })
}

fn line_kind(line: &str) -> LineKind {
    let line = line.trim_start();
    if FRAMES.iter().any(|frame| line.starts_with(frame)) {
        return LineKind::Frame;
    }
    let says_failure = tokenize::pieces(line).iter().any(|piece| {
        !piece.kind.is_code()
            && FAILURES.split_whitespace().any(|stem| piece.text.starts_with(stem))
    });
    if says_failure { LineKind::Failure } else { LineKind::Other }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_line_that_says_what_went_wrong_comes_first() {
        let text = "starting up\n    at load (/srv/app.js:3:1)\nError: cannot open the socket\nbye";
        let words = informative_pieces(text).into_iter().map(|(_, piece)| &text[piece.range]);
        let words = words.collect::<Vec<_>>();
        assert_eq!(words[..4], ["Error", "cannot", "open", "socket"]);
        let place = |word: &str| words.iter().position(|other| *other == word);
        assert!(place("starting") < place("load"), "{words:?}");
    }

    proptest! {
        #[test]
        fn lines_are_the_whole_text(text in "([a-z가 ]{0,300}\\n?){0,4}") {
            let mut end = 0;
            for line in lines(&text) {
                prop_assert_eq!(line.start, end);
                prop_assert!(!line.is_empty() && line.len() <= LINE);
                end = line.end;
            }
            prop_assert_eq!(end, text.len());
        }
    }
}
