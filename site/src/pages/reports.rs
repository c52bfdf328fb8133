//! Reports for the operator: a briefing, and the questions behind its numbers.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Html;
use jiff::SignedDuration;
use rules::report::period::{ReportPeriod, ReportSpan};
use rules::report::questions::QuestionList;
use serde::{Deserialize, Serialize};

use crate::access::visitor::VisitorSite;
use crate::http::error::HttpError;
use crate::http::templates;
use crate::presentation::page_meta::PageFrame;
use crate::presentation::report_words::ReportText;
use crate::reports::contradictions::{ContradictionScope, ContradictionSide};
use crate::reports::html::BriefingView;
use crate::reports::question_list::{
    ListedQuestion, MOST_LISTED, QuestionListing, QuestionScope, list_address,
};
use crate::reports::titles::NamedQuestion;
use crate::state::SiteState;

/// Which report.
#[derive(Deserialize)]
pub(crate) struct ReportParams {
    period: Option<String>,
    /// The last day.
    until: Option<String>,
    list: Option<String>,
    /// The name of a topic; empty for questions of none.
    topic: Option<String>,
    offset: Option<usize>,
}

impl ReportParams {
    /// A week up to yesterday where nothing else is asked for.
    fn period(&self, site: &SiteState) -> Result<ReportPeriod, HttpError> {
        let span = match &self.period {
            None => ReportSpan::Week,
            Some(text) => ReportSpan::parse(text)
                .ok_or_else(|| HttpError::bad_request("period is not day, week or month"))?,
        };
        let period = match &self.until {
            None => ReportPeriod::before(span, site.now()),
            Some(text) => ReportPeriod::ending_on(span, text),
        };
        period.ok_or_else(|| HttpError::bad_request("until is not a day, as 2025-01-31"))
    }
}

/// `GET /reports/briefing`
pub(crate) async fn briefing(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    params: Result<Query<ReportParams>, QueryRejection>,
) -> Result<Html<String>, HttpError> {
    let period = read(params)?.period(&site)?;
    let report = site.reports.briefing(site.report_source()?, &period, site.now()).await?;
    let view = BriefingView::of(&report, None, true, frame.language);
    let meta = frame.meta(&ReportText::of(frame.language).briefing, None);
    templates::page("briefing.html", &frame, &meta, &view)
}

#[derive(Serialize)]
struct QuestionsPage {
    days: String,
    total: String,
    rows: Vec<QuestionRowView>,
    listing: QuestionListing,
    back: String,
    next: Option<String>,
    w: &'static ReportText,
}

#[derive(Serialize)]
struct QuestionRowView {
    question: ListedQuestion,
    first_reply: String,
}

/// `GET /reports/questions`
pub(crate) async fn questions(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    params: Result<Query<ReportParams>, QueryRejection>,
) -> Result<Html<String>, HttpError> {
    let params = read(params)?;
    let period = params.period(&site)?;
    let list = params.list.as_deref().map_or(Some(QuestionList::Asked), QuestionList::parse);
    let list = list.ok_or_else(|| {
        let names = QuestionList::ALL.map(QuestionList::as_str).join(", ");
        HttpError::bad_request(format!("unknown list; allowed: {names}"))
    })?;
    let offset = params.offset.unwrap_or_default();
    let scope = QuestionScope { list, topic: params.topic.as_deref() };
    let words = ReportText::of(frame.language);
    let listing = site.report_source()?.question_list(&period, scope, offset, frame.language).await;
    let mut listing = listing.map_err(|cause| HttpError::internal("list questions", &cause))?;
    let query = format!("period={}&until={}", period.span.as_str(), period.last_day());
    let end = offset + MOST_LISTED;
    let next = (end < listing.total).then(|| {
        format!("{}&offset={end}", list_address(period.span.as_str(), &period.last_day(), scope))
    });
    let rows = std::mem::take(&mut listing.questions).into_iter().map(|question| {
        let minutes = question.first_reply_minutes;
        let first_reply = minutes.map_or_else(
            || "–".to_owned(),
            |minutes| words.duration(SignedDuration::from_mins(minutes)),
        );
        QuestionRowView { question, first_reply }
    });
    let page = QuestionsPage {
        days: words.period(&listing.first_day, &listing.last_day),
        total: words.questions.of(listing.total),
        rows: rows.collect(),
        back: format!("/reports/briefing?{query}"),
        next,
        listing,
        w: words,
    };
    let meta = frame.meta(page.listing.label, None);
    templates::page("questions.html", &frame, &meta, &page)
}

#[derive(Serialize)]
struct ContradictionsPage {
    days: String,
    total: String,
    rows: Vec<ContradictionRow>,
    w: &'static ReportText,
}

#[derive(Serialize)]
struct ContradictionRow {
    heading: &'static str,
    question: Option<NamedQuestion>,
    sides: [ContradictionSide; 2],
}

/// The days up to yesterday that the page looks at.
const CONTRADICTION_DAYS: i64 = 90;

/// `GET /reports/contradictions`
pub(crate) async fn contradictions(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
) -> Result<Html<String>, HttpError> {
    let (source, words) = (site.report_source()?, ReportText::of(frame.language));
    let last = ReportPeriod::before(ReportSpan::Day, site.now());
    let until = last.map_or_else(|| site.now(), |last| last.until);
    let scope = ContradictionScope { until, days: CONTRADICTION_DAYS };
    let report = source.contradictions(&scope, words).await;
    let report = report.map_err(|cause| HttpError::internal("look for contradictions", &cause))?;
    let total = report.contradictions.len() + report.left_out;
    let rows = report.contradictions.into_iter().map(|found| ContradictionRow {
        heading: words.contradiction(found.kind),
        question: found.question,
        sides: [found.one, found.other],
    });
    let page = ContradictionsPage {
        days: words.period(&report.first_day, &report.last_day),
        total: words.contradiction_count.of(total),
        rows: rows.collect(),
        w: words,
    };
    let meta = frame.meta(&words.contradictions, None);
    templates::page("contradictions.html", &frame, &meta, &page)
}

fn read(params: Result<Query<ReportParams>, QueryRejection>) -> Result<ReportParams, HttpError> {
    let Query(params) = params.map_err(|_| {
        HttpError::bad_request(
            "the query string cannot be parsed; allowed: period, until, list, topic, offset",
        )
    })?;
    Ok(params)
}
