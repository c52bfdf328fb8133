//! Reports as Markdown.

use std::fmt::Write as _;

use rules::markdown::{MarkdownDialect, escape};
use rules::report::deflection::{DeflectionCounts, DeflectionEstimate, DeflectionVerdict};
use rules::report::questions::{QuestionCounts, QuestionList, QuestionShare};

use super::briefing::{BriefingReport, FigureValue};
use super::page_effects::PageEffect;
use super::question_list::QuestionScope;
use super::sections::{AreaBalance, TrendingQuestion};
use super::titles::NamedQuestion;
use super::triage::{TriageGroup, TriageReport};
use super::verification::{AnswerToVerify, VerificationReport};
use crate::presentation::words::grouped;

/// Writes links to pages of the site.
#[derive(Debug, Clone, Default)]
pub struct SiteLinks {
    /// `https://answers.example.org`, if the settings name it.
    pub origin: Option<String>,
}

impl SiteLinks {
    /// A text as a link to a root-relative address; without an origin, the text.
    fn link(&self, text: &str, address: &str) -> String {
        match &self.origin {
            Some(origin) => format!("[{text}]({}{address})", origin.trim_end_matches('/')),
            None => text.to_owned(),
        }
    }

    pub(super) fn question(&self, question: &NamedQuestion) -> String {
        self.link(&literal(&question.title), &question.url)
    }
}

/// The briefing.
pub fn briefing_markdown(report: &BriefingReport, links: &SiteLinks) -> String {
    let mut text = String::new();
    let days = period_text(&report.first_day, &report.last_day);
    push(&mut text, format_args!("# Briefing, {days}"));
    if !report.alarms.is_empty() {
        push(&mut text, format_args!("\n## Alarms\n"));
        for one in &report.alarms {
            let channel = one.channel_name.as_deref().map(|name| format!(" ({})", literal(name)));
            push(
                &mut text,
                format_args!(
                    "- **{}**, {}{}: {}",
                    one.alarm.kind.as_str().replace('-', " "),
                    one.day,
                    channel.unwrap_or_default(),
                    one.alarm.what
                ),
            );
        }
    }
    push(&mut text, format_args!("\n| | {days} | {} before |\n|---|---:|---:|", report.span));
    for figure in &report.figures {
        push(
            &mut text,
            format_args!(
                "| {} | {} | {} |",
                figure.label,
                links.link(&figure_text(figure.value), &figure.url),
                links
                    .link(&figure_text(figure.before), &report.list_url_before(figure.list.into()))
            ),
        );
    }
    push_facts(&mut text, report, links);
    push_lists_note(&mut text, report, links);
    push_helpers(&mut text, report);
    push_topics(&mut text, report, links);
    push_trend(&mut text, "New and recurring", &report.trends.new, links);
    push_trend(&mut text, "Asked more than before", &report.trends.worse, links);
    push_pages(&mut text, report, links);
    push(&mut text, format_args!("\n## Open, and asked by several people\n"));
    if report.unanswered.is_empty() {
        push(&mut text, format_args!("None in the last four weeks."));
    }
    for group in &report.unanswered {
        push(&mut text, format_args!("- {}", group_line(group)));
    }
    push_proposals(&mut text, report, links);
    if !report.to_verify.is_empty() {
        push(&mut text, format_args!("\n## Answers to check again\n"));
    }
    for one in &report.to_verify {
        push(&mut text, format_args!("- {}", verification_line(one, links)));
    }
    text
}

/// The numbers about people, with the lists of their questions.
fn push_facts(text: &mut String, report: &BriefingReport, links: &SiteLinks) {
    let reply = |counts: &QuestionCounts| {
        counts.median_first_reply.map_or_else(|| "–".to_owned(), duration_text)
    };
    let (now, before) = (&report.questions, &report.questions_before);
    let asked = QuestionList::Asked;
    let mut row = |label: &str, value: &str, earlier: &str| {
        let value = links.link(value, &report.list_url(asked.into()));
        let earlier = links.link(earlier, &report.list_url_before(asked.into()));
        push(text, format_args!("| {label} | {value} | {earlier} |"));
    };
    row("Median first reply", &reply(now), &reply(before));
    row("People who asked", &now.askers.to_string(), &before.askers.to_string());
    push(
        text,
        format_args!(
            "| Messages | {} | {} |",
            grouped(report.messages as usize),
            grouped(report.messages_before as usize)
        ),
    );
}

