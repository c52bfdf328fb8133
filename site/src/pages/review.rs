//! The questions that maintainers decide about, without GitHub.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use axum::response::Html;
use indexer::cluster::cluster_similarity::ClusterSimilarity;
use indexer::store::{ProposalState, ReviewDecision, ReviewDecisionRow};
use jiff::Timestamp;
use rules::due::due;
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::ClusterId;
use rules::model::page_edit::PageEdit;
use rules::publish::anonymize::Participants;
use rules::similarity::CorpusStats;
use rules::time;
use serde::{Deserialize, Serialize};

use crate::access::visitor::VisitorSite;
use crate::http::error::HttpError;
use crate::http::templates;
use crate::pages::answer::cluster;
use crate::pages::card::ResultCard;
use crate::pages::find::related;
use crate::pages::review_reasons::{DueReasonView, due_reasons};
use crate::pages::title::title;
use crate::pages::view::AnswerView;
use crate::presentation::page_meta::PageFrame;
use crate::presentation::report_words::ReviewText;
use crate::presentation::words::{DisplayDate, InterfaceText, filled};
use crate::state::SiteState;

/// Questions on one page.
const PER_PAGE: usize = 20;
/// Decisions that can be taken back from the list.
const RECENT: u32 = 10;
/// Days of a snooze where nothing else is said.
pub(crate) const SNOOZE_DAYS: u32 = 14;

/// Which part of the list.
#[derive(Deserialize)]
pub(crate) struct ReviewParams {
    #[serde(default)]
    offset: usize,
}

#[derive(Serialize)]
struct ReviewListPage {
    w: &'static ReviewText,
    total: String,
    cases: Vec<ReviewCase>,
    decisions: Vec<DecisionView>,
    snooze_text: String,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Serialize)]
struct ReviewOnePage {
    w: &'static ReviewText,
    case: ReviewCase,
    /// What the form for title and answer begins with.
    edit: PageEdit,
    /// Questions that may be the same.
    near: Vec<ResultCard>,
    decisions: Vec<DecisionView>,
    snooze_days: u32,
    snooze_text: String,
}

/// A question with what a reviewer needs to know of it.
#[derive(Serialize)]
struct ReviewCase {
    answer: AnswerView,
    /// "candidate", or how far its pull request is.
    stage: &'static str,
    due_by: Option<DisplayDate>,
    late: bool,
    askers: String,
    answerers: String,
    score: Option<String>,
    /// What speaks against a page, then what speaks for it.
    reasons: Vec<DueReasonView>,
    /// The title that a reviewer chose.
    edited: Option<String>,
    splittable: bool,
}

/// A decision in the list of the latest.
#[derive(Serialize)]
struct DecisionView {
    seq: i64,
    /// "Rejected", or "Took back: rejected".
    what: String,
    title: String,
    url: String,
    by: String,
    at: DisplayDate,
    /// Whether a round of proposals has yet to follow it.
    waits: bool,
    may_undo: bool,
}

/// `GET /review`
pub(crate) async fn list(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    params: Result<Query<ReviewParams>, QueryRejection>,
) -> Result<Html<String>, HttpError> {
    let Query(ReviewParams { offset }) =
        params.map_err(|_| HttpError::bad_request("offset is not a number"))?;
    let failed = |cause| HttpError::internal("list what waits for review", &cause);
    let clusters = site.store.review_clusters().await.map_err(failed)?;
    let context = ReviewContext::load(&site, &frame).await?;
    let w = context.words;
    let mut cases = Vec::new();
    for cluster in clusters.iter().skip(offset).take(PER_PAGE) {
        cases.push(context.case(cluster).await?);
    }
    let address = |offset: usize| format!("/review?offset={offset}");
    let page = ReviewListPage {
        w,
        total: w.questions.of(clusters.len()),
        cases,
        decisions: decisions(&site, &frame).await?,
        snooze_text: w.snooze_days.of(SNOOZE_DAYS as usize),
        previous: (offset > 0).then(|| address(offset.saturating_sub(PER_PAGE))),
        next: (offset + PER_PAGE < clusters.len()).then(|| address(offset + PER_PAGE)),
    };
    templates::page("review.html", &frame, &frame.meta(&w.heading, None), &page)
}

/// `GET /review/{id}`
pub(crate) async fn one(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
    Path(id): Path<String>,
) -> Result<Html<String>, HttpError> {
    let id = id.parse().map_err(|_| HttpError::no_such_answer())?;
    let cluster = cluster(&site, &id).await?;
    let context = ReviewContext::load(&site, &frame).await?;
    let w = context.words;
    let case = context.case(&cluster).await?;
    let near = related(&site, cluster.id.as_str(), &case.answer.title, frame.text).await?;
    let page = ReviewOnePage {
        w,
        edit: context.edits.get(&cluster.id).cloned().unwrap_or_else(|| written(&case.answer)),
        near,
        decisions: decisions(&site, &frame).await?,
        snooze_days: SNOOZE_DAYS,
        snooze_text: w.snooze_days.of(SNOOZE_DAYS as usize),
        case,
    };
    let meta = frame.meta(&filled(&w.heading_of, &[("title", &page.case.answer.title)]), None);
    templates::page("review_one.html", &frame, &meta, &page)
}

