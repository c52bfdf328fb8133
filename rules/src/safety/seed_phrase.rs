//! Seed phrases: the words that give away a wallet.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

use bip39::{Language, Mnemonic};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::config::toml_reader::TomlReader;
use crate::language::Languages;

#[derive(Debug)]
pub(super) struct SeedPhraseRules {
    pub(super) cues: Vec<String>,
    words: usize,
    words_after_cue: usize,
    talk_share: f64,
    talk: BTreeSet<String>,
}

/// The lengths that BIP-39 allows.
const LENGTHS: [usize; 5] = [12, 15, 18, 21, 24];

/// Words of one list in a row.
#[derive(Debug, Clone)]
struct SeedRun<'t> {
    range: Range<usize>,
    words: Vec<&'t str>,
    lists: u16,
}

impl SeedPhraseRules {
    pub(super) const KIND: &str = "seed phrase";

    pub(super) fn read(table: &mut TomlReader, languages: &Languages) -> Self {
        let cues: Vec<_> = languages.words_in(table, "cues", ("safety", "seed_cues"));
        Self {
            cues: cues.into_iter().map(|cue| cue.to_lowercase()).collect(),
            words: table.integer("words", 12, 6, 24) as usize,
            words_after_cue: table.integer("words_after_cue", 8, 4, 24) as usize,
            talk_share: table.number("talk", 0.3, 0.0, 1.0),
            talk: languages.words_in(table, "talk_words", ("safety", "seed_talk")),
        }
    }

    /// Numbers and punctuation between the words do not end a run: people number their words.
    pub(super) fn find(&self, text: &str, has_cue: bool) -> Vec<Range<usize>> {
        let least = if has_cue { self.words_after_cue } else { self.words };
        if text.len() < least * 2 {
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut run: Option<SeedRun<'_>> = None;
        for (start, word) in words(text) {
            if word.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let lists = lists_with(word);
            match &mut run {
                Some(run) if run.lists & lists != 0 => {
                    run.lists &= lists;
                    run.range.end = start + word.len();
                    run.words.push(word);
                }
                _ => {
                    let fresh =
                        SeedRun { range: start..start + word.len(), words: vec![word], lists };
                    let ended = if lists == 0 { run.take() } else { run.replace(fresh) };
                    found.extend(ended);
                }
            }
        }
        found.extend(run);
        found.retain(|run| run.words.len() >= least && (has_cue || self.is_phrase(run)));
        found.into_iter().map(|run| run.range).collect()
    }

    /// Whether a run without a cue is a phrase, not a sentence of short words.
    fn is_phrase(&self, run: &SeedRun<'_>) -> bool {
        let talk = run.words.iter().filter(|word| self.talk.contains(&word.to_lowercase())).count();
        talk as f64 <= run.words.len() as f64 * self.talk_share || has_checksum(run)
    }
}

/// Whether some words of the run, in a number that wallets use, carry a right checksum. A run of talk has
/// one by chance in sixteen at 12 words, in 256 at 24.
fn has_checksum(run: &SeedRun<'_>) -> bool {
    if !LENGTHS.contains(&run.words.len()) {
        return false;
    }
    let phrase = run.words.join(" ").to_lowercase();
    let lists = Language::ALL.iter().enumerate().filter(|(at, _)| run.lists & (1 << at) != 0);
    lists.into_iter().any(|(_, list)| Mnemonic::parse_in(*list, phrase.as_str()).is_ok())
}

/// The BIP-39 lists that hold a word, one bit for each of [`Language::ALL`].
fn lists_with(word: &str) -> u16 {
    static LISTS: LazyLock<HashMap<String, u16>> = LazyLock::new(|| {
        let mut lists = HashMap::new();
        for (at, list) in Language::ALL.iter().enumerate() {
            for word in list.word_list() {
                *lists.entry(folded(word)).or_default() |= 1 << at;
            }
        }
        lists
    });
    let plain = word.is_ascii() && !word.bytes().any(|byte| byte.is_ascii_uppercase());
    let found = if plain { LISTS.get(word) } else { LISTS.get(&folded(word)) };
    found.copied().unwrap_or_default()
}

/// Lower case, without accents: people type the words as their keyboard lets them.
fn folded(word: &str) -> String {
    word.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).nfc().collect()
}

fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c))
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}
