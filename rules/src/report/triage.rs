//! What to look at first among the questions that stay open.
//!
//! Unresolved questions that ask the same are one group. Its priority follows from points:
//!
//! > points = (people who asked in the last 28 days × 2 + other people who asked) × 2 if half of the questions
//! > say that something does not work at all × 1.5 if it is asked at least twice as often as before
//!
//! High from 12 points, medium from 6, low below.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::config::toml_reader::TomlReader;
use crate::language::Languages;
use crate::language::phrase::{NormalizedWords, Phrase};
use crate::model::ids::{ChannelId, MessageId, UserId};
use crate::time;

/// Words that say that something does not work at all: the lists `report.blocking` of the languages.
#[derive(Debug, Clone, Default)]
pub struct BlockingWords(Vec<Phrase>);

impl BlockingWords {
    /// `blocking` of `topics.toml` replaces the built-in lists.
    pub(crate) fn read(topics: &mut TomlReader, languages: &Languages) -> Self {
        let lists = languages.lists(topics, "blocking", ("report", "blocking"));
        Self(Phrase::parse_lists(topics, &lists))
    }

    pub fn are_in(&self, text: &str) -> bool {
        let words = NormalizedWords::of(text);
        self.0.iter().any(|phrase| phrase.is_in(&words))
    }
}

/// A question that stays open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedQuestion {
    pub message: MessageId,
    pub channel: ChannelId,
    pub asker: UserId,
    pub asked: Timestamp,
    /// Whether somebody tried to answer.
    pub tried: bool,
    /// Whether it says that something does not work at all.
    pub blocking: bool,
}

/// How far a group has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriageStatus {
    /// The same was answered elsewhere, and maintainers merged it.
    Documented,
    /// The same was answered elsewhere.
    AnsweredElsewhere,
    /// Answers were tried; nothing shows that one of them helped.
    Tried,
    Unanswered,
}

impl TriageStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::AnsweredElsewhere => "answered elsewhere",
            Self::Tried => "answers tried, none confirmed",
            Self::Unanswered => "nobody answered",
        }
    }

    /// What would settle it.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::Documented => "link the page to the askers; if it did not help them, correct it",
            Self::AnsweredElsewhere => {
                "check the answer below and mark the open ones as the same question"
            }
            Self::Tried => "ask whether one of the answers helped, and mark it",
            Self::Unanswered => "find an owner who can answer or reproduce it",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriagePriority {
    High,
    Medium,
    Low,
}

impl TriagePriority {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// What a group weighs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TriageImpact {
    pub askers: usize,
    /// Those of them who asked in the last 28 days.
    pub recent_askers: usize,
    pub occurrences: usize,
    /// How many of these say that something does not work at all.
    pub blocking: usize,
    pub channels: usize,
    #[serde(with = "crate::time::milliseconds")]
    pub first_seen: Timestamp,
    #[serde(with = "crate::time::milliseconds")]
    pub last_seen: Timestamp,
    /// Asked in the last 28 days, and in the 28 before.
    pub recent: usize,
    pub earlier: usize,
    pub points: f64,
    pub priority: TriagePriority,
}

const RECENT: SignedDuration = time::days(28);
const HIGH: f64 = 12.0;
const MEDIUM: f64 = 6.0;

