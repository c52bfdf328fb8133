//! Recurring open questions as issues: one for each group, opened once, closed means closed.

use http::Method;
use rules::markdown::code_span;
use rules::model::ids::MessageId;
use serde_json::{Value, json};

use super::client::{GitHubClient, Result, encoded};
use super::models::Issue;
use crate::page::format::MARKER;
use crate::pull_request::{escape, marker};

pub const LABEL: &str = "answer-harvester-triage";
/// Issues of the account that are looked through.
const MOST_ISSUES: usize = 500;
/// The questions that an issue remembers to be about.
const MOST_QUESTIONS: usize = 60;
const LONGEST_TITLE: usize = 110;

/// A group of open questions as maintainers see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenQuestionGroup {
    /// The first messages of its questions.
    pub questions: Vec<MessageId>,
    /// Chat text; `None` where it may not be quoted.
    pub title: Option<String>,
    /// Generated: "high (14 points)".
    pub priority: String,
    /// Generated sentences on status, impact and next step.
    pub facts: Vec<String>,
    /// Chat text: versions and fingerprints of errors.
    pub versions: Vec<String>,
    pub errors: Vec<String>,
    /// Who should look at it. Nobody is mentioned.
    pub owners: Vec<String>,
    /// On Discord, newest first.
    pub links: Vec<String>,
}

/// An issue that is about such a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriageIssue {
    pub number: u64,
    pub open: bool,
    pub body: String,
    questions: Vec<MessageId>,
}

/// What to do for a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriageIssueAction {
    Create,
    Edit(u64),
    /// It is up to date, or people closed it.
    Leave(u64),
}

impl TriageIssue {
    fn of(issue: Issue) -> Option<Self> {
        let body = issue.body.filter(|_| issue.pull_request.is_none())?;
        let questions = marked_questions(&body)?;
        Some(Self { number: issue.number, open: issue.state == "open", body, questions })
    }
}

/// Decides what to do for a group: an issue that shares a question with it is its issue.
pub fn decide(group: &OpenQuestionGroup, found: &[TriageIssue]) -> (TriageIssueAction, String) {
    let is_its = |issue: &&TriageIssue| {
        issue.questions.iter().any(|question| group.questions.contains(question))
    };
    let its = found.iter().filter(is_its).min_by_key(|issue| issue.number);
    // Questions that left the group with time stay: by them it is known.
    let known = its.map(|issue| issue.questions.clone()).unwrap_or_default();
    let body = body(group, known);
    let action = match its {
        None => TriageIssueAction::Create,
        Some(issue) if !issue.open || marker::hash(&issue.body) == marker::hash(&body) => {
            TriageIssueAction::Leave(issue.number)
        }
        Some(issue) => TriageIssueAction::Edit(issue.number),
    };
    (action, body)
}

/// The title of a group's issue.
pub fn title(group: &OpenQuestionGroup) -> String {
    let question = group.title.as_deref().map(|title| escape::title(title, LONGEST_TITLE));
    match question.filter(|title| !title.is_empty()) {
        Some(title) => format!("Open question: {title}"),
        None => "Open question that several people asked".to_owned(),
    }
}

fn body(group: &OpenQuestionGroup, mut known: Vec<MessageId>) -> String {
    known.extend(
        group.questions.iter().filter(|one| !known.contains(one)).copied().collect::<Vec<_>>(),
    );
    known.truncate(MOST_QUESTIONS);
    let ids = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let mut text = format!("<!-- {MARKER} triage questions={ids} -->\n");
    let question = group.title.as_deref().map(|title| escape::span(title, 300));
    if let Some(question) = question {
        text.push_str(&format!("{question}\n\n"));
    }
    text.push_str(&format!("- Priority: {}\n", escape::escaped_text(&group.priority)));
    for fact in &group.facts {
        text.push_str(&format!("- {}\n", escape::escaped_text(fact)));
    }
    for (name, values) in [("Versions", &group.versions), ("Errors", &group.errors)] {
        let spans = values.iter().map(|value| escape::span(value, 80)).collect::<Vec<_>>();
        if !spans.is_empty() {
            text.push_str(&format!("- {name}: {}\n", spans.join(", ")));
        }
    }
    let owners = group.owners.iter().map(|owner| code_span(owner.trim_start_matches('@')));
    let owners = owners.collect::<Vec<_>>();
    if !owners.is_empty() {
        text.push_str(&format!("- Suggested owner: {}\n", owners.join(", ")));
    }
    let links = group.links.iter().enumerate();
    let links = links.map(|(at, url)| format!("[{}]({url})", at + 1)).collect::<Vec<_>>();
    text.push_str(&format!("- Questions: {}\n", links.join(" ")));
    text.push_str("\nThis text is rewritten while the issue is open. Close it when it is settled; it stays closed.\n");
    text
}

