//! Cue words: which classes of phrase a text holds.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::config::toml_reader::TomlReader;
use crate::language::{Language, Languages};
use crate::resolution::normalize::{self, hash, stem};

/// What a phrase tells. The names in `signals.toml` are the keys of [`CueClass::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CueClass {
    Opener,
    Seeking,
    Trouble,
    Probing,
    Thanks,
    Hollow,
    Worked,
    Failed,
    Negation,
    Trying,
    Advice,
    Command,
    Affirming,
    Own,
    Redirect,
    Ignorance,
    Courtesy,
    Announcing,
}

impl CueClass {
    /// Every class with its key in `signals.toml`.
    const ALL: [(Self, &'static str); 18] = [
        (Self::Opener, "question_openers"),
        (Self::Seeking, "seeking"),
        (Self::Trouble, "trouble"),
        (Self::Probing, "probing"),
        (Self::Thanks, "thanks"),
        (Self::Hollow, "hollow"),
        (Self::Worked, "worked"),
        (Self::Failed, "failed"),
        (Self::Negation, "negations"),
        (Self::Trying, "trying"),
        (Self::Advice, "advice"),
        (Self::Command, "commands"),
        (Self::Affirming, "affirming"),
        (Self::Own, "own_answers"),
        (Self::Redirect, "redirections"),
        (Self::Ignorance, "ignorance"),
        (Self::Courtesy, "courtesies"),
        (Self::Announcing, "announcing"),
    ];

    /// Whether its phrases count at the start of a sentence only.
    fn opens_sentences(self) -> bool {
        matches!(self, Self::Opener | Self::Command | Self::Affirming)
    }
}

/// A set of classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CueSet(u32);

impl CueSet {
    pub(super) fn has(self, cue: CueClass) -> bool {
        self.0 & (1 << cue as u32) != 0
    }

