//! What reviewers send: each decision is written down with an entry in the audit log, and can be taken back.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path};
use axum::response::Redirect;
use indexer::store::ReviewDecision;
use jiff::Timestamp;
use rules::model::cluster::{Cluster, ClusterState};
use rules::model::ids::ClusterId;
use rules::model::page_edit::PageEdit;
use rules::publish::presentation::facts_of;
use rules::safety::judge_text;
use rules::time;
use serde::Deserialize;

use crate::access::visitor::Visitor;
use crate::http::error::HttpError;
use crate::pages::answer::cluster;
use crate::pages::review::SNOOZE_DAYS;
use crate::pages::slug;
use crate::state::SiteState;

/// Days of the longest snooze, as of the command in pull requests.
const LONGEST_SNOOZE: u32 = 365;

/// The fields of all forms; each decision reads its own.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct DecisionForm {
    title: String,
    answer: String,
    days: Option<u32>,
    /// The id or the address of another question.
    with: String,
}

/// `POST /review/{id}/{decision}`
pub(crate) async fn decide(
    visitor: Visitor,
    Path((id, decision)): Path<(String, String)>,
    sent: Result<Form<DecisionForm>, FormRejection>,
) -> Result<Redirect, HttpError> {
    let site = &visitor.site;
    let cluster = own_cluster(site, &id).await?;
    let form = match sent {
        Ok(Form(form)) => form,
        // A button without fields may send no form at all.
        Err(FormRejection::InvalidFormContentType(_)) => DecisionForm::default(),
        Err(_) => return Err(HttpError::bad_request("the form cannot be read")),
    };
    let decision = form.decision(site, &cluster, &decision).await?;
    let by = visitor.source.to_string();
    let recorded = site.store.record_review(&cluster, &decision, &by, site.now()).await;
    recorded.map_err(|cause| HttpError::internal("write a decision down", &cause))?;
    let back = match decision {
        ReviewDecision::Edit(_) => format!("/review/{}", cluster.id),
        _ => "/review".to_owned(),
    };
    Ok(Redirect::to(&back))
}

/// `POST /review/undo/{seq}`
pub(crate) async fn undo(visitor: Visitor, Path(seq): Path<String>) -> Result<Redirect, HttpError> {
    let site = &visitor.site;
    writable(site)?;
    let seq = seq.parse().map_err(|_| HttpError::no_such_page())?;
    let failed = |cause| HttpError::internal("take a decision back", &cause);
    let found = site.store.review_decision(seq).await.map_err(failed)?;
    let (row, proposal) = found.ok_or_else(HttpError::no_such_page)?;
    row.may_undo(proposal).map_err(|why| HttpError::conflict(why.to_string()))?;
    site.store.undo_review(&row, &visitor.source.to_string(), site.now()).await.map_err(failed)?;
    Ok(Redirect::to("/review"))
}

impl DecisionForm {
    async fn decision(
        self,
        site: &SiteState,
        cluster: &Cluster,
        name: &str,
    ) -> Result<ReviewDecision, HttpError> {
        let is_merged = matches!(cluster.state, ClusterState::Merged | ClusterState::Retired);
        if is_merged && !matches!(name, "merge" | "split") {
            return Err(HttpError::conflict("its page is merged; change it in the documentation"));
        }
        Ok(match name {
            "accept" => ReviewDecision::Accept,
            "reject" if cluster.state == ClusterState::Rejected => {
                return Err(HttpError::conflict("it is rejected already"));
            }
            "reject" => ReviewDecision::Reject { was: cluster.state },
            "snooze" => ReviewDecision::Snooze { until: snoozed_until(self.days, site.now())? },
            "edit" => ReviewDecision::Edit(self.edit(site, cluster)?),
            "merge" => self.merge(site, cluster).await?,
            "split" => split(cluster)?,
            _ => return Err(HttpError::no_such_page()),
        })
    }

    /// Words that a page may hold: what its lint would refuse is said at once.
    fn edit(&self, site: &SiteState, cluster: &Cluster) -> Result<PageEdit, HttpError> {
        let edit = PageEdit::read(&self.title, &self.answer)
            .map_err(|why| HttpError::bad_request(why.to_string()))?;
        let facts = facts_of(cluster, &site.rules.facts);
        for text in [&edit.title, &edit.answer] {
            if let Some(found) = judge_text(text, &site.rules.safety, &facts).findings.first() {
                let what = &found.kind;
                return Err(HttpError::bad_request(format!(
                    "a page cannot hold this: {what}; facts.toml lists what may stand on pages"
                )));
            }
        }
        Ok(edit)
    }

    async fn merge(&self, site: &SiteState, one: &Cluster) -> Result<ReviewDecision, HttpError> {
        let given = self.with.trim();
        let name = given.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let id = name.parse::<ClusterId>().ok();
        let id = id.or_else(|| slug::parse(name).map(|(_, id, _)| id));
        let id = id.ok_or_else(|| HttpError::bad_request("the other question has no such id"))?;
        let other = cluster(site, &id).await?;
        if other.id == one.id {
            return Err(HttpError::bad_request("a question is the same as itself already"));
        }
        Ok(ReviewDecision::Merge { question: one.representative, with: other.representative })
    }
}

fn split(cluster: &Cluster) -> Result<ReviewDecision, HttpError> {
    if cluster.occurrences.len() < 2 {
        return Err(HttpError::conflict("it was answered only once, so there is nothing to split"));
    }
    let questions = cluster.occurrences.iter().map(|one| one.question.message);
    Ok(ReviewDecision::Split { questions: questions.collect() })
}

fn snoozed_until(days: Option<u32>, now: Timestamp) -> Result<Timestamp, HttpError> {
    let days = days.unwrap_or(SNOOZE_DAYS);
    if !(1..=LONGEST_SNOOZE).contains(&days) {
        return Err(HttpError::bad_request(format!("days is not from 1 to {LONGEST_SNOOZE}")));
    }
    Ok(time::plus(now, time::days(i64::from(days))))
}

async fn own_cluster(site: &SiteState, id: &str) -> Result<Cluster, HttpError> {
    writable(site)?;
    let id = id.parse().map_err(|_| HttpError::no_such_answer())?;
    cluster(site, &id).await
}

fn writable(site: &SiteState) -> Result<(), HttpError> {
    if site.store.is_writable() { Ok(()) } else { Err(HttpError::read_only()) }
}
