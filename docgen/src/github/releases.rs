//! The releases of repositories, as GitHub lists them.

use rules::time;
use rules::verification::ReleaseRecord;
use rules::versions::ProjectVersion;

use super::client::{GitHubClient, Result, encoded};
use super::models::PublishedRelease;

/// Releases that are looked at, newest first.
const NEWEST: usize = 30;

impl GitHubClient {
    /// The newest releases of a repository, `OWNER/NAME`, of which this client may read public ones and its own.
    /// Drafts, and releases whose tags name no version, are left out.
    pub async fn releases(&self, repository: &str) -> Result<Vec<ReleaseRecord>> {
        let name = repository.split('/').map(encoded).collect::<Vec<_>>().join("/");
        let path = format!("/repos/{name}/releases?per_page={NEWEST}");
        let releases = self.get::<Vec<PublishedRelease>>(&path).await?;
        Ok(releases.into_iter().filter_map(|release| record(repository, &release)).collect())
    }
}

fn record(repository: &str, release: &PublishedRelease) -> Option<ReleaseRecord> {
    let published =
        release.published_at.as_deref().filter(|_| !release.draft && !release.prerelease)?;
    Some(ReleaseRecord {
        repository: repository.to_owned(),
        version: ProjectVersion::parse(&release.tag_name)?,
        at: time::whole_millisecond(published.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_out_and_names_a_version_is_a_release() {
        let release = |tag: &str, draft, prerelease| PublishedRelease {
            tag_name: tag.to_owned(),
            draft,
            prerelease,
            published_at: (!draft).then(|| "2025-11-03T10:00:00Z".to_owned()),
        };
        for (release, expected) in [
            (release("v1.7.2", false, false), Some("v1.7.2")),
            (release("relay@1.7.2", false, false), Some("1.7.2")),
            (release("v1.8.0", true, false), None),
            (release("v1.8.0", false, true), None),
            (release("nightly", false, false), None),
        ] {
            let record = record("harbor/relay", &release);
            assert_eq!(record.map(|one| one.version.to_string()).as_deref(), expected);
        }
    }
}
