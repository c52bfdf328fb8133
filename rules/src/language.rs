//! The words of each language: everything in the rules that differs from language to language.
//!
//! To build in another language, write `languages/<code>.toml` and register it in [`BUILT_IN`].

pub mod page_words;
pub(crate) mod phrase;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::config::toml_reader::{ConfigError, TomlReader};

/// The files of the built-in languages.
pub const BUILT_IN: [(&str, &str); 9] = [
    ("languages/en.toml", include_str!("../languages/en.toml")),
    ("languages/ko.toml", include_str!("../languages/ko.toml")),
    ("languages/ja.toml", include_str!("../languages/ja.toml")),
    ("languages/zh.toml", include_str!("../languages/zh.toml")),
    ("languages/de.toml", include_str!("../languages/de.toml")),
    ("languages/es.toml", include_str!("../languages/es.toml")),
    ("languages/fr.toml", include_str!("../languages/fr.toml")),
    ("languages/pt.toml", include_str!("../languages/pt.toml")),
    ("languages/ru.toml", include_str!("../languages/ru.toml")),
];

/// The folder of the language files, in the program and in a rules directory.
pub const FOLDER: &str = "languages";

/// Every section of a language file with its lists.
const LISTS: [(&str, &[&str]); 10] = [
    ("report", &["blocking"]),
    ("page_questions", &["time_bound", "places", "persons", "lasting", "general", "comparisons"]),
    (SIGNALS, &SIGNAL_LISTS),
    (
        "conversations",
        &[
            "questions",
            "thanks",
            "greetings",
            "agreement",
            "continuations",
            "particles",
            "common",
            "seekers",
            "partners",
        ],
    ),
    ("same", &["stop", "filler", "labels"]),
    (
        "truth",
        &[
            "ended",
            "against",
            "spared",
            "behind",
            "ahead",
            "conditions",
            "complaints",
            "adding",
            "holding",
            "contrasts",
            "general",
            "denials",
            "yes",
            "no",
        ],
    ),
    (
        "safety",
        &[
            "seed_cues",
            "seed_talk",
            "password_words",
            "key_words",
            "private_key_words",
            "private_contact",
            "secret_requests",
            "wallet_requests",
            "lowered_guard",
            "insults",
            "payment",
            "empty_words",
            "attachment_words",
            "elsewhere",
        ],
    ),
    ("names", &["before", "after", "addressed"]),
    (
        "title",
        &[
            "openers",
            "lead_ins",
            "addressees",
            "trailers",
            "set_off",
            "empty",
            "endings",
            "leaning",
            "question_words",
            "wanting",
        ],
    ),
    (
        "answer_style",
        &[
            "how",
            "how_openers",
            "how_inside",
            "grammar",
            "pointers",
            "sources",
            "behind_commands",
            "leads",
            "acts",
            "actions",
            "obligations",
            "joins",
            "turns",
            "requests",
            "doubts",
            "passing",
            "hearsay",
            "personal",
            "continues",
            "why",
            "causes",
        ],
    ),
];

/// The fixed words of pages, read by [`page_words`].
const PAGE: &str = "page";
const SIGNALS: &str = "signals";
const SIGNAL_LISTS: [&str; 46] = [
    "lead_ins",
    "stopwords",
    "process_words",
    "question_openers",
    "seeking",
    "trouble",
    "probing",
    "thanks",
    "hollow",
    "worked",
    "failed",
    "negations",
    "trying",
    "advice",
    "commands",
    "affirming",
    "own_answers",
    "redirections",
    "ignorance",
    "courtesies",
    "announcing",
    "small_talk",
    "conditions",
    "contrasts",
    "unrelated",
    "objections",
    "retractions",
    "correction_openers",
    "postponements",
    "insults",
    "first_answer",
    "second_answer",
    "third_answer",
    "acknowledging",
    "findings",
    "objection_openers",
    "redirection_openers",
    "relapses",
    "ended",
    "limits",
    "pointing",
    "faults",
    "causes",
    "past",
    "denials",
    "slips",
];