    fn add(&mut self, cue: CueClass) {
        self.0 |= 1 << cue as u32;
    }
}

/// All phrases of all languages in one automaton over plain text (see [`super::normalize`]).
#[derive(Debug, Clone)]
pub(super) struct PhraseMatcher {
    automaton: AhoCorasick,
    classes: Vec<CueClass>,
}

/// A phrase found in a plain text.
#[derive(Debug, Clone, Copy)]
struct PhraseMatch {
    start: usize,
    end: usize,
    cue: CueClass,
}

/// So many words before a success may carry its negation: "it does not really work".
const NEGATION_REACH: usize = 3;

impl PhraseMatcher {
    /// Compiles the phrases of all languages, the words that lead in, and those without matter.
    /// Tables `[[language]]` of the file replace the built-in languages.
    pub(super) fn read(
        file: &mut TomlReader,
        languages: &Languages,
    ) -> (Self, HashSet<u32>, HashSet<u32>) {
        let mut patterns = Vec::new();
        let mut classes = Vec::new();
        let mut lead_ins = HashSet::new();
        let mut stopwords = HashSet::new();
        let own = file.sections("language", Language::parse_signals);
        let used = if own.is_empty() {
            languages.all().iter().collect::<Vec<_>>()
        } else {
            own.iter().chain(languages.added()).collect()
        };
        for language in used {
            let words = |key| language.signals(key).into_iter().flat_map(|list| &list.words);
            lead_ins.extend(words("lead_ins").map(|word| hash(&normalize::words_of(word))));
            for word in words("stopwords") {
                let word = normalize::words_of(word);
                stopwords.extend([hash(&word), hash(stem(&word))]);
            }
            for (cue, key) in CueClass::ALL {
                let Some(list) = language.signals(key) else { continue };
                for phrase in &list.words {
                    match pattern(phrase, cue.opens_sentences()) {
                        Some(pattern) => {
                            patterns.push(pattern);
                            classes.push(cue);
                        }
                        None => file.report(list.error(format!(
                            "{phrase:?} has no letter, digit or emoji; write a word or remove it"
                        ))),
                    }
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(aho_corasick::AhoCorasickKind::DFA))
            .build(&patterns);
        let phrases = match automaton {
            Ok(automaton) => Self { automaton, classes },
            Err(error) => {
                file.wrong("language", format!("the phrases do not compile: {error}"));
                Self { automaton: nothing(), classes: Vec::new() }
            }
        };
        (phrases, lead_ins, stopwords)
    }

    /// The classes that a plain text holds. A phrase inside a longer one does not count ("problem"
    /// in "no problem"), and neither does a success behind a negation.
    pub(super) fn find(&self, plain: &str) -> CueSet {
        let mut found = self
            .automaton
            .find_overlapping_iter(plain)
            .map(|hit| PhraseMatch {
                start: hit.start(),
                end: hit.end(),
                cue: self.classes[hit.pattern().as_usize()],
            })
            .collect::<Vec<_>>();
        found.sort_by_key(|hit| (hit.start, usize::MAX - hit.end));
        let mut cues = CueSet::default();
        let mut widest: Option<PhraseMatch> = None;
        let mut negated_from = None;
        for hit in found {
            let inside = widest.is_some_and(|wide| {
                hit.end <= wide.end && hit.end - hit.start < wide.end - wide.start
            });
            if inside {
                continue;
            }
            // What an asker found alone worked, too.
            if hit.cue != CueClass::Own {
                widest = Some(hit);
            }
            match hit.cue {
                CueClass::Negation => negated_from = Some(hit.end),
                CueClass::Worked | CueClass::Thanks if negates(plain, negated_from, hit.start) => {
                    continue;
                }
                _ => {}
            }
            cues.add(hit.cue);
        }
        cues
    }
}

fn nothing() -> AhoCorasick {
    AhoCorasick::new::<_, &str>([]).expect("no patterns always compile")
}

fn negates(plain: &str, negation_end: Option<usize>, start: usize) -> bool {
    let Some(end) = negation_end else { return false };
    let Some(between) = plain.get(end..start) else { return true };
    !between.contains(['.', '?']) && between.split_whitespace().count() < NEGATION_REACH
}

/// The automaton's pattern for a phrase: whole words, where a `*` at an end leaves it open.
fn pattern(phrase: &str, opens_sentence: bool) -> Option<String> {
    let (open_start, open_end) = (phrase.starts_with('*'), phrase.ends_with('*'));
    let plain = normalize::words_of(phrase);
    if plain.is_empty() {
        return None;
    }
    let start = match (open_start, opens_sentence) {
        (true, _) => "",
        (false, true) => ". ",
        (false, false) => " ",
    };
    Some(format!("{start}{plain}{}", if open_end { "" } else { " " }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ruleset::Ruleset;

    #[test]
    fn negated_and_longer_phrases_hide_the_shorter_ones_inside() {
        let rules = Ruleset::embedded().signals;
        for (text, cue, expected) in [
            ("that worked", CueClass::Worked, true),
            ("woo the relay is working perfect", CueClass::Worked, true),
            ("it never worked", CueClass::Worked, false),
            ("if that worked I would know", CueClass::Worked, false),
            ("not solved yet", CueClass::Worked, false),
            ("no problem", CueClass::Trouble, false),
            ("I have a problem", CueClass::Trouble, true),
            ("thanks in advance", CueClass::Hollow, true),
            ("doesn't work", CueClass::Failed, true),
            ("Use the cache", CueClass::Command, true),
            ("I use the cache", CueClass::Command, false),
            ("해결이 안 됩니다", CueClass::Worked, false),
            ("해결했습니다", CueClass::Worked, true),
            ("안 돼요", CueClass::Failed, true),
        ] {
            let cues = rules.phrases.find(&normalize::read(text, 0).text);
            assert_eq!(cues.has(cue), expected, "{text} {cue:?}");
        }
    }
}
