//! Whether an answer helped: counted, without whoever said so.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use indexer::store::FeedbackVerdict;
use rules::model::cluster::Cluster;
use rules::model::ids::ClusterId;

use crate::access::origin_check::is_cross_site;
use crate::access::visitor::Visitor;
use crate::http::error::HttpError;
use crate::pages::answer::{answer_of, cluster};
use crate::pages::slug;
use crate::presentation::words::InterfaceText;

/// `POST /answers/{slug}/feedback/{verdict}`: what the buttons of an answer send. Leads back to its page.
pub(crate) async fn send(
    visitor: Visitor,
    uri: Uri,
    headers: HeaderMap,
    Path((segment, verdict)): Path<(String, String)>,
) -> Result<Response, HttpError> {
    if is_cross_site(&uri, &headers) {
        return Err(HttpError::cross_site());
    }
    let (_, id, _) = slug::parse(&segment).ok_or_else(HttpError::no_such_answer)?;
    let verdict = verdict.parse().map_err(|()| HttpError::no_such_page())?;
    let cluster = record_feedback(&visitor, &id, verdict).await?;
    let view = answer_of(&visitor.site, &cluster, InterfaceText::english()).await?;
    let location = HeaderValue::from_str(&format!("{}#noted", view.url));
    let location = location.expect("addresses are percent-encoded");
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

/// Counts a verdict about an answer of the visitor's workspace.
pub(crate) async fn record_feedback(
    visitor: &Visitor,
    id: &ClusterId,
    verdict: FeedbackVerdict,
) -> Result<Cluster, HttpError> {
    let site = &visitor.site;
    let cluster = cluster(site, id).await?;
    if !site.store.is_writable() {
        return Err(HttpError::read_only());
    }
    let taken = site.feedback_limits.take(&visitor.source, &cluster.id);
    taken.map_err(HttpError::feedback_refused)?;
    let counted = site.store.add_feedback(&cluster, verdict, site.now()).await;
    counted.map_err(|cause| HttpError::internal("count feedback", &cause))?;
    Ok(cluster)
}