fn push_lists_note(text: &mut String, report: &BriefingReport, links: &SiteLinks) {
    if links.origin.is_none() {
        push(
            text,
            format_args!(
                "\nThe list behind a number: `harvester report questions --period {} --until {} --list open` \
                 (or `asked`, `answered`, `confirmed`, `within-1h`, `within-4h`, `within-24h`).",
                report.span, report.last_day
            ),
        );
    }
}

fn push_helpers(text: &mut String, report: &BriefingReport) {
    let helpers = &report.helpers;
    push(text, format_args!("\n## Who helps\n"));
    if helpers.helpers == 0 {
        return push(text, format_args!("Nobody answered a question of somebody else."));
    }
    push(
        text,
        format_args!(
            "{} answered {} ({} in the {} before). The busiest gave {} of the answers, the three busiest {}.\n",
            counted(helpers.helpers, "person", "people"),
            counted(helpers.answers, "question", "questions"),
            helpers.before,
            report.span,
            percent_text(helpers.top_one),
            percent_text(helpers.top_three)
        ),
    );
    for one in &helpers.busiest {
        push(text, format_args!("- {}: {}", literal(&one.name), one.answers));
    }
}

fn push_topics(text: &mut String, report: &BriefingReport, links: &SiteLinks) {
    let BriefingReport { topics, areas, .. } = report;
    if topics.is_empty() {
        return;
    }
    push(
        text,
        format_args!(
            "\n## Topics\n\n| topic | asked | before | answered | open |\n|---|---:|---:|---:|---:|"
        ),
    );
    for one in topics {
        let name = one.topic.as_deref().map_or_else(|| "none of them".to_owned(), literal);
        let scope =
            |list| QuestionScope { list, topic: Some(one.topic.as_deref().unwrap_or_default()) };
        let number =
            |count: usize, list| links.link(&count.to_string(), &report.list_url(scope(list)));
        let asked = number(one.asked, QuestionList::Asked);
        let before = report.list_url_before(scope(QuestionList::Asked));
        let before = links.link(&one.before.to_string(), &before);
        let answered = number(one.answered, QuestionList::Answered);
        let open = number(one.open, QuestionList::Open);
        push(text, format_args!("| {name} | {asked} | {before} | {answered} | {open} |"));
    }
    let (questions, messages) = areas.iter().fold((0, 0), |(questions, messages), one| {
        (questions + one.questions, messages + one.messages)
    });
    if !areas.is_empty() {
        push(text, format_args!(""));
    }
    for AreaBalance { area, questions: asked, messages: said } in areas {
        push(
            text,
            format_args!(
                "- {}: {} of the questions, {} of the talk ({} messages)",
                literal(area),
                percent_text(QuestionShare { part: *asked, of: questions }),
                percent_text(QuestionShare { part: *said, of: messages }),
                grouped(*said)
            ),
        );
    }
}

fn push_trend(text: &mut String, heading: &str, questions: &[TrendingQuestion], links: &SiteLinks) {
    push(text, format_args!("\n## {heading}\n"));
    if questions.is_empty() {
        push(text, format_args!("None."));
    }
    for one in questions {
        push(
            text,
            format_args!(
                "- {}: asked {} times by {}, {} before",
                links.question(&one.question),
                one.asked,
                counted(one.askers, "person", "people"),
                one.before
            ),
        );
    }
}

fn push_pages(text: &mut String, report: &BriefingReport, links: &SiteLinks) {
    push(text, format_args!("\n## Since their pages were merged\n"));
    let pages = &report.pages;
    for effect in &pages.pages {
        let stopped =
            if effect.verdict == Some(DeflectionVerdict::Less) { "**less**, " } else { "" };
        push(
            text,
            format_args!(
                "- {}: {stopped}{}",
                links.question(&effect.question),
                effect_text(effect)
            ),
        );
    }
    match pages.total_estimate {
        Some(total) => push(text, format_args!("- All pages together: {}", estimate_text(total))),
        None if pages.pages.is_empty() => {
            push(text, format_args!("No page is old enough to be measured."))
        }
        None => {}
    }
}

