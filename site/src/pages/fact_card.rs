//! An official fact as the site shows it.

use rules::safety::{CanonicalFact, FactKind};
use serde::Serialize;
use utoipa::ToSchema;

/// A value that maintainers wrote down, with where to check it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FactCard {
    pub(crate) key: String,
    /// The key in words.
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) value: String,
    /// Where the value leads, if it is a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// Where it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    /// The day from which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verify_at: Option<String>,
    /// Always true: only people write facts, and nobody but them changes one.
    pub(crate) official: bool,
}

impl FactCard {
    pub(crate) fn of(fact: &CanonicalFact) -> Self {
        let is_link = matches!(fact.kind, FactKind::Link | FactKind::Invite);
        let url = is_link.then(|| match fact.value.contains("://") {
            true => fact.value.clone(),
            false => format!("https://{}", fact.value),
        });
        Self {
            key: fact.key.clone(),
            name: fact.key.replace('-', " "),
            kind: fact.kind.as_str(),
            value: fact.value.clone(),
            url: url.filter(|url| url.starts_with("https://")),
            scope: fact.scope.clone(),
            since: fact.since.clone(),
            note: fact.note.clone(),
            source: fact.source.clone(),
            verify_at: fact.verify_address().map(str::to_owned),
            official: true,
        }
    }
}
