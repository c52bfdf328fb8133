//! `/robots.txt`: crawlers may read what maintainers reviewed, and nothing else.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;

use crate::http::error::HttpError;
use crate::state::SiteState;

/// More would exceed the 500 KiB that crawlers read of the file.
const MAX_ANSWERS: u32 = 10_000;

/// `GET /robots.txt`
pub(crate) async fn robots(State(site): State<Arc<SiteState>>) -> Result<String, HttpError> {
    let reviewed = site.store.merged_answer_clusters(MAX_ANSWERS).await;
    let reviewed =
        reviewed.map_err(|cause| HttpError::internal("list reviewed answers", &cause))?;
    let mut text = "User-agent: *\nDisallow: /\nAllow: /assets/\n".to_owned();
    for id in reviewed {
        // The title before the id may change; a crawler that does not know `*` stays out.
        let _ = writeln!(text, "Allow: /answers/*{id}$");
    }
    Ok(text)
}
