use std::path::Path;

use anyhow::Context as _;
use indexer::store::{CopiedTable, ServerUrl, StoreLocation, StoreTransfer, WriteLock};

use super::{CommandResult, GlobalArgs, print_json};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester migrate-store --to store-url
  harvester migrate-store --from postgres://harvester@db.example/harvester

Stop the daemon first. The source is left as it is; the target must be empty, or partly filled by an earlier run,
which then continues. Both are compared at the end. Then set `url_file` in [store], or remove it, and run
`harvester reindex`.")]
pub(super) struct MigrateStoreArgs {
    #[command(flatten)]
    direction: Direction,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Direction {
    /// Copy the file in the data directory into this PostgreSQL database: its address, or a file with the address
    /// on its first line
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Copy this PostgreSQL database into a file in the data directory
    #[arg(long, value_name = "URL")]
    from: Option<String>,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &MigrateStoreArgs,
) -> anyhow::Result<CommandResult> {
    let Direction { to, from } = &arguments.direction;
    let server = server_url(to.as_deref().or(from.as_deref()).unwrap_or_default())?;
    let _alone = WriteLock::take(&options.data)?;
    let file = StoreLocation::from(&options.data);
    let server = StoreLocation { data: options.data.clone(), server: Some(server) };
    let (from, to) = if to.is_some() { (file, server) } else { (server, file) };
    let transfer = StoreTransfer::open(from, to).await?;
    let copied = transfer.copy().await?;
    transfer.close().await;
    let rows = copied.iter().map(|table| table.rows).sum::<u64>();
    if options.json {
        let table = |CopiedTable { name, rows }: &CopiedTable| (name.clone(), (*rows).into());
        let tables = copied.iter().map(table).collect::<serde_json::Map<_, _>>();
        print_json(&serde_json::json!({ "tables": tables, "rows": rows }))?;
    } else {
        out!("Copied {rows} rows of {} tables; both stores hold the same.", copied.len());
        out!("Now set `url_file` in [store], or remove it, and run `harvester reindex`.");
    }
    Ok(CommandResult::Success)
}

/// An address, or that in a file: what stands on a command line is seen by other users of the machine.
fn server_url(text: &str) -> anyhow::Result<ServerUrl> {
    if text.contains("://") {
        return Ok(text.parse()?);
    }
    let path = Path::new(text);
    let lines = std::fs::read_to_string(path);
    let lines = lines.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(lines.lines().next().unwrap_or_default().trim().parse()?)
}
