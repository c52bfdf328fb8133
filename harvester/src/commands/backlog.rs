//! `backlog`: what people look for and do not find.

use indexer::store::{DemandKind, DemandRow};

use super::table::{day, one_line, room};
use super::{CommandResult, GlobalArgs, print_json};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester backlog                      what was searched for and not found
  harvester backlog --limit 100 --json   the same, as JSON")]
pub(super) struct BacklogArgs {
    /// The workspace; needed where the settings have several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// How many
    #[arg(long, default_value_t = 30)]
    limit: u32,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &BacklogArgs,
) -> anyhow::Result<CommandResult> {
    let settings = options.settings()?;
    let workspace = settings.workspace(arguments.workspace.as_deref())?;
    let store = options.reading(&settings).await?.store;
    let rows = store.search_demand(&workspace, arguments.limit).await?;
    if options.json {
        print_json(&rows.iter().map(row_json).collect::<Vec<_>>())?;
        return Ok(CommandResult::Success);
    }
    if rows.is_empty() {
        out!("Nothing was searched for in vain yet.");
        return Ok(CommandResult::Success);
    }
    out!("{:>6} {:>6} {:>6}  {:<10} words", "asked", "missed", "opened", "last");
    for row in &rows {
        let kind = if row.kind == DemandKind::Error { "error " } else { "" };
        let words = one_line(&row.words, room(34, 100));
        let (asked, missed, opened) = (row.searches, row.missed, row.opened);
        out!("{asked:>6} {missed:>6} {opened:>6}  {:<10} {kind}{words}", day(row.last));
    }
    Ok(CommandResult::Success)
}

fn row_json(row: &DemandRow) -> serde_json::Value {
    serde_json::json!({
        "kind": row.kind.as_str(),
        "words": row.words,
        "searches": row.searches,
        "missed": row.missed,
        "opened": row.opened,
        "first": row.first.as_millisecond(),
        "last": row.last.as_millisecond(),
    })
}
