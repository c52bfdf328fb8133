//! A briefing as one message on Discord.

use rules::report::questions::{QuestionCounts, QuestionShare};
use site::reports::briefing::BriefingReport;
use site::reports::sections::TrendingQuestion;
use site::reports::triage::TriageGroup;

use super::interactions::text::escape::{cut, inert};

/// Characters of a title.
const LONGEST_TITLE: usize = 120;
/// Questions under one heading.
const MOST_LISTED: usize = 5;
/// Discord takes 2,000.
const LONGEST: usize = 1_900;

/// The first line of the message on a period, by which it is recognised.
pub(crate) fn briefing_heading(first_day: &str, last_day: &str) -> String {
    match first_day == last_day {
        true => format!("**Briefing, {first_day}**"),
        false => format!("**Briefing, {first_day} to {last_day}**"),
    }
}

/// The message; `origin` is the address of the site, where the whole report is.
pub(crate) fn briefing_message(report: &BriefingReport, origin: Option<&str>) -> String {
    let mut lines = vec![briefing_heading(&report.first_day, &report.last_day)];
    let alarms = report.alarms.iter();
    lines.extend(alarms.map(|one| format!("⚠️ {}: {}", one.day, inert(&one.alarm.what, 300))));
    lines.push(counts_line(&report.questions, &report.questions_before));
    lines.push(speed_line(&report.questions, &report.questions_before));
    let trends = [("New", &report.trends.new), ("Asked more", &report.trends.worse)];
    for (heading, questions) in trends {
        lines.extend(questions.iter().take(MOST_LISTED).map(|one| trend_line(heading, one)));
    }
    lines.extend(report.unanswered.iter().take(MOST_LISTED).map(open_line));
    if !report.to_verify.is_empty() {
        lines.push(format!("Reviewed answers to check again: {}", report.to_verify.len()));
    }
    if report.proposals.late > 0 {
        lines.push(format!("Proposals that are late: {}", report.proposals.late));
    }
    if let Some(origin) = origin {
        let origin = origin.trim_end_matches('/');
        let query = format!("period={}&until={}", report.span, report.last_day);
        let link = format!("<{origin}/reports/briefing?{query}>");
        return format!("{}\n{link}", cut(&lines.join("\n"), LONGEST - link.len()));
    }
    cut(&lines.join("\n"), LONGEST)
}

fn counts_line(now: &QuestionCounts, before: &QuestionCounts) -> String {
    format!(
        "Questions: {} ({} before) · answered {} · confirmed {} · open {}",
        now.asked, before.asked, now.answered, now.confirmed, now.open
    )
}

fn speed_line(now: &QuestionCounts, before: &QuestionCounts) -> String {
    let percent = |share: QuestionShare| {
        share.percent().map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"))
    };
    format!(
        "Answered within 24 hours: {} ({} before)",
        percent(now.within_day),
        percent(before.within_day)
    )
}

fn trend_line(heading: &str, one: &TrendingQuestion) -> String {
    let title = inert(&one.question.title, LONGEST_TITLE);
    format!("{heading}: {title} · {} times, {} before", one.asked, one.before)
}

fn open_line(group: &TriageGroup) -> String {
    let title = match &group.title {
        Some(title) => inert(title, LONGEST_TITLE),
        None => "a question whose words may not be quoted".to_owned(),
    };
    format!("Open: {title} · {} people", group.impact.askers)
}