/// Sections that are read where no ruleset is at hand: only the built-in languages have them.
const BUILT_IN_ONLY: [&str; 2] = ["title", "answer_style"];

/// A list of words with the place that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WordList {
    pub(crate) words: Vec<String>,
    file: String,
    key: String,
}

impl WordList {
    /// The error that something is wrong in this list.
    pub(crate) fn error(&self, problem: impl Into<String>) -> ConfigError {
        ConfigError { file: self.file.clone(), key: self.key.clone(), problem: problem.into() }
    }
}

/// The word lists of one language.
#[derive(Debug, Clone)]
pub(crate) struct Language {
    is_built_in: bool,
    lists: BTreeMap<(&'static str, &'static str), WordList>,
}

impl Language {
    fn parse(file: &str, text: &str, is_built_in: bool) -> (Self, Vec<ConfigError>) {
        let mut reader = TomlReader::parse(file, text);
        reader.text("name", "");
        let mut lists = BTreeMap::new();
        for (section, keys) in LISTS {
            let read = reader.section(section, |table| read_lists(table, section, keys));
            if !is_built_in && BUILT_IN_ONLY.contains(&section) && !read.is_empty() {
                reader.wrong(
                    section,
                    "cannot be set here: titles and the ranking of answers use the built-in \
                     languages only; remove this section",
                );
            }
            lists.extend(read);
        }
        let page = reader.section(PAGE, TomlReader::entries);
        if !is_built_in && !page.is_empty() {
            reader.wrong(
                PAGE,
                "cannot be set here: pages use the built-in languages only; remove this section",
            );
        }
        (Self { is_built_in, lists }, reader.finish())
    }

    /// A table `[[language]]` of `signals.toml`: the lists of the section `signals`.
    pub(crate) fn parse_signals(table: &mut TomlReader) -> Self {
        table.text("name", "");
        let lists = read_lists(table, SIGNALS, &SIGNAL_LISTS);
        Self { is_built_in: false, lists: lists.into_iter().collect() }
    }

    /// One list of the section `signals`.
    pub(crate) fn signals(&self, key: &'static str) -> Option<&WordList> {
        self.lists.get(&(SIGNALS, key))
    }

    fn words(&self, section: &'static str, key: &'static str) -> impl Iterator<Item = &str> {
        let list = self.lists.get(&(section, key));
        list.into_iter().flat_map(|list| &list.words).map(String::as_str)
    }
}

type KeyedList = ((&'static str, &'static str), WordList);

fn read_lists(
    table: &mut TomlReader,
    section: &'static str,
    keys: &[&'static str],
) -> Vec<KeyedList> {
    let lists = keys.iter().filter_map(|key| Some(((section, *key), read_list(table, key)?)));
    lists.collect()
}

fn read_list(table: &mut TomlReader, key: &'static str) -> Option<WordList> {
    let (file, path) = table.position(key);
    let words = table.optional_texts(key)?;
    Some(WordList { words, file, key: path })
}

/// Every language of a ruleset, the built-in ones first.
#[derive(Debug, Clone)]
pub(crate) struct Languages(Vec<Language>);

impl Languages {
    /// The languages that the program carries.
    pub(crate) fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Languages> =
            LazyLock::new(|| Languages::from_files(&BTreeMap::new()).0);
        &BUILT_IN
    }

    /// The built-in languages, with `files` (name, text) in place of those of their name or beside
    /// them. Names are as in [`BUILT_IN`].
    pub(crate) fn from_files(files: &BTreeMap<String, String>) -> (Self, Vec<ConfigError>) {
        let (mut languages, mut errors) = (Vec::new(), Vec::new());
        for (name, text, is_built_in) in sources(files) {
            let (language, wrong) = Language::parse(name, text, is_built_in);
            languages.push(language);
            errors.extend(wrong);
        }
        (Self(languages), errors)
    }

    pub(crate) fn all(&self) -> &[Language] {
        &self.0
    }

    /// Languages of the operator's rules directory.
    pub(crate) fn added(&self) -> impl Iterator<Item = &Language> {
        self.0.iter().filter(|language| !language.is_built_in)
    }

    /// The words of a list of every language.
    pub(crate) fn words(
        &self,
        section: &'static str,
        key: &'static str,
    ) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(move |language| language.words(section, key))
    }

    /// The list of every language. Where `table` of a rules file has a list at `own_key`, that one
    /// replaces those of the built-in languages.
    pub(crate) fn lists(
        &self,
        table: &mut TomlReader,
        own_key: &'static str,
        (section, key): (&'static str, &'static str),
    ) -> Vec<WordList> {
        let own = read_list(table, own_key);
        let replaced = own.is_some();
        let languages = self.0.iter().filter(|language| !replaced || !language.is_built_in);
        let lists = languages.filter_map(|language| language.lists.get(&(section, key))).cloned();
        own.into_iter().chain(lists).collect()
    }

    /// The words of [`Self::lists`].
    pub(crate) fn words_in<C: FromIterator<String>>(
        &self,
        table: &mut TomlReader,
        own_key: &'static str,
        list: (&'static str, &'static str),
    ) -> C {
        self.lists(table, own_key, list).into_iter().flat_map(|list| list.words).collect()
    }
}

