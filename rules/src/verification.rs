//! Whether an answer has to be checked again: because of a release since it was last confirmed, or for its age.
//!
//! Nothing is wrong with such an answer that could be shown; see [`crate::staleness`] for what is. It is marked
//! and listed until somebody says that it still holds.

pub mod advisories;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use self::advisories::{AdvisoryWords, ClosedIssue, IssueName};
use crate::config::toml_reader::TomlReader;
use crate::language::phrase::Phrase;
use crate::model::cluster::Cluster;
use crate::report::period::{day_number, day_text};
use crate::staleness::is_confirmed;
use crate::time;
use crate::versions::{ProjectVersion, VersionPart, project_versions};

/// When answers are checked again: `[verify]` of `truth.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationPolicy {
    /// The part of a version that a release must raise; `None`: releases do not matter.
    pub releases: Option<VersionPart>,
    /// An answer confirmed longer ago than this is to be checked; `None`: age does not matter.
    pub age: Option<SignedDuration>,
    /// What people call the project, besides the names of its repositories.
    pub names: Vec<String>,
    /// The words by which advice says until when it holds.
    pub until: AdvisoryWords,
}

impl VerificationPolicy {
    pub(crate) fn read(file: &mut TomlReader) -> Self {
        file.section("verify", |table| {
            let parts = [
                ("major", Some(VersionPart::Major)),
                ("minor", Some(VersionPart::Minor)),
                ("patch", Some(VersionPart::Patch)),
                ("never", None),
            ];
            let releases = table.choice("releases", Some(VersionPart::Minor), &parts);
            let days = table.integer("days", 365, 0, 36_500);
            let names = table.texts("names");
            let until = AdvisoryWords(Phrase::read(table, "until"));
            Self { releases, age: (days > 0).then_some(time::days(days)), names, until }
        })
    }
}

/// A release of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseRecord {
    /// `OWNER/NAME`; empty where the operator named none.
    pub repository: String,
    pub version: ProjectVersion,
    #[serde(with = "crate::time::milliseconds")]
    pub at: Timestamp,
}

/// When an answer was confirmed, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerConfirmation {
    /// The words that name versions.
    pub texts: Vec<String>,
    /// By people in chat.
    pub confirmed: Timestamp,
    /// By maintainers, who merged it or said that it still holds.
    pub checked: Option<Timestamp>,
    /// The issue until whose end it held, if that was closed after people last looked at it.
    pub ended: Option<ClosedIssue>,
}

/// Whether an answer has to be checked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum VerificationVerdict {
    Current {
        confirmed_for: Option<ProjectVersion>,
    },
    /// `since` is the first release that nobody has checked it for.
    Released {
        confirmed_for: Option<ProjectVersion>,
        since: ProjectVersion,
        #[serde(with = "crate::time::milliseconds")]
        at: Timestamp,
    },
    /// It held until an issue was closed, and that is.
    Ended {
        confirmed_for: Option<ProjectVersion>,
        /// `OWNER/NAME#NUMBER`.
        issue: String,
        #[serde(with = "crate::time::milliseconds")]
        closed: Timestamp,
    },
    /// Last confirmed so long ago.
    Aged {
        confirmed_for: Option<ProjectVersion>,
        #[serde(with = "crate::time::milliseconds")]
        confirmed: Timestamp,
    },
}

impl VerificationVerdict {
    /// The version that the answer is known to hold for.
    pub fn confirmed_for(&self) -> Option<&ProjectVersion> {
        match self {
            Self::Current { confirmed_for }
            | Self::Released { confirmed_for, .. }
            | Self::Ended { confirmed_for, .. }
            | Self::Aged { confirmed_for, .. } => confirmed_for.as_ref(),
        }
    }

    pub fn is_due(&self) -> bool {
        !matches!(self, Self::Current { .. })
    }

    /// "confirmed for v1.6.0, not re-checked since v1.7.0".
    pub fn describe(&self) -> String {
        let (version, since) = match self {
            Self::Ended { issue, closed, .. } => {
                let day = day_text(day_number(*closed));
                return format!("it holds until {issue} is closed, which was on {day}");
            }
            Self::Current { confirmed_for } => (confirmed_for, None),
            Self::Released { confirmed_for, since, .. } => (confirmed_for, Some(since.to_string())),
            Self::Aged { confirmed_for, confirmed } => {
                (confirmed_for, Some(day_text(day_number(*confirmed))))
            }
        };
        let version = version.as_ref().map(|version| format!("confirmed for {version}"));
        let since = since.map(|since| format!("not re-checked since {since}"));
        version.into_iter().chain(since).collect::<Vec<_>>().join(", ")
    }
}

impl AnswerConfirmation {
    /// Of a cluster's answer: the merged one, else those from chat. `checked` is when a maintainer last said that
    /// it still holds. What chat says later does not confirm a page: it may be another answer.
    pub fn of(cluster: &Cluster, checked: Option<Timestamp>) -> Self {
        if let Some(merged_answer) = &cluster.merged_answer {
            let texts = vec![merged_answer.title.clone(), merged_answer.one_line_text()];
            let checked = checked.max(Some(merged_answer.merged));
            return Self { texts, confirmed: merged_answer.merged, checked, ended: None };
        }
        let quotable = cluster.occurrences.iter().filter(|one| one.quotable);
        let quotes =
            quotable.flat_map(|one| [one.question.text.clone(), one.best_answer().text.clone()]);
        let confirmed = cluster.occurrences.iter().filter(|one| is_confirmed(one));
        let confirmed = confirmed.map(|one| one.resolved()).max();
        // Without any confirmation, what was said last is all that there is.
        let confirmed = confirmed.unwrap_or_else(|| cluster.last_confirmed());
        Self { texts: quotes.collect(), confirmed, checked, ended: None }
    }

