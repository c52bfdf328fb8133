//! The fixed words of pages and pull requests, in the language of the question.

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::BUILT_IN;

/// The words around an answer on its page, in one language: the section `page` of a language file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageWords {
    /// A regular expression for one letter of the language; `None` for the default language.
    letter: Option<String>,
    /// Above an error message that askers see.
    pub symptom: String,
    /// Heading of the answers after the first one.
    pub other_answers: String,
    /// Heading of other wordings of the question.
    pub also_asked: String,
    /// What begins the line of sources.
    pub source: String,
    /// Names the link to the question.
    pub question: String,
    /// Names the link to an answer.
    pub answer: String,
    /// How many people stand behind an answer: `{count}` people, a single one, a single trusted one.
    pub people: String,
    pub one_person: String,
    pub one_helper: String,
    /// What begins the line of versions.
    pub versions: String,
    /// The name of the section of a site that holds all answers.
    pub section: String,
    /// The first page of that section.
    pub section_intro: String,
    /// A title for a question that only shows an error: `{error}`.
    pub error_title: String,
    pub guide: GuideWords,
    pub pull_request: PullRequestWords,
}

/// The words of a guide and of its pull request, in one language.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuideWords {
    /// Behind an answer that maintainers have not merged.
    pub not_reviewed: String,
    /// What begins the line of an open question.
    pub open_question: String,
    /// Below a step without answers and open questions.
    pub nothing_yet: String,
    /// In place of a question whose words may not be quoted.
    pub withheld: String,
    /// `{count}` people who asked.
    pub asked_by: String,
    /// The first sentence of the pull request: `{path}`, `{guide}`.
    pub adds: String,
    /// The same of a page that is there: `{path}`, `{guide}`.
    pub updates: String,
    /// `{path}`: the file of its outline.
    pub outline: String,
    /// The heads of four columns: step, reviewed answers, other answers, open questions.
    pub columns: [String; 4],
    /// `{count}`.
    pub more_steps: String,
    /// What begins the line of what is missing.
    pub missing: String,
    /// `{step}`.
    pub empty_step: String,
    /// `{question}`.
    pub unanswered: String,
    /// `{count}`.
    pub more_missing: String,
    /// Where people edited the page that is there.
    pub edited: String,
    /// What merging and closing do.
    pub closing: String,
}

/// The sentences of a pull request for an answer, in one language. A name in braces is replaced with
/// the value that the field's comment names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullRequestWords {
    /// `{path}`, `{question}`.
    pub adds: String,
    /// `{path}`, `{question}`.
    pub extends: String,
    /// `{path}`.
    pub listed: String,
    /// The heads of four columns: date, question, answer, answerer.
    pub columns: [String; 4],
    pub trusted: String,
    pub confirmed: String,
    pub thanked: String,
    pub no_consent: String,
    pub withheld: String,
    /// `{count}`.
    pub more_rows: String,
    /// What begins the line of risks.
    pub check: String,
    pub nobody_confirmed: String,
    pub one_answerer: String,
    /// `{link}`.
    pub contradicted: String,
    /// `{hosts}`.
    pub links: String,
    /// `{versions}`.
    pub versions: String,
    /// `{date}`.
    pub old: String,
    pub redacted: String,
    /// `{command}`.
    pub help: String,
    pub details: String,
    pub page_is_cut: String,
    /// What the box does by which people ask for the current base.
    pub rebase: String,
    /// What merging and closing do.
    pub closing: String,
    /// `{version}`.
    pub generated: String,
    /// `{sections}`.
    pub nearest: String,
}

#[derive(Deserialize)]
struct LanguageFile {
    page: Option<PageWords>,
}

/// The built-in languages that have these words, English first.
static LANGUAGES: LazyLock<Vec<(&str, Option<Regex>, PageWords)>> = LazyLock::new(|| {
    let files = BUILT_IN.iter().filter_map(|(name, text)| {
        let file = toml::from_str::<LanguageFile>(text).map_err(|error| format!("{name}: {error}"));
        let words = file.expect("a test reads the built-in files").page?;
        let letter = words.letter.as_deref().map(|letter| {
            Regex::new(letter).expect("a test reads the patterns of the built-in files")
        });
        Some((*name, letter, words))
    });
    files.collect()
});

impl PageWords {
    /// The words of the language that most letters of a text belong to; English where there are none.
    pub fn for_text(text: &str) -> &'static Self {
        let letters = |letter: &Option<Regex>| {
            letter.as_ref().map_or(0, |letter| letter.find_iter(text).count())
        };
        let found = LANGUAGES.iter().rev().max_by_key(|(_, letter, _)| letters(letter));
        &found.expect("English is built in").2
    }

    /// The words of a language by its code, such as `ko` or `ko-KR`; English where it is not built in.
    pub fn for_language(code: &str) -> &'static Self {
        let main = code.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let file = format!("languages/{main}.toml");
        let found = LANGUAGES.iter().find(|(name, ..)| *name == file).or(LANGUAGES.first());
        &found.expect("English is built in").2
    }

    /// The words of every built-in language, English first.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        LANGUAGES.iter().map(|(.., words)| words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_of_a_question_choose_its_language() {
        for (question, source) in [
            ("How do I set the port?", "Source"),
            ("", "Source"),
            ("포트를 어떻게 바꾸나요?", "출처"),
            ("AgentRuntime 설정은 어디서 하나요?", "출처"),
        ] {
            assert_eq!(PageWords::for_text(question).source, source, "{question}");
        }
    }

    #[test]
    fn a_code_chooses_its_language() {
        for (code, section) in
            [("en", "Answers"), ("ko-KR", "답변"), ("KO", "답변"), ("xx", "Answers")]
        {
            assert_eq!(PageWords::for_language(code).section, section, "{code}");
        }
    }

    #[test]
    fn every_sentence_names_its_values() {
        for words in PageWords::all() {
            let PullRequestWords {
                adds,
                extends,
                listed,
                more_rows,
                links,
                versions,
                old,
                contradicted,
                help,
                generated,
                nearest,
                ..
            } = &words.pull_request;
            for (sentence, values) in [
                (adds, &["{path}", "{question}"][..]),
                (extends, &["{path}", "{question}"]),
                (listed, &["{path}"]),
                (more_rows, &["{count}"]),
                (links, &["{hosts}"]),
                (versions, &["{versions}"]),
                (old, &["{date}"]),
                (contradicted, &["{link}"]),
                (&words.people, &["{count}"]),
                (help, &["{command}"]),
                (generated, &["{version}"]),
                (nearest, &["{sections}"]),
                (&words.guide.asked_by, &["{count}"]),
                (&words.guide.adds, &["{path}", "{guide}"]),
                (&words.guide.updates, &["{path}", "{guide}"]),
                (&words.guide.outline, &["{path}"]),
                (&words.guide.more_steps, &["{count}"]),
                (&words.guide.empty_step, &["{step}"]),
                (&words.guide.unanswered, &["{question}"]),
                (&words.guide.more_missing, &["{count}"]),
            ] {
                assert!(values.iter().all(|value| sentence.contains(value)), "{sentence}");
            }
        }
    }
}