/// Title and answer as they would be without a reviewer's words.
fn written(answer: &AnswerView) -> PageEdit {
    let text = answer.answer.as_ref().map_or("", |option| option.quote.markdown.as_str());
    PageEdit { title: answer.title.clone(), answer: text.trim().to_owned() }
}

/// What all questions of a page are judged by.
struct ReviewContext<'s> {
    site: &'s SiteState,
    text: &'static InterfaceText,
    words: &'static ReviewText,
    epoch: Arc<CorpusStats>,
    edits: BTreeMap<ClusterId, PageEdit>,
}

impl<'s> ReviewContext<'s> {
    async fn load(site: &'s SiteState, frame: &PageFrame) -> Result<Self, HttpError> {
        let failed = |cause| HttpError::internal("read what reviews need", &cause);
        let epoch = site.store.corpus_stats().await.map_err(failed)?;
        let edits = site.store.page_edits().await.map_err(failed)?;
        let (text, words) = (frame.text, ReviewText::of(frame.language));
        Ok(Self { site, text, words, epoch, edits })
    }

    async fn case(&self, cluster: &Cluster) -> Result<ReviewCase, HttpError> {
        let site = self.site;
        let state = site.store.proposal_state(cluster).await;
        let state = state.map_err(|cause| HttpError::internal("read a proposal", &cause))?;
        let (rules, text, w) = (&site.rules, self.text, self.words);
        let meanings = site.store.meanings_of(cluster).await;
        let meanings = meanings.map_err(|cause| HttpError::internal("read vectors", &cause))?;
        let similarity = ClusterSimilarity::of(cluster, &meanings, &self.epoch, &rules.same);
        let verdict = due(cluster, &rules.pages, &similarity, site.now());
        let due_by = cluster.due_since.map(|since| rules.pages.deadline(since));
        let is_offered = matches!(state, Some(ProposalState::Open | ProposalState::HandsOff));
        Ok(ReviewCase {
            answer: AnswerView::of(&site.presentable(cluster), &site.naming, text, site.now()),
            stage: stage(cluster.state, state, w),
            late: !is_offered && due_by.is_some_and(|by| by < site.now()),
            due_by: due_by.map(|by| text.date(by)),
            askers: w.askers.of(cluster.asker_count()),
            answerers: w.answerers.of(cluster.answerer_count()),
            score: verdict.score.map(|score| {
                let percent = (score * 100.0).round() as u8;
                filled(&w.score, &[("n", &percent.to_string())])
            }),
            reasons: due_reasons(&verdict, w),
            edited: self.edits.get(&cluster.id).map(|edit| edit.title.clone()),
            splittable: cluster.occurrences.len() > 1,
        })
    }
}

fn stage(
    state: ClusterState,
    proposal: Option<ProposalState>,
    w: &'static ReviewText,
) -> &'static str {
    match proposal {
        Some(ProposalState::Open) => &w.stage_open,
        Some(ProposalState::HandsOff) => &w.stage_hands_off,
        Some(ProposalState::Held) => &w.stage_held,
        Some(ProposalState::Failed) => &w.stage_failed,
        _ => match state {
            ClusterState::Candidate => &w.stage_candidate,
            ClusterState::Merged => &w.stage_merged,
            ClusterState::Rejected => &w.stage_rejected,
            ClusterState::Watching | ClusterState::Retired => &w.stage_not_due,
            ClusterState::Due | ClusterState::Drafted | ClusterState::Proposed => &w.stage_due,
        },
    }
}

async fn decisions(site: &SiteState, frame: &PageFrame) -> Result<Vec<DecisionView>, HttpError> {
    let w = ReviewText::of(frame.language);
    let rows = site.store.review_decisions(RECENT).await;
    let rows = rows.map_err(|cause| HttpError::internal("list decisions", &cause))?;
    let view = |(row, cluster, state): (ReviewDecisionRow, Cluster, Option<ProposalState>)| {
        let shown = site.presentable(&cluster);
        let people = Participants::of(&shown, &site.naming);
        let done = past(&row.decision, row.at, w);
        DecisionView {
            seq: row.seq,
            title: title(&shown, &people, frame.text).1,
            url: format!("/review/{}", cluster.id),
            what: match row.undone {
                None => done,
                Some(_) => filled(&w.taken_back, &[("decision", &done)]),
            },
            at: frame.text.date(row.undone.unwrap_or(row.at)),
            waits: row.applied.is_none() == row.undone.is_none(),
            may_undo: row.may_undo(state).is_ok(),
            by: row.by,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

fn past(decision: &ReviewDecision, at: Timestamp, w: &ReviewText) -> String {
    match decision {
        ReviewDecision::Accept => w.accepted.to_string(),
        ReviewDecision::Reject { .. } => w.rejected.to_string(),
        ReviewDecision::Snooze { until } => {
            let days = time::whole_days(until.duration_since(at));
            w.snoozed.of(days.max(0) as usize)
        }
        ReviewDecision::Edit(_) => w.edited.to_string(),
        ReviewDecision::Merge { .. } => w.merged.to_string(),
        ReviewDecision::Split { .. } => w.was_split.to_string(),
    }
}