/// The name and text of every language file, and whether the program carries it.
pub(crate) fn sources(
    files: &BTreeMap<String, String>,
) -> impl Iterator<Item = (&str, &str, bool)> {
    let built_in = BUILT_IN.into_iter().map(|(name, text)| match files.get(name) {
        Some(replaced) => (name, replaced.as_str(), false),
        None => (name, text, true),
    });
    let added = files.iter().filter(|(name, _)| {
        let is_language = name.strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with('/'));
        is_language && BUILT_IN.iter().all(|(known, _)| known != name)
    });
    built_in.chain(added.map(|(name, text)| (name.as_str(), text.as_str(), false)))
}

/// The writing system of a text, as far as the rules distinguish them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Words carry their grammar as endings, and one word says what takes two or three in English.
    Hangul,
    Other,
}

impl Script {
    /// Hangul where the text has one Hangul syllable.
    pub fn of(text: &str) -> Self {
        if text.chars().any(is_hangul) { Self::Hangul } else { Self::Other }
    }
}

/// Whether a character is a Hangul syllable.
pub fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_languages_have_no_errors() {
        let (languages, errors) = Languages::from_files(&BTreeMap::new());
        assert_eq!(errors, []);
        assert_eq!(
            languages.words("truth", "contrasts").collect::<Vec<_>>(),
            ["but", "하지만", "그러나"]
        );
        assert_eq!(languages.added().count(), 0);
    }

    #[test]
    fn a_file_replaces_or_adds_a_language() {
        let files = [
            ("languages/ko.toml", "[truth]\ncontrasts = ['허나']"),
            ("languages/xx.toml", "[truth]\ncontrasts = ['mai']"),
        ];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let (languages, errors) = Languages::from_files(&files);
        assert_eq!(errors, []);
        assert_eq!(
            languages.words("truth", "contrasts").collect::<Vec<_>>(),
            ["but", "허나", "mai"]
        );
    }

    #[test]
    fn a_list_of_a_rules_file_replaces_the_built_in_lists() {
        let files = [("languages/xx.toml".to_owned(), "[same]\nstop = ['mai']".to_owned())].into();
        let (languages, _) = Languages::from_files(&files);
        let mut table = TomlReader::parse("same.toml", "stop = ['the']");
        let words: Vec<_> = languages.words_in(&mut table, "stop", ("same", "stop"));
        assert_eq!(words, ["the", "mai"]);
    }

    #[test]
    fn what_a_language_file_cannot_hold_is_named() {
        let text = "[title]\nopeners = ['wo']\n[signals]\nthank = []";
        let files = [("languages/xx.toml".to_owned(), text.to_owned())].into();
        let (_, errors) = Languages::from_files(&files);
        let keys = errors.iter().map(|error| error.key.as_str()).collect::<Vec<_>>();
        assert_eq!(keys, ["signals.thank", "title"]);
    }
}
