//! Reports as Markdown.

use std::fmt::Write as _;

use rules::markdown::{MarkdownDialect, escape};
use rules::report::questions::{QuestionCounts, QuestionList, QuestionShare};

use super::briefing::BriefingReport;
use super::question_list::QuestionScope;
use super::sections::{AreaBalance, TrendingQuestion};
use super::titles::NamedQuestion;
use super::triage::{TriageGroup, TriageReport};
use super::verification::{AnswerToVerify, VerificationReport};
use crate::presentation::language::InterfaceLanguage;
use crate::presentation::report_words::ReportText;
use crate::presentation::words::{filled, grouped};

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
pub fn briefing_markdown(
    report: &BriefingReport,
    links: &SiteLinks,
    words: &'static ReportText,
) -> String {
    let mut writer = BriefingWriter { report, links, words, text: String::new() };
    writer.write();
    writer.text
}

/// Writes the briefing.
struct BriefingWriter<'r> {
    report: &'r BriefingReport,
    links: &'r SiteLinks,
    words: &'static ReportText,
    text: String,
}

impl BriefingWriter<'_> {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        push(&mut self.text, line);
    }

    fn heading(&mut self, heading: &str) {
        self.line(format_args!("\n## {heading}\n"));
    }

    fn write(&mut self) {
        let (report, words, links) = (self.report, self.words, self.links);
        let days = words.period(&report.first_day, &report.last_day);
        self.line(format_args!("# {}", filled(&words.briefing_of, &[("days", &days)])));
        self.write_alarms();
        let before = words.before(report.span);
        self.line(format_args!("\n| | {days} | {before} |\n|---|---:|---:|"));
        for figure in &report.figures {
            let value = links.link(&words.figure(figure.value), &figure.url);
            let earlier = report.list_url_before(figure.list.into());
            let earlier = links.link(&words.figure(figure.before), &earlier);
            self.line(format_args!("| {} | {value} | {earlier} |", words.list_label(figure.list)));
        }
        self.write_facts();
        self.write_lists_note();
        self.write_helpers();
        self.write_topics();
        self.write_trend(&words.new_heading, &report.trends.new);
        self.write_trend(&words.more_heading, &report.trends.worse);
        self.write_pages();
        self.heading(&words.open_heading);
        if report.unanswered.is_empty() {
            self.line(format_args!("{}", words.open_none));
        }
        for group in &report.unanswered {
            self.line(format_args!("- {}", group_line(group, words)));
        }
        self.write_proposals();
        if !report.to_verify.is_empty() {
            self.heading(&words.verify_heading);
        }
        for one in &report.to_verify {
            self.line(format_args!("- {}", verification_line(one, links, words)));
        }
    }

    fn write_alarms(&mut self) {
        if self.report.alarms.is_empty() {
            return;
        }
        self.heading(&self.words.alarms);
        for one in &self.report.alarms {
            let channel = one.channel_name.as_deref().map(|name| format!(" ({})", literal(name)));
            let (kind, what) =
                (self.words.alarm_kind(one.alarm.kind), self.words.alarm(&one.alarm));
            let channel = channel.unwrap_or_default();
            self.line(format_args!("- **{kind}**, {}{channel}: {what}", one.day));
        }
    }

    /// The numbers about people, with the lists of their questions.
    fn write_facts(&mut self) {
        let (report, words, links) = (self.report, self.words, self.links);
        let reply = |counts: &QuestionCounts| {
            counts.median_first_reply.map_or_else(|| "–".to_owned(), |time| words.duration(time))
        };
        let (now, before) = (&report.questions, &report.questions_before);
        let asked = QuestionList::Asked;
        let mut row = |label: &str, value: &str, earlier: &str| {
            let value = links.link(value, &report.list_url(asked.into()));
            let earlier = links.link(earlier, &report.list_url_before(asked.into()));
            self.line(format_args!("| {label} | {value} | {earlier} |"));
        };
        row(&words.median_first_reply, &reply(now), &reply(before));
        row(&words.people_who_asked, &now.askers.to_string(), &before.askers.to_string());
        let (messages, earlier) =
            (grouped(report.messages as usize), grouped(report.messages_before as usize));
        self.line(format_args!("| {} | {messages} | {earlier} |", words.messages));
    }

    fn write_lists_note(&mut self) {
        if self.links.origin.is_none() {
            let (report, words) = (self.report, self.words);
            let lists = "`asked`, `answered`, `confirmed`, `within-1h`, `within-4h`, `within-24h`";
            let (behind, names) =
                (&words.list_behind, filled(&words.list_names, &[("lists", lists)]));
            self.line(format_args!(
                "\n{behind} `harvester report questions --period {} --until {} --list open` {names}",
                report.span, report.last_day
            ));
        }
    }

    fn write_helpers(&mut self) {
        let words = self.words;
        self.heading(&words.who_helps);
        match words.helpers_before(self.report) {
            None => return self.line(format_args!("{}", words.nobody_helped)),
            Some(sentence) => self.line(format_args!("{sentence}\n")),
        }
        for one in &self.report.helpers.busiest {
            self.line(format_args!("- {}: {}", literal(&one.name), one.answers));
        }
    }

    fn write_topics(&mut self) {
        let (report, words, links) = (self.report, self.words, self.links);
        let BriefingReport { topics, areas, .. } = report;
        if topics.is_empty() {
            return;
        }
        self.heading(&words.topics);
        self.line(format_args!(
            "| {} | {} | {} | {} | {} |\n|---|---:|---:|---:|---:|",
            words.topic,
            words.topic_asked,
            words.topic_before,
            words.topic_answered,
            words.topic_open
        ));
        for one in topics {
            let name = one.topic.as_deref().map_or_else(|| words.no_topic.to_string(), literal);
            let topic = Some(one.topic.as_deref().unwrap_or_default());
            let scope = |list| QuestionScope { list, topic };
            let number =
                |count: usize, list| links.link(&count.to_string(), &report.list_url(scope(list)));
            let asked = number(one.asked, QuestionList::Asked);
            let before = report.list_url_before(scope(QuestionList::Asked));
            let before = links.link(&one.before.to_string(), &before);
            let answered = number(one.answered, QuestionList::Answered);
            let open = number(one.open, QuestionList::Open);
            self.line(format_args!("| {name} | {asked} | {before} | {answered} | {open} |"));
        }
        let (questions, messages) = areas.iter().fold((0, 0), |(questions, messages), one| {
            (questions + one.questions, messages + one.messages)
        });
        if !areas.is_empty() {
            self.line(format_args!(""));
        }
        for AreaBalance { area, questions: asked, messages: said } in areas {
            let line = filled(
                &words.area_line,
                &[
                    ("area", &literal(area)),
                    ("questions", &words.share(QuestionShare { part: *asked, of: questions })),
                    ("talk", &words.share(QuestionShare { part: *said, of: messages })),
                    ("messages", &grouped(*said)),
                ],
            );
            self.line(format_args!("- {line}"));
        }
    }

    fn write_trend(&mut self, heading: &str, questions: &[TrendingQuestion]) {
        let words = self.words;
        self.heading(heading);
        if questions.is_empty() {
            self.line(format_args!("{}", words.none));
        }
        for one in questions {
            let said = filled(
                &words.trend_line,
                &[
                    ("asked", &one.asked.to_string()),
                    ("people", &words.people.of(one.askers)),
                    ("before", &one.before.to_string()),
                ],
            );
            let question = self.links.question(&words.named(&one.question));
            self.line(format_args!("- {question}: {said}"));
        }
    }

    fn write_pages(&mut self) {
        let (words, pages) = (self.words, &self.report.pages);
        self.heading(&words.pages_heading);
        for effect in &pages.pages {
            let mark = words.effect_mark(effect);
            let mark = mark.map(|mark| format!("**{mark}**, ")).unwrap_or_default();
            let question = self.links.question(&words.named(&effect.question));
            self.line(format_args!("- {question}: {mark}{}", words.effect(effect)));
        }
        for line in words.page_totals(pages) {
            self.line(format_args!("- {line}"));
        }
        if pages.pages.is_empty() {
            self.line(format_args!("{}", words.pages_none));
        }
    }

    fn write_proposals(&mut self) {
        let words = self.words;
        self.heading(&words.proposals);
        for line in words.proposal_lines(self.report) {
            self.line(format_args!("- {line}"));
        }
        if let Some(id) = &self.report.proposals.slowest {
            let link = self.links.link(id.as_str(), &format!("/answers/{id}"));
            self.line(format_args!("- {}", filled(&words.slowest, &[("link", &link)])));
        }
    }
}

