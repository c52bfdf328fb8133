//! `/metrics`: counts of the store and the pulses of running daemons, as Prometheus reads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use indexer::store::PULSES;
use serde_json::Value;

use crate::SiteState;
use crate::http::error::HttpError;

/// The format that Prometheus scrapes, by its version.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`
pub(crate) async fn metrics(
    State(site): State<Arc<SiteState>>,
) -> Result<impl IntoResponse + use<>, HttpError> {
    let failed = |cause| HttpError::internal("count what is stored", &cause);
    let counts = site.figures.counts(&site.store).await?;
    let live = site.store.live_counts().await.map_err(failed)?;
    let pulses = site.store.settings_under(PULSES).await.map_err(failed)?;
    let mut gauges = MetricsText::default();
    gauges.add("store", &serde_json::to_value(counts).unwrap_or_default(), "");
    gauges.add("store", &serde_json::to_value(live).unwrap_or_default(), "");
    for (name, pulse) in &pulses {
        let daemon = name.strip_prefix(PULSES).unwrap_or_default();
        let pulse = serde_json::from_str::<Value>(pulse).unwrap_or_default();
        gauges.add("daemon", &pulse, &format!("daemon=\"{}\"", label(daemon)));
    }
    Ok(([(CONTENT_TYPE, FORMAT)], gauges.text()))
}

/// Every number below a JSON value under the names that lead there. The keys of an object that only
/// counts become the label `kind`.
#[derive(Default)]
struct MetricsText(BTreeMap<String, Vec<String>>);

impl MetricsText {
    fn add(&mut self, name: &str, value: &Value, labels: &str) {
        match value {
            Value::Number(number) => self.line(name, labels, &number.to_string()),
            Value::Bool(flag) => self.line(name, labels, if *flag { "1" } else { "0" }),
            Value::Object(fields) if is_counted_by_kind(name) => {
                for (kind, count) in fields {
                    let comma = if labels.is_empty() { "" } else { "," };
                    self.add_count(
                        name,
                        count,
                        &format!("{labels}{comma}kind=\"{}\"", label(kind)),
                    );
                }
            }
            Value::Object(fields) => {
                for (field, value) in fields {
                    self.add(&format!("{name}_{}", metric(field)), value, labels);
                }
            }
            Value::Null | Value::String(_) | Value::Array(_) => {}
        }
    }

    fn add_count(&mut self, name: &str, count: &Value, labels: &str) {
        if let Value::Number(number) = count {
            self.line(name, labels, &number.to_string());
        }
    }

    fn line(&mut self, name: &str, labels: &str, number: &str) {
        let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let lines = self.0.entry(format!("harvester_{name}")).or_default();
        lines.push(format!("{braces} {number}"));
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (name, lines) in &self.0 {
            let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
            let _ = writeln!(text, "# TYPE {name} {kind}");
            for line in lines {
                let _ = writeln!(text, "{name}{line}");
            }
        }
        text
    }
}

/// Whether what stands under a name counts kinds of things.
fn is_counted_by_kind(name: &str) -> bool {
    name.contains("_by_") || name.ends_with("_total") || name.ends_with("closings")
}

/// A label's value, with what would end it escaped.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A part of a metric's name: letters, digits and underscores.
fn metric(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_become_gauges_counters_and_labels() {
        let mut gauges = MetricsText::default();
        let value = json!({
            "messages": 7, "name": "x", "leads": true, "ready_total": 2, "nothing": null,
            "unknown_by_kind": { "A \"B\"": 1 }, "discord": { "last-ack age": 3 },
        });
        gauges.add("store", &value, "daemon=\"d\"");
        let expected = "\
# TYPE harvester_store_discord_last_ack_age gauge
harvester_store_discord_last_ack_age{daemon=\"d\"} 3
# TYPE harvester_store_leads gauge
harvester_store_leads{daemon=\"d\"} 1
# TYPE harvester_store_messages gauge
harvester_store_messages{daemon=\"d\"} 7
# TYPE harvester_store_ready_total counter
harvester_store_ready_total{daemon=\"d\"} 2
# TYPE harvester_store_unknown_by_kind gauge
harvester_store_unknown_by_kind{daemon=\"d\",kind=\"A \\\"B\\\"\"} 1
";
        assert_eq!(gauges.text(), expected);
    }
}