fn push_proposals(text: &mut String, report: &BriefingReport, links: &SiteLinks) {
    push(text, format_args!("\n## Proposals\n"));
    for line in proposal_lines(report) {
        push(text, format_args!("- {line}"));
    }
    if let Some(id) = &report.proposals.slowest {
        let link = links.link(id.as_str(), &format!("/answers/{id}"));
        push(text, format_args!("- The slowest: {link}"));
    }
}

/// The triage document.
pub fn triage_markdown(report: &TriageReport, links: &SiteLinks) -> String {
    let mut text = String::new();
    let days = period_text(&report.first_day, &report.last_day);
    push(&mut text, format_args!("# Open questions that recur, {days}\n"));
    push(
        &mut text,
        format_args!(
            "{} of {} open questions were asked by several people. Priority: {}.",
            grouped(report.grouped),
            grouped(report.open),
            report.formula
        ),
    );
    let mut component = None;
    for group in &report.groups {
        if component != Some(&group.component) {
            let name = group.component.as_deref().map_or_else(|| "Other".to_owned(), literal);
            push(&mut text, format_args!("\n## {name}"));
            component = Some(&group.component);
        }
        push_group(&mut text, group, links);
    }
    text
}

fn push_group(text: &mut String, group: &TriageGroup, links: &SiteLinks) {
    let impact = &group.impact;
    push(text, format_args!("\n### {}\n", group_title(group)));
    push(
        text,
        format_args!(
            "- Priority: **{}** ({} points)\n- Status: {}\n- Impact: {} asked {} times in {}; {}",
            impact.priority.as_str(),
            impact.points,
            group.status.as_str(),
            counted(impact.askers, "person", "people"),
            impact.occurrences,
            group.channels_named.iter().map(|name| literal(name)).collect::<Vec<_>>().join(", "),
            group.trend
        ),
    );
    if impact.blocking > 0 {
        push(
            text,
            format_args!(
                "- Does not work at all: said in {} of {}",
                impact.blocking, impact.occurrences
            ),
        );
    }
    push(text, format_args!("- Seen: {} to {}", group.first_day, group.last_day));
    let codes = |values: &[String]| {
        values.iter().map(|value| rules::markdown::code_span(value)).collect::<Vec<_>>().join(", ")
    };
    if !group.versions.is_empty() {
        push(text, format_args!("- Versions: {}", codes(&group.versions)));
    }
    if !group.errors.is_empty() {
        push(text, format_args!("- Errors: {}", codes(&group.errors)));
    }
    for one in &group.related {
        let kind = if one.merged { "Documented" } else { "Answered elsewhere" };
        push(text, format_args!("- {kind}: {}", links.question(&one.question)));
    }
    let owners = match &group.owners[..] {
        [] => "nobody is named in topics.toml".to_owned(),
        owners => owners.iter().map(|owner| literal(owner)).collect::<Vec<_>>().join(", "),
    };
    push(text, format_args!("- Suggested owner: {owners}\n- Next step: {}", group.next_step));
    let questions = group.questions.iter().enumerate();
    let questions = questions.map(|(at, url)| format!("[{}]({url})", at + 1)).collect::<Vec<_>>();
    push(text, format_args!("- Questions: {}", questions.join(" ")));
}

/// The list of answers to check again.
pub fn verification_markdown(report: &VerificationReport, links: &SiteLinks) -> String {
    let mut text = format!(
        "# Answers to check again\n\n{} of {}. {}\n",
        report.due.len(),
        counted(report.answers, "reviewed answer", "reviewed answers"),
        report.policy
    );
    let releases = report.releases.iter().map(|one| {
        let of =
            if one.repository.is_empty() { String::new() } else { format!("{} ", one.repository) };
        format!("{of}{} of {}", one.version, one.day)
    });
    let releases = releases.collect::<Vec<_>>();
    if !releases.is_empty() {
        text.push_str(&format!("Newest release: {}.\n", releases.join(", ")));
    }
    for (at, one) in report.due.iter().enumerate() {
        let lead = if at == 0 { "\n" } else { "" };
        text.push_str(&format!("{lead}- {}\n", verification_line(one, links)));
    }
    text
}

