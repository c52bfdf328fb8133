//! `/api/v1/clusters/{id}/same-as`: telling the program that two questions are one.

use axum::extract::Path;
use axum::http::StatusCode;
use rules::model::cluster::Cluster;
use rules::model::ids::{ClusterId, MessageId};

use crate::access::visitor::{Visitor, VisitorSite};
use crate::http::error::{ErrorEnvelope, HttpError};
use crate::state::SiteState;

/// Mark a question as the same as another; needs a token with `clusters:write`
///
/// The next grouping joins them, whatever their likeness. It is entered in the audit log.
#[utoipa::path(
    put,
    path = "/api/v1/clusters/{id}/same-as/{other}",
    params(
        ("id" = String, Path, description = "A question, by the id of its cluster"),
        ("other" = String, Path, description = "The question that it is the same as"),
    ),
    responses(
        (status = 204, description = "It is noted"),
        (status = 401, description = "There is no valid token", body = ErrorEnvelope),
        (status = 404, description = "There is no such question", body = ErrorEnvelope),
        (status = 503, description = "Nothing can be written", body = ErrorEnvelope),
    )
)]
pub(super) async fn mark(
    VisitorSite(site): VisitorSite,
    visitor: Visitor,
    Path((id, other)): Path<(String, String)>,
) -> Result<StatusCode, HttpError> {
    let question = own_question(&site, &id).await?;
    let with = own_question(&site, &other).await?;
    if question == with {
        return Err(HttpError::bad_request("a question is the same as itself already"));
    }
    let marked =
        site.store.mark_same(question, with, &visitor.source.to_string(), site.now()).await;
    marked.map_err(|cause| HttpError::internal("mark a question", &cause))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take such a mark back; needs a token with `clusters:write`
#[utoipa::path(
    delete,
    path = "/api/v1/clusters/{id}/same-as",
    params(("id" = String, Path, description = "The question that was marked, by the id that it had")),
    responses(
        (status = 204, description = "It is taken back"),
        (status = 401, description = "There is no valid token", body = ErrorEnvelope),
        (status = 404, description = "There is no such question, or it has no mark", body = ErrorEnvelope),
        (status = 503, description = "Nothing can be written", body = ErrorEnvelope),
    )
)]
pub(super) async fn unmark(
    VisitorSite(site): VisitorSite,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<StatusCode, HttpError> {
    let question = own_question(&site, &id).await?;
    let done = site.store.unmark_same(question, &visitor.source.to_string(), site.now()).await;
    match done.map_err(|cause| HttpError::internal("take a mark back", &cause))? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(HttpError::no_such_answer()),
    }
}

/// The question that gave an id its name, which it keeps after it was merged into another cluster.
async fn own_question(site: &SiteState, id: &str) -> Result<MessageId, HttpError> {
    if !site.store.is_writable() {
        return Err(HttpError::read_only());
    }
    let id = id.parse::<ClusterId>().map_err(|_| HttpError::no_such_answer())?;
    let found = site.store.cluster(&id).await;
    let found = found.map_err(|cause| HttpError::internal("read a question", &cause))?;
    let cluster: Cluster = found.ok_or_else(HttpError::no_such_answer)?;
    let questions = cluster.occurrences.iter().map(|one| one.question.message);
    let named = questions.into_iter().find(|question| ClusterId::of_question(*question) == id);
    Ok(named.unwrap_or(cluster.representative))
}
