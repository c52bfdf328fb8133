//! Cue words: which classes of phrase a text holds.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::config::toml_reader::TomlReader;
use crate::language::{Language, Languages, Script};
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
    SmallTalk,
    /// Before a success in a sentence, it makes it one that has yet to come: "if", "let you know when".
    Condition,
    Contrast,
    /// The sentence is about something else than the question: "my other problem".
    Unrelated,
    /// Says that somebody's answer is wrong.
    Objection,
    /// Takes back what its own author said before.
    Retraction,
    /// Opens a message that replaces the own one right before it, where a command or setting follows.
    CorrectionOpener,
    /// An answer that something is being worked on.
    Postponement,
    Insult,
    FirstAnswer,
    SecondAnswer,
    ThirdAnswer,
    /// A report between two steps: "done", "yes".
    Acknowledging,
    /// Introduces what a solution was: "it was", "i had to".
    Finding,
    /// Opens a refusal of what is replied to: "wrong, ...".
    ObjectionOpener,
    /// Opens a reply that sends elsewhere: "google that".
    RedirectOpener,
    /// What was solved fails again.
    Relapse,
    /// Makes a success of the trouble behind it: "no longer", "stopped".
    Ended,
    /// Behind a success, limits it to another time or place: "until", "except".
    Limit,
    /// Speaks of what was said before: "that", "this advice".
    Pointing,
    /// Right behind such a word, says that what was said is bad advice: "is deprecated", "wipes".
    Fault,
    /// Names what the trouble came from: "the reason was", "it turned out".
    Cause,
    /// A word in the past tense: who found the cause tells how it was.
    Past,
    /// Denies the word beside it: "not yml".
    Denial,
    /// Blames its author: "my typo".
    Slip,
}

impl CueClass {
    /// Every class with its key in `signals.toml`.
    const ALL: [(Self, &'static str); 43] = [
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
        (Self::SmallTalk, "small_talk"),
        (Self::Condition, "conditions"),
        (Self::Contrast, "contrasts"),
        (Self::Unrelated, "unrelated"),
        (Self::Objection, "objections"),
        (Self::Retraction, "retractions"),
        (Self::CorrectionOpener, "correction_openers"),
        (Self::Postponement, "postponements"),
        (Self::Insult, "insults"),
        (Self::FirstAnswer, "first_answer"),
        (Self::SecondAnswer, "second_answer"),
        (Self::ThirdAnswer, "third_answer"),
        (Self::Acknowledging, "acknowledging"),
        (Self::Finding, "findings"),
        (Self::ObjectionOpener, "objection_openers"),
        (Self::RedirectOpener, "redirection_openers"),
        (Self::Relapse, "relapses"),
        (Self::Ended, "ended"),
        (Self::Limit, "limits"),
        (Self::Pointing, "pointing"),
        (Self::Fault, "faults"),
        (Self::Cause, "causes"),
        (Self::Past, "past"),
        (Self::Denial, "denials"),
        (Self::Slip, "slips"),
    ];

    /// Whether its phrases count at the start of a sentence only.
    fn opens_sentences(self) -> bool {
        matches!(
            self,
            Self::Opener
                | Self::Command
                | Self::Affirming
                | Self::ObjectionOpener
                | Self::CorrectionOpener
                | Self::RedirectOpener
        )
    }
}

/// A set of classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CueSet(u64);

impl CueSet {
    pub(super) fn has(self, cue: CueClass) -> bool {
        self.0 & (1 << cue as u32) != 0
    }

