//! A query's text to what is wanted of a document.

use std::collections::BTreeSet;

use super::SearchError;
use super::condense;
use super::snapshot::{IndexSnapshot, K1};
use super::spelling;
use super::spelling::{TermVariant, TermVariants};
use super::term_lookup::{BOOSTS, TermField};
use crate::search::tokenize;
use crate::search::tokenize::{IndexToken, TokenKind};

/// Weight of a part of an identifier.
const CODE_PART: f32 = 0.5;
/// Weight of a hump of a word such as `GitHub`, which most people write in one.
const HUMP: f32 = 0.1;
/// Weight of a single character of a script without spaces, beside 1 for two.
const SINGLE: f32 = 0.4;
/// How far an identifier of plain lower-case words, such as `plugin-sql`, is taken for one.
const PROSE: f32 = 0.3;

/// One thing that a query asks for.
#[derive(Debug)]
pub(super) struct QueryTerm {
    pub(super) field: TermField,
    /// What may stand for it; the best one found counts.
    pub(super) forms: Vec<TermVariant>,
    /// How many documents hold it.
    pub(super) frequency: usize,
    /// Weight times inverse document frequency.
    pub(super) mass: f32,
    /// Added for a document that has it. For a whole identifier it is as much as all its parts can bring, so
    /// that a whole hit outranks any number of partial ones.
    pub(super) bonus: f32,
}

impl QueryTerm {
    /// Whether any document has it.
    pub(super) fn is_present(&self) -> bool {
        self.forms.iter().any(|form| !form.terms.is_empty())
    }
}

/// What a text asks for.
pub(super) struct QueryTerms {
    /// Each thing once, in the order of the text. Words that carry grammar only count where there are no
    /// others: they would take most of the time and tell nothing.
    pub(super) terms: Vec<QueryTerm>,
    /// The words that a long text was cut down to.
    pub(super) searched_for: Option<String>,
}

pub(super) fn read(text: &str, snapshot: &IndexSnapshot) -> Result<QueryTerms, SearchError> {
    let searched_for = condense::condensed(text, snapshot)?;
    let text = searched_for.as_deref().unwrap_or(text);
    let pieces = tokenize::pieces(text);
    let is_informative = |piece: &IndexToken| !tokenize::is_function_word(&piece.text);
    let only_grammar = !pieces.iter().any(is_informative);
    // Nobody is still typing a text that was cut down.
    let is_typed = searched_for.is_none();
    let unfinished = if is_typed { spelling::unfinished(text, &pieces) } else { None };
    let mut seen = BTreeSet::new();
    let mut terms = Vec::new();
    let mut guesses = spelling::MAX_GUESSES;
    for run in pieces.chunk_by(|one, other| one.run == other.run) {
        let mut run_terms = Vec::new();
        for piece in run.iter().filter(|piece| only_grammar || is_informative(piece)) {
            let field = TermField::of(piece.kind);
            if seen.insert((field == TermField::Code, piece.text.as_str())) {
                let is_unfinished = unfinished == Some(piece);
                let forms = spelling::forms(piece, field, is_unfinished, &mut guesses, snapshot)?;
                run_terms.push(query_term(piece, run, forms, snapshot));
            }
        }
        raise_whole(run, &mut run_terms);
        terms.append(&mut run_terms);
    }
    Ok(QueryTerms { terms, searched_for })
}

fn query_term(
    piece: &IndexToken,
    run: &[IndexToken],
    forms: TermVariants,
    snapshot: &IndexSnapshot,
) -> QueryTerm {
    let TermVariants { forms, frequency } = forms;
    let mass = weight(piece, run) * inverse_frequency(frequency, snapshot.live());
    QueryTerm { field: TermField::of(piece.kind), forms, frequency, mass, bonus: 0.0 }
}

fn weight(piece: &IndexToken, run: &[IndexToken]) -> f32 {
    match (piece.kind, &run[0]) {
        (TokenKind::Gram, _) if piece.text.chars().nth(1).is_none() => SINGLE,
        (TokenKind::Hump, _) => HUMP,
        (TokenKind::Part, first) if !is_prose(first) => CODE_PART,
        _ => 1.0,
    }
}

/// Whether an identifier may as well be words joined by hyphens or slashes.
fn is_prose(whole: &IndexToken) -> bool {
    !whole.text.starts_with('-')
        && whole.text.chars().all(|ch| ch.is_alphabetic() || matches!(ch, '-' | '/'))
}

/// Gives the first piece of a run, if others come from it, more than they can bring together.
fn raise_whole(run: &[IndexToken], wanted: &mut [QueryTerm]) {
    let [whole, parts @ ..] = wanted else { return };
    let is_first = whole.field == TermField::of(run[0].kind) && whole.forms[0].text == run[0].text;
    if !is_first || matches!(run[0].kind, TokenKind::Gram) {
        return;
    }
    let scale = if run[0].kind == TokenKind::Whole && is_prose(&run[0]) { PROSE } else { 1.0 };
    whole.bonus = scale * parts.iter().map(most).sum::<f32>();
}

/// The most that BM25 can give for a thing.
fn most(wanted: &QueryTerm) -> f32 {
    wanted.mass * (K1 + 1.0) * BOOSTS.iter().sum::<f32>()
}

/// The inverse document frequency of BM25, never negative.
fn inverse_frequency(frequency: usize, live: usize) -> f32 {
    let (frequency, live) = (frequency.min(live) as f32, live as f32);
    (1.0 + (live - frequency + 0.5) / (frequency + 0.5)).ln()
}