/// The triage document.
pub fn triage_markdown(
    report: &TriageReport,
    links: &SiteLinks,
    words: &'static ReportText,
) -> String {
    let mut text = String::new();
    let days = words.period(&report.first_day, &report.last_day);
    push(&mut text, format_args!("# {}\n", filled(&words.triage_heading, &[("days", &days)])));
    let summary = filled(
        &words.triage_summary,
        &[
            ("grouped", &grouped(report.grouped)),
            ("open", &grouped(report.open)),
            ("formula", &words.triage_formula),
        ],
    );
    push(&mut text, format_args!("{summary}"));
    let mut component = None;
    for group in &report.groups {
        if component != Some(&group.component) {
            let name =
                group.component.as_deref().map_or_else(|| words.triage_other.to_string(), literal);
            push(&mut text, format_args!("\n## {name}"));
            component = Some(&group.component);
        }
        push_group(&mut text, group, links, words);
    }
    text
}

fn push_group(text: &mut String, group: &TriageGroup, links: &SiteLinks, words: &ReportText) {
    let impact = &group.impact;
    push(text, format_args!("\n### {}\n", group_title(group, words)));
    let mut line = |sentence: &str, values: &[(&str, &str)]| {
        push(text, format_args!("- {}", filled(sentence, values)));
    };
    let points = impact.points.to_string();
    let priority = words.priority(impact.priority);
    line(&words.triage_priority, &[("priority", priority), ("points", &points)]);
    line(&words.triage_status, &[("status", words.status(group.status))]);
    let channels = group.channels_named.iter().map(|name| literal(name)).collect::<Vec<_>>();
    line(
        &words.triage_impact,
        &[
            ("people", &words.people.of(impact.askers)),
            ("count", &impact.occurrences.to_string()),
            ("channels", &channels.join(", ")),
            ("trend", words.trend(impact)),
        ],
    );
    if impact.blocking > 0 {
        let (part, all) = (impact.blocking.to_string(), impact.occurrences.to_string());
        line(&words.triage_blocking, &[("part", &part), ("all", &all)]);
    }
    line(&words.triage_seen, &[("first", &group.first_day), ("last", &group.last_day)]);
    let codes = |values: &[String]| {
        values.iter().map(|value| rules::markdown::code_span(value)).collect::<Vec<_>>().join(", ")
    };
    if !group.versions.is_empty() {
        line(&words.triage_versions, &[("values", &codes(&group.versions))]);
    }
    if !group.errors.is_empty() {
        line(&words.triage_errors, &[("values", &codes(&group.errors))]);
    }
    for one in &group.related {
        let kind = if one.merged { &words.triage_documented } else { &words.triage_elsewhere };
        line(kind, &[("question", &links.question(&words.named(&one.question)))]);
    }
    let owners = match &group.owners[..] {
        [] => words.triage_no_owner.to_string(),
        owners => owners.iter().map(|owner| literal(owner)).collect::<Vec<_>>().join(", "),
    };
    line(&words.triage_owner, &[("owners", &owners)]);
    line(&words.triage_next, &[("step", words.next_step(group.status))]);
    line(&words.triage_questions, &[("links", &numbered(&group.questions))]);
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
        let words = ReportText::of(InterfaceLanguage::English);
        text.push_str(&format!("{lead}- {}\n", verification_line(one, links, words)));
    }
    text
}