    /// Adds a class that another set has.
    pub(super) fn add_if(&mut self, cue: CueClass, other: Self) {
        self.0 |= other.0 & (1 << cue as u32);
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
    /// The alphabets of the phrases.
    alphabets: HashSet<u32>,
}

/// Of so many words at least, one may be about something else where a message speaks of asking and helping.
/// Chosen on the labelled sets: with the words of the lists it takes two right answers of 350 conversations for such
/// talk, and some forty messages that answer nothing.
const PROCESS_SHARE: usize = 4;

/// Words that count by themselves, as hashes.
#[derive(Debug, Clone, Default)]
pub(super) struct WordSets {
    /// Words that only lead in, at the start of a message.
    pub(super) lead_ins: HashSet<u32>,
    /// Words without matter.
    pub(super) stopwords: HashSet<u32>,
    /// Words about asking and helping: they say nothing of a subject.
    pub(super) process: HashSet<u32>,
}

impl WordSets {
    /// Whether there are words, and nearly all of them are about asking and helping.
    pub(super) fn are_only_about_helping<'w>(&self, words: impl Iterator<Item = &'w u32>) -> bool {
        let (all, others) = words.fold((0, 0), |(all, others), word| {
            (all + 1, others + usize::from(!self.process.contains(word)))
        });
        all > 0 && others * PROCESS_SHARE <= all
    }
}

/// A block of 256 characters: near enough to an alphabet.
fn alphabet(c: char) -> u32 {
    u32::from(c) >> 8
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
    /// Compiles the phrases of all languages, and the words that count by themselves.
    /// Tables `[[language]]` of the file replace the built-in languages.
    pub(super) fn read(file: &mut TomlReader, languages: &Languages) -> (Self, WordSets) {
        let mut patterns = Vec::new();
        let mut classes = Vec::new();
        let mut sets = WordSets::default();
        let own = file.sections("language", Language::parse_signals);
        let used = if own.is_empty() {
            languages.all().iter().collect::<Vec<_>>()
        } else {
            own.iter().chain(languages.added()).collect()
        };
        for language in used {
            let words = |key| language.signals(key).into_iter().flat_map(|list| &list.words);
            sets.lead_ins.extend(words("lead_ins").map(|word| hash(&normalize::words_of(word))));
            let stems = |key| {
                let plain = words(key).map(|word| normalize::words_of(word));
                plain.flat_map(|word| [hash(&word), hash(stem(&word))]).collect::<Vec<_>>()
            };
            sets.stopwords.extend(stems("stopwords"));
            sets.process.extend(stems("process_words"));
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
        let letters = patterns.iter().flat_map(|pattern: &String| pattern.chars());
        let alphabets = letters.filter(|c| c.is_alphabetic()).map(alphabet).collect();
        // A DFA of thousands of phrases takes 16 MB, five times as long to build, and is no faster: it
        // does not stay in the cache.
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns);
        let phrases = match automaton {
            Ok(automaton) => Self { automaton, classes, alphabets },
            Err(error) => {
                file.wrong("language", format!("the phrases do not compile: {error}"));
                Self { automaton: nothing(), classes: Vec::new(), alphabets }
            }
        };
        (phrases, sets)
    }

    /// The classes that a plain text holds. A phrase inside a longer one does not count ("problem"
    /// in "no problem"), and neither does a success that is denied, asked for, awaited, or of
    /// something else.
    pub(super) fn find(&self, plain: &str) -> CueSet {
        let mut cues = CueSet::default();
        let mut sentence = Sentence::default();
        for hit in self.widest_matches(plain) {
            if hit.start >= sentence.end {
                sentence.close(&mut cues);
                sentence = Sentence::around(plain, hit.start);
            }
            match hit.cue {
                CueClass::Worked | CueClass::Thanks if sentence.denies(plain, hit) => continue,
                CueClass::Trouble | CueClass::Failed if sentence.ends(plain, hit) => {
                    sentence.worked |= !sentence.awaits && !sentence.asks;
                }
                CueClass::Worked => {
                    sentence.worked = true;
                    sentence.success = hit.end;
                }
                CueClass::Failed | CueClass::Relapse => sentence.failed = true,
                CueClass::Ended => sentence.ended = Some(hit.end),
                CueClass::Limit => sentence.partial |= sentence.worked,
                CueClass::Negation => sentence.negated(hit.end),
                CueClass::Pointing => sentence.pointing = Some(hit.end),
                CueClass::Fault if sentence.blames(plain, hit) => cues.add(CueClass::Objection),
                CueClass::Condition => {
                    sentence.awaits = true;
                    // The condition may be an ending of the word for success itself.
                    let is_ending = hit.start < sentence.success && sentence.success < hit.end;
                    sentence.worked &= !is_ending;
                }
                CueClass::Contrast => {
                    sentence.contrasts |= sentence.worked;
                    if cues.has(CueClass::Thanks) {
                        cues.add(CueClass::Hollow);
                    }
                }
                CueClass::Unrelated => sentence.unrelated = true,
                _ => {}
            }
            if !matches!(hit.cue, CueClass::Worked | CueClass::Failed) {
                cues.add(hit.cue);
            }
        }
        sentence.close(&mut cues);
        cues
    }

    /// The words of a plain text that are part of no phrase of these classes.
    pub(super) fn words_beside(&self, plain: &str, classes: &[CueClass]) -> String {
        let found = self.automaton.find_overlapping_iter(plain);
        let covered = found
            .filter(|hit| classes.contains(&self.classes[hit.pattern().as_usize()]))
            .map(|hit| hit.start()..hit.end())
            .collect::<Vec<_>>();
        let (mut beside, mut start) = (Vec::new(), 0);
        for word in plain.split(' ') {
            let end = start + word.len();
            if !covered.iter().any(|phrase| phrase.start < end && start < phrase.end) {
                beside.push(word);
            }
            start = end + 1;
        }
        beside.join(" ")
    }

    /// The words that a phrase of denial stands right beside: behind it, and in Korean before it.
    pub(super) fn denied_words<'p>(&self, plain: &'p str) -> Vec<&'p str> {
        let found = self.automaton.find_overlapping_iter(plain);
        let denials =
            found.filter(|hit| self.classes[hit.pattern().as_usize()] == CueClass::Denial);
        let word = denials.filter_map(|hit| {
            let phrase = &plain[hit.start()..hit.end()];
            if Script::of(phrase.trim()) == Script::Hangul {
                plain[..hit.start()].split_whitespace().next_back()
            } else {
                plain[hit.end()..].split_whitespace().next()
            }
        });
        word.collect()
    }

    /// Whether most letters of a plain text are of an alphabet that some phrase is written in: what
    /// is written in another says nothing to the rules, neither for nor against.
    pub(super) fn can_read(&self, plain: &str) -> bool {
        let letters = plain.chars().filter(|c| c.is_alphabetic());
        let (all, known) = letters.fold((0, 0), |(all, known), c| {
            (all + 1, known + usize::from(self.alphabets.contains(&alphabet(c))))
        });
        known * 2 >= all
    }

    /// The matches that are not inside a longer one, by their start.
    fn widest_matches(&self, plain: &str) -> impl Iterator<Item = PhraseMatch> {
        let found = self.automaton.find_overlapping_iter(plain).map(|hit| PhraseMatch {
            start: hit.start(),
            end: hit.end(),
            cue: self.classes[hit.pattern().as_usize()],
        });
        let mut found = found.collect::<Vec<_>>();
        found.sort_by_key(|hit| (hit.start, usize::MAX - hit.end));
        let mut widest: Option<PhraseMatch> = None;
        found.retain(|hit| {
            let inside = widest.is_some_and(|wide| {
                hit.end <= wide.end && hit.end - hit.start < wide.end - wide.start
            });
            // What an asker found alone worked, too, and may go on to say what it was; words that open a
            // correction say something else elsewhere.
            let beside = [
                CueClass::Own,
                CueClass::Finding,
                CueClass::CorrectionOpener,
                CueClass::Cause,
                CueClass::Past,
                CueClass::Denial,
            ];
            if !inside && !beside.contains(&hit.cue) {
                widest = Some(*hit);
            }
            // "great if it worked" awaits a success, whatever "great if" is, and what does not work is in
            // trouble as well.
            let both = hit.cue == CueClass::Failed
                && widest.is_some_and(|wide| wide.cue == CueClass::Trouble);
            !inside || both || hit.cue == CueClass::Condition
        });
        found.into_iter()
    }
}

