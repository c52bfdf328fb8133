//! Facts as rows of a table in Markdown.

use crate::markdown::{MarkdownDialect, code_span, escape};
use crate::safety::{CanonicalFact, FactKind};

const HEAD: &str =
    "| name | value | holds for | since | note | verify |\n|---|---|---|---|---|---|\n";

/// The facts in their order, a row each, below the names of the columns.
pub fn fact_matrix(facts: &[&CanonicalFact], dialect: MarkdownDialect) -> String {
    let rows = facts.iter().map(|fact| row(fact, dialect));
    std::iter::once(HEAD.to_owned()).chain(rows).collect()
}

/// The addresses that the table of these facts leads to.
pub fn linked_addresses(facts: &[&CanonicalFact]) -> Vec<String> {
    let links = |fact: &&CanonicalFact| {
        let value = is_link(fact).then(|| fact.value.clone());
        value.into_iter().chain(fact.verify_address().map(str::to_owned)).collect::<Vec<_>>()
    };
    facts.iter().flat_map(links).collect()
}

fn row(fact: &CanonicalFact, dialect: MarkdownDialect) -> String {
    let text = |text: &Option<String>| text.as_deref().map(|text| cell(text, dialect));
    let verify = fact.verify_address().map(|address| format!("[here](<{address}>)"));
    format!(
        "| {} | {} | {} | {} | {} | {} |\n",
        cell(&fact.key.replace('-', " "), dialect),
        value(fact, dialect),
        text(&fact.scope).unwrap_or_default(),
        text(&fact.since).unwrap_or_default(),
        text(&fact.note).unwrap_or_default(),
        verify.unwrap_or_default()
    )
}

fn value(fact: &CanonicalFact, dialect: MarkdownDialect) -> String {
    match fact.kind {
        FactKind::Address => code_span(&fact.value).replace('|', "\\|"),
        _ if is_link(fact) => format!("[{}](<{}>)", cell(&fact.value, dialect), fact.value),
        _ => cell(&fact.value, dialect),
    }
}

fn is_link(fact: &CanonicalFact) -> bool {
    matches!(fact.kind, FactKind::Link | FactKind::Invite) && fact.value.starts_with("https://")
}

/// Text on one line of a table.
fn cell(text: &str, dialect: MarkdownDialect) -> String {
    escape(&text.split_whitespace().collect::<Vec<_>>().join(" "), dialect)
}
