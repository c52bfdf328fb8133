//! Finds secrets, cheaply where there are none.

use std::borrow::Cow;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::pattern::pattern;
use super::seed_phrase::SeedPhraseRules;
use crate::config::toml_reader::TomlReader;
use crate::language::Languages;

#[derive(Debug)]
pub(super) struct SecretPatterns {
    patterns: Vec<SecretPattern>,
    seeds: SeedPhraseRules,
    /// Every cue of every pattern; most messages hold none.
    cues: AhoCorasick,
    /// For each cue of `cues`, the pattern that waits for it; the last ones are the seeds' cues.
    owners: Vec<MatchSource>,
    markers: Regex,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MatchSource {
    Pattern(usize),
    Seeds,
}

#[derive(Debug)]
struct SecretPattern {
    kind: String,
    pattern: Regex,
    cues: Vec<String>,
    run: usize,
    random: bool,
    except: Vec<String>,
}

/// A secret found: where, and what it is.
type SecretMatch<'k> = (Range<usize>, &'k str);

impl SecretPatterns {
    pub(super) fn read(file: &mut TomlReader, languages: &Languages) -> Self {
        let patterns =
            file.sections("secret", SecretPattern::read).into_iter().flatten().collect::<Vec<_>>();
        let seeds = file.section("seed", |table| SeedPhraseRules::read(table, languages));
        let of_patterns = patterns.iter().enumerate().flat_map(|(at, secret)| {
            secret.cues.iter().map(move |cue| (cue.as_str(), MatchSource::Pattern(at)))
        });
        let of_seeds = seeds.cues.iter().map(|cue| (cue.as_str(), MatchSource::Seeds));
        let (cues, owners): (Vec<_>, Vec<_>) = of_patterns.chain(of_seeds).unzip();
        let cues = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(cues)
            .expect("a few short cues fit an automaton");
        let kinds =
            patterns.iter().map(|secret| secret.kind.as_str()).chain([SeedPhraseRules::KIND]);
        let kinds = kinds.map(regex::escape).collect::<Vec<_>>().join("|");
        let markers =
            Regex::new(&format!(r"\[redacted: (?:{kinds})\]")).expect("kinds are escaped");
        Self { patterns, seeds, cues, owners, markers }
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
        let mut out = String::new();
        let mut done = 0;
        let mut at = 0;
        let markers = self.markers.find_iter(text).map(|marker| (marker.start(), marker.end()));
        for (start, end) in markers.chain([(text.len(), text.len())]) {
            for (range, kind) in self.find(&text[at..start]) {
                let range = range.start + at..range.end + at;
                out.push_str(&text[done..range.start]);
                out.push_str("[redacted: ");
                out.push_str(kind);
                out.push(']');
                done = range.end;
            }
            at = end;
        }
        if done == 0 {
            return None;
        }
        out.push_str(&text[done..]);
        Some(out)
    }

    /// Secrets in reading order, none overlapping another.
    fn find(&self, text: &str) -> Vec<SecretMatch<'_>> {
        let mut waiting = vec![false; self.patterns.len()];
        let mut seeds = false;
        for cue in self.cues.find_overlapping_iter(text) {
            match self.owners[cue.pattern()] {
                MatchSource::Pattern(at) => waiting[at] = true,
                MatchSource::Seeds => seeds = true,
            }
        }
        let run = longest_run(text);
        let mut found: Vec<SecretMatch<'_>> = Vec::new();
        for (secret, waiting) in self.patterns.iter().zip(waiting) {
            if waiting || (secret.cues.is_empty() && run >= secret.run) {
                secret.find(text, &mut found);
            }
        }
        found.extend(
            self.seeds.find(text, seeds).into_iter().map(|range| (range, SeedPhraseRules::KIND)),
        );
        // Of two that overlap the one whose pattern stands first in the file wins; what it leaves of
        // the other is looked at in the next round.
        found.sort_by_key(|(range, _)| range.start);
        let mut end = 0;
        found.retain(|(range, _)| {
            let apart = range.start >= end;
            end = if apart { range.end } else { end };
            apart
        });
        found
    }
}

impl SecretPattern {
    fn read(table: &mut TomlReader) -> Option<Self> {
        let kind = table.text("kind", "secret");
        if kind.is_empty() || kind.contains(['[', ']', '\n']) {
            table.wrong("kind", "expected a few words without brackets");
        }
        let (cues, except) = (table.texts("cues"), table.texts("except"));
        if cues.iter().any(String::is_empty) {
            table.wrong("cues", "an empty cue occurs everywhere");
        }
        let run = table.integer("run", 16, 1, 1_000) as usize;
        let random = table.bool("random", false);
        let pattern = pattern(table)?;
        if pattern.is_match("") {
            table.wrong("pattern", "matches the empty text");
            return None;
        }
        Some(Self { kind, pattern, cues, run, random, except })
    }

    fn find<'k>(&'k self, text: &str, found: &mut Vec<SecretMatch<'k>>) {
        for captures in self.pattern.captures_iter(text) {
            let Some(hit) = captures.name("secret").or_else(|| captures.get(0)) else { continue };
            if hit.is_empty()
                || (self.random && !is_random(hit.as_str()))
                || self.is_excepted(hit.as_str())
            {
                continue;
            }
            found.push((hit.range(), &self.kind));
        }
    }

    fn is_excepted(&self, value: &str) -> bool {
        !self.except.is_empty() && {
            let value = value.to_lowercase();
            self.except.iter().any(|except| value.contains(except.as_str()))
        }
    }
}

fn is_random(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
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
