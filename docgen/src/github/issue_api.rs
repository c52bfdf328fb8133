//! Writes beside a pull request: the status comment, the dashboard, reactions.

use http::Method;
use jiff::Timestamp;
use rules::model::ids::ClusterId;
use rules::time;
use serde_json::{Value, json};

use super::client::{GitHubClient, Result, encoded};
use super::dashboard::{self, DashboardAction, DashboardIssue};
use super::models::{Account, CollaboratorAccess, Comment, Issue, PullRequest, Review};
use crate::page::format::MARKER;

const MOST_COMMENTS: usize = 500;
const MOST_ISSUES: usize = 500;

/// The reaction to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandReaction {
    Seen,
    Done,
    Confused,
}

impl CommandReaction {
    fn content(self) -> &'static str {
        match self {
            Self::Seen => "eyes",
            Self::Done => "+1",
            Self::Confused => "confused",
        }
    }
}

impl GitHubClient {
    /// Creates or edits the one status comment of a pull request. Nothing is written if the text is
    /// the same. The text must be generated or escaped by `crate::pull_request::escape`.
    pub async fn upsert_status_comment(
        &self,
        number: u64,
        cluster: &ClusterId,
        text: &str,
    ) -> Result<()> {
        if self.replace_status_comment(number, cluster, text).await? {
            return Ok(());
        }
        let path = self.repo_path(&format!("issues/{number}/comments"));
        let body = format!("{}\n{text}", status_mark(cluster));
        self.write::<Value>(Method::POST, &path, &json!({ "body": body })).await.map(drop)
    }

    /// Brings the status comment up to date; false if there is none.
    pub async fn replace_status_comment(
        &self,
        number: u64,
        cluster: &ClusterId,
        text: &str,
    ) -> Result<bool> {
        let me = self.login().await?;
        let path = self.repo_path(&format!("issues/{number}/comments"));
        let comments = self.list::<Comment>(&path, MOST_COMMENTS).await?;
        let body = format!("{}\n{text}", status_mark(cluster));
        match own(&comments, me, cluster) {
            Some(old) if same(old.body.as_deref(), &body) => Ok(true),
            Some(old) => {
                let path = self.repo_path(&format!("issues/comments/{}", old.id));
                self.write::<Value>(Method::PATCH, &path, &json!({ "body": body })).await?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Finds the dashboard among the issues of this account, closed ones too.
    pub async fn dashboard(&self) -> Result<Option<DashboardIssue>> {
        let me = self.login().await?;
        let path = format!("issues?state=all&creator={}", encoded(me));
        let issues = self.list::<Issue>(&self.repo_path(&path), MOST_ISSUES).await?;
        Ok(issues.into_iter().filter(|issue| by(&issue.user, me)).find_map(found))
    }

    /// Brings the dashboard up to date; read its ticks before the text is made.
    pub async fn update_dashboard(
        &self,
        found: Option<&DashboardIssue>,
        text: &str,
    ) -> Result<DashboardAction> {
        let action = dashboard::decide(found, text, self.now());
        match &action {
            DashboardAction::Nothing => {}
            DashboardAction::Create => {
                let body = json!({ "title": dashboard::TITLE, "body": text, "labels": [dashboard::LABEL] });
                self.write::<Value>(Method::POST, &self.repo_path("issues"), &body).await?;
            }
            DashboardAction::Edit(number) => {
                let path = self.repo_path(&format!("issues/{number}"));
                self.write::<Value>(Method::PATCH, &path, &json!({ "body": text })).await?;
            }
        }
        Ok(action)
    }

    /// Closes a pull request because a maintainer asked for it.
    pub async fn close_pull(&self, number: u64) -> Result<()> {
        let path = self.repo_path(&format!("pulls/{number}"));
        self.write::<Value>(Method::PATCH, &path, &json!({ "state": "closed" })).await.map(drop)
    }

    /// The reviews of a pull request, oldest first.
    pub async fn reviews(&self, number: u64) -> Result<Vec<Review>> {
        self.list(&self.repo_path(&format!("pulls/{number}/reviews")), MOST_COMMENTS).await
    }

    /// Pull requests of this account from a branch, newest first.
    pub async fn pulls_of(&self, branch: &str) -> Result<Vec<PullRequest>> {
        let me = self.login().await?;
        let path = format!("pulls?state=all&head={}:{}", self.owner(), encoded(branch));
        let mut pulls = self.list::<PullRequest>(&self.repo_path(&path), MOST_ISSUES).await?;
        pulls.retain(|pull| pull.head.branch == branch && by(&pull.user, me));
        pulls.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        Ok(pulls)
    }

    /// One pull request, whoever opened it.
    pub async fn pull(&self, number: u64) -> Result<Option<PullRequest>> {
        self.get_optional(&self.repo_path(&format!("pulls/{number}"))).await
    }

    /// Adds a reaction to a command.
    pub async fn react(&self, comment: u64, reaction: CommandReaction) -> Result<()> {
        let path = self.repo_path(&format!("issues/comments/{comment}/reactions"));
        let body = json!({ "content": reaction.content() });
        self.write::<Value>(Method::POST, &path, &body).await.map(drop)
    }

    /// Whether this account may give commands.
    pub async fn may_command(&self, login: &str) -> Result<bool> {
        let path = self.repo_path(&format!("collaborators/{}/permission", encoded(login)));
        Ok(self
            .get_optional::<CollaboratorAccess>(&path)
            .await?
            .is_some_and(|access| access.may_write()))
    }

    /// Comments on issues and pull requests that changed since a moment, oldest first.
    pub async fn comments_since(&self, since: Timestamp) -> Result<Vec<Comment>> {
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let path = format!("issues/comments?sort=updated&direction=asc&since={}", encoded(&since));
        self.list(&self.repo_path(&path), MOST_COMMENTS).await
    }
}

fn status_mark(cluster: &ClusterId) -> String {
    format!("<!-- {MARKER} status id={cluster} -->")
}

fn own<'c>(comments: &'c [Comment], me: &str, cluster: &ClusterId) -> Option<&'c Comment> {
    let mark = status_mark(cluster);
    comments.iter().find(|comment| {
        by(&comment.user, me) && comment.body.as_deref().is_some_and(|body| body.starts_with(&mark))
    })
}

fn by(user: &Option<Account>, me: &str) -> bool {
    user.as_ref().is_some_and(|user| user.login.eq_ignore_ascii_case(me))
}

fn same(old: Option<&str>, new: &str) -> bool {
    old.is_some_and(|old| {
        crate::pull_request::marker::hash(old) == crate::pull_request::marker::hash(new)
    })
}

fn found(issue: Issue) -> Option<DashboardIssue> {
    let body = issue.body?;
    let ours = issue.pull_request.is_none() && dashboard::is_ours(&body);
    let edited = issue
        .updated_at
        .parse::<Timestamp>()
        .map_or(Timestamp::UNIX_EPOCH, time::whole_millisecond);
    ours.then(|| DashboardIssue { number: issue.number, open: issue.state == "open", body, edited })
}

#[cfg(test)]
mod tests {
    use rules::model::ids::MessageId;

