//! `/robots.txt`: crawlers may read the start page and what maintainers reviewed, and nothing else.

use std::fmt::Write as _;

use crate::access::visitor::VisitorSite;
use crate::http::error::HttpError;
use crate::presentation::page_meta::PageFrame;

/// More would exceed the 500 KiB that crawlers read of the file.
const MAX_ANSWERS: u32 = 10_000;
/// What is open besides answers.
const OPEN: [&str; 5] = ["/$", "/assets/", "/sitemap.xml", "/feed.atom", "/llms.txt"];

/// `GET /robots.txt`
pub(crate) async fn robots(
    VisitorSite(site): VisitorSite,
    frame: PageFrame,
) -> Result<String, HttpError> {
    let reviewed = site.store.merged_answer_clusters(MAX_ANSWERS).await;
    let reviewed =
        reviewed.map_err(|cause| HttpError::internal("list reviewed answers", &cause))?;
    let mut text = "User-agent: *\nDisallow: /\n".to_owned();
    for path in OPEN {
        let _ = writeln!(text, "Allow: {path}");
    }
    for id in reviewed {
        // The title before the id may change; a crawler that does not know `*` stays out.
        let _ = writeln!(text, "Allow: /answers/*{id}$");
    }
    let _ = writeln!(text, "\nSitemap: {}", frame.absolute("/sitemap.xml"));
    Ok(text)
}
