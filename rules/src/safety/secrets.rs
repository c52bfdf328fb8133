//! Finds secrets, cheaply where there are none.

mod shape;

use std::borrow::Cow;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use self::shape::SecretShape;
use super::assignment::AssignmentRules;
use super::fold::FoldedText;
use super::seed_phrase::SeedPhraseRules;
use crate::config::toml_reader::TomlReader;
use crate::language::Languages;

#[derive(Debug)]
pub(super) struct SecretPatterns {
    shapes: Vec<SecretShape>,
    assignments: AssignmentRules,
    seeds: SeedPhraseRules,
    /// Every cue of every shape; most messages hold none.
    cues: AhoCorasick,
    /// For each cue of `cues`, what waits for it.
    owners: Vec<MatchSource>,
    markers: Regex,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MatchSource {
    Shape(usize),
    Assignments,
    Seeds,
}

/// A secret found in a text: where, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretMatch<'k> {
    pub range: Range<usize>,
    /// "API key", "seed phrase", ...
    pub kind: &'k str,
}

impl SecretPatterns {
    pub(super) fn read(file: &mut TomlReader, languages: &Languages) -> Self {
        let issued = file.sections("issued", SecretShape::read_issued);
        let others = file.sections("secret", |table| SecretShape::read(table, languages));
        let shapes = issued.into_iter().chain(others).flatten().collect::<Vec<_>>();
        let assignments =
            file.section("assignment", |table| AssignmentRules::read(table, languages));
        let seeds = file.section("seed", |table| SeedPhraseRules::read(table, languages));
        let of_shapes = shapes.iter().enumerate().flat_map(|(at, shape)| {
            shape.cues.iter().map(move |cue| (cue.as_str(), MatchSource::Shape(at)))
        });
        let of_names = assignments.cues().map(|cue| (cue, MatchSource::Assignments));
        let of_seeds = seeds.cues.iter().map(|cue| (cue.as_str(), MatchSource::Seeds));
        let (cues, owners): (Vec<_>, Vec<_>) = of_shapes.chain(of_names).chain(of_seeds).unzip();
        let cues = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(cues)
            .expect("short cues fit an automaton");
        let fixed = [AssignmentRules::KIND, SeedPhraseRules::KIND];
        let kinds = shapes.iter().map(|shape| shape.kind.as_str()).chain(fixed);
        let kinds = kinds.map(regex::escape).collect::<Vec<_>>().join("|");
        let markers =
            Regex::new(&format!(r"\[redacted: (?:{kinds})\]")).expect("kinds are escaped");
        Self { shapes, assignments, seeds, cues, owners, markers }
    }

    /// Repeats until nothing is found, since taking one secret out can bare another. What was taken
    /// out is never looked into again, so every round leaves less.
    pub(super) fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut redacted = Cow::Borrowed(text);
        while let Some(next) = self.redact_once(&redacted) {
            redacted = Cow::Owned(next);
        }
        redacted
    }

    fn redact_once(&self, text: &str) -> Option<String> {
        let found = self.find(text);
        if found.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for SecretMatch { range, kind } in found {
            out.push_str(&text[done..range.start]);
            out.push_str("[redacted: ");
            out.push_str(kind);
            out.push(']');
            done = range.end;
        }
        out.push_str(&text[done..]);
        Some(out)
    }

    /// Secrets in reading order, none overlapping another or a marker of an earlier one.
    pub(super) fn find(&self, text: &str) -> Vec<SecretMatch<'_>> {
        let mut found = Vec::new();
        let mut at = 0;
        let markers = self.markers.find_iter(text).map(|marker| marker.range());
        for marker in markers.chain(std::iter::once(text.len()..text.len())) {
            let part = self.find_between_markers(&text[at..marker.start]);
            found.extend(part.into_iter().map(|SecretMatch { range, kind }| SecretMatch {
                range: range.start + at..range.end + at,
                kind,
            }));
            at = marker.end;
        }
        found
    }

    fn find_between_markers(&self, text: &str) -> Vec<SecretMatch<'_>> {
        let folded = FoldedText::of(text);
        let mut found = self.find_folded(&folded, false);
        if let Some(joined) = folded.joined(text) {
            found.extend(self.find_folded(&joined, true));
        }
        // Of two that overlap the longer one wins; what it leaves of the other is looked at in the next
        // round.
        found.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end)));
        let mut end = 0;
        found.retain(|SecretMatch { range, .. }| {
            let apart = range.start >= end && !range.is_empty();
            end = if apart { range.end } else { end };
            apart
        });
        found
    }

    /// What is found in a folded text, with its ranges in the original. Of a text with joined lines, only
    /// issued keys.
    fn find_folded(&self, folded: &FoldedText<'_>, is_joined: bool) -> Vec<SecretMatch<'_>> {
        let text = folded.text.as_ref();
        let mut waiting = vec![false; self.shapes.len()];
        let (mut assignments, mut seeds) = (false, false);
        for cue in self.cues.find_overlapping_iter(text) {
            match self.owners[cue.pattern()] {
                MatchSource::Shape(at) => waiting[at] = true,
                MatchSource::Assignments => assignments = true,
                MatchSource::Seeds => seeds = true,
            }
        }
        let run = longest_run(text);
        let mut found = Vec::new();
        for (shape, waiting) in self.shapes.iter().zip(waiting) {
            let tried = waiting || (shape.cues.is_empty() && run >= shape.run);
            if tried && (shape.is_issued || !is_joined) {
                found
                    .extend(shape.find(text).into_iter().map(|range| (range, shape.kind.as_str())));
            }
        }
        if assignments && !is_joined {
            let ranges = self.assignments.find(text).into_iter();
            found.extend(ranges.map(|range| (range, AssignmentRules::KIND)));
        }
        if !is_joined {
            let ranges = self.seeds.find(text, seeds).into_iter();
            found.extend(ranges.map(|range| (range, SeedPhraseRules::KIND)));
        }
        let in_original = |(range, kind)| SecretMatch { range: folded.original(range), kind };
        found.into_iter().map(in_original).collect()
    }
}

/// The most letters, digits and `-_.+/=:` in a row.
fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'/' | b'=' | b':')
        {
            run += 1;
        } else {
            longest = longest.max(run);
            run = 0;
        }
    }
    longest.max(run)
}
