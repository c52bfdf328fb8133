//! Reports as HTML: what the templates show, and a file that stands alone.

use std::error::Error;

use serde::Serialize;

use super::briefing::BriefingReport;
use super::charts::{message_chart, question_chart};
use super::markdown::{
    counted, duration_text, effect_text, estimate_text, figure_text, percent_text, period_text,
    proposal_lines,
};
use super::page_effects::PageEffect;
use super::titles::NamedQuestion;
use super::triage::TriageGroup;
use super::verification::AnswerToVerify;
use crate::http::templates;
use crate::pages::slug::percent_encoded;
use crate::presentation::words::grouped;

/// The briefing as the template shows it.
#[derive(Serialize)]
pub(crate) struct BriefingView<'r> {
    days: String,
    span: &'static str,
    as_of: &'r str,
    report: &'r BriefingReport,
    figures: Vec<FigureRow>,
    facts: Vec<FigureRow>,
    /// `data:` URLs of the charts.
    question_chart: String,
    message_chart: String,
    helpers: Option<String>,
    areas: Vec<AreaRow>,
    trends: Vec<TrendList>,
    pages: Vec<TrendRow>,
    all_pages: Option<String>,
    unanswered: Vec<OpenRow>,
    proposals: Vec<String>,
    to_verify: Vec<TrendRow>,
    /// Before root-relative addresses; empty on the site itself.
    origin: String,
    /// Whether addresses of the site lead anywhere.
    linked: bool,
}

#[derive(Serialize)]
struct FigureRow {
    label: &'static str,
    value: String,
    before: String,
    url: Option<String>,
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
    priority: &'static str,
    questions: Vec<String>,
}

impl<'r> BriefingView<'r> {
    /// `origin` is that of the site, for a file that stands elsewhere; `None` where the file is on the site.
    pub(crate) fn of(report: &'r BriefingReport, origin: Option<&str>, linked: bool) -> Self {
        let figures = report.figures.iter().map(|figure| FigureRow {
            label: figure.label,
            value: figure_text(figure.value),
            before: figure_text(figure.before),
            url: Some(figure.url.clone()),
        });
        let (now, before) = (&report.questions, &report.questions_before);
        let fact = |label, value, before| FigureRow { label, value, before, url: None };
        let reply = |time: Option<i64>| time.map_or_else(|| "–".to_owned(), duration_text);
        let facts = vec![
            fact(
                "Median first reply",
                reply(now.median_first_reply),
                reply(before.median_first_reply),
            ),
            fact("People who asked", grouped(now.askers), grouped(before.askers)),
            fact(
                "People who helped",
                grouped(report.helpers.helpers),
                grouped(report.helpers.before),
            ),
            fact(
                "Messages",
                grouped(report.messages as usize),
                grouped(report.messages_before as usize),
            ),
        ];
        Self {
            days: period_text(&report.first_day, &report.last_day),
            span: report.span,
            as_of: &report.as_of,
            figures: figures.collect(),
            facts,
            question_chart: data_url(&question_chart(&report.days)),
            message_chart: data_url(&message_chart(&report.days)),
            helpers: helper_sentence(report),
            areas: area_rows(report),
            trends: trend_lists(report),
            pages: report.pages.pages.iter().map(page_row).collect(),
            all_pages: report.pages.total_estimate.map(estimate_text),
            unanswered: report.unanswered.iter().map(open_row).collect(),
            proposals: proposal_lines(report),
            to_verify: report.to_verify.iter().map(verify_row).collect(),
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
) -> Result<String, Box<dyn Error + Send + Sync>> {
    let view = BriefingView::of(report, origin, origin.is_some());
    Ok(templates::standalone("briefing_file.html", &view)?)
}

fn helper_sentence(report: &BriefingReport) -> Option<String> {
    let helpers = &report.helpers;
    (helpers.helpers > 0).then(|| {
        format!(
            "{} answered {}. The busiest gave {} of the answers, the three busiest {}.",
            counted(helpers.helpers, "person", "people"),
            counted(helpers.answers, "question", "questions"),
            percent_text(helpers.top_one),
            percent_text(helpers.top_three)
        )
    })
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

fn trend_lists(report: &BriefingReport) -> Vec<TrendList> {
    let lists = [
        ("New and recurring", "Nothing new was asked by two people.", &report.trends.new),
        ("Asked more than before", "Nothing was asked twice as often.", &report.trends.worse),
    ];
    let list = |(heading, none, questions): (_, _, &Vec<super::sections::TrendingQuestion>)| {
        let row = |one: &super::sections::TrendingQuestion| TrendRow {
            question: one.question.clone(),
            detail: format!(
                "{} by {}, {} before",
                counted(one.asked, "time", "times"),
                counted(one.askers, "person", "people"),
                one.before
            ),
        };
        TrendList { heading, none, questions: questions.iter().map(row).collect() }
    };
    lists.map(list).into()
}

fn page_row(effect: &PageEffect) -> TrendRow {
    TrendRow { question: effect.question.clone(), detail: effect_text(effect) }
}

fn verify_row(answer: &AnswerToVerify) -> TrendRow {
    TrendRow { question: answer.question.clone(), detail: answer.detail() }
}

fn open_row(group: &TriageGroup) -> OpenRow {
    OpenRow {
        title: group.title.clone(),
        detail: format!(
            "{} by {}, {}",
            counted(group.impact.occurrences, "time", "times"),
            counted(group.impact.askers, "person", "people"),
            group.status.as_str()
        ),
        priority: group.impact.priority.as_str(),
        questions: group.questions.clone(),
    }
}

fn data_url(svg: &str) -> String {
    format!("data:image/svg+xml,{}", percent_encoded(svg))
}