    /// The same with what is known of the issues that it names.
    #[must_use]
    pub fn with_issues(
        mut self,
        policy: &VerificationPolicy,
        releases: &[ReleaseRecord],
        closed: &BTreeMap<IssueName, Timestamp>,
    ) -> Self {
        let known = (&*self.texts, self.checked);
        self.ended = policy.until.ended(known, only_project(releases), closed);
        self
    }
}

/// The repository that is meant where none is named: the one whose releases are known.
pub fn only_project(releases: &[ReleaseRecord]) -> Option<&str> {
    let named = releases.iter().map(|one| one.repository.as_str()).filter(|name| !name.is_empty());
    let mut named = named.collect::<BTreeSet<_>>().into_iter();
    named.next().filter(|_| named.next().is_none())
}

/// Decides whether an answer has to be checked again, as known at `now`. Releases that are tried out, and those
/// after `now`, do not count. Of several repositories, one counts whose name the answer says, or else the one of
/// the newest release; versions without a name are of that.
pub fn check_verification(
    answer: &AnswerConfirmation,
    releases: &[ReleaseRecord],
    policy: &VerificationPolicy,
    now: Timestamp,
) -> VerificationVerdict {
    let last = answer.checked.map_or(answer.confirmed, |at| at.max(answer.confirmed));
    let aged = policy.age.is_some_and(|age| now.duration_since(last) > age);
    let history = ReleaseHistory::about(answer, releases, now);
    let named = history.named_versions(answer, policy).pop();
    let confirmed_for = history.confirmed_for(answer, named);
    let unchecked = history.first_unchecked(answer, confirmed_for.as_ref(), policy);
    if let Some(ClosedIssue { issue, at }) = &answer.ended {
        let (issue, closed) = (issue.to_string(), *at);
        return VerificationVerdict::Ended { confirmed_for, issue, closed };
    }
    match unchecked {
        Some(release) => VerificationVerdict::Released {
            confirmed_for,
            since: release.version.clone(),
            at: release.at,
        },
        None if aged => VerificationVerdict::Aged { confirmed_for, confirmed: last },
        None => VerificationVerdict::Current { confirmed_for },
    }
}

/// The releases of the repository that an answer is about, earliest first.
struct ReleaseHistory<'r> {
    repository: &'r str,
    releases: Vec<&'r ReleaseRecord>,
    /// Whether versions without a name are of this repository.
    unnamed: bool,
}

impl<'r> ReleaseHistory<'r> {
    fn about(answer: &AnswerConfirmation, releases: &'r [ReleaseRecord], now: Timestamp) -> Self {
        let out = |one: &&ReleaseRecord| one.at <= now && !one.version.is_prerelease();
        let mut stable = releases.iter().filter(out).collect::<Vec<_>>();
        stable.sort_by_key(|one| one.at);
        let newest = stable.last().map_or("", |one| one.repository.as_str());
        let repositories =
            stable.iter().map(|one| one.repository.as_str()).collect::<BTreeSet<_>>();
        let texts = || answer.texts.iter().map(String::as_str);
        let says = |repository: &&str| {
            !project_versions(texts(), &[short_name(repository)], false).is_empty()
        };
        let named = repositories.iter().copied().find(says).filter(|_| repositories.len() > 1);
        let repository = named.unwrap_or(newest);
        stable.retain(|one| one.repository == repository);
        Self { repository, releases: stable, unnamed: named.is_none() }
    }

    fn named_versions(
        &self,
        answer: &AnswerConfirmation,
        policy: &VerificationPolicy,
    ) -> Vec<ProjectVersion> {
        let names = policy.names.iter().map(String::as_str);
        let names = names.chain([short_name(self.repository)]).collect::<Vec<_>>();
        project_versions(answer.texts.iter().map(String::as_str), &names, self.unnamed)
    }

    /// The newest version that was out at a time.
    fn at(&self, time: Timestamp) -> Option<&'r ProjectVersion> {
        let out = self.releases.iter().filter(|one| one.at <= time).map(|one| &one.version);
        out.reduce(|newest, one| match one.is_after(newest, VersionPart::Patch) {
            true => one,
            false => newest,
        })
    }

    /// The version that an answer is known to hold for. What maintainers checked holds for what was out then; what
    /// was only said in chat holds for the version that it names.
    fn confirmed_for(
        &self,
        answer: &AnswerConfirmation,
        named: Option<ProjectVersion>,
    ) -> Option<ProjectVersion> {
        let checked = answer.checked.and_then(|at| self.at(at));
        let said = named.or_else(|| self.at(answer.confirmed).cloned());
        match (checked, said) {
            (Some(checked), Some(said)) if said.is_after(checked, VersionPart::Patch) => Some(said),
            (Some(checked), _) => Some(checked.clone()),
            (None, said) => said,
        }
    }

    /// The first release after an answer was last confirmed.
    fn first_unchecked(
        &self,
        answer: &AnswerConfirmation,
        confirmed_for: Option<&ProjectVersion>,
        policy: &VerificationPolicy,
    ) -> Option<&'r ReleaseRecord> {
        let part = policy.releases?;
        let is_unchecked = |one: &&&ReleaseRecord| match confirmed_for {
            Some(version) => one.version.is_after(version, part),
            None => one.at > answer.confirmed,
        };
        let checked = answer.checked.unwrap_or(Timestamp::MIN);
        self.releases.iter().filter(|one| one.at > checked).find(is_unchecked).copied()
    }
}

/// The name of a repository without its owner.
fn short_name(repository: &str) -> &str {
    repository.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
