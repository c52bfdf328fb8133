//! Regular expressions of rules files, which are checked when they are read and compiled when a text first
//! needs them: compiling the bundled ones takes longer than most commands.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::toml_reader::TomlReader;
use crate::language::WordList;

/// The largest pattern: so many states of an automaton take about 30 MB.
const MAX_STATES: usize = 1_000_000;
/// A range of characters is at most so many sequences of byte ranges.
const STATES_OF_RANGE: usize = 8;

/// A widened pattern counts repetitions up to so many.
const MOST_COUNTED: u32 = 16;

/// A pattern that compiles.
#[derive(Debug)]
pub(crate) struct LazyPattern {
    text: String,
    /// Whether it may match without a character.
    pub(crate) is_empty: bool,
    compiled: OnceLock<Regex>,
    widened: OnceLock<Regex>,
}

impl LazyPattern {
    /// Says what is wrong with a pattern, or keeps it.
    pub(crate) fn new(text: String) -> Result<Self, String> {
        let hir = check(&text)?;
        let is_empty = hir.properties().minimum_len() == Some(0);
        Ok(Self { text, is_empty, compiled: OnceLock::new(), widened: OnceLock::new() })
    }

    /// A value of `key`; a pattern that is none is a mistake and `None`.
    pub(crate) fn read(table: &mut TomlReader, key: &str, text: String) -> Option<Self> {
        Self::new(text).map_err(|problem| table.wrong(key, problem)).ok()
    }

    /// Reads the key `pattern`, which `complete` fills in; a missing one is a mistake and `None`.
    pub(crate) fn read_required(
        table: &mut TomlReader,
        complete: impl Fn(&str) -> String,
    ) -> Option<Self> {
        let text = table.text("pattern", "");
        if text.is_empty() {
            table.wrong("pattern", "missing; expected a regular expression");
            return None;
        }
        Self::read(table, "pattern", complete(&text))
    }

    pub(crate) fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| compiled(&self.text))
    }

    /// A fast first look: false only where the pattern finds nothing.
    pub(crate) fn may_match(&self, text: &str) -> bool {
        let widened = self.widened.get_or_init(|| {
            let hir = regex_syntax::parse(&self.text).expect("syntax was checked");
            compiled(&widened(&hir).to_string())
        });
        widened.is_match(text)
    }
}

fn compiled(checked: &str) -> Regex {
    let regex = RegexBuilder::new(checked).size_limit(usize::MAX).build();
    regex.expect("syntax and size were checked")
}

/// Patterns that compile and are looked for together.
#[derive(Debug)]
pub(crate) struct LazyPatternSet {
    patterns: Vec<String>,
    compiled: OnceLock<RegexSet>,
}

impl LazyPatternSet {
    /// The patterns of `lists`, in any case. One that is none is a mistake of its list, and left out.
    pub(crate) fn read(table: &mut TomlReader, lists: Vec<WordList>) -> Self {
        let mut patterns = Vec::new();
        for list in lists {
            for pattern in &list.words {
                match check(pattern) {
                    Ok(_) => patterns.push(pattern.clone()),
                    Err(problem) => table.report(list.error(problem)),
                }
            }
        }
        Self { patterns, compiled: OnceLock::new() }
    }

    pub(crate) fn regex_set(&self) -> &RegexSet {
        self.compiled.get_or_init(|| {
            let set = RegexSetBuilder::new(&self.patterns)
                .case_insensitive(true)
                .size_limit(usize::MAX)
                .build();
            set.expect("syntax and size of each were checked")
        })
    }
}

/// A pattern that finds what this one finds, and more, with a small automaton: without assertions, of which
/// Unicode's word boundaries need a slow search in text that is not ASCII, and without long counts.
fn widened(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
        HirKind::Capture(capture) => widened(&capture.sub),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            min: repetition.min.min(MOST_COUNTED),
            max: repetition.max.filter(|max| *max <= MOST_COUNTED),
            greedy: repetition.greedy,
            sub: Box::new(widened(&repetition.sub)),
        }),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(widened).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(widened).collect()),
    }
}

/// In any case, which only makes a pattern larger.
fn check(text: &str) -> Result<Hir, String> {
    let hir = ParserBuilder::new().case_insensitive(true).build().parse(text).map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default().trim();
        format!("not a regular expression: {}", last.strip_prefix("error: ").unwrap_or(last))
    })?;
    if states(&hir) > MAX_STATES {
        return Err("too large a regular expression: repeat less, or a smaller class".to_owned());
    }
    Ok(hir)
}

/// No automaton of the pattern has more states.
fn states(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len() + 1,
        HirKind::Class(Class::Unicode(class)) => STATES_OF_RANGE * class.ranges().len() + 1,
        HirKind::Capture(capture) => states(&capture.sub) + 2,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min + 1).max(1) as usize;
            states(&repetition.sub).saturating_add(1).saturating_mul(times)
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(states).fold(1, usize::saturating_add)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_compile_is_refused_when_it_is_read() {
        let problem = |text: &str| LazyPattern::new(text.to_owned()).err();
        assert_eq!(problem(r"(?i)\bpass(?:word)? is \S{8,64}"), None);
        assert_eq!(problem("(").unwrap(), "not a regular expression: unclosed group");
        for large in [r"\w{1000}", r"(?:[^\n]{100}){700}", "(?:(?:a{100}){100}){101}"] {
            assert!(
                problem(large).is_some_and(|problem| problem.starts_with("too large")),
                "{large}"
            );
        }
    }

    #[test]
    fn a_first_look_misses_nothing_that_the_pattern_finds() {
        let may_match = |pattern: &str, text: &str| {
            let pattern = LazyPattern::new(pattern.to_owned()).unwrap();
            assert!(pattern.may_match(text) || !pattern.regex().is_match(text));
            pattern.may_match(text)
        };
        let hash = r"\b[0-9a-f]{40}\b";
        assert!(may_match(hash, &"0a".repeat(20)));
        assert!(may_match(hash, &"01".repeat(8)), "shorter than the pattern asks");
        assert!(!may_match(hash, "0123456789abcde, 0123456789abcde"));
        assert!(may_match(r"(?i)\bpaß\b", "ein PAß"));
        assert!(may_match(r"(?i)\bpaß\b", "spaßig"), "within a word");
        assert!(may_match("^a|b$", "xbx"));
        assert!(may_match("(?:ab){2,3}c", "ababc"));
        assert!(!may_match("(?:ab){2,3}c", "abc"));
    }
}
