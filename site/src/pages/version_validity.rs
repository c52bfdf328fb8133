//! For which version an answer is known to hold, and since which release nobody has checked it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rules::model::cluster::Cluster;
use rules::staleness::is_confirmed;
use rules::verification::advisories::IssueName;
use rules::verification::{
    AnswerConfirmation, ReleaseRecord, VerificationPolicy, VerificationVerdict, check_verification,
};
use serde::Serialize;

use crate::presentation::words::{InterfaceText, filled};

/// For which version an answer is known to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct VersionValidity {
    /// Present only where somebody confirmed the answer.
    pub(crate) confirmed_for: Option<String>,
    /// The first release since then.
    pub(crate) unchecked_since: Option<String>,
    /// "Confirmed for v1.6.0, not re-checked since v1.7.0".
    pub(crate) note: Option<String>,
    /// Whether it has to be checked again.
    pub(crate) due: bool,
}

/// What is known beside an answer that tells whether it still holds.
#[derive(Debug, Default)]
pub(crate) struct AnswerChecks {
    pub(crate) releases: Vec<ReleaseRecord>,
    pub(crate) closed_issues: BTreeMap<IssueName, Timestamp>,
    /// When a maintainer last found it to hold.
    pub(crate) checked: Option<Timestamp>,
}

impl VersionValidity {
    /// Of a cluster as it may be shown.
    pub(crate) fn of(
        cluster: &Cluster,
        known: &AnswerChecks,
        policy: &VerificationPolicy,
        text: &InterfaceText,
        now: Timestamp,
    ) -> Self {
        let AnswerChecks { releases, closed_issues, checked } = known;
        let answer = AnswerConfirmation::of(cluster, *checked);
        let answer = answer.with_issues(policy, releases, closed_issues);
        let verdict = check_verification(&answer, releases, policy, now);
        let is_confirmed = answer.checked.is_some() || cluster.occurrences.iter().any(is_confirmed);
        let version = verdict.confirmed_for().map(ToString::to_string);
        let of_version = |sentence: &str, version: &str| filled(sentence, &[("version", version)]);
        let note = match (&verdict, version.as_deref()) {
            (VerificationVerdict::Current { .. }, version) => {
                version.filter(|_| is_confirmed).map(|version| of_version(&text.holds_for, version))
            }
            (VerificationVerdict::Released { since, .. }, version) => {
                let release = since.to_string();
                let values = [("version", version.unwrap_or_default()), ("release", &*release)];
                let sentence = match (version, is_confirmed) {
                    (None, _) => &text.unchecked_since,
                    (Some(_), true) => &text.holds_for_unchecked,
                    (Some(_), false) => &text.said_before,
                };
                Some(filled(sentence, &values))
            }
            (VerificationVerdict::Ended { issue, closed, .. }, _) => {
                let date = text.date(*closed).shown;
                Some(filled(&text.advice_ended, &[("issue", issue), ("date", &*date)]))
            }
            // What nobody reviewed tells its year.
            (VerificationVerdict::Aged { confirmed, .. }, _) => {
                let date = text.date(*confirmed).shown;
                let note = filled(&text.unchecked_since, &[("release", &*date)]);
                cluster.has_merged_answer().then_some(note)
            }
        };
        let unchecked_since = match &verdict {
            VerificationVerdict::Released { since, .. } => Some(since.to_string()),
            _ => None,
        };
        Self {
            due: verdict.is_due() && note.is_some(),
            confirmed_for: version.filter(|_| is_confirmed),
            unchecked_since,
            note,
        }
    }
}

#[cfg(test)]
mod tests {
    use rules::model::cluster::MergedAnswer;
    use rules::resolution::ResolutionGrade;
    use rules::time;
    use rules::versions::{ProjectVersion, VersionPart};

    use super::*;
    use crate::test_support::{cluster, occurrence};

    #[test]
    fn only_what_somebody_confirmed_is_said_to_be_confirmed() {
        let mut asked = cluster(vec![occurrence(1, "Where is the port?", "In the file.")]);
        let day = |days: i64| asked.last_confirmed() + time::days(days);
        let release = |version: &str, days| ReleaseRecord {
            repository: String::new(),
            version: ProjectVersion::parse(version).unwrap(),
            at: day(days),
        };
        let releases = vec![release("v1.6.0", -9), release("v1.7.0", 9)];
        let known = AnswerChecks { releases, ..AnswerChecks::default() };
        let (before, after, much_later) = (day(1), day(10), day(500));
        let merged = MergedAnswer {
            title: "Where is the port?".into(),
            answer: "In the file.".into(),
            link: String::new(),
            merged: day(2),
        };
        let policy = VerificationPolicy {
            releases: Some(VersionPart::Minor),
            age: Some(time::days(365)),
            names: Vec::new(),
            until: Default::default(),
        };
        let note = |cluster: &Cluster, now| {
            let text = InterfaceText::english();
            VersionValidity::of(cluster, &known, &policy, text, now).note
        };
        assert_eq!(note(&asked, before).as_deref(), Some("Confirmed for v1.6.0"));
        let due = "Confirmed for v1.6.0, not re-checked since v1.7.0";
        assert_eq!(note(&asked, after).as_deref(), Some(due));
        asked.occurrences[0].grade = ResolutionGrade::Unconfirmed;
        asked.occurrences[0].signals.clear();
        assert_eq!(note(&asked, before), None);
        let said = "From the time of v1.6.0; v1.7.0 has come out since";
        assert_eq!(note(&asked, after).as_deref(), Some(said));
        asked.merged_answer = Some(merged);
        assert_eq!(note(&asked, after).as_deref(), Some(due));
        let old = VersionValidity::of(
            &asked,
            &Default::default(),
            &policy,
            InterfaceText::english(),
            much_later,
        );
        assert!(old.due && old.note.is_some_and(|note| note.starts_with("Not re-checked since ")));
    }
}
