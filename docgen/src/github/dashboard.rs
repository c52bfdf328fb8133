//! One issue that shows the state of every proposal, edited in place.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use rules::model::ids::ClusterId;

use crate::page::evidence::minute;
use crate::page::format::MARKER;
use crate::pull_request::escape;
use crate::pull_request::limits::DeadlineStatus;
use crate::pull_request::marker;

pub const TITLE: &str = "Answer Harvester: dashboard";
pub const LABEL: &str = "answer-harvester-dashboard";
/// The text changes at most this often.
pub const BETWEEN_EDITS: SignedDuration = SignedDuration::from_mins(5);
const MOST_ROWS: usize = 50;

/// The section of a question. The order is the order of the sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DashboardSection {
    /// A first run: nothing opens before a maintainer approves it.
    Awaiting,
    /// A cap holds it; a tick opens it.
    Held,
    Open,
    HandsOff,
    /// Closed by a maintainer; a tick proposes it again.
    Rejected,
    Snoozed,
    Failed,
    /// A reviewed answer that nobody has checked since a release, or for long; a tick says that it holds.
    Verify,
    /// A reviewed answer whose question is asked as often as before; a tick says that somebody improved it.
    Improve,
    /// The page score is too low to propose it unasked; a tick opens it.
    Candidate,
}

impl DashboardSection {
    const ALL: [Self; 10] = [
        Self::Awaiting,
        Self::Held,
        Self::Open,
        Self::HandsOff,
        Self::Rejected,
        Self::Snoozed,
        Self::Failed,
        Self::Verify,
        Self::Improve,
        Self::Candidate,
    ];

    fn heading(self) -> &'static str {
        match self {
            Self::Awaiting => "Awaiting approval (tick to open)",
            Self::Held => "Held by limits (tick to open now)",
            Self::Open => "Open",
            Self::HandsOff => "Taken over by maintainers",
            Self::Rejected => "Rejected (tick to reconsider)",
            Self::Snoozed => "Snoozed",
            Self::Failed => "Errors",
            Self::Verify => "Reviewed answers to check again (tick those that still hold)",
            Self::Improve => {
                "Reviewed answers that do not help yet (tick those that you have improved)"
            }
            Self::Candidate => "Candidates that wait for more evidence (tick to open now)",
        }
    }

    fn has_box(self) -> bool {
        !matches!(self, Self::Open | Self::HandsOff | Self::Snoozed | Self::Failed)
    }
}

/// One question on the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardItem {
    pub cluster: ClusterId,
    pub place: DashboardSection,
    /// Chat text: it is shown in a code span.
    pub question: String,
    pub occurrences: usize,
    pub pull: Option<u64>,
    pub deadline: DeadlineStatus,
    pub due_by: Option<Timestamp>,
    /// Generated text on why it is in this section.
    pub note: Option<String>,
}

/// The figures below the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DashboardTotals {
    pub backlog: usize,
    /// Questions of the last 30 days, and those of them that were answered within a day.
    pub asked: usize,
    pub answered: usize,
}

/// Writes the issue's body. The same rows give the same text.
pub fn render_dashboard(rows: &[DashboardItem], figures: &DashboardTotals) -> String {
    let mut out = format!(
        "<!-- {MARKER} dashboard -->\nEvery question that was answered often enough for a page. \
         This text is rewritten when something changes; ticked boxes are read first.\n"
    );
    for place in DashboardSection::ALL {
        let mut rows = rows.iter().filter(|row| row.place == place).collect::<Vec<_>>();
        if rows.is_empty() {
            continue;
        }
        rows.sort_by(|one, other| {
            other
                .deadline
                .cmp(&one.deadline)
                .then_with(|| one.cluster.as_str().cmp(other.cluster.as_str()))
        });
        out.push_str(&format!("\n### {}\n\n", place.heading()));
        for row in rows.iter().take(MOST_ROWS) {
            out.push_str(&line(row));
        }
        if rows.len() > MOST_ROWS {
            out.push_str(&format!("- and {} more\n", rows.len() - MOST_ROWS));
        }
    }
    let DashboardTotals { backlog, asked, answered } = figures;
    out.push_str("\n---\n\n");
    if let Some(percent) = (answered * 100).checked_div(*asked) {
        out.push_str(&format!("{percent} % of {asked} questions were answered within a day. "));
    }
    out.push_str(&format!("{backlog} open questions in the backlog.\n"));
    out
}

fn line(row: &DashboardItem) -> String {
    let mut out = String::from(if row.place.has_box() { "- [ ] " } else { "- " });
    let mut add = |text: std::fmt::Arguments<'_>| {
        out.write_fmt(text).expect("a string takes everything");
    };
    add(format_args!("<!-- id={} -->{}", row.cluster, escape::span(&row.question, 120)));
    add(format_args!(", answered {} times", row.occurrences));
    if let Some(number) = row.pull {
        add(format_args!(", #{number}"));
    }
    match (row.deadline, row.due_by) {
        (DeadlineStatus::Breached, Some(by)) => add(format_args!(", **late**: due {}", minute(by))),
        (DeadlineStatus::Escalated, Some(by)) => {
            add(format_args!(", **due soon**: {}", minute(by)))
        }
        (DeadlineStatus::DraftLate, Some(by)) => {
            add(format_args!(", no draft yet, due {}", minute(by)))
        }
        (DeadlineStatus::Running, Some(by)) => add(format_args!(", due {}", minute(by))),
        _ => {}
    }
    if let Some(note) = &row.note {
        add(format_args!("; {}", escape::escaped_text(note)));
    }
    out.push('\n');
    out
}

