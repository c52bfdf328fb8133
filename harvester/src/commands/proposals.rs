use docgen::pull_request::limits::DeadlineStatus;
use indexer::store::Proposal;
use jiff::Timestamp;
use serde::Serialize;

use super::table::{one_line, room};
use super::{CommandResult, GlobalArgs, print_json};
use crate::clock;
use crate::proposals::deadline_status_of;

/// One proposal as it is listed.
#[derive(Serialize)]
struct ProposalListItem {
    #[serde(flatten)]
    proposal: Proposal,
    /// When the threshold was met.
    #[serde(with = "rules::time::milliseconds::optional")]
    due_since: Option<Timestamp>,
    #[serde(with = "rules::time::milliseconds::optional")]
    due_by: Option<Timestamp>,
    #[serde(rename = "clock")]
    deadline: DeadlineStatus,
}

pub(super) async fn run(options: &GlobalArgs) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let store = options.reading(&settings).await?.store;
    let now = clock::now();
    let pages = &settings.rules.pages;
    let mut lines = Vec::new();
    for proposal in store.proposals().await? {
        let cluster = store.cluster(&proposal.cluster).await?;
        let due_since = cluster.and_then(|cluster| cluster.due_since);
        let allowed = pages.time_to_propose();
        let deadline = deadline_status_of(&proposal, due_since, allowed, now);
        let due_by = due_since.map(|since| pages.deadline(since));
        lines.push(ProposalListItem { proposal, due_since, due_by, deadline });
    }
    if options.json {
        print_json(&lines)?;
        return Ok(CommandResult::Success);
    }
    if lines.is_empty() {
        out!("No proposals yet. `harvester propose` creates them.");
    }
    for line in &lines {
        print_proposal(line);
    }
    Ok(CommandResult::Success)
}

fn print_proposal(line: &ProposalListItem) {
    let Proposal { cluster, state, number, title, note, purpose, .. } = &line.proposal;
    let number = number.map_or_else(String::new, |number| format!("#{number}"));
    let deadline = serde_json::to_value(line.deadline).unwrap_or_default();
    let deadline = deadline.as_str().unwrap_or_default().to_owned();
    let id = cluster.to_string();
    let what = if purpose == "answer" { String::new() } else { format!("{purpose}: ") };
    let title = one_line(title, room(50, 80));
    out!("{id:<14} {:<11} {number:>6}  {deadline:<10} {what}{title}", state.as_str());
    if let Some(note) = note {
        out!("{:>35}{}", "", one_line(note, room(35, 120)));
    }
}
