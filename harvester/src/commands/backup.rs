use std::path::PathBuf;

use indexer::store::Store;

use super::{CommandResult, GlobalArgs, print_json};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  harvester backup backups/2026-11-29

Copies everything that was read and decided, as of one moment; the daemon may run meanwhile. The index
is not part of it: `harvester restore` builds it again. Keep copies of settings, rules and secrets
yourself.")]
pub(super) struct BackupArgs {
    /// Directory to write to; made if missing
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub(super) async fn run(
    options: &GlobalArgs,
    arguments: &BackupArgs,
) -> anyhow::Result<CommandResult> {
    let store = Store::open_read_only(options.store_location()?).await?;
    let file = store.back_up(&arguments.directory).await?;
    store.close().await;
    let bytes = file.metadata()?.len();
    if options.json {
        print_json(&serde_json::json!({ "file": file, "bytes": bytes }))?;
    } else {
        out!("Backup written to {} ({} kB).", file.display(), bytes.div_ceil(1_000));
    }
    Ok(CommandResult::Success)
}
