//! Which questions never get a page: their answer is true for a short time only, or is no documentation.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use crate::config::lazy_pattern::LazyPatternSet;
use crate::config::toml_reader::TomlReader;
use crate::language::{Languages, is_hangul};
use crate::similarity::content_words;

/// Why a question gets no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsuitableQuestion {
    /// When, whether yet, which version now, what it costs.
    TimeBound,
    /// Where something is in the community, not in the product.
    Place,
    /// About people.
    Person,
    /// Without a word that says what it is about.
    NoSubject,
}

impl fmt::Display for UnsuitableQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimeBound => "its answer holds for a short time only",
            Self::Place => "it asks for a place in the community",
            Self::Person => "it asks about a person",
            Self::NoSubject => "it does not say what it is about",
        })
    }
}

/// What tells such questions: the section `page_questions` of the language files. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PageQuestionRules {
    kinds: Arc<[(UnsuitableQuestion, LazyPatternSet)]>,
    /// Questions that only look like one of these kinds.
    lasting: Arc<LazyPatternSet>,
    /// Words that do not say what a question is about.
    general: Arc<BTreeSet<String>>,
}

/// Lists of regular expressions with what they tell.
const KINDS: [(&str, UnsuitableQuestion); 3] = [
    ("time_bound", UnsuitableQuestion::TimeBound),
    ("places", UnsuitableQuestion::Place),
    ("persons", UnsuitableQuestion::Person),
];

/// Lists of words that say nothing about a subject.
const GENERAL: [(&str, &str); 7] = [
    ("page_questions", "general"),
    ("same", "stop"),
    ("same", "filler"),
    ("title", "openers"),
    ("title", "lead_ins"),
    ("title", "empty"),
    ("title", "question_words"),
];

impl PageQuestionRules {
    /// Reads the lists of every language; `table` may replace them.
    pub(crate) fn read(table: &mut TomlReader, languages: &Languages) -> Self {
        let kinds = KINDS.map(|(key, kind)| (kind, patterns(table, languages, key)));
        let lasting = Arc::new(patterns(table, languages, "lasting"));
        let general = GENERAL.iter().flat_map(|(section, key)| languages.words(section, key));
        let general = Arc::new(general.map(str::to_owned).collect());
        Self { kinds: kinds.into(), lasting, general }
    }

    /// Why a question gets no page; `None` if nothing speaks against one. `title` is plain text,
    /// `shows_error` whether askers show an error message or code.
    pub fn why_unsuitable(&self, title: &str, shows_error: bool) -> Option<UnsuitableQuestion> {
        let kind = self.kinds.iter().find(|(_, patterns)| patterns.regex_set().is_match(title));
        let kind = kind.filter(|_| !self.lasting.regex_set().is_match(title));
        if let Some((kind, _)) = kind {
            return Some(*kind);
        }
        let says_nothing = !shows_error && self.is_general(title);
        says_nothing.then_some(UnsuitableQuestion::NoSubject)
    }

    /// Whether no word of a title says what the question is about.
    pub fn is_general(&self, title: &str) -> bool {
        let words = title.split(|c: char| !(c.is_alphanumeric() || "'’_-./#+".contains(c)));
        let words = words.map(|word| word.replace(['\'', '’'], "").to_lowercase());
        words
            .filter(|word| word.chars().any(char::is_alphabetic))
            .all(|word| self.is_general_word(word.trim_matches(['.', '-'])))
    }

    /// Words in Hangul take endings: one of two syllables or more is general in all its forms.
    fn is_general_word(&self, word: &str) -> bool {
        let has_stem = |general: &String| {
            general.chars().count() > 1
                && general.chars().all(is_hangul)
                && word.starts_with(general)
        };
        self.general.contains(word)
            || word.starts_with(is_hangul) && self.general.iter().any(has_stem)
    }
}

/// Whether an answer speaks of both things that a title compares; true where it compares none.
pub fn speaks_of_both(title: &str, answer: &str) -> bool {
    static COMPARISONS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        let patterns = Languages::built_in().words("page_questions", "comparisons");
        let built = patterns.map(|pattern| Regex::new(&format!("(?i){pattern}")));
        built.map(|regex| regex.expect("built-in patterns")).collect()
    });
    let Some(found) = COMPARISONS.iter().find_map(|pattern| pattern.captures(title)) else {
        return true;
    };
    let answer = answer.to_lowercase();
    let [a, b] =
        ["a", "b"].map(|name| content_words(found.name(name).map_or("", |thing| thing.as_str())));
    // What both have in common tells neither from the other.
    let is_named = |own: &BTreeSet<String>, other: &BTreeSet<String>| {
        let mut telling = own.difference(other).peekable();
        telling.peek().is_none() || telling.any(|word| answer.contains(word.as_str()))
    };
    is_named(&a, &b) && is_named(&b, &a)
}

