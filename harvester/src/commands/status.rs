use std::collections::BTreeMap;

use indexer::store::{PULSES, Store, StoreCounts};
use rules::model::ids::Millis;
use serde_json::Value;

use super::table::grouped;
use super::{CommandResult, GlobalArgs, ReadHandle, print_json};
use crate::clock;

/// A daemon that has not written its status for so long has ended.
const FRESH: i64 = 30 * Millis::SECOND;

pub(super) async fn run(options: &GlobalArgs) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let ReadHandle { store, searcher, behind } = options.reading(&settings).await?;
    let counts = store.counts().await?;
    let documents = searcher.count();
    let live = store.live_counts().await?;
    let daemons = daemons(&store).await?;
    if options.json {
        let mut status = serde_json::to_value(&counts)?;
        status["indexed_answers"] = documents.into();
        status["behind"] = behind.into();
        status["live"] = serde_json::to_value(&live)?;
        status["daemons"] = daemons.into_iter().collect::<serde_json::Map<_, _>>().into();
        print_json(&status)?;
    } else {
        tell(&counts, documents);
        if behind {
            out!("{:>14}  the newest messages are still being processed", "behind");
        }
        tell_live(&serde_json::to_value(&live)?);
        daemons.iter().for_each(|(name, pulse)| tell_daemon(name, pulse));
        out!("\nData directory: {}", options.data.display());
    }
    Ok(CommandResult::Success)
}

fn tell(counts: &StoreCounts, documents: usize) {
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
    line("messages", *messages, &format!("by {people} people in {channels} channel(s)"));
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
async fn daemons(store: &Store) -> anyhow::Result<Vec<(String, Value)>> {
    let now = clock::now();
    let mut daemons = Vec::new();
    for (name, pulse) in store.settings_under(PULSES).await? {
        let name = name.strip_prefix(PULSES).unwrap_or_default().to_owned();
        let pulse = serde_json::from_str::<Value>(&pulse)?;
        if pulse["at"].as_i64().is_some_and(|at| now.0 - at < FRESH) {
            daemons.push((name, pulse));
        }
    }
    Ok(daemons)
}

/// Prints the live counts that are not zero.
fn tell_live(live: &Value) {
    let fields = live.as_object().into_iter().flatten();
    let counts = fields.filter_map(|(name, count)| Some((name, count.as_u64()?)));
    for (name, count) in counts.filter(|(_, count)| *count > 0) {
        line("", count, &name.replace('_', " "));
    }
}

fn tell_daemon(name: &str, pulse: &Value) {
    let role = if pulse["leads"] == true { "leader" } else { "standby" };
    out!("{:>14}  {name:>11}  {role}", "daemon");
    let gateway = &pulse["discord"]["gateway"];
    for key in ["ready_total", "resumed_total", "identifies_total", "last_dispatch_age_ms"] {
        if !gateway[key].is_null() {
            out!("{:>14}  {:>11}    {}", "", gateway[key], key.replace('_', " "));
        }
    }
    let clocks = pulse["proposals"]["by_clock"].as_object().into_iter().flatten();
    for (clock, count) in clocks {
        out!("{:>14}  {count:>11}    proposals, deadline {}", "", clock.replace('-', " "));
    }
}
