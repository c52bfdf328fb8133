//! Seed phrases: the words that give away a wallet.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::config::toml_reader::TomlReader;
use crate::language::Languages;

#[derive(Debug)]
pub(super) struct SeedPhraseRules {
    pub(super) cues: Vec<String>,
    words: usize,
    not_words: BTreeSet<String>,
}

/// The lengths that BIP-39 allows.
const LENGTHS: [usize; 5] = [12, 15, 18, 21, 24];

impl SeedPhraseRules {
    pub(super) const KIND: &str = "seed phrase";

    pub(super) fn read(table: &mut TomlReader, languages: &Languages) -> Self {
        let cues: Vec<_> = languages.words_in(table, "cues", ("safety", "seed_cues"));
        Self {
            cues: cues.into_iter().map(|cue| cue.to_lowercase()).collect(),
            words: table.integer("words", 12, 6, 24) as usize,
            not_words: languages.words_in(table, "not_words", ("safety", "seed_not_words")),
        }
    }

    /// Runs of seed-like words: anywhere in a text that holds a cue, else only where a line (or the
    /// whole text) is nothing but such words, in a number that wallets use.
    pub(super) fn find(&self, text: &str, has_cue: bool) -> Vec<Range<usize>> {
        if has_cue {
            return self.runs(text);
        }
        if text.len() < LENGTHS[0] * 4 - 1 {
            return Vec::new();
        }
        if let Some(all) = self.bare(text) {
            return vec![all];
        }
        text.split('\n')
            .filter_map(|line| {
                let start = line.as_ptr() as usize - text.as_ptr() as usize;
                self.bare(line).map(|range| range.start + start..range.end + start)
            })
            .collect()
    }

    fn bare(&self, line: &str) -> Option<Range<usize>> {
        let mut count = 0;
        for word in line.split_ascii_whitespace() {
            let plain = word.bytes().all(|byte| byte.is_ascii_lowercase());
            if !plain || !self.is_seed_word(word) {
                return None;
            }
            count += 1;
        }
        let start = line.len() - line.trim_start().len();
        LENGTHS.contains(&count).then(|| start..line.trim_end().len())
    }

    /// Numbers and punctuation between the words do not end a run: people number their words.
    fn runs(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut run: Option<(Range<usize>, usize)> = None;
        for (start, word) in words(text) {
            if word.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let end = start + word.len();
            if self.is_seed_word(&word.to_lowercase()) {
                run = match run {
                    Some((range, count)) => Some((range.start..end, count + 1)),
                    None => Some((start..end, 1)),
                };
                continue;
            }
            found.extend(
                run.take().filter(|(_, count)| *count >= self.words).map(|(range, _)| range),
            );
        }
        found.extend(run.filter(|(_, count)| *count >= self.words).map(|(range, _)| range));
        found
    }

    fn is_seed_word(&self, word: &str) -> bool {
        (3..=8).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_lowercase())
            && !self.not_words.contains(word)
    }
}

fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}