/// One line on an answer to check again.
fn verification_line(one: &AnswerToVerify, links: &SiteLinks) -> String {
    let page = match one.page.is_empty() {
        true => String::new(),
        false => format!(" ([page]({}))", one.page),
    };
    format!("{}{page}: {}; `{}`", links.question(&one.question), one.detail(), one.question.id)
}

/// One line on a group of open questions.
fn group_line(group: &TriageGroup) -> String {
    let links = group.questions.iter().enumerate();
    let links = links.map(|(at, url)| format!("[{}]({url})", at + 1)).collect::<Vec<_>>();
    format!(
        "{}: {} asked {} times, priority {} ({})",
        group_title(group),
        counted(group.impact.askers, "person", "people"),
        group.impact.occurrences,
        group.impact.priority.as_str(),
        links.join(" ")
    )
}

fn group_title(group: &TriageGroup) -> String {
    match &group.title {
        Some(title) => literal(title),
        None => "A question whose words may not be quoted".to_owned(),
    }
}

/// Text of people as literal text on one line.
pub(super) fn literal(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    escape(&line, MarkdownDialect::CommonMark).replace('|', "\\|")
}

pub(crate) fn figure_text(value: FigureValue) -> String {
    match value {
        FigureValue::Count(count) => grouped(count),
        FigureValue::Share(share) => percent_text(share),
    }
}

/// What is known of a page's effect, in a sentence: "asked 12 times in 60 days before, 3 in 60 days after: -72 %
/// per active asker (95 % between -93 and -6 %)".
pub(crate) fn effect_text(effect: &PageEffect) -> String {
    let DeflectionCounts { asked_before, asked_after, .. } = effect.counts;
    format!(
        "asked {} in {} days before, {} in {} days after: {}",
        counted(asked_before as usize, "time", "times"),
        effect.days_before,
        grouped(asked_after as usize),
        effect.days_after,
        effect.estimate.map_or_else(|| "not asked before".to_owned(), estimate_text)
    )
}

/// The change of a rate with its interval.
pub(crate) fn estimate_text(estimate: DeflectionEstimate) -> String {
    let high =
        estimate.high.map_or_else(|| "any increase".to_owned(), |high| format!("{high:+.0} %"));
    format!(
        "{:+.0} % per active asker (95 % interval {:+.0} % to {high})",
        estimate.change, estimate.low
    )
}

/// "67 %"; a dash of nothing.
pub(crate) fn percent_text(share: QuestionShare) -> String {
    share.percent().map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"))
}

/// "40 min", "5.5 h", "3.2 days".
pub(crate) fn duration_text(milliseconds: i64) -> String {
    let minutes = milliseconds as f64 / 60_000.0;
    match minutes {
        minutes if minutes < 1.0 => "less than 1 min".to_owned(),
        minutes if minutes < 100.0 => format!("{minutes:.0} min"),
        minutes if minutes < 48.0 * 60.0 => format!("{:.1} h", minutes / 60.0),
        minutes => format!("{:.1} days", minutes / 1_440.0),
    }
}

pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

pub(crate) fn period_text(first: &str, last: &str) -> String {
    if first == last { first.to_owned() } else { format!("{first} to {last}") }
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}

/// The state of the proposals, a sentence each.
pub(super) fn proposal_lines(report: &BriefingReport) -> Vec<String> {
    let level = &report.proposals;
    let share = level.proposed_in_time;
    let after = |time: Option<i64>, before: &str| {
        time.map(|time| format!("{before}{}", duration_text(time))).unwrap_or_default()
    };
    let proposed = match share.of {
        0 => "No question had to be proposed in this time.".to_owned(),
        of => format!(
            "Proposed in time: {} of {of}{}.",
            share.part,
            after(level.slowest_proposal, ", the slowest after ")
        ),
    };
    vec![
        proposed,
        format!("Not proposed yet: {} in time, {} late.", level.running, level.late),
        format!(
            "Decided: {}{}.",
            level.decided,
            after(level.median_decision, ", half of them within ")
        ),
        format!(
            "Waiting for a decision: {}{}.",
            level.undecided,
            after(level.longest_undecided, ", the oldest for ")
        ),
    ]
}