    use super::*;

    #[test]
    fn only_a_comment_of_ours_for_this_question_is_edited() {
        let cluster = ClusterId::of_question(MessageId(36));
        let comment = |id, login: &str, body: &str| Comment {
            id,
            body: Some(body.into()),
            user: Some(Account { login: login.into(), kind: String::new() }),
            ..Comment::default()
        };
        let mark = status_mark(&cluster);
        let comments = [
            comment(1, "amy", &format!("{mark}\nforged")),
            comment(2, "us[bot]", "other words"),
            comment(3, "us[bot]", &status_mark(&ClusterId::of_question(MessageId(37)))),
            comment(4, "Us[bot]", &format!("{mark}\r\nold")),
        ];
        assert_eq!(own(&comments, "us[bot]", &cluster).map(|one| one.id), Some(4));
        assert!(same(comments[3].body.as_deref(), &format!("{mark}\nold\n")));
    }

    #[test]
    fn a_dashboard_is_an_issue_with_our_mark() {
        let issue = |body: &str, pull: bool| Issue {
            number: 5,
            state: "open".into(),
            body: Some(body.into()),
            updated_at: "1970-01-01T00:00:02Z".into(),
            pull_request: pull.then(|| json!({})),
            ..Issue::default()
        };
        let text = dashboard::render_dashboard(&[], &dashboard::DashboardTotals::default());
        let dashboard = found(issue(&text, false)).unwrap();
        assert_eq!(
            (dashboard.number, dashboard.open, dashboard.edited),
            (5, true, time::at_millisecond(2_000))
        );
        assert!(found(issue(&text, true)).is_none() && found(issue("words", false)).is_none());
    }
}
