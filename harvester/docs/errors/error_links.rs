//! Prints a link beside an error. `error-links.json` comes from
//! `harvester errors export --for errors.json`; needs the crates `serde` (with `derive`) and `serde_json`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize)]
struct ErrorLinks {
    errors: BTreeMap<String, ErrorLink>,
}

#[derive(Deserialize)]
struct ErrorLink {
    url: String,
}

static LINKS: LazyLock<ErrorLinks> = LazyLock::new(|| {
    serde_json::from_str(include_str!("error-links.json")).expect("the export is JSON")
});

/// The message with the link to its answer, as a person at a terminal reads it.
pub fn describe(code: &str, message: &str) -> String {
    match LINKS.errors.get(code) {
        Some(link) => format!("error {code}: {message}\n  help: {}", link.url),
        None => format!("error {code}: {message}"),
    }
}
