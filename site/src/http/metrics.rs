//! `/metrics`: counts of the store and the status of each daemon, in Prometheus text format.

mod table;

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use indexer::store::DaemonStatus;

use self::table::{DAEMON, Metric, STORE, StoreStatus};
use crate::http::client::ClientOrigin;
use crate::http::error::HttpError;
use crate::http::settings::MetricsToken;
use crate::state::site_workspaces::{OperatorStatus, SiteWorkspaces};

/// The content type of version 0.0.4 of the text format.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Lets programs on this machine through, and whoever has the token.
pub(crate) async fn permitted(
    State(token): State<Arc<Option<MetricsToken>>>,
    Extension(origin): Extension<ClientOrigin>,
    request: Request,
    next: Next,
) -> Response {
    let given = bearer(request.headers());
    let has_token =
        given.zip(token.as_ref().as_ref()).is_some_and(|(given, token)| token.accepts(given));
    if has_token || origin.is_this_machine() {
        return next.run(request).await;
    }
    HttpError::metrics_refused().into_response()
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// `GET /metrics`
pub(crate) async fn metrics(
    State(sites): State<Arc<SiteWorkspaces>>,
) -> Result<impl IntoResponse + use<>, HttpError> {
    let OperatorStatus { counts, live, health, daemons } = sites.operator_status().await?;
    let status = StoreStatus { counts, live, health };
    Ok(([(CONTENT_TYPE, FORMAT)], metrics_text(&status, &daemons)))
}

fn metrics_text(status: &StoreStatus, daemons: &[(String, DaemonStatus)]) -> String {
    let mut text = String::new();
    for metric in STORE {
        push_header(&mut text, metric);
        push_samples(&mut text, metric, status, None);
    }
    for metric in DAEMON {
        push_header(&mut text, metric);
        for (name, daemon) in daemons {
            push_samples(&mut text, metric, daemon, Some(name));
        }
    }
    text
}

fn push_header<S>(text: &mut String, metric: &Metric<S>) {
    let Metric { name, kind, help, .. } = metric;
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {}", kind.as_str());
}

fn push_samples<S>(text: &mut String, metric: &Metric<S>, source: &S, daemon: Option<&str>) {
    for (values, value) in (metric.read)(source) {
        let own = metric.labels.iter().copied().zip(values.iter().map(String::as_str));
        let labels = daemon.map(|daemon| ("daemon", daemon)).into_iter().chain(own);
        let labels = labels.map(|(label, value)| format!("{label}=\"{}\"", escape_label(value)));
        let labels = labels.collect::<Vec<_>>().join(",");
        let braces = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
        let _ = writeln!(text, "{}{braces} {value}", metric.name);
    }
}

/// Escapes the value of a label.
fn escape_label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use rules::time;

    mod deploy_files;

    use std::collections::BTreeSet;

    use indexer::store::{DiscordStatus, GatewayStatus};

    use super::*;

    fn describe<S>(metric: &Metric<S>, daemon: bool) -> String {
        let labels = daemon.then_some("daemon").into_iter().chain(metric.labels.iter().copied());
        let labels = labels.collect::<Vec<_>>().join(",");
        format!("{} {} {{{labels}}} {}\n", metric.name, metric.kind.as_str(), metric.help)
    }

    /// A dashboard or an alert may use each of these names: a rename breaks it.
    #[test]
    fn the_metrics_are_these() {
        let store = STORE.iter().map(|metric| describe(metric, false));
        let daemon = DAEMON.iter().map(|metric| describe(metric, true));
        insta::assert_snapshot!(store.chain(daemon).collect::<String>());
    }

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        let names = STORE.iter().map(|metric| (metric.name, metric.kind.as_str(), metric.help));
        let names = names.chain(DAEMON.iter().map(|one| (one.name, one.kind.as_str(), one.help)));
        let names = names.collect::<Vec<_>>();
        for (name, kind, help) in &names {
            let allowed = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.starts_with("harvester_") && name.chars().all(allowed), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == "counter", "{name}");
            assert_eq!(name.contains("timestamp"), name.ends_with("_timestamp_seconds"), "{name}");
            assert!(help.ends_with('.') && !help.contains(['\\', '\n']), "{name}");
        }
        assert_eq!(names.iter().map(|(name, ..)| name).collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn samples_carry_labels_and_seconds() {
        let gateway = GatewayStatus {
            ready_total: 2,
            unknown_events_total: [("A \"B\"".to_owned(), 1)].into(),
            stages: [(3, "connected".to_owned())].into(),
            ..GatewayStatus::default()
        };
        let daemon = DaemonStatus {
            at: time::at_millisecond(1_759_708_800_050),
            leader: true,
            discord: DiscordStatus { gateway: Some(gateway), ..DiscordStatus::default() },
            ..DaemonStatus::default()
        };
        let mut status = StoreStatus::default();
        status.counts.messages_by_kind = [("default".to_owned(), 7)].into();
        status.live.suggestions_posted = 5;
        status.live.suggestions_helped = 2;
        let text = metrics_text(&status, &[("d".to_owned(), daemon)]);
        for line in [
            "# TYPE harvester_messages gauge\nharvester_messages{kind=\"default\"} 7\n",
            "harvester_suggestions{outcome=\"unrated\"} 3\n",
            "# TYPE harvester_gateway_sessions_started_total counter\n\
             harvester_gateway_sessions_started_total{daemon=\"d\"} 2\n",
            "harvester_leader{daemon=\"d\"} 1\n",
            "harvester_status_timestamp_seconds{daemon=\"d\"} 1759708800.050\n",
            "harvester_gateway_unparsed_events_total{daemon=\"d\",event=\"A \\\"B\\\"\"} 1\n",
            "harvester_gateway_shard_state{daemon=\"d\",shard=\"3\",state=\"connected\"} 1\n",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        assert!(!text.contains("harvester_gateway_last_ack_timestamp_seconds{"), "{text}");
    }
}
