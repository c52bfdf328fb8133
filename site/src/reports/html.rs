//! Reports as HTML: what the templates show, and a file that stands alone.

use std::error::Error;

use rules::report::questions::QuestionList;
use serde::Serialize;

use super::briefing::{BriefingAlarm, BriefingReport};
use super::charts::{message_chart, question_chart};
use super::page_effects::PageEffect;
use super::question_list::QuestionScope;
use super::sections::{TopicSection, TrendingQuestion};
use super::titles::NamedQuestion;
use super::triage::TriageGroup;
use super::verification::AnswerToVerify;
use crate::http::templates;
use crate::pages::slug::percent_encoded;
use crate::presentation::language::InterfaceLanguage;
use crate::presentation::report_words::ReportText;
use crate::presentation::words::{filled, grouped};

/// The briefing as the template shows it.
#[derive(Serialize)]
pub(crate) struct BriefingView<'r> {
    w: &'static ReportText,
    language: &'static str,
    days: String,
    span: &'static str,
    /// "week before".
    before: &'static str,
    counted_on: String,
    title: String,
    alarms: Vec<AlarmRow<'r>>,
    report: &'r BriefingReport,
    figures: Vec<FigureRow>,
    topics: Vec<TopicRow<'r>>,
    /// `data:` URLs of the charts.
    question_chart: String,
    message_chart: String,
    helpers: Option<String>,
    areas: Vec<AreaRow>,
    trends: Vec<TrendList>,
    pages: Vec<TrendRow>,
    page_totals: Vec<String>,
    unanswered: Vec<OpenRow>,
    proposals: Vec<String>,
    to_verify: Vec<TrendRow>,
    /// Before root-relative addresses; empty on the site itself.
    origin: String,
    /// Whether addresses of the site lead anywhere.
    linked: bool,
}

#[derive(Serialize)]
struct AlarmRow<'r> {
    kind: &'static str,
    day: &'r str,
    channel: Option<&'r str>,
    what: String,
}

#[derive(Serialize)]
struct FigureRow {
    label: &'static str,
    value: LinkedNumber,
    before: LinkedNumber,
}

/// A number with the root-relative address of the list behind it, where there is one.
#[derive(Serialize)]
struct LinkedNumber {
    text: String,
    url: Option<String>,
}

/// The questions of a topic: asked, asked before, answered, open.
#[derive(Serialize)]
struct TopicRow<'r> {
    name: Option<&'r str>,
    counts: [LinkedNumber; 4],
}

#[derive(Serialize)]
struct AreaRow {
    area: String,
    questions: String,
    messages: String,
    talk: usize,
}

#[derive(Serialize)]
struct TrendList {
    heading: &'static str,
    none: &'static str,
    questions: Vec<TrendRow>,
}

#[derive(Serialize)]
struct TrendRow {
    question: NamedQuestion,
    detail: String,
}

#[derive(Serialize)]
struct OpenRow {
    title: Option<String>,
    detail: String,
    questions: Vec<String>,
}

impl<'r> BriefingView<'r> {
    /// `origin` is that of the site, for a file that stands elsewhere; `None` where the file is on the site.
    pub(crate) fn of(
        report: &'r BriefingReport,
        origin: Option<&str>,
        linked: bool,
        language: InterfaceLanguage,
    ) -> Self {
        let w = ReportText::of(language);
        let days = w.period(&report.first_day, &report.last_day);
        Self {
            w,
            language: language.tag(),
            title: filled(&w.briefing_of, &[("days", &days)]),
            days,
            span: report.span,
            before: w.before(report.span),
            counted_on: filled(&w.counted_on, &[("day", &report.as_of)]),
            alarms: report.alarms.iter().map(|one| alarm_row(one, w)).collect(),
            figures: figure_rows(report, w),
            topics: report.topics.iter().map(|topic| topic_row(report, topic)).collect(),
            question_chart: data_url(&question_chart(&report.days)),
            message_chart: data_url(&message_chart(&report.days)),
            helpers: w.helpers(report),
            areas: area_rows(report),
            trends: trend_lists(report, w),
            pages: report.pages.pages.iter().map(|one| page_row(one, w)).collect(),
            page_totals: w.page_totals(&report.pages),
            unanswered: report.unanswered.iter().map(|group| open_row(group, w)).collect(),
            proposals: w.proposal_lines(report),
            to_verify: report.to_verify.iter().map(|one| verify_row(one, w)).collect(),
            origin: origin.unwrap_or_default().trim_end_matches('/').to_owned(),
            linked,
            report,
        }
    }
}

/// The briefing as a file that stands alone. Its links lead to the site at `origin`, if there is one.
pub fn briefing_html(
    report: &BriefingReport,
    origin: Option<&str>,
    language: InterfaceLanguage,
) -> Result<String, Box<dyn Error + Send + Sync>> {
    let view = BriefingView::of(report, origin, origin.is_some(), language);
    Ok(templates::standalone("briefing_file.html", &view)?)
}