/// What has been read of one sentence.
#[derive(Debug, Default)]
struct Sentence {
    end: usize,
    asks: bool,
    awaits: bool,
    unrelated: bool,
    /// Where the last negation ends.
    negation: Option<usize>,
    /// Where the last word ends that ends what follows.
    ended: Option<usize>,
    /// Where the last word ends that speaks of what was said before.
    pointing: Option<usize>,
    worked: bool,
    /// Where the last success ends.
    success: usize,
    failed: bool,
    contrasts: bool,
    /// Whether a success is denied for another case: "works here but not there".
    partial: bool,
}

impl Sentence {
    /// The sentence that a match starts in. A match may begin with the `.` that ends the one before.
    fn around(plain: &str, start: usize) -> Self {
        let from = start + plain[start..].find(|c| c != ' ' && c != '.').unwrap_or(0);
        let rest = &plain[from..];
        let end = from + rest.find(" . ").map_or(rest.len(), |at| at + 1);
        Self { end, asks: plain[from..end].trim_end().ends_with('?'), ..Self::default() }
    }

    fn negated(&mut self, end: usize) {
        self.negation = Some(end);
        self.partial |= self.contrasts;
    }

    fn ends(&self, plain: &str, hit: PhraseMatch) -> bool {
        self.ended.is_some_and(|end| is_near(plain, end, hit))
    }