/// One line on an answer to check again.
fn verification_line(one: &AnswerToVerify, links: &SiteLinks, words: &ReportText) -> String {
    let page = match one.page.is_empty() {
        true => String::new(),
        false => format!(" ([{}]({}))", words.page_link, one.page),
    };
    let question = links.question(&words.named(&one.question));
    format!("{question}{page}: {}; `{}`", words.verification(one), one.question.id)
}

/// One line on a group of open questions.
fn group_line(group: &TriageGroup, words: &ReportText) -> String {
    let said = filled(
        &words.open_line,
        &[
            ("people", &words.people.of(group.impact.askers)),
            ("count", &group.impact.occurrences.to_string()),
            ("priority", words.priority(group.impact.priority)),
        ],
    );
    format!("{}: {said} ({})", group_title(group, words), numbered(&group.questions))
}

/// Links by number.
fn numbered(questions: &[String]) -> String {
    let links = questions.iter().enumerate();
    links.map(|(at, url)| format!("[{}]({url})", at + 1)).collect::<Vec<_>>().join(" ")
}

fn group_title(group: &TriageGroup, words: &ReportText) -> String {
    group.title.as_deref().map_or_else(|| words.withheld.to_string(), literal)
}

/// Text of people as literal text on one line.
pub(super) fn literal(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    escape(&line, MarkdownDialect::CommonMark).replace('|', "\\|")
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}