fn alarm_row<'r>(one: &'r BriefingAlarm, w: &'static ReportText) -> AlarmRow<'r> {
    AlarmRow {
        kind: w.alarm_kind(one.alarm.kind),
        day: &one.day,
        channel: one.channel_name.as_deref(),
        what: w.alarm(&one.alarm),
    }
}

fn figure_rows(report: &BriefingReport, w: &'static ReportText) -> Vec<FigureRow> {
    let row = |label, list: Option<QuestionList>, [value, before]: [String; 2]| FigureRow {
        label,
        value: LinkedNumber { text: value, url: list.map(|list| report.list_url(list.into())) },
        before: LinkedNumber {
            text: before,
            url: list.map(|list| report.list_url_before(list.into())),
        },
    };
    let figures = report.figures.iter().map(|figure| {
        let values = [figure.value, figure.before].map(|value| w.figure(value));
        row(w.list_label(figure.list), Some(figure.list), values)
    });
    let both = [&report.questions, &report.questions_before];
    let replies = both.map(|counts| {
        counts.median_first_reply.map_or_else(|| "–".to_owned(), |time| w.duration(time))
    });
    let askers = both.map(|counts| grouped(counts.askers));
    let helpers = [report.helpers.helpers, report.helpers.before].map(grouped);
    let messages = [report.messages, report.messages_before].map(|count| grouped(count as usize));
    let facts = [
        row(&w.median_first_reply, Some(QuestionList::Asked), replies),
        row(&w.people_who_asked, Some(QuestionList::Asked), askers),
        row(&w.people_who_helped, Some(QuestionList::Answered), helpers),
        // Their list is the talk itself, which the site does not show.
        row(&w.messages, None, messages),
    ];
    figures.chain(facts).collect()
}

fn topic_row<'r>(report: &BriefingReport, topic: &'r TopicSection) -> TopicRow<'r> {
    let name = topic.topic.as_deref();
    let scope = |list| QuestionScope { list, topic: Some(name.unwrap_or_default()) };
    let number = |count: usize, url: String| LinkedNumber { text: grouped(count), url: Some(url) };
    let asked = scope(QuestionList::Asked);
    TopicRow {
        name,
        counts: [
            number(topic.asked, report.list_url(asked)),
            number(topic.before, report.list_url_before(asked)),
            number(topic.answered, report.list_url(scope(QuestionList::Answered))),
            number(topic.open, report.list_url(scope(QuestionList::Open))),
        ],
    }
}

fn area_rows(report: &BriefingReport) -> Vec<AreaRow> {
    let total = report.areas.iter().map(|one| one.messages).sum::<usize>();
    let rows = report.areas.iter().map(|one| AreaRow {
        area: one.area.clone(),
        questions: grouped(one.questions),
        messages: grouped(one.messages),
        talk: (one.messages * 100).checked_div(total).unwrap_or_default(),
    });
    rows.collect()
}

fn trend_lists(report: &BriefingReport, w: &'static ReportText) -> Vec<TrendList> {
    let row = |one: &TrendingQuestion| TrendRow {
        question: w.named(&one.question),
        detail: filled(
            &w.trend_detail,
            &[
                ("times", &w.times.of(one.asked)),
                ("people", &w.people.of(one.askers)),
                ("before", &one.before.to_string()),
            ],
        ),
    };
    let list = |(heading, none, questions): (&'static str, _, &Vec<TrendingQuestion>)| TrendList {
        heading,
        none,
        questions: questions.iter().map(row).collect(),
    };
    let new = (&*w.new_heading, &*w.new_none, &report.trends.new);
    let more = (&*w.more_heading, &*w.more_none, &report.trends.worse);
    [new, more].map(list).into()
}

fn page_row(effect: &PageEffect, w: &ReportText) -> TrendRow {
    let mark = w.effect_mark(effect).map(|mark| format!("{mark}, ")).unwrap_or_default();
    TrendRow { question: w.named(&effect.question), detail: mark + &w.effect(effect) }
}

fn verify_row(answer: &AnswerToVerify, w: &ReportText) -> TrendRow {
    TrendRow { question: w.named(&answer.question), detail: w.verification(answer) }
}

fn open_row(group: &TriageGroup, w: &ReportText) -> OpenRow {
    OpenRow {
        title: group.title.clone(),
        detail: filled(
            &w.open_detail,
            &[
                ("times", &w.times.of(group.impact.occurrences)),
                ("people", &w.people.of(group.impact.askers)),
                ("priority", w.priority(group.impact.priority)),
                ("status", w.status(group.status)),
            ],
        ),
        questions: group.questions.clone(),
    }
}

fn data_url(svg: &str) -> String {
    format!("data:image/svg+xml,{}", percent_encoded(svg))
}
