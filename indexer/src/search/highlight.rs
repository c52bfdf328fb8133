//! Which bytes of a text answer to a query.

use std::collections::BTreeSet;
use std::ops::Range;

use super::spelling;
use crate::search::tokenize;
use crate::search::tokenize::{IndexToken, TokenKind};

pub(super) fn ranges(query: &str, text: &str) -> Vec<Range<usize>> {
    let asked = tokenize::pieces(query);
    let start = spelling::unfinished(query, &asked).map(|piece| piece.text.clone());
    let informative =
        asked.iter().filter(|piece| is_informative(piece)).map(key).collect::<BTreeSet<_>>();
    let wanted = if informative.is_empty() { asked.iter().map(key).collect() } else { informative };
    let matches = |piece: &IndexToken| {
        wanted.contains(&key(piece))
            || start.as_ref().is_some_and(|start| piece.text.starts_with(start.as_str()))
    };
    merged(tokenize::pieces(text).into_iter().filter(matches).map(|piece| piece.range).collect())
}

/// Single characters and function words would paint every sentence.
fn is_informative(piece: &IndexToken) -> bool {
    let is_single_gram = piece.kind == TokenKind::Gram && piece.text.chars().nth(1).is_none();
    !is_single_gram && !tokenize::is_function_word(&piece.text)
}

fn key(piece: &IndexToken) -> (bool, &str) {
    (matches!(piece.kind, TokenKind::Whole | TokenKind::Segment), &piece.text)
}

fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged = Vec::<Range<usize>>::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}
