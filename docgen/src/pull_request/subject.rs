//! What a pull request is about, and the branch that it has for good.

use std::fmt;

use rules::model::ids::{ClusterId, MessageId};

use crate::lines::hash;

/// Every branch of this program begins with it.
pub(crate) const BRANCHES: &str = "answers/";
const SETTINGS: &str = "configure";
const BATCH: &str = "batch-";
const GUIDE: &str = "guide-";
/// The ids of guides begin here, in the first two hours that Discord counts, long before anybody could write.
const FIRST_GUIDE: u64 = 1 << 44;

/// What a pull request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The file of settings.
    Settings,
    /// The weekly batch of held answers.
    Batch(Week),
    /// The guide of this name.
    Guide(String),
    /// The answer to one question.
    Answer(ClusterId),
}

/// A week of the ISO calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    pub year: u16,
    pub number: u8,
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}w{:02}", self.year, self.number)
    }
}

impl Week {
    fn parse(text: &str) -> Option<Self> {
        let (year, number) = text.split_once('w')?;
        Some(Self { year: year.parse().ok()?, number: number.parse().ok()? })
    }
}

impl Subject {
    pub fn branch(&self) -> String {
        match self {
            Self::Settings => format!("{BRANCHES}{SETTINGS}"),
            Self::Batch(week) => format!("{BRANCHES}{BATCH}{week}"),
            Self::Guide(name) => format!("{BRANCHES}{GUIDE}{name}"),
            Self::Answer(cluster) => format!("{BRANCHES}{cluster}"),
        }
    }

    /// The subject that has this branch.
    pub fn parse(branch: &str) -> Option<Self> {
        let name = branch.strip_prefix(BRANCHES)?;
        if name == SETTINGS {
            return Some(Self::Settings);
        }
        if let Some(guide) = name.strip_prefix(GUIDE) {
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            let named = !guide.is_empty() && guide.bytes().all(plain);
            return named.then(|| Self::Guide(guide.to_owned()));
        }
        match name.strip_prefix(BATCH) {
            Some(week) => Week::parse(week).map(Self::Batch),
            None => name.parse().ok().map(Self::Answer),
        }
    }

    /// The id of its row in the store and in its marker. No message is as old as the ids of settings,
    /// batches and guides, so that they are no cluster's.
    pub fn key(&self) -> ClusterId {
        match self {
            Self::Settings => ClusterId::of_question(MessageId(0)),
            Self::Batch(Week { year, number }) => {
                ClusterId::of_question(MessageId(u64::from(*year) * 100 + u64::from(*number)))
            }
            Self::Guide(name) => {
                let digits = hash(name);
                let part = u64::from_str_radix(&digits[..10], 16).expect("a hash in hexadecimal");
                ClusterId::of_question(MessageId(FIRST_GUIDE + part))
            }
            Self::Answer(cluster) => cluster.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_names_its_subject() {
        let cluster = ClusterId::of_question(MessageId(36));
        for (subject, branch, key) in [
            (Subject::Settings, "answers/configure", 0),
            (Subject::Batch(Week { year: 2026, number: 7 }), "answers/batch-2026w07", 202_607),
            (Subject::Answer(cluster), "answers/q10", 36),
        ] {
            assert_eq!(subject.branch(), branch);
            assert_eq!(subject.key(), ClusterId::of_question(MessageId(key)));
            assert_eq!(Subject::parse(branch), Some(subject));
        }
        let guide = Subject::Guide("first-30-minutes".to_owned());
        assert_eq!(guide.branch(), "answers/guide-first-30-minutes");
        assert_eq!(Subject::parse(&guide.branch()), Some(guide.clone()));
        assert_ne!(guide.key(), Subject::Guide("where-is".to_owned()).key());
        let others = ["main", "answers/", "answers/batch-x", "answers/../x", "fix/q10"];
        for other in others.into_iter().chain(["answers/guide-", "answers/guide-A b"]) {
            assert_eq!(Subject::parse(other), None, "{other}");
        }
    }
}