    /// Whether a fault is said of what was said before, and not asked.
    fn blames(&self, plain: &str, hit: PhraseMatch) -> bool {
        !self.asks && self.pointing.is_some_and(|end| is_near(plain, end, hit))
    }

    fn denies(&self, plain: &str, hit: PhraseMatch) -> bool {
        let negated = self.negation.is_some_and(|end| is_near(plain, end, hit));
        negated || (hit.cue == CueClass::Worked && (self.awaits || self.asks))
    }

    fn close(&self, cues: &mut CueSet) {
        // A further question behind thanks may tell of trouble without taking the thanks back.
        let asks_on = self.asks && (cues.has(CueClass::Thanks) || cues.has(CueClass::Worked));
        if self.partial || self.failed && !asks_on {
            cues.add(CueClass::Failed);
        }
        // Who thanks for help with something else says nothing about this question.
        if self.worked && self.unrelated {
            cues.add(CueClass::Hollow);
        } else if self.worked && !self.partial {
            cues.add(CueClass::Worked);
        }
    }
}

/// Whether fewer than [`NEGATION_REACH`] words part a match from the `end` of one before it.
fn is_near(plain: &str, end: usize, hit: PhraseMatch) -> bool {
    let between = plain.get(end..hit.start);
    between.is_none_or(|between| between.split_whitespace().count() < NEGATION_REACH)
}

fn nothing() -> AhoCorasick {
    AhoCorasick::new::<_, &str>([]).expect("no patterns always compile")
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
            ("작동하지 않습니다", CueClass::Failed, true),
            ("실행되지 않습니다", CueClass::Failed, true),
            ("this wipes the whole index", CueClass::Objection, true),
            ("that command has been deprecated for years", CueClass::Objection, true),
            ("is that deprecated?", CueClass::Objection, false),
            ("delete that folder, a backup is not deprecated", CueClass::Objection, false),
        ] {
            let cues = rules.phrases.find(&normalize::read(text, 0).text);
            assert_eq!(cues.has(cue), expected, "{text} {cue:?}");
        }
    }
}
