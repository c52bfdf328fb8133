//! Merged answers that have to be checked again.

use std::collections::{BTreeMap, BTreeSet};

use indexer::store::StoreError;
use jiff::Timestamp;
use rules::model::cluster::Cluster;
use rules::model::ids::ClusterId;
use rules::report::period::{day_number, day_text};
use rules::time;
use rules::verification::{
    AnswerConfirmation, VerificationPolicy, VerificationVerdict, check_verification,
};
use rules::versions::VersionPart;
use serde::Serialize;

use super::ReportSource;
use super::titles::NamedQuestion;

/// The merged answers that nobody has checked since a release, or for long.
#[derive(Debug, Clone, Serialize)]
pub struct VerificationReport {
    pub policy: String,
    /// The newest release of each repository.
    pub releases: Vec<NewestRelease>,
    /// Merged answers in all.
    pub answers: usize,
    /// Those that were checked longest ago first.
    pub due: Vec<AnswerToVerify>,
}

#[derive(Debug, Clone, Serialize)]
pub struct NewestRelease {
    /// Empty where the operator named none.
    pub repository: String,
    pub version: String,
    pub day: String,
}

/// A merged answer that has to be checked again.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerToVerify {
    #[serde(flatten)]
    pub question: NamedQuestion,
    /// Where readers find the page.
    pub page: String,
    pub confirmed_for: Option<String>,
    /// The first release that nobody has checked it for; `None` if only its age asks for it.
    pub unchecked_since: Option<String>,
    /// "confirmed for v1.6.0, not re-checked since v1.7.0".
    pub why: String,
    /// The day on which maintainers merged it or last said that it holds.
    pub checked: String,
    #[serde(skip)]
    pub(crate) verdict: VerificationVerdict,
}

impl ReportSource<'_> {
    /// The merged answers that have to be checked again, as known at `now`.
    pub async fn verification(&self, now: Timestamp) -> Result<VerificationReport, StoreError> {
        let (releases, checks) =
            (self.store.releases().await?, self.store.checked_answers().await?);
        let closed = self.store.closed_issues().await?;
        let merged = self.merged_clusters().await?;
        let policy = &self.rules.verification;
        let mut due = Vec::new();
        for cluster in merged.values() {
            let answer = AnswerConfirmation::of(cluster, checks.get(&cluster.id).copied())
                .with_issues(policy, &releases, &closed);
            let verdict = check_verification(&answer, &releases, policy, now);
            if verdict.is_due() {
                due.push((answer.checked.unwrap_or(answer.confirmed), cluster, verdict));
            }
        }
        due.sort_by(|(one, left, _), (other, right, _)| (one, &left.id).cmp(&(other, &right.id)));
        let ids = due.iter().map(|(_, cluster, _)| cluster.id.clone()).collect::<BTreeSet<_>>();
        let names = self.name_clusters(&ids).await?;
        let mut newest = BTreeMap::new();
        for release in &releases {
            if !release.version.is_prerelease() {
                newest.insert(release.repository.as_str(), release);
            }
        }
        let newest = newest.into_values().map(|release| NewestRelease {
            repository: release.repository.clone(),
            version: release.version.to_string(),
            day: day(release.at),
        });
        let row = |(checked, cluster, verdict): (Timestamp, &Cluster, VerificationVerdict)| {
            let unchecked_since = match &verdict {
                VerificationVerdict::Released { since, .. } => Some(since.to_string()),
                VerificationVerdict::Aged { .. }
                | VerificationVerdict::Ended { .. }
                | VerificationVerdict::Current { .. } => None,
            };
            Some(AnswerToVerify {
                question: names.get(&cluster.id)?.clone(),
                page: cluster.merged_answer.as_ref()?.page_url().unwrap_or_default().to_owned(),
                confirmed_for: verdict.confirmed_for().map(ToString::to_string),
                unchecked_since,
                why: verdict.describe(),
                checked: day(checked),
                verdict,
            })
        };
        Ok(VerificationReport {
            policy: policy_text(policy),
            releases: newest.collect(),
            answers: merged.len(),
            due: due.into_iter().filter_map(row).collect(),
        })
    }

    /// The clusters with a merged answer that may be served.
    pub(super) async fn merged_clusters(&self) -> Result<BTreeMap<ClusterId, Cluster>, StoreError> {
        let mut merged = BTreeMap::new();
        for id in self.store.merged_answer_clusters(u32::MAX).await? {
            let cluster = self.store.cluster(&id).await?;
            if let Some(cluster) = cluster.filter(|cluster| cluster.merged_answer.is_some()) {
                merged.insert(cluster.id.clone(), cluster);
            }
        }
        Ok(merged)
    }
}

/// The policy in a sentence.
fn policy_text(policy: &VerificationPolicy) -> String {
    let released = policy.releases.map(|part| {
        let part = match part {
            VersionPart::Major => "major",
            VersionPart::Minor => "minor",
            VersionPart::Patch => "patch",
        };
        format!("after each release that raises the {part} version")
    });
    let aged = policy.age.map(|age| format!("after {} days", time::whole_days(age)));
    let when = released.into_iter().chain(aged).collect::<Vec<_>>();
    match when.is_empty() {
        true => "Answers are never checked again.".to_owned(),
        false => format!("An answer is checked again {}.", when.join(" and ")),
    }
}

fn day(at: Timestamp) -> String {
    day_text(day_number(at))
}
