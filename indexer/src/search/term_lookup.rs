//! Where the index holds a term, and how many documents do.

use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::{DocId, DocSet, TERMINATED, Term};

use super::SearchError;
use super::snapshot::{IndexSnapshot, SegmentSnapshot};
use crate::search::schema;
use crate::search::tokenize::TokenKind;

/// What a match counts in a question, in an answer, and as a hump of a word of either.
pub(super) const BOOSTS: [f32; 3] = [2.0, 1.0, 0.5];

/// Documents of one segment that are counted one by one; of a term that more hold the number is an estimate.
const COUNTED: u32 = 256;

/// Which terms a text is looked up as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TermField {
    /// A word, or a hump of one.
    Words,
    /// A whole identifier.
    Code,
}

impl TermField {
    pub(super) fn of(kind: TokenKind) -> Self {
        if kind.is_code() { Self::Code } else { Self::Words }
    }
}

/// How a place counts for the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TermPlace {
    Word,
    Hump,
    Code,
}

/// A term in one field of the index.
#[derive(Debug, Clone)]
pub(super) struct IndexedTerm {
    pub(super) place: TermPlace,
    /// Its number among those that are searched.
    pub(super) field: usize,
    pub(super) term: Term,
    /// By segment.
    pub(super) infos: Vec<Option<TermInfo>>,
}

impl IndexedTerm {
    pub(super) fn boost(&self) -> f32 {
        match self.place {
            TermPlace::Word => BOOSTS[usize::from(schema::is_answers(self.field))],
            TermPlace::Hump => BOOSTS[2],
            TermPlace::Code => 1.0,
        }
    }

    /// How many documents hold it, deleted ones too.
    pub(super) fn documents(&self) -> usize {
        self.infos.iter().flatten().map(|info| info.doc_freq as usize).sum()
    }

    pub(super) fn postings(
        &self,
        number: usize,
        segment: &SegmentSnapshot,
    ) -> Result<Option<SegmentPostings>, SearchError> {
        let info = self.infos.get(number).and_then(Option::as_ref);
        info.map(|info| segment.postings(self.field, info)).transpose()
    }
}

/// The fields that hold a term in any segment.
pub(super) fn look_up(
    field: TermField,
    text: &str,
    snapshot: &IndexSnapshot,
) -> Result<Vec<IndexedTerm>, SearchError> {
    let places: &[_] = match field {
        TermField::Words => &[(TermPlace::Word, None), (TermPlace::Hump, TokenKind::Hump.mark())],
        TermField::Code => &[(TermPlace::Code, TokenKind::Whole.mark())],
    };
    let mut found = Vec::new();
    for (place, mark) in places {
        let text = mark.iter().chain(&text.chars().collect::<Vec<_>>()).collect::<String>();
        for (number, field) in snapshot.fields.iter().enumerate() {
            let infos = snapshot.segments.iter().map(|one| one.dictionary(number).get(&text));
            let infos = infos.collect::<Result<Vec<_>, _>>()?;
            if infos.iter().any(Option::is_some) {
                let term = Term::from_field_text(*field, &text);
                found.push(IndexedTerm { place: *place, field: number, term, infos });
            }
        }
    }
    Ok(found)
}

/// How many documents that the audience finds hold a term in any field: exact where few do.
pub(super) fn frequency(
    terms: &[IndexedTerm],
    snapshot: &IndexSnapshot,
) -> Result<usize, SearchError> {
    let mut frequency = 0;
    for number in 0..snapshot.segments.len() {
        let held = terms.iter().filter_map(|term| term.infos[number].as_ref());
        frequency += match held.map(|info| info.doc_freq).sum::<u32>() {
            0 => 0,
            1..=COUNTED => counted(terms, number, snapshot)?,
            _ => estimated(terms, number, snapshot)?,
        };
    }
    Ok(frequency)
}

fn counted(
    terms: &[IndexedTerm],
    number: usize,
    snapshot: &IndexSnapshot,
) -> Result<usize, SearchError> {
    let segment = &snapshot.segments[number];
    let mut documents = Vec::new();
    for term in terms {
        let Some(mut postings) = term.postings(number, segment)? else { continue };
        while postings.doc() != TERMINATED {
            documents.push(postings.doc());
            postings.advance();
        }
    }
    documents.sort();
    documents.dedup();
    let is_visible = |document: &DocId| segment.is_visible(snapshot.audience, *document);
    Ok(documents.into_iter().filter(is_visible).count())
}

/// As if fields held the term independently of each other. Deleted documents do not show.
fn estimated(
    terms: &[IndexedTerm],
    number: usize,
    snapshot: &IndexSnapshot,
) -> Result<usize, SearchError> {
    let segment = &snapshot.segments[number];
    let all = segment.live(snapshot.audience).max(1) as f64;
    let mut without = 1.0;
    for term in terms {
        let Some(info) = &term.infos[number] else { continue };
        let held = match segment.reader.alive_bitset() {
            None => info.doc_freq,
            Some(alive) => segment.postings(term.field, info)?.doc_freq_given_deletes(alive),
        };
        without *= (1.0 - f64::from(held) / all).max(0.0);
    }
    Ok(((1.0 - without) * all).round() as usize)
}

/// How often a term stands in a document; the postings move on to it.
pub(super) fn count_in(postings: &mut SegmentPostings, document: DocId) -> u32 {
    if postings.doc() < document {
        postings.seek(document);
    }
    if postings.doc() == document { postings.term_freq() } else { 0 }
}
