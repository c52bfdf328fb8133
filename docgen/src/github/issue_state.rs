//! Whether an issue of any repository is closed.

use jiff::Timestamp;
use rules::time;
use rules::verification::advisories::IssueName;
use serde::Deserialize;

use super::client::{GitHubClient, Result, encoded};

/// What an issue says of its end.
#[derive(Debug, Deserialize)]
struct IssueEnd {
    /// RFC 3339; there once it is closed.
    #[serde(default)]
    closed_at: Option<String>,
}

impl GitHubClient {
    /// When an issue or pull request was closed; `None` while it is open, or where this client may not see it.
    pub async fn issue_closed(&self, issue: &IssueName) -> Result<Option<Timestamp>> {
        let name = issue.repository.split('/').map(encoded).collect::<Vec<_>>().join("/");
        let path = format!("/repos/{name}/issues/{}", issue.number);
        let found = self.get_optional::<IssueEnd>(&path).await?;
        let closed = found.and_then(|end| end.closed_at?.parse::<Timestamp>().ok());
        Ok(closed.map(time::whole_millisecond))
    }
}
