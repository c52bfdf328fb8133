//! Advice that ends: "use v1.6.5 until #123 is fixed" holds until the issue is closed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use crate::language::phrase::{NormalizedWords, Phrase};

/// An issue or pull request on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IssueName {
    /// `OWNER/NAME`, in lower case: GitHub does not tell them apart by case.
    pub repository: String,
    pub number: u64,
}

impl fmt::Display for IssueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.repository, self.number)
    }
}

impl FromStr for IssueName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (repository, number) = text.split_once('#').ok_or(())?;
        let number = number.parse().map_err(|_| ())?;
        Ok(Self { repository: repository.to_lowercase(), number })
    }
}

/// The issue on which an answer stood, and when it was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedIssue {
    pub issue: IssueName,
    pub at: Timestamp,
}

/// The words that say until when: `until` of `[verify]` in `truth.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AdvisoryWords(pub(super) Vec<Phrase>);

impl AdvisoryWords {
    /// The issues until whose end an answer says that it holds: those that a sentence names which also says
    /// until when. A number alone is of `project`, if there is one.
    pub fn issues(&self, answer: &[String], project: Option<&str>) -> BTreeSet<IssueName> {
        let sentences = answer.iter().flat_map(|text| SENTENCE_END.split(text));
        let advisory = sentences.filter(|sentence| {
            let words = NormalizedWords::of(sentence);
            self.0.iter().any(|phrase| phrase.is_in(&words))
        });
        advisory.flat_map(|sentence| named_issues(sentence, project)).collect()
    }

    /// The issue that was closed last, of those on which an answer stands, since people last looked at it.
    pub fn ended(
        &self,
        (answer, checked): (&[String], Option<Timestamp>),
        project: Option<&str>,
        closed: &BTreeMap<IssueName, Timestamp>,
    ) -> Option<ClosedIssue> {
        let issues = self.issues(answer, project).into_iter();
        let ended = issues.filter_map(|issue| {
            let at = *closed.get(&issue)?;
            Some(ClosedIssue { issue, at })
        });
        let news = ended.filter(|one| checked.is_none_or(|checked| one.at > checked));
        news.max_by_key(|one| one.at)
    }
}

/// A full stop within a version or an address ends no sentence.
static SENTENCE_END: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[.!?。](?:\s|$)|\n").expect("a constant pattern"));

fn named_issues<'t>(
    sentence: &'t str,
    project: Option<&'t str>,
) -> impl Iterator<Item = IssueName> + 't {
    static ISSUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?:^|[\s(\[<])(?:https://github\.com/)?([\w.-]+/[\w.-]+)?(?:#|/issues/|/pull/)(\d{1,9})(?-u:\b)",
        )
        .expect("a constant pattern")
    });
    ISSUE.captures_iter(sentence).filter_map(move |found| {
        let repository = found.get(1).map(|name| name.as_str()).or(project)?;
        let number = found[2].parse().ok()?;
        Some(IssueName { repository: repository.to_lowercase(), number })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ruleset::Ruleset;
    use crate::time;

    fn said(text: &str) -> [String; 1] {
        [text.to_owned()]
    }

    static WORDS: LazyLock<AdvisoryWords> =
        LazyLock::new(|| Ruleset::embedded().verification.until);

    #[test]
    fn only_a_sentence_that_says_until_when_names_what_an_answer_stands_on() {
        let project = Some("Harbor/Relay");
        for (text, expected) in [
            ("Use v1.6.5 until #123 is fixed.", vec!["harbor/relay#123"]),
            ("Pin it till harbor/hub#7 lands", vec!["harbor/hub#7"]),
            (
                "Stay on 1.6 until https://github.com/Harbor/Relay/issues/9 is closed",
                vec!["harbor/relay#9"],
            ),
            (
                "Until (see #4 and #5) is merged, build it yourself",
                vec!["harbor/relay#4", "harbor/relay#5"],
            ),
            ("harbor/hub#8이 고쳐질 때까지 기다리세요", vec!["harbor/hub#8"]),
            ("#12 이슈가 해결될 때까지 1.6을 쓰세요", vec!["harbor/relay#12"]),
            ("It was fixed in #123. Wait until it restarts.", vec![]),
            ("Wait until tomorrow", vec![]),
            ("Ask in #help until somebody answers", vec![]),
        ] {
            let issues = WORDS.issues(&said(text), project);
            let issues = issues.iter().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(issues, expected, "{text}");
        }
        assert!(WORDS.issues(&said("Wait until #3"), None).is_empty(), "of which project?");
    }

    #[test]
    fn advice_ends_when_its_issue_closes_and_stands_again_once_it_was_checked() {
        let closed =
            BTreeMap::from([("harbor/relay#3".parse().unwrap(), time::at_millisecond(50))]);
        let ended = |text: &str, checked: Option<i64>| {
            let project = Some("harbor/relay");
            WORDS
                .ended((&said(text), checked.map(time::at_millisecond)), project, &closed)
                .map(|one| one.issue.to_string())
        };
        let text = "Use v1.6.5 until #3 is fixed";
        assert_eq!(ended(text, None).as_deref(), Some("harbor/relay#3"));
        assert_eq!(ended(text, Some(40)).as_deref(), Some("harbor/relay#3"));
        assert_eq!(ended(text, Some(60)), None);
        assert_eq!(ended("Use v1.6.5 until #4 is fixed", None), None);
    }
}
