//! Reports as HTML: what the templates show, and a file that stands alone.

use std::error::Error;

use rules::report::questions::QuestionList;
use serde::Serialize;

use super::briefing::BriefingReport;
use super::charts::{message_chart, question_chart};
use super::markdown::{
    counted, duration_text, effect_text, estimate_text, figure_text, percent_text, period_text,
    proposal_lines,
};
use super::page_effects::PageEffect;
use super::question_list::QuestionScope;
use super::sections::TopicSection;
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
    topics: Vec<TopicRow<'r>>,
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
    priority: &'static str,
    questions: Vec<String>,
}

impl<'r> BriefingView<'r> {
    /// `origin` is that of the site, for a file that stands elsewhere; `None` where the file is on the site.
    pub(crate) fn of(report: &'r BriefingReport, origin: Option<&str>, linked: bool) -> Self {
        Self {
            days: period_text(&report.first_day, &report.last_day),
            span: report.span,
            as_of: &report.as_of,
            figures: figure_rows(report),
            topics: report.topics.iter().map(|topic| topic_row(report, topic)).collect(),
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

fn figure_rows(report: &BriefingReport) -> Vec<FigureRow> {
    let row = |label, list: Option<QuestionList>, [value, before]: [String; 2]| FigureRow {
        label,
        value: LinkedNumber { text: value, url: list.map(|list| report.list_url(list.into())) },
        before: LinkedNumber {
            text: before,
            url: list.map(|list| report.list_url_before(list.into())),
        },
    };
    let figures = report.figures.iter().map(|figure| {
        let values = [figure.value, figure.before].map(figure_text);
        row(figure.label, Some(figure.list), values)
    });
    let both = [&report.questions, &report.questions_before];
    let replies =
        both.map(|counts| counts.median_first_reply.map_or_else(|| "–".to_owned(), duration_text));
    let askers = both.map(|counts| grouped(counts.askers));
    let helpers = [report.helpers.helpers, report.helpers.before].map(grouped);
    let messages = [report.messages, report.messages_before].map(|count| grouped(count as usize));
    let facts = [
        row("Median first reply", Some(QuestionList::Asked), replies),
        row("People who asked", Some(QuestionList::Asked), askers),
        row("People who helped", Some(QuestionList::Answered), helpers),
        // Their list is the talk itself, which the site does not show.
        row("Messages", None, messages),
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
