//! Whether an answer can be understood on its own.

use crate::config::lazy_pattern::LazyPatternSet;
use crate::config::toml_reader::TomlReader;
use crate::language::{Languages, Script};
use crate::text::is_question_mark;

/// What an answer holds beside its words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnswerForm {
    /// A fence or a code span.
    pub has_code: bool,
    /// A file, which no page shows.
    pub has_attachment: bool,
}

#[derive(Debug)]
pub(super) struct SelfContainedRules {
    words: usize,
    empty_words: Vec<String>,
    attachment_words: Vec<String>,
    elsewhere: LazyPatternSet,
}

impl SelfContainedRules {
    pub(super) fn read(table: &mut TomlReader, languages: &Languages) -> Self {
        let words = table.integer("words", 4, 0, 100) as usize;
        let empty_words = languages.words_in(table, "empty_words", ("safety", "empty_words"));
        let attachment_words =
            languages.words_in(table, "attachment_words", ("safety", "attachment_words"));
        let elsewhere = languages.lists(table, "elsewhere", ("safety", "elsewhere"));
        let elsewhere = LazyPatternSet::read(table, elsewhere);
        Self { words, empty_words, attachment_words, elsewhere }
    }

    pub(super) fn missing_context(&self, text: &str, form: AnswerForm) -> Option<&'static str> {
        let AnswerForm { has_code, has_attachment } = form;
        let words = text
            .split_whitespace()
            .filter(|word| !word.contains("://"))
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
            .filter(|word| word.chars().any(char::is_alphabetic))
            .collect::<Vec<_>>();
        let links = text.contains("://");
        if words.is_empty() && !has_code {
            return Some(if links { "it is only a link" } else { "it has no words" });
        }
        if words.iter().all(|word| self.empty_words.contains(word)) && !has_code {
            return Some("it only says yes, no or thanks");
        }
        if has_attachment && !has_code && words.iter().any(|word| self.is_about_attachment(word)) {
            return Some("it needs the file that came with it");
        }
        if self.elsewhere.regex_set().is_match(text) {
            return Some("it refers to something that the reader does not see");
        }
        if text.trim_end().ends_with(is_question_mark)
            && !text.trim_end().trim_end_matches(is_question_mark).contains(['.', '?', '!', '\n'])
        {
            return Some("it asks back");
        }
        // A Korean word carries what takes two or three in English.
        let weight = |word: &String| match Script::of(word) {
            Script::Hangul => 2,
            Script::Other => 1,
        };
        (words.iter().map(weight).sum::<usize>() < self.words && !has_code)
            .then_some("it is too short")
    }

    /// Whether a word may point at a file. A Korean word may have an ending.
    fn is_about_attachment(&self, word: &String) -> bool {
        let begins =
            |known: &String| Script::of(known) == Script::Hangul && word.starts_with(known);
        self.attachment_words.iter().any(|known| known == word || begins(known))
    }
}