impl TriageImpact {
    /// # Panics
    /// Without a question.
    pub fn of(questions: &[UnresolvedQuestion], now: Timestamp) -> Self {
        let since = time::minus(now, RECENT);
        let is_recent = |one: &&UnresolvedQuestion| one.asked >= since;
        let askers = |questions: &mut dyn Iterator<Item = &UnresolvedQuestion>| {
            questions.map(|one| one.asker).collect::<BTreeSet<_>>().len()
        };
        let all = askers(&mut questions.iter());
        let recent_askers = askers(&mut questions.iter().filter(is_recent));
        let recent = questions.iter().filter(is_recent).count();
        let before = time::minus(since, RECENT);
        let earlier = questions.iter().filter(|one| (before..since).contains(&one.asked)).count();
        let blocking = questions.iter().filter(|one| one.blocking).count();
        let blocks = blocking * 2 >= questions.len();
        let rises = recent >= 2 && recent >= 2 * earlier;
        let points = (recent_askers * 2 + (all - recent_askers)) as f64
            * if blocks { 2.0 } else { 1.0 }
            * if rises { 1.5 } else { 1.0 };
        let times = questions.iter().map(|one| one.asked);
        Self {
            askers: all,
            recent_askers,
            occurrences: questions.len(),
            blocking,
            channels: questions.iter().map(|one| one.channel).collect::<BTreeSet<_>>().len(),
            first_seen: times.clone().min().expect("a group has a question"),
            last_seen: times.max().expect("a group has a question"),
            recent,
            earlier,
            points,
            priority: match points {
                points if points >= HIGH => TriagePriority::High,
                points if points >= MEDIUM => TriagePriority::Medium,
                _ => TriagePriority::Low,
            },
        }
    }

    /// "rising", "falling", "steady".
    pub fn trend(&self) -> &'static str {
        match (self.recent, self.earlier) {
            (recent, earlier) if recent >= 2 && recent >= 2 * earlier => "rising",
            (recent, earlier) if earlier >= 2 && earlier >= 2 * recent => "falling",
            _ => "steady",
        }
    }
}

/// Whether open questions recur: at least two people asked.
pub fn recurs(questions: &[UnresolvedQuestion]) -> bool {
    questions.iter().any(|one| one.asker != questions[0].asker)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ruleset::Ruleset;

    const NOW: Timestamp = Timestamp::constant(100 * 86_400, 0);

    /// Asker, days ago, blocking.
    fn group(askings: &[(u64, i64, bool)]) -> Vec<UnresolvedQuestion> {
        let one =
            |(number, (asker, ago, blocking)): (usize, &(u64, i64, bool))| UnresolvedQuestion {
                message: MessageId(number as u64),
                channel: ChannelId(*asker % 2),
                asker: UserId(*asker),
                asked: NOW - time::days(*ago),
                tried: false,
                blocking: *blocking,
            };
        askings.iter().enumerate().map(one).collect()
    }

    #[test]
    fn the_points_follow_the_stated_formula() {
        for (askings, points, priority, trend) in [
            // Two recent askers, one of them twice, rising.
            (
                &[(1, 1, false), (1, 2, false), (2, 3, false)][..],
                6.0,
                TriagePriority::Medium,
                "rising",
            ),
            // The same, and it blocks.
            (&[(1, 1, true), (2, 3, false)], 12.0, TriagePriority::High, "rising"),
            // Long ago.
            (
                &[(1, 40, false), (2, 41, false), (3, 80, false)],
                3.0,
                TriagePriority::Low,
                "falling",
            ),
            (&[(1, 1, false), (2, 30, false)], 3.0, TriagePriority::Low, "steady"),
        ] {
            let impact = TriageImpact::of(&group(askings), NOW);
            assert_eq!((impact.points, impact.priority), (points, priority), "{askings:?}");
            assert_eq!(impact.trend(), trend, "{askings:?}");
        }
    }

    #[test]
    fn one_person_who_asks_again_is_no_recurring_question() {
        assert!(!recurs(&group(&[(1, 1, true), (1, 9, true)])));
        assert!(recurs(&group(&[(1, 1, true), (2, 9, true)])));
    }

    #[test]
    fn words_of_several_languages_say_that_nothing_works() {
        let words = Ruleset::embedded().blocking;
        for text in [
            "My agent can't start after the update",
            "the app crashes on launch",
            "it won't start at all, any idea?",
            "업데이트 후에 실행이 안 돼요",
        ] {
            assert!(words.are_in(text), "{text}");
        }
        for text in ["How do I start the agent?", "Where is the crash course?"] {
            assert!(!words.are_in(text), "{text}");
        }
    }
}
