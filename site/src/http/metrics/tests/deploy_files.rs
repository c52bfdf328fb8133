//! The alert rules and the dashboard of `harvester/deploy` name metrics that exist.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::table::{DAEMON, STORE};

/// The metrics that a text names.
fn named(text: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_name(c)).filter(|word| word.starts_with("harvester_")).collect()
}

fn deploy_file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harvester/deploy").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn declared() -> BTreeSet<&'static str> {
    let store = STORE.iter().map(|metric| metric.name);
    store.chain(DAEMON.iter().map(|metric| metric.name)).collect()
}

#[test]
fn alerts_and_dashboard_name_only_declared_metrics() {
    let declared = declared();
    for (file, at_least) in [("prometheus-alerts.yaml", 10), ("grafana-dashboard.json", 15)] {
        let text = deploy_file(file);
        let named = named(&text);
        let unknown = named.difference(&declared).collect::<Vec<_>>();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
        assert!(named.len() >= at_least, "{file}: {named:?}");
    }
}

#[test]
fn the_dashboard_is_json_with_a_query_in_every_panel() {
    let text = deploy_file("grafana-dashboard.json");
    let dashboard = serde_json::from_str::<serde_json::Value>(&text).unwrap();
    for panel in dashboard["panels"].as_array().unwrap() {
        let queries = panel["targets"].as_array().unwrap();
        let has_query = queries.iter().all(|query| query["expr"].as_str().is_some());
        assert!(!queries.is_empty() && has_query, "{}", panel["title"]);
    }
}

#[test]
fn the_metric_reference_lists_every_metric() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harvester/docs/METRICS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let table = |name: &str, kind: &str, labels: &[&str], help: &str| {
        format!("| `{name}` | {kind} | {} | {help} |", labels.join(", "))
    };
    let store = STORE.iter().map(|one| table(one.name, one.kind.as_str(), one.labels, one.help));
    let daemon = DAEMON.iter().map(|one| table(one.name, one.kind.as_str(), one.labels, one.help));
    for row in store.chain(daemon) {
        assert!(text.contains(&row), "METRICS.md has no row\n{row}");
    }
}