/// The rows whose boxes people ticked. Read this before every write.
pub fn ticked_clusters(body: &str) -> Vec<ClusterId> {
    let lines = body.lines().filter_map(|line| {
        let rest = line.strip_prefix("- [x] ").or_else(|| line.strip_prefix("- [X] "))?;
        rest.strip_prefix("<!-- id=")?.split_once(" -->")?.0.parse().ok()
    });
    lines.collect()
}

/// Whether an issue's body is the dashboard.
pub fn is_ours(body: &str) -> bool {
    body.starts_with(&format!("<!-- {MARKER} dashboard -->"))
}

/// What to do with the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DashboardAction {
    Nothing,
    Create,
    Edit(u64),
}

/// What was found of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardIssue {
    pub number: u64,
    pub open: bool,
    pub body: String,
    pub edited: Timestamp,
}

/// Decides whether the text is written. A dashboard that people closed stays closed and is left alone.
pub fn decide(found: Option<&DashboardIssue>, text: &str, now: Timestamp) -> DashboardAction {
    match found {
        None => DashboardAction::Create,
        Some(found) if !found.open => DashboardAction::Nothing,
        Some(found) if marker::hash(&found.body) == marker::hash(text) => DashboardAction::Nothing,
        Some(found) if now.duration_since(found.edited) < BETWEEN_EDITS => DashboardAction::Nothing,
        Some(found) => DashboardAction::Edit(found.number),
    }
}

#[cfg(test)]
mod tests {
    use rules::model::ids::MessageId;
    use rules::time;

    use super::*;

    fn row(
        number: u64,
        place: DashboardSection,
        question: &str,
        deadline: DeadlineStatus,
    ) -> DashboardItem {
        DashboardItem {
            cluster: ClusterId::of_question(MessageId(number)),
            place,
            question: question.into(),
            occurrences: 3,
            pull: (place == DashboardSection::Open).then_some(number),
            deadline,
            due_by: Some(Timestamp::UNIX_EPOCH + time::days(1)),
            note: (place == DashboardSection::Failed).then(|| "no permission <b> @amy".into()),
        }
    }

    #[test]
    fn the_text_is_a_function_of_the_rows() {
        let rows = [
            row(40, DashboardSection::Open, "How do I reset it?", DeadlineStatus::Met),
            row(41, DashboardSection::Held, "@amy why does #12 fail?", DeadlineStatus::Escalated),
            row(42, DashboardSection::Held, "Where is `x`?", DeadlineStatus::Breached),
            row(43, DashboardSection::Rejected, "What?", DeadlineStatus::Met),
            row(44, DashboardSection::Failed, "Who?", DeadlineStatus::Running),
            row(45, DashboardSection::Candidate, "How?", DeadlineStatus::Met),
            row(46, DashboardSection::Verify, "When?", DeadlineStatus::Met),
        ];
        let figures = DashboardTotals { backlog: 4, asked: 8, answered: 6 };
        let text = render_dashboard(&rows, &figures).replace('\u{200b}', "~");
        insta::assert_snapshot!(text, @r##"
        <!-- answer-harvester:v1 dashboard -->
        Every question that was answered often enough for a page. This text is rewritten when something changes; ticked boxes are read first.

        ### Held by limits (tick to open now)

        - [ ] <!-- id=q16 -->``Where is `x`?``, answered 3 times, **late**: due 1970-01-02 00:00 UTC
        - [ ] <!-- id=q15 -->`@~amy why does #~12 fail?`, answered 3 times, **due soon**: 1970-01-02 00:00 UTC

        ### Open

        - <!-- id=q14 -->`How do I reset it?`, answered 3 times, #40

        ### Rejected (tick to reconsider)

        - [ ] <!-- id=q17 -->`What?`, answered 3 times

        ### Errors

        - <!-- id=q18 -->`Who?`, answered 3 times, due 1970-01-02 00:00 UTC; no permission b amy

        ### Reviewed answers to check again (tick those that still hold)

        - [ ] <!-- id=q1a -->`When?`, answered 3 times

        ### Candidates that wait for more evidence (tick to open now)

        - [ ] <!-- id=q19 -->`How?`, answered 3 times

        ---

        75 % of 8 questions were answered within a day. 4 open questions in the backlog.
        "##);
        assert!(is_ours(&text) && !is_ours("words"));
        assert_eq!(ticked_clusters(&text), []);
    }

    #[test]
    fn ticks_are_read() {
        let body = "- [x] <!-- id=q10 -->`a`\r\n- [ ] <!-- id=q11 -->`b`\n- [X] <!-- id=q12 -->`c`\n\
            - [x] other\n> - [x] <!-- id=q13 -->\n";
        let ticked = ticked_clusters(body).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(ticked, ["q10", "q12"]);
    }

    #[test]
    fn it_is_written_only_when_it_changes_and_never_reopened() {
        let found = |open, body: &str, minutes: i64| DashboardIssue {
            number: 9,
            open,
            body: body.into(),
            edited: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(-minutes),
        };
        for (found, expected) in [
            (None, DashboardAction::Create),
            (Some(found(true, "old", 6)), DashboardAction::Edit(9)),
            (Some(found(true, "old", 4)), DashboardAction::Nothing),
            (Some(found(true, "new\r\n", 90)), DashboardAction::Nothing),
            (Some(found(false, "old", 90)), DashboardAction::Nothing),
        ] {
            assert_eq!(decide(found.as_ref(), "new\n", Timestamp::UNIX_EPOCH), expected);
        }
    }
}
