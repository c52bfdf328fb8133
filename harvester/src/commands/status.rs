use std::collections::BTreeMap;

use indexer::store::{DaemonStatus, Store, StoreCounts};
use jiff::{SignedDuration, Timestamp};
use rules::publish::pseudonym::AuthorNaming;
use rules::time;
use serde_json::Value;
use site::reports::ReportSource;
use site::reports::health::OperationHealth;

use super::table::grouped;
use super::{CommandResult, GlobalArgs, ReadHandle, print_json};
use crate::clock;
use crate::pipeline::PARTITIONS;

/// A daemon that has not written its status for so long has ended.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

pub(super) async fn run(options: &GlobalArgs) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let ReadHandle { store, searcher, behind } = options.reading(&settings).await?;
    let counts = store.counts().await?;
    let documents = searcher.count();
    let live = store.live_counts().await?;
    let daemons = running_daemons(&store).await?;
    // The health names nobody.
    let naming = AuthorNaming::DisplayNames;
    let source = ReportSource { store: &store, rules: &settings.rules, naming: &naming };
    let health = source.health(clock::now()).await?;
    if options.json {
        let mut status = serde_json::to_value(&counts)?;
        status["indexed_answers"] = documents.into();
        status["behind"] = behind.into();
        status["live"] = serde_json::to_value(&live)?;
        status["health"] = serde_json::to_value(&health)?;
        status["daemons"] = serde_json::json!({});
        for (name, daemon) in &daemons {
            status["daemons"][name] = daemon_json(daemon)?;
        }
        print_json(&status)?;
    } else {
        print_counts(&counts, documents);
        if behind {
            out!("{:>14}  the newest messages are still being processed", "behind");
        }
        print_live(&serde_json::to_value(&live)?);
        daemons.iter().for_each(|(name, status)| print_daemon(name, status));
        print_health(&health);
        out!("\nData directory: {}", options.data.display());
    }
    Ok(CommandResult::Success)
}

fn print_counts(counts: &StoreCounts, documents: usize) {
    let StoreCounts {
        channels,
        people,
        messages,
        conversations,
        clusters,
        recurring,
        proposals,
        ..
    } = counts;
    line("messages", *messages, &format!("of {people} users in {channels} channel(s)"));
    detail(&counts.messages_by_kind);
    line("conversations", *conversations, "");
    detail(&counts.conversations_by_status);
    line("resolutions", counts.resolutions_by_grade.values().sum(), "");
    detail(&counts.resolutions_by_grade);
    line("answers", *clusters, &format!("{recurring} of them to recurring questions"));
    detail(&counts.clusters_by_state);
    line("indexed", documents as u64, "answers in the search index");
    line("proposals", *proposals, "");
    if counts.channels_pending > 0 {
        line("pending", counts.channels_pending, "channel(s) waiting for analysis");
    }
}

fn line(name: &str, count: u64, more: &str) {
    out!("{name:>14}  {:>11}  {more}", grouped(count));
}

fn detail(counts: &BTreeMap<String, u64>) {
    for (name, count) in counts {
        out!("{:>14}  {:>11}    {name}", "", grouped(*count));
    }
}

/// The daemons that wrote their status in the last half minute, with that status.
pub(super) async fn running_daemons(store: &Store) -> anyhow::Result<Vec<(String, DaemonStatus)>> {
    let now = store.lease_time().await?;
    let mut daemons = store.daemon_statuses().await?;
    daemons.retain(|(_, status)| now.duration_since(status.shared_at.unwrap_or(status.at)) < FRESH);
    Ok(daemons)
}

/// The status of a daemon with the age of each time, for `--json`.
fn daemon_json(status: &DaemonStatus) -> serde_json::Result<Value> {
    let age = |time: Option<Timestamp>| {
        let age = |time| time::whole_milliseconds(status.at.duration_since(time)).max(0);
        time.map(age).into()
    };
    let mut json = serde_json::to_value(status)?;
    json["last_stored_age_ms"] = age(status.last_event_stored);
    json["last_kept_up_age_ms"] = age(status.last_index_pass);
    if let Some(gateway) = &status.discord.gateway {
        json["discord"]["gateway"]["last_dispatch_age_ms"] = age(gateway.last_dispatch);
    }
    Ok(json)
}

/// Counts of live operation that are not zero.
fn print_live(live: &Value) {
    let fields = live.as_object().into_iter().flatten();
    let counts = fields.filter_map(|(name, count)| Some((name, count.as_u64()?)));
    for (name, count) in counts.filter(|(_, count)| *count > 0) {
        line("", count, &name.replace('_', " "));
    }
}

/// Alarms, and proposals whose clocks run.
fn print_health(health: &OperationHealth) {
    let level = &health.service_level;
    let share = level.proposed_in_time;
    if share.of > 0 {
        line(
            "in time",
            share.part as u64,
            &format!("of {} due questions of the last 28 days", share.of),
        );
    }
    if let Some(slowest) = level.slowest_proposal {
        daemon_line(slowest.as_hours() as u64, "hours from threshold to proposal, the slowest");
    }
    if let Some(longest) = level.longest_undecided {
        daemon_line(
            time::whole_days(longest) as u64,
            "days that the oldest proposal waits for a decision",
        );
    }
    let warning = anstyle::AnsiColor::Yellow.on_default().bold();
    for alarm in &health.alarms {
        let channel = alarm.channel.map(|id| format!(" (channel {id})")).unwrap_or_default();
        let kind = alarm.kind.as_str().replace('-', " ");
        out!("{warning}{:>14}{warning:#}  {kind}{channel}: {}", "ALARM", alarm.what);
    }
}

fn print_daemon(name: &str, status: &DaemonStatus) {
    out!("{:>14}  {name:>11}  {}", "daemon", status.roles.join(", "));
    if status.judged_partitions > 0 {
        let clusters = if status.leader { "; clusters" } else { "" };
        daemon_line(
            status.judged_partitions,
            &format!("partitions of {PARTITIONS} judged{clusters}"),
        );
    }
    if status.follows_index {
        out!("{:>14}  {:>11}    writes the index", "", "");
    }
    if let Some(gateway) = &status.discord.gateway {
        daemon_line(gateway.ready_total, "gateway sessions started");
        daemon_line(gateway.resumed_total, "gateway sessions resumed");
        daemon_line(gateway.identifies_total, "gateway identifies");
        if let Some(last) = gateway.last_dispatch {
            let seconds = status.at.duration_since(last).as_secs().max(0);
            daemon_line(seconds as u64, "seconds since the last gateway event");
        }
    }
    let deadlines = status.proposals.iter().flat_map(|proposals| &proposals.by_clock);
    for (deadline, count) in deadlines {
        daemon_line(*count, &format!("proposals, deadline {}", deadline.replace('-', " ")));
    }
}

fn daemon_line(count: u64, what: &str) {
    out!("{:>14}  {count:>11}    {what}", "");
}
