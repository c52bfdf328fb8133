//! What is particular about an answer: what a reader would type, and its words.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use rules::due::DocsRules;
use rules::occurrence_ranking::overlap;

use crate::page::format::{is_fixed_heading, is_fixed_line};
use crate::page::outline::plain;

/// The answers of one generated page.
pub(super) struct AnswerTerms {
    /// Code, settings and commands as they are typed, in lower case.
    typed: BTreeSet<String>,
    prose: String,
}

impl AnswerTerms {
    /// Reads a generated page up to its other wordings and its evidence.
    pub(super) fn of(page: &str) -> Self {
        let answer = answer(page);
        let mut typed = BTreeSet::new();
        let mut block = false;
        for event in Parser::new(&answer) {
            match event {
                Event::Start(Tag::CodeBlock(_)) => block = true,
                Event::End(TagEnd::CodeBlock) => block = false,
                Event::Code(text) => typed.extend(terms(&text)),
                Event::Text(text) if block => typed.extend(text.lines().flat_map(terms)),
                Event::Text(text) => typed.extend(names(&text)),
                _ => {}
            }
        }
        Self { typed, prose: plain(&answer) }
    }

    /// Whether a section, as [`squeezed`] writes it, holds enough of them and of the answer's words.
    pub(super) fn are_in(&self, text: &str, rules: &DocsRules) -> bool {
        // A few words are in every longer text.
        let enough = text.len() * 2 >= self.prose.len();
        let held = self.typed.iter().filter(|term| text.contains(term.as_str())).count();
        let named = held as f32 >= rules.terms * self.typed.len() as f32;
        // Several names that belong together leave less to the words around them.
        let share = if held > 1 { rules.words / 2.0 } else { rules.words };
        enough && named && overlap(&self.prose, text) >= share
    }
}

/// Whether a text, as [`squeezed`] writes it, has this line, ignoring space and case.
pub(super) fn has_line(text: &str, line: &str) -> bool {
    text.contains(squeezed(line).trim_end_matches('?'))
}

/// The main answer with what you may see, without its source.
fn answer(page: &str) -> String {
    let body = page.split_once("</a>\n").map_or(page, |(_, body)| body);
    let closes = |line: &&str| {
        line.starts_with('#') && is_fixed_heading(line.trim_start_matches('#').trim())
    };
    let lines = body.lines().take_while(|line| !closes(line));
    lines.filter(|line| !is_fixed_line(line)).collect::<Vec<_>>().join("\n")
}

/// The terms of a line of code: the names in it or, where it has none, the line.
fn terms(code: &str) -> Vec<String> {
    let named = words(code).filter(|word| is_name(word) || is_mixed(word));
    let named = named.map(str::to_lowercase).collect::<Vec<_>>();
    let line = squeezed(code.trim().trim_start_matches("$ "));
    if named.is_empty() && line.chars().count() > 1 { vec![line] } else { named }
}

/// The settings, flags and files that are named in running text.
fn names(prose: &str) -> impl Iterator<Item = String> {
    words(prose).filter(|word| is_name(word)).map(str::to_lowercase)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let split = |c: char| c.is_whitespace() || "=\"'`(),;<>[]{}".contains(c);
    let words = text.split(split).map(|word| word.trim_end_matches(['.', ':', '!', '?']));
    words.filter(|word| !word.contains("://") && !is_version(word))
}

fn is_name(word: &str) -> bool {
    let inner = |c: char| word.trim_matches(c).contains(c);
    let flag = word.starts_with("--") && word.len() > 3;
    flag || inner('_') || inner('.') || inner('/')
}

/// In running text this is oftener a brand or a unit.
fn is_mixed(word: &str) -> bool {
    let mut pairs = word.chars().zip(word.chars().skip(1));
    let camel = pairs.any(|(a, b)| a.is_lowercase() && b.is_uppercase());
    camel || word.contains(|c: char| c.is_ascii_digit()) && word.contains(char::is_alphabetic)
}

fn is_version(word: &str) -> bool {
    let digits = word.strip_prefix('v').unwrap_or(word);
    digits.starts_with(|c: char| c.is_ascii_digit()) && digits.contains('.')
}

/// A text in lower case with single spaces.
pub(super) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
