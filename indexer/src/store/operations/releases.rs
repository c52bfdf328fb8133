//! Releases of the project, and answers of which a maintainer said that they still hold.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rules::model::ids::{ClusterId, UserId};
use rules::verification::ReleaseRecord;
use rules::verification::advisories::IssueName;
use rules::versions::ProjectVersion;

use super::settings::read_time;
use crate::store::engine;
use crate::store::sql::SqlTime;
use crate::store::{AuditRow, Result, Store};

/// The settings that hold releases: `release/OWNER/NAME VERSION`.
const RELEASE: &str = "release/";
/// The settings that hold checks: `checked/CLUSTER`.
const CHECKED: &str = "checked/";
/// The settings that hold issues: `issue/OWNER/NAME#NUMBER`, with when each was read and when it was closed.
const ISSUE: &str = "issue/";

/// An issue that answers stand on, as it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssueRecord {
    pub read: Timestamp,
    /// `None` while it is open.
    pub closed: Option<Timestamp>,
}

impl Store {
    /// Stores a release, or its new date; false if it was known so.
    pub async fn record_release(&self, release: &ReleaseRecord) -> Result<bool> {
        let ReleaseRecord { repository, version, at } = release;
        let mut transaction = self.begin().await?;
        let stored = engine::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE settings.value <> excluded.value",
        )
        .bind(format!("{RELEASE}{repository} {version}"))
        .bind(at.to_sql().to_string())
        .execute(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(stored.rows_affected() > 0)
    }

    /// Forgets a release that was recorded by mistake; false if there was none.
    pub async fn forget_release(&self, repository: &str, version: &ProjectVersion) -> Result<bool> {
        let name = format!("{RELEASE}{repository} {version}");
        let known = self.setting(&name).await?.is_some();
        self.unset(&name).await?;
        Ok(known)
    }

    /// Every release, earliest first.
    pub async fn releases(&self) -> Result<Vec<ReleaseRecord>> {
        let rows = self.settings_under(RELEASE).await?;
        let mut releases =
            rows.iter().filter_map(|(name, at)| release(name, at)).collect::<Vec<_>>();
        releases.sort_by_key(|release| release.at);
        Ok(releases)
    }

    /// Notes that a maintainer found the answer of a cluster to hold, with an entry in the audit log.
    pub async fn mark_checked(&self, cluster: &ClusterId, at: Timestamp) -> Result<()> {
        self.set_time(&format!("{CHECKED}{cluster}"), at).await?;
        let (what, target) = ("checked".to_owned(), cluster.to_string());
        let row = AuditRow { seq: 0, at, by: UserId(0), what, target, undoes: None };
        self.audit(&row).await?;
        Ok(())
    }

    /// Notes what was read of an issue.
    pub async fn record_issue(&self, issue: &IssueName, record: IssueRecord) -> Result<()> {
        let closed = record.closed.map_or_else(|| "-".to_owned(), |at| at.to_sql().to_string());
        self.set(&format!("{ISSUE}{issue}"), &format!("{} {closed}", record.read.to_sql())).await
    }

    /// The issues that were read.
    pub async fn issues(&self) -> Result<BTreeMap<IssueName, IssueRecord>> {
        let rows = self.settings_under(ISSUE).await?;
        let issues = rows.iter().filter_map(|(name, value)| {
            let (read, closed) = value.split_once(' ')?;
            let read = read_time(read)?;
            let record = IssueRecord { read, closed: read_time(closed) };
            Some((name.strip_prefix(ISSUE)?.parse().ok()?, record))
        });
        Ok(issues.collect())
    }

    /// The issues that are closed, with when.
    pub async fn closed_issues(&self) -> Result<BTreeMap<IssueName, Timestamp>> {
        let issues = self.issues().await?.into_iter();
        Ok(issues.filter_map(|(issue, record)| Some((issue, record.closed?))).collect())
    }

    /// When a maintainer last found the answer of a cluster to hold.
    pub async fn checked_answer(&self, cluster: &ClusterId) -> Result<Option<Timestamp>> {
        self.setting_time(&format!("{CHECKED}{cluster}")).await
    }

    /// When maintainers last found answers to hold. The check of a cluster that went into another one ends.
    pub async fn checked_answers(&self) -> Result<BTreeMap<ClusterId, Timestamp>> {
        let rows = self.settings_under(CHECKED).await?;
        let checks = rows.iter().filter_map(|(name, at)| {
            Some((name.strip_prefix(CHECKED)?.parse().ok()?, read_time(at)?))
        });
        Ok(checks.collect())
    }
}

fn release(name: &str, at: &str) -> Option<ReleaseRecord> {
    let (repository, version) = name.strip_prefix(RELEASE)?.rsplit_once(' ')?;
    Some(ReleaseRecord {
        repository: repository.to_owned(),
        version: ProjectVersion::parse(version)?,
        at: read_time(at)?,
    })
}

#[cfg(test)]
mod tests {
    use rules::time;

    use super::*;

    #[tokio::test]
    async fn releases_and_checks_are_kept_once_each() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_shared(crate::store::tests::location(folder.path())).await.unwrap();
        let version = |text: &str| ProjectVersion::parse(text).unwrap();
        let release = |repository: &str, text: &str, at| ReleaseRecord {
            repository: repository.to_owned(),
            version: version(text),
            at: time::at_millisecond(at),
        };
        for one in [release("", "v1.7.0", 9), release("harbor/relay", "v1.7.0", 5)] {
            assert!(store.record_release(&one).await.unwrap());
            assert!(!store.record_release(&one).await.unwrap());
        }
        let moved = release("", "v1.7.0", 3);
        assert!(store.record_release(&moved).await.unwrap());
        let known = store.releases().await.unwrap();
        assert_eq!(known, [moved, release("harbor/relay", "v1.7.0", 5)]);
        assert!(store.forget_release("", &version("v1.7.0")).await.unwrap());
        assert!(!store.forget_release("", &version("v1.7.0")).await.unwrap());
        assert_eq!(store.releases().await.unwrap().len(), 1);

        let cluster = "q1a".parse::<ClusterId>().unwrap();
        store.mark_checked(&cluster, time::at_millisecond(7)).await.unwrap();
        store.mark_checked(&cluster, time::at_millisecond(8)).await.unwrap();
        assert_eq!(store.checked_answer(&cluster).await.unwrap(), Some(time::at_millisecond(8)));
        assert_eq!(
            store.checked_answers().await.unwrap(),
            [(cluster, time::at_millisecond(8))].into()
        );
        let audited = store.audit_rows(9).await.unwrap();
        assert!(audited.len() == 2 && audited.iter().all(|row| row.what == "checked"));
    }

    #[tokio::test]
    async fn issues_are_kept_as_they_were_last_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_shared(crate::store::tests::location(folder.path())).await.unwrap();
        let issue = "harbor/relay#12".parse::<IssueName>().unwrap();
        let open = IssueRecord { read: time::at_millisecond(5), closed: None };
        store.record_issue(&issue, open).await.unwrap();
        assert_eq!(store.issues().await.unwrap(), [(issue.clone(), open)].into());
        assert!(store.closed_issues().await.unwrap().is_empty());
        let closed =
            IssueRecord { read: time::at_millisecond(9), closed: Some(time::at_millisecond(7)) };
        store.record_issue(&issue, closed).await.unwrap();
        assert_eq!(store.closed_issues().await.unwrap(), [(issue, time::at_millisecond(7))].into());
    }
}
