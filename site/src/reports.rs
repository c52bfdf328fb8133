//! Reports on a community: what was asked, what was answered, what stays open.
//!
//! Counts come from [`rules::report`]; here they are read from the store for one span of time, given the words
//! that may be shown, and written as Markdown, JSON or a page.

pub mod briefing;
pub(crate) mod charts;
pub mod contradictions;
pub mod guide;
pub mod guide_gaps;
pub mod health;
pub mod html;
pub mod markdown;
pub mod page_effects;
pub mod question_list;
mod questions;
pub mod sections;
mod sentences;
pub(crate) mod titles;
pub mod triage;
pub mod verification;

use indexer::store::Store;
use rules::config::ruleset::Ruleset;
use rules::publish::pseudonym::AuthorNaming;

/// What reports are made from.
#[derive(Clone, Copy)]
pub struct ReportSource<'s> {
    pub store: &'s Store,
    pub rules: &'s Ruleset,
    pub naming: &'s AuthorNaming,
}