fn patterns(table: &mut TomlReader, languages: &Languages, key: &'static str) -> LazyPatternSet {
    let lists = languages.lists(table, key, ("page_questions", key));
    LazyPatternSet::read(table, lists)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ruleset::Ruleset;

    #[test]
    fn questions_about_now_places_and_people_get_no_page() {
        let rules = Ruleset::embedded().pages.questions;
        for (title, expected) in [
            ("When will 3.0 be released?", UnsuitableQuestion::TimeBound),
            ("When is the next release?", UnsuitableQuestion::TimeBound),
            ("Any news on the mobile client?", UnsuitableQuestion::TimeBound),
            ("Is there an ETA for the migration?", UnsuitableQuestion::TimeBound),
            ("What is the status of the new editor?", UnsuitableQuestion::TimeBound),
            ("Is the API down right now?", UnsuitableQuestion::TimeBound),
            ("Which version is the latest?", UnsuitableQuestion::TimeBound),
            ("Is the token listed on an exchange yet?", UnsuitableQuestion::TimeBound),
            ("What is the price of a licence today?", UnsuitableQuestion::TimeBound),
            ("Will the shop reopen?", UnsuitableQuestion::TimeBound),
            ("다음 버전은 언제 나오나요?", UnsuitableQuestion::TimeBound),
            ("서버가 지금 다운됐나요?", UnsuitableQuestion::TimeBound),
            ("Which channel is for support?", UnsuitableQuestion::Place),
            ("Where can I find the announcements channel?", UnsuitableQuestion::Place),
            ("질문은 어느 채널에 올리나요?", UnsuitableQuestion::Place),
            ("Who is the lead developer?", UnsuitableQuestion::Person),
            ("Who made this bot?", UnsuitableQuestion::Person),
            ("How do I fix this?", UnsuitableQuestion::NoSubject),
            ("What is wrong with it?", UnsuitableQuestion::NoSubject),
            ("이거 어떻게 하나요?", UnsuitableQuestion::NoSubject),
            ("When will the shop reopen?", UnsuitableQuestion::TimeBound),
            ("When can we expect the Python client?", UnsuitableQuestion::TimeBound),
            ("How soon is the beta?", UnsuitableQuestion::TimeBound),
            ("What's the latest on the audit?", UnsuitableQuestion::TimeBound),
            ("Why was the Discord server hacked?", UnsuitableQuestion::TimeBound),
            ("How is the rewrite going so far?", UnsuitableQuestion::TimeBound),
            ("When is the next community call?", UnsuitableQuestion::TimeBound),
            ("Is the demo site still offline?", UnsuitableQuestion::TimeBound),
            ("Has the lead dev left?", UnsuitableQuestion::Person),
            ("Who is left in the working group?", UnsuitableQuestion::Person),
            ("Is there any word on the beta?", UnsuitableQuestion::TimeBound),
            ("What is the roadmap?", UnsuitableQuestion::TimeBound),
            ("Has the vote ended yet?", UnsuitableQuestion::TimeBound),
            ("Do you have an invite link?", UnsuitableQuestion::Place),
            ("What channel should I post bug reports in?", UnsuitableQuestion::Place),
            ("Who are the moderators here?", UnsuitableQuestion::Person),
            ("새로운 소식 있나요?", UnsuitableQuestion::TimeBound),
            ("최신 버전이 뭐예요?", UnsuitableQuestion::TimeBound),
            ("관리자가 누구인가요?", UnsuitableQuestion::Person),
            ("When does the web client ship?", UnsuitableQuestion::TimeBound),
            ("Has the new exporter landed?", UnsuitableQuestion::TimeBound),
            ("How much is a team licence these days?", UnsuitableQuestion::TimeBound),
            ("What is the coin trading at?", UnsuitableQuestion::TimeBound),
            ("Will there be a discount in spring?", UnsuitableQuestion::TimeBound),
            ("Anyone else getting 503 from the portal?", UnsuitableQuestion::TimeBound),
            ("Is sign-in broken for everybody?", UnsuitableQuestion::TimeBound),
            ("Where do I report bugs?", UnsuitableQuestion::Place),
            ("Is there a channel for screenshots?", UnsuitableQuestion::Place),
            ("Is this the support channel?", UnsuitableQuestion::Place),
            ("Is there a help channel?", UnsuitableQuestion::Place),
            ("What do I do next?", UnsuitableQuestion::NoSubject),
            ("모바일 앱은 언제 나와요?", UnsuitableQuestion::TimeBound),
            ("내보내기 기능 추가됐나요?", UnsuitableQuestion::TimeBound),
            ("구독 요금은 얼마인가요?", UnsuitableQuestion::TimeBound),
            ("홈페이지 먹통인가요?", UnsuitableQuestion::TimeBound),
            ("버그 제보는 어디에 하나요?", UnsuitableQuestion::Place),
            ("영어 게시판 있나요?", UnsuitableQuestion::Place),
            ("이제 어떻게 해야 하나요?", UnsuitableQuestion::NoSubject),
            ("이거 왜 안 되는 거예요?", UnsuitableQuestion::NoSubject),
        ] {
            assert_eq!(rules.why_unsuitable(title, false), Some(expected), "{title}");
        }
    }

    #[test]
    fn questions_of_how_and_why_may_get_a_page() {
        let rules = Ruleset::embedded().pages.questions;
        for title in [
            "How do I release a lock when the process is killed?",
            "When should I use a worker instead of a thread?",
            "How do I check the status of a job?",
            "Why is the server still using the old certificate?",
            "What happens when the queue is full?",
            "How do I pin the version of a plugin?",
            "Will my settings survive an upgrade?",
            "Which branch do I fork from?",
            "How do I set the price of a product in the API?",
            "Who can approve a deployment?",
            "How do I create a channel with the API?",
            "Is there a setting for the length of a channel's name?",
            "Where is the configuration file?",
            "서버를 다시 시작하려면 어떻게 하나요?",
            "언제 캐시가 비워지나요?",
            "Is the cache going to be cleared when I restart?",
            "Is the database still readable while a backup runs?",
            "When will the callback fire if the queue is full?",
            "What time zone does the log use?",
            "Where is the config file located?",
            "How do I restore a suspended account?",
            "What is the state of a task after a retry?",
            "Why is my account locked after three tries?",
            "Who is allowed to merge?",
            "Who is the owner of a file created by sudo?",
            "What is RBAC?",
            "When are webhooks retried?",
            "When is a lock released?",
            "Why does any update to the row lock the table?",
            "How do I install the latest update?",
            "How do I show a timeline in the dashboard?",
            "How do I set the release date of an album?",
            "What is the status code of a rejected request?",
            "What is happening when I call flush twice?",
            "Is there a way to list jobs that have not started yet?",
            "Will the lock be released when the process dies?",
            "Which thread runs the callback?",
            "How do I revoke an invite link with the API?",
            "Who owns the device lock?",
            "현재 버전은 어떻게 확인하나요?",
            "업데이트는 어떻게 설치하나요?",
            "어떤 방법으로 백업하나요?",
            "언제 캐시를 비워야 하나요?",
            "현재 폴더에 다운로드하려면 어떻게 하나요?",
            "가격을 API로 어떻게 바꾸나요?",
            "관리자는 누구를 차단할 수 있나요?",
            "When does a session end?",
            "How much memory does the worker need?",
            "Where do I report a metric from?",
            "Is the cache shared for all workers?",
            "타임아웃은 언제 발생하나요?",
            "메모리가 얼마나 필요한가요?",
            "백업 방법이 있나요?",
            "안드로이드에서 하드디스크를 어떻게 지정하나요?",
        ] {
            assert_eq!(rules.why_unsuitable(title, false), None, "{title}");
        }
        assert_eq!(rules.why_unsuitable("How do I fix this error?", true), None);
    }

    #[test]
    fn an_answer_to_a_comparison_speaks_of_both_things() {
        let title = "What is the difference between a soft limit and a hard limit?";
        let right = "The soft one only warns; at the hard one the relay closes the connection.";
        assert!(speaks_of_both(title, right));
        assert!(!speaks_of_both(title, "Set `limits.hard` to 50 in the settings."));
        assert!(speaks_of_both("How do I set the hard limit?", "Set `limits.hard` to 50."));
        let korean = "소프트 제한과 하드 제한의 차이가 뭔가요?";
        assert!(speaks_of_both(korean, "소프트는 경고만 하고 하드는 연결을 끊어요."));
        assert!(!speaks_of_both(korean, "설정 파일에서 소프트 값을 50으로 바꾸세요."));
    }

    #[test]
    fn a_wrong_pattern_is_reported_with_its_place() {
        let file = |name: &str| {
            (name == "languages/en.toml").then(|| "[page_questions]\nplaces = ['(']".to_owned())
        };
        let errors = Ruleset::parse(file).unwrap_err();
        assert_eq!(errors[0].key, "page_questions.places");
    }
}
