//! Dates, counts, signals and grades as text.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rules::model::cluster::Cluster;
use rules::model::ids::Millis;
use rules::resolution::{ResolutionGrade, SignalKind};
use serde::Serialize;

/// A time for machines and for people, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DisplayDate {
    /// RFC 3339, to the second.
    pub(crate) exact: String,
    /// "6 Oct 2025".
    pub(crate) shown: String,
}

impl From<Millis> for DisplayDate {
    fn from(at: Millis) -> Self {
        let timestamp = Timestamp::from_millisecond(at.0).unwrap_or_default();
        let zoned = timestamp.to_zoned(TimeZone::UTC);
        Self {
            exact: zoned.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            shown: zoned.strftime("%-d %b %Y").to_string(),
        }
    }
}

/// Whether maintainers have merged an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReviewStatus {
    Known,
    Unreviewed,
}

impl ReviewStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Unreviewed => "unreviewed",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Known, Self::Unreviewed].into_iter().find(|status| status.as_str() == text)
    }
}

impl From<&Cluster> for ReviewStatus {
    fn from(cluster: &Cluster) -> Self {
        if cluster.has_merged_answer() { Self::Known } else { Self::Unreviewed }
    }
}

pub(crate) fn signal(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::ManualMark => "marked as the answer",
        SignalKind::SolvedTag => "the post is tagged solved",
        SignalKind::AcceptingReaction => "accepted with a reaction",
        SignalKind::Worked => "the asker says it works",
        SignalKind::Thanks => "the asker says thanks",
        SignalKind::TrustedAnswer => "answered by a trusted member",
    }
}

pub(crate) fn grade(grade: ResolutionGrade) -> &'static str {
    match grade {
        ResolutionGrade::Certain => "marked as solved",
        ResolutionGrade::Confirmed => "confirmed by the asker",
        ResolutionGrade::Thanked => "the asker gave thanks",
        ResolutionGrade::Unconfirmed => "the asker did not confirm",
    }
}

/// "1 person", "3 people".
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// A count with commas between thousands.
pub(crate) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use rules::model::cluster::ClusterState;

    use super::*;
    use crate::test_support::{cluster, occurrence};

    #[test]
    fn dates_are_utc() {
        let date = DisplayDate::from(Millis(1_759_708_800_000));
        assert_eq!(date.exact, "2025-10-06T00:00:00Z");
        assert_eq!(date.shown, "6 Oct 2025");
        assert_eq!(DisplayDate::from(Millis(i64::MAX)).shown, "1 Jan 1970");
    }

    #[test]
    fn counts_agree_with_their_nouns() {
        assert_eq!(counted(1, "person", "people"), "1 person");
        assert_eq!(counted(0, "person", "people"), "0 people");
        assert_eq!(counted(1_234_567, "message", "messages"), "1,234,567 messages");
        assert_eq!(grouped(100), "100");
    }

    #[test]
    fn only_merged_answers_are_known() {
        let mut cluster = cluster(vec![occurrence(1, "Where is the port?", "In the file.")]);
        for state in ClusterState::ALL {
            cluster.state = state;
            let known = ReviewStatus::from(&cluster) == ReviewStatus::Known;
            assert_eq!(known, state == ClusterState::Known);
        }
        assert_eq!(ReviewStatus::parse("known"), Some(ReviewStatus::Known));
        assert_eq!(ReviewStatus::parse("Known"), None);
    }
}