/// The questions that an issue's marker names; `None` if it is no issue of this kind.
fn marked_questions(body: &str) -> Option<Vec<MessageId>> {
    let rest = body.strip_prefix(&format!("<!-- {MARKER} triage questions="))?;
    let (ids, _) = rest.split_once(" -->")?;
    Some(ids.split(',').filter_map(|id| id.parse().ok().map(MessageId)).collect())
}

impl GitHubClient {
    /// The issues of this account that are about groups of open questions, closed ones too.
    pub async fn triage_issues(&self) -> Result<Vec<TriageIssue>> {
        let me = self.login().await?;
        // Not by the label, which people may take away.
        let path = format!("issues?state=all&creator={}", encoded(me));
        let issues = self.list::<Issue>(&self.repo_path(&path), MOST_ISSUES).await?;
        Ok(issues.into_iter().filter_map(TriageIssue::of).collect())
    }

    /// Opens or edits the issue of a group; returns its number.
    pub async fn write_triage_issue(
        &self,
        group: &OpenQuestionGroup,
        action: TriageIssueAction,
        body: &str,
    ) -> Result<u64> {
        match action {
            TriageIssueAction::Leave(number) => Ok(number),
            TriageIssueAction::Edit(number) => {
                let path = self.repo_path(&format!("issues/{number}"));
                self.write::<Value>(Method::PATCH, &path, &json!({ "body": body })).await?;
                Ok(number)
            }
            TriageIssueAction::Create => {
                let issue = json!({ "title": title(group), "body": body, "labels": [LABEL] });
                let path = self.repo_path("issues");
                Ok(self.write::<Issue>(Method::POST, &path, &issue).await?.number)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(questions: &[u64], title: &str) -> OpenQuestionGroup {
        OpenQuestionGroup {
            questions: questions.iter().map(|id| MessageId(*id)).collect(),
            title: Some(title.to_owned()),
            priority: "high (14 points)".into(),
            facts: vec!["2 people asked 3 times".into()],
            owners: vec!["@mina".into(), "harbor/ops".into()],
            links: vec!["https://discord.com/channels/1/2/3".into()],
            ..OpenQuestionGroup::default()
        }
    }

    fn issue(number: u64, open: bool, body: &str) -> TriageIssue {
        let issue = Issue {
            number,
            state: if open { "open" } else { "closed" }.into(),
            body: Some(body.into()),
            ..Issue::default()
        };
        TriageIssue::of(issue).unwrap()
    }

    #[test]
    fn a_group_has_one_issue_while_its_questions_come_and_go() {
        let (action, first) = decide(&group(&[1, 2], "Why @amy does #12 fail?"), &[]);
        assert_eq!(action, TriageIssueAction::Create);
        assert!(!first.contains("@mina") && first.contains("`mina`"), "{first}");
        let found = [issue(7, true, &first)];
        let again = decide(&group(&[1, 2], "Why @amy does #12 fail?"), &found);
        assert_eq!(again, (TriageIssueAction::Leave(7), first.clone()));
        let (action, later) = decide(&group(&[2, 3], "Why does it fail?"), &found);
        assert_eq!(action, TriageIssueAction::Edit(7));
        let found = [issue(7, true, &later)];
        assert_eq!(decide(&group(&[1, 9], "Why?"), &found).0, TriageIssueAction::Edit(7));
        assert_eq!(decide(&group(&[4], "Why?"), &found).0, TriageIssueAction::Create);
        let closed = [issue(7, false, &later)];
        assert_eq!(decide(&group(&[3], "Why?"), &closed).0, TriageIssueAction::Leave(7));
    }

    #[test]
    fn words_of_chat_call_nobody() {
        let asked = group(&[1], "@amy why does GH-12 fail? fixes #3 https://evil.example");
        let (title, body) = (title(&asked), decide(&asked, &[]).1);
        assert!(!title.contains(['@', '#']) && !title.contains("://"), "{title}");
        assert!(!body.contains("@amy") && !body.contains("#3"), "{body}");
        let nameless = OpenQuestionGroup { title: None, ..asked };
        assert_eq!(super::title(&nameless), "Open question that several people asked");
    }
}
